//! Tests of the simulator itself, by a client over HTTP and an app that records the events it is sent.

mod control;
mod faults;
mod fixtures;
mod permission;
mod profile;
mod restart;
mod tokens;
mod webhooks;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

const ONE: &str = "4180000000000000001";
const TWO: &str = "4180000000000000002";
const THREE: &str = "4180000000000000003";
const FOUR: &str = "4180000000000000004";
const HA: &str = "7770000000000000001";
const APP_ID: &str = "3600000000000000001";
const SECRET: &str = "sim-zalo-app-secret-0001";
const OA_KEY: &str = "sim-zalo-oa-secret-0001";
const REDIRECT: &str = "https://crm.example.test/pages/zalo/callback";
const VERIFIER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const CHALLENGE: &str = "6oZqdX5MOLq_qBJ8vppAnT4fk6AP8UiP9zX8-Rev_9A";

fn oa(id: &str) -> OaId {
    OaId::from(id)
}

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn permission_url(base: &str) -> String {
    permission_url_with(base, &[("code_challenge", CHALLENGE), ("state", "st_9a1b")])
}

fn permission_url_with(base: &str, more: &[(&str, &str)]) -> String {
    let mut url = url::Url::parse(&format!("{base}/v4/oa/permission")).unwrap();
    url.query_pairs_mut().append_pair("app_id", APP_ID).append_pair("redirect_uri", REDIRECT);
    url.query_pairs_mut().extend_pairs(more);
    url.into()
}

/// A client that follows nothing and remembers nothing.
fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

/// A served Zalo on a clock that is turned by hand.
struct World {
    sim: Simulator,
    clock: ManualClock,
    server: Server,
    http: reqwest::Client,
}

impl World {
    async fn start() -> Self {
        Self::seeded(Seed::demo().redirect_uri(REDIRECT)).await
    }

    async fn seeded(seed: Seed) -> Self {
        let clock = ManualClock::new(Timestamp::from_millisecond(1_795_500_200_000).unwrap());
        let sim = Simulator::with(seed, clock.clock(), Duration::from_millis(300));
        let server = sim.serve().await.unwrap();
        Self { sim, clock, server, http: client() }
    }

    /// A code of this account, with the challenge of [`VERIFIER`].
    fn code(&self, id: &str) -> String {
        let answer = self.sim.authorize(&permission_url(self.server.url()), &Choice::allow(id)).unwrap();
        answer.field("code").unwrap().to_owned()
    }

    fn call(&self, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let url = format!("{}/v4/oa/access_token", self.server.url());
        self.http.post(url).header("secret_key", SECRET).form(fields)
    }

    async fn exchange(&self, code: &str) -> Value {
        let fields = [
            ("code", code),
            ("app_id", APP_ID),
            ("grant_type", "authorization_code"),
            ("code_verifier", VERIFIER),
        ];
        answer(self.call(&fields)).await
    }

    fn refreshing(&self, refresh_token: &str) -> reqwest::RequestBuilder {
        let fields = [("refresh_token", refresh_token), ("app_id", APP_ID), ("grant_type", "refresh_token")];
        self.call(&fields)
    }

    async fn refresh(&self, refresh_token: &str) -> Value {
        answer(self.refreshing(refresh_token)).await
    }

    /// The pair of a new grant.
    async fn connect(&self, id: &str) -> Value {
        self.exchange(&self.code(id)).await
    }

    fn reading(&self, access_token: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/v2.0/oa/getoa", self.server.url());
        self.http.get(url).header("access_token", access_token)
    }

    async fn getoa(&self, access_token: &str) -> Value {
        answer(self.reading(access_token)).await
    }
}

/// The JSON of an answer, which travels with 200 whatever it says.
async fn answer(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

/// What the app received.
#[derive(Clone, Debug)]
struct Received {
    headers: HeaderMap,
    body: String,
}

/// An app with a webhook that answers what it is told to.
#[derive(Clone)]
struct Hook {
    received: Arc<Mutex<Vec<Received>>>,
    answer: Arc<Mutex<(u16, Duration)>>,
    url: String,
}

impl Hook {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((200, Duration::ZERO)));
        let hook = Self { received: Arc::default(), answer, url };
        let router = Router::new().route("/hook", post(receive)).with_state(hook.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        hook
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn will_answer(&self, status: u16, after: Duration) {
        *self.answer.lock().unwrap() = (status, after);
    }
}

async fn receive(State(hook): State<Hook>, headers: HeaderMap, body: String) -> StatusCode {
    let (status, after) = *hook.answer.lock().unwrap();
    hook.received.lock().unwrap().push(Received { headers, body });
    tokio::time::sleep(after).await;
    StatusCode::from_u16(status).unwrap()
}
