//! Haravan's token endpoint: a code or a refresh token for tokens (haravan.md §1.9, §1.10, §1.13).

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::wire::answer::whole;
use crate::wire::lenient;

/// The public base URL of Haravan's accounts server, also the issuer (haravan.md §1.1).
pub const DEFAULT_BASE: &str = "https://accounts.haravan.com/";

/// Longest wait for an answer; a third of a refresh's lease ([`crate::store::connections::REFRESH_LEASE`]).
const TIMEOUT: Duration = Duration::from_secs(15);

/// Longest answer read, in bytes: three tokens and a few words.
const MAX_ANSWER: usize = 256 * 1024;

/// Longest lifetime believed, in seconds: an install token's is not published and may be huge (haravan.md §1.10).
const MAX_LIFETIME: i64 = 20 * 365 * 24 * 3600;

/// An app at Haravan.
#[derive(Debug, Clone)]
pub struct App {
    /// App Id.
    pub client_id: String,
    /// App Secret.
    pub client_secret: SecretString,
}

/// What a grant brought.
#[derive(Debug)]
pub struct Tokens {
    /// Admin REST token, or a user token for a login.
    pub access: SecretString,
    /// Refresh token, when one was given.
    pub refresh: Option<SecretString>,
    /// How long the access token lives, when it was said.
    pub lives: Option<Duration>,
    /// The id token, when one was given; not verified.
    pub id_token: Option<SecretString>,
    /// The granted scopes; empty when not said.
    pub scopes: Vec<String>,
}

/// Why a grant brought nothing, as what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The code or refresh token is used, expired or somebody else's.
    #[error("Haravan refuses the grant")]
    InvalidGrant,
    /// Client id or secret are wrong.
    #[error("Haravan refuses the client id or secret")]
    InvalidClient,
    /// Haravan refuses the request for another reason.
    #[error("Haravan refuses the request: {0}")]
    Refused(String),
    /// The request never reached Haravan: nothing was spent.
    #[error("Haravan cannot be reached")]
    NotSent,
    /// No usable answer: whether the grant was spent is unknown.
    #[error("Haravan gave no usable answer")]
    Ambiguous,
}

/// A client of the token endpoint.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    http: reqwest::Client,
    base: Url,
}

impl TokenEndpoint {
    /// A client that calls below `base`, the accounts server.
    pub fn new(http: reqwest::Client, base: Url) -> Self {
        Self { http, base }
    }

    /// Exchanges an authorization code; `redirect_uri` is exactly the one of the authorize call.
    ///
    /// # Errors
    /// [`GrantError`].
    pub async fn exchange(&self, app: &App, code: &str, redirect_uri: &str) -> Result<Tokens, GrantError> {
        let grant = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
        self.grant(app, &grant).await
    }

    /// Exchanges a refresh token.
    ///
    /// # Errors
    /// [`GrantError`].
    pub async fn refresh(&self, app: &App, refresh: &SecretString) -> Result<Tokens, GrantError> {
        let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        self.grant(app, &grant).await
    }

    async fn grant(&self, app: &App, grant: &[(&str, &str)]) -> Result<Tokens, GrantError> {
        let url = self.base.join("connect/token").map_err(|_| GrantError::NotSent)?;
        let client =
            [("client_id", app.client_id.as_str()), ("client_secret", app.client_secret.expose_secret())];
        let form: Vec<(&str, &str)> = grant.iter().copied().chain(client).collect();
        let answer = self.http.post(url).timeout(TIMEOUT).form(&form).send().await;
        let mut answer = answer.map_err(|error| match error.is_connect() {
            true => GrantError::NotSent,
            false => GrantError::Ambiguous,
        })?;
        let status = answer.status();
        let body = whole(&mut answer, MAX_ANSWER).await.ok_or(GrantError::Ambiguous)?;
        match read(&body).filter(|_| status.is_success()) {
            Some(tokens) => Ok(tokens),
            None => Err(refusal(status.as_u16(), &body)),
        }
    }
}

