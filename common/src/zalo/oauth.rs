//! Zalo's token endpoint: a code or a refresh token for a pair of tokens (pages.md §2.4, §2.5).

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::answer::{Fault, NoBody, is_object, send};
use super::app::App;
use super::error::GrantError;
use super::pkce::Pkce;
use crate::wire::lenient;

/// Longest wait for an answer; a refresh's lease is at least three times as long (pages.md §2.12).
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// How long an access token lives where the answer does not say: 25 hours (pages.md §2.5).
pub const ACCESS_LIVES: Duration = Duration::from_secs(90_000);

/// How long a refresh token lives: three months, counted short (pages.md §2.5).
pub const REFRESH_LIVES: Duration = Duration::from_secs(90 * 24 * 3600);

/// Longest lifetime believed of an access token, in seconds.
const MAX_LIFETIME: i64 = 30 * 24 * 3600;

/// A pair of tokens. Making it has killed the pair before.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Access token.
    pub access: SecretString,
    /// Refresh token; it works once.
    pub refresh: SecretString,
    /// How long the access token lives.
    pub lives: Duration,
}

/// A client of the token endpoint.
#[derive(Debug, Clone)]
pub struct Oauth {
    http: reqwest::Client,
    base: Url,
    app: Arc<App>,
}

impl Oauth {
    /// A client that calls below `base`; `http` follows no redirects ([`crate::wire::egress`]).
    pub fn new(http: reqwest::Client, base: Url, app: Arc<App>) -> Self {
        Self { http, base, app }
    }

    /// Exchanges the callback's code, once, within ten minutes.
    ///
    /// # Errors
    /// [`GrantError`].
    pub async fn exchange(&self, code: &SecretString, pkce: &Pkce) -> Result<Tokens, GrantError> {
        let verifier = pkce.verifier().expose_secret();
        self.grant(&[
            ("code", code.expose_secret()),
            ("app_id", &self.app.id),
            ("grant_type", "authorization_code"),
            ("code_verifier", verifier),
        ])
        .await
    }

    /// Exchanges a refresh token, once.
    ///
    /// # Errors
    /// [`GrantError`].
    pub async fn refresh(&self, refresh: &SecretString) -> Result<Tokens, GrantError> {
        self.grant(&[
            ("refresh_token", refresh.expose_secret()),
            ("app_id", &self.app.id),
            ("grant_type", "refresh_token"),
        ])
        .await
    }

    async fn grant(&self, form: &[(&str, &str)]) -> Result<Tokens, GrantError> {
        let url = self.base.join("v4/oa/access_token").map_err(|_| GrantError::NotSent)?;
        let request = self.http.post(url).timeout(TIMEOUT).form(form);
        let answer = send(request.header("secret_key", self.app.secret.expose_secret())).await;
        let body = answer.map_err(|none| match none {
            NoBody::NotSent => GrantError::NotSent,
            NoBody::Lost => GrantError::Unknown,
        })?;
        match Fault::read(&body) {
            Some(fault) => Err(GrantError::of(&fault)),
            None => read(&body).ok_or(GrantError::Unknown),
        }
    }
}

/// A success has both tokens.
fn read(body: &[u8]) -> Option<Tokens> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "lenient::string")]
        access_token: Option<String>,
        #[serde(default, deserialize_with = "lenient::string")]
        refresh_token: Option<String>,
        #[serde(default, deserialize_with = "lenient::id")]
        expires_in: Option<i64>,
    }
    let answer: Answer = serde_json::from_slice(body).ok().filter(|_| is_object(body))?;
    let seconds = answer.expires_in.and_then(|seconds| u64::try_from(seconds.min(MAX_LIFETIME)).ok());
    Some(Tokens {
        access: answer.access_token?.into(),
        refresh: answer.refresh_token?.into(),
        lives: seconds.map_or(ACCESS_LIVES, Duration::from_secs),
    })
}

#[cfg(test)]
mod tests {
    use super::super::app::tests::app;
    use super::*;
    use crate::stub::Stub;

    const FIRST: &str = include_str!("../../../tests/fixtures/zalo_access_token.json");
    const REFRESHED: &str = include_str!("../../../tests/fixtures/zalo_access_token_refreshed.json");
    const NUMERIC: &str = include_str!("../../../tests/fixtures/zalo_access_token_numeric_expiry.json");

