//! What a shared secret proves: `appsecret_proof` on calls to Facebook and Zalo, signatures of webhooks.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// `HMAC-SHA256(secret, message)` as the crate's running state; a key may have any length.
pub fn hmac(secret: &SecretString, message: &[u8]) -> Option<Hmac<Sha256>> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    Some(mac.chain_update(message))
}

/// Lower-case hex `HMAC-SHA256(app secret, token)`, sent with every call that carries a token (pages.md §1.14, §2.7).
pub fn appsecret_proof(secret: &SecretString, token: &SecretString) -> String {
    let mut hex = String::with_capacity(64);
    if let Some(mac) = hmac(secret, token.expose_secret().as_bytes()) {
        for byte in mac.finalize().into_bytes() {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
    }
    hex
}

/// The 32 bytes behind 64 hex digits of either case.
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    let text = text.as_bytes();
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16).and_then(|d| u8::try_from(d).ok());
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(bytes)
}
