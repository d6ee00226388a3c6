//! The sender of events (pages.md §2.10).
//!
//! A delivery is due at `next_attempt_at`. [`Simulator::deliver_due`] tries each due one once, in the order they came
//! due; [`Simulator::run_deliveries`] keeps doing so in the background. Only 200 is success. Only a connection that fails
//! is tried again; another status and an answer later than 2 s lose the event (whether a live Zalo retries those is not
//! known, and this is the harder reading). When the last retry of any delivery fails, the webhook is disabled for the
//! whole app, whatever waits is cancelled, and [`Simulator::enable_webhook`] has to be called by hand.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde::Serialize;
use tokio::task::JoinHandle;

use super::delivery::{Attempt, Delivery, DeliveryState, Outcome, RETRY_PAUSES};
use super::sign::{NUM_RETRY, SIGNATURE};
use super::simulator::Simulator;
use super::state::{State, later};

const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What came of one round of deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    /// answered 200
    pub delivered: usize,
    /// not
    pub failed: usize,
}

/// The background deliveries; dropping it stops them.
pub struct Deliveries(JoinHandle<()>);

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Simulator {
    /// Tries every delivery that is due now once, one after the other.
    pub async fn deliver_due(&self) -> Round {
        let mut round = Round::default();
        for id in self.due() {
            round.count(self.attempt(id).await);
        }
        round
    }

    /// Delivers in the background, what is due side by side. Retries come due `time_scale` times faster than on the
    /// clock: with 60.0 the retry of 5 minutes comes after 5 seconds.
    pub fn run_deliveries(&self, time_scale: f64) -> Deliveries {
        self.state().time_scale = if time_scale.is_finite() { time_scale.clamp(1e-3, 1e6) } else { 1.0 };
        let simulator = self.clone();
        Deliveries(tokio::spawn(async move {
            loop {
                join_all(simulator.due().into_iter().map(|id| simulator.attempt(id))).await;
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }))
    }

    /// Every delivery so far, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state().deliveries.values().cloned().collect()
    }

    /// Whether events are sent at all.
    pub fn webhook_enabled(&self) -> bool {
        !self.state().counters.webhook_disabled
    }

    /// Switches the webhook on again in the console; what was cancelled stays lost.
    pub fn enable_webhook(&self) {
        self.state().counters.webhook_disabled = false;
    }

    fn due(&self) -> Vec<u64> {
        let state = self.state();
        let now = state.now();
        let mut due: Vec<_> = state.deliveries.values().filter(|delivery| delivery.is_due(now)).collect();
        due.sort_by_key(|delivery| (delivery.next_attempt_at, delivery.id));
        due.into_iter().map(|delivery| delivery.id).collect()
    }

    /// Tries one delivery: whether it was taken, or nothing when it was not due after all.
    async fn attempt(&self, id: u64) -> Option<bool> {
        let (url, delivery) = self.state().take_off(id)?;
        let flight = Flight { simulator: self.clone(), id };
        let at = self.state().now();
        let begun = Instant::now();
        let outcome = self.post(&url, &delivery).await;
        let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let taken = outcome == Outcome::Answered(200);
        self.state().land(id, Attempt { at, outcome, elapsed_ms });
        drop(flight);
        Some(taken)
    }

    async fn post(&self, url: &str, delivery: &Delivery) -> Outcome {
        let Some(client) = self.client() else {
            return Outcome::NoConnection("no HTTP client could be built".to_owned());
        };
        let mut request =
            client.post(url).header("Content-Type", "application/json").body(delivery.body.clone());
        if let Some(signature) = &delivery.signature {
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
}

impl State {
    /// Marks the delivery as being tried: where it goes, and what is sent.
    fn take_off(&mut self, id: u64) -> Option<(String, Delivery)> {
        let now = self.now();
        self.deliveries.get(&id).filter(|delivery| delivery.is_due(now))?;
        let url = self.app.webhook_url.clone()?;
        let delivery = self.deliveries.get_mut(&id)?;
        delivery.state = DeliveryState::InFlight;
        Some((url, delivery.clone()))
    }

    /// Records the attempt and decides what comes next.
    fn land(&mut self, id: u64, attempt: Attempt) {
        let (now, scale) = (self.now(), self.time_scale);
        // A reset in between may have given the number to another delivery.
        let in_flight = self.deliveries.get(&id).is_some_and(|one| one.state == DeliveryState::InFlight);
        let Some(delivery) = self.deliveries.get_mut(&id).filter(|_| in_flight) else { return };
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

/// A delivery on its way. Should the way be abandoned, the delivery waits again.
struct Flight {
    simulator: Simulator,
    id: u64,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut state = self.simulator.state();
        let abandoned =
            state.deliveries.get(&self.id).is_some_and(|one| one.state == DeliveryState::InFlight);
        if let (true, Some(delivery)) = (abandoned, state.deliveries.get_mut(&self.id)) {
            delivery.state = DeliveryState::Waiting;
        }
    }
}

impl Round {
    fn count(&mut self, outcome: Option<bool>) {
        match outcome {
            Some(true) => self.delivered += 1,
            Some(false) => self.failed += 1,
            None => {}
        }
    }
}
