//! What Facebook has to tell the app, and how that went.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a webhook is tried (pages.md §1.16).
pub const GIVEN_UP_AFTER: Duration = Duration::from_secs(36 * 3_600);

/// The pause before the next try after so many failures: none at first, then longer and longer.
pub fn pause_before_retry(failures: usize) -> Duration {
    let minutes = match failures {
        0 | 1 => 0,
        2 => 1,
        3 => 5,
        4 => 15,
        5 => 60,
        6 => 120,
        _ => 240,
    };
    Duration::from_secs(minutes * 60)
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryKind {
    /// a page event; tried for 36 hours
    Webhook,
    /// a person removed the app; tried once
    Deauthorize,
    /// a person wants to be forgotten; tried once
    DataDeletion,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// due at `next_attempt_at`
    Waiting,
    /// on its way
    InFlight,
    /// answered 200
    Delivered,
    /// not tried any more
    GivenUp,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// when
    pub at: Timestamp,
    /// what was answered
    pub status: Option<u16>,
    /// the start of the body answered
    pub answer: String,
    /// why there was no answer
    pub error: Option<String>,
}

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// counts from 1
    pub id: u64,
    /// what it is
    pub kind: DeliveryKind,
    /// where it goes
    pub url: String,
    /// headers in the order sent
    pub headers: Vec<(String, String)>,
    /// the exact body
    pub body: String,
    /// when it was queued
    pub created_at: Timestamp,
    /// when it is tried next, while it waits
    pub next_attempt_at: Timestamp,
    /// where it stands
    pub state: DeliveryState,
    /// tries so far
    pub attempts: Vec<Attempt>,
}
