//! One call to one of Haravan's APIs and what its answer means (haravan.md §5.1–5.3, §2.3).

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

/// Longest answer read, in bytes: a page of fifty orders is below one megabyte.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// Longest detail kept of a refusal, in characters.
const MAX_DETAIL: usize = 200;

/// Why a call brought nothing, as what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Worth another try: the limit, a server error, no answer, no JSON.
    #[error("Haravan did not answer")]
    Transient {
        /// What Haravan asked to wait.
        after: Option<Duration>,
    },
    /// The token is dead: the app was removed or the grant withdrawn (haravan.md §1.10).
    #[error("Haravan refuses the token")]
    Unauthorized,
    /// The scope is missing, or the shop's plan does not have it.
    #[error("Haravan does not allow this")]
    Forbidden,
    /// Nothing of that kind.
    #[error("Haravan has no such thing")]
    NotFound,
    /// Haravan refuses the call, in its own words.
    #[error("Haravan refuses: {detail} (status {status})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its message, shortened.
        detail: String,
    },
}

impl ApiError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }
}

/// No answer, nothing known.
pub const NO_ANSWER: ApiError = ApiError::Transient { after: None };

/// Calls below one base URL.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base: Url,
}

impl Api {
    /// Calls below `base`, which ends in `/`.
    pub fn new(http: reqwest::Client, base: Url) -> Self {
        Self { http, base }
    }

    /// One call with a bearer token; `content-type` is always sent, because Haravan answers 400 without it, also where
    /// there is no content (haravan.md §5.1).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        token: &SecretString,
    ) -> Result<Answer, ApiError> {
        let mut url = self.base.join(path).map_err(|_| NO_ANSWER)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url).bearer_auth(token.expose_secret());
        send(request.header(CONTENT_TYPE, "application/json")).await
    }
}

/// A successful answer.
#[derive(Debug)]
pub struct Answer {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// [`ApiError::Transient`]: a gateway's page in place of an answer.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(|_| NO_ANSWER)
    }
}

/// Sends a request and reads its answer.
///
/// # Errors
/// [`ApiError`].
pub async fn send(request: RequestBuilder) -> Result<Answer, ApiError> {
    let mut answer = request.send().await.map_err(|_| NO_ANSWER)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = whole(&mut answer, MAX_ANSWER).await.ok_or(NO_ANSWER)?;
    match status {
        StatusCode::UNAUTHORIZED => Err(ApiError::Unauthorized),
        StatusCode::FORBIDDEN => Err(ApiError::Forbidden),
        StatusCode::NOT_FOUND => Err(ApiError::NotFound),
        StatusCode::TOO_MANY_REQUESTS => Err(ApiError::Transient { after: retry_after(&headers) }),
        status if status.is_server_error() => Err(ApiError::Transient { after: retry_after(&headers) }),
        status if status.is_success() => Ok(Answer { headers, body: body.into() }),
        status => Err(ApiError::Refused { status: status.as_u16(), detail: detail(&body) }),
    }
}

/// The whole body of an answer; `None` when it breaks off or is longer than `limit` bytes.
pub async fn whole(answer: &mut reqwest::Response, limit: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.ok()? {
        body.extend_from_slice(&part);
        if body.len() > limit {
            return None;
        }
    }
    Some(body)
}

/// What a refusal says, whatever its shape (haravan.md §5.3); never more than a line.
pub fn detail(body: &[u8]) -> String {
    fn first_text(value: &Value) -> Option<&str> {
        match value {
            Value::String(text) => Some(text),
            Value::Array(list) => list.iter().find_map(first_text),
            Value::Object(map) => map.values().find_map(first_text),
            _ => None,
        }
    }
    let read: Option<Value> = serde_json::from_slice(body).ok();
    let named = |value: &Value| {
        let keys = ["error_description", "message", "errors", "error", "error_code", "code"];
        keys.into_iter().find_map(|key| first_text(value.get(key)?).map(str::to_owned))
    };
    let text = read.as_ref().and_then(named).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_DETAIL).collect()
}

/// `Retry-After` in seconds, which may be a decimal such as `2.0` (haravan.md §5.2), at most an hour.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds.clamp(0.0, 3600.0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_in_every_shape_it_comes_in() {
        for (body, text) in [
            (r#"{"errors":"Not found"}"#, "Not found"),
            (r#"{"errors":["one","two"]}"#, "one"),
            (r#"{"errors":{"field":["can't be blank"]}}"#, "can't be blank"),
            (r#"{"message":"no"}"#, "no"),
            (r#"{"error":true,"message":"Có lỗi"}"#, "Có lỗi"),
            (r#"{"error":"invalid_grant","error_description":"used"}"#, "used"),
            ("<html>502</html>", ""),
            ("", ""),
            ("[]", ""),
        ] {
            assert_eq!(detail(body.as_bytes()), text, "{body}");
        }
    }

    #[test]
    fn a_wait_is_read_with_decimals_and_bounded() {
        let wait = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(wait("2.0"), Some(Duration::from_secs(2)));
        assert_eq!(wait("1e9"), Some(Duration::from_secs(3600)));
        assert_eq!(wait("-5"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("NaN"), None);
    }
}
