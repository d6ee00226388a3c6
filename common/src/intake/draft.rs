//! A Haravan order as a Getfly order (getfly.md §6.1, §6.4, §7.2; haravan.md §3).

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::buyer::{Buyer, NAME_LIMIT};
use crate::getfly;
use crate::getfly::order::{NewOrder, OrderAccount, OrderLine, Payment, Term};
use crate::haravan::order::{self as haravan, LineItem, Order, Transaction};
use crate::id::OrderId;
use crate::money::Money;
use crate::phone::PhoneNumber;
use crate::settings::Settings;
use crate::text::cut;

/// Longest phone text that goes over as it was typed, in characters.
const PHONE_LIMIT: usize = 50;

/// An order ready to be sent, but for its account and assignee.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The body.
    pub order: NewOrder,
    /// What is owed according to Haravan.
    total: Option<Money>,
    /// What a person should know, as codes.
    pub warnings: Vec<&'static str>,
}

/// What an order cannot go without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// No lines at all.
    #[error("the order has no lines")]
    Lines,
    /// A line whose price or quantity is not there; guessing would make a wrong bill.
    #[error("line {0} has no price or no quantity")]
    LineAmount(usize),
}

/// The CRM's code of an order: deterministic, so that it is found again (getfly.md §0).
pub fn order_code(id: OrderId) -> String {
    format!("HRV-{id}")
}

/// Drafts the CRM's order.
///
/// # Errors
/// [`Missing`] names what the order cannot go without.
pub fn order(
    order: &Order,
    id: OrderId,
    buyer: &Buyer,
    settings: &Settings,
    shop_domain: Option<&str>,
) -> Result<Draft, Missing> {
    let lines = lines(order, settings)?;
    let amounts = amounts(order, &lines);
    let payment = payment(order, id, settings);
    let mut warnings = amounts.warnings;
    warnings.extend(payment.warning);
    warnings.extend(&buyer.unreadable);
    let new = NewOrder {
        account: OrderAccount {
            account_code: String::new(),
            account_name: buyer.name.clone(),
            contact_name: contact_name(order, buyer),
            account_phone: account_phone(order),
            account_email: buyer.email.clone(),
            account_address: order.address().and_then(haravan_address),
        },
        order_code: order_code(id),
        order_date: order.created_at.map(vietnam_day),
        assigned_username: None,
        order_source_name: order.channel().map(|channel| settings.source_of(channel)),
        saved_order_details: lines,
        order_terms: terms(order, id, shop_domain),
        discount_amount: amounts.discount,
        vat_amount: amounts.tax,
        transport_amount: amounts.shipping,
        payment_method_name: method(
            order.gateway_code.as_deref(),
            order.gateway.as_deref(),
            order.is_cash_on_delivery(),
            settings,
        ),
        saved_sale_order_payments: payment.log.into_iter().collect(),
        is_auto_approve: u8::from(settings.auto_approve),
    };
    Ok(Draft { order: new, total: order.total_price, warnings })
}

impl Draft {
    /// How the CRM's order differs from Haravan's, as warning codes.
    pub fn differences(&self, there: &getfly::order::Order) -> Vec<&'static str> {
        let mut told = Vec::new();
        if let (Some(total), Some(real)) = (self.total, there.real_amount)
            && total.0 != real
        {
            told.push("total_differs_in_crm");
        }
        let paid: Money = self.order.saved_sale_order_payments.iter().map(|payment| payment.amount).sum();
        if paid.is_positive() && there.paid_amount.is_none_or(|amount| amount < paid.0) {
            told.push("payment_not_counted_in_crm");
        }
        told
    }
}

fn haravan_address(address: &crate::haravan::customer::Address) -> Option<String> {
    address.one_line()
}

/// The number to call; where none could be read, what was typed, unless Haravan masked it: a person may know better.
fn account_phone(order: &Order) -> Option<String> {
    let as_typed = || {
        let typed = order.typed_phones();
        let shown = typed.iter().map(|(phone, _)| *phone);
        let mut shown =
            shown.filter(|phone| phone.contains(|c: char| c.is_ascii_digit()) && !phone.contains('*'));
        shown.next().map(|phone| cut(phone, PHONE_LIMIT))
    };
    order.phone().as_ref().map(PhoneNumber::local).or_else(as_typed)
}

fn contact_name(order: &Order, buyer: &Buyer) -> String {
    let receiver = order.shipping_address.as_ref().and_then(crate::haravan::customer::Address::name);
    receiver.map_or_else(|| buyer.name.clone(), |name| cut(&name, NAME_LIMIT))
}

/// Vietnam's calendar day, `YYYY-MM-DD`: the CRM's times are UTC+7 (getfly.md §2.4).
fn vietnam_day(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::fixed(Offset::constant(7))).date().to_string()
}

