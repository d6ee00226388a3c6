//! Sale orders (getfly.md §6, §7).

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use super::answer::{decimal, text};
use crate::money::{Money, serialize_decimal};

/// An order to be created. Only amounts are sent, never percentages: a percentage would win over an amount
/// (getfly.md §6.4, §15 U15).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewOrder {
    /// The buyer.
    pub account: OrderAccount,
    /// `HRV-{Haravan order id}`.
    pub order_code: String,
    /// `YYYY-MM-DD`, Vietnam's day.
    pub order_date: String,
    /// Assignee's login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_username: Option<String>,
    /// Sales channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_source_name: Option<String>,
    /// Lines.
    pub saved_order_details: Vec<OrderLine>,
    /// Printed terms: reference, link, note, coupons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order_terms: Vec<Term>,
    /// Order-level discount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_amount: Option<Money>,
    /// Tax on top of the prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_amount: Option<Money>,
    /// Shipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_amount: Option<Money>,
    /// What the total holds beyond lines, tax and shipping. The CRM calls it installation; it has no other sum on top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installation_amount: Option<Money>,
    /// Planned payment method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_method_name: Option<String>,
    /// The payment log.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub saved_sale_order_payments: Vec<Payment>,
    /// 1 approves the order as it is made.
    pub is_auto_approve: u8,
}

/// The buyer, as noted on the order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderAccount {
    /// Which customer: always sent (getfly.md §15 U6).
    pub account_code: String,
    /// Name.
    pub account_name: String,
    /// Contact's name.
    pub contact_name: String,
    /// Phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_phone: Option<String>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_email: Option<String>,
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_address: Option<String>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderLine {
    /// Product code.
    pub product_code: String,
    /// Product name.
    pub product_name: String,
    /// Unit.
    pub unit_name: String,
    /// Pieces.
    #[serde(serialize_with = "serialize_decimal")]
    pub quantity: Decimal,
    /// Price of one piece.
    pub price: Money,
    /// Note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A printed term.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// Its text.
    pub term_content: String,
}

/// An entry of the payment log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Payment {
    /// Payment method.
    pub method_name: String,
    /// Amount.
    pub amount: Money,
    /// What it was.
    pub description: String,
    /// `YYYY-MM-DD`, Vietnam's day.
    pub pay_date: String,
}

impl NewOrder {
    /// Leaves out what a refusal named, as far as the order stays what it is. `None` when nothing could be.
    pub fn without(&self, fields: &[String]) -> Option<(Self, Vec<&'static str>)> {
        let mut slim = self.clone();
        let mut left_out = Vec::new();
        for field in fields {
            match field.split('.').next().unwrap_or_default() {
                "assigned_username" | "assigned_user" => {
                    slim.assigned_username = None;
                    left_out.push("without_assignee");
                }
                "source" | "source_name" | "source_code" | "order_source_name" => {
                    slim.order_source_name = None;
                    left_out.push("without_source");
                }
                "payment_method_name" => {
                    slim.payment_method_name = None;
                    left_out.push("without_payment_method");
                }
                _ => {}
            }
        }
        left_out.sort_unstable();
        left_out.dedup();
        (slim != *self).then_some((slim, left_out))
    }

    /// The order of this customer.
    #[must_use]
    pub fn for_account(&self, code: String) -> Self {
        let mut order = self.clone();
        order.account.account_code = code;
        order
    }

    /// The order with its assignee.
    #[must_use]
    pub fn assigned_to(self, login: Option<String>) -> Self {
        Self { assigned_username: login, ..self }
    }

    /// What the CRM will make of it (getfly.md §6.4).
    pub fn expected_total(&self) -> Money {
        let lines: Money = self.saved_order_details.iter().map(|line| line.price * line.quantity).sum();
        let or_zero = Option::unwrap_or_default;
        lines - or_zero(self.discount_amount)
            + or_zero(self.vat_amount)
            + or_zero(self.transport_amount)
            + or_zero(self.installation_amount)
    }
}

/// An order that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The customer's code, where the CRM tells it.
    pub account_code: Option<String>,
    /// Total.
    pub real_amount: Option<Decimal>,
    /// Paid so far.
    pub paid_amount: Option<Decimal>,
}

impl Order {
    /// Reads a record; `None` unless it is the order of this code.
    pub fn read(record: &Value, code: &str) -> Option<Self> {
        (text(record, "order_code")? == code).then(|| Self {
            account_code: text(record, "account_code"),
            real_amount: decimal(record, "real_amount"),
            paid_amount: decimal(record, "f_amount"),
        })
    }
}

/// A product to be made for an order line whose product the CRM does not know (getfly.md §5, §15 U4).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewProduct {
    /// Name.
    pub product_name: String,
    /// Code.
    pub product_code: String,
    /// Unit.
    pub unit_name: String,
    /// Category.
    pub category_name: String,
    /// Origin.
    pub origin_name: String,
    /// Manufacturer.
    pub manufacturer_name: String,
    /// List price.
    pub cover_price: Money,
}
