//! The delivery engine (haravan.md §2.8).
//!
//! A delivery is due at `next_attempt_at`. [`Simulator::deliver_due`] tries each due one once, in the order they
//! came due; [`Simulator::deliver_due_at_once`] tries them side by side; [`Simulator::run_deliveries`] keeps doing
//! so in the background. Success is exactly 2xx within the time-out; redirects are not followed and fail. A
//! failure sets the next of 19 retries. Failed attempts are also counted over all deliveries of a subscription
//! until one succeeds: the 19th in a row deletes the subscription and cancels what was still to come. So the
//! whole ladder of 19 retries is only climbed by a delivery whose neighbours succeed.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use serde::Serialize;
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

use super::clock::later;
use super::delivery::{Attempt, DeliveryState, FAILURES_BEFORE_DELETION, RETRIES, pause_before_retry};
use super::faults::Fault;
use super::simulator::Simulator;
use super::wire;

const IN_FLIGHT_AT_MOST: usize = 16;
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What came of one round of deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    /// answered 2xx
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

    /// Tries every delivery that is due now once, all at the same time.
    pub async fn deliver_due_at_once(&self) -> Round {
        let mut round = Round::default();
        for outcome in join_all(self.due().into_iter().map(|id| self.attempt(id))).await {
            round.count(outcome);
        }
        round
    }

    /// Delivers in the background, at most 16 at a time. Retries come due `time_scale` times faster than on the
    /// clock: with 60.0 the retry of 5 minutes comes after 5 seconds.
    pub fn run_deliveries(&self, time_scale: f64) -> Deliveries {
        self.state().time_scale = if time_scale.is_finite() { time_scale.clamp(1e-3, 1e6) } else { 1.0 };
        let simulator = self.clone();
        Deliveries(tokio::spawn(async move {
            let mut running = JoinSet::new();
            loop {
                while running.try_join_next().is_some() {}
                let room = IN_FLIGHT_AT_MOST.saturating_sub(running.len());
                for id in simulator.due().into_iter().take(room) {
                    let simulator = simulator.clone();
                    // A delivery that is already in flight is not attempted again.
                    running.spawn(async move { simulator.attempt(id).await });
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }))
    }

    /// The deliveries that are due, in the order they came due.
    fn due(&self) -> Vec<u64> {
        let state = self.state();
        let now = state.now();
        let mut due: Vec<_> = state.deliveries.values().filter(|delivery| delivery.is_due(now)).collect();
        due.sort_by_key(|delivery| (delivery.next_attempt_at, delivery.id));
        due.into_iter().map(|delivery| delivery.id).collect()
    }

    /// Tries one delivery: whether it was answered 2xx, or nothing when it was not due after all.
    async fn attempt(&self, id: u64) -> Option<bool> {
        let (parcel, flight) = self.take_off(id)?;
        let at = self.state().now();
        let begun = Instant::now();
        let answer = self.transport().send(&parcel).await;
        let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (status, error) = match answer {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error)),
        };
        let attempt = Attempt { at, status, error, elapsed_ms };
        let succeeded = attempt.succeeded();
        flight.land(attempt);
        Some(succeeded)
    }

    /// Marks the delivery as being tried and takes what is to be sent.
    fn take_off(&self, id: u64) -> Option<(Parcel, Flight)> {
        let mut state = self.state();
        let now = state.now();
        let client_id = state.delivery(id).filter(|delivery| delivery.is_due(now))?.client_id.clone();
        let address = state.app(&client_id).ok().and_then(|app| app.webhook.callback_url.clone());
        let delivery = state.delivery_mut(id)?;
        delivery.state = DeliveryState::InFlight;
        let pause = delivery.faults.iter().find_map(|fault| match fault {
            Fault::Slow { millis } => Some(Duration::from_millis(*millis)),
            _ => None,
        });
        let (headers, body) = (delivery.headers.clone(), delivery.body.clone());
        let flight = Flight { simulator: self.clone(), id, number: delivery.attempts.len() };
        Some((Parcel { address: address.unwrap_or_default(), headers, body, pause }, flight))
    }
}

