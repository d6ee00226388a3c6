//! The three digests of the platform (pages.md §2.2, §2.7, §2.10).

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Header with the signature of an event.
pub const SIGNATURE: &str = "X-ZEvent-Signature";
/// Header with the number of the retry, from 1; absent on the first try.
pub const NUM_RETRY: &str = "num_retry";

/// `hex(sha256(app_id + raw_body + timestamp + oa_secret_key))`, no HMAC, lower case, without `mac=`.
pub fn event_mac(app_id: &str, raw_body: &[u8], timestamp: &str, oa_secret_key: &str) -> String {
    let digest = Sha256::new()
        .chain_update(app_id)
        .chain_update(raw_body)
        .chain_update(timestamp)
        .chain_update(oa_secret_key)
        .finalize();
    hex(&digest)
}

/// `hex(HMAC-SHA256(app secret, access token))`, lower case.
pub fn appsecret_proof(app_secret: &str, access_token: &str) -> String {
    match Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()) {
        Ok(mut mac) => {
            mac.update(access_token.as_bytes());
            hex(&mac.finalize().into_bytes())
        }
        // HMAC takes keys of any length, so this arm is never taken.
        Err(_) => String::new(),
    }
}

/// The `code_challenge` of a verifier: base64url(SHA-256) without padding.
pub fn code_challenge(code_verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(code_verifier))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
