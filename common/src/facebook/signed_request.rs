//! `signed_request`: what Facebook posts when a person removes our app or asks for their data to be erased (pages.md
//! §1.15).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use secrecy::SecretString;
use serde::Deserialize;

use crate::id::FbUserId;
use crate::wire::lenient;
use crate::wire::proof::hmac;

/// The only algorithm accepted.
const ALGORITHM: &str = "HMAC-SHA256";

/// A request whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// Who, by their app-scoped id.
    pub user_id: FbUserId,
    /// When it was signed, in seconds since 1970, when it says.
    pub issued_at: Option<i64>,
    /// Until when it holds, in seconds since 1970; a data deletion may say.
    pub expires: Option<i64>,
}

/// Why a `signed_request` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// It is not two parts in base64url.
    #[error("not two parts in base64url")]
    Shape,
    /// Its signature is not ours.
    #[error("the signature does not fit")]
    Signature,
    /// It names another algorithm.
    #[error("the algorithm is not HMAC-SHA256")]
    Algorithm,
    /// Its payload names nobody.
    #[error("the payload names no person")]
    Payload,
}

impl SignedRequest {
    /// Reads and checks the form's `signed_request`. The signature is over the second part's text, and comes before
    /// anything is read from it.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn verify(text: &str, secret: &SecretString) -> Result<Self, NotSigned> {
        #[derive(Deserialize)]
        struct Payload {
            #[serde(default, deserialize_with = "lenient::text")]
            algorithm: Option<String>,
            #[serde(default, deserialize_with = "lenient::text")]
            user_id: Option<String>,
            #[serde(default, deserialize_with = "lenient::id")]
            issued_at: Option<i64>,
            #[serde(default, deserialize_with = "lenient::id")]
            expires: Option<i64>,
        }
        let (signature, payload) = text.trim().split_once('.').ok_or(NotSigned::Shape)?;
        if payload.contains('.') {
            return Err(NotSigned::Shape);
        }
        let signature = decoded(signature)?;
        let mac = hmac(secret, payload.as_bytes()).ok_or(NotSigned::Signature)?;
        mac.verify_slice(&signature).map_err(|_| NotSigned::Signature)?;
        let payload: Payload = serde_json::from_slice(&decoded(payload)?).map_err(|_| NotSigned::Payload)?;
        if payload.algorithm.as_deref() != Some(ALGORITHM) {
            return Err(NotSigned::Algorithm);
        }
        let user_id = payload.user_id.and_then(|id| id.parse().ok()).ok_or(NotSigned::Payload)?;
        Ok(Self { user_id, issued_at: payload.issued_at, expires: payload.expires })
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, NotSigned> {
    URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).map_err(|_| NotSigned::Shape)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn fixture() -> (Value, SecretString) {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/fb_signed_request.json")).unwrap();
        let secret = fixture["app_secret"].as_str().unwrap().into();
        (fixture, secret)
    }

    fn signed(payload: &[u8], secret: &SecretString) -> String {
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let mac = hmac(secret, payload.as_bytes()).unwrap().finalize().into_bytes();
        format!("{}.{payload}", URL_SAFE_NO_PAD.encode(mac))
    }

    #[test]
    fn the_vectors_are_read_or_refused_as_they_say() {
        let (fixture, secret) = fixture();
        for name in ["deauthorize", "data_deletion"] {
            let text = fixture[name]["signed_request"].as_str().unwrap();
            let read = SignedRequest::verify(text, &secret).unwrap();
            let payload = &fixture[name]["payload"];
            assert_eq!(read.user_id.as_str(), payload["user_id"].as_str().unwrap());
            assert_eq!(
                (read.issued_at, read.expires),
                (payload["issued_at"].as_i64(), payload["expires"].as_i64())
            );
            assert_eq!(SignedRequest::verify(text, &"another".into()), Err(NotSigned::Signature));
        }
        let refused = |name: &str| {
            SignedRequest::verify(fixture[name]["signed_request"].as_str().unwrap(), &secret).unwrap_err()
        };
        assert_eq!(refused("tampered"), NotSigned::Signature);
        assert_eq!(refused("wrong_algorithm"), NotSigned::Algorithm);
    }

    #[test]
    fn padding_is_tolerated_and_a_third_part_is_not() {
        let (fixture, secret) = fixture();
        let text = fixture["deauthorize"]["signed_request"].as_str().unwrap();
        let (signature, payload) = text.split_once('.').unwrap();
        assert!(SignedRequest::verify(&format!("{signature}=.{payload}"), &secret).is_ok());
        for bad in [
            format!("{text}.x"),
            format!("{signature}.."),
            signature.to_owned(),
            String::new(),
            ".".to_owned(),
        ] {
            assert!(SignedRequest::verify(&bad, &secret).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_padded_payload_is_signed_with_its_padding() {
        let (_, secret) = fixture();
        let payload =
            format!("{}=", URL_SAFE_NO_PAD.encode(br#"{"user_id":"17","algorithm":"HMAC-SHA256"}"#));
        let mac = hmac(&secret, payload.as_bytes()).unwrap().finalize().into_bytes();
        let text = format!("{}=.{payload}", URL_SAFE_NO_PAD.encode(mac));
        assert_eq!(SignedRequest::verify(&text, &secret).unwrap().user_id.as_str(), "17");
    }

    #[test]
    fn a_signed_payload_without_a_person_is_refused() {
        let (_, secret) = fixture();
        for user in [json!(null), json!(""), json!("x"), json!({}), json!("1#2")] {
            let payload = json!({"algorithm": ALGORITHM, "user_id": user}).to_string();
            assert_eq!(
                SignedRequest::verify(&signed(payload.as_bytes(), &secret), &secret),
                Err(NotSigned::Payload)
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_refused(text: String, payload: Vec<u8>) {
            let (_, secret) = fixture();
            assert!(SignedRequest::verify(&text, &secret).is_err());
            assert!(SignedRequest::verify(&signed(&payload, &secret), &secret).is_err());
        }
    }
}
