//! Sends what is due. Success is exactly 200; redirects are not followed.

use std::sync::OnceLock;
use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::task::JoinHandle;

use super::delivery::{Attempt, Delivery, DeliveryKind, DeliveryState, GIVEN_UP_AFTER, pause_before_retry};
use super::simulator::Simulator;
use super::state::State;
use crate::haravan::clock::later;

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How much of an answer is kept.
const KEPT_OF_AN_ANSWER: usize = 2_000;

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
    /// Tries everything that is due now once, one after the other.
    pub async fn deliver_due(&self) -> Round {
        let mut round = Round::default();
        for id in self.due() {
            round.count(self.attempt(id).await);
        }
        round
    }

    /// Delivers in the background. Retries come due `time_scale` times faster than on the clock.
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

    fn due(&self) -> Vec<u64> {
        let state = self.state();
        let now = state.now();
        let mut due: Vec<_> = state.deliveries.values().filter(|delivery| delivery.is_due(now)).collect();
        due.sort_by_key(|delivery| (delivery.next_attempt_at, delivery.id));
        due.into_iter().map(|delivery| delivery.id).collect()
    }

    /// Tries one delivery: whether it was answered 200, or nothing when it was not due after all.
    async fn attempt(&self, id: u64) -> Option<bool> {
        let delivery = {
            let mut state = self.state();
            let now = state.now();
            state.deliveries.get(&id).filter(|delivery| delivery.is_due(now))?;
            let delivery = state.deliveries.get_mut(&id)?;
            delivery.state = DeliveryState::InFlight;
            delivery.clone()
        };
        let flight = Flight { simulator: self.clone(), id };
        let at = self.state().now();
        let attempt = match self.transport().post(&delivery).await {
            Ok((status, answer)) => {
                let answer = answer.chars().take(KEPT_OF_AN_ANSWER).collect();
                Attempt { at, status: Some(status), answer, error: None }
            }
            Err(error) => Attempt { at, status: None, answer: String::new(), error: Some(error) },
        };
        let succeeded = attempt.status == Some(200);
        self.state().landed(id, attempt);
        drop(flight);
        Some(succeeded)
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
        let in_flight = |delivery: &Delivery| delivery.state == DeliveryState::InFlight;
        if state.deliveries.get(&self.id).is_some_and(in_flight)
            && let Some(delivery) = state.deliveries.get_mut(&self.id)
        {
            delivery.state = DeliveryState::Waiting;
        }
    }
}

impl State {
    /// Queues something that is due now.
    pub(super) fn queue(
        &mut self,
        kind: DeliveryKind,
        url: String,
        headers: Vec<(String, String)>,
        body: String,
    ) -> u64 {
        let id = self.deliveries.keys().next_back().map_or(1, |last| last + 1);
        let now = self.now();
        let delivery = Delivery {
            id,
            kind,
            url,
            headers,
            body,
            created_at: now,
            next_attempt_at: now,
            state: DeliveryState::Waiting,
            attempts: Vec::new(),
        };
        self.deliveries.insert(id, delivery);
        id
    }

    fn landed(&mut self, id: u64, attempt: Attempt) {
        let (now, scale) = (self.now(), self.time_scale);
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        // A reset in between may have given the number to another delivery.
        if delivery.state != DeliveryState::InFlight {
            return;
        }
        let succeeded = attempt.status == Some(200);
        delivery.attempts.push(attempt);
        let next = later(now, pause_before_retry(delivery.attempts.len()).div_f64(scale));
        delivery.state = if succeeded {
            DeliveryState::Delivered
        } else if delivery.kind == DeliveryKind::Webhook && within(delivery.created_at, next) {
            delivery.next_attempt_at = next;
            DeliveryState::Waiting
        } else {
            DeliveryState::GivenUp
        };
    }
}

fn within(created: Timestamp, next: Timestamp) -> bool {
    SignedDuration::try_from(GIVEN_UP_AFTER).is_ok_and(|limit| next.duration_since(created) <= limit)
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

/// The client that sends, built when first needed.
pub(super) struct Transport {
    answer_timeout: Duration,
    client: OnceLock<Option<reqwest::Client>>,
}

impl Transport {
    pub(super) fn new(answer_timeout: Duration) -> Self {
        Self { answer_timeout, client: OnceLock::new() }
    }

    async fn post(&self, delivery: &Delivery) -> Result<(u16, String), String> {
        let client = self.client().ok_or("no HTTP client could be built")?;
        let mut request = client.post(&delivery.url).body(delivery.body.clone());
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        answer(request).await
    }

    /// Gets `url`: the status and the body.
    pub(super) async fn get(&self, url: url::Url) -> Result<(u16, String), String> {
        let client = self.client().ok_or("no HTTP client could be built")?;
        answer(client.get(url)).await
    }

    fn client(&self) -> Option<&reqwest::Client> {
        let build = || {
            let builder = reqwest::Client::builder()
                .timeout(self.answer_timeout)
                .redirect(reqwest::redirect::Policy::none())
                .pool_max_idle_per_host(0)
                .no_proxy()
                .http1_only();
            builder.build().ok()
        };
        self.client.get_or_init(build).as_ref()
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<(u16, String), String> {
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await.map_err(|error| error.to_string())?))
}
