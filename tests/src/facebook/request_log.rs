//! What the log keeps of each call of Graph. It holds no token, secret or code.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

/// How many calls are kept.
const KEPT: usize = 2_000;

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

#[derive(Debug, Default)]
pub(super) struct RequestLog {
    calls: VecDeque<RecordedRequest>,
    next: u64,
}

impl RequestLog {
    /// Records a call: its number.
    pub(super) fn add(&mut self, call: RecordedRequest) -> u64 {
        let sequence = self.next;
        self.next += 1;
        if self.calls.len() == KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(RecordedRequest { sequence, ..call });
        sequence
    }

    pub(super) fn answered(&mut self, sequence: u64, status: u16, error: Option<(u32, Option<u32>)>) {
        if let Some(call) = self.calls.iter_mut().rev().find(|call| call.sequence == sequence) {
            (call.status, call.error) = (Some(status), error);
        }
    }

    pub(super) fn list(&self) -> Vec<RecordedRequest> {
        self.calls.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.calls.clear();
    }
}
