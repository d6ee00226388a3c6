//! Transactions and refunds of an order (haravan.md §3.6, §3.7).

use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::clock::later;
use super::generate::{Generator, Kind};
use super::given::Dong;
use super::model::{Order, Refund, Transaction};
use super::spec::{OrderSpec, Payment, PaymentSpec, RefundPlace};

/// The transactions and refunds of the order's payment status (haravan.md §3.6). An order reduced to nothing
/// by a code is paid.
pub(super) fn put_money(from: &mut Generator, order: &mut Order, spec: &OrderSpec, placed: Timestamp) {
    if order.total().is_zero() && order.payment == Payment::Pending {
        order.payment = Payment::Paid;
    }
    let total = order.total();
    let half = (total / Decimal::TWO).round_dp(4);
    let first = if order.payment == Payment::Authorized { "authorization" } else { "pending" };
    push_transaction(from, order, first, total, None, later(placed, Duration::from_millis(51)));
    let parent = order.transactions.first().map(|transaction| transaction.id);
    let at = later(placed, Duration::from_millis(83));
    let (captured, returned) = match order.payment {
        Payment::Pending | Payment::Authorized => (None, None),
        Payment::PartiallyPaid | Payment::PartiallyPaidDocumented => (Some(half), None),
        Payment::Paid => (Some(total), None),
        Payment::PartiallyRefunded => (Some(total), Some(half)),
        Payment::Refunded => (Some(total), Some(total)),
        Payment::Voided => {
            push_transaction(from, order, "void", total, parent, at);
            (None, None)
        }
    };
    for (payment, after) in spec.payments.iter().zip(1..) {
        let at = later(at, Duration::from_secs(after));
        push_payment(from, order, payment, payment.amount.map_or(total, Dong::amount), at);
    }
    if let Some(amount) = captured.filter(|_| spec.payments.is_empty()) {
        push_transaction(from, order, "capture", amount, parent, at);
    }
    for refund in &spec.refunds {
        push_refund(from, order, refund.amount.amount(), refund.place, at);
    }
    if let Some(amount) = returned.filter(|_| spec.refunds.is_empty()) {
        push_refund(from, order, amount, RefundPlace::default(), at);
    }
}

/// Records a money movement on the order.
pub(super) fn push_transaction(
    from: &mut Generator,
    order: &mut Order,
    kind: &'static str,
    amount: Decimal,
    parent_id: Option<i64>,
    created_at: Timestamp,
) {
    let id = from.new_id(Kind::Transaction);
    let user_id = order.user_id;
    let (gateway, status) = (None, None);
    let kind = kind.into();
    let transaction = Transaction { id, kind, amount, parent_id, created_at, user_id, gateway, status };
    order.transactions.push(transaction);
}

/// Records a payment of `amount`, however it ended.
pub(super) fn push_payment(
    from: &mut Generator,
    order: &mut Order,
    payment: &PaymentSpec,
    amount: Decimal,
    at: Timestamp,
) {
    let parent = order.transactions.iter().find(|one| one.kind == "pending").map(|one| one.id);
    push_transaction(from, order, "capture", amount, parent, at);
    if let Some(transaction) = order.transactions.last_mut() {
        transaction.gateway = payment.gateway.as_ref().and_then(|gateway| gateway.texts().0);
        transaction.status.clone_from(&payment.status);
    }
}

/// Records a return of `amount`; it is written negative, but where `refunds` alone has it.
pub(super) fn push_refund(
    from: &mut Generator,
    order: &mut Order,
    amount: Decimal,
    place: RefundPlace,
    created_at: Timestamp,
) {
    let parent_id = order
        .transactions
        .iter()
        .find(|transaction| transaction.kind == "capture")
        .map(|transaction| transaction.id);
    let id = from.new_id(Kind::Transaction);
    let user_id = order.user_id;
    let (gateway, status) = (None, None);
    let (kind, amount) = ("refund".into(), -amount);
    let transaction = Transaction { id, kind, amount, parent_id, created_at, user_id, gateway, status };
    order.refunds.push(Refund { id: from.new_id(Kind::Refund), created_at, user_id, transaction, place });
}
