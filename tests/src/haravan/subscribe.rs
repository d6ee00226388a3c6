//! Registering a webhook in the dashboard and subscribing a shop to it (haravan.md §2.2, §2.3).

use axum::extract::State as Extracted;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use serde_json::{Value, json};
use url::Url;

use super::faults::Fault;
use super::ids::OrgId;
use super::refusal::Refusal;
use super::rest::{bearer, json_text};
use super::simulator::Simulator;
use super::state::{State, Subscription, SubscriptionRecord, Token, TokenKind};
use crate::sim::Challenge;

impl Simulator {
    /// Registers the app's callback address: performs the GET challenge and stores whether it passed. Under
    /// [`Fault::ChallengeWrongToken`] another token is sent, and a correct app makes the registration fail.
    pub async fn register_webhook(
        &self,
        client_id: Option<&str>,
        callback_url: &str,
        verify_token: &str,
    ) -> Result<Challenge, Refusal> {
        let url = callback(callback_url)?;
        if verify_token.is_empty() {
            return Err(Refusal::Invalid("verify_token needs at least one character".to_owned()));
        }
        let (client_id, sent_token, challenge) = {
            let mut state = self.state();
            let client_id = state.app_or_first(client_id)?.client_id.clone();
            let wrong = state.faults.take_one(&Fault::ChallengeWrongToken);
            let sent_token = if wrong { format!("not-{verify_token}") } else { verify_token.to_owned() };
            (client_id, sent_token, state.generator.hex(32))
        };
        let mut challenged = url;
        challenged
            .query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.verify_token", &sent_token)
            .append_pair("hub.challenge", &challenge);
        let outcome = Challenge::perform(self.transport(), challenged, &challenge).await;
        let mut state = self.state();
        if let Some(app) = state.apps.iter_mut().find(|app| app.client_id == client_id) {
            app.webhook.callback_url = Some(callback_url.to_owned());
            app.webhook.verify_token = verify_token.to_owned();
            app.webhook.verified = outcome.verified;
        }
        Ok(outcome)
    }

    /// Subscribes a shop to every topic the app is registered for, as an install token with all read scopes would.
    pub fn subscribe(&self, org: Option<OrgId>, client_id: Option<&str>) -> Result<(), Refusal> {
        let mut state = self.state();
        let orgid = state.org(org)?;
        let client_id = state.app_or_first(client_id)?.client_id.clone();
        let scopes = super::seed::INSTALL_SCOPES.map(str::to_owned).into();
        state.subscribe(&Token::installed(client_id, orgid, scopes))
    }
}

impl State {
    fn subscribe(&mut self, token: &Token) -> Result<(), Refusal> {
        let app = self.app(&token.client_id)?;
        if !app.webhook.verified {
            return Err(Refusal::WebhookNotVerified);
        }
        let topics = app.webhook.topics.clone();
        let key = (token.orgid, token.client_id.clone());
        let kept = self.subscriptions.get(&key).map(|one| one.records.clone()).unwrap_or_default();
        let mut records = Vec::new();
        for event in topics {
            if area_of(&event).is_some_and(|area| !token.may_read(area)) {
                continue;
            }
            let known = kept.iter().find(|record| record.event == event).map(|record| record.id.clone());
            let id = known.unwrap_or_else(|| self.generator.hex(24));
            records.push(SubscriptionRecord { id, event });
        }
        let (orgid, client_id) = key.clone();
        let fresh = Subscription { orgid, client_id, records, consecutive_failures: 0, deleted: None };
        self.subscriptions.insert(key, fresh);
        Ok(())
    }
}

pub(super) fn routes() -> MethodRouter<Simulator> {
    get(list).post(subscribe).delete(unsubscribe)
}

async fn subscribe(Extracted(simulator): Extracted<Simulator>, headers: HeaderMap) -> Response {
    answer(&simulator, &headers, |state, token| match state.subscribe(token) {
        Ok(()) => envelope(StatusCode::OK, None, "Đăng ký webhook thành công."),
        Err(refusal) => failure(StatusCode::BAD_REQUEST, &refusal.to_string()),
    })
}

async fn unsubscribe(Extracted(simulator): Extracted<Simulator>, headers: HeaderMap) -> Response {
    answer(&simulator, &headers, |state, token| {
        if let Some(one) = state.subscriptions.get_mut(&(token.orgid, token.client_id.clone())) {
            one.deleted = Some("unsubscribed".to_owned());
            one.records.clear();
        }
        state.cancel_deliveries(token.orgid, &token.client_id);
        envelope(StatusCode::OK, None, "Hủy đăng ký webhook thành công.")
    })
}

async fn list(Extracted(simulator): Extracted<Simulator>, headers: HeaderMap) -> Response {
    answer(&simulator, &headers, |state, token| {
        let url = state.app(&token.client_id).ok().and_then(|app| app.webhook.callback_url.clone());
        let records = state.subscriptions.get(&(token.orgid, token.client_id.clone()));
        let data: Vec<_> = records
            .into_iter()
            .flat_map(|one| &one.records)
            .map(|record| json!({"id": record.id, "event": record.event, "url": url}))
            .collect();
        envelope(StatusCode::OK, Some(data.into()), Value::Null)
    })
}

/// 401 without an install token that has `wh_api`.
fn answer(
    simulator: &Simulator,
    headers: &HeaderMap,
    act: impl FnOnce(&mut State, &Token) -> Response,
) -> Response {
    let mut state = simulator.state();
    let token = bearer(headers).and_then(|token| state.live_token(token)).cloned();
    match token.filter(|token| token.kind == TokenKind::Install && token.has("wh_api")) {
        None => StatusCode::UNAUTHORIZED.into_response(),
        Some(_) if state.faults.take_one(&Fault::SubscribeErrorIn200) => {
            failure(StatusCode::OK, "Có lỗi xảy ra, vui lòng thử lại.")
        }
        Some(token) => act(&mut state, &token),
    }
}

fn envelope(status: StatusCode, data: Option<Value>, message: impl Into<Value>) -> Response {
    let mut body = serde_json::Map::new();
    if let Some(data) = data {
        body.insert("data".to_owned(), data);
    }
    body.insert("error".to_owned(), false.into());
    body.insert("message".to_owned(), message.into());
    body.insert("error_Code".to_owned(), Value::Null);
    json_text(status, Value::Object(body).to_string())
}

fn failure(status: StatusCode, message: &str) -> Response {
    json_text(status, json!({"error": true, "message": message, "error_Code": null}).to_string())
}

/// The area whose read scope a topic needs; none for the app's own topics.
fn area_of(topic: &str) -> Option<&'static str> {
    match topic.split('/').next().unwrap_or_default() {
        "orders" | "refunds" | "carts" | "checkouts" => Some("orders"),
        "customers" => Some("customers"),
        "products" | "collections" => Some("products"),
        "discounts" | "promotions" => Some("discounts"),
        "shop" | "user" | "locations" => Some("shop"),
        family if family.starts_with("inventory") => Some("inventories"),
        _ => None,
    }
}

/// A callback address: https, or http on this machine.
fn callback(text: &str) -> Result<Url, Refusal> {
    let url: Url = text
        .parse()
        .map_err(|error| Refusal::Invalid(format!("callback_url {text:?} is no address: {error}")))?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        _ => Err(Refusal::Invalid("callback_url must be https (http only on this machine)".to_owned())),
    }
}
