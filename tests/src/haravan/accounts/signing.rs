//! Compact JWTs (RFC 7515), right ones and the wrong ones a client must refuse.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::keys::SigningKey;
use crate::haravan::refusal::Refusal;

/// RS256, as Haravan signs (haravan.md §1.8).
pub(super) fn rs256(key: &SigningKey, claims: &Value) -> Result<String, Refusal> {
    let input = input(&json!({"alg": "RS256", "kid": key.kid, "typ": "JWT"}), claims);
    let signature = key.sign(input.as_bytes())?;
    Ok(joined(&input, &signature))
}

/// RS256 by a key that the header does not name.
pub(super) fn rs256_nameless(key: &SigningKey, claims: &Value) -> Result<String, Refusal> {
    let input = input(&json!({"alg": "RS256", "typ": "JWT"}), claims);
    Ok(joined(&input, &key.sign(input.as_bytes())?))
}

/// RS256 with a signature that fits nothing.
pub(super) fn forged(key: &SigningKey, claims: &Value) -> String {
    let input = input(&json!({"alg": "RS256", "kid": key.kid, "typ": "JWT"}), claims);
    joined(&input, &[0x5a; 256])
}

/// Not signed at all.
pub(super) fn unsigned(claims: &Value) -> String {
    joined(&input(&json!({"alg": "none", "typ": "JWT"}), claims), &[])
}

/// HS256 over the client secret, under the kid of the RSA key.
pub(super) fn hs256(kid: &str, secret: &str, claims: &Value) -> Result<String, Refusal> {
    let input = input(&json!({"alg": "HS256", "kid": kid, "typ": "JWT"}), claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|_| Refusal::Invalid("the client secret is no key".to_owned()))?;
    mac.update(input.as_bytes());
    Ok(joined(&input, &mac.finalize().into_bytes()))
}

/// `c_hash` of a code, `at_hash` of an access token: base64url of the left half of its SHA-256.
pub(super) fn half_hash(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.iter().copied().take(16).collect::<Vec<_>>())
}

fn input(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

fn joined(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_hashes_equal_the_published_vectors() {
        assert_eq!(half_hash(&"a".repeat(64)), "_-BU_nrgy23GXDr5th1SCQ");
        assert_eq!(half_hash(&"b".repeat(64)), "oPqxN39Jp1m1f2MxgmLr6A");
    }
}
