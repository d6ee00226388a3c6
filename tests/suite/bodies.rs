//! Bodies as real shops write them: dates that mean "never", guests, masked records, broken characters, test deliveries.

use common::haravan::webhook::Topic;
use common::store::inbox::Status;
use connect_tests::getfly::Account;
use serde_json::{Value, json};

use crate::harness::{World, fixture};
use crate::verbs::*;

// Dates.

#[tokio::test]
async fn an_order_that_was_cancelled_in_the_year_one_is_alive() {
    for never in ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "0001-01-01T07:00:00+07:00"] {
        for status in [json!("uncancelled"), Value::Null, json!("")] {
            let world = World::start().await;
            let body = edited(fixture::ORDER, |body| {
                body["cancelled_at"] = never.into();
                body["closed_at"] = never.into();
                body["cancelled_status"] = status.clone();
            });
            let event = world.carry("orders/create", &body).await;
            assert_carried_over(&event);
            assert_eq!(world.order_of(&event).order_code, "HRV-1791400031", "{never} {status}");
        }
    }
}

#[tokio::test]
async fn of_a_status_and_a_date_that_disagree_the_status_says_whether_an_order_is_cancelled() {
    let carry = async |status: Value, at: Value| {
        let world = World::start().await;
        let body = edited(fixture::ORDER, |body| {
            body["cancelled_status"] = status;
            body["cancelled_at"] = at;
        });
        world.carry("orders/create", &body).await.reason
    };
    let (day, cancelled) = ("2026-06-12T05:00:00Z", Some("cancelled_before_it_reached_the_crm"));
    assert_eq!(carry("uncancelled".into(), day.into()).await, None);
    assert_eq!(carry("Cancelled".into(), Value::Null).await.as_deref(), cancelled);
    assert_eq!(carry("cancelled".into(), "0001-01-01T00:00:00Z".into()).await.as_deref(), cancelled);
    assert_eq!(carry(Value::Null, day.into()).await.as_deref(), cancelled);
}

#[tokio::test]
async fn a_birthday_that_stands_in_for_none_does_not_reach_the_crm() {
    for none in ["0001-01-01T00:00:00Z", "1900-01-01T00:00:00Z", "2062-06-12T00:00:00Z", "9999-12-31"] {
        let account = created(&edited(fixture::CUSTOMER, |body| body["birthday"] = none.into())).await;
        assert_eq!(account.birthday, None, "{none}");
    }
}

// Guests and masked records.

/// The CRM customer that a `customers/create` becomes.
async fn created(body: &[u8]) -> Account {
    let world = World::start().await;
    let event = world.carry("customers/create", body).await;
    assert_carried_over(&event);
    world.account_of(&event)
}

fn nobody(edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    edited(fixture::CUSTOMER, |body| {
        for name in ["first_name", "last_name"] {
            body[name] = "---".into();
        }
        body["email"] = "guest@haravan.com".into();
        body["phone"] = Value::Null;
        body["default_address"] = Value::Null;
        body["addresses"] = json!([]);
        edit(body);
    })
}

#[tokio::test]
async fn a_guest_and_a_masked_customer_are_not_created() {
    let world = World::start().await;
    let bodies = [
        nobody(|_| {}),
        nobody(|body| body["last_name"] = Value::Null),
        nobody(|body| body["first_name"] = "N******n".into()),
        nobody(|body| {
            let address = json!({"first_name": "---", "name": "--- ---", "address1": "1******", "phone": ""});
            body["default_address"] = address.clone();
            body["addresses"] = json!([address]);
        }),
        nobody(|body| body["phone"] = "09******18".into()),
    ];
    for (id, body) in (1_176_400_900..).zip(bodies) {
        let body = edited(&body, |body| body["id"] = id.into());
        let event = world.carry("customers/create", &body).await;
        assert_done(&event, Some("customer_is_nobody"), &[]);
    }
    assert_eq!(world.getfly().accounts().len(), 0);
}

#[tokio::test]
async fn a_guest_record_gives_its_details_to_nobody_and_its_order_one_customer() {
    let world = World::start().await;
    let guest = nobody(|body| body["note"] = "Ghi chú của người khác".into());
    assert_done(&world.carry("customers/create", &guest).await, Some("customer_is_nobody"), &[]);
    let order = edited(fixture::ORDER, |body| {
        body["customer"] = serde_json::from_slice(&guest).unwrap();
        body["email"] = "guest@haravan.com".into();
        body["contact_email"] = "guest@haravan.com".into();
    });
    let event = world.carry("orders/create", &order).await;
    let account = world.only_account();
    assert_eq!(world.order_of(&event).account_code, account.account_code);
    assert_eq!(account.account_code, "HRV-O1791400031");
    assert_eq!((account.birthday, account.description.as_str(), account.gender), (None, "", None));
}

#[tokio::test]
async fn a_buyer_who_is_named_in_the_default_address_only_has_that_name_by_order_and_by_customer() {
    let named_in = |body: &mut Value| {
        for name in ["first_name", "last_name"] {
            body[name] = Value::Null;
        }
        body["default_address"]["first_name"] = "Yến".into();
        body["default_address"]["last_name"] = "Mạc".into();
        body["default_address"]["name"] = "Mạc Yến".into();
    };
    assert_eq!(created(&edited(fixture::CUSTOMER, named_in)).await.account_name, "Mạc Yến");
    let world = World::start().await;
    let order = edited(fixture::ORDER, |body| {
        named_in(&mut body["customer"]);
        body["shipping_address"]["first_name"] = "Người".into();
        body["shipping_address"]["last_name"] = "Nhận".into();
    });
    let event = world.carry("orders/create", &order).await;
    assert_carried_over(&event);
    assert_eq!(world.only_account().account_name, "Mạc Yến");
}

