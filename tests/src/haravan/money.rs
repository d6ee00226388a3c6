//! Transactions and refunds of an order (haravan.md §3.6, §3.7).

use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::clock::later;
use super::generate::{Generator, Kind};
use super::model::{Order, Refund, Transaction};
use super::spec::Payment;

/// The transactions and refunds of the order's payment status (haravan.md §3.6). An order reduced to nothing
/// by a code is paid.
pub(super) fn put_money(from: &mut Generator, order: &mut Order, placed: Timestamp) {
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
    if let Some(amount) = captured {
        push_transaction(from, order, "capture", amount, parent, at);
    }
    if let Some(amount) = returned {
        push_refund(from, order, amount, at);
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
    order.transactions.push(Transaction { id, kind: kind.into(), amount, parent_id, created_at, user_id });
}

/// Records a return of `amount`; it is written negative.
pub(super) fn push_refund(from: &mut Generator, order: &mut Order, amount: Decimal, created_at: Timestamp) {
    let parent_id = order
        .transactions
        .iter()
        .find(|transaction| transaction.kind == "capture")
        .map(|transaction| transaction.id);
    let id = from.new_id(Kind::Transaction);
    let user_id = order.user_id;
    let transaction =
        Transaction { id, kind: "refund".into(), amount: -amount, parent_id, created_at, user_id };
    order.refunds.push(Refund { id: from.new_id(Kind::Refund), created_at, user_id, transaction });
}
