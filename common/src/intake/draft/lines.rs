//! Lines of the order (getfly.md §5, §6.1; haravan.md §3.5).

use std::fmt::Write as _;

use rust_decimal::Decimal;
use sha2::{Digest as _, Sha256};

use super::Missing;
use crate::getfly::order::OrderLine;
use crate::haravan::order::{LineItem, Order, Property};
use crate::intake::buyer::NAME_LIMIT;
use crate::money::{Currency, Money};
use crate::settings::Settings;
use crate::text::{cut, fold};

/// Longest product code, in characters; a longer one is cut and told from others by a digest.
const CODE_LIMIT: usize = 100;

/// The order's lines, and what could not be one.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) lines: Vec<OrderLine>,
    pub(super) warnings: Vec<&'static str>,
    /// Lines that became a part of the discount, in words, and their sum.
    pub(super) terms: Vec<String>,
    pub(super) taken_off: Money,
}

/// Carries over what can be carried over. A line without pieces is left out. A line below nothing is taken off the total,
/// where it becomes a part of the discount ([`super::amounts`]): the CRM takes no negative price.
///
/// # Errors
/// [`Missing`]: no lines, or one whose price or quantity nothing tells; guessing would make a wrong bill.
pub(super) fn lines(order: &Order, settings: &Settings, currency: &Currency) -> Result<Lines, Missing> {
    let mut read = Lines::default();
    for (at, item) in (1..).zip(&order.line_items) {
        let name = cut(item.name.as_deref().or(item.title.as_deref()).unwrap_or_default(), NAME_LIMIT);
        let unknown = || Missing::LineAmount { at, name: name.clone() };
        let quantity = item.quantity.ok_or_else(unknown)?;
        if quantity.is_zero() {
            read.warn("line_without_quantity");
            continue;
        }
        let price = match item.price {
            Some(price) => price,
            None => {
                read.warn("line_price_derived");
                derived_price(order, item, quantity).ok_or_else(unknown)?
            }
        };
        let worth = price * quantity;
        if worth < Money::ZERO {
            read.warn("negative_line_in_discount");
            read.terms.push(format!("Dòng {at} ({name}): {} (ghi vào giảm giá)", worth.said(currency)));
            read.taken_off = read.taken_off - worth;
            continue;
        }
        let code = product_code(item, at);
        read.lines.push(OrderLine {
            product_name: if name.is_empty() { code.clone() } else { name },
            product_code: code,
            unit_name: settings.unit_name.clone(),
            // A negative number of pieces at a negative price is worth what the positive ones are.
            quantity: quantity.abs(),
            price: Money(price.0.abs()),
            note: line_note(item),
        });
    }
    if read.lines.is_empty() { Err(Missing::Lines) } else { Ok(read) }
}

impl Lines {
    fn warn(&mut self, warning: &'static str) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// The price of a line that does not say it: the list price less the line's discount, else what the lines' sum leaves for
/// it when every other line says its price.
fn derived_price(order: &Order, item: &LineItem, quantity: Decimal) -> Option<Money> {
    let piece = |sum: Money| Some(Money(sum.0.checked_div(quantity)?));
    if let Some(original) = item.price_original {
        return Some(original - piece(item.total_discount.unwrap_or_default())?);
    }
    let sum = order.total_line_items_price?;
    let mut others = Money::ZERO;
    for other in order.line_items.iter().filter(|other| !std::ptr::eq(*other, item)) {
        others = others + other.price? * other.quantity?;
    }
    piece(sum - others).filter(|price| *price >= Money::ZERO)
}

/// Variant's SKU, else its bar code, else a code of our own (getfly.md §5): the variant's id, or a digest of what the thing
/// is called, so that the same thing is the same product in every order.
fn product_code(item: &LineItem, at: usize) -> String {
    if let Some(code) = item.sku.as_deref().or(item.barcode.as_deref()) {
        return if code.chars().count() > CODE_LIMIT {
            format!("{}-{}", cut(code, CODE_LIMIT - 17), digest(code))
        } else {
            code.to_owned()
        };
    }
    if let Some(variant) = item.variant_id {
        return format!("HRV-{variant}");
    }
    let identity = identity(item);
    match (identity.is_empty(), item.id) {
        (false, _) => format!("HRV-{}", digest(&identity)),
        (true, Some(line)) => format!("HRV-CUSTOM-{line}"),
        (true, None) => format!("HRV-CUSTOM-{at}"),
    }
}

/// What a thing is called, in small letters: its name, which is title and variant in one (haravan.md §3.5).
fn identity(item: &LineItem) -> String {
    let variant = item.variant_title.as_deref().filter(|text| !text.eq_ignore_ascii_case("Default Title"));
    let name = item.name.clone().or_else(|| match (&item.title, variant) {
        (Some(title), Some(variant)) => Some(format!("{title} - {variant}")),
        (title, _) => title.clone(),
    });
    fold(&name.unwrap_or_default())
}

/// Sixteen hexadecimal digits.
fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

fn line_note(item: &LineItem) -> Option<String> {
    let shown = item.properties.iter().filter(|property| !property.is_internal());
    let mut parts: Vec<String> = shown.filter_map(Property::said).collect();
    if let Some(saved) = item.total_discount.filter(|saved| saved.is_positive()) {
        let original = item.price_original.map(|price| format!("giá gốc {price}, ")).unwrap_or_default();
        let why: Vec<&str> =
            item.applied_discounts.iter().filter_map(|discount| discount.description.as_deref()).collect();
        let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
        parts.push(format!("{original}giảm {saved}{why}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}
