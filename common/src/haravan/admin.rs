//! Haravan's Admin REST, as far as the connector calls it (haravan.md §5).

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::lenient;
use crate::id::StaffId;
use crate::text::fold;

/// The public base URL (haravan.md §1.1).
pub const DEFAULT_BASE: &str = "https://apis.haravan.com/";

/// Why a member of staff's e-mail is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StaffLookupError {
    /// Worth another try: the limit, a server error, no answer.
    #[error("Haravan did not answer")]
    Transient {
        /// What Haravan asked to wait.
        after: Option<Duration>,
    },
    /// Not to be had: only Plus shops have it, the scope is missing, the token is dead or the person unknown.
    #[error("Haravan does not tell who this is (status {0})")]
    NotAvailable(u16),
}

/// A client of the Admin REST.
#[derive(Clone)]
pub struct Admin {
    http: reqwest::Client,
    base: Url,
}

impl Admin {
    /// A client that calls below `base`.
    pub fn new(http: reqwest::Client, base: Url) -> Self {
        Self { http, base }
    }

    /// The e-mail of a member of staff in lower case, `None` when they have none: `GET /com/users/{id}.json`
    /// (haravan.md §5.7).
    ///
    /// # Errors
    /// [`StaffLookupError`].
    pub async fn staff_email(
        &self,
        token: &SecretString,
        id: StaffId,
    ) -> Result<Option<String>, StaffLookupError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default, deserialize_with = "lenient::object")]
            user: Option<User>,
        }
        #[derive(Deserialize)]
        struct User {
            #[serde(default, deserialize_with = "lenient::text")]
            email: Option<String>,
        }
        const TRANSIENT: StaffLookupError = StaffLookupError::Transient { after: None };

        let url = self.base.join(&format!("com/users/{id}.json")).map_err(|_| TRANSIENT)?;
        // Haravan answers 400 without the content type, also where there is no content (haravan.md §5.1).
        let request =
            self.http.get(url).bearer_auth(token.expose_secret()).header(CONTENT_TYPE, "application/json");
        let answer = request.send().await.map_err(|_| TRANSIENT)?;
        let status = answer.status();
        if status.as_u16() == 429 || status.is_server_error() {
            return Err(StaffLookupError::Transient { after: retry_after(answer.headers()) });
        }
        if !status.is_success() {
            return Err(StaffLookupError::NotAvailable(status.as_u16()));
        }
        let body = answer.bytes().await.map_err(|_| TRANSIENT)?;
        let read: Answer = serde_json::from_slice(&body).map_err(|_| TRANSIENT)?;
        Ok(read.user.and_then(|user| user.email).map(|email| fold(&email)))
    }
}

/// `Retry-After` in seconds, which may be a decimal such as `2.0` (haravan.md §5.2), at most an hour.
pub fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds.clamp(0.0, 3600.0)).ok()
}
