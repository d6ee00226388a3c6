//! The signature on Facebook's webhooks (pages.md §1.16).

use std::str::FromStr;

use hmac::Mac;
use secrecy::SecretString;

use super::webhook::{Event, NotPageEvents, events};
use crate::wire::proof::{from_hex, hmac};

/// `sha256=<hex HMAC-SHA256(app secret, raw body)>` (pages.md §1.16).
pub const SIGNATURE_HEADER: &str = "x-hub-signature-256";

/// A webhook's signature as received.
pub struct Signature([u8; 32]);

/// The header does not hold `sha256=` and 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not sha256= and 64 hex digits")]
pub struct NotASignature;

impl FromStr for Signature {
    type Err = NotASignature;

    fn from_str(text: &str) -> Result<Self, NotASignature> {
        text.trim().strip_prefix("sha256=").and_then(from_hex).map(Self).ok_or(NotASignature)
    }
}

impl Signature {
    /// Checks the signature over the raw bytes, in constant time. Bytes, because text beyond ASCII arrives as `\uXXXX`
    /// escapes that no re-serialised JSON would repeat (pages.md §1.16).
    pub fn verify<'a>(&self, body: &'a [u8], secret: &SecretString) -> Option<VerifiedBody<'a>> {
        hmac(secret, body)?.verify_slice(&self.0).ok()?;
        Some(VerifiedBody(body))
    }
}

/// A webhook's body whose signature was checked.
#[derive(Debug)]
pub struct VerifiedBody<'a>(&'a [u8]);

impl<'a> VerifiedBody<'a> {
    /// The raw bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// What it tells.
    ///
    /// # Errors
    /// [`NotPageEvents`].
    pub fn events(&self) -> Result<Vec<Event<'a>>, NotPageEvents> {
        events(self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::wire::proof::appsecret_proof;

    fn text(value: &Value) -> &str {
        value.as_str().unwrap()
    }

    #[test]
    fn proofs_are_those_of_the_vectors() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/fb_vectors.json")).unwrap();
        let secret: SecretString = text(&vectors["app_secret"]).into();
        let proofs = vectors["appsecret_proof"].as_array().unwrap();
        assert_eq!(proofs.len(), 3);
        for vector in proofs {
            let proof = appsecret_proof(&secret, &text(&vector["access_token"]).into());
            assert_eq!(proof, text(&vector["proof"]));
        }
    }

    #[test]
    fn a_signed_webhook_is_told_from_an_altered_one() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/fb_webhook.json")).unwrap();
        let event = &fixture["event"];
        let (body, header) = (text(&event["raw_body"]), text(&event["headers"]["X-Hub-Signature-256"]));
        let secret: SecretString = text(&event["app_secret"]).into();
        let signature: Signature = header.parse().unwrap();
        assert_eq!(signature.verify(body.as_bytes(), &secret).unwrap().bytes(), body.as_bytes());
        assert!(signature.verify(format!("{body} ").as_bytes(), &secret).is_none());
        assert!(signature.verify(body.replace("\\u00e0", "à").as_bytes(), &secret).is_none());
        assert!(signature.verify(body.as_bytes(), &"another secret".into()).is_none());
        let upper: Signature = format!("sha256={}", header[7..].to_uppercase()).parse().unwrap();
        assert!(upper.verify(body.as_bytes(), &secret).is_some());
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let hex = "0".repeat(64);
        for bad in ["", "sha256=", &hex, &format!("sha1={hex}"), &format!("sha256={}é", &hex[..62])] {
            assert!(bad.parse::<Signature>().is_err(), "{bad}");
        }
        assert!(format!("sha256={hex}").parse::<Signature>().is_ok());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_as_a_signature_or_refused(text: String, tail in "[0-9a-fA-F+é]{0,66}") {
            drop(text.parse::<Signature>());
            drop(format!("sha256={tail}").parse::<Signature>());
        }
    }
}
