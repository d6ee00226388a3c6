//! Amounts of the order beside its lines (getfly.md §6.4; haravan.md §3.9).

use super::ROUNDING;
use crate::getfly::order::OrderLine;
use crate::haravan::order::Order;
use crate::money::Money;

#[derive(Default)]
pub(super) struct Amounts {
    pub(super) discount: Option<Money>,
    pub(super) tax: Option<Money>,
    pub(super) shipping: Option<Money>,
    /// What the total holds beyond all that: a tip, a fee, a surcharge.
    pub(super) surcharge: Option<Money>,
    pub(super) warnings: Vec<&'static str>,
}

/// Amounts with which the CRM's own arithmetic gives Haravan's total (getfly.md §6.4).
///
/// The discount is derived, not copied, because parts of it are inside the lines' prices already. Where the total is
/// more than its parts, the rest goes to the CRM's only other sum on top, so that shipping and tax stay what they are.
pub(super) fn amounts(order: &Order, lines: &[OrderLine], taken_off: Money) -> Amounts {
    let subtotal: Money = lines.iter().map(|line| line.price * line.quantity).sum();
    let charged: Money = order.shipping_lines.iter().filter_map(|line| line.price).sum();
    let shipping = charged.max(Money::ZERO);
    // What delivery gives back is a discount, and so is what lines below nothing take off: the CRM has neither.
    let told = order.total_discounts.unwrap_or_default() + (shipping - charged) + taken_off;
    let some = |amount: Money| amount.is_positive().then_some(amount);
    let Some(total) = order.total_price else {
        let tax = order.total_tax.filter(|_| order.taxes_included == Some(false));
        return Amounts {
            discount: some(told),
            tax: tax.and_then(some),
            shipping: some(shipping),
            surcharge: None,
            warnings: vec!["total_unknown"],
        };
    };
    let tax = tax_on_top(order, total - (subtotal - told + shipping));
    let parts = subtotal + shipping + tax.unwrap_or_default();
    if total < Money::ZERO {
        // The CRM's total ends at nothing.
        return Amounts {
            discount: some(parts),
            tax,
            shipping: some(shipping),
            surcharge: None,
            warnings: vec!["total_differs_in_crm"],
        };
    }
    Amounts {
        discount: some(parts - total),
        tax,
        shipping: some(shipping),
        surcharge: some(total - parts),
        warnings: Vec::new(),
    }
}

