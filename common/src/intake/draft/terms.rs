//! What the order says in words.

use crate::getfly::order::Term;
use crate::haravan::order::{Order, Property};
use crate::id::OrderId;
use crate::text::cut;

/// Most further fields of an order that are shown, and the longest text of one, in characters.
const FIELDS: usize = 20;
const FIELD_LIMIT: usize = 500;

/// The order's terms: what it is, `told` beside its amounts, its note, coupons and further fields.
pub(super) fn terms(
    order: &Order,
    id: OrderId,
    shop_domain: Option<&str>,
    told: impl IntoIterator<Item = String>,
) -> Vec<Term> {
    let name = order.name.clone().unwrap_or_else(|| id.to_string());
    let mut terms = vec![format!("Đơn Haravan {name}")];
    if let Some(domain) = shop_domain {
        terms.push(format!("Liên kết: https://{domain}/admin/orders/{id}"));
    }
    terms.extend(told);
    if let Some(note) = &order.note {
        terms.push(format!("Ghi chú: {note}"));
    }
    let codes: Vec<&str> =
        order.discount_codes.iter().filter_map(|discount| discount.code.as_deref()).collect();
    if !codes.is_empty() {
        terms.push(format!("Mã giảm giá: {}", codes.join(", ")));
    }
    let fields = order.note_attributes.iter().filter_map(said);
    terms.extend(fields.take(FIELDS).map(|field| cut(&field, FIELD_LIMIT)));
    terms.into_iter().map(|term_content| Term { term_content }).collect()
}

/// The marketplace's shop, which Haravan tells in a field of its own (haravan.md §3.2).
const BRANCH: &str = "x-haravan-saleschannel-branchname";

/// A further field in words; what Haravan keeps for itself is none, but for the marketplace's shop.
fn said(field: &Property) -> Option<String> {
    match field.name.as_deref() {
        Some(name) if name.eq_ignore_ascii_case(BRANCH) => {
            Some(format!("Gian hàng: {}", field.value.as_deref()?))
        }
        _ if field.is_internal() => None,
        _ => field.said(),
    }
}
