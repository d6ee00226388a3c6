//! `GET /local/state`: everything that moves, in one look of bounded size.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use common::id::TenantId;
use common::store::connections::{ConnectionStatus, PageConnection};
use common::store::inbox::Status;
use connect_tests::getfly::{self, Account, Order, User};
use connect_tests::haravan;
use serde_json::{Value, json};

use super::{Page, events};
use crate::seed;

/// Events shown, newest first.
const EVENTS: usize = 200;
/// Records of the CRM, orders of the shop and deliveries shown, newest first.
const ROWS: usize = 40;
/// The shop's customers one can choose from, newest first.
const CUSTOMERS: usize = 30;

/// Events, the tenant's settings and pages, the shop's and the CRM's books.
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
    let tenant: TenantId = page.addresses.tenant_id.parse()?;
    let pages = page.store.connections.pages(&tenant).await?;
    let events = events::all(page, &pages).await?;
    let mut counts: BTreeMap<&str, usize> = Status::ALL.map(|status| (status.as_str(), 0)).into();
    for event in &events {
        *counts.entry(event.status.as_str()).or_default() += 1;
    }
    let total = events.len();
    Ok(json!({
        "now": page.clock.now().to_string(),
        "tenant": settings(page, &tenant).await?,
        "counts": counts,
        "total": total,
        "events": events.iter().take(EVENTS).map(|event| &event.row).collect::<Vec<_>>(),
        "pages": pages.iter().filter(|page| page.is_live()).map(of_page).collect::<Vec<_>>(),
        "shop": page.haravan.as_ref().map(shop),
        "crm": page.getfly.as_ref().map(crm),
    }))
}

async fn settings(page: &Page, tenant: &TenantId) -> Result<Value> {
    let settings = page.store.tenants.get(tenant).await?.map(|record| record.settings).unwrap_or_default();
    let shops = page.store.connections.shops(tenant).await?;
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

/// A connected page.
fn of_page(page: &PageConnection) -> Value {
    let key = page.page.to_string();
    json!({
        "key": key,
        "provider": page.page.provider(),
        "id": key.split_once('#').map(|(_, id)| id),
        "name": page.profile.name,
        "connected": page.status == ConnectionStatus::Connected,
    })
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
