//! What the order says in words.

use crate::getfly::order::Term;
use crate::haravan::order::Order;
use crate::id::OrderId;

pub(super) fn terms(order: &Order, id: OrderId, shop_domain: Option<&str>) -> Vec<Term> {
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
