//! Sends what is due. Success is exactly 200.

use axum::body::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::delivery::{Attempt, Delivery, DeliveryKind, DeliveryState, GIVEN_UP_AFTER, pause_before_retry};
use super::simulator::Simulator;
use super::state::State;
use crate::sim::clock::later;
use crate::sim::{Clock, Queued, Sends, Table, Transport, answer};

/// How much of an answer is kept.
const KEPT_OF_AN_ANSWER: usize = 2_000;

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
        let at = simulator.state().now();
        let attempt = match post(simulator.transport(), delivery).await {
            Ok((status, body)) => {
                let answer = String::from_utf8_lossy(&body).chars().take(KEPT_OF_AN_ANSWER).collect();
                Attempt { at, status: Some(status), answer, error: None }
            }
            Err(error) => Attempt { at, status: None, answer: String::new(), error: Some(error) },
        };
        let taken = attempt.status == Some(200);
        (attempt, taken)
    }

    fn land(&mut self, id: u64, attempt: Attempt) {
        let (now, scale) = (self.now(), self.time_scale);
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
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
}

fn within(created: Timestamp, next: Timestamp) -> bool {
    SignedDuration::try_from(GIVEN_UP_AFTER).is_ok_and(|limit| next.duration_since(created) <= limit)
}

async fn post(transport: &Transport, delivery: Delivery) -> Result<(u16, Bytes), String> {
    let mut request = transport.client(false)?.post(&delivery.url).body(delivery.body);
    for (name, value) in &delivery.headers {
        request = request.header(name, value);
    }
    answer(request).await
}
