//! The signature on Zalo's webhooks (pages.md §2.10).
//!
//! It is a plain SHA-256 of app id, body, timestamp and webhook secret, one after the other, and no HMAC.

use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::app::App;
use super::webhook::{Event, event, timestamp};
use crate::wire::proof::from_hex;

/// `mac=<hex>`.
pub const SIGNATURE_HEADER: &str = "x-zevent-signature";

/// A webhook's signature as received.
pub struct Signature([u8; 32]);

/// The header does not hold 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not 64 hex digits")]
pub struct NotASignature;

impl FromStr for Signature {
    type Err = NotASignature;

    /// With or without `mac=`, hex digits of either case.
    fn from_str(text: &str) -> Result<Self, NotASignature> {
        let text = text.trim();
        from_hex(text.strip_prefix("mac=").unwrap_or(text).trim()).map(Self).ok_or(NotASignature)
    }
}

impl Signature {
    /// Checks the signature over the raw bytes, in constant time. A body without a timestamp has none to check.
    pub fn verify<'a>(&self, body: &'a [u8], app: &App) -> Option<VerifiedBody<'a>> {
        let timestamp = timestamp(body)?;
        let secret = app.oa_secret_key.expose_secret();
        // An empty secret would let anybody sign.
        if secret.is_empty() {
            return None;
        }
        let mac = Sha256::new()
            .chain_update(&app.id)
            .chain_update(body)
            .chain_update(timestamp)
            .chain_update(secret)
            .finalize();
        verify_slices_are_equal(&mac, &self.0).ok()?;
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

    /// What it tells; `None` when it names no event.
    pub fn event(&self) -> Option<Event> {
        event(self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::app::tests::app;
    use super::*;

    fn vectors() -> Vec<(String, String, String)> {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/zalo_webhook.json")).unwrap();
        assert_eq!(fixture["oa_secret_key"], "sim-zalo-oa-secret-0001");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        ["user_send_text", "oa_send_text_echo", "follow"]
            .map(|name| &fixture[name])
            .map(|case| {
                let header = &case["headers"]["X-ZEvent-Signature"];
                (text(&case["raw_body"]), text(header), text(&case["mac_hex"]))
            })
            .into()
    }

    #[test]
    fn the_vectors_verify_in_every_spelling_of_the_header() {
        for (body, header, hex) in vectors() {
            for header in
                [header.clone(), hex.clone(), hex.to_uppercase(), format!(" mac={} ", hex.to_uppercase())]
            {
                let signature: Signature = header.parse().unwrap();
                assert_eq!(signature.verify(body.as_bytes(), &app()).unwrap().bytes(), body.as_bytes());
            }
        }
    }

    #[test]
    fn an_altered_body_and_other_secrets_do_not_verify() {
        for (body, header, _) in vectors() {
            let signature: Signature = header.parse().unwrap();
            let other = App { oa_secret_key: "sim-zalo-app-secret-0001".into(), ..app() };
            let another = App { id: "1".to_owned(), ..app() };
            assert!(signature.verify(body.as_bytes(), &other).is_none());
            assert!(signature.verify(body.as_bytes(), &another).is_none());
            assert!(signature.verify(format!("{body} ").as_bytes(), &app()).is_none());
            assert!(signature.verify(body.replace("timestamp", "when").as_bytes(), &app()).is_none());
        }
    }

    #[test]
    fn a_timestamp_is_signed_as_its_text_and_no_secret_signs_nothing() {
        let body = br#"{"timestamp":1795500200000}"#;
        let sign = |app: &App| {
            let text =
                [app.id.as_bytes(), body, b"1795500200000", app.oa_secret_key.expose_secret().as_bytes()];
            Signature(Sha256::digest(text.concat()).into())
        };
        assert!(sign(&app()).verify(body, &app()).is_some());
        let open = App { oa_secret_key: "".into(), ..app() };
        assert!(sign(&open).verify(body, &open).is_none());
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_refused(text: String, tail in "[0-9a-fA-F+é]{0,66}", body: Vec<u8>) {
            drop(text.parse::<Signature>());
            if let Ok(signature) = format!("mac={tail}").parse::<Signature>() {
                assert!(signature.verify(&body, &app()).is_none());
            }
            assert!(Signature([0; 32]).verify(&body, &app()).is_none());
        }
    }
}