/// The tax that comes on top of the prices, where the total really contains it; `room` is what the total holds beyond
/// lines, discount and shipping. A total is rounded to whole dong and its tax is not: the rounding is the tax's.
fn tax_on_top(order: &Order, room: Money) -> Option<Money> {
    let tax = order.total_tax.filter(|tax| tax.is_positive() && order.taxes_included != Some(true))?;
    let is_all_of_it = (room - tax).0.abs() < ROUNDING.0 && room.is_positive();
    if is_all_of_it {
        return Some(room);
    }
    (order.taxes_included == Some(false) && room > tax).then_some(tax)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use serde_json::{Value, json};

    use super::super::{Draft, order as draft};
    use crate::haravan::order::Order;
    use crate::id::OrderId;
    use crate::intake::buyer::Buyer;
    use crate::money::Money;
    use crate::settings::Settings;

    fn drafted(body: &Value) -> Draft {
        let order: Order = serde_json::from_str(&body.to_string()).unwrap();
        let buyer = Buyer::of_order(&order, OrderId(7));
        draft(&order, OrderId(7), &buyer, &Settings::default(), None, jiff::Timestamp::UNIX_EPOCH).unwrap()
    }

    /// Discount, tax, shipping, surcharge; the total is always Haravan's.
    fn levers(body: Value) -> [Option<String>; 4] {
        let draft = drafted(&body);
        let total: Decimal = body["total_price"].to_string().trim_matches('"').parse().unwrap();
        assert_eq!(draft.order.expected_total(), Money(total), "{body}");
        assert!(!draft.warnings.contains(&"total_differs_in_crm"), "{body}");
        let order = draft.order;
        [order.discount_amount, order.vat_amount, order.transport_amount, order.installation_amount]
            .map(|amount| amount.map(|amount| amount.to_string()))
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn body(more: Value) -> Value {
        let mut body = json!({"line_items": [{"name": "Sổ", "sku": "S", "price": 99_999, "quantity": 1}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    #[test]
    fn a_tax_with_a_fraction_takes_the_rounding_of_the_total() {
        for included in [json!(false), Value::Null, json!("false")] {
            let taxed =
                body(json!({"total_tax": 7999.92, "taxes_included": included, "total_price": 107_999}));
            assert_eq!(levers(taxed), [None, some("8000"), None, None], "{included}");
        }
        let discounted =
            body(json!({"total_tax": "7499.9250", "total_discounts": 10_000, "total_price": 97_499}));
        assert_eq!(levers(discounted), [some("10000"), some("7500"), None, None]);
        let shipped =
            body(json!({"total_tax": 8000.4, "shipping_lines": [{"price": 30_000}], "total_price": 137_999}));
        assert_eq!(levers(shipped), [None, some("8000"), some("30000"), None]);
        let inside = body(json!({"total_tax": 7407.33, "taxes_included": true, "total_price": 99_999}));
        assert_eq!(levers(inside), [None, None, None, None]);
        let not_contained =
            body(json!({"total_tax": 7407.33, "taxes_included": null, "total_price": 99_999}));
        assert_eq!(levers(not_contained), [None, None, None, None]);
    }

    #[test]
    fn what_delivery_gives_back_is_a_discount() {
        for (lines, levers_of, total) in [
            (json!([{"price": 30_000}, {"price": -40_000}]), [some("10000"), None, None, None], 89_999),
            (json!([{"price": 30_000}, {"price": -30_000}]), [None, None, None, None], 99_999),
            (json!([{"price": 30_000}, {"price": -10_000}]), [None, None, some("20000"), None], 119_999),
            (json!([{"price": -15_000}]), [some("15000"), None, None, None], 84_999),
        ] {
            assert_eq!(
                levers(body(json!({"shipping_lines": lines, "total_price": total}))),
                levers_of,
                "{lines}"
            );
        }
    }

    #[test]
    fn what_the_total_holds_beyond_its_parts_is_a_surcharge_that_the_terms_tell() {
        for (more, total, surcharge) in [
            (json!({}), 114_999, "15000"),
            (json!({"shipping_lines": [{"price": 30_000}]}), 144_999, "15000"),
            (json!({"total_tax": 8000, "taxes_included": false}), 112_999, "5000"),
        ] {
            let mut order = body(more);
            order["total_price"] = total.into();
            assert_eq!(levers(order.clone())[3], some(surcharge), "{order}");
            let terms = drafted(&order).order.order_terms;
            assert!(terms.iter().any(|term| term.term_content.starts_with("Phụ thu: ")), "{terms:?}");
        }
        let none = drafted(&body(json!({"total_price": 99_999}))).order.order_terms;
        assert!(none.iter().all(|term| !term.term_content.contains("Phụ thu")));
    }

    #[test]
    fn a_discount_that_is_inside_the_prices_already_is_not_taken_twice() {
        let order = body(json!({"total_discounts": 20_000, "total_price": 99_999}));
        assert_eq!(levers(order), [None, None, None, None]);
        let partly = body(json!({"total_discounts": 20_000, "total_price": 89_999}));
        assert_eq!(levers(partly), [some("10000"), None, None, None]);
        let free = body(json!({"total_discounts": 0, "total_price": 0}));
        assert_eq!(levers(free), [some("99999"), None, None, None]);
    }

    #[test]
    fn a_total_below_nothing_is_told() {
        let draft = drafted(&body(json!({"total_price": -5000})));
        assert_eq!(draft.order.expected_total(), Money::ZERO);
        assert!(draft.warnings.contains(&"total_differs_in_crm"));
    }

    proptest! {
        #[test]
        fn the_crms_total_is_haravans_or_it_is_told(
            lines in proptest::collection::vec((-500_000_000_i64..5_000_000_000, 0_i64..50), 1..6),
            shipping in proptest::collection::vec(-1_000_000_000_i64..1_000_000_000, 0..4),
            discount in 0_i64..5_000_000_000,
            tax in 0_i64..1_000_000_000,
            included in prop_oneof![Just(Value::Null), Just(json!(true)), Just(json!(false))],
            total in -1_000_000_000_i64..20_000_000_000,
        ) {
            let amount = |ten_thousandths: i64| Decimal::new(ten_thousandths, 4).to_string();
            let items: Vec<Value> = lines.iter()
                .map(|(price, quantity)| json!({"name": "Hàng", "sku": "A", "price": amount(*price), "quantity": quantity}))
                .collect();
            let fees: Vec<Value> = shipping.iter().map(|price| json!({"price": amount(*price)})).collect();
            let body = json!({"line_items": items, "shipping_lines": fees, "total_discounts": amount(discount),
                "total_tax": amount(tax), "taxes_included": included, "total_price": amount(total)});
            let order: Order = serde_json::from_str(&body.to_string()).unwrap();
            let buyer = Buyer::of_order(&order, OrderId(7));
            if let Ok(draft) =
                draft(&order, OrderId(7), &buyer, &Settings::default(), None, jiff::Timestamp::UNIX_EPOCH)
            {
                let right = draft.order.expected_total() == order.total_price.unwrap();
                prop_assert!(right || draft.warnings.contains(&"total_differs_in_crm"), "{body}");
                let order = draft.order;
                for lever in [order.discount_amount, order.vat_amount, order.transport_amount, order.installation_amount] {
                    prop_assert!(lever.is_none_or(Money::is_positive));
                }
                prop_assert!(order.saved_order_details.iter().all(|line| line.price >= Money::ZERO && line.quantity > Decimal::ZERO));
            }
        }
    }
}
