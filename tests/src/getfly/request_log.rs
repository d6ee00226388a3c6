//! What the log keeps of each request.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::faults::Fault;
use super::text;

/// A request the simulator received, faults included.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordedRequest {
    /// Runs from 0 since the last reset.
    pub sequence: u64,
    /// When it came.
    #[serde(serialize_with = "text::time::serialize")]
    pub at: Timestamp,
    /// Method.
    pub method: String,
    /// Path with query, without the place where the router is nested.
    pub path: String,
    /// The body if it was JSON of a sensible size.
    pub body: Option<Value>,
    /// The caller's trace, as W3C Trace Context has it.
    pub traceparent: Option<String>,
    /// Names of its headers, sorted.
    pub headers: Vec<String>,
    /// Whether it carried the tenant's key.
    pub key_ok: bool,
    /// The fault that struck it.
    pub fault: Option<Fault>,
    /// The status answered; none while it is handled and when the connection was dropped.
    pub status: Option<u16>,
}

impl RecordedRequest {
    /// `METHOD /path` without the query, the form in which faults name a route.
    #[must_use]
    pub fn route(&self) -> String {
        let path = self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path);
        format!("{} {path}", self.method)
    }
}