/// A delivery on its way. Should the way be abandoned, the delivery waits again.
struct Flight {
    simulator: Simulator,
    id: u64,
    /// How many attempts there were before this one.
    number: usize,
}

impl Flight {
    /// Records the attempt and decides what comes next.
    fn land(self, attempt: Attempt) {
        let mut state = self.simulator.state();
        let succeeded = attempt.succeeded();
        let now = state.now();
        let scale = state.time_scale;
        let Some(delivery) = state.delivery_mut(self.id) else { return };
        // A reset in between may have given the number to another delivery.
        if delivery.state != DeliveryState::InFlight || delivery.attempts.len() != self.number {
            return;
        }
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
        let Some(subscription) = state.subscriptions.get_mut(&key).filter(|one| one.deleted.is_none()) else {
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
            state.cancel_deliveries(key.0, &key.1);
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut state = self.simulator.state();
        let abandoned = state.delivery(self.id).is_some_and(|delivery| {
            delivery.state == DeliveryState::InFlight && delivery.attempts.len() == self.number
        });
        if let (true, Some(delivery)) = (abandoned, state.delivery_mut(self.id)) {
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

impl super::state::State {
    fn delivery(&self, id: u64) -> Option<&super::delivery::Delivery> {
        self.deliveries.get(&id)
    }

    fn delivery_mut(&mut self, id: u64) -> Option<&mut super::delivery::Delivery> {
        self.deliveries.get_mut(&id)
    }
}

/// What is sent.
struct Parcel {
    address: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    pause: Option<Duration>,
}

/// The clients that send, built when first needed.
pub(super) struct Transport {
    answer_timeout: Duration,
    exact: OnceLock<Option<reqwest::Client>>,
    lower: OnceLock<Option<reqwest::Client>>,
}

impl Transport {
    pub(super) fn new(answer_timeout: Duration) -> Self {
        Self { answer_timeout, exact: OnceLock::new(), lower: OnceLock::new() }
    }

    /// Gets `url`: the status and the body.
    pub(super) async fn get(&self, url: Url) -> Result<(u16, Bytes), String> {
        let client = self.client(true).ok_or("no HTTP client could be built")?;
        let answer = client.get(url).send().await.map_err(|error| reason(&error))?;
        let status = answer.status().as_u16();
        Ok((status, answer.bytes().await.map_err(|error| reason(&error))?))
    }

    /// Posts the parcel and reads the whole answer: its status.
    async fn send(&self, parcel: &Parcel) -> Result<u16, String> {
        let url: Url = parcel.address.parse().map_err(|_| "no callback address is registered".to_owned())?;
        let lower = parcel.headers.iter().all(|(name, _)| *name == name.to_ascii_lowercase());
        let mixed = !lower && parcel.headers.iter().any(|(name, _)| name.starts_with(char::is_lowercase));
        if url.scheme() == "http" && (mixed || parcel.pause.is_some()) {
            let pause = parcel.pause.unwrap_or_default();
            let sent = wire::post(&url, &parcel.headers, &parcel.body, pause);
            return tokio::time::timeout(self.answer_timeout, sent)
                .await
                .unwrap_or_else(|_| Err("timed out".to_owned()));
        }
        let client = self.client(!lower).ok_or("no HTTP client could be built")?;
        let mut request = client.post(url).body(parcel.body.clone());
        for (name, value) in &parcel.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.map_err(|error| reason(&error))?;
        let status = answer.status().as_u16();
        answer.bytes().await.map_err(|error| reason(&error))?;
        Ok(status)
    }

    /// A client that writes `X-Haravan-Topic`, or `x-haravan-topic`.
    fn client(&self, title_case: bool) -> Option<reqwest::Client> {
        let build = || {
            let builder = reqwest::Client::builder()
                .timeout(self.answer_timeout)
                .redirect(reqwest::redirect::Policy::none())
                .pool_max_idle_per_host(0)
                .no_proxy()
                .http1_only();
            let builder = if title_case { builder.http1_title_case_headers() } else { builder };
            builder.build().ok()
        };
        let place = if title_case { &self.exact } else { &self.lower };
        place.get_or_init(build).clone()
    }
}

fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        reason.push_str(&format!(": {error}"));
        cause = error.source();
    }
    reason
}
