//! The payment log of orders (getfly.md §7.1).

use axum::http::StatusCode;
use rust_decimal::Decimal;
use serde_json::json;

use super::order_changes::named;
use crate::getfly::call::{Call, Reader};
use crate::getfly::records::{CANCELLED, Payment};
use crate::getfly::reply::{Done, Outcome, Problems, Reply};
use crate::getfly::state::{State, take};
use crate::getfly::text;

/// A payment as sent.
#[derive(Clone, Debug)]
pub(super) struct PaymentDraft {
    pub(super) amount: Decimal,
    pub(super) method_name: String,
    pub(super) description: String,
    pub(super) pay_date: Option<String>,
    pub(super) via: &'static str,
}

/// `POST /api/v6.1/sale_order_payment/direct`.
pub(super) fn direct(state: &mut State, call: &Call) -> Outcome {
    add(state, call, "direct", |state, reader| read_payment(state, reader, "direct"))
}

/// `POST /api/v6.1/sale_order_payment/fund`, for tenants with the cash-fund module.
pub(super) fn fund(state: &mut State, call: &Call) -> Outcome {
    add(state, call, "fund", |_, reader| {
        let method_name = reader.filled("fund_name");
        if method_name.is_none() {
            reader.refuse("fund_name", "Quỹ không được để trống");
        }
        PaymentDraft { method_name: method_name.unwrap_or_default(), ..read_amount(reader, "fund") }
    })
}

fn add(
    state: &mut State,
    call: &Call,
    via: &'static str,
    read: impl Fn(&State, &mut Reader<'_, '_>) -> PaymentDraft,
) -> Outcome {
    let body = call.object()?;
    let order = named(state, body, "order_code")?;
    let mut problems = Problems::default();
    let draft = read(state, &mut Reader::new(body, &mut problems));
    problems.refuse()?;
    if order.status == CANCELLED {
        return Err(Reply::message(StatusCode::BAD_REQUEST, "Đơn hàng đã hủy không nhận thanh toán"));
    }
    let id = record(state, order.id, draft);
    Ok(Reply::created(
        &state.settings,
        json!({
            "message": Done::Added.text(&state.settings),
            "data": {"via": via, "id": id, "order_id": order.id},
        }),
    ))
}

/// Reads a payment with a way to pay; an unknown one is refused, or forgotten by a lenient tenant.
pub(super) fn read_payment(state: &State, reader: &mut Reader<'_, '_>, via: &'static str) -> PaymentDraft {
    let mut method_name = String::new();
    if let Some(name) = reader.filled("method_name") {
        match state.method_named(&name) {
            Some(method) => method_name = method.method_name.clone(),
            None if state.settings.ignore_unknown_method => {}
            None => reader.refuse("method_name", &format!("Phương thức thanh toán {name} không tồn tại")),
        }
    }
    PaymentDraft { method_name, ..read_amount(reader, via) }
}

fn read_amount(reader: &mut Reader<'_, '_>, via: &'static str) -> PaymentDraft {
    if reader.value("amount").is_none() {
        reader.refuse("amount", "Số tiền không được để trống");
    }
    PaymentDraft {
        amount: reader.amount("amount").unwrap_or_default(),
        method_name: String::new(),
        description: reader.text("description").unwrap_or_default(),
        pay_date: reader.date("pay_date"),
        via,
    }
}

/// Writes the payment into the order's log.
pub(super) fn record(state: &mut State, order_id: u64, draft: PaymentDraft) -> u64 {
    let id = take(&mut state.counters.payment_id);
    let now = state.now();
    state.payments.insert(
        id,
        Payment {
            id,
            order_id,
            amount: draft.amount,
            method_name: draft.method_name,
            description: draft.description,
            pay_date: draft.pay_date.unwrap_or_else(|| text::local_date(now)),
            via: draft.via.into(),
            created_at: now,
        },
    );
    if let Some(order) = state.orders.get_mut(&order_id) {
        order.payment_ids.push(id);
        order.updated_at = now;
    }
    id
}
