//! An order as Haravan writes it (haravan.md §3).

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::customer::{Address, Customer};
use super::transaction::{Refund, Transaction};
use crate::email::real_email;
use crate::money::{Currency, Money};
use crate::phone::PhoneNumber;
use crate::wire::lenient;

/// An order. `ma_cost_amount` (the shop's cost price, confidential) and all else that is not needed is dropped here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Order {
    /// API id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<i64>,
    /// Visible code, such as `#100131`.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// When the order was placed.
    #[serde(deserialize_with = "lenient::instant")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(deserialize_with = "lenient::instant")]
    pub updated_at: Option<Timestamp>,
    /// `cancelled` or `uncancelled`.
    #[serde(deserialize_with = "lenient::word")]
    pub cancelled_status: Option<String>,
    /// When it was cancelled.
    #[serde(deserialize_with = "lenient::instant")]
    pub cancelled_at: Option<Timestamp>,
    /// See [`Order::payment`].
    #[serde(deserialize_with = "lenient::word")]
    pub financial_status: Option<String>,
    /// What the amounts are counted in; see [`Order::currency`].
    #[serde(deserialize_with = "lenient::text", rename = "currency")]
    pub raw_currency: Option<String>,
    /// The lines' sum, after their own discounts (haravan.md §3.9).
    #[serde(deserialize_with = "lenient::money")]
    pub total_line_items_price: Option<Money>,
    /// What the buyer owes in all.
    #[serde(deserialize_with = "lenient::money")]
    pub total_price: Option<Money>,
    /// Order-level discounts.
    #[serde(deserialize_with = "lenient::money")]
    pub total_discounts: Option<Money>,
    /// Tax.
    #[serde(deserialize_with = "lenient::money")]
    pub total_tax: Option<Money>,
    /// Whether prices contain the tax.
    #[serde(deserialize_with = "lenient::flag")]
    pub taxes_included: Option<bool>,
    /// Display name of the payment gateway.
    #[serde(deserialize_with = "lenient::text")]
    pub gateway: Option<String>,
    /// Code of the payment gateway.
    #[serde(deserialize_with = "lenient::word")]
    pub gateway_code: Option<String>,
    /// Whether the gateway is cash on delivery; mostly not told, or told by a transaction.
    #[serde(deserialize_with = "lenient::flag")]
    pub is_cod_gateway: Option<bool>,
    /// Money movements, in no order to rely on (haravan.md §3.6); see [`Order::movements`].
    #[serde(deserialize_with = "lenient::list")]
    pub transactions: Vec<Transaction>,
    /// Returns of goods or money.
    #[serde(deserialize_with = "lenient::objects")]
    pub refunds: Vec<Refund>,
    /// The buyer; absent for walk-ins.
    #[serde(deserialize_with = "lenient::object")]
    pub customer: Option<Customer>,
    /// The buyer's e-mail on the order.
    #[serde(deserialize_with = "lenient::text", rename = "email")]
    pub raw_email: Option<String>,
    /// The same, under its other name.
    #[serde(deserialize_with = "lenient::text")]
    pub contact_email: Option<String>,
    /// Who pays.
    #[serde(deserialize_with = "lenient::object")]
    pub billing_address: Option<Address>,
    /// Who receives.
    #[serde(deserialize_with = "lenient::object")]
    pub shipping_address: Option<Address>,
    /// What was bought.
    #[serde(deserialize_with = "lenient::list")]
    pub line_items: Vec<LineItem>,
    /// Delivery charges.
    #[serde(deserialize_with = "lenient::list")]
    pub shipping_lines: Vec<ShippingLine>,
    /// Coupons used.
    #[serde(deserialize_with = "lenient::objects")]
    pub discount_codes: Vec<DiscountCode>,
    /// The shop's or the buyer's note.
    #[serde(deserialize_with = "lenient::lines")]
    pub note: Option<String>,
    /// Further fields: invoice data, a marketplace shop's name.
    #[serde(deserialize_with = "lenient::objects")]
    pub note_attributes: Vec<Property>,
    /// Sales channel.
    #[serde(deserialize_with = "lenient::text")]
    pub source_name: Option<String>,
    /// Sales channel under its undocumented name.
    #[serde(deserialize_with = "lenient::text")]
    pub source: Option<String>,
    /// The member of staff who typed the order in; none for storefront orders.
    #[serde(deserialize_with = "lenient::id")]
    pub user_id: Option<i64>,
}

