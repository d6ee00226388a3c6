//! The control API below `/control`: what a person or another process does to the simulated Facebook. JSON in, JSON out; what
//! makes no sense is answered 400 with `{"error": "…"}`, an unknown person or page 404.

use axum::extract::State as Extracted;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::dialog::Choice;
use super::ids::{PageId, PersonId};
use super::model::{Role, ScopeStatus};
use super::refusal::Refusal;
use super::role::ClassicRole;
use super::settings::Settings;
use super::simulator::Simulator;
use super::token::TokenEnd;
use crate::sim::control::{self, read};

type Answer = Result<Json<Value>, Refusal>;

pub(super) fn router() -> Router<Simulator> {
    Router::new()
        .route("/state", get(state))
        .route("/change_password", post(change_password))
        .route("/expire_tokens", post(expire_tokens))
        .route("/lock_person", post(lock_person))
        .route("/remove_app", post(remove_app))
        .route("/request_data_deletion", post(request_data_deletion))
        .route("/set_role", post(set_role))
        .route("/untick_page", post(untick_page))
        .route("/set_scope", post(set_scope))
        .route("/page", post(page))
        .route("/authorize", post(authorize))
        .route("/send_message", post(send_message))
        .route("/send_event", post(send_event))
        .route("/register_webhook", post(register_webhook))
        .route("/app", post(app))
        .route("/settings", get(settings).post(set_settings))
        .route("/deliveries", get(deliveries))
        .route("/tokens", get(tokens))
        .merge(control::faults())
        .merge(control::requests())
        .merge(control::deliver_due())
}

