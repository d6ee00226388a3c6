//! What the simulated shop remembers about customers and orders; the bodies are drawn from it.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::invented::Place;
use super::spec::{Payment, RefundPlace};
use super::style::BodyStyle;

/// Something of the shop that has an id and is listed by time.
pub(super) trait Record {
    fn id(&self) -> i64;
    fn created_at(&self) -> Timestamp;
    fn updated_at(&self) -> Timestamp;
}

impl Record for Customer {
    fn id(&self) -> i64 {
        self.id
    }
    fn created_at(&self) -> Timestamp {
        self.created_at
    }
    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

impl Record for Order {
    fn id(&self) -> i64 {
        self.id
    }
    fn created_at(&self) -> Timestamp {
        self.created_at
    }
    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

/// An address, of a customer or of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Address {
    pub id: i64,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub address1: Option<String>,
    pub zip: Option<String>,
    pub place: Option<Place>,
    pub with_district: bool,
}

/// A customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Customer {
    pub id: i64,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub gender: Option<u8>,
    pub birthday: Option<Date>,
    pub accepts_marketing: bool,
    pub enabled: bool,
    /// The address book; the first one is the default.
    pub addresses: Vec<Address>,
    pub tags: Option<String>,
    pub note: Option<String>,
    pub orders_count: i64,
    pub total_spent: Decimal,
    pub last_order: Option<LastOrder>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub style: BodyStyle,
}

/// A customer's latest order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LastOrder {
    pub id: i64,
    pub name: String,
    pub at: Timestamp,
}

/// One line of an order; `price` is net of the line's own discount (haravan.md §3.5).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub id: i64,
    pub product_id: Option<i64>,
    pub variant_id: Option<i64>,
    pub title: String,
    pub variant_title: String,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    pub vendor: Option<String>,
    pub kind: Option<String>,
    pub image: Option<String>,
    pub grams: Decimal,
    pub cost: Decimal,
    pub quantity: u32,
    pub price: Decimal,
    pub price_original: Decimal,
    pub total_discount: Decimal,
    pub property: Option<(String, String)>,
    pub fulfilled: bool,
}

/// One money movement (haravan.md §3.6).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Transaction {
    pub id: i64,
    pub kind: Cow<'static, str>,
    pub amount: Decimal,
    pub parent_id: Option<i64>,
    pub created_at: Timestamp,
    pub user_id: i64,
    /// Its own gateway, when it is not the order's.
    #[serde(default)]
    pub gateway: Option<String>,
    /// How it ended, where an order's body says it.
    #[serde(default)]
    pub status: Option<String>,
}

impl Transaction {
    /// Whether it brought money.
    fn is_receipt(&self) -> bool {
        matches!(self.kind.as_ref(), "capture" | "sale") && went_through(self.status.as_deref())
    }
}

/// Whether a payment that ended like this moved money.
pub(super) fn went_through(status: Option<&str>) -> bool {
    matches!(status, None | Some("success" | "Thành công"))
}

/// A return of money.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Refund {
    pub id: i64,
    pub created_at: Timestamp,
    pub user_id: i64,
    pub transaction: Transaction,
    #[serde(default)]
    pub place: RefundPlace,
}

/// A discount code as used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct UsedCode {
    pub code: String,
    pub amount: Decimal,
    pub kind: Cow<'static, str>,
}

/// Where the visitor came from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Visit {
    pub landing_site: Option<String>,
    pub referring_site: Option<String>,
    pub utm_source: Option<String>,
    pub utm_medium: Option<String>,
}

/// An order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub id: i64,
    pub name: String,
    pub token: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub cancel_reason: Option<String>,
    pub payment: Payment,
    pub fulfilled: bool,
    pub gateway: Option<String>,
    pub gateway_code: Option<String>,
    pub source: Option<String>,
    pub visit: Visit,
    /// The buyer's record as it stood when the order last changed.
    pub customer: Option<Customer>,
    pub email: Option<String>,
    pub billing: Option<Address>,
    pub shipping: Option<Address>,
    pub lines: Vec<Line>,
    pub shipping_title: Option<String>,
    pub shipping_price: Decimal,
    pub codes: Vec<UsedCode>,
    pub transactions: Vec<Transaction>,
    pub refunds: Vec<Refund>,
    pub note: Option<String>,
    pub tags: Option<String>,
    /// `note_attributes`, marketplace data and padding.
    pub attributes: Vec<(String, String)>,
    pub tax_percent: u32,
    pub user_id: i64,
    pub confirm_user: Option<i64>,
    pub location_id: i64,
    pub location_name: String,
    pub style: BodyStyle,
}

impl Order {
    /// Σ price × quantity (haravan.md §3.9).
    pub(super) fn subtotal(&self) -> Decimal {
        self.lines.iter().map(|line| line.price * Decimal::from(line.quantity)).sum()
    }

    /// Σ discount codes.
    pub(super) fn discounts(&self) -> Decimal {
        self.codes.iter().map(|code| code.amount).sum()
    }

    /// What the buyer pays: subtotal − discounts + shipping.
    pub(super) fn total(&self) -> Decimal {
        self.subtotal() - self.discounts() + self.shipping_price
    }

    /// The tax contained in the prices; no part of the sums.
    pub(super) fn tax(&self) -> Decimal {
        let rate = Decimal::from(self.tax_percent.min(100));
        (self.subtotal() * rate / (rate + Decimal::ONE_HUNDRED)).round_dp(4)
    }

    /// Σ grams × quantity.
    pub(super) fn weight(&self) -> Decimal {
        self.lines.iter().map(|line| line.grams * Decimal::from(line.quantity)).sum()
    }

    /// What has been received and not returned.
    pub(super) fn received(&self) -> Decimal {
        let captured: Decimal = self
            .transactions
            .iter()
            .filter(|transaction| transaction.is_receipt())
            .map(|transaction| transaction.amount)
            .sum();
        let returned: Decimal = self.refunds.iter().map(|refund| refund.transaction.amount).sum();
        captured + returned
    }
}