fn lines(order: &Order, settings: &Settings) -> Result<Vec<OrderLine>, Missing> {
    if order.line_items.is_empty() {
        return Err(Missing::Lines);
    }
    let line = |(at, item): (usize, &LineItem)| {
        let (Some(quantity), Some(price)) = (item.quantity, item.price) else {
            return Err(Missing::LineAmount(at));
        };
        let code = product_code(item, at);
        let name = item.name.as_deref().or(item.title.as_deref()).unwrap_or(&code);
        Ok(OrderLine {
            product_name: cut(name, NAME_LIMIT),
            product_code: code,
            unit_name: settings.unit_name.clone(),
            quantity,
            price,
            note: line_note(item),
        })
    };
    order.line_items.iter().enumerate().map(|(at, item)| line((at + 1, item))).collect()
}

/// Variant's SKU, else its bar code, else a code of our own (getfly.md §5).
fn product_code(item: &LineItem, at: usize) -> String {
    let own = || match (item.variant_id, item.id) {
        (Some(variant), _) => format!("HRV-{variant}"),
        (None, Some(line)) => format!("HRV-CUSTOM-{line}"),
        (None, None) => format!("HRV-CUSTOM-{at}"),
    };
    item.sku.clone().or_else(|| item.barcode.clone()).unwrap_or_else(own)
}

fn line_note(item: &LineItem) -> Option<String> {
    let mut parts: Vec<String> = item
        .properties
        .iter()
        .filter_map(|property| match (&property.name, &property.value) {
            (Some(name), Some(value)) => Some(format!("{name}: {value}")),
            (None, Some(value)) => Some(value.clone()),
            _ => None,
        })
        .collect();
    if let Some(saved) = item.total_discount.filter(|saved| saved.is_positive()) {
        let original = item.price_original.map(|price| format!("giá gốc {price}, ")).unwrap_or_default();
        let why: Vec<&str> =
            item.applied_discounts.iter().filter_map(|discount| discount.description.as_deref()).collect();
        let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
        parts.push(format!("{original}giảm {saved}{why}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

struct Amounts {
    discount: Option<Money>,
    tax: Option<Money>,
    shipping: Option<Money>,
    warnings: Vec<&'static str>,
}

/// Amounts with which the CRM's own arithmetic gives Haravan's total (getfly.md §6.4): the discount is derived, not
/// copied, because parts of it are inside the lines' prices already.
fn amounts(order: &Order, lines: &[OrderLine]) -> Amounts {
    let subtotal: Money = lines.iter().map(|line| line.price * line.quantity).sum();
    let shipping: Money = order.shipping_lines.iter().filter_map(|line| line.price).sum();
    let told = order.total_discounts.unwrap_or_default();
    let tax = order.total_tax.filter(|tax| {
        let on_top = order.taxes_included == Some(false) && tax.is_positive();
        // Only when the total really contains it.
        on_top && order.total_price == Some(subtotal - told + shipping + *tax)
    });
    let mut warnings = Vec::new();
    let discount = match order.total_price {
        None => {
            warnings.push("total_unknown");
            told
        }
        Some(total) => subtotal + shipping + tax.unwrap_or_default() - total,
    };
    if discount < Money::ZERO {
        warnings.push("total_is_more_than_its_parts");
    }
    let positive = |amount: Money| amount.is_positive().then_some(amount);
    Amounts { discount: positive(discount), tax, shipping: positive(shipping), warnings }
}

struct Log {
    log: Option<Payment>,
    warning: Option<&'static str>,
}

/// The payment log (getfly.md §7.2): the total when paid, the sum received when partly paid, nothing otherwise.
fn payment(order: &Order, id: OrderId, settings: &Settings) -> Log {
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
fn method(code: Option<&str>, name: Option<&str>, cash: bool, settings: &Settings) -> Option<String> {
    match (settings.gateway_method(code, name), code.or(name)) {
        (Some(method), _) => Some(method.to_owned()),
        (None, Some(_)) if cash => Some(settings.cash_method.clone()),
        (None, Some(_)) => Some(settings.transfer_method.clone()),
        (None, None) => None,
    }
}

fn terms(order: &Order, id: OrderId, shop_domain: Option<&str>) -> Vec<Term> {
    let name = order.name.clone().unwrap_or_else(|| id.to_string());
    let mut terms = vec![format!("Đơn Haravan {name}")];
    if let Some(domain) = shop_domain {
        terms.push(format!("Liên kết: https://{domain}/admin/orders/{id}"));
    }
    if let Some(note) = &order.note {
        terms.push(format!("Ghi chú: {note}"));
    }
    let codes: Vec<&str> =
        order.discount_codes.iter().filter_map(|discount| discount.code.as_deref()).collect();
    if !codes.is_empty() {
        terms.push(format!("Mã giảm giá: {}", codes.join(", ")));
    }
    terms.into_iter().map(|term_content| Term { term_content }).collect()
}
