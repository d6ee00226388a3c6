//! Proof that the one who exchanges a code is the one who asked for it (pages.md §2.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::seal::{SealError, random};

/// One attempt's verifier; it stays on the server.
#[derive(Debug, Clone)]
pub struct Pkce(SecretString);

impl Pkce {
    /// A new one: 32 random bytes, 43 characters.
    ///
    /// # Errors
    /// [`SealError`]: no randomness.
    pub fn new() -> Result<Self, SealError> {
        let bytes: [u8; 32] = random()?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// The one that was stored with an attempt.
    pub fn stored(verifier: SecretString) -> Self {
        Self(verifier)
    }

    /// The verifier, for storing and for the exchange.
    pub fn verifier(&self) -> &SecretString {
        &self.0
    }

    /// What goes into the address: the verifier's SHA-256 in base64url without padding.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose_secret()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_challenge_is_that_of_the_vector() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/zalo_vectors.json")).unwrap();
        let vector = &vectors["pkce"][0];
        let pkce = Pkce::stored(vector["code_verifier"].as_str().unwrap().into());
        assert_eq!(pkce.challenge(), vector["code_challenge"].as_str().unwrap());
    }

    #[test]
    fn every_attempt_has_its_own_verifier() {
        let (one, other) = (Pkce::new().unwrap(), Pkce::new().unwrap());
        assert_eq!(one.verifier().expose_secret().len(), 43);
        assert_ne!(one.verifier().expose_secret(), other.verifier().expose_secret());
    }
}