    async fn oauth(status: u16, body: impl Into<String>) -> (Oauth, Stub) {
        let body = body.into();
        let stub = Stub::start(move |_| (status, body.clone())).await;
        (Oauth::new(Stub::http(), stub.base.clone(), Arc::new(app())), stub)
    }

    #[tokio::test]
    async fn a_code_becomes_a_pair() {
        let (oauth, stub) = oauth(200, FIRST).await;
        let pkce = Pkce::stored("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".into());
        let tokens = oauth.exchange(&"ZSIMCODE0001".into(), &pkce).await.unwrap();
        assert_eq!(tokens.access.expose_secret(), "ZSIMACCESS0001");
        assert_eq!(tokens.refresh.expose_secret(), "ZSIMREFRESH0001");
        assert_eq!(tokens.lives, ACCESS_LIVES);
        assert!(!format!("{tokens:?} {oauth:?}").contains("ZSIM"));
        let [request] = &stub.seen()[..] else { panic!() };
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v4/oa/access_token"));
        assert_eq!(request.headers["secret_key"], "sim-zalo-app-secret-0001");
        assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
        let fields: Vec<_> = request.form.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            fields,
            [
                "app_id=3600000000000000001",
                "code=ZSIMCODE0001",
                "code_verifier=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                "grant_type=authorization_code",
            ]
        );
        assert!(request.query.is_empty());
    }

    #[tokio::test]
    async fn a_refresh_brings_the_next_pair_and_sends_no_verifier() {
        let (oauth, stub) = oauth(200, REFRESHED).await;
        oauth.refresh(&"ZSIMREFRESH0001".into()).await.unwrap();
        let [request] = &stub.seen()[..] else { panic!() };
        let keys: Vec<_> = request.form.keys().collect();
        assert_eq!(keys, ["app_id", "grant_type", "refresh_token"]);
        assert_eq!(request.form["grant_type"], "refresh_token");
    }

    #[tokio::test]
    async fn an_error_in_a_success_is_an_error_and_a_page_is_an_unknown_outcome() {
        let used = r#"{"error_name":"Invalid refresh token.","access_token":"a","refresh_token":"b"}"#;
        for (status, body, expected) in [
            (200, used, GrantError::InvalidRefresh),
            (400, r#"{"error":-14014}"#, GrantError::InvalidRefresh),
            (200, r#"{"error":-999}"#, GrantError::Refused(Some(-999))),
            (502, "<html><body>502 Bad Gateway</body></html>", GrantError::Unknown),
            (500, r#"{"error":-14014}"#, GrantError::Unknown),
            (200, "<html>", GrantError::Unknown),
            (404, "{}", GrantError::Unknown),
            (302, "", GrantError::Unknown),
            (0, "", GrantError::Unknown),
            (200, r#"{"access_token":"a"}"#, GrantError::Unknown),
            (200, r#"{"access_token":"a","refresh_token":""}"#, GrantError::Unknown),
            (200, r#"{"access_token":1,"refresh_token":2}"#, GrantError::Unknown),
            (200, r#"["a","b"]"#, GrantError::Unknown),
        ] {
            let (oauth, _stub) = oauth(status, body).await;
            assert_eq!(oauth.refresh(&"x".into()).await.unwrap_err(), expected, "{status} {body}");
        }
        let absent = Oauth::new(Stub::http(), "http://127.0.0.1:9/".parse().unwrap(), Arc::new(app()));
        assert_eq!(absent.refresh(&"x".into()).await.unwrap_err(), GrantError::NotSent);
    }

    #[test]
    fn a_pair_is_never_lost_for_its_expiry() {
        assert_eq!(read(NUMERIC.as_bytes()).unwrap().lives, ACCESS_LIVES);
        for (lives, seconds) in
            [("null", 90_000), ("-5", 90_000), ("\"x\"", 90_000), ("60", 60), ("9e9", 90_000)]
        {
            let body = format!(r#"{{"access_token":"a","refresh_token":"b","expires_in":{lives}}}"#);
            assert_eq!(read(body.as_bytes()).unwrap().lives.as_secs(), seconds, "{lives}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_or_refused(bytes: Vec<u8>, odd in "(\\{|\\}|\"access_token\"|\"refresh_token\"|:|,|7|null|\"x\"){0,12}") {
            read(&bytes);
            read(odd.as_bytes());
        }
    }
}
