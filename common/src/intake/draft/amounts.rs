//! Amounts of the order beside its lines (getfly.md §6.4; haravan.md §3.9).

use crate::getfly::order::OrderLine;
use crate::haravan::order::Order;
use crate::money::Money;

pub(super) struct Amounts {
    pub(super) discount: Option<Money>,
    pub(super) tax: Option<Money>,
    pub(super) shipping: Option<Money>,
    pub(super) warnings: Vec<&'static str>,
}

/// Amounts with which the CRM's own arithmetic gives Haravan's total (getfly.md §6.4): the discount is derived, not
/// copied, because parts of it are inside the lines' prices already.
pub(super) fn amounts(order: &Order, lines: &[OrderLine]) -> Amounts {
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
