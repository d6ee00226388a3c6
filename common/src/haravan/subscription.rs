//! Switching a shop's webhooks on and off (haravan.md §2.1, §2.3).

use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::api::{Answer, Api, ApiError, detail};
use crate::wire::lenient;

/// The public base URL (haravan.md §1.1).
pub const DEFAULT_BASE: &str = "https://webhook.haravan.com/";

/// The topics without which events are missed (haravan.md §2.1).
pub const WANTED: [&str; 7] = [
    "orders/create",
    "orders/updated",
    "orders/paid",
    "orders/cancelled",
    "customers/create",
    "customers/update",
    "app/uninstalled",
];

/// The wanted topics that are not among `subscribed`; both spellings of an update count (haravan.md §2.4).
pub fn missing(subscribed: &[String]) -> Vec<&'static str> {
    let stem = |topic: &str| topic.trim_end_matches('d').to_owned();
    WANTED.into_iter().filter(|wanted| !subscribed.iter().any(|topic| stem(topic) == stem(wanted))).collect()
}

/// A client of the webhook control API.
#[derive(Debug, Clone)]
pub struct Subscription(Api);

impl Subscription {
    /// A client that calls below `base`.
    pub fn new(http: reqwest::Client, base: Url) -> Self {
        Self(Api::new(http, base))
    }

    /// Switches delivery on for the shop of the token; doing it twice is harmless.
    ///
    /// # Errors
    /// [`ApiError`]; a 200 that says `error` is [`ApiError::Refused`].
    pub async fn subscribe(&self, token: &SecretString) -> Result<(), ApiError> {
        self.call(Method::POST, token).await.map(drop)
    }

    /// The topics that are delivered for the shop of the token.
    ///
    /// # Errors
    /// As [`Subscription::subscribe`].
    pub async fn topics(&self, token: &SecretString) -> Result<Vec<String>, ApiError> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(default)]
            data: Vec<Record>,
        }
        #[derive(Deserialize)]
        struct Record {
            #[serde(default, deserialize_with = "lenient::text")]
            event: Option<String>,
        }
        let listed: Listed = self.call(Method::GET, token).await?.json()?;
        Ok(listed.data.into_iter().filter_map(|record| record.event).collect())
    }

    /// Switches delivery off for the shop of the token.
    ///
    /// # Errors
    /// As [`Subscription::subscribe`].
    pub async fn unsubscribe(&self, token: &SecretString) -> Result<(), ApiError> {
        self.call(Method::DELETE, token).await.map(drop)
    }

    async fn call(&self, method: Method, token: &SecretString) -> Result<Answer, ApiError> {
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(default)]
            error: Option<bool>,
        }
        let answer = self.0.call(method, "api/subscribe", &[], token).await?;
        // `error` counts whatever the status is (haravan.md §2.3).
        match serde_json::from_slice(&answer.body) {
            Ok(Envelope { error: Some(true) }) => {
                Err(ApiError::Refused { status: 200, detail: detail(&answer.body) })
            }
            _ => Ok(answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_and_spellings_are_one() {
        let all = ["orders/create", "orders/update", "orders/paid", "orders/cancelled", "customers/create"];
        let all: Vec<String> = all.map(str::to_owned).into();
        assert_eq!(missing(&all), ["customers/update", "app/uninstalled"]);
        assert_eq!(missing(&[]), WANTED);
    }
}
