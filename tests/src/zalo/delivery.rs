//! One event on its way to the app: what is sent, when it is tried again, what became of it (pages.md §2.10).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::OaId;

/// How long an answer is waited for.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// The pauses before the retries: 30 s, 5 min, 15 min, 30 min, 1 h. When the last of them fails, the webhook is disabled.
pub const RETRY_PAUSES: [Duration; 5] = [
    Duration::from_secs(30),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(3600),
];

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// to be tried at `next_attempt_at`
    Waiting,
    /// being tried now
    InFlight,
    /// answered 200
    Delivered,
    /// answered something else, which is not tried again
    Refused,
    /// not answered in time, which is not tried again
    TimedOut,
    /// no connection on any try: the webhook was disabled
    GivenUp,
    /// was waiting when the webhook was disabled
    Cancelled,
}

/// What came of one try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// the status
    Answered(u16),
    /// connected, and no answer within 2 s
    TimedOut,
    /// why there was no connection, or where it broke
    NoConnection(String),
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// when it began
    pub at: Timestamp,
    /// what came of it
    pub outcome: Outcome,
    /// how long it took, in milliseconds of the machine's clock
    pub elapsed_ms: u64,
}

/// A delivery with everything that happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// number in the order of emission, from 1
    pub id: u64,
    /// the account
    pub oa: OaId,
    /// `event_name`
    pub event: String,
    /// body as sent
    pub body: String,
    /// value of the `X-ZEvent-Signature` header; none is sent with [`super::Fault::WebhookNoSignature`]
    pub signature: Option<String>,
    /// where it stands
    pub state: DeliveryState,
    /// when it was emitted
    pub created_at: Timestamp,
    /// when it is due
    pub next_attempt_at: Timestamp,
    /// every try
    pub attempts: Vec<Attempt>,
}
