//! The accounts server's part of the control API below `/__sim`.

use axum::extract::{Query, State as Extracted};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::flow::sign_in;
use super::records::AccountsSettings;
use super::seed::AccountSeed;
use super::shortcuts::Choice;
use super::sso;
use crate::haravan::control::Answer;
use crate::haravan::ids::OrgId;
use crate::haravan::refusal::Refusal;
use crate::haravan::seed::AppSeed;
use crate::haravan::simulator::Simulator;
use crate::sim::control::read;

pub(in crate::haravan) fn router() -> Router<Simulator> {
    Router::new()
        .route("/accounts", get(look))
        .route("/accounts_settings", post(settings))
        .route("/authorize", post(authorize))
        .route("/register_app", post(register_app))
        .route("/set_redirect_uris", post(set_redirect_uris))
        .route("/register_account", post(register_account))
        .route("/rotate_keys", post(rotate_keys))
        .route("/expire_tokens", post(expire_tokens))
        .route("/withdraw_grants", post(withdraw_grants))
        .route("/launch", get(open).post(launch))
}

/// Who can sign in and what was asked of the server; passwords are shown on the login page too.
async fn look(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    let state = simulator.state();
    let accounts = &state.accounts;
    let people: Vec<_> = accounts.people.iter().map(|person| {
        let places = person.memberships.iter();
        json!({
            "sub": person.sub,
            "email": person.email,
            "name": person.name,
            "password": person.password,
            "memberships": places.map(|place| json!({"orgid": place.orgid, "roles": place.roles})).collect::<Vec<_>>(),
        })
    }).collect();
    Json(json!({
        "issuer": accounts.issuer(),
        "accounts": people,
        "settings": accounts.settings,
        "token_calls": accounts.token_calls,
        "jwks_calls": accounts.jwks_calls,
    }))
}

/// What is absent goes back to its default.
async fn settings(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    simulator.set_accounts_settings(read::<AccountsSettings>(&body)?);
    Ok(Json(json!({"settings": simulator.accounts_settings()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    url: String,
    email: String,
    #[serde(default)]
    orgid: Option<OrgId>,
    #[serde(default)]
    refuse: bool,
}

async fn authorize(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Wanted = read(&body)?;
    let choice = Choice { orgid: wanted.orgid, accept: !wanted.refuse };
    Ok(Json(json!({"answer": simulator.authorize(&wanted.url, &wanted.email, choice)?})))
}

async fn register_app(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let app: AppSeed = read(&body)?;
    if app.client_id.is_empty() || app.client_secret.is_empty() {
        return Err(Refusal::Invalid("an app needs a client_id and a client_secret".to_owned()));
    }
    simulator.register_app(app);
    Ok(Json(json!({"registered": true})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedirectUris {
    client_id: Option<String>,
    redirect_uris: Vec<String>,
}

async fn set_redirect_uris(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: RedirectUris = read(&body)?;
    let uris: Vec<_> = wanted.redirect_uris.iter().map(String::as_str).collect();
    simulator.set_redirect_uris(wanted.client_id.as_deref(), &uris)?;
    Ok(Json(json!({"redirect_uris": uris})))
}

async fn register_account(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    simulator.register_account(read::<AccountSeed>(&body)?);
    Ok(Json(json!({"registered": true})))
}

async fn rotate_keys(Extracted(simulator): Extracted<Simulator>) -> Answer {
    Ok(Json(json!({"kid": simulator.rotate_keys()?})))
}

/// A shop and an app; the first of each when absent.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Installation {
    orgid: Option<OrgId>,
    client_id: Option<String>,
}

async fn expire_tokens(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Installation = read(&body)?;
    simulator.expire_tokens(wanted.orgid, wanted.client_id.as_deref())?;
    Ok(Json(json!({"expired": true})))
}

async fn withdraw_grants(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Installation = read(&body)?;
    simulator.withdraw_grants(wanted.orgid, wanted.client_id.as_deref())?;
    Ok(Json(json!({"withdrawn": true})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Launch {
    #[serde(default)]
    orgid: Option<OrgId>,
    #[serde(default)]
    client_id: Option<String>,
    email: String,
}

async fn launch(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Launch = read(&body)?;
    let url = simulator.launch(wanted.orgid, wanted.client_id.as_deref(), &wanted.email)?;
    Ok(Json(json!({"url": url})))
}

/// For a browser: signs the person in, as they are while they are in the shop's admin, and opens the app.
async fn open(
    Extracted(simulator): Extracted<Simulator>,
    wanted: Result<Query<Launch>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(wanted) = wanted.map_err(|error| Refusal::Invalid(error.body_text()))?;
    let url = simulator.launch(wanted.orgid, wanted.client_id.as_deref(), &wanted.email)?;
    let mut state = simulator.state();
    let org = state.org(wanted.orgid)?;
    let cookie = sign_in(&mut state, &wanted.email)?;
    if let Some(session) = state.accounts.sessions.get_mut(&cookie) {
        session.orgid = Some(org);
    }
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, url)]).into_response();
    sso::keep(&state, &mut response, &cookie);
    Ok(response)
}
