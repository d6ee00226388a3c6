//! `GET /local/state`: everything that moves, in one look of bounded size.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use common::store::connections::ConnectionStatus;
use common::store::inbox::{Event, Status};
use common::store::item::b;
use common::store::schema::inbox;
use connect_tests::getfly::{self, Account, Order, User};
use connect_tests::haravan;
use serde_json::{Value, json};

use super::Page;
use crate::{embedded, seed};

/// Events shown, newest first.
const EVENTS: usize = 200;
/// Records of the CRM, orders of the shop and deliveries shown, newest first.
const ROWS: usize = 40;
/// The shop's customers one can choose from, newest first.
const CUSTOMERS: usize = 30;

/// All attributes that an event is shown with: its body stays where it is.
const SHOWN: [&str; 13] = [
    inbox::KEY,
    inbox::DIGEST,
    inbox::TOPIC,
    inbox::ORG,
    inbox::RECEIVED,
    inbox::STATUS,
    inbox::ATTEMPTS,
    inbox::DUE,
    inbox::REASON,
    inbox::DETAIL,
    inbox::CRM_CODE,
    inbox::WARNINGS,
    inbox::VERSION,
];

/// Events, the tenant's settings, the shop's and the CRM's books.
pub(super) async fn state(State(page): State<Page>) -> Response {
    match look(&page).await {
        Ok(state) => Json(state).into_response(),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "the page's state was not read");
            let words = json!({"vi": "Kho dữ liệu chưa trả lời.", "en": "The store did not answer."});
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"error": words}))).into_response()
        }
    }
}

async fn look(page: &Page) -> Result<Value> {
    let mut events = events(page).await?;
    let mut counts: BTreeMap<&str, usize> = Status::ALL.map(|status| (status.as_str(), 0)).into();
    for event in &events {
        *counts.entry(event.status.as_str()).or_default() += 1;
    }
    let total = events.len();
    // The key settles the order of events of one millisecond, so that rows do not jump about.
    events.sort_by(|one, other| (other.received_at, &other.key).cmp(&(one.received_at, &one.key)));
    Ok(json!({
        "now": page.clock.now().to_string(),
        "tenant": tenant(page).await?,
        "counts": counts,
        "total": total,
        "events": events.iter().take(EVENTS).map(shown).collect::<Vec<_>>(),
        "shop": page.haravan.as_ref().map(shop),
        "crm": page.getfly.as_ref().map(crm),
    }))
}

async fn events(page: &Page) -> Result<Vec<Event>> {
    let names: HashMap<String, String> =
        SHOWN.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect();
    let projection = names.keys().cloned().collect::<Vec<_>>().join(", ");
    let mut pages = page
        .client
        .scan()
        .table_name(embedded::table_names().inbox)
        .projection_expression(projection)
        .set_expression_attribute_names(Some(names))
        .into_paginator()
        .items()
        .send();
    let mut events = Vec::new();
    while let Some(item) = pages.next().await {
        let mut item = item.context("the inbox was not read")?;
        // The rest of a long body lies in items of its own, which have no status; what pages send is not a shop's.
        if Status::of(&item).is_some_and(|status| status != Status::Kept) {
            item.insert(inbox::BODY.to_owned(), b([]));
            events.push(Event::read(&item)?);
        }
    }
    Ok(events)
}

fn shown(event: &Event) -> Value {
    json!({
        "key": event.key.entity,
        "digest": event.key.digest,
        "id": event.key.id(),
        "topic": event.topic.as_str(),
        "received_at": event.received_at.to_string(),
        "status": event.status.as_str(),
        "attempts": event.attempts,
        "due": event.due.filter(|_| event.status == Status::Waiting).map(|due| due.to_string()),
        "reason": event.reason,
        "detail": event.detail,
        "crm_code": event.crm_code,
        "warnings": event.warnings,
    })
}

async fn tenant(page: &Page) -> Result<Value> {
    let id = page.addresses.tenant_id.parse()?;
    let settings = page.store.tenants.get(&id).await?.map(|record| record.settings).unwrap_or_default();
    let shops = page.store.connections.shops(&id).await?;
    Ok(json!({
        "id": page.addresses.tenant_id,
        "shop": seed::SHOP_DOMAIN,
        "connected": shops.iter().any(|shop| shop.status != ConnectionStatus::Disconnected),
        "orders": settings.orders,
        "customers": settings.customers,
        "looks_for_duplicates": settings.looks_for_duplicates(),
        "default_manager": settings.default_manager,
        "customer_source": settings.customer_source,
        "auto_approve": settings.auto_approve,
        "writes_per_second": settings.writes_per_second,
    }))
}

