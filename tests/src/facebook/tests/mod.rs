//! Tests of the simulator itself, with an app that records what it is told.

mod control;
mod dialog;
mod errors;
mod fixtures;
mod lists;
mod restart;
mod revoking;
mod subscriptions;
mod tokens;
mod webhooks;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

/// What the app was told.
#[derive(Clone, Debug)]
struct Received {
    headers: HeaderMap,
    body: Bytes,
}

/// An app with one address for everything: passes the challenge, records posts, answers what it is told to (200 otherwise).
#[derive(Clone, Default)]
struct App {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl App {
    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn will_answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.answers.lock().unwrap().extend(statuses);
    }

    async fn challenge(RawQuery(query): RawQuery) -> Response {
        let query = query.unwrap_or_default();
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let value = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
        if value("hub.mode").as_deref() != Some("subscribe")
            || value("hub.verify_token").as_deref() != Some(VERIFY_TOKEN)
        {
            return StatusCode::FORBIDDEN.into_response();
        }
        value("hub.challenge").unwrap().into_response()
    }

    async fn receive(State(app): State<Self>, headers: HeaderMap, body: Bytes) -> Response {
        app.received.lock().unwrap().push(Received { headers, body });
        let status = app.answers.lock().unwrap().pop_front().unwrap_or(200);
        (StatusCode::from_u16(status).unwrap(), "{\"confirmation_code\":\"del_0001\"}").into_response()
    }
}

/// An answer of Graph.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Code and subcode of a refusal.
    fn refusal(&self) -> (u64, Option<u64>) {
        let error = &self.body["error"];
        assert!(error.is_object(), "{} {}", self.status, self.body);
        (error["code"].as_u64().unwrap(), error["error_subcode"].as_u64())
    }

    fn ids(&self) -> Vec<u64> {
        let rows = self.body["data"].as_array().unwrap();
        rows.iter().map(|row| row["id"].as_str().unwrap().parse().unwrap()).collect()
    }
}

/// The demo app, which is the client of a simulator on a clock turned by hand.
struct World {
    sim: Simulator,
    clock: ManualClock,
    server: Server,
    http: reqwest::Client,
    app: App,
}

impl World {
    async fn start() -> Self {
        let app = App::default();
        let router =
            Router::new().route("/hook", get(App::challenge).post(App::receive)).with_state(app.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = ManualClock::new("2026-11-22T03:25:41.127Z".parse::<Timestamp>().unwrap());
        let sim = Simulator::with_clock(Seed::demo(), clock.clock());
        let outcome = sim.register_webhook(&hook, VERIFY_TOKEN).await.unwrap();
        assert!(outcome.verified, "{outcome:?}");
        sim.app_mut(|app| {
            app.deauthorize_url = Some(hook.clone());
            app.data_deletion_url = Some(hook.clone());
        });
        let server = sim.serve().await.unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { sim, clock, server, http, app }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// The dialog's address with some parameters changed or, where empty, left out.
    fn dialog_url(&self, changes: &[(&str, &str)]) -> String {
        let scope = SCOPES.join(",");
        let mut pairs = vec![
            ("client_id", APP_ID),
            ("redirect_uri", DEMO_REDIRECT_URI),
            ("state", "st_7f3c"),
            ("response_type", "code"),
            ("scope", scope.as_str()),
            ("auth_type", "rerequest"),
        ];
        for change in changes {
            pairs.retain(|(name, _)| *name != change.0);
            pairs.push(*change);
        }
        pairs.retain(|(_, value)| !value.is_empty());
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.url(&format!("/v26.0/dialog/oauth?{query}"))
    }

    fn authorize(&self, person: PersonId, choice: &Choice) -> Answer {
        self.sim.authorize(&self.dialog_url(&[]), person, choice).unwrap()
    }

    async fn call(&self, method: &str, path: &str, token: Option<&str>, params: &[(&str, &str)]) -> Reply {
        let mut url = url::Url::parse(&self.url(&format!("/v26.0{path}"))).unwrap();
        if !params.is_empty() {
            url.query_pairs_mut().extend_pairs(params);
        }
        let mut request = self.http.request(method.parse().unwrap(), url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Reply { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    async fn get(&self, path: &str, token: &str, params: &[(&str, &str)]) -> Reply {
        self.call("GET", path, Some(token), params).await
    }

    async fn redeem(&self, code: &str) -> Reply {
        self.redeem_at(code, DEMO_REDIRECT_URI).await
    }

    async fn redeem_at(&self, code: &str, redirect_uri: &str) -> Reply {
        let params = [
            ("client_id", APP_ID),
            ("client_secret", APP_SECRET),
            ("redirect_uri", redirect_uri),
            ("code", code),
        ];
        self.call("GET", "/oauth/access_token", None, &params).await
    }

    /// A short user token of somebody who answers the dialog like this.
    async fn short_token(&self, person: PersonId, choice: &Choice) -> String {
        let answer = self.authorize(person, choice);
        let tokens = self.redeem(answer.field("code").unwrap()).await.ok();
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    async fn exchange(&self, token: &str) -> Reply {
        let params = [
            ("grant_type", "fb_exchange_token"),
            ("client_id", APP_ID),
            ("client_secret", APP_SECRET),
            ("fb_exchange_token", token),
        ];
        self.call("GET", "/oauth/access_token", None, &params).await
    }

    async fn long_token(&self, person: PersonId, choice: &Choice) -> String {
        let short = self.short_token(person, choice).await;
        let tokens = self.exchange(&short).await.ok();
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    async fn page_token(&self, user_token: &str, page: PageId) -> String {
        let row = self.get(&format!("/{page}"), user_token, &[("fields", "access_token")]).await.ok();
        row["access_token"].as_str().unwrap().to_owned()
    }

    async fn subscribe(&self, page: PageId, token: &str, fields: &str) -> Reply {
        let path = format!("/{page}/subscribed_apps");
        self.call("POST", &path, Some(token), &[("subscribed_fields", fields)]).await
    }

    async fn debug(&self, token: &str) -> Value {
        let app_token = format!("{APP_ID}|{APP_SECRET}");
        let reply = self.get("/debug_token", &app_token, &[("input_token", token)]).await.ok();
        reply["data"].clone()
    }

    /// How a page token is refused, if it is.
    async fn refusal_of(&self, page: PageId, token: &str) -> Option<(u64, Option<u64>)> {
        let reply = self.get(&format!("/{page}"), token, &[]).await;
        (reply.status != 200).then(|| reply.refusal())
    }
}

fn fixture(name: &str) -> Value {
    let path = format!("{}/fixtures/fb_{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
