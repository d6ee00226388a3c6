//! The v3 form: nested bodies, days as `d/m/Y`, numbers that come back as texts (getfly.md §3.6, §6.6, §7.1).

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::account_reads;
use super::account_writes::{create_from, restore_by_id};
use super::order_changes::{approve_order, named};
use super::order_head::Dialect;
use super::order_writes::place;
use super::payments::{read_payment, record};
use crate::getfly::call::{Call, Reader};
use crate::getfly::money;
use crate::getfly::records::{Account, Order};
use crate::getfly::reply::{Done, Outcome, Problems, Reply};
use crate::getfly::state::State;

/// `POST /api/v3/account`.
pub(super) fn create_account(state: &mut State, call: &Call) -> Outcome {
    let body = call.object()?;
    let mut problems = Problems::default();
    let mut flat = Reader::new(body, &mut problems).object("account").cloned().unwrap_or_default();
    dates_from_v3(&mut flat);
    for key in ["contacts", "custom_fields"] {
        if let Some(value) = body.get(key) {
            flat.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(source) = Reader::new(body, &mut problems).filled("referer") {
        flat.insert("account_source_names".to_owned(), json!([source]));
    }
    problems.refuse()?;
    let (id, _) = create_from(state, &flat)?;
    Ok(Reply::created(
        &state.settings,
        json!({"code": 201, "account_id": id, "message": Done::Added.text(&state.settings)}),
    ))
}

/// `GET /api/v3/account/{id}`.
pub(super) fn account(state: &mut State, call: &Call) -> Outcome {
    let found = id_at(call, 3).and_then(|id| state.accounts.get(&id)).filter(|account| account.is_live());
    found.map(|account| Reply::ok(info(state, account))).ok_or_else(Reply::not_found)
}

/// `GET /api/v3/account?account_code=`.
pub(super) fn account_by_code(state: &mut State, call: &Call) -> Outcome {
    let found = call.param("account_code").and_then(|code| state.live_account(code));
    found.map(|account| Reply::ok(info(state, account))).ok_or_else(Reply::not_found)
}

/// `POST /api/v3/account/{id}/restore`.
pub(super) fn restore_account(state: &mut State, call: &Call) -> Outcome {
    restore_by_id(state, id_at(call, 3).unwrap_or(0))
}

/// `GET /api/v3/accounts`, paged by `page` and `per_page`.
pub(super) fn accounts(state: &mut State, call: &Call) -> Outcome {
    let rows: Vec<&Account> = state.accounts.values().rev().filter(|account| account.is_live()).collect();
    Ok(page(&rows, state.settings.max_limit, call, |account| as_texts(account_reads::show(state, account))))
}

/// `POST /api/v3/orders`; the id comes back as a text.
pub(super) fn create_order(state: &mut State, call: &Call) -> Outcome {
    let body = call.object()?;
    let mut problems = Problems::default();
    let mut reader = Reader::new(body, &mut problems);
    let mut order = reader.object("order_info").cloned().unwrap_or_default();
    dates_from_v3(&mut order);
    let mut account = Map::new();
    for key in ["account_code", "account_name", "account_address", "account_email", "account_phone"] {
        if let Some(value) = order.remove(key) {
            account.insert(key.to_owned(), value);
        }
    }
    order.insert("account".to_owned(), Value::Object(account));
    if let Some(source) = order.remove("source_name") {
        order.insert("order_source_name".to_owned(), source);
    }
    order.insert("saved_order_details".to_owned(), body.get("products").cloned().unwrap_or_default());
    let terms = reader.texts("terms").unwrap_or_default();
    let terms: Vec<Value> = terms.into_iter().map(|term| json!({ "term_content": term })).collect();
    order.insert("order_terms".to_owned(), Value::Array(terms));
    if let Some(payments) = reader.objects("payments") {
        let payments: Vec<Value> = payments
            .into_iter()
            .cloned()
            .map(|mut payment| {
                dates_from_v3(&mut payment);
                Value::Object(payment)
            })
            .collect();
        order.insert("saved_sale_order_payments".to_owned(), Value::Array(payments));
    }
    problems.refuse()?;
    let (id, _) = place(state, &order, Dialect::V3)?;
    Ok(Reply::ok(json!({"message": Done::Added.text(&state.settings), "order_id": id.to_string()})))
}

/// `GET /api/v3/orders/{ORDER_CODE}`.
pub(super) fn order(state: &mut State, call: &Call) -> Outcome {
    let found = call.segment(3).and_then(|code| state.order_coded(&code).cloned());
    found.map(|order| Reply::ok(order_detail(state, &order))).ok_or_else(Reply::not_found)
}

/// `GET /api/v3/orders/detail?order_id=`.
pub(super) fn order_by_id(state: &mut State, call: &Call) -> Outcome {
    let found = call.param("order_id").and_then(|id| state.orders.get(&id.parse::<u64>().ok()?));
    found.map(|order| Reply::ok(order_detail(state, order))).ok_or_else(Reply::not_found)
}

/// `GET /api/v3/orders`; `order_type=1` are purchases, of which there are none.
pub(super) fn orders(state: &mut State, call: &Call) -> Outcome {
    let sales = call.param("order_type") != Some("1");
    let rows: Vec<&Order> = state.orders.values().rev().filter(|_| sales).collect();
    Ok(page(&rows, state.settings.max_limit, call, |order| order_info(state, order)))
}

/// `POST /api/v3/orders/approve`.
pub(super) fn approve_order_by_code(state: &mut State, call: &Call) -> Outcome {
    let order = named(state, call.object()?, "order_code")?;
    approve_order(state, &order)?;
    Ok(Reply::message(StatusCode::OK, Done::Updated.text(&state.settings)))
}

/// `POST /api/v3/orders/paid`.
pub(super) fn pay_order(state: &mut State, call: &Call) -> Outcome {
    let body = call.object()?;
    let order = named(state, body, "order_code")?;
    let mut problems = Problems::default();
    let mut payment = Reader::new(body, &mut problems).object("payment_info").cloned().unwrap_or_default();
    dates_from_v3(&mut payment);
    let mut reader = Reader::inside(&payment, "payment_info", &mut problems);
    let draft = read_payment(state, &mut reader, "direct");
    problems.refuse()?;
    record(state, order.id, draft);
    Ok(Reply::message(StatusCode::OK, Done::Added.text(&state.settings)))
}

fn id_at(call: &Call, at: usize) -> Option<u64> {
    call.segment(at)?.parse().ok()
}

/// Turns every `d/m/Y` of the object's date members into `YYYY-MM-DD`; what is no such day stays and is refused later.
fn dates_from_v3(object: &mut Map<String, Value>) {
    for key in ["birthday", "order_date", "pay_date"] {
        if let Some(Value::String(date)) = object.get_mut(key) {
            *date = match jiff::civil::Date::strptime("%d/%m/%Y", date.as_str()) {
                Ok(day) => day.to_string(),
                Err(_) => format!("{date}?"),
            };
        }
    }
}

fn date_to_v3(date: &str) -> String {
    date.parse::<jiff::civil::Date>()
        .map_or_else(|_| String::new(), |day| day.strftime("%d/%m/%Y").to_string())
}

/// The record with its numbers as texts.
fn as_texts(record: Map<String, Value>) -> Value {
    let text = |value| match value {
        Value::Number(number) => Value::String(number.to_string()),
        other => other,
    };
    Value::Object(record.into_iter().map(|(key, value)| (key, text(value))).collect())
}

fn info(state: &State, account: &Account) -> Value {
    let mut record = account_reads::show(state, account);
    let contacts = record.remove("contacts").unwrap_or_default();
    let birthday = account.birthday.as_deref().map(date_to_v3);
    record.insert("birthday".to_owned(), json!(birthday));
    json!({"info": as_texts(record), "contacts": contacts})
}

fn order_info(state: &State, order: &Order) -> Value {
    let order = state.settled(order);
    let email = state.users.get(&order.assigned_user).map_or("", |user| user.email.as_str());
    let paid = if order.f_amount.is_zero() {
        "unpaid"
    } else if order.f_amount < order.real_amount {
        "partial"
    } else {
        "paid"
    };
    json!({
        "order_id": order.id.to_string(),
        "order_code": order.order_code,
        "order_type": 2,
        "order_status": order.status,
        "account_code": order.account_code,
        "account_name": order.account_name,
        "account_phone": order.account_phone,
        "account_email": order.account_email,
        "account_address": order.account_address,
        "order_date": date_to_v3(&order.order_date),
        "amount": money::to_json(order.real_amount).to_string(),
        "discount_amount": money::to_json(order.discount_amount).to_string(),
        "source_name": order.order_source_name,
        "lading_code": order.lading_code,
        "assigned_user_email": email,
        "payment_status": paid,
    })
}

fn order_detail(state: &State, order: &Order) -> Value {
    let products: Vec<Value> = order
        .lines
        .iter()
        .map(|line| {
            json!({
                "product_code": line.product_code,
                "product_name": line.product_name,
                "quantity": money::to_json(line.quantity).to_string(),
                "price": money::to_json(line.price).to_string(),
                "amount": money::to_json(line.amount).to_string(),
            })
        })
        .collect();
    let payments: Vec<Value> = order
        .payment_ids
        .iter()
        .filter_map(|id| state.payments.get(id))
        .map(|payment| {
            json!({
                "amount": money::to_json(payment.amount).to_string(),
                "pay_date": date_to_v3(&payment.pay_date),
                "description": payment.description,
            })
        })
        .collect();
    json!({
        "order_info": order_info(state, order),
        "products": products,
        "payments": payments,
        "terms": order.terms,
    })
}

/// The v3 envelope `records` and `pagination`.
fn page<R>(rows: &[&R], max: usize, call: &Call, show: impl Fn(&R) -> Value) -> Reply {
    let number =
        |name| call.param(name).and_then(|text| text.parse::<usize>().ok()).filter(|number| *number > 0);
    let size = number("per_page").unwrap_or(20).min(max.max(1));
    let skipped = number("page").unwrap_or(1).saturating_sub(1).saturating_mul(size);
    let records: Vec<Value> = rows.iter().skip(skipped).take(size).map(|row| show(row)).collect();
    Reply::ok(json!({"records": records, "pagination": {"total_record": rows.len()}}))
}