fn shop(simulator: &haravan::Simulator) -> Value {
    let org = haravan::OrgId(seed::ORG.0);
    let orders: Vec<_> =
        simulator.order_ids(org).into_iter().rev().take(ROWS).filter_map(|id| simulator.order(id)).collect();
    let customers: Vec<_> = simulator
        .customer_ids(org)
        .into_iter()
        .rev()
        .take(CUSTOMERS)
        .filter_map(|id| simulator.customer(id))
        .collect();
    let deliveries = simulator.deliveries();
    json!({
        "subscribed": simulator.subscriptions().iter().any(|subscription| subscription.deleted.is_none()),
        "orders": orders.iter().map(|order| pick(order, &ORDER)).collect::<Vec<_>>(),
        "customers": customers.iter().map(|customer| pick(customer, &CUSTOMER)).collect::<Vec<_>>(),
        "deliveries": deliveries.iter().rev().take(ROWS).map(delivery).collect::<Vec<_>>(),
        "faults": simulator.faults(),
    })
}

const ORDER: [&str; 8] = [
    "id",
    "name",
    "total_price",
    "financial_status",
    "fulfillment_status",
    "cancelled_at",
    "customer",
    "created_at",
];
const CUSTOMER: [&str; 5] = ["id", "first_name", "last_name", "phone", "email"];

/// The named members; of a customer inside, who it is.
fn pick(record: &Value, names: &[&str]) -> Value {
    let member = |name: &str| match record.get(name) {
        Some(inner @ Value::Object(_)) => pick(inner, &CUSTOMER),
        other => other.cloned().unwrap_or_default(),
    };
    names.iter().map(|name| ((*name).to_owned(), member(name))).collect::<serde_json::Map<_, _>>().into()
}

fn delivery(delivery: &haravan::Delivery) -> Value {
    json!({
        "id": delivery.id,
        "topic": delivery.topic,
        "entity_id": delivery.entity_id,
        "state": delivery.state,
        "status": delivery.last_status(),
        "attempts": delivery.attempts.len(),
        "faults": delivery.faults,
        "created_at": delivery.created_at.to_string(),
    })
}

fn crm(simulator: &getfly::Simulator) -> Value {
    let (accounts, orders) = (simulator.accounts(), simulator.orders());
    let users: HashMap<u64, User> = simulator.users().into_iter().map(|user| (user.user_id, user)).collect();
    let sources: HashMap<u64, String> =
        simulator.account_sources().into_iter().map(|source| (source.id, source.source_name)).collect();
    let mut codes = std::collections::HashSet::new();
    let doubles = orders.iter().filter(|order| !codes.insert(order.order_code.as_str())).count();
    let settings = simulator.settings();
    json!({
        "accounts": accounts.iter().rev().take(ROWS).map(|account| row(account, &users, &sources)).collect::<Vec<_>>(),
        "accounts_total": accounts.len(),
        "orders": orders.iter().rev().take(ROWS).map(|order| order_row(order, &users)).collect::<Vec<_>>(),
        "orders_total": orders.len(),
        "doubles": doubles,
        "faults": simulator.faults(),
        "switches": {
            "unauthorised_until_cleared": settings.unauthorised_until_cleared,
            "no_v61": settings.no_v61,
            "source_mode": settings.source_mode,
            "product_mode": settings.product_mode,
            "random_faults": settings.random_faults.map(|random| random.probability),
        },
    })
}

fn row(account: &Account, users: &HashMap<u64, User>, sources: &HashMap<u64, String>) -> Value {
    json!({
        "id": account.id,
        "code": account.account_code,
        "name": account.account_name,
        "phone": account.phone_office,
        "email": account.email,
        "region": [account.district_name.as_str(), account.province_name.as_str()],
        "manager": person(account.account_manager, users),
        "source": account.account_source.iter().filter_map(|id| sources.get(id)).collect::<Vec<_>>(),
        "deleted": !account.is_live(),
    })
}

fn order_row(order: &Order, users: &HashMap<u64, User>) -> Value {
    json!({
        "id": order.id,
        "code": order.order_code,
        "name": order.account_name,
        "account": order.account_code,
        "total": order.real_amount.to_string(),
        "paid": order.f_amount.to_string(),
        "payment": order.payment_status,
        "status": order.status_label(),
        "assignee": person(order.assigned_user, users),
        "source": order.order_source_name,
    })
}

/// Login and name of a CRM user; nothing for nobody.
fn person(id: u64, users: &HashMap<u64, User>) -> Option<Value> {
    users.get(&id).map(|user| json!({"login": user.user_name, "name": user.contact_name}))
}
