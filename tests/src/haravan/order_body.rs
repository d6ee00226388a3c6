//! The order object (haravan.md §3), keys in the order of the fixtures.

use rust_decimal::Decimal;

use super::customer_body::{billing_address, blank_or_null, embedded_customer, shipping_address, wrapped};
use super::model::{Line, Order, Refund, Transaction};
use super::spec::RefundPlace;
use super::style::{BodyStyle, KeySet};
use super::text::{Node, object};

/// The body of an `orders/*` delivery.
pub(super) fn order_text(order: &Order, style: &BodyStyle) -> String {
    wrapped(order_node(order, style.keys), "order", style.wrapper).text(style)
}

/// The bare order object.
pub(super) fn order_node(order: &Order, keys: KeySet) -> Node {
    let buyer_id = order.customer.as_ref().map_or(0, |customer| customer.id);
    let billing = order.billing.as_ref().map(|address| billing_address(address, buyer_id, keys));
    let shipping = order.shipping.as_ref().map(|address| shipping_address(address, keys));
    Node::Object(vec![
        ("billing_address", billing.into()),
        ("browser_ip", Node::Null),
        ("buyer_accepts_marketing", false.into()),
        ("cancel_reason", order.cancel_reason.as_ref().into()),
        ("cancelled_at", order.cancelled_at.into()),
        ("cart_token", (&order.token).into()),
        ("checkout_token", (&order.token).into()),
        ("client_details", client_details()),
        ("closed_at", order.closed_at.into()),
        ("created_at", order.created_at.into()),
        ("currency", "VND".into()),
        ("customer", order.customer.as_ref().map(|customer| embedded_customer(customer, keys)).into()),
        ("discount_codes", discount_codes(order)),
        ("email", order.email.as_ref().into()),
        ("financial_status", order.payment.text().into()),
        ("fulfillments", Node::List(Vec::new())),
        ("fulfillment_status", fulfilment(order.fulfilled).into()),
        ("tags", blank_or_null(order.tags.as_ref(), keys)),
        ("gateway", order.gateway.as_ref().into()),
        ("gateway_code", order.gateway_code.as_ref().into()),
        ("id", order.id.into()),
        ("landing_site", order.visit.landing_site.as_ref().into()),
        ("landing_site_ref", Node::Null),
        ("source", order.source.as_ref().into()),
        ("line_items", Node::List(order.lines.iter().map(|line| line_item(line, keys)).collect())),
        ("name", (&order.name).into()),
        ("note", blank_or_null(order.note.as_ref(), keys)),
        ("number", order.id.into()),
        ("order_number", (&order.name).into()),
        ("processing_method", Node::Null),
        ("referring_site", order.visit.referring_site.as_ref().into()),
        (
            "refunds",
            Node::List(order.refunds.iter().map(|refund| refund_node(refund, order, keys)).collect()),
        ),
        ("shipping_address", shipping.into()),
        ("shipping_lines", Node::List(vec![shipping_line(order)])),
        ("source_name", order.source.as_ref().into()),
        ("subtotal_price", order.subtotal().into()),
        ("tax_lines", Node::Null),
        ("taxes_included", (order.tax_percent > 0).into()),
        ("token", (&order.token).into()),
        ("total_discounts", order.discounts().into()),
        ("total_line_items_price", order.subtotal().into()),
        ("total_price", order.total().into()),
        ("total_tax", Node::Amount(order.tax(), 1)),
        ("total_weight", order.weight().into()),
        ("updated_at", order.updated_at.into()),
        ("transactions", transactions(order, keys)),
        ("note_attributes", note_attributes(order)),
        ("confirmed_at", order.confirmed_at.into()),
        ("closed_status", either(order.closed_at.is_some(), "closed", "unclosed")),
        ("cancelled_status", either(order.cancelled_at.is_some(), "cancelled", "uncancelled")),
        ("confirmed_status", either(order.confirmed_at.is_some(), "confirmed", "unconfirmed")),
        ("confirm_user", order.confirm_user.into()),
        ("assigned_location_id", Node::Null),
        ("assigned_location_name", Node::Null),
        ("assigned_location_at", Node::Null),
        ("exported_confirm_at", Node::Null),
        ("user_id", order.user_id.into()),
        ("device_id", Node::Null),
        ("location_id", order.location_id.into()),
        ("location_name", (&order.location_name).into()),
        ("ref_order_id", Node::Int(0)),
        ("ref_order_date", Node::Null),
        ("ref_order_number", Node::Null),
        ("prev_order_id", Node::Null),
        ("prev_order_number", Node::Null),
        ("prev_order_date", Node::Null),
        ("utm_source", order.visit.utm_source.as_ref().into()),
        ("utm_medium", order.visit.utm_medium.as_ref().into()),
        ("utm_campaign", Node::Null),
        ("utm_term", Node::Null),
        ("utm_content", Node::Null),
        ("payment_url", Node::Null),
        ("contact_email", order.email.as_ref().into()),
        ("order_processing_status", order.confirmed_at.map(|_| "confirmed").into()),
        ("redeem_model", Node::Null),
    ])
}

