//! Orders change, are approved, cancelled and deleted (getfly.md §6.2).

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::account_draft::refuse_keys;
use super::order_head::{AmountsDraft, Dialect, lay_head, read_head};
use super::order_lines::{read_lines, write_lines};
use super::order_writes::{read_payments, refuse_taken_code};
use super::payments::record;
use crate::getfly::amounts::{self, HeadInput, LineAmounts};
use crate::getfly::call::{Call, Reader};
use crate::getfly::records::{APPROVED, CANCELLED, Order, OrderLine, WAITING};
use crate::getfly::reply::{Done, Outcome, Problems, Reply};
use crate::getfly::state::State;
use crate::getfly::webhooks::Event;

/// `PUT /api/v6.1/sale_order`, the record named by `current_order_code`. Sent lines replace the old ones, sent payments
/// are added; what the real server does with either is not documented (§15 U9).
pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let body = call.object()?;
    let mut order = named(state, body, "current_order_code")?;
    if state.settings.approved_refuses_edits && order.status != WAITING {
        return Err(Reply::message(StatusCode::BAD_REQUEST, "Đơn hàng đã duyệt không được sửa"));
    }
    let mut problems = Problems::default();
    refuse_keys(state, body, &mut problems);
    let new_code = Reader::new(body, &mut problems).filled("order_code");
    if new_code.as_ref().is_some_and(|code| *code != order.order_code) {
        refuse_taken_code(state, new_code.as_deref())?;
    }
    let head = read_head(state, body, Dialect::V61, &mut problems)?;
    let lines = read_lines(state, body, &mut problems)?;
    let payments = read_payments(state, body, &mut problems);
    problems.refuse()?;

    if let Some(lines) = lines {
        order.lines = write_lines(state, lines);
    }
    let Some(amounts) = amounts::head(&line_amounts(&order.lines), &kept_or_sent(&order, &head.amounts))
    else {
        return Err(Reply::field_refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "saved_order_details",
            "Số tiền quá lớn",
        ));
    };
    if let Some(code) = new_code {
        state.forget_order_code(&order.order_code, order.id);
        order.order_code = code;
    }
    lay_head(state, &mut order, head, &amounts);
    let (id, code) = (order.id, order.order_code.clone());
    state.store_order(order);
    for payment in payments {
        record(state, id, payment);
    }
    Ok(changed(state, Done::Updated, id, &code))
}

/// The head's amounts with the order's own where none were sent; a percentage the order has still beats a sent amount.
fn kept_or_sent(order: &Order, sent: &AmountsDraft) -> HeadInput {
    HeadInput {
        discount: sent.discount.unwrap_or(order.discount),
        discount_amount: sent.discount_amount.unwrap_or(order.discount_amount),
        vat: sent.vat.unwrap_or(order.vat),
        vat_amount: sent.vat_amount.unwrap_or(order.vat_amount),
        transport_amount: sent.transport_amount.unwrap_or(order.transport_amount),
        installation_amount: sent.installation_amount.unwrap_or(order.installation_amount),
    }
}

fn line_amounts(lines: &[OrderLine]) -> Vec<LineAmounts> {
    lines
        .iter()
        .map(|line| LineAmounts {
            origin_amount: line.origin_amount,
            cash_discount: line.cash_discount,
            vat_amount: line.vat_amount,
            amount: line.amount,
        })
        .collect()
}

/// `PUT /api/v6.1/sale_order/approve`: status 2; a cancelled order is refused.
pub(super) fn approve(state: &mut State, call: &Call) -> Outcome {
    let order = named(state, call.object()?, "order_code")?;
    approve_order(state, &order)?;
    Ok(changed(state, Done::Updated, order.id, &order.order_code))
}

pub(super) fn approve_order(state: &mut State, order: &Order) -> Result<(), Reply> {
    if order.status == CANCELLED {
        return Err(Reply::message(StatusCode::BAD_REQUEST, "Đơn hàng đã hủy không được duyệt"));
    }
    set_status(state, order.id, APPROVED);
    state.events.push(Event::order("order.approved", order.id, &order.order_code, order.account_id));
    Ok(())
}

/// `PUT /api/v6.1/sale_order/cancel`: status 5; a second time is refused.
pub(super) fn cancel(state: &mut State, call: &Call) -> Outcome {
    let order = named(state, call.object()?, "order_code")?;
    if order.status == CANCELLED {
        return Err(Reply::message(StatusCode::BAD_REQUEST, "Đơn hàng đã được hủy trước đó"));
    }
    set_status(state, order.id, CANCELLED);
    Ok(changed(state, Done::Updated, order.id, &order.order_code))
}

/// `DELETE /api/v6.1/sale_order`: gone for good, its payments with it.
pub(super) fn delete(state: &mut State, call: &Call) -> Outcome {
    let order = named(state, call.object()?, "order_code")?;
    state.forget_order_code(&order.order_code, order.id);
    state.orders.remove(&order.id);
    for payment in &order.payment_ids {
        state.payments.remove(payment);
    }
    Ok(changed(state, Done::Deleted, order.id, &order.order_code))
}

/// The order whose code stands under `key`; 404 when there is none.
pub(super) fn named(state: &State, body: &Map<String, Value>, key: &str) -> Result<Order, Reply> {
    let mut problems = Problems::default();
    let mut reader = Reader::new(body, &mut problems);
    let code = reader.filled(key);
    if code.is_none() {
        reader.refuse(key, "Mã đơn hàng không được để trống");
    }
    problems.refuse()?;
    code.and_then(|code| state.order_coded(&code)).cloned().ok_or_else(Reply::not_found)
}

fn set_status(state: &mut State, id: u64, status: u8) {
    let now = state.now();
    if let Some(order) = state.orders.get_mut(&id) {
        order.status = status;
        order.updated_at = now;
    }
}

fn changed(state: &State, done: Done, id: u64, code: &str) -> Reply {
    Reply::ok(json!({
        "message": done.text(&state.settings),
        "data": {"order_id": id, "order_code": code},
    }))
}