/// A success without an access token is no success. What kind of token it is (`token_type`) is not asked: only bearers are
/// known there, in any spelling.
fn read(body: &[u8]) -> Option<Tokens> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "lenient::text")]
        access_token: Option<String>,
        #[serde(default, deserialize_with = "lenient::text")]
        refresh_token: Option<String>,
        #[serde(default, deserialize_with = "lenient::text")]
        id_token: Option<String>,
        #[serde(default)]
        scope: Value,
        #[serde(default)]
        expires_in: Value,
    }
    // A list would be read as the fields in their order.
    let body = plain(body);
    let object = body.trim_ascii_start().starts_with(b"{");
    let answer: Answer = serde_json::from_slice(body).ok().filter(|_| object)?;
    let seconds = match &answer.expires_in {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64)),
        Value::String(text) => text
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|seconds| seconds.is_finite())
            .map(|seconds| seconds as i64),
        _ => None,
    };
    let scopes: Vec<&str> = match &answer.scope {
        Value::String(text) => text.split_whitespace().collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let lives = seconds.map(|seconds| seconds.clamp(0, MAX_LIFETIME)).and_then(|s| u64::try_from(s).ok());
    Some(Tokens {
        access: answer.access_token?.into(),
        refresh: answer.refresh_token.map(SecretString::from),
        lives: lives.map(Duration::from_secs),
        id_token: answer.id_token.map(SecretString::from),
        scopes: scopes.into_iter().map(str::to_owned).collect(),
    })
}