/// `GET /orders/{id}/transactions.json`: kinds capitalised, `status: success` (haravan.md §3.6).
pub(super) fn transaction_list(order: &Order) -> Node {
    let one = |transaction: &Transaction| {
        let status = transaction.status.as_deref().unwrap_or("success");
        let mut node = transaction_node(transaction, order, KeySet::Rest, status.into());
        if let Node::Object(entries) = &mut node {
            for (_, value) in entries.iter_mut().filter(|(key, _)| *key == "kind") {
                *value = capitalised(&transaction.kind).into();
            }
            let cod = order.gateway_code.as_deref().is_some_and(|code| code.eq_ignore_ascii_case("cod"));
            entries.push(("is_cod_gateway", cod.into()));
        }
        node
    };
    let refunds = order.refunds.iter().map(|refund| &refund.transaction);
    let newest_first = refunds.chain(order.transactions.iter().rev());
    object([("transactions", Node::List(newest_first.map(one).collect()))])
}

fn client_details() -> Node {
    object([
        ("accept_language", Node::Null),
        ("browser_ip", Node::Null),
        ("session_hash", Node::Null),
        ("user_agent", Node::Null),
        ("browser_height", Node::Null),
        ("browser_width", Node::Null),
    ])
}

fn discount_codes(order: &Order) -> Node {
    let one = |code: &super::model::UsedCode| {
        object([
            ("code", (&code.code).into()),
            ("amount", code.amount.into()),
            ("type", code.kind.as_ref().into()),
            ("is_coupon_code", true.into()),
        ])
    };
    Node::List(order.codes.iter().map(one).collect())
}

fn line_item(line: &Line, keys: KeySet) -> Node {
    let name = match line.variant_title.as_str() {
        "" | "Default Title" => line.title.clone(),
        variant => format!("{} - {variant}", line.title),
    };
    object([
        ("fulfillable_quantity", if line.fulfilled { 0.into() } else { i64::from(line.quantity).into() }),
        ("fulfillment_service", Node::Null),
        ("fulfillment_status", fulfilment(line.fulfilled).into()),
        ("grams", line.grams.into()),
        ("id", line.id.into()),
        ("price", line.price.into()),
        ("price_original", line.price_original.into()),
        ("price_promotion", Decimal::ZERO.into()),
        ("product_id", line.product_id.into()),
        ("quantity", i64::from(line.quantity).into()),
        ("requires_shipping", true.into()),
        ("sku", line.sku.as_ref().into()),
        ("title", (&line.title).into()),
        ("variant_id", line.variant_id.into()),
        ("variant_title", (&line.variant_title).into()),
        ("vendor", line.vendor.as_ref().into()),
        ("type", line.kind.as_ref().into()),
        ("name", name.into()),
        ("gift_card", false.into()),
        ("taxable", true.into()),
        ("tax_lines", Node::Null),
        ("product_exists", line.product_id.is_some().into()),
        ("barcode", line.barcode.as_ref().into()),
        ("properties", Node::List(line.property.iter().map(pair).collect())),
        ("total_discount", line.total_discount.into()),
        ("applied_discounts", applied_discounts(line)),
        ("image", line.image.as_ref().map(|source| image(source, keys)).into()),
        ("not_allow_promotion", false.into()),
        ("ma_cost_amount", line.cost.into()),
        ("actual_price", Decimal::ZERO.into()),
    ])
}

