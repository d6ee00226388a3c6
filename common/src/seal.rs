//! Secrets at rest.
//!
//! Tenants' keys and shops' tokens are stored sealed: AES-256-GCM under a key of the *key ring*, bound to the place
//! they are stored in (table key and field name as associated data), so that a blob copied to another tenant or field
//! does not open. The blob names its key, so the ring can be rotated: a new key becomes active, old ones still open.
//! The ring is one JSON secret: `{"active":"k2","keys":{"k1":"<32 bytes base64>","k2":"…"}}`.
//!
//! Blob layout: `1` (version) · length of key id · key id · nonce (12) · ciphertext and tag.

pub mod keys;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

/// Why something could not be sealed or opened. Never carries key or content.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The ring's JSON does not say what it should.
    #[error("the key ring is not valid: {0}")]
    Ring(&'static str),
    /// The ring could not be fetched.
    #[error("the key ring cannot be read: {0}")]
    Source(String),
    /// The copy at hand is too old to seal with, and the ring could not be read anew.
    #[error(
        "nothing is sealed: the key ring could not be read for {0} minutes, and its active key may have changed"
    )]
    Stale(i64),
    /// The blob names a key the ring no longer has.
    #[error("sealed with key {0:?}, which is not in the key ring")]
    UnknownKey(String),
    /// The blob was cut, altered or moved here from another place.
    #[error("a sealed value does not open")]
    Broken,
}

/// Where a sealed value lives: it opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The item's key.
    pub key: &'a str,
    /// The attribute.
    pub field: &'a str,
}

impl Place<'_> {
    fn aad(self) -> Aad<Vec<u8>> {
        Aad::from([self.key.as_bytes(), b"\0", self.field.as_bytes()].concat())
    }
}

/// The keys, by name, and which of them seals.
pub struct KeyRing {
    active: String,
    keys: BTreeMap<String, LessSafeKey>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing(active {:?}, {} keys)", self.active, self.keys.len())
    }
}

#[derive(Serialize, Deserialize)]
struct RingJson {
    active: String,
    keys: BTreeMap<String, String>,
    /// Since when the active key is active, unix milliseconds; absent in a ring that was never rotated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    active_since: Option<i64>,
}

impl KeyRing {
    /// Reads a ring from its JSON.
    ///
    /// # Errors
    /// [`SealError::Ring`] names what is wrong.
    pub fn from_json(json: &str) -> Result<Self, SealError> {
        let ring: RingJson =
            serde_json::from_str(json).map_err(|_| SealError::Ring("it is not the expected JSON"))?;
        let mut keys = BTreeMap::new();
        for (name, text) in ring.keys {
            let bytes = STANDARD.decode(text).map_err(|_| SealError::Ring("a key is not base64"))?;
            let key = UnboundKey::new(&AES_256_GCM, &bytes)
                .map_err(|_| SealError::Ring("a key is not 32 bytes"))?;
            if name.is_empty() || name.len() > 64 {
                return Err(SealError::Ring("a key's name is empty or longer than 64 bytes"));
            }
            keys.insert(name, LessSafeKey::new(key));
        }
        if !keys.contains_key(&ring.active) {
            return Err(SealError::Ring("the active key is not among the keys"));
        }
        Ok(Self { active: ring.active, keys })
    }

    /// The JSON of a ring with one new random key.
    ///
    /// # Errors
    /// [`SealError::Source`] when the system has no randomness.
    pub fn generate_json() -> Result<String, SealError> {
        let key: [u8; 32] = random()?;
        let ring = RingJson {
            active: "k1".to_owned(),
            keys: [("k1".to_owned(), STANDARD.encode(key))].into(),
            active_since: None,
        };
        serde_json::to_string(&ring).map_err(|error| SealError::Source(error.to_string()))
    }

