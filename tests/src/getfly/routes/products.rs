//! Products (getfly.md §5).

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::getfly::call::{Call, Reader};
use crate::getfly::lists::{Cell, Filterable, List, asked_fields, by, project};
use crate::getfly::records::Product;
use crate::getfly::reply::{Done, Outcome, Problems, Reply};
use crate::getfly::state::{State, take};
use crate::getfly::webhooks::Event;

const FILTERS: &[Filterable] = &[
    by("id", &["eq", "in"]),
    by("product_code", &["eq", "in", "contains"]),
    by("product_name", &["eq", "contains"]),
];

const FIELDS: &[&str] = &[
    "id",
    "product_id",
    "product_code",
    "product_name",
    "unit_name",
    "category_name",
    "origin_name",
    "manufacturer_name",
    "cover_price",
    "barcode",
];

const REQUIRED: [&str; 7] = [
    "product_name",
    "product_code",
    "unit_name",
    "category_name",
    "origin_name",
    "manufacturer_name",
    "cover_price",
];

/// `POST /api/v6.1/product`.
pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let body = call.object()?;
    let mut problems = Problems::default();
    let mut reader = Reader::new(body, &mut problems);
    for key in REQUIRED {
        let empty = match reader.value(key) {
            None => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        if empty {
            reader.refuse(key, &format!("{key} không được để trống"));
        }
    }
    let mut text = |key| reader.filled(key).unwrap_or_default();
    let mut product = Product {
        product_code: text("product_code"),
        product_name: text("product_name"),
        unit_name: text("unit_name"),
        category_name: text("category_name"),
        origin_name: text("origin_name"),
        manufacturer_name: text("manufacturer_name"),
        barcode: text("barcode"),
        ..Product::default()
    };
    product.cover_price = reader.amount("cover_price").unwrap_or_default();
    problems.refuse()?;
    if state.settings.refused_product.as_ref() == Some(&product.product_code) {
        let text = "Sản phẩm không hợp lệ";
        return Err(Reply::field_refused(StatusCode::UNPROCESSABLE_ENTITY, "product_code", text));
    }
    if state.product_codes.contains_key(&product.product_code) {
        let text = format!("Mã sản phẩm {} không cho phép trùng", product.product_code);
        return Err(Reply::field_refused(StatusCode::BAD_REQUEST, "product_code", &text));
    }
    product.product_id = take(&mut state.counters.product_id);
    product.created_at = state.now();
    let (id, code) = (product.product_id, product.product_code.clone());
    state.store_product(product);
    state.events.push(Event::product("product.created", id, &code));
    Ok(Reply::created(
        &state.settings,
        json!({
            "message": Done::Added.text(&state.settings),
            "data": {"product_id": id, "product_code": code},
        }),
    ))
}

/// `GET /api/v6.1/product` by `product_code`.
pub(super) fn one(state: &mut State, call: &Call) -> Outcome {
    let product = call
        .param("product_code")
        .and_then(|code| state.products.get(state.product_codes.get(code)?))
        .ok_or_else(Reply::not_found)?;
    let asked = asked_fields(call);
    let record = project(show(product), asked.as_deref(), FIELDS, "id");
    Ok(Reply::single(&state.settings, Value::Object(record)))
}

/// `GET /api/v6.1/products`, newest first.
pub(super) fn list(state: &mut State, call: &Call) -> Outcome {
    List {
        rows: state.products.values().rev().collect(),
        filters: FILTERS,
        sortable: &["id", "product_code"],
        cell: &cell,
        searched: &["product_code", "product_name"],
        show: &show,
        default_fields: FIELDS,
        id: "id",
    }
    .answer(&state.settings, call)
}

fn cell(product: &Product, field: &str) -> Option<Cell> {
    Some(match field {
        "id" => Cell::Number(i64::try_from(product.product_id).ok()?),
        "product_code" => Cell::Text(product.product_code.clone()),
        "product_name" => Cell::Text(product.product_name.clone()),
        _ => return None,
    })
}

fn show(product: &Product) -> Map<String, Value> {
    let mut record = Map::new();
    record.insert("id".to_owned(), product.product_id.into());
    if let Ok(Value::Object(members)) = serde_json::to_value(product) {
        record.extend(members.into_iter().filter(|(key, _)| key != "created_at"));
    }
    record
}
