//! The control API below `/__sim`: what a person or another process does to the simulated shop. JSON in, JSON
//! out; what makes no sense is answered 400 with `{"error": "…"}`.

use axum::extract::{Query, State as Extracted};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::customer_spec::{CustomerChange, CustomerSpec};
use super::ids::{CustomerId, OrderId, OrgId};
use super::refusal::Refusal;
use super::simulator::Simulator;
use super::spec::{CancelSpec, OrderChange, OrderSpec, PaymentSpec};
use crate::sim::control::{self, not_understood, read};

/// A body of any size a test can think of is read; more than this is not.
const LARGEST_BODY: usize = 8_000_000;

pub(super) fn router() -> Router<Simulator> {
    Router::new()
        .route("/create_order", post(create_order))
        .route("/pay_order", post(pay_order))
        .route("/cancel_order", post(cancel_order))
        .route("/update_order", post(update_order))
        .route("/create_customer", post(create_customer))
        .route("/update_customer", post(update_customer))
        .route("/uninstall", post(uninstall))
        .route("/register_webhook", post(register_webhook))
        .route("/subscribe", post(subscribe))
        .route("/grant_token", post(grant_token))
        .route("/send", post(send))
        .route("/deliveries", get(deliveries))
        .route("/subscriptions", get(subscriptions))
        .route("/state", get(state))
        .merge(control::faults())
        .merge(control::deliver_due())
        .layer(axum::extract::DefaultBodyLimit::max(LARGEST_BODY))
}

pub(super) type Answer = Result<Json<Value>, Refusal>;

async fn create_order(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let id = simulator.create_order(read::<OrderSpec>(&body)?)?;
    Ok(Json(json!({"order_id": id, "order": simulator.order(id)})))
}

async fn pay_order(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let (id, payment) = read_with_id::<PaymentSpec>(&body, "order_id")?;
    simulator.pay_order(OrderId(id), payment)?;
    Ok(Json(json!({"order_id": id, "order": simulator.order(OrderId(id))})))
}

async fn cancel_order(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let (id, cancel) = read_with_id::<CancelSpec>(&body, "order_id")?;
    simulator.cancel_order(OrderId(id), cancel)?;
    Ok(Json(json!({"order_id": id, "order": simulator.order(OrderId(id))})))
}

async fn update_order(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let (id, change) = read_with_id::<OrderChange>(&body, "order_id")?;
    simulator.update_order(OrderId(id), change)?;
    Ok(Json(json!({"order_id": id, "order": simulator.order(OrderId(id))})))
}

async fn create_customer(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let id = simulator.create_customer(read::<CustomerSpec>(&body)?)?;
    Ok(Json(json!({"customer_id": id, "customer": simulator.customer(id)})))
}

async fn update_customer(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let (id, change) = read_with_id::<CustomerChange>(&body, "customer_id")?;
    simulator.update_customer(CustomerId(id), change)?;
    Ok(Json(json!({"customer_id": id, "customer": simulator.customer(CustomerId(id))})))
}

/// A shop and an app; the first of each when absent.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Installation {
    orgid: Option<OrgId>,
    client_id: Option<String>,
}

