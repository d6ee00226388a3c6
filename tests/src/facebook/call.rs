//! A call as it came in, whichever of the places Graph accepts its parameters were in.

use axum::extract::State as Extracted;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use url::form_urlencoded;

use super::request_log::{RecordedRequest, TokenKind};
use super::simulator::Simulator;
use super::{answer, dialog, graph};

/// Parameters whose values must not stand in a URL.
const SECRETS: [&str; 5] = ["access_token", "client_secret", "code", "fb_exchange_token", "input_token"];
/// Parameters whose values the log keeps.
const LOGGED: [&str; 4] = ["fields", "limit", "after", "subscribed_fields"];

pub(super) struct Call {
    pub(super) method: String,
    pub(super) version: Option<String>,
    /// The path without the version.
    pub(super) segments: Vec<String>,
    /// Of the query, then of the body.
    pub(super) params: Vec<(String, String)>,
    /// The query as it came.
    pub(super) query: String,
    bearer: Option<String>,
    secret_in_url: bool,
}

pub(super) async fn serve(
    Extracted(simulator): Extracted<Simulator>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = Call::read(&method, &uri, &headers, &body);
    let segments: Vec<_> = call.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["dialog", "oauth"] => dialog::serve(&simulator, &call, &headers),
        ["pictures", name] => answer::picture(name),
        _ => graph::serve(&simulator, call).await,
    }
}

impl Call {
    fn read(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut segments: Vec<_> =
            uri.path().split('/').filter(|one| !one.is_empty()).map(str::to_owned).collect();
        let version = segments.first().filter(|first| is_version(first)).cloned();
        if version.is_some() {
            segments.remove(0);
        }
        let query = uri.query().unwrap_or_default().to_owned();
        let mut params: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let secret_in_url = params.iter().any(|(name, _)| SECRETS.contains(&name.as_str()));
        match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(object)) => params.extend(object.into_iter().map(|(name, value)| match value {
                Value::String(text) => (name, text),
                other => (name, other.to_string()),
            })),
            _ => params.extend(form_urlencoded::parse(body).into_owned()),
        }
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
        Self { method: method.to_string(), version, segments, params, query, bearer, secret_in_url }
    }

    /// A parameter that is not empty.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// Every value of a parameter.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.params.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The access token, from wherever it was.
    pub(super) fn token(&self) -> Option<&str> {
        self.param("access_token").or(self.bearer.as_deref())
    }

    /// The path without the version.
    pub(super) fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    /// What the log keeps.
    pub(super) fn record(&self, at: Timestamp, token: TokenKind) -> RecordedRequest {
        let mut parameters: Vec<_> = self
            .params
            .iter()
            .map(
                |(name, value)| {
                    if LOGGED.contains(&name.as_str()) { format!("{name}={value}") } else { name.clone() }
                },
            )
            .collect();
        parameters.sort();
        RecordedRequest {
            sequence: 0,
            at,
            method: self.method.clone(),
            path: self.path(),
            version: self.version.clone(),
            parameters,
            token,
            secret_in_url: self.secret_in_url,
            proof: self.param("appsecret_proof").is_some(),
            status: None,
            error: None,
        }
    }
}

/// `v26.0`
fn is_version(segment: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = segment.strip_prefix('v').and_then(|numbers| numbers.split_once('.'));
    numbers.is_some_and(|(major, minor)| digits(major) && digits(minor))
}
