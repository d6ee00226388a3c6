//! What the log keeps of each call of Graph. It holds no token, secret or code.

use jiff::Timestamp;
use serde::Serialize;

/// How many calls are kept.
pub(super) const KEPT: usize = 2_000;

/// Which kind of token a call carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// none
    None,
    /// `{app-id}|{app-secret}`
    App,
    /// of a person, working or not
    User,
    /// of a page, working or not
    Page,
    /// nobody gave it out
    Unknown,
}

/// A call of Graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedRequest {
    /// runs from 0 since the last reset
    pub sequence: u64,
    /// when it came
    pub at: Timestamp,
    /// method
    pub method: String,
    /// path without the version, such as `/me/accounts`
    pub path: String,
    /// the version asked for
    pub version: Option<String>,
    /// names of the parameters, sorted; of the values only those of `fields`, `limit`, `after` and `subscribed_fields`,
    /// as `name=value`
    pub parameters: Vec<String>,
    /// the kind of token
    pub token: TokenKind,
    /// a token, secret or code stood in the URL, where logs see it
    pub secret_in_url: bool,
    /// it carried an `appsecret_proof`
    pub proof: bool,
    /// status answered; none while it is handled
    pub status: Option<u16>,
    /// code and subcode of the refusal
    pub error: Option<(u32, Option<u32>)>,
}

impl RecordedRequest {
    /// `METHOD /path` without the version, the form in which faults name a call.
    pub fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}