    /// Seals `content` for one place, under the active key.
    ///
    /// # Errors
    /// [`SealError::Source`] when the system has no randomness.
    pub fn seal(&self, place: Place<'_>, content: &SecretString) -> Result<Vec<u8>, SealError> {
        let key = self.keys.get(&self.active).ok_or(SealError::Ring("the active key is missing"))?;
        let nonce: [u8; NONCE_BYTES] = random()?;
        let mut sealed = content.expose_secret().as_bytes().to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place.aad(), &mut sealed)
            .map_err(|_| SealError::Broken)?;
        let name_length =
            u8::try_from(self.active.len()).map_err(|_| SealError::Ring("a key's name is too long"))?;
        Ok([&[VERSION, name_length], self.active.as_bytes(), &nonce, &sealed].concat())
    }

    /// Opens a blob that was sealed for this place.
    ///
    /// # Errors
    /// [`SealError::UnknownKey`] or [`SealError::Broken`].
    pub fn open(&self, place: Place<'_>, blob: &[u8]) -> Result<SecretString, SealError> {
        let (name, nonce, sealed) = parts(blob).ok_or(SealError::Broken)?;
        let key = self.keys.get(name).ok_or_else(|| SealError::UnknownKey(name.to_owned()))?;
        let mut content = sealed.to_vec();
        let opened = key
            .open_in_place(Nonce::assume_unique_for_key(nonce), place.aad(), &mut content)
            .map_err(|_| SealError::Broken)?;
        std::str::from_utf8(opened).map(SecretString::from).map_err(|_| SealError::Broken)
    }
}

/// The name of the key that a blob is sealed with; `None` for what is no blob.
pub fn key_of(blob: &[u8]) -> Option<&str> {
    parts(blob).map(|(name, ..)| name)
}

fn parts(blob: &[u8]) -> Option<(&str, [u8; NONCE_BYTES], &[u8])> {
    let (&[version, name_length], rest) = blob.split_first_chunk::<2>()?;
    if version != VERSION {
        return None;
    }
    let (name, rest) = rest.split_at_checked(usize::from(name_length))?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
    Some((std::str::from_utf8(name).ok()?, *nonce, sealed))
}

/// Random bytes from the system.
///
/// # Errors
/// [`SealError::Source`] when the system has none to give.
pub fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| SealError::Source("no randomness from the system".to_owned()))?;
    Ok(bytes)
}

/// 32 random bytes as text.
///
/// # Errors
/// As [`random`].
pub fn random_text() -> Result<String, SealError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// Where a secret of the deployment comes from: the key ring, or the apps at the providers.
#[derive(Clone)]
pub enum SecretSource {
    /// One secret in AWS Secrets Manager.
    SecretsManager {
        /// The client.
        client: aws_sdk_secretsmanager::Client,
        /// The secret's name or ARN.
        secret_id: String,
    },
    /// A file, for local mode.
    File(PathBuf),
    /// The text itself, for local mode.
    Text(SecretString),
}

impl SecretSource {
    /// Fetches the secret's text.
    ///
    /// # Errors
    /// [`SealError::Source`].
    pub async fn text(&self) -> Result<SecretString, SealError> {
        match self {
            Self::SecretsManager { client, secret_id } => {
                let answer = client.get_secret_value().secret_id(secret_id).send().await;
                let answer =
                    answer.map_err(|error| SealError::Source(sdk_message(&error.into_service_error())))?;
                let text = answer.secret_string.ok_or(SealError::Ring("the secret holds no text"))?;
                Ok(text.into())
            }
            Self::File(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|error| SealError::Source(error.to_string()))?;
                Ok(text.into())
            }
            Self::Text(text) => Ok(text.clone()),
        }
    }
}

