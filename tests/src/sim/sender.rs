//! Sends what is due to apps.
//!
//! A delivery is due at its time. [`Simulator::deliver_due`] tries each due one once, in the order they came due;
//! [`Simulator::deliver_due_at_once`] tries them side by side; [`Simulator::run_deliveries`] keeps doing so in the
//! background. What an attempt is and what follows it is the party's own matter. Redirects are not followed.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use jiff::Timestamp;
use serde::Serialize;
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

use super::clock::Clock;
use super::records::Table;
use super::simulator::{Party, Simulator};

const IN_FLIGHT_AT_MOST: usize = 16;
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Something an app is to be told.
pub trait Queued: Clone + Send + Sync {
    /// When it is tried next, while it waits; nothing otherwise.
    fn due_at(&self) -> Option<Timestamp>;

    /// Whether it is being tried now.
    fn is_in_flight(&self) -> bool;

    /// From here on it is being tried, or it waits again.
    fn set_in_flight(&mut self, in_flight: bool);

    /// How often it was tried.
    fn tries(&self) -> usize;
}

/// A party that tells apps what happens.
pub trait Sends: Party {
    /// What an app is told.
    type Delivery: Queued;
    /// What came of one try.
    type Attempt: Send;

    /// By number, from 1.
    fn deliveries(&mut self) -> &mut Table<u64, Self::Delivery>;

    /// The clock deliveries come due by.
    fn clock(&self) -> &Clock;

    /// How much faster than the clock retries come due.
    fn time_scale(&mut self) -> &mut f64;

    /// Whether anything is sent at all.
    fn may_send(&self) -> bool {
        true
    }

    /// Sends a delivery: what came of it, and whether the app took it.
    fn send(
        simulator: &Simulator<Self>,
        delivery: Self::Delivery,
    ) -> impl Future<Output = (Self::Attempt, bool)> + Send;

    /// Records an attempt at a delivery that is in flight and decides what comes next.
    fn land(&mut self, id: u64, attempt: Self::Attempt);

    /// What was being tried when the process ended was perhaps answered, perhaps not: it waits again.
    fn ground(&mut self) {
        self.deliveries().select_mut(Queued::is_in_flight).for_each(|one| one.set_in_flight(false));
    }
}

/// What came of one round of deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    /// taken by the app
    pub delivered: usize,
    /// not
    pub failed: usize,
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

/// The background deliveries; dropping it stops them.
pub struct Deliveries(JoinHandle<()>);

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<S: Sends> Simulator<S> {
    /// Everything an app was or will be told, oldest first.
    pub fn deliveries(&self) -> Vec<S::Delivery> {
        self.state().deliveries().values().cloned().collect()
    }

    /// Tries everything that is due now once, one after the other.
    pub async fn deliver_due(&self) -> Round {
        let mut round = Round::default();
        for id in self.due() {
            round.count(self.attempt(id).await);
        }
        round
    }

    /// Tries everything that is due now once, all at the same time.
    pub async fn deliver_due_at_once(&self) -> Round {
        let mut round = Round::default();
        for outcome in join_all(self.due().into_iter().map(|id| self.attempt(id))).await {
            round.count(outcome);
        }
        round
    }

    /// Delivers in the background, at most 16 at a time. Retries come due `time_scale` times faster than on the clock:
    /// with 60.0 the retry of 5 minutes comes after 5 seconds.
    pub fn run_deliveries(&self, time_scale: f64) -> Deliveries {
        *self.state().time_scale() = if time_scale.is_finite() { time_scale.clamp(1e-3, 1e6) } else { 1.0 };
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
        let mut state = self.state();
        if !state.may_send() {
            return Vec::new();
        }
        let now = state.clock().now();
        let waiting = state.deliveries().iter().filter_map(|(id, one)| Some((one.due_at()?, *id)));
        let mut due: Vec<_> = waiting.filter(|(at, _)| *at <= now).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// Tries one delivery: whether the app took it, or nothing when it was not due after all.
    async fn attempt(&self, id: u64) -> Option<bool> {
        let (delivery, flight) = self.take_off(id)?;
        let (attempt, taken) = S::send(self, delivery).await;
        flight.land(attempt);
        Some(taken)
    }

    fn take_off(&self, id: u64) -> Option<(S::Delivery, Flight<S>)> {
        let mut state = self.state();
        let now = state.clock().now();
        let due = state.deliveries().get(&id)?.due_at()?;
        if due > now || !state.may_send() {
            return None;
        }
        let delivery = state.deliveries().get_mut(&id)?;
        delivery.set_in_flight(true);
        let flight = Flight { simulator: self.clone(), id, tries: delivery.tries() };
        Some((delivery.clone(), flight))
    }
}

/// A delivery on its way. Should the way be abandoned, the delivery waits again.
struct Flight<S: Sends> {
    simulator: Simulator<S>,
    id: u64,
    /// How many attempts there were before this one.
    tries: usize,
}

impl<S: Sends> Flight<S> {
    fn land(self, attempt: S::Attempt) {
        let mut state = self.simulator.state();
        if self.is_on_its_way(&mut state) {
            state.land(self.id, attempt);
        }
    }

    /// A reset in between may have given the number to another delivery.
    fn is_on_its_way(&self, state: &mut S) -> bool {
        let known = state.deliveries().get(&self.id);
        known.is_some_and(|one| one.is_in_flight() && one.tries() == self.tries)
    }
}

impl<S: Sends> Drop for Flight<S> {
    fn drop(&mut self) {
        let mut state = self.simulator.state();
        if self.is_on_its_way(&mut state)
            && let Some(delivery) = state.deliveries().get_mut(&self.id)
        {
            delivery.set_in_flight(false);
        }
    }
}

/// The clients that send, built when first needed.
pub(crate) struct Transport {
    pub(crate) answer_within: Duration,
    exact: OnceLock<Option<reqwest::Client>>,
    lower: OnceLock<Option<reqwest::Client>>,
}

impl Transport {
    pub(super) fn new(answer_within: Duration) -> Self {
        Self { answer_within, exact: OnceLock::new(), lower: OnceLock::new() }
    }

    /// A client that writes `X-Some-Header`, or `x-some-header`.
    pub(crate) fn client(&self, title_case: bool) -> Result<&reqwest::Client, String> {
        let build = || {
            let builder = reqwest::Client::builder()
                .timeout(self.answer_within)
                .redirect(reqwest::redirect::Policy::none())
                .pool_max_idle_per_host(0)
                .no_proxy()
                .http1_only();
            let builder = if title_case { builder.http1_title_case_headers() } else { builder };
            builder.build().ok()
        };
        let place = if title_case { &self.exact } else { &self.lower };
        place.get_or_init(build).as_ref().ok_or_else(|| "no HTTP client could be built".to_owned())
    }

    /// Gets `url`: the status and the body.
    pub(crate) async fn get(&self, url: Url) -> Result<(u16, Bytes), String> {
        answer(self.client(true)?.get(url)).await
    }
}

/// The whole answer: the status and the body.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Result<(u16, Bytes), String> {
    let answered = async {
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.bytes().await?))
    };
    answered.await.map_err(|error| reason(&error))
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
