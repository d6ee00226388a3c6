//! Every parser is fed garbage: random bytes, and good bodies with pieces cut, doubled or replaced.

use common::getfly::account::Account;
use common::getfly::{answer, error, order, user};
use common::haravan::customer::Customer;
use common::haravan::order::Order;
use common::haravan::webhook::{Signature, Topic, unwrapped};
use common::id::{CustomerId, OrderId, OrgId, TenantId};
use common::intake::buyer::Buyer;
use common::phone::PhoneNumber;
use common::seal::{KeyRing, Place};
use common::settings::Settings;
use common::wire::lenient;
use proptest::prelude::*;
use serde_json::Value;

use crate::harness::fixture;

/// A fixture with one piece replaced by another text.
fn spoilt() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("\"\"".to_owned()),
        Just("-1e999".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        Just("\"0001-01-01T00:00:00Z\"".to_owned()),
        Just("\"1******\"".to_owned()),
        Just("\"---\"".to_owned()),
        Just("\"id\":0,\"id\":7".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("\u{1}\n\u{0}".to_owned()),
        Just("[[[[".to_owned()),
        Just("99999999999999999999999999999999".to_owned()),
        ".{0,12}",
    ];
    let body = prop_oneof![Just(fixture::ORDER), Just(fixture::PAID_ORDER), Just(fixture::CUSTOMER)];
    (body, any::<prop::sample::Index>(), 0_usize..80, pieces).prop_map(|(body, at, length, piece)| {
        let at = at.index(body.len());
        let end = (at + length).min(body.len());
        [&body[..at], piece.as_bytes(), &body[end..]].concat()
    })
}

/// What people leave in phone and e-mail fields.
fn contact() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        "0[35789][0-9]{8}",
        "01(2[0-9]|6[2-9])[0-9]{7}",
        "(0000000000|0123456789|1111111|1900 6116|3822 0114|090355530O|555-625-1199)",
        "84[0-9]{9}[.]0",
        "[0-9],[0-9]{8}E[+]8",
        "[a-z]{1,5}@[a-z]{1,5}[.]vn[.,;\u{200b}]?",
    ];
    let separator = prop_oneof!["[-/,;| \n]", " - ", " \\(Lan\\) ", " Zalo ", " hoặc "];
    proptest::collection::vec((number, separator), 1..4)
        .prop_map(|parts| parts.into_iter().map(|(number, separator)| number + &separator).collect())
}

/// A fixture with one value replaced: still JSON.
fn odd() -> impl Strategy<Value = String> {
    let values = prop_oneof![
        Just(Value::Null),
        Just(serde_json::json!([])),
        Just(serde_json::json!({})),
        Just(serde_json::json!([null, 7, "x"])),
        Just(serde_json::json!("")),
        Just(serde_json::json!(-1)),
        Just(serde_json::json!(1e300)),
        Just(serde_json::json!(true)),
        Just(serde_json::json!("0001-01-01T00:00:00")),
        Just(serde_json::json!("1900-01-01T00:00:00Z")),
        Just(serde_json::json!("N******n")),
        ".{0,300}".prop_map(Value::String),
        contact().prop_map(Value::String),
    ];
    let body = prop_oneof![Just(fixture::ORDER), Just(fixture::PAID_ORDER), Just(fixture::CUSTOMER)];
    (body, any::<prop::sample::Index>(), values).prop_map(|(body, at, value)| {
        let mut read: Value = serde_json::from_slice(body).unwrap();
        let mut places = Vec::new();
        pointers(&read, String::new(), &mut places);
        let place = &places[at.index(places.len())];
        *read.pointer_mut(place).unwrap() = value;
        read.to_string()
    })
}

fn pointers(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| pointers(value, format!("{at}/{key}"), places))
        }
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(index, value)| pointers(value, format!("{at}/{index}"), places)),
        _ => {}
    }
    if !at.is_empty() {
        places.push(at);
    }
}

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 27);

fn read_everything(body: &str) {
    if let Some(order) = lenient::read::<Order>(body) {
        let id = OrderId(7);
        let buyer = Buyer::of_order(&order, id);
        assert!(!buyer.name.is_empty());
        let settings = Settings::default();
        serde_json::to_string(&buyer.new_account(&settings, None, TODAY)).unwrap();
        let now = jiff::Timestamp::UNIX_EPOCH;
        if let Ok(draft) = common::intake::draft::order(&order, id, &buyer, &settings, Some("x.vn"), now) {
            let text = serde_json::to_string(&draft.order).unwrap();
            assert!(!text.contains("null") || body.contains("null"), "{text}");
        }
    }
    if let Some(customer) = lenient::read::<Customer>(body) {
        let account =
            Buyer::of_customer(&customer, CustomerId(7)).new_account(&Settings::default(), None, TODAY);
        assert!(account.birthday.is_none_or(|day| *"1900-01-02" <= *day && *day <= *"2026-11-27"));
        assert!(account.billing_address_street.is_none_or(|line| !line.contains("**")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_break_no_parser(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = unwrapped(&bytes);
        let _ = common::body::unpack(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = (text.parse::<Signature>().is_ok(), text.parse::<Topic>(), text.parse::<TenantId>(), text.parse::<OrgId>());
        let _ = (PhoneNumber::parse(&text), KeyRing::from_json(&text).is_ok());
        let ring = KeyRing::from_json(&KeyRing::generate_json().unwrap()).unwrap();
        let opened = ring.open(Place { key: "k", field: "f" }, &bytes);
        prop_assert!(opened.is_err());
        if let Some(text) = unwrapped(&bytes) {
            read_everything(&text);
        }
    }

    #[test]
    fn what_is_read_of_a_contact_field_is_clean(text in contact()) {
        for phone in PhoneNumber::all(&text) {
            prop_assert_eq!(PhoneNumber::parse(&phone.local()), Some(phone.clone()));
            prop_assert!(!["+840000000000", "+84123456789", "+841111111"].contains(&phone.e164()));
        }
        for email in common::email::addresses(&text) {
            prop_assert_eq!(common::email::real_email(&email), Some(email));
        }
    }

    #[test]
    fn a_spoilt_body_is_read_or_refused(bytes in spoilt()) {
        if let Some(text) = unwrapped(&bytes) {
            read_everything(&text);
        }
    }

    #[test]
    fn an_odd_value_anywhere_is_read_or_refused(body in odd()) {
        read_everything(&unwrapped(body.as_bytes()).unwrap());
    }

    #[test]
    fn any_answer_of_the_crm_is_read_or_refused(text in "(\\{|\\[|\"|data|errors|message|order_code|:|,|\\}|\\]|[0-9]|null|x){0,40}") {
        if let Ok(body) = serde_json::from_str::<Value>(&text) {
            let _ = (error::refusal(&body), error::is_error_in_success(&body));
            if let Some(record) = answer::record(&body) {
                let _ = (Account::read(record), order::Order::read(record, "x"), user::User::read(record));
            }
        }
    }
}
