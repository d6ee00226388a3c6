//! What was paid, and by what method (getfly.md §7.2; haravan.md §3.6, §3.10).

use super::vietnam_day;
use crate::getfly::order::Payment;
use crate::haravan::order::{self as haravan, Order, Transaction};
use crate::id::OrderId;
use crate::money::Money;
use crate::settings::Settings;

pub(super) struct Log {
    pub(super) log: Option<Payment>,
    pub(super) warning: Option<&'static str>,
}

/// The payment log (getfly.md §7.2): the total when paid, the sum received when partly paid, nothing otherwise.
pub(super) fn payment(order: &Order, id: OrderId, settings: &Settings) -> Log {
    let received: Vec<&Transaction> =
        order.transactions.iter().filter(|transaction| transaction.is_received()).collect();
    let captured: Money = received.iter().filter_map(|transaction| transaction.amount).sum();
    let amount = match order.payment() {
        haravan::Payment::Paid => order.total_price.unwrap_or(captured),
        haravan::Payment::PartlyPaid => captured,
        haravan::Payment::Unpaid | haravan::Payment::Void => return Log { log: None, warning: None },
    };
    if !amount.is_positive() {
        let unknown = order.payment() == haravan::Payment::PartlyPaid;
        return Log { log: None, warning: unknown.then_some("paid_amount_unknown") };
    }
    let last = received.iter().max_by_key(|transaction| (transaction.created_at, transaction.id));
    let gateway = last.and_then(|transaction| transaction.gateway.as_deref()).or(order.gateway.as_deref());
    let cash = gateway.is_some_and(|name| name.to_lowercase().contains("cod")) || order.is_cash_on_delivery();
    let name = order.name.clone().unwrap_or_else(|| id.to_string());
    let transaction =
        last.and_then(|transaction| transaction.id).map(|id| format!(", giao dịch {id}")).unwrap_or_default();
    let paid_at =
        last.and_then(|transaction| transaction.created_at).or(order.updated_at).or(order.created_at);
    let log = paid_at.map(|paid_at| Payment {
        method_name: method(order.gateway_code.as_deref(), gateway, cash, settings)
            .unwrap_or_else(|| settings.transfer_method.clone()),
        amount,
        description: format!("Haravan {name}: {}{transaction}", gateway.unwrap_or("đã thanh toán")),
        pay_date: vietnam_day(paid_at),
    });
    let undated = log.is_none();
    Log { log, warning: undated.then_some("payment_date_unknown") }
}

/// The CRM's payment method: the tenant's map by code, then by name; else cash for cash on delivery and transfer for
/// the rest; nothing when the gateway is not known.
pub(super) fn method(
    code: Option<&str>,
    name: Option<&str>,
    cash: bool,
    settings: &Settings,
) -> Option<String> {
    match (settings.gateway_method(code, name), code.or(name)) {
        (Some(method), _) => Some(method.to_owned()),
        (None, Some(_)) if cash => Some(settings.cash_method.clone()),
        (None, Some(_)) => Some(settings.transfer_method.clone()),
        (None, None) => None,
    }
}
