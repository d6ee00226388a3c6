//! The Official Account API: which account a token is for (pages.md §2.6).

use std::time::Duration;

use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::answer::{Fault, is_object, send};
use super::error::{ApiError, Host};
use crate::id::OaId;
use crate::page::is_picture;
use crate::wire::lenient;
use crate::wire::proof::appsecret_proof;

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An Official Account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oa {
    /// Its id.
    pub id: OaId,
    /// Its name.
    pub name: Option<String>,
    /// Address of its picture, https.
    pub avatar: Option<String>,
    /// Whether Zalo has verified it, when it says.
    pub verified: Option<bool>,
    /// Its paid package.
    pub package: Option<String>,
    /// The last day of its package.
    pub package_until: Option<Date>,
}

/// A client of the API.
#[derive(Debug, Clone)]
pub struct OpenApi {
    http: reqwest::Client,
    base: Url,
    proof_secret: Option<SecretString>,
}

impl OpenApi {
    /// A client that calls below `base`; `http` follows no redirects ([`crate::wire::egress`]). With the app's secret as
    /// `proof_secret` every call carries an `appsecret_proof`, which an app may be set to require (pages.md §2.7).
    pub fn new(http: reqwest::Client, base: Url, proof_secret: Option<SecretString>) -> Self {
        Self { http, base, proof_secret }
    }

    /// The account the token is for.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn getoa(&self, access: &SecretString) -> Result<Oa, ApiError> {
        let url = self.base.join("v2.0/oa/getoa").map_err(|_| ApiError::NoAnswer)?;
        let mut request = self.http.get(url).timeout(TIMEOUT).header("access_token", access.expose_secret());
        if let Some(secret) = &self.proof_secret {
            request = request.header("appsecret_proof", appsecret_proof(secret, access));
        }
        let body = send(request).await.map_err(|_| ApiError::NoAnswer)?;
        match Fault::read(&body) {
            Some(fault) => Err(ApiError::of(Host::OpenApi, &fault)),
            None => read(&body).ok_or(ApiError::NoAnswer),
        }
    }
}

/// The account's id has two spellings, and may be text or a number (pages.md §2.6).
fn read(body: &[u8]) -> Option<Oa> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "lenient::object")]
        data: Option<Data>,
    }
    #[derive(Deserialize)]
    struct Data {
        #[serde(default, deserialize_with = "lenient::text")]
        oa_id: Option<String>,
        #[serde(default, deserialize_with = "lenient::text")]
        oaid: Option<String>,
        #[serde(default, deserialize_with = "lenient::text")]
        name: Option<String>,
        #[serde(default, deserialize_with = "lenient::text")]
        avatar: Option<String>,
        #[serde(default, deserialize_with = "lenient::flag")]
        is_verified: Option<bool>,
        #[serde(default, deserialize_with = "lenient::text")]
        package_name: Option<String>,
        #[serde(default, deserialize_with = "lenient::text")]
        package_valid_through_date: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(body).ok().filter(|_| is_object(body))?;
    let data = answer.data?;
    let day = data.package_valid_through_date;
    Some(Oa {
        id: data.oa_id.or(data.oaid)?.parse().ok()?,
        name: data.name,
        avatar: data.avatar.filter(|url| is_picture(url)),
        verified: data.is_verified,
        package: data.package_name,
        package_until: day.and_then(|day| Date::strptime("%d/%m/%Y", day).ok()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::stub::Stub;

    const OA: &str = include_str!("../../../tests/fixtures/zalo_getoa.json");
    const SPELLING: &str = include_str!("../../../tests/fixtures/zalo_getoa_oaid_spelling.json");
    const UNVERIFIED: &str = include_str!("../../../tests/fixtures/zalo_getoa_unverified.json");
    const VECTORS: &str = include_str!("../../../tests/fixtures/zalo_vectors.json");

    #[test]
    fn both_spellings_and_numbers_are_one_account() {
        let oa = read(OA.as_bytes()).unwrap();
        assert_eq!((oa.id.as_str(), oa.verified), ("4180000000000000001", Some(true)));
        assert_eq!(oa.package_until.unwrap().to_string(), "2026-12-31");
        assert_eq!(read(SPELLING.as_bytes()), Some(oa.clone()));
        let number = OA.replace("\"4180000000000000001\"", "4180000000000000001");
        assert_eq!(read(number.as_bytes()), Some(oa));
        let unverified = read(UNVERIFIED.as_bytes()).unwrap();
        assert_eq!((unverified.verified, unverified.package), (Some(false), None));
    }

    #[tokio::test]
    async fn a_call_carries_its_token_in_zalo_s_header_and_the_proof_if_it_is_asked_for() {
        let vectors: Value = serde_json::from_str(VECTORS).unwrap();
        let vector = &vectors["appsecret_proof"][0];
        let token: SecretString = vector["access_token"].as_str().unwrap().into();
        let stub = Stub::start(|_| (200, OA.to_owned())).await;
        let secret = vectors["app_secret"].as_str().unwrap().into();
        OpenApi::new(Stub::http(), stub.base.clone(), Some(secret)).getoa(&token).await.unwrap();
        OpenApi::new(Stub::http(), stub.base.clone(), None).getoa(&token).await.unwrap();
        let [proven, plain] = &stub.seen()[..] else { panic!() };
        assert_eq!((proven.method.as_str(), proven.path.as_str()), ("GET", "/v2.0/oa/getoa"));
        assert_eq!(proven.headers["access_token"], "ZSIMACCESS0001");
        assert_eq!(proven.headers["appsecret_proof"], vector["proof"].as_str().unwrap());
        assert!(
            !plain.headers.contains_key("appsecret_proof") && !plain.headers.contains_key("authorization")
        );
    }

    #[tokio::test]
    async fn an_error_in_a_success_is_an_error() {
        for (status, body, expected) in [
            (200, r#"{"error":-216,"message":"x","data":{"oa_id":"1"}}"#, ApiError::Token),
            (200, r#"{"error":0,"message":"Success"}"#, ApiError::NoAnswer),
            (200, r#"{"error":0,"data":{"oa_id":"x"}}"#, ApiError::NoAnswer),
            (200, "<html>", ApiError::NoAnswer),
            (503, r#"{"error":-216}"#, ApiError::NoAnswer),
        ] {
            let stub = Stub::start(move |_| (status, body.to_owned())).await;
            let api = OpenApi::new(Stub::http(), stub.base.clone(), None);
            assert_eq!(api.getoa(&"x".into()).await.unwrap_err(), expected, "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_or_refused(bytes: Vec<u8>, value in "null|7|-1|1\\.5|\"x\"|\\[\\]|\\{\\}|\"99/99/9999\"") {
            read(&bytes);
            for key in ["oaid", "name", "avatar", "is_verified", "package_valid_through_date"] {
                read(format!(r#"{{"data":{{"oa_id":1,"{key}":{value}}}}}"#).as_bytes()).unwrap();
            }
        }
    }
}