/// One line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LineItem {
    /// Line id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<i64>,
    /// Variant id; none for custom and marketplace lines.
    #[serde(deserialize_with = "lenient::id")]
    pub variant_id: Option<i64>,
    /// Product title with the variant's.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Product title.
    #[serde(deserialize_with = "lenient::text")]
    pub title: Option<String>,
    /// The variant's title, such as `Đỏ / L`.
    #[serde(deserialize_with = "lenient::text")]
    pub variant_title: Option<String>,
    /// Stock keeping unit.
    #[serde(deserialize_with = "lenient::text")]
    pub sku: Option<String>,
    /// Bar code.
    #[serde(deserialize_with = "lenient::text")]
    pub barcode: Option<String>,
    /// Pieces.
    #[serde(deserialize_with = "lenient::decimal")]
    pub quantity: Option<Decimal>,
    /// Net price of one piece, the line's own discount already taken off (haravan.md §3.5).
    #[serde(deserialize_with = "lenient::money")]
    pub price: Option<Money>,
    /// List price of one piece.
    #[serde(deserialize_with = "lenient::money")]
    pub price_original: Option<Money>,
    /// The line's own discount, for all pieces.
    #[serde(deserialize_with = "lenient::money")]
    pub total_discount: Option<Money>,
    /// Why the line is discounted.
    #[serde(deserialize_with = "lenient::objects")]
    pub applied_discounts: Vec<AppliedDiscount>,
    /// Engraving text and the like.
    #[serde(deserialize_with = "lenient::objects")]
    pub properties: Vec<Property>,
}

/// A reason for a line discount.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AppliedDiscount {
    /// In words.
    #[serde(deserialize_with = "lenient::text")]
    pub description: Option<String>,
}

/// An extra field of a line or of the order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Property {
    /// Label.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Value.
    #[serde(deserialize_with = "lenient::text")]
    pub value: Option<String>,
}

/// A delivery charge.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ShippingLine {
    /// Amount.
    #[serde(deserialize_with = "lenient::money")]
    pub price: Option<Money>,
}

/// A coupon.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DiscountCode {
    /// Its code.
    #[serde(deserialize_with = "lenient::text")]
    pub code: Option<String>,
}

impl Property {
    /// Whether Haravan keeps it for itself: such fields mean nothing to people (haravan.md §11).
    pub fn is_internal(&self) -> bool {
        const PREFIX: &str = "x-haravan-";
        self.name
            .as_deref()
            .and_then(|name| name.get(..PREFIX.len()))
            .is_some_and(|name| name.eq_ignore_ascii_case(PREFIX))
    }

    /// What it says in one line; nothing where it has no value.
    pub fn said(&self) -> Option<String> {
        let value = self.value.as_deref()?;
        Some(self.name.as_deref().map_or_else(|| value.to_owned(), |name| format!("{name}: {value}")))
    }
}

impl Order {
    /// What the amounts are counted in: what the order says, else what its transactions say.
    pub fn currency(&self) -> Currency {
        let of_transactions =
            || self.transactions.iter().find_map(|transaction| transaction.currency.as_deref());
        Currency::read(self.raw_currency.as_deref().or_else(of_transactions))
    }

    /// The order with every amount counted in dong, at `rate` dong for one of its currency.
    #[must_use]
    pub fn in_dong(mut self, rate: Decimal) -> Self {
        let from = self.currency();
        let convert = |amount: &mut Option<Money>| *amount = amount.map(|amount| amount * rate);
        for amount in [
            &mut self.total_line_items_price,
            &mut self.total_price,
            &mut self.total_discounts,
            &mut self.total_tax,
        ] {
            convert(amount);
        }
        for line in &mut self.line_items {
            [&mut line.price, &mut line.price_original, &mut line.total_discount]
                .into_iter()
                .for_each(convert);
        }
        self.shipping_lines.iter_mut().for_each(|line| convert(&mut line.price));
        let refunded = self.refunds.iter_mut().flat_map(|refund| &mut refund.transactions);
        for transaction in self.transactions.iter_mut().chain(refunded) {
            // One in another currency than the order's stays what it is, and is not counted.
            if transaction.currency.as_deref().is_none_or(|theirs| Currency::read(Some(theirs)) == from) {
                convert(&mut transaction.amount);
                transaction.currency = None;
            }
        }
        self.raw_currency = Some(Currency::Dong.code().to_owned());
        self
    }

