//! The v6 order, translated from ids to the codes and names of v6.1 (getfly.md §6.6).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::order_head::Dialect;
use super::order_writes::place;
use crate::getfly::call::{Call, Reader};
use crate::getfly::reply::{Done, Outcome, Problems, Reply};
use crate::getfly::state::State;
use crate::getfly::text;

/// `POST /api/v6/sale_orders`.
pub(super) fn create_order(state: &mut State, call: &Call) -> Outcome {
    let body = call.object()?;
    let mut problems = Problems::default();
    let translated = translate(state, body, &mut problems);
    problems.refuse()?;
    let (id, _) = place(state, &translated, Dialect::V6)?;
    Ok(created(state, id))
}

fn translate(state: &State, body: &Map<String, Value>, problems: &mut Problems) -> Map<String, Value> {
    let mut account = Map::new();
    let mut order = Map::new();
    for (key, value) in body {
        match key.as_str() {
            "account_code" | "account_name" | "account_address" | "account_email" | "account_phone" => {
                account.insert(key.clone(), value.clone());
            }
            "account_id" | "src_id" | "order_date" | "saved_order_details" => {}
            _ => {
                order.insert(key.clone(), value.clone());
            }
        }
    }
    let mut reader = Reader::new(body, problems);
    if let Some(id) = reader.id("account_id") {
        match state.accounts.get(&id) {
            Some(known) => {
                account.insert("account_code".to_owned(), json!(known.account_code));
            }
            None => reader.refuse("account_id", "Khách hàng không tồn tại"),
        }
    }
    if let Some(id) = reader.id("src_id") {
        match state.order_sources.iter().find(|source| source.id == id) {
            Some(source) => {
                order.insert("order_source_name".to_owned(), json!(source.name));
            }
            None => reader.refuse("src_id", "Nguồn đơn hàng không tồn tại"),
        }
    }
    if let Some(date) = read_date(&mut reader) {
        order.insert("order_date".to_owned(), json!(date));
    }
    let items = reader.objects("saved_order_details").unwrap_or_default();
    let mut lines = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        let mut reader = Reader::inside(item, &format!("saved_order_details.{at}"), problems);
        let product = reader.id("product_id").and_then(|id| state.products.get(&id));
        let mut line = item.clone();
        match product {
            Some(product) => {
                line.insert("product_code".to_owned(), json!(product.product_code));
            }
            None => reader.refuse("product_id", "Sản phẩm không tồn tại"),
        }
        lines.push(Value::Object(line));
    }
    order.insert("saved_order_details".to_owned(), Value::Array(lines));
    order.insert("account".to_owned(), Value::Object(account));
    order
}

/// A unix timestamp, as in the documented example, or a text that starts with the day, as a real app sent it.
fn read_date(reader: &mut Reader<'_, '_>) -> Option<String> {
    let sent = reader.filled("order_date")?;
    let date = match sent.parse::<i64>() {
        Ok(second) => Timestamp::from_second(second).ok().map(text::local_date),
        Err(_) => sent.get(..10).filter(|day| text::is_date(day)).map(str::to_owned),
    };
    if date.is_none() {
        reader.refuse("order_date", "Ngày đặt hàng không hợp lệ");
    }
    date
}

fn created(state: &State, id: u64) -> Reply {
    Reply::ok(json!({"message": Done::Added.text(&state.settings), "id": id}))
}
