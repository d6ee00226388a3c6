//! Lines of the order (getfly.md §5, §6.1; haravan.md §3.5).

use super::Missing;
use crate::getfly::order::OrderLine;
use crate::haravan::order::{LineItem, Order};
use crate::intake::buyer::NAME_LIMIT;
use crate::settings::Settings;
use crate::text::cut;

pub(super) fn lines(order: &Order, settings: &Settings) -> Result<Vec<OrderLine>, Missing> {
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
