//! One call to the Graph API.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::app::{App, Caller};
use super::error::{Call, GraphError};
use super::usage::{HIGH, Usage};
use crate::wire::answer::whole;
use crate::wire::lenient;
use crate::wire::proof::appsecret_proof;

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Longest answer read, in bytes: a hundred pages with pictures and tokens are below 200 kB.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// The version that served the call (pages.md §1.1).
const VERSION_HEADER: &str = "facebook-api-version";

/// A client of the Graph API in our app's name.
#[derive(Debug, Clone)]
pub struct Graph {
    http: reqwest::Client,
    base: Url,
    app: Arc<App>,
}

impl Graph {
    /// A client that calls below `base`; `http` follows no redirects ([`crate::wire::egress`]).
    pub fn new(http: reqwest::Client, base: Url, app: Arc<App>) -> Self {
        Self { http, base, app }
    }

    /// The app it calls for.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Calls with a token in the `Authorization` header, which keeps it out of logs, and with its `appsecret_proof`
    /// (pages.md §1.7, §1.14).
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        caller: Caller<'_>,
    ) -> Result<T, GraphError> {
        let token = caller.token(&self.app);
        let proof = appsecret_proof(&self.app.secret, &token);
        let mut url = self.address(path);
        url.query_pairs_mut().extend_pairs(query).append_pair("appsecret_proof", &proof);
        let request = self.http.request(method, url).bearer_auth(token.expose_secret());
        read(Call::Other, &self.send(Call::Other, request).await?)
    }

    /// Calls the token endpoint, whose parameters hold the app's secret.
    pub(super) async fn grant<T: DeserializeOwned>(&self, query: &[(&str, &str)]) -> Result<T, GraphError> {
        let mut url = self.address("oauth/access_token");
        url.query_pairs_mut()
            .append_pair("client_id", &self.app.id)
            .append_pair("client_secret", self.app.secret.expose_secret())
            .extend_pairs(query);
        read(Call::Grant, &self.send(Call::Grant, self.http.get(url)).await?)
    }

    /// Calls what answers `{"success":true}`.
    pub(super) async fn act(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        caller: Caller<'_>,
    ) -> Result<(), GraphError> {
        #[derive(Deserialize)]
        struct Done {
            #[serde(default, deserialize_with = "lenient::flag")]
            success: Option<bool>,
        }
        let done: Done = self.call(method, path, query, caller).await?;
        if done.success == Some(true) { Ok(()) } else { Err(GraphError::NotDone) }
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}/{path}", self.base.path(), self.app.version));
        url
    }

    /// An error of the HTTP client is dropped, because it would print the address.
    async fn send(&self, call: Call, request: RequestBuilder) -> Result<Vec<u8>, GraphError> {
        let answer = request.timeout(TIMEOUT).send().await;
        let mut answer = answer.map_err(|error| match error.is_connect() || error.is_builder() {
            true => GraphError::NotSent,
            false => GraphError::NoAnswer(call),
        })?;
        let (status, usage) = (answer.status(), Usage::read(answer.headers()));
        if let Some(served) = answer.headers().get(VERSION_HEADER).and_then(|value| value.to_str().ok())
            && served != self.app.version
        {
            tracing::warn!(served, configured = self.app.version, "Facebook serves another version");
        }
        if usage.percent >= HIGH {
            tracing::warn!(percent = usage.percent, "a limit of Facebook's is nearly used up");
        }
        let body = whole(&mut answer, MAX_ANSWER).await.ok_or(GraphError::NoAnswer(call))?;
        match GraphError::of(call, status.is_success(), &body, usage) {
            Some(error) => Err(error),
            None => Ok(body),
        }
    }
}

fn read<T: DeserializeOwned>(call: Call, body: &[u8]) -> Result<T, GraphError> {
    // A list would be read as the fields in their order.
    let object = body.trim_ascii_start().starts_with(b"{");
    serde_json::from_slice(body).ok().filter(|_| object).ok_or(GraphError::NoAnswer(call))
}