#[tokio::test]
async fn what_a_marketplace_masked_is_no_address() {
    let world = World::start().await;
    let body = edited(fixture::ORDER, |body| {
        for address in ["shipping_address", "billing_address"] {
            body[address]["address1"] = "1******".into();
            body[address]["ward"] = "P***".into();
            body[address]["district"] = "Q***".into();
            body[address]["zip"] = Value::Null;
        }
    });
    let event = world.carry("orders/create", &body).await;
    assert_eq!(world.order_of(&event).account_address, "Hồ Chí Minh");
}

#[tokio::test]
async fn a_foreign_address_keeps_city_postal_code_and_country() {
    let world = World::start().await;
    let body = edited(fixture::ORDER, |body| {
        body["shipping_address"] = json!({"first_name": "Lan", "address1": "1 Main St", "city": "Austin", "province": "Texas",
            "zip": "78701", "country": "United States", "country_code": "US"});
    });
    let event = world.carry("orders/create", &body).await;
    assert_eq!(world.order_of(&event).account_address, "1 Main St, Austin, Texas, 78701, United States");
}

// Broken text.

fn replaced(body: &[u8], from: &str, to: &[u8]) -> Vec<u8> {
    let at = body.windows(from.len()).position(|window| window == from.as_bytes()).expect("it is there");
    [&body[..at], to, &body[at + from.len()..]].concat()
}

#[tokio::test]
async fn a_signed_body_is_read_however_it_is_spelled() {
    let order = edited(fixture::ORDER, |body| body["note"] = "abc".into());
    for (body, said) in [
        ([b"\xef\xbb\xbf".as_slice(), &order].concat(), "abc"),
        (replaced(&order, r#""note":"a"#, br#""note":"x","note":"a"#), "abc"),
        (replaced(&order, r#""note":"a"#, br#""note":"a\ud83d"#), "a\u{fffd}bc"),
        (replaced(&order, r#""note":"a"#, b"\"note\":\"a\xe1"), "a\u{fffd}bc"),
        (replaced(&order, r#""note":"a"#, b"\"note\":\"a\x01\x00\x01"), "a bc"),
        (replaced(&order, r#""line_items":["#, br#""line_items":null,"line_items":["#), "abc"),
        ([b"{\"order\":".as_slice(), &replaced(&order, "{", br#"{"id":3,"#), b"}"].concat(), "abc"),
        ([order.as_slice(), b"\x00"].concat(), "abc"),
    ] {
        let world = World::start().await;
        let event = world.carry("orders/create", &body).await;
        assert_eq!((event.status, event.reason.as_deref()), (Status::Done, None), "{said:?}");
        let order = world.order_of(&event);
        assert_eq!(order.order_code, "HRV-1791400031");
        assert!(order.terms.iter().any(|term| term.contains(said)), "{said:?} in {:?}", order.terms);
        assert_eq!(order.real_amount, dong("333000"));
    }
}

#[tokio::test]
async fn a_customer_with_broken_text_is_created_with_the_rest() {
    let body = replaced(fixture::CUSTOMER, r#""first_name":"#, br#""first_name":"Bo","first_name":"#);
    let whole = created(&body).await;
    assert_eq!(whole.account_name, created(fixture::CUSTOMER).await.account_name);
}

// Test deliveries.

#[tokio::test]
async fn the_dashboards_test_delivery_is_answered_and_leaves_nothing() {
    let world = World::start().await;
    let delivery = include_bytes!("../fixtures/order_test_delivery.json").as_slice();
    for topic in Topic::ALL {
        let body =
            if topic.as_str().starts_with("orders/") { delivery } else { br#"{"id":0,"first_name":null}"# };
        for body in [body, br#"{"id":"0"}"#, br#"{"order":{"id":0,"line_items":null}}"#] {
            assert_eq!(world.post(topic.as_str(), body).await, 200, "{topic}");
        }
    }
    assert!(world.events().await.is_empty());
}

#[tokio::test]
async fn any_value_of_the_test_header_but_a_no_means_a_test() {
    let world = World::start().await;
    let post = async |value: &str, id: i64| {
        let body = edited(fixture::ORDER, |body| body["id"] = id.into());
        let addresses = &world.stack.addresses;
        let headers = [
            ("X-Haravan-Topic", "orders/create".to_owned()),
            ("X-Haravan-Org-Id", addresses.org_id.clone()),
            ("X-Haravan-Hmacsha256", connect_tests::haravan::sign(&addresses.client_secret, &body)),
            ("X-Haravan-Test", value.to_owned()),
        ];
        assert_eq!(world.post_raw(&addresses.webhook_url, &headers, &body).await, 200);
        world.events().await.len()
    };
    for test in ["true", "True", "1", "yes", "test"] {
        assert_eq!(post(test, 1).await, 0, "{test}");
    }
    for (count, real) in (1..).zip(["false", "False", "0", "", " "]) {
        assert_eq!(post(real, count).await, usize::try_from(count).unwrap(), "{real:?}");
    }
}
