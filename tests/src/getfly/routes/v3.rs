//! The v3 writes: nested bodies, days as `d/m/Y`, an order id that comes back as a text (getfly.md §3.6, §6.6).

use serde_json::{Map, Value, json};

use super::account_writes::create_from;
use super::order_head::Dialect;
use super::order_writes::place;
use crate::getfly::call::{Call, Reader};
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
