//! The control API below `/control`: what a person or another process does to the simulated Zalo. JSON in, JSON out; what
//! makes no sense is answered 400 with `{"error": "…"}`.

use axum::extract::State as Extracted;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ids::{AdminId, OaId, UserId};
use super::permission::Choice;
use super::records::Standing;
use super::refusal::Refusal;
use super::seed::OaSeed;
use super::settings::Settings;
use super::simulator::Simulator;
use crate::sim::control::{self, read};

pub(super) fn router() -> Router<Simulator> {
    Router::new()
        .route("/state", get(state))
        .route("/authorize", post(authorize))
        .route("/standing", post(standing))
        .route("/register_oa", post(register_oa))
        .route("/expire_access_token", post(expire_access_token))
        .route("/app", post(change_app))
        .route("/send_text", post(send_text))
        .route("/oa_send_text", post(oa_send_text))
        .route("/follow", post(follow))
        .route("/unfollow", post(unfollow))
        .route("/send_event", post(send_event))
        .route("/deliveries", get(deliveries))
        .route("/enable_webhook", post(enable_webhook))
        .route("/settings", get(settings).post(set_settings))
        .merge(control::faults())
        .merge(control::requests())
        .merge(control::deliver_due())
}

type Answer = Result<Json<Value>, Refusal>;

/// What a page about the simulator needs; no secret and no token.
async fn state(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    let state = simulator.state();
    let oas: Vec<_> = state
        .oas
        .values()
        .map(|oa| {
            let pair = state.pairs.get(&oa.oa_id);
            json!({
                "oa_id": oa.oa_id,
                "name": oa.name,
                "verified": oa.verified,
                "standing": state.standing(&oa.oa_id),
                "granted": state.is_granted(&oa.oa_id),
                "generation": pair.map(|pair| pair.generation),
                "access_expires_at": pair.map(|pair| pair.access_expires_at),
                "refresh_expires_at": pair.map(|pair| pair.refresh_expires_at),
                "token_calls": state.counts.get(&oa.oa_id).copied().unwrap_or_default(),
            })
        })
        .collect();
    Json(json!({
        "now": state.now(),
        "app": {
            "app_id": state.app.app_id,
            "redirect_uris": state.app.redirect_uris,
            "webhook_url": state.app.webhook_url,
            "webhook_enabled": !state.counters.webhook_disabled,
        },
        "admins": state.admins,
        "oas": oas,
        "refused_refreshes": state.counters.refused_refreshes,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Visit {
    url: String,
    choice: Choice,
}

async fn authorize(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let visit: Visit = read(&body)?;
    Ok(Json(json!({"answer": simulator.authorize(&visit.url, &visit.choice)?})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stands {
    oa: OaId,
    standing: Standing,
}

async fn standing(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Stands = read(&body)?;
    match wanted.standing {
        Standing::NotVerified => simulator.unverify(&wanted.oa)?,
        other => simulator.set_standing(&wanted.oa, other)?,
    }
    Ok(Json(json!({"standing": simulator.standing(&wanted.oa)})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOa {
    admin: AdminId,
    oa: OaSeed,
}

async fn register_oa(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: NewOa = read(&body)?;
    simulator.register_oa(wanted.oa, &wanted.admin)?;
    Ok(Json(json!({"registered": true})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneOa {
    oa: OaId,
}

async fn expire_access_token(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    simulator.expire_access_token(&read::<OneOa>(&body)?.oa)?;
    Ok(Json(json!({"expired": true})))
}

/// What is absent stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppChange {
    redirect_uris: Option<Vec<String>>,
    webhook_url: Option<String>,
    oa_secret_key: Option<String>,
}

async fn change_app(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: AppChange = read(&body)?;
    simulator.change_app(|app| {
        if let Some(uris) = wanted.redirect_uris {
            app.redirect_uris = uris;
        }
        app.webhook_url = wanted.webhook_url.or(app.webhook_url.take());
        if let Some(key) = wanted.oa_secret_key {
            app.oa_secret_key = key;
        }
    });
    Ok(Json(json!({"changed": true})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    oa: OaId,
    text: String,
    user: Option<UserId>,
    admin: Option<AdminId>,
}

async fn send_text(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Text = read(&body)?;
    queued(match &wanted.user {
        Some(user) => simulator.send_text_from(&wanted.oa, user, &wanted.text)?,
        None => simulator.send_text(&wanted.oa, &wanted.text)?,
    })
}

async fn oa_send_text(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Text = read(&body)?;
    queued(simulator.oa_send_text(&wanted.oa, wanted.admin.as_ref(), &wanted.text)?)
}

async fn follow(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    queued(simulator.follow(&read::<OneOa>(&body)?.oa)?)
}

async fn unfollow(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    queued(simulator.unfollow(&read::<OneOa>(&body)?.oa)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    oa: OaId,
    event: String,
    body: Value,
}

async fn send_event(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Event = read(&body)?;
    queued(simulator.send_event(&wanted.oa, &wanted.event, &wanted.body)?)
}

/// `null` when nothing is sent.
fn queued(delivery: Option<u64>) -> Answer {
    Ok(Json(json!({"delivery": delivery})))
}

async fn deliveries(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    Json(json!({"deliveries": simulator.deliveries(), "webhook_enabled": simulator.webhook_enabled()}))
}

async fn enable_webhook(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    simulator.enable_webhook();
    Json(json!({"webhook_enabled": true}))
}

async fn settings(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    Json(json!({"settings": simulator.settings()}))
}

/// What is absent goes back to its default.
async fn set_settings(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Settings = read(&body)?;
    simulator.change_settings(|settings| *settings = wanted);
    Ok(Json(json!({"settings": simulator.settings()})))
}
