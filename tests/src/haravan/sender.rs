//! The delivery engine (haravan.md §2.8).
//!
//! Success is exactly 2xx within the time-out; redirects fail. A failure sets the next of 19 retries. Failed attempts are also
//! counted over all deliveries of a subscription until one succeeds: the 19th in a row deletes the subscription and cancels
//! what was still to come. So the whole ladder of 19 retries is only climbed by a delivery whose neighbours succeed.

use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use url::Url;

use super::clock::later;
use super::delivery::{
    Attempt, Delivery, DeliveryState, FAILURES_BEFORE_DELETION, RETRIES, pause_before_retry,
};
use super::faults::Fault;
use super::simulator::Simulator;
use super::state::State;
use super::wire;
use crate::sim::{Clock, Queued, Sends, Table, Transport, answer};

/// How long an answer is waited for (haravan.md §2.8).
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

impl Queued for Delivery {
    fn due_at(&self) -> Option<Timestamp> {
        (self.state == DeliveryState::Waiting).then_some(self.next_attempt_at)
    }

    fn is_in_flight(&self) -> bool {
        self.state == DeliveryState::InFlight
    }

    fn set_in_flight(&mut self, in_flight: bool) {
        self.state = if in_flight { DeliveryState::InFlight } else { DeliveryState::Waiting };
    }

    fn tries(&self) -> usize {
        self.attempts.len()
    }
}

impl Sends for State {
    type Delivery = Delivery;
    type Attempt = Attempt;

    fn deliveries(&mut self) -> &mut Table<u64, Delivery> {
        &mut self.deliveries
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn time_scale(&mut self) -> &mut f64 {
        &mut self.time_scale
    }

    async fn send(simulator: &Simulator, delivery: Delivery) -> (Attempt, bool) {
        let parcel = simulator.state().parcel(delivery);
        let at = simulator.state().now();
        let begun = Instant::now();
        let answer = parcel.send(simulator.transport()).await;
        let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (status, error) = match answer {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error)),
        };
        let attempt = Attempt { at, status, error, elapsed_ms };
        let succeeded = attempt.succeeded();
        (attempt, succeeded)
    }

    fn land(&mut self, id: u64, attempt: Attempt) {
        let succeeded = attempt.succeeded();
        let (now, scale) = (self.now(), self.time_scale);
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        delivery.attempts.push(attempt);
        let failures = delivery.attempts.len();
        delivery.state = match pause_before_retry(failures) {
            _ if succeeded => DeliveryState::Delivered,
            Some(pause) if failures <= RETRIES => {
                delivery.next_attempt_at = later(now, pause.div_f64(scale));
                DeliveryState::Waiting
            }
            _ => DeliveryState::GivenUp,
        };
        let key = (delivery.orgid, delivery.client_id.clone());
        let Some(subscription) = self.subscriptions.get_mut(&key).filter(|one| one.deleted.is_none()) else {
            return;
        };
        if succeeded {
            subscription.consecutive_failures = 0;
            return;
        }
        subscription.consecutive_failures += 1;
        if subscription.consecutive_failures >= FAILURES_BEFORE_DELETION {
            subscription.deleted = Some(format!("{FAILURES_BEFORE_DELETION} consecutive failures"));
            subscription.records.clear();
            self.cancel_deliveries(key.0, &key.1);
        }
    }
}

impl State {
    fn parcel(&self, delivery: Delivery) -> Parcel {
        let address = self.app(&delivery.client_id).ok().and_then(|app| app.webhook.callback_url.clone());
        let pause = delivery.faults.iter().find_map(|fault| match fault {
            Fault::Slow { millis } => Some(Duration::from_millis(*millis)),
            _ => None,
        });
        let Delivery { headers, body, .. } = delivery;
        Parcel { address: address.unwrap_or_default(), headers, body, pause }
    }
}

/// What is sent.
struct Parcel {
    address: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    pause: Option<Duration>,
}

impl Parcel {
    /// Posts it and reads the whole answer: its status.
    async fn send(self, transport: &Transport) -> Result<u16, String> {
        let url: Url = self.address.parse().map_err(|_| "no callback address is registered".to_owned())?;
        let lower = self.headers.iter().all(|(name, _)| *name == name.to_ascii_lowercase());
        let mixed = !lower && self.headers.iter().any(|(name, _)| name.starts_with(char::is_lowercase));
        if url.scheme() == "http" && (mixed || self.pause.is_some()) {
            let pause = self.pause.unwrap_or_default();
            let sent = wire::post(&url, &self.headers, &self.body, pause);
            return tokio::time::timeout(transport.answer_within, sent)
                .await
                .unwrap_or_else(|_| Err("timed out".to_owned()));
        }
        let mut request = transport.client(!lower)?.post(url).body(self.body);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let (status, _) = answer(request).await?;
        Ok(status)
    }
}