/// JSON without the mark of its encoding.
fn plain(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

/// `error`, `error_code` or `code` of the body, or the body itself as a word (haravan.md §1.13). A success that has no
/// token and names an error is one, too; what else it may be nobody knows.
fn refusal(status: u16, body: &[u8]) -> GrantError {
    if status == 429 || status >= 500 {
        return GrantError::Ambiguous;
    }
    let json: Option<Value> = serde_json::from_slice(plain(body)).ok();
    let success = (200..300).contains(&status);
    if success && json.as_ref().and_then(|json| json.get("error")?.as_str()).is_none() {
        return GrantError::Ambiguous;
    }
    let named = json.as_ref().and_then(|json| {
        ["error", "error_code", "code"].into_iter().find_map(|key| json.get(key)?.as_str().map(str::to_owned))
    });
    let word = named.unwrap_or_else(|| String::from_utf8_lossy(body).trim().to_owned());
    match word.as_str() {
        "invalid_grant" => GrantError::InvalidGrant,
        "invalid_client" | "unauthorized_client" => GrantError::InvalidClient,
        // Only a code's shape: a page or a sentence says nothing about the grant.
        _ if word.len() <= 40
            && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            && !word.is_empty() =>
        {
            GrantError::Refused(word)
        }
        _ => GrantError::Refused(format!("status {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_numbers_as_numbers_or_texts() {
        for lives in ["57600", "\"57600\"", "57600.0"] {
            let body = format!(r#"{{"access_token":"a","expires_in":{lives},"scope":"openid email"}}"#);
            let tokens = read(body.as_bytes()).unwrap();
            assert_eq!(tokens.lives, Some(Duration::from_secs(57_600)), "{lives}");
            assert_eq!(tokens.scopes, ["openid", "email"]);
        }
        let odd = read(br#"{"access_token":"a","expires_in":null,"refresh_token":""}"#).unwrap();
        assert_eq!(odd.lives, None);
        let huge = read(br#"{"access_token":"a","expires_in":9223372036854775807}"#).unwrap();
        assert!(huge.lives.unwrap() <= Duration::from_secs(20 * 365 * 24 * 3600));
    }

    #[test]
    fn an_answer_is_read_whatever_else_a_provider_puts_in() {
        let plain_body = r#"{"access_token":"a","token_type":"bearer"}"#;
        for body in [
            plain_body.to_owned(),
            format!("\u{feff}{plain_body}"),
            r#"{"access_token":"a"}"#.to_owned(),
            r#"{"access_token":"a","token_type":"BEARER","expires_in":"nan","scope":null}"#.to_owned(),
            r#"{"access_token":"a","token_type":null,"id_token":null,"refresh_token":null,"error":null}"#
                .to_owned(),
            r#"{"access_token":"a","error":"","not_before_policy":0,"session_state":{"a":[1]}}"#.to_owned(),
        ] {
            let tokens = read(body.as_bytes()).unwrap();
            assert!(
                tokens.refresh.is_none() && tokens.id_token.is_none() && tokens.lives.is_none(),
                "{body}"
            );
            assert!(tokens.scopes.is_empty(), "{body}");
        }
        let listed =
            read(br#"{"access_token":"a","scope":["openid","email"],"expires_in":" 57600.5 "}"#).unwrap();
        assert_eq!(listed.scopes, ["openid", "email"]);
        assert_eq!(listed.lives, Some(Duration::from_secs(57_600)));
        for past in ["-1", "\"-1\"", "0"] {
            let body = format!(r#"{{"access_token":"a","expires_in":{past}}}"#);
            assert_eq!(read(body.as_bytes()).unwrap().lives, Some(Duration::ZERO), "{past}");
        }
    }

    #[test]
    fn an_error_that_is_answered_with_200_is_an_error() {
        assert_eq!(refusal(200, br#"{"error":"invalid_grant"}"#), GrantError::InvalidGrant);
        assert_eq!(refusal(200, br#"{"error":"invalid_client"}"#), GrantError::InvalidClient);
        assert_eq!(
            refusal(201, br#"{"error":"invalid_scope"}"#),
            GrantError::Refused("invalid_scope".into())
        );
        let unknown: [&[u8]; 6] =
            [b"", b"{}", b"<html>", b"invalid_grant", br#"{"error":null}"#, br#"{"code":"invalid_grant"}"#];
        for body in unknown {
            assert_eq!(refusal(200, body), GrantError::Ambiguous);
        }
    }

    #[test]
    fn what_is_no_token_is_no_success() {
        for body in ["", "{}", "<html>", r#"{"access_token":null}"#, "[1]"] {
            assert!(read(body.as_bytes()).is_none(), "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_or_refused_without_a_panic(bytes: Vec<u8>, text in "[ -~]{0,20}", number: f64, status in 100_u16..600) {
            drop((read(&bytes), refusal(status, &bytes)));
            for value in [serde_json::json!(text), serde_json::json!(number), serde_json::json!([text]), Value::Null] {
                for name in ["access_token", "refresh_token", "id_token", "expires_in", "scope", "token_type", "error"] {
                    let mut answer = serde_json::json!({"access_token": "a", "expires_in": 5});
                    answer[name] = value.clone();
                    let body = answer.to_string();
                    let there = read(body.as_bytes()).is_some();
                    proptest::prop_assert!(there || name == "access_token", "{}", body);
                    drop(refusal(status, body.as_bytes()));
                }
            }
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        assert_eq!(refusal(400, br#"{"error":"invalid_grant"}"#), GrantError::InvalidGrant);
        assert_eq!(refusal(400, b"invalid_grant"), GrantError::InvalidGrant);
        assert_eq!(refusal(400, br#"{"error_code":"invalid_client"}"#), GrantError::InvalidClient);
        assert_eq!(
            refusal(400, br#"{"error":"invalid_scope"}"#),
            GrantError::Refused("invalid_scope".into())
        );
        assert_eq!(refusal(400, b"<html>Bad request</html>"), GrantError::Refused("status 400".into()));
        assert_eq!(refusal(502, br#"{"error":"invalid_grant"}"#), GrantError::Ambiguous);
        assert_eq!(refusal(429, b""), GrantError::Ambiguous);
    }
}