async fn uninstall(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Installation = read(&body)?;
    simulator.uninstall(wanted.orgid, wanted.client_id.as_deref())?;
    Ok(Json(json!({"uninstalled": true})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    client_id: Option<String>,
    callback_url: String,
    verify_token: String,
}

async fn register_webhook(
    Extracted(simulator): Extracted<Simulator>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let wanted: Registration = read(&body)?;
    let (url, token) = (&wanted.callback_url, &wanted.verify_token);
    let outcome = simulator.register_webhook(wanted.client_id.as_deref(), url, token).await?;
    Ok(Json(outcome).into_response())
}

async fn subscribe(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Installation = read(&body)?;
    simulator.subscribe(wanted.orgid, wanted.client_id.as_deref())?;
    Ok(Json(json!({"subscriptions": simulator.subscriptions()})))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Grant {
    orgid: Option<OrgId>,
    client_id: Option<String>,
    scopes: Option<Vec<String>>,
}

async fn grant_token(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Grant = read(&body)?;
    let scopes = wanted.scopes.unwrap_or_else(|| super::seed::INSTALL_SCOPES.map(str::to_owned).into());
    let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
    let (org, client_id) = {
        let state = simulator.state();
        (state.org(wanted.orgid)?, state.app_or_first(wanted.client_id.as_deref())?.client_id.clone())
    };
    Ok(Json(json!({"access_token": simulator.grant_token(org, &client_id, &scopes)?})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    orgid: Option<OrgId>,
    client_id: Option<String>,
    topic: String,
    body: Value,
}

/// A `body` that is a string is sent as it stands, anything else as compact JSON.
async fn send(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Send = read(&body)?;
    let body = match wanted.body {
        Value::String(text) => text,
        other => other.to_string(),
    };
    simulator.send(wanted.orgid, wanted.client_id.as_deref(), &wanted.topic, body)?;
    Ok(Json(json!({"queued": true})))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Which {
    last: Option<usize>,
    bodies: bool,
}

async fn deliveries(
    Extracted(simulator): Extracted<Simulator>,
    which: Result<Query<Which>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let Query(which) = which.map_err(|error| Refusal::Invalid(error.body_text()))?;
    let list = simulator.deliveries();
    let skipped = list.len().saturating_sub(which.last.unwrap_or(usize::MAX));
    let shown = list.iter().skip(skipped).map(|delivery| {
        let mut row = json!(delivery);
        if let Value::Object(row) = &mut row {
            let text = String::from_utf8_lossy(&delivery.body);
            row.shift_remove("body");
            if which.bodies {
                row.insert("body".to_owned(), text.into());
            }
        }
        row
    });
    let shown: Vec<_> = shown.collect();
    Ok(Json(json!({"deliveries": shown})))
}

async fn subscriptions(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    Json(json!({"subscriptions": simulator.subscriptions()}))
}

/// What a page about the shop needs: shops with the ids of what they hold, apps without their secrets.
async fn state(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    let state = simulator.state();
    let orgs: Vec<_> = state.shops.values().map(|shop| {
        json!({
            "orgid": shop.facts.orgid,
            "orgname": shop.facts.orgname,
            "orgsub": shop.facts.orgsub,
            "users": shop.facts.users.iter().map(|user| json!({"id": user.id, "email": user.email})).collect::<Vec<_>>(),
            "orders": shop.orders.values().map(|order| json!({
                "id": order.id,
                "name": order.name,
                "financial_status": order.payment.text(),
                "cancelled": order.cancelled_at.is_some(),
            })).collect::<Vec<_>>(),
            "customers": shop.customers.keys().collect::<Vec<_>>(),
        })
    }).collect();
    let apps: Vec<_> = state
        .apps
        .iter()
        .map(|app| {
            json!({
                "client_id": app.client_id,
                "callback_url": app.webhook.callback_url,
                "verified": app.webhook.verified,
                "topics": app.webhook.topics,
                "redirect_uris": app.redirect_uris,
                "allowed_scopes": app.allowed_scopes,
            })
        })
        .collect();
    Json(json!({"now": state.now(), "orgs": orgs, "apps": apps}))
}

/// Reads a body that names what it is about under `key`.
fn read_with_id<T: DeserializeOwned>(body: &[u8], key: &str) -> Result<(i64, T), Refusal> {
    let mut object: Map<String, Value> = read(body)?;
    let id = object.remove(key).and_then(|id| id.as_i64().or_else(|| id.as_str()?.parse().ok()));
    let id = id.ok_or_else(|| Refusal::Invalid(format!("{key} is missing or no number")))?;
    let rest = serde_json::from_value(Value::Object(object)).map_err(not_understood)?;
    Ok((id, rest))
}