    /// Whether the order was cancelled. The status says so; the date decides only where there is no status, so that a
    /// left-over date never loses an order that lives.
    pub fn is_cancelled(&self) -> bool {
        match self.cancelled_status.as_deref() {
            Some(status) => matches!(status, "cancelled" | "canceled"),
            None => self.cancelled_at.is_some(),
        }
    }

    /// The sales channel picked on Haravan.
    pub fn channel(&self) -> Option<&str> {
        self.source_name.as_deref().or(self.source.as_deref())
    }

    /// The buyer's real e-mail, from the customer, else from the order.
    pub fn email(&self) -> Option<String> {
        self.typed_emails().find_map(real_email)
    }

    /// The number to call about the order: customer, shipping, billing, default address (haravan.md §4).
    pub fn phone(&self) -> Option<PhoneNumber> {
        self.typed_phones().into_iter().find_map(|(phone, country)| PhoneNumber::parse_in(phone, country))
    }

    /// Every phone field that is filled, in the order of [`Order::phone`], with the country of its address.
    pub fn typed_phones(&self) -> Vec<(&str, Option<&str>)> {
        fn of_address(address: Option<&Address>) -> Option<(&str, Option<&str>)> {
            address.and_then(|address| Some((address.phone.as_deref()?, address.country_code.as_deref())))
        }
        let customer = self.customer.as_ref();
        let country = customer.and_then(Customer::address).or(self.address());
        let country = country.and_then(|address| address.country_code.as_deref());
        [
            customer.and_then(|customer| customer.phone.as_deref()).map(|phone| (phone, country)),
            of_address(self.shipping_address.as_ref()),
            of_address(self.billing_address.as_ref()),
            of_address(customer.and_then(|customer| customer.default_address.as_ref())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Every e-mail field that is filled, in the order of [`Order::email`].
    pub fn typed_emails(&self) -> impl Iterator<Item = &str> {
        let own = self.customer.as_ref().and_then(|customer| customer.raw_email.as_deref());
        [own, self.raw_email.as_deref(), self.contact_email.as_deref()].into_iter().flatten()
    }

    /// The buyer's name: customer and their default address, else receiver, else payer.
    pub fn buyer_name(&self) -> Option<String> {
        self.customer
            .as_ref()
            .and_then(Customer::name)
            .or_else(|| self.shipping_address.as_ref().and_then(Address::name))
            .or_else(|| self.billing_address.as_ref().and_then(Address::name))
    }

    /// Where it goes: shipping, else billing, else the customer's address.
    pub fn address(&self) -> Option<&Address> {
        [
            self.shipping_address.as_ref(),
            self.billing_address.as_ref(),
            self.customer.as_ref().and_then(Customer::address),
        ]
        .into_iter()
        .flatten()
        .find(|address| address.one_line().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(json: &str) -> Order {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[test]
    fn the_first_real_phone_wins() {
        let read = order(
            r#"{"customer":{"phone":"","default_address":{"phone":"0900000001"}},"shipping_address":{"phone":"09**"},"billing_address":{"phone":"0900000002"}}"#,
        );
        assert_eq!(read.phone().unwrap().local(), "0900000002");
    }

    #[test]
    fn an_order_of_odd_shapes_still_reads() {
        let read = order(
            r#"{"id":"1791400031","customer":null,"line_items":[null,{"quantity":"2","price":"89000.0000","properties":null}],"transactions":null,"taxes_included":"false","shipping_address":[]}"#,
        );
        assert_eq!(read.id, Some(1_791_400_031));
        assert_eq!(read.line_items.len(), 1);
        assert_eq!(read.taxes_included, Some(false));
    }
}