impl SecretSource {
    /// Replaces the secret's text: a new version in Secrets Manager, which keeps the one before; a file as a whole.
    ///
    /// # Errors
    /// [`SealError::Source`].
    pub async fn replace(&self, text: &SecretString) -> Result<(), SealError> {
        match self {
            Self::SecretsManager { client, secret_id } => {
                let request = client.put_secret_value().secret_id(secret_id);
                let answer = request.secret_string(text.expose_secret()).send().await;
                answer.map(drop).map_err(|error| SealError::Source(sdk_message(&error.into_service_error())))
            }
            Self::File(path) => write_ring_file(path, text.expose_secret()),
            Self::Text(_) => Err(SealError::Source("a text at hand cannot be replaced".to_owned())),
        }
    }
}

fn sdk_message(error: &impl std::error::Error) -> String {
    error.to_string()
}

/// Makes sure that a ring file is there: a new one is created with mode 0600.
///
/// # Errors
/// [`SealError::Source`] when the file can neither be found nor made.
pub fn ensure_ring_file(path: &Path) -> Result<(), SealError> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| SealError::Source(error.to_string()))?;
    }
    write_ring_file(path, &KeyRing::generate_json()?)
}

/// Written beside its place and renamed, so that a crash leaves a whole ring or none.
fn write_ring_file(path: &Path, text: &str) -> Result<(), SealError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let source = |error: std::io::Error| SealError::Source(error.to_string());
    let draft = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    let mut file =
        options.create(true).truncate(true).write(true).mode(0o600).open(&draft).map_err(source)?;
    file.write_all(text.as_bytes()).map_err(source)?;
    file.sync_all().map_err(source)?;
    std::fs::rename(&draft, path).map_err(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place { key: "tenants/hat-mam", field: "crm_key" };

    fn ring(active: &str, names: &[(&str, u8)]) -> KeyRing {
        let keys =
            names.iter().map(|(name, byte)| ((*name).to_owned(), STANDARD.encode([*byte; 32]))).collect();
        KeyRing::from_json(
            &serde_json::to_string(&RingJson { active: active.to_owned(), keys, active_since: None })
                .unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let ring = ring("k1", &[("k1", 1)]);
        let blob = ring.seal(HERE, &"s3cret".into()).unwrap();
        assert_eq!(ring.open(HERE, &blob).unwrap().expose_secret(), "s3cret");
        assert!(ring.open(Place { key: "tenants/other", ..HERE }, &blob).is_err());
        assert!(ring.open(Place { field: "other", ..HERE }, &blob).is_err());
    }

    #[test]
    fn old_blobs_open_after_rotation_until_their_key_is_gone() {
        let blob = ring("k1", &[("k1", 1)]).seal(HERE, &"s3cret".into()).unwrap();
        assert!(ring("k2", &[("k1", 1), ("k2", 2)]).open(HERE, &blob).is_ok());
        assert!(
            matches!(ring("k2", &[("k2", 2)]).open(HERE, &blob), Err(SealError::UnknownKey(name)) if name == "k1")
        );
    }

    #[test]
    fn every_altered_byte_and_every_cut_is_noticed() {
        let ring = ring("k1", &[("k1", 1)]);
        let blob = ring.seal(HERE, &"s3cret".into()).unwrap();
        for at in 0..blob.len() {
            let mut altered = blob.clone();
            altered[at] ^= 0x41;
            assert!(ring.open(HERE, &altered).is_err(), "byte {at}");
            assert!(ring.open(HERE, &blob[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_ring_that_is_none_says_why() {
        for json in [
            "",
            "[]",
            "{}",
            r#"{"active":"k1","keys":{}}"#,
            r#"{"active":"k1","keys":{"k1":"AAAA"}}"#,
            r#"{"active":"k1","keys":{"k1":"%"}}"#,
        ] {
            assert!(matches!(KeyRing::from_json(json), Err(SealError::Ring(_))), "{json}");
        }
    }

    #[test]
    fn nothing_secret_prints() {
        let ring = ring("k1", &[("k1", 1)]);
        assert_eq!(format!("{ring:?}"), "KeyRing(active \"k1\", 1 keys)");
        assert!(!format!("{:?}", SecretString::from("s3cret")).contains("s3cret"));
    }
}
