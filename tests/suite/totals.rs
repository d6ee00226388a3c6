//! Totals that the CRM must reproduce, orders in other currencies, odd lines, and what else an order says.

use common::store::inbox::{Event, Status};
use serde_json::{Value, json};

use crate::harness::{World, fixture};
use crate::verbs::*;

/// The fixture's order with these fields.
fn order_with(more: Value) -> Vec<u8> {
    edited(fixture::ORDER, |body| body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone()))
}

/// A plain order: one line of 99,999, no discount, no shipping, and these fields.
fn plain(more: Value) -> Vec<u8> {
    edited(
        &order_with(
            json!({"discount_codes": [], "total_discounts": 0, "shipping_lines": [], "total_price": 99_999}),
        ),
        |body| {
            body["line_items"] = json!([line(json!({}))]);
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        },
    )
}

fn line(more: Value) -> Value {
    let mut line = json!({"id": 1, "name": "Sổ tay", "title": "Sổ tay", "sku": "ST-01", "variant_id": 9, "price": 99_999, "quantity": 1});
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

#[tokio::test]
async fn the_crms_total_is_haravans_whenever_its_arithmetic_can_express_it() {
    for (more, total) in [
        (json!({"total_tax": 7999.92, "taxes_included": false, "total_price": 107_999}), "107999"),
        (json!({"total_tax": "7999.92", "taxes_included": null, "total_price": 107_999}), "107999"),
        (json!({"shipping_lines": [{"price": 30_000}, {"price": -40_000}], "total_price": 89_999}), "89999"),
        (json!({"total_price": 114_999}), "114999"),
        (json!({"total_price": 0}), "0"),
    ] {
        let world = World::start().await;
        let event = world.carry("orders/create", &plain(more.clone())).await;
        assert_carried_over(&event);
        assert_eq!(world.order_of(&event).real_amount, dong(total), "{more}");
    }
}

#[tokio::test]
async fn a_total_below_nothing_is_created_with_a_warning_that_can_be_filtered_for() {
    let world = World::start().await;
    let event = world.carry("orders/create", &plain(json!({"total_price": -1000}))).await;
    assert_done(&event, None, &["total_differs_in_crm"]);
    assert_eq!(world.order_of(&event).real_amount, dong("0"));
}

// Currencies.

async fn in_currency(world: &World, currency: Value) -> Event {
    let line = line(json!({"price": 12.5, "quantity": 2}));
    let body = plain(json!({"currency": currency, "line_items": [line], "total_price": 25}));
    world.carry("orders/create", &body).await
}

#[tokio::test]
async fn a_foreign_amount_is_never_booked_as_dong() {
    for currency in ["USD", "usd", "EUR", "JPY", "US$"] {
        let world = World::start().await;
        let event = in_currency(&world, currency.into()).await;
        assert_eq!((event.status, event.reason.as_deref()), (Status::Parked, Some("foreign_currency")));
        let detail = event.detail.unwrap();
        assert!(detail.contains(&currency.to_uppercase()) && detail.contains("25"), "{detail}");
        assert!(world.getfly().orders().is_empty() && world.getfly().accounts().is_empty());
    }
    for dong in [json!("VND"), json!("vnd"), json!("đ"), json!("VNĐ"), json!(""), Value::Null] {
        let world = World::start().await;
        assert_carried_over(&in_currency(&world, dong).await);
    }
}

#[tokio::test]
async fn a_currency_that_only_the_transactions_name_is_the_orders() {
    let capture = |currency: &str| json!({"id": 1, "kind": "capture", "amount": 12.5, "currency": currency, "created_at": "2026-06-12T02:00:00Z"});
    let paid = |transactions: Value, currency: Value| {
        plain(json!({"currency": currency, "financial_status": "paid", "transactions": transactions}))
    };
    let world = World::start().await;
    let event = world.carry("orders/create", &paid(json!([capture("USD")]), Value::Null)).await;
    assert_eq!((event.status, event.reason.as_deref()), (Status::Parked, Some("foreign_currency")));
    // One in another currency than the order's is not counted as the order's.
    let world = World::start().await;
    let event = world.carry("orders/create", &paid(json!([capture("USD")]), "VND".into())).await;
    assert_done(&event, None, &["payment_status_unknown", "payment_without_transaction"]);
    assert_eq!(world.order_of(&event).f_amount, dong("99999"));
    let world = World::start().await;
    let event = world.carry("orders/create", &paid(json!([capture("VND")]), Value::Null)).await;
    assert_eq!(event.status, Status::Done);
}

#[tokio::test]
async fn an_odd_element_of_a_list_that_decides_nothing_costs_that_element() {
    for odd in [
        json!({"note_attributes": ["xuất hóa đơn", 7, null, {"name": "a", "value": "b"}]}),
        json!({"refunds": [5, "x", {"transactions": ["y"]}]}),
        json!({"discount_codes": ["GIAM10"]}),
    ] {
        let world = World::start().await;
        let event = world.carry("orders/create", &plain(odd.clone())).await;
        assert_eq!((event.status, event.reason), (Status::Done, None), "{odd}");
    }
}

#[tokio::test]
async fn an_order_in_a_currency_with_a_rate_is_converted_and_says_so() {
    let world = World::start().await;
    let parked = in_currency(&world, "USD".into()).await;
    assert_eq!(parked.status, Status::Parked);
    world
        .settings(|settings| {
            settings.currency_rates.insert("usd".to_owned(), "25400".to_owned());
        })
        .await;
    let event = world.retry(&parked).await;
    assert_done(&event, None, &["currency_converted"]);
    let order = world.order_of(&event);
    assert_eq!(order.real_amount, dong("635000"));
    let term = order.terms.iter().find(|term| term.starts_with("Quy đổi")).unwrap();
    assert_eq!(term, "Quy đổi: 1 USD = 25.400 ₫, tổng 25 USD");
}

#[tokio::test]
async fn an_order_in_a_currency_goes_over_as_written_where_the_tenant_allows_it() {
    let world = World::start().await;
    world.settings(|settings| settings.foreign_currency_as_written = true).await;
    let event = in_currency(&world, "USD".into()).await;
    assert_done(&event, None, &["currency_not_converted"]);
    assert_eq!(world.order_of(&event).real_amount, dong("25"));
}

// Lines.

#[tokio::test]
async fn a_line_that_does_not_say_its_price_costs_what_the_rest_of_the_order_tells() {
    for (lines, more) in [
        (json!([line(json!({"price": null, "price_original": 99_999}))]), json!({})),
        (json!([line(json!({"price": "", "price_original": 109_999, "total_discount": 10_000}))]), json!({})),
        (
            json!([
                line(json!({"price": null})),
                line(json!({"id": 2, "sku": "B", "price": 10_000, "quantity": 2}))
            ]),
            json!({"total_line_items_price": 119_999, "total_price": 119_999}),
        ),
    ] {
        let world = World::start().await;
        let mut more = more;
        more["line_items"] = lines;
        let event = world.carry("orders/create", &plain(more.clone())).await;
        assert_done(&event, None, &["line_price_derived"]);
        let order = world.order_of(&event);
        assert_eq!(order.lines[0].price, dong("99999"), "{more}");
        assert_eq!(order.installation_amount, dong("0"), "{more}");
    }
}

#[tokio::test]
async fn a_line_below_nothing_becomes_a_part_of_the_discount() {
    for negative in [
        line(json!({"id": 2, "name": "Đổi trả", "price": -20_000})),
        line(json!({"id": 2, "name": "Đổi trả", "price": 20_000, "quantity": -1})),
        line(json!({"id": 2, "name": "Đổi trả", "price": "-10000.0000", "quantity": "2"})),
    ] {
        let world = World::start().await;
        let body = plain(json!({"line_items": [line(json!({})), negative], "total_price": 79_999}));
        let event = world.carry("orders/create", &body).await;
        assert_done(&event, None, &["negative_line_in_discount"]);
        let order = world.order_of(&event);
        assert_eq!((order.lines.len(), order.discount_amount), (1, dong("20000")));
        assert_eq!(order.real_amount, dong("79999"));
        assert!(
            order.terms.iter().any(|term| term.contains("Dòng 2 (Đổi trả): -20.000 ₫")),
            "{:?}",
            order.terms
        );
    }
}

#[tokio::test]
async fn a_line_that_nobody_can_price_is_named_to_the_admin() {
    for (broken, at) in [
        (line(json!({"id": 2, "name": "Bút chì", "price": null})), "Dòng 2 (Bút chì)"),
        (line(json!({"id": 2, "name": "Bút chì", "price": "miễn phí"})), "Dòng 2 (Bút chì)"),
        (line(json!({"id": 2, "name": "Bút chì", "quantity": null})), "Dòng 2 (Bút chì)"),
        (line(json!({"id": 2, "name": null, "title": "Thước kẻ", "price": {}})), "Dòng 2 (Thước kẻ)"),
    ] {
        let world = World::start().await;
        let lines = json!([line(json!({})), broken]);
        let body = plain(json!({"line_items": lines, "total_line_items_price": null}));
        let event = world.carry("orders/create", &body).await;
        assert_eq!((event.status, event.reason.as_deref()), (Status::Parked, Some("incomplete_body")));
        assert!(event.detail.as_deref().unwrap().contains(at), "{:?}", event.detail);
    }
}

#[tokio::test]
async fn an_order_of_a_hundred_thousand_parts_holds_up_nobody() {
    let world = World::start().await;
    let parts = |part: Value| Value::Array(vec![part; 20_000]);
    for body in [
        plain(json!({"transactions": parts(json!({"kind": "capture", "amount": 1, "gateway": "Momo"}))})),
        plain(json!({"refunds": [{"transactions": parts(json!({"kind": "refund", "amount": 1}))}]})),
        plain(json!({"line_items": parts(json!({"name": "Sổ", "quantity": 1, "price": null}))})),
    ] {
        let event = world.carry("orders/create", &body).await;
        assert_eq!((event.status, event.reason.as_deref()), (Status::Parked, Some("incomplete_body")));
    }
}

#[tokio::test]
async fn a_line_without_pieces_is_left_out() {
    let world = World::start().await;
    let lines = json!([line(json!({})), line(json!({"id": 2, "sku": "B", "quantity": 0, "price": null}))]);
    let event = world.carry("orders/create", &plain(json!({"line_items": lines}))).await;
    assert_done(&event, None, &["line_without_quantity"]);
    assert_eq!(world.order_of(&event).lines.len(), 1);
}

#[tokio::test]
async fn one_thing_without_a_code_is_one_product_in_every_order() {
    let world = World::start().await;
    let bare = |id: i64, name: &str| json!({"id": id, "name": name, "sku": null, "barcode": "", "variant_id": null, "price": 10_000, "quantity": 1});
    let mut codes = Vec::new();
    for (id, name) in [
        (1, "Áo thun - Đỏ / L"),
        (2, " áo thun  - đỏ / L "),
        (3, "A\u{301}o thun - Đỏ / L"),
        (4, "ÁO THUN - ĐỎ / L"),
    ] {
        let lines = json!([bare(id, name), bare(id + 10, "Áo thun - Đỏ / M")]);
        let body = plain(json!({"id": 1_791_400_100 + id, "line_items": lines, "total_price": 20_000}));
        let order = world.order_of(&world.carry("orders/create", &body).await);
        assert_ne!(order.lines[0].product_code, order.lines[1].product_code);
        codes.push(order.lines[0].product_code.clone());
    }
    assert!(codes.iter().all(|code| *code == codes[0] && code.starts_with("HRV-")), "{codes:?}");
    assert_eq!(world.getfly().products().len(), 2);
}

// What else an order says.

#[tokio::test]
async fn further_fields_become_terms_and_what_haravan_keeps_for_itself_is_not_shown() {
    let world = World::start().await;
    let fields = json!([
        {"name": "Tên công ty", "value": "Công ty Hạt Mầm"},
        {"name": "Mã số thuế", "value": "0312345678"},
        {"name": "X-Haravan-SalesChannel-BranchName", "value": "Hạt Mầm Official"},
        {"name": "X-Haravan-SalesChannel-BranchId", "value": "77"},
        {"name": "x-haravan-anything", "value": "intern"},
        {"name": "Ghi chú quà", "value": " "},
        {"name": null, "value": "không tên"},
        null,
    ]);
    let properties = json!([{"name": "X-Haravan-LineId", "value": "9"}, {"name": "Khắc tên", "value": "Mai"}, {"name": "Trống", "value": ""}]);
    let body =
        plain(json!({"note_attributes": fields, "line_items": [line(json!({"properties": properties}))]}));
    let order = world.order_of(&world.carry("orders/create", &body).await);
    for shown in
        ["Tên công ty: Công ty Hạt Mầm", "Mã số thuế: 0312345678", "Gian hàng: Hạt Mầm Official", "không tên"]
    {
        assert!(order.terms.iter().any(|term| term == shown), "{shown} in {:?}", order.terms);
    }
    for hidden in ["77", "intern", "Ghi chú quà", "X-Haravan"] {
        assert!(!order.terms.iter().any(|term| term.contains(hidden)), "{hidden} in {:?}", order.terms);
    }
    assert_eq!(order.lines[0].note, "Khắc tên: Mai");
}
