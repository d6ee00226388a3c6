//! One webhook delivery: what is sent, when it is tried again, what became of it (haravan.md §2.8).

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::faults::Fault;
use super::ids::OrgId;

/// Retries after the first attempt, spread over 48 hours.
pub const RETRIES: usize = 19;
/// Consecutive failures after which the organisation's subscription is deleted.
pub const FAILURES_BEFORE_DELETION: u32 = 19;
const LAST_RETRY_AFTER: f64 = 48.0 * 3600.0;
const GROWTH: f64 = 1.7;

/// The pause before retry number `retry` (1 to [`RETRIES`]); nothing beyond. The spacing is not published: this
/// one starts at 5 s, grows by 1.7 and ends exactly 48 h after the first attempt.
pub fn pause_before_retry(retry: usize) -> Option<Duration> {
    if retry == 0 || retry > RETRIES {
        return None;
    }
    let offset = |retry: usize| {
        let power = |exponent: usize| (0..exponent).fold(1.0, |product, _| product * GROWTH);
        LAST_RETRY_AFTER * (power(retry) - 1.0) / (power(RETRIES) - 1.0)
    };
    Some(Duration::from_secs_f64(offset(retry) - offset(retry - 1)))
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// to be tried at `next_attempt_at`
    Waiting,
    /// held back until the app is uninstalled ([`Fault::LateAfterUninstall`])
    Held,
    /// being tried now
    InFlight,
    /// answered 2xx
    Delivered,
    /// tried 20 times in vain
    GivenUp,
    /// lost on purpose ([`Fault::Dropped`])
    Dropped,
    /// its subscription is gone
    Cancelled,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// when it began
    pub at: Timestamp,
    /// the status answered, nothing without an answer
    pub status: Option<u16>,
    /// why there was no answer
    pub error: Option<String>,
    /// how long it took, in milliseconds of the machine's clock
    pub elapsed_ms: u64,
}

impl Attempt {
    /// Whether the answer was 2xx.
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// A delivery with everything that happened to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// number in the order of emission, from 1
    pub id: u64,
    /// the shop
    pub orgid: OrgId,
    /// the app
    pub client_id: String,
    /// what happened, whatever the header says
    pub topic: String,
    /// id of the order or customer
    pub entity_id: i64,
    /// headers as sent, in order
    pub headers: Vec<(String, String)>,
    /// body as sent
    #[serde(with = "in_base64")]
    pub body: Bytes,
    /// size of the body
    pub body_bytes: usize,
    /// faults worked into it
    pub faults: Vec<Fault>,
    /// where it stands
    pub state: DeliveryState,
    /// when it was emitted
    pub created_at: Timestamp,
    /// when it is due
    pub next_attempt_at: Timestamp,
    /// every try
    pub attempts: Vec<Attempt>,
}

impl Delivery {
    /// The status of the latest try.
    pub fn last_status(&self) -> Option<u16> {
        self.attempts.last().and_then(|attempt| attempt.status)
    }

    /// Whether it goes to this app for this shop.
    pub(super) fn is_for(&self, org: OrgId, client_id: &str) -> bool {
        self.orgid == org && self.client_id == client_id
    }

    /// Whether it can still be tried some day.
    pub fn is_open(&self) -> bool {
        matches!(self.state, DeliveryState::Waiting | DeliveryState::Held | DeliveryState::InFlight)
    }
}

mod in_base64 {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(body))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Bytes::from).map_err(Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nineteen_retries_grow_and_end_after_forty_eight_hours() {
        let pauses: Vec<_> = (1..).map_while(pause_before_retry).collect();
        assert_eq!(pauses.len(), RETRIES);
        assert!(pauses.is_sorted());
        let total: Duration = pauses.iter().sum();
        assert_eq!(total.as_secs_f64().round(), LAST_RETRY_AFTER);
        assert_eq!(pauses.first().map(Duration::as_secs), Some(5));
    }
}
