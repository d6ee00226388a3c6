//! Webhook bodies at rest: zstd with a dictionary of Haravan's own key names and values.
//!
//! A body shares nearly all its text with every other, so a dictionary brings a typical order from 7–9 kB under one
//! kilobyte, which is one DynamoDB write unit instead of nine. The dictionary was trained on invented bodies
//! (`cargo run -p connect-tests --bin train-dictionary`); its id is in every frame, so a newer one can become the writer
//! while all older ones stay readable. Never change or remove a dictionary that has been deployed: add one.

use std::cell::RefCell;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// Largest body accepted from Haravan, in bytes (haravan.md §10.30).
pub const MAX_BODY_BYTES: usize = 5 * 1024 * 1024;

/// The level at which ratio stops paying for time; measured in the `body` bench.
const LEVEL: i32 = 9;

/// Dictionaries by the id in their frames. The last one writes.
const DICTIONARIES: [(u32, &[u8]); 1] = [(1, include_bytes!("../dictionaries/haravan-1.zdict"))];

static WRITER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| {
    let [.., (_, dictionary)] = DICTIONARIES;
    EncoderDictionary::copy(dictionary, LEVEL)
});

static READERS: LazyLock<[(u32, DecoderDictionary<'static>); DICTIONARIES.len()]> =
    LazyLock::new(|| DICTIONARIES.map(|(id, dictionary)| (id, DecoderDictionary::copy(dictionary))));

thread_local! {
    /// Kept from body to body: making its tables takes longer than filling them.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// Why a body could not be packed or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The compressor refused.
    #[error("a body cannot be compressed")]
    Pack(#[source] std::io::Error),
    /// The stored bytes are no frame of ours.
    #[error("a stored body cannot be read")]
    Unpack(#[source] std::io::Error),
    /// The frame names a dictionary this build does not have.
    #[error("a stored body needs dictionary {0}, which this build does not have")]
    UnknownDictionary(u32),
}

/// Compresses a body for storage.
///
/// # Errors
/// [`BodyError::Pack`].
pub fn pack(body: &[u8]) -> Result<Vec<u8>, BodyError> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(Compressor::with_prepared_dictionary(&WRITER).map_err(BodyError::Pack)?),
        };
        compressor.compress(body).map_err(BodyError::Pack)
    })
}

/// Gives a stored body back, byte for byte.
///
/// # Errors
/// [`BodyError::UnknownDictionary`] for a frame of a newer build, [`BodyError::Unpack`] for anything else.
pub fn unpack(stored: &[u8]) -> Result<Vec<u8>, BodyError> {
    if stored.is_empty() {
        return Err(BodyError::Unpack(std::io::ErrorKind::UnexpectedEof.into()));
    }
    let id = zstd::zstd_safe::get_dict_id_from_frame(stored).map_or(0, std::num::NonZero::get);
    let mut decompressor = match READERS.iter().find(|(known, _)| *known == id) {
        Some((_, dictionary)) => Decompressor::with_prepared_dictionary(dictionary),
        None if id == 0 => Decompressor::new(),
        None => return Err(BodyError::UnknownDictionary(id)),
    }
    .map_err(BodyError::Unpack)?;
    decompressor.decompress(stored, MAX_BODY_BYTES).map_err(BodyError::Unpack)
}

/// Builds the dictionaries' tables, so that the first event does not wait for them.
pub fn warm() {
    LazyLock::force(&WRITER);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_comes_back_byte_for_byte() {
        let order = include_bytes!("../../tests/fixtures/order_create.json").as_slice();
        for body in [b"".as_slice(), b"{}", "🙂 Hạt Mầm".as_bytes(), order, &order.repeat(200)] {
            assert_eq!(unpack(&pack(body).unwrap()).unwrap(), body);
        }
    }

    #[test]
    fn garbage_and_cut_frames_are_errors() {
        let packed = pack(include_bytes!("../../tests/fixtures/order_create.json")).unwrap();
        for stored in [b"".as_slice(), b"{}", b"\x28\xb5\x2f\xfd", &packed[..packed.len() / 2]] {
            assert!(unpack(stored).is_err());
        }
    }

    #[test]
    fn a_frame_names_its_dictionary() {
        let packed = pack(b"{\"id\":1}").unwrap();
        assert_eq!(zstd::zstd_safe::get_dict_id_from_frame(&packed).map(std::num::NonZero::get), Some(1));
    }
}
