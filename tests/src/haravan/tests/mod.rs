//! Tests of the simulator itself, against an app that records what it is sent.

mod accounts;
mod bodies;
mod control;
mod deliveries;
mod rest;
mod restart;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use jiff::Timestamp;

use super::*;

const ORG: OrgId = OrgId(200_000_987_654);
const APP: &str = "hrv_test_client_id";
const SECRET: &str = "hrv_test_client_secret";

/// What the app received.
#[derive(Clone, Debug)]
struct Received {
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    fn topic(&self) -> &str {
        self.headers.get("x-haravan-topic").map_or("", |topic| topic.to_str().unwrap())
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn is_signed_with(&self, secret: &str) -> bool {
        self.headers["x-haravan-hmacsha256"] == sign(secret, &self.body)
    }
}

/// An app with a webhook: passes the challenge, records deliveries, answers what it is told to (200 otherwise).
#[derive(Clone, Default)]
struct App {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
    delay: Arc<Mutex<Duration>>,
}

impl App {
    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn topics(&self) -> Vec<String> {
        self.received().iter().map(|one| one.topic().to_owned()).collect()
    }

    fn forget(&self) {
        self.received.lock().unwrap().clear();
    }

    fn will_answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.answers.lock().unwrap().extend(statuses);
    }

    async fn challenge(RawQuery(query): RawQuery) -> Response {
        let query = query.unwrap_or_default();
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let value = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
        if value("hub.mode").as_deref() != Some("subscribe")
            || value("hub.verify_token").as_deref() != Some("hrv_test_verify_token")
        {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        value("hub.challenge").unwrap().into_response()
    }

    async fn receive(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
        let delay = *app.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        app.received.lock().unwrap().push(Received { headers, body });
        let status = app.answers.lock().unwrap().pop_front().unwrap_or(200);
        let elsewhere: [(HeaderName, &str); 1] = [(header::LOCATION, "/elsewhere")];
        (StatusCode::from_u16(status).unwrap(), elsewhere).into_response()
    }
}

/// A subscribed shop on a clock that is turned by hand, and its app.
struct World {
    sim: Simulator,
    clock: ManualClock,
    app: App,
    callback_url: String,
}

impl World {
    async fn start() -> Self {
        let world = Self::unsubscribed().await;
        let outcome =
            world.sim.register_webhook(None, &world.callback_url, "hrv_test_verify_token").await.unwrap();
        assert!(outcome.verified, "{outcome:?}");
        world.sim.subscribe(None, None).unwrap();
        world
    }

    async fn unsubscribed() -> Self {
        let app = App::default();
        let router =
            Router::new().route("/hook", get(App::challenge).post(App::receive)).with_state(app.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let callback_url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = ManualClock::new("2026-06-12T03:25:41.127Z".parse::<Timestamp>().unwrap());
        let sim = Simulator::with(Seed::demo(), clock.clock(), Duration::from_millis(400));
        Self { sim, clock, app, callback_url }
    }

    /// Places an order announced by `orders/create` alone, delivers it and returns what arrived.
    async fn deliver_one(&self, spec: OrderSpec) -> Received {
        self.app.forget();
        self.sim.create_order(spec.quietly()).unwrap();
        self.sim.deliver_due().await;
        self.app.received().pop().unwrap()
    }
}
