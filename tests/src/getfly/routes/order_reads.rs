//! Reading orders (getfly.md §6.3).

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::getfly::call::Call;
use crate::getfly::lists::{Cell, Filterable, List, asked_fields, by, project};
use crate::getfly::money;
use crate::getfly::records::{Order, OrderLine};
use crate::getfly::reply::{Outcome, Reply};
use crate::getfly::state::State;
use crate::getfly::text;

const FILTERS: &[Filterable] = &[
    by("id", &["eq", "in"]),
    by("order_date", &["gte", "lte", "eq", "between"]),
    by("created_at", &["eq", "gte", "lte"]),
    by("updated_at", &["eq", "gte", "lte"]),
];

const ONE_FIELDS: &[&str] = &[
    "id",
    "order_code",
    "real_amount",
    "f_amount",
    "discount",
    "discount_amount",
    "vat_amount",
    "account_id",
    "account_code",
    "account_email",
    "account_phone",
    "account_address",
    "order_date",
    "created_at",
    "updated_at",
    "status",
    "status_label",
    "payment_status",
    "assigned_user",
    "assigned_user_name",
    "lading_code",
    "tracking_url",
    "custom_fields",
    "order_details",
];

const LIST_FIELDS: &[&str] = &[
    "id",
    "order_code",
    "real_amount",
    "f_amount",
    "discount",
    "discount_amount",
    "vat_amount",
    "account_id",
    "account_code",
    "account_email",
    "account_phone",
    "account_address",
    "order_date",
    "created_at",
    "updated_at",
    "status",
    "status_label",
    "payment_status",
    "assigned_user",
    "assigned_user_name",
    "lading_code",
    "tracking_url",
    "custom_fields",
    "order_details",
    "contact_name",
    "contact_phone",
    "contact_email",
    "store_id",
    "lading_status",
    "lading_status_title",
    "has_pay_off",
    "safebook_synchronized",
];

/// `GET /api/v6.1/sale_order` by `order_code` or `order_id`; `payment_periods` only when asked for.
pub(super) fn one(state: &mut State, call: &Call) -> Outcome {
    let order = match (call.param("order_code"), call.param("order_id")) {
        (Some(code), _) => state.order_coded(code),
        (None, Some(id)) => id.parse::<u64>().ok().and_then(|id| state.orders.get(&id)),
        (None, None) => None,
    };
    let Some(order) = order else {
        return if state.settings.empty_200 {
            Ok(Reply::json(StatusCode::OK, json!({ "data": [] })))
        } else {
            Err(Reply::not_found())
        };
    };
    let asked = asked_fields(call);
    let record = project(show(state, order), asked.as_deref(), ONE_FIELDS, "id");
    Ok(Reply::single(&state.settings, Value::Object(record)))
}

/// `GET /api/v6.1/sale_orders`, newest first.
pub(super) fn list(state: &mut State, call: &Call) -> Outcome {
    page(state, call, &|order| show(state, order))
}

/// `GET /api/v6/sale_orders`, where `payment_status` is empty unless `has_pay_off` is asked for too (A×1).
pub(super) fn list_v6(state: &mut State, call: &Call) -> Outcome {
    let filled = asked_fields(call).is_none_or(|asked| asked.contains(&"has_pay_off"));
    page(state, call, &|order| {
        let mut record = show(state, order);
        if !filled {
            record.insert("payment_status".to_owned(), Value::String(String::new()));
        }
        record
    })
}

fn page(state: &State, call: &Call, show: &dyn Fn(&Order) -> Map<String, Value>) -> Outcome {
    List {
        rows: state.orders.values().rev().collect(),
        filters: FILTERS,
        sortable: &["id", "order_date"],
        cell: &cell,
        searched: &[],
        show,
        default_fields: LIST_FIELDS,
        id: "id",
    }
    .answer(&state.settings, call)
}

fn cell(order: &Order, field: &str) -> Option<Cell> {
    Some(Cell::Number(match field {
        "id" => i64::try_from(order.id).ok()?,
        "order_date" => text::start_of_day(&order.order_date)?,
        "created_at" => order.created_at.as_second(),
        "updated_at" => order.updated_at.as_second(),
        _ => return None,
    }))
}

/// Every documented column of an order.
pub(super) fn show(state: &State, order: &Order) -> Map<String, Value> {
    let order = state.settled(order);
    let assignee = state.users.get(&order.assigned_user);
    let avatar = format!("https://{}/assets/images/common/no_image.png", state.settings.domain);
    let periods: Vec<Value> = order
        .payment_ids
        .iter()
        .filter_map(|id| state.payments.get(id))
        .map(|payment| {
            json!({
                "id": payment.id,
                "amount": money::to_json(payment.amount),
                "method_name": payment.method_name,
                "description": payment.description,
                "pay_date": payment.pay_date,
            })
        })
        .collect();
    let fully_paid = order.f_amount >= order.real_amount && !order.f_amount.is_zero();
    let record = json!({
        "id": order.id,
        "order_code": order.order_code,
        "real_amount": money::to_json(order.real_amount),
        "f_amount": money::to_json(order.f_amount),
        "discount": money::to_json(order.discount),
        "discount_amount": money::to_json(order.discount_amount),
        "vat_amount": money::to_json(order.vat_amount),
        "account_id": order.account_id,
        "account_code": order.account_code,
        "account_email": order.account_email,
        "account_phone": order.account_phone,
        "account_address": order.account_address,
        "order_date": order.order_date,
        "created_at": text::local_time(order.created_at),
        "updated_at": text::local_time(order.updated_at),
        "status": order.status,
        "status_label": order.status_label(),
        "payment_status": order.payment_status,
        "assigned_user": order.assigned_user,
        "assigned_user_name": assignee.map_or("", |user| user.contact_name.as_str()),
        "lading_code": order.lading_code,
        "tracking_url": "",
        "custom_fields": order.custom_fields,
        "payment_periods": periods,
        "order_details": order.lines.iter().map(|line| show_line(line, &avatar)).collect::<Vec<_>>(),
        "contact_name": order.contact_name,
        "contact_phone": order.account_phone,
        "contact_email": order.account_email,
        "store_id": if order.store_name.is_empty() { Value::Null } else { json!(1) },
        "lading_status": "",
        "lading_status_title": "",
        "has_pay_off": u8::from(fully_paid),
        "safebook_synchronized": 0,
    });
    match record {
        Value::Object(record) => record,
        _ => Map::new(),
    }
}

fn show_line(line: &OrderLine, avatar: &str) -> Value {
    json!({
        "id": line.id,
        "product_id": line.product_id,
        "product_code": line.product_code,
        "product_name": line.product_name,
        "note": line.note,
        "unit_id": 14,
        "services": 0,
        "unit_name": line.unit_name,
        "quantity": money::to_json(line.quantity),
        "price": money::to_json(line.price),
        "product_sale_off": money::to_json(line.product_sale_off),
        "cash_discount": money::to_json(line.cash_discount),
        "vat": money::to_json(line.vat),
        "vat_amount": money::to_json(line.vat_amount),
        "amount": money::to_json(line.amount),
        "origin_amount": money::to_json(line.origin_amount),
        "product_avatar": avatar,
    })
}
