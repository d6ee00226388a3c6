//! From a code to a person's long-lived token (pages.md §1.4, §1.5).

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::app::UserToken;
use super::error::{Call, GraphError};
use super::graph::Graph;
use crate::wire::lenient;

/// Longest lifetime believed, in seconds; a long-lived token's is about sixty days.
const MAX_LIFETIME: i64 = 366 * 24 * 3600;

/// What a grant brought.
#[derive(Debug)]
pub struct Granted {
    /// The token.
    pub token: UserToken,
    /// How long it lives, when it was said.
    pub lives: Option<Duration>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "lenient::string")]
    access_token: Option<String>,
    #[serde(default, deserialize_with = "lenient::id")]
    expires_in: Option<i64>,
}

impl Answer {
    /// A success without a token is none.
    fn granted(self) -> Result<Granted, GraphError> {
        let token = self.access_token.ok_or(GraphError::NoAnswer(Call::Grant))?;
        let seconds = self.expires_in.and_then(|seconds| u64::try_from(seconds.min(MAX_LIFETIME)).ok());
        Ok(Granted {
            token: UserToken::new(SecretString::from(token)),
            lives: seconds.map(Duration::from_secs),
        })
    }
}

impl Graph {
    /// Exchanges the callback's code, once; `redirect_uri` is byte for byte the dialog's. The token is short-lived.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn exchange_code(
        &self,
        code: &SecretString,
        redirect_uri: &str,
    ) -> Result<Granted, GraphError> {
        let query = [("redirect_uri", redirect_uri), ("code", code.expose_secret())];
        self.grant::<Answer>(&query).await?.granted()
    }

    /// Exchanges a short-lived token for one of about sixty days, before pages are listed: a page token made from a
    /// short-lived one dies with it (pages.md §1.5).
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn long_lived(&self, short: &UserToken) -> Result<Granted, GraphError> {
        let query =
            [("grant_type", "fb_exchange_token"), ("fb_exchange_token", short.secret().expose_secret())];
        self.grant::<Answer>(&query).await?.granted()
    }
}
