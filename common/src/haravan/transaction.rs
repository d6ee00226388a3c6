//! Money movements of an order, as Haravan writes them (haravan.md §3.6, §3.7).

use jiff::Timestamp;
use serde::Deserialize;

use crate::money::Money;
use crate::wire::lenient;

/// A money movement.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Transaction {
    /// API id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<i64>,
    /// The transaction that it belongs to: of a refund, what is given back.
    #[serde(deserialize_with = "lenient::id")]
    pub parent_id: Option<i64>,
    /// `pending`, `authorization`, `capture`, `sale`, `void` or `refund`.
    #[serde(deserialize_with = "lenient::word")]
    pub kind: Option<String>,
    /// Amount; negative for refunds.
    #[serde(deserialize_with = "lenient::money")]
    pub amount: Option<Money>,
    /// What the amount is counted in; nothing where it is the order's.
    #[serde(deserialize_with = "lenient::text")]
    pub currency: Option<String>,
    /// Nothing inside most orders; else a word for how it ended.
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// Display name of the gateway.
    #[serde(deserialize_with = "lenient::text")]
    pub gateway: Option<String>,
    /// Whether the gateway is cash on delivery; mostly not told.
    #[serde(deserialize_with = "lenient::flag")]
    pub is_cod_gateway: Option<bool>,
    /// When it happened.
    #[serde(deserialize_with = "lenient::instant")]
    pub created_at: Option<Timestamp>,
}

/// A return of goods or money.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Refund {
    /// The money given back; mostly copies of the order's own transactions.
    #[serde(deserialize_with = "lenient::objects")]
    pub transactions: Vec<Transaction>,
}