fn applied_discounts(line: &Line) -> Node {
    if line.total_discount.is_zero() {
        return Node::List(Vec::new());
    }
    let which = usize::try_from(line.id).unwrap_or_default() % super::invented::PROMOTIONS.len().max(1);
    let description = super::invented::PROMOTIONS.get(which).copied();
    Node::List(vec![object([("description", description.into()), ("amount", line.total_discount.into())])])
}

/// The key really is misspelt `attactment`.
fn image(source: &String, keys: KeySet) -> Node {
    match keys {
        KeySet::Rest => {
            object([("src", source.into()), ("attactment", Node::Null), ("filename", Node::Null)])
        }
        KeySet::Webhook => object([("src", source.into())]),
    }
}

fn shipping_line(order: &Order) -> Node {
    object([
        ("code", order.shipping_title.as_ref().into()),
        ("price", order.shipping_price.into()),
        ("source", Node::Null),
        ("title", order.shipping_title.as_ref().into()),
    ])
}

/// REST lists the newest first, webhooks the oldest (haravan.md §3.13).
fn transactions(order: &Order, keys: KeySet) -> Node {
    let one = |transaction: &Transaction| {
        transaction_node(transaction, order, keys, transaction.status.as_ref().into())
    };
    let refunds = order.refunds.iter().filter(|refund| refund.place != RefundPlace::Refunds);
    let all = order.transactions.iter().chain(refunds.map(|refund| &refund.transaction));
    let mut list: Vec<_> = all.map(one).collect();
    if keys == KeySet::Rest {
        list.reverse();
    }
    Node::List(list)
}

fn transaction_node(transaction: &Transaction, order: &Order, keys: KeySet, status: Node) -> Node {
    let rest = keys == KeySet::Rest;
    let mut entries = vec![
        ("amount", transaction.amount.into()),
        ("authorization", Node::Null),
        ("created_at", transaction.created_at.into()),
        ("device_id", Node::Null),
        ("gateway", transaction.gateway.as_ref().or(order.gateway.as_ref()).into()),
        ("id", transaction.id.into()),
        ("kind", transaction.kind.as_ref().into()),
        ("order_id", order.id.into()),
        ("receipt", Node::Null),
        ("status", status),
    ];
    entries.extend(rest.then(|| ("test", false.into())));
    entries.extend([
        ("user_id", transaction.user_id.into()),
        ("location_id", order.location_id.into()),
        ("payment_details", Node::Null),
        ("parent_id", transaction.parent_id.into()),
        ("currency", if rest { "VND".into() } else { Node::Null }),
        ("haravan_transaction_id", Node::Null),
        ("external_transaction_id", Node::Null),
    ]);
    entries.extend(rest.then(|| ("send_email", false.into())));
    Node::Object(entries)
}

fn refund_node(refund: &Refund, order: &Order, keys: KeySet) -> Node {
    let copy = |transaction: &Transaction| transaction_node(transaction, order, keys, "Thành công".into());
    let transactions = match refund.place {
        RefundPlace::Both => vec![copy(&refund.transaction)],
        RefundPlace::Transactions => Vec::new(),
        RefundPlace::Refunds => {
            vec![copy(&Transaction { amount: refund.transaction.amount.abs(), ..refund.transaction.clone() })]
        }
    };
    object([
        ("created_at", refund.created_at.into()),
        ("id", refund.id.into()),
        ("note", Node::Null),
        ("refund_line_items", Node::Null),
        ("restock", Node::Null),
        ("user_id", refund.user_id.into()),
        ("order_id", order.id.into()),
        ("transactions", Node::List(transactions)),
    ])
}

fn note_attributes(order: &Order) -> Node {
    Node::List(order.attributes.iter().map(pair).collect())
}

fn pair((name, value): &(String, String)) -> Node {
    object([("name", name.into()), ("value", value.into())])
}

fn fulfilment(fulfilled: bool) -> &'static str {
    if fulfilled { "fulfilled" } else { "notfulfilled" }
}

fn either(condition: bool, yes: &str, no: &str) -> Node {
    if condition { yes.into() } else { no.into() }
}

fn capitalised(kind: &str) -> String {
    let mut letters = kind.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