/// Everything a page about this Facebook needs; no secret, no token.
async fn state(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    let tokens = simulator.live_tokens();
    let state = simulator.state();
    let people: Vec<_> = state.order.iter().filter_map(|id| state.people.get(id)).collect();
    let people: Vec<_> = people
        .into_iter()
        .map(|person| {
            let live = tokens.iter().filter(|token| token.person == person.id).count();
            json!({
                "id": person.id,
                "name": person.name,
                "roles": person.roles,
                "businesses": person.businesses,
                "locked": person.locked,
                "grant": state.grants.get(&person.id),
                "live_tokens": live,
            })
        })
        .collect();
    let pages: Vec<_> = state
        .pages
        .values()
        .map(|page| {
            json!({
                "id": page.id,
                "name": page.name,
                "subscribed_fields": state.subscriptions.get(&page.id).map(|one| &one.fields),
                "hidden": state.hidden.contains(&page.id),
                "without_access_token": state.without_token.contains(&page.id),
                "without_tasks": state.without_tasks.contains(&page.id),
            })
        })
        .collect();
    let businesses: Vec<_> = state
        .businesses
        .values()
        .map(|one| {
            json!({"id": one.id, "name": one.name, "owned_pages": one.owned, "client_pages": one.client})
        })
        .collect();
    let app = json!({
        "id": state.app.id,
        "name": state.app.name,
        "redirect_uris": state.app.redirect_uris,
        "webhook_url": state.app.webhook_url,
        "deauthorize_url": state.app.deauthorize_url,
        "data_deletion_url": state.app.data_deletion_url,
    });
    Json(json!({"now": state.now(), "app": app, "people": people, "pages": pages, "businesses": businesses}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPerson {
    person: PersonId,
}

async fn change_password(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    simulator.change_password(read::<OfPerson>(&body)?.person)?;
    done()
}

async fn expire_tokens(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    simulator.expire_tokens(read::<OfPerson>(&body)?.person)?;
    done()
}

async fn remove_app(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    simulator.remove_app(read::<OfPerson>(&body)?.person)?;
    done()
}

async fn request_data_deletion(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let delivery = simulator.request_data_deletion(read::<OfPerson>(&body)?.person)?;
    Ok(Json(json!({"delivery": delivery})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    person: PersonId,
    reason: Option<TokenEnd>,
}

async fn lock_person(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Lock = read(&body)?;
    simulator.lock_person(wanted.person, wanted.reason)?;
    done()
}

/// A classic role, or tasks; neither takes the role away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfRole {
    person: PersonId,
    page: PageId,
    role: Option<ClassicRole>,
    tasks: Option<Vec<String>>,
    #[serde(default)]
    portfolio_only: bool,
}

async fn set_role(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: OfRole = read(&body)?;
    let tasks = wanted.tasks.or_else(|| wanted.role.map(|role| Role::from(role).tasks));
    let role = tasks.map(|tasks| Role { tasks, portfolio_only: wanted.portfolio_only });
    simulator.set_role(wanted.person, wanted.page, role)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Untick {
    person: PersonId,
    page: PageId,
}

async fn untick_page(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Untick = read(&body)?;
    simulator.untick_page(wanted.person, wanted.page)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfScope {
    person: PersonId,
    scope: String,
    status: ScopeStatus,
}

async fn set_scope(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: OfScope = read(&body)?;
    simulator.set_scope(wanted.person, &wanted.scope, wanted.status)?;
    done()
}

/// How a page is shown; what is absent stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPage {
    page: PageId,
    hidden: Option<bool>,
    without_access_token: Option<bool>,
    without_tasks: Option<bool>,
}

async fn page(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: OfPage = read(&body)?;
    simulator.state().known_page(wanted.page)?;
    if let Some(hidden) = wanted.hidden {
        simulator.hide_page(wanted.page, hidden);
    }
    if let Some(omitted) = wanted.without_access_token {
        simulator.omit_access_token(wanted.page, omitted);
    }
    if let Some(omitted) = wanted.without_tasks {
        simulator.omit_tasks(wanted.page, omitted);
    }
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorize {
    url: String,
    person: PersonId,
    choice: Option<Choice>,
}

async fn authorize(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Authorize = read(&body)?;
    let choice = wanted.choice.unwrap_or_else(Choice::all);
    let answer = simulator.authorize(&wanted.url, wanted.person, &choice)?;
    Ok(Json(json!({"answer": answer})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    page: PageId,
    text: String,
}

async fn send_message(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Message = read(&body)?;
    Ok(Json(json!({"delivery": simulator.send_message(wanted.page, &wanted.text)?})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    page: PageId,
    field: String,
    event: Value,
}

async fn send_event(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Event = read(&body)?;
    Ok(Json(json!({"delivery": simulator.send_event(wanted.page, &wanted.field, wanted.event)?})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    callback_url: String,
    verify_token: String,
}

async fn register_webhook(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Registration = read(&body)?;
    let outcome = simulator.register_webhook(&wanted.callback_url, &wanted.verify_token).await?;
    Ok(Json(json!(outcome)))
}

/// Addresses in the dashboard; what is absent stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfApp {
    redirect_uris: Option<Vec<String>>,
    webhook_url: Option<String>,
    deauthorize_url: Option<String>,
    data_deletion_url: Option<String>,
}

async fn app(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: OfApp = read(&body)?;
    simulator.app_mut(|app| {
        if let Some(uris) = wanted.redirect_uris {
            app.redirect_uris = uris;
        }
        app.webhook_url = wanted.webhook_url.or_else(|| app.webhook_url.take());
        app.deauthorize_url = wanted.deauthorize_url.or_else(|| app.deauthorize_url.take());
        app.data_deletion_url = wanted.data_deletion_url.or_else(|| app.data_deletion_url.take());
    });
    done()
}

async fn settings(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    Json(json!(simulator.settings()))
}

/// Sets what is given; the rest goes back to what it is usually.
async fn set_settings(Extracted(simulator): Extracted<Simulator>, body: Bytes) -> Answer {
    let wanted: Settings = read(&body)?;
    simulator.settings_mut(|settings| *settings = wanted);
    Ok(Json(json!(simulator.settings())))
}

async fn deliveries(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    Json(json!({"deliveries": simulator.deliveries()}))
}

async fn tokens(Extracted(simulator): Extracted<Simulator>) -> Json<Value> {
    Json(json!({"tokens": simulator.live_tokens()}))
}

fn done() -> Answer {
    Ok(Json(json!({"done": true})))
}
