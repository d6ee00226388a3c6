//! The sender of events (pages.md §2.10).
//!
//! Only 200 is success. Only a connection that fails is tried again; another status and an answer later than 2 s lose the
//! event (whether a live Zalo retries those is not known, and this is the harder reading). When the last retry of any
//! delivery fails, the webhook is disabled for the whole app, whatever waits is cancelled, and
//! [`Simulator::enable_webhook`] has to be called by hand.

use std::time::Instant;

use jiff::Timestamp;

use super::delivery::{Attempt, Delivery, DeliveryState, Outcome, RETRY_PAUSES};
use super::sign::{NUM_RETRY, SIGNATURE};
use super::simulator::Simulator;
use super::state::State;
use crate::sim::clock::later;
use crate::sim::{Clock, Queued, Sends, Table};

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

    fn may_send(&self) -> bool {
        self.app.webhook_url.is_some()
    }

    async fn send(simulator: &Simulator, delivery: Delivery) -> (Attempt, bool) {
        let at = simulator.state().now();
        let begun = Instant::now();
        let outcome = post(simulator, delivery).await;
        let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let taken = outcome == Outcome::Answered(200);
        (Attempt { at, outcome, elapsed_ms }, taken)
    }

    fn land(&mut self, id: u64, attempt: Attempt) {
        let (now, scale) = (self.now(), self.time_scale);
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        let pause = RETRY_PAUSES.get(delivery.attempts.len());
        delivery.state = match (&attempt.outcome, pause) {
            (Outcome::Answered(200), _) => DeliveryState::Delivered,
            (Outcome::Answered(_), _) => DeliveryState::Refused,
            (Outcome::TimedOut, _) => DeliveryState::TimedOut,
            (Outcome::NoConnection(_), Some(pause)) => {
                delivery.next_attempt_at = later(now, pause.div_f64(scale));
                DeliveryState::Waiting
            }
            (Outcome::NoConnection(_), None) => DeliveryState::GivenUp,
        };
        delivery.attempts.push(attempt);
        if delivery.state == DeliveryState::GivenUp {
            self.counters.webhook_disabled = true;
        }
        if self.counters.webhook_disabled {
            for waiting in self.deliveries.select_mut(|one| one.state == DeliveryState::Waiting) {
                waiting.state = DeliveryState::Cancelled;
            }
        }
    }
}

async fn post(simulator: &Simulator, delivery: Delivery) -> Outcome {
    let url = simulator.state().app.webhook_url.clone().unwrap_or_default();
    let client = match simulator.transport().client(false) {
        Ok(client) => client,
        Err(reason) => return Outcome::NoConnection(reason),
    };
    let mut request = client.post(url).header("Content-Type", "application/json").body(delivery.body);
    if let Some(signature) = delivery.signature {
        request = request.header(SIGNATURE, signature);
    }
    let retries = delivery.attempts.len();
    if retries > 0 {
        request = request.header(NUM_RETRY, retries.to_string());
    }
    let answered = async {
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        answer.bytes().await?;
        Ok::<_, reqwest::Error>(status)
    };
    match answered.await {
        Ok(status) => Outcome::Answered(status),
        Err(error) if error.is_timeout() && !error.is_connect() => Outcome::TimedOut,
        Err(error) => Outcome::NoConnection(error.without_url().to_string()),
    }
}
