//! A Haravan order as a Getfly order (getfly.md §6.1, §6.4, §7.2; haravan.md §3).

mod amounts;
mod currency;
mod lines;
mod payments;
mod terms;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use rust_decimal::Decimal;

use amounts::{Amounts, amounts};
use currency::booked;
use lines::lines;
use payments::{method, payments};
use terms::terms;

use super::buyer::{Buyer, NAME_LIMIT};
use crate::fault::Said;
use crate::getfly;
use crate::getfly::order::{NewOrder, OrderAccount};
use crate::haravan::order::Order;
use crate::id::OrderId;
use crate::money::{Currency, Money};
use crate::phone::PhoneNumber;
use crate::reason;
use crate::settings::Settings;
use crate::text::cut;

/// Totals are rounded to whole dong, parts of them are not (haravan.md §3.1): less than this is no difference.
const ROUNDING: Money = Money(Decimal::ONE);

/// Most lines and most transactions of an order, refunds included.
const MOST_LINES: usize = 2000;
const MOST_TRANSACTIONS: usize = 200;

/// Longest phone text that goes over as it was typed, in characters.
const PHONE_LIMIT: usize = 50;

/// An order ready to be sent, but for its account and assignee.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The body.
    pub order: NewOrder,
    /// What the amounts are counted in.
    pub currency: Currency,
    /// What is owed according to Haravan, counted in that.
    total: Option<Money>,
    /// What a person should know, as codes.
    pub warnings: Vec<&'static str>,
}

/// What an order cannot go without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// No lines at all.
    Lines,
    /// A line whose price or quantity is not there; guessing would make a wrong bill.
    LineAmount {
        /// Which, counted from 1.
        at: usize,
        /// The product's name; may be empty.
        name: String,
    },
    /// More lines or transactions than any real order has. Reading them takes time that grows with their square.
    TooLong,
    /// It is in a currency for which the tenant has set no rate.
    Rate {
        /// The currency's code.
        code: String,
        /// The total in words.
        total: Option<String>,
    },
}

impl Missing {
    /// The reason code with which the order is set aside.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Lines | Self::LineAmount { .. } | Self::TooLong => reason::INCOMPLETE,
            Self::Rate { .. } => reason::FOREIGN_CURRENCY,
        }
    }

    /// What is wrong, for the admin.
    pub fn said(&self) -> Said {
        match self {
            Self::Lines => Said::new("Đơn không có dòng hàng nào", "The order has no lines"),
            Self::LineAmount { at, name } => Said::new(
                format!("Dòng {at} ({name}) thiếu giá hoặc số lượng"),
                format!("Line {at} ({name}) has no price or no quantity"),
            ),
            Self::TooLong => Said::new(
                "Đơn có quá nhiều dòng hàng hoặc giao dịch",
                "The order has too many lines or transactions",
            ),
            Self::Rate { code, total } => {
                let total = total.as_deref().unwrap_or(code);
                Said::new(
                    format!(
                        "Đơn tính bằng {code}, tổng {total}: hãy nhập tỷ giá {code} trong cài đặt rồi thử lại"
                    ),
                    format!(
                        "The order is in {code}, its total is {total}: set a rate for {code} in the settings, then try again"
                    ),
                )
            }
        }
    }
}

/// The CRM's code of an order: deterministic, so that it is found again (getfly.md §0).
pub fn order_code(id: OrderId) -> String {
    format!("HRV-{id}")
}

/// Drafts the CRM's order. When Haravan's own dates cannot be read, the time at which its body arrived stands in.
///
/// # Errors
/// [`Missing`] names what the order cannot go without.
pub fn order(
    order: &Order,
    id: OrderId,
    buyer: &Buyer,
    settings: &Settings,
    shop_domain: Option<&str>,
    received_at: Timestamp,
) -> Result<Draft, Missing> {
    let refunded = order.refunds.iter().map(|refund| refund.transactions.len()).sum::<usize>();
    if order.line_items.len() > MOST_LINES || order.transactions.len() + refunded > MOST_TRANSACTIONS {
        return Err(Missing::TooLong);
    }
    let booked = booked(order, settings)?;
    let order = booked.order.as_ref();
    let lines = lines(order, settings, &booked.currency)?;
    let amounts = amounts(order, &lines.lines, lines.taken_off);
    let log = payments(order, id, settings, received_at);
    let terms = terms(
        order,
        id,
        shop_domain,
        booked.term.into_iter().chain(lines.terms).chain(surcharge(&amounts, &booked.currency)),
    );
    let mut warnings = amounts.warnings;
    warnings.extend(booked.warning);
    warnings.extend(lines.warnings);
    if order.created_at.is_none() {
        warnings.push("order_date_unknown");
    }
    warnings.extend(log.warnings);
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
        order_date: vietnam_day(order.created_at.or(order.updated_at).unwrap_or(received_at)),
        assigned_username: None,
        order_source_name: order.channel().map(|channel| settings.source_of(channel)),
        saved_order_details: lines.lines,
        order_terms: terms,
        discount_amount: amounts.discount,
        vat_amount: amounts.tax,
        transport_amount: amounts.shipping,
        installation_amount: amounts.surcharge,
        payment_method_name: method(order, None, settings),
        saved_sale_order_payments: log.entries,
        is_auto_approve: u8::from(settings.auto_approve),
    };
    Ok(Draft { order: new, total: order.total_price, currency: booked.currency, warnings })
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

/// What the CRM shows as installation, in words.
fn surcharge(amounts: &Amounts, currency: &Currency) -> Option<String> {
    amounts.surcharge.map(|sum| format!("Phụ thu: {} (CRM ghi ở phí lắp đặt)", sum.said(currency)))
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
