//! Everything Facebook signs or wants signed with the app secret.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// Lower-case hexadecimal HMAC-SHA256 of an access token (pages.md §1.14).
pub fn app_secret_proof(app_secret: &str, token: &str) -> String {
    hex(&mac(app_secret, token.as_bytes()))
}

/// The value of `X-Hub-Signature-256` for these bytes (pages.md §1.16).
pub fn hub_signature(app_secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex(&mac(app_secret, body)))
}

/// The value of `signed_request` for this payload (pages.md §1.15).
pub fn signed_request(app_secret: &str, payload: &Value) -> String {
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    let signature = URL_SAFE_NO_PAD.encode(mac(app_secret, payload.as_bytes()));
    format!("{signature}.{payload}")
}

/// Compact JSON with everything outside ASCII as `\uXXXX`, as webhooks are written.
pub fn ascii_json(value: &Value) -> String {
    let mut out = String::new();
    for character in value.to_string().chars() {
        if character.is_ascii() {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

fn mac(key: &str, message: &[u8]) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key.as_bytes()) {
        Ok(mut mac) => {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }
        // HMAC takes keys of any length, so this arm is never taken.
        Err(_) => Vec::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
