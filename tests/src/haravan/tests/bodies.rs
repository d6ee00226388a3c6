//! What bodies look like.

use rust_decimal::Decimal;
use serde_json::Value;

use super::super::generate::Generator;
use super::*;

const ORDER: &str = include_str!("../../../fixtures/order_create.json");
const PAID: &str = include_str!("../../../fixtures/order_create_paid.json");
const CUSTOMER: &str = include_str!("../../../fixtures/customer_create.json");

fn now() -> Timestamp {
    "2026-06-12T03:25:41.127Z".parse().unwrap()
}

fn rest_keys(pretty: bool) -> BodyStyle {
    BodyStyle { keys: KeySet::Rest, pretty, ..BodyStyle::default() }
}

/// The keys of an object and of everything inside it, in order; lists by their first row.
fn keys(value: &Value) -> Vec<String> {
    match value {
        Value::Object(entries) => entries
            .iter()
            .flat_map(|(key, value)| {
                std::iter::once(key.clone())
                    .chain(keys(value).into_iter().map(move |inner| format!("{key}.{inner}")))
            })
            .collect(),
        Value::Array(rows) => rows.first().map(keys).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn decimal(text: &str) -> Decimal {
    Decimal::from_scientific(text).or_else(|_| text.parse()).unwrap()
}

/// An amount or count, written as a number or as a string.
fn amount(value: &Value) -> Decimal {
    match value {
        Value::String(text) => decimal(text),
        other => decimal(&other.to_string()),
    }
}

fn like_the_first_fixture() -> OrderSpec {
    let engraved =
        LineSpec {
            property: Some("Ngọc Thảo".to_owned()), discount: 15_000.into(), ..LineSpec::default()
        };
    OrderSpec::default()
        .line(LineSpec { quantity: 2, ..engraved.clone() })
        .line(engraved)
        .shipping(25_000)
        .coupon("CHAOBAN20", 20_000)
}

#[test]
fn a_storefront_order_has_the_keys_of_the_fixture_in_its_order() {
    let mut generator = Generator::new(3);
    let fixture = serde_json::from_str::<Value>(ORDER).unwrap();
    let order = generator.order_value(now(), &like_the_first_fixture().style(rest_keys(false)));
    // The fixture's first line has no properties and no discount, the generated one has both.
    let plain = |key: &String| {
        !key.starts_with("line_items.properties.")
            && !key.starts_with("line_items.applied_discounts.")
            && !key.starts_with("line_items.image.")
    };
    let ours: Vec<_> = keys(&order).into_iter().filter(plain).collect();
    let theirs: Vec<_> = keys(&fixture).into_iter().filter(plain).collect();
    assert_eq!(ours, theirs);
}

#[test]
fn a_webhook_order_has_the_keys_of_the_reduced_fixture_in_its_order() {
    let mut generator = Generator::new(4);
    let fixture = serde_json::from_str::<Value>(PAID).unwrap();
    let spec = OrderSpec::paid().staff(UserId(200_001_038_421));
    let not_image = |key: &String| !key.starts_with("line_items.");
    for _ in 0..20 {
        let spec = spec.clone().line(LineSpec { quantity: 3, ..LineSpec::default() });
        let order = generator.order_value(now(), &spec);
        let ours: Vec<_> = keys(&order).into_iter().filter(not_image).collect();
        let theirs: Vec<_> = keys(&fixture).into_iter().filter(not_image).collect();
        assert_eq!(ours, theirs);
        assert_eq!(order["transactions"][0]["kind"], "pending");
        assert_eq!(order["transactions"][1]["parent_id"], order["transactions"][0]["id"]);
    }
}

#[test]
fn a_customer_has_the_keys_of_the_fixture_in_its_order() {
    let mut generator = Generator::new(5);
    let fixture = serde_json::from_str::<Value>(CUSTOMER).unwrap();
    let spec = CustomerSpec::default().style(rest_keys(true));
    let text = generator.customer_text(now(), &spec);
    assert_eq!(keys(&serde_json::from_str(&text).unwrap()), keys(&fixture));
    assert!(text.starts_with("{\n  \"accepts_marketing\": "), "{text}");
    assert!(text.contains("\n  \"total_spent\": 0.0,\n  \"total_paid\": 0.0,\n"), "{text}");
}

#[test]
fn the_sums_of_every_generated_order_hold() {
    let mut generator = Generator::new(6);
    let styles = [
        NumberStyle::FourDecimals,
        NumberStyle::Integers,
        NumberStyle::Strings,
        NumberStyle::StringsAndIds,
        NumberStyle::SevenDecimals,
    ];
    for round in 0..400 {
        let numbers = styles[round % styles.len()];
        let spec = generator.any_order().style(BodyStyle { numbers, ..BodyStyle::default() });
        let order = generator.order_value(now(), &spec);
        let sum = |list: &str, of: &dyn Fn(&Value) -> Decimal| -> Decimal {
            order[list].as_array().unwrap().iter().map(of).sum()
        };
        let lines = sum("line_items", &|line| amount(&line["price"]) * amount(&line["quantity"]));
        let weight = sum("line_items", &|line| amount(&line["grams"]) * amount(&line["quantity"]));
        let codes = sum("discount_codes", &|code| amount(&code["amount"]));
        let shipping = sum("shipping_lines", &|line| amount(&line["price"]));
        assert_eq!(amount(&order["total_line_items_price"]), lines);
        assert_eq!(amount(&order["subtotal_price"]), lines);
        assert_eq!(amount(&order["total_discounts"]), codes);
        assert_eq!(amount(&order["total_price"]), lines - codes + shipping);
        assert_eq!(amount(&order["total_weight"]), weight);
        assert!(amount(&order["total_price"]) >= Decimal::ZERO);
        for line in order["line_items"].as_array().unwrap() {
            let off = amount(&line["total_discount"]) / amount(&line["quantity"]);
            assert_eq!(amount(&line["price_original"]), amount(&line["price"]) + off);
        }
    }
}

#[test]
fn a_discount_that_does_not_divide_keeps_the_sums_exact() {
    let spec = OrderSpec::default().line(LineSpec::of("Trà", 100_000, 3).discount(10_000)).shipping(0);
    let text = Generator::new(1).order_text(now(), &spec);
    assert!(text.contains(r#""price":96666.6667,"price_original":100000.0000"#), "{text}");
    assert!(text.contains(r#""total_discount":9999.9999,"#), "{text}");
    assert!(text.contains(r#""total_price":290000.0001,"#), "{text}");
}

#[test]
fn absurd_specifications_are_cut_and_not_fatal() {
    let mut generator = Generator::new(8);
    let line = LineSpec::of("", i64::MAX, u32::MAX).discount(i64::MAX);
    let spec = OrderSpec {
        tax_percent: u32::MAX,
        placed_seconds_ago: u32::MAX,
        lines: vec![line; 30],
        ..OrderSpec::default().coupon("", i64::MAX).shipping(i64::MAX)
    };
    let order = generator.order_value(now(), &spec);
    assert!(amount(&order["total_price"]) > Decimal::ZERO);
    assert_eq!(order["line_items"][0]["quantity"], 100_000);
}

#[test]
fn an_order_reduced_to_nothing_by_a_code_is_paid() {
    let spec = OrderSpec::default().coupon("TATCA", i64::MAX);
    let order = Generator::new(2).order_value(now(), &spec);
    assert_eq!(amount(&order["total_price"]), Decimal::ZERO);
    assert_eq!(order["financial_status"], "paid");
    assert_eq!(amount(&order["transactions"][1]["amount"]), Decimal::ZERO);
}

#[test]
fn ids_phones_and_emails_never_repeat() {
    let mut generator = Generator::new(9);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..2000 {
        let order = generator.order_value(now(), &OrderSpec::default());
        for value in [&order["id"], &order["customer"]["id"], &order["customer"]["phone"], &order["email"]] {
            assert!(seen.insert(value.to_string()), "{value} came twice");
        }
        assert_eq!(order["id"].to_string().len(), 10);
    }
}

#[test]
fn the_same_seed_invents_the_same_texts() {
    let texts = |seed| {
        let mut generator = Generator::new(seed);
        (0..20)
            .map(|_| {
                let spec = generator.any_order();
                generator.order_text(now(), &spec)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(11), texts(11));
    assert_ne!(texts(11), texts(12));
}

#[test]
fn each_buyer_has_its_edge_shape() {
    let mut generator = Generator::new(13);
    let mut order = |buyer| generator.order_value(now(), &OrderSpec::default().buyer(buyer));
    let walk_in = order(Buyer::WalkIn);
    assert!(walk_in["customer"].is_null() && walk_in["billing_address"].is_null());
    assert_eq!(walk_in["source"], "pos");
    let guest = order(Buyer::Guest);
    assert_eq!(guest["email"], "guest@haravan.com");
    assert_eq!(guest["customer"]["default_address"]["first_name"], "---");
    assert!(guest["customer"]["phone"].is_null() && guest["billing_address"]["phone"].is_string());
    let phone_only = order(Buyer::PhoneOnly);
    let phone = phone_only["customer"]["phone"].as_str().unwrap();
    assert_eq!(phone_only["email"], format!("{phone}.phone@haravan.com"));
    let email_only = order(Buyer::EmailOnly);
    assert!(email_only["customer"]["phone"].is_null() && email_only["shipping_address"]["phone"].is_string());
    let masked = order(Buyer::Masked);
    assert!(masked["customer"]["first_name"].as_str().unwrap().contains("******"));
    assert!(masked["line_items"][0]["product_id"].is_null());
    assert!(!masked["name"].as_str().unwrap().starts_with('#'));
}

#[test]
fn each_wrapper_and_size_can_be_asked_for() {
    let mut generator = Generator::new(14);
    let mut order = |wrapper| {
        let style = BodyStyle { wrapper, ..BodyStyle::default() };
        generator.order_value(now(), &OrderSpec::default().style(style))
    };
    assert!(order(Wrapper::None)["id"].is_i64());
    assert!(order(Wrapper::Entity)["order"]["id"].is_i64());
    assert!(order(Wrapper::Data)["data"]["id"].is_i64());
    assert!(order(Wrapper::DataEntity)["data"]["order"]["id"].is_i64());
    for noise in [false, true] {
        let spec = OrderSpec { noise, ..OrderSpec::default().bytes(1_100_000) };
        let text = generator.order_text(now(), &spec);
        assert!((1_100_000..1_300_000).contains(&text.len()), "{}", text.len());
    }
}
