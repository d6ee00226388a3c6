//! Who is one person: phones and e-mail addresses as people type them, on both sides (haravan.md §3.4, §11).

use serde_json::Value;

use crate::harness::{World, fixture};
use crate::verbs::*;

/// The fixture's customer with an id, a phone and an e-mail of its own.
fn customer(id: i64, phone: &str, email: &str) -> Vec<u8> {
    edited(fixture::CUSTOMER, |body| {
        body["id"] = id.into();
        body["email"] = email.into();
        set_phone(body, phone);
    })
}

fn set_phone(body: &mut Value, phone: &str) {
    body["phone"] = phone.into();
    body["default_address"]["phone"] = phone.into();
    body["addresses"][0]["phone"] = phone.into();
}

/// The fixture's order with another phone wherever one stands.
fn order_with_phone(phone: &str) -> Vec<u8> {
    edited(fixture::ORDER, |body| {
        body["billing_address"]["phone"] = phone.into();
        body["shipping_address"]["phone"] = phone.into();
        set_phone(&mut body["customer"], phone);
    })
}

#[tokio::test]
async fn strangers_with_the_same_stand_in_for_a_phone_stay_two_customers() {
    for phone in ["0000000000", "0123456789", "1111111", "0987654321", "1900 6116", "3822 0114", "090355530O"]
    {
        let world = World::start().await;
        for (id, email) in [(1_176_400_501, "lan@example.com"), (1_176_400_502, "minh@example.com")] {
            let event = world.carry("customers/create", &customer(id, phone, email)).await;
            assert_done(&event, None, &["phone_not_readable"]);
        }
        let accounts = world.getfly().accounts();
        assert_eq!(accounts.len(), 2, "{phone}");
        assert!(accounts.iter().all(|account| account.phone_office.is_empty()), "{phone}: {accounts:?}");
    }
}

#[tokio::test]
async fn a_phone_nobody_can_be_found_by_stands_on_the_order_as_it_was_typed() {
    for phone in ["0000000000", "1900 6116", "3822 0114", "090355530O"] {
        let world = World::start().await;
        let event = world.carry("orders/create", &order_with_phone(phone)).await;
        assert_done(&event, None, &["phone_not_readable"]);
        assert_eq!(world.order_of(&event).account_phone, phone);
    }
}

#[tokio::test]
async fn a_number_in_todays_spelling_and_in_that_of_before_2018_is_one_customer() {
    for (old, new) in
        [("01681230987", "0381230987"), ("0120 123 0987", "0701230987"), ("+841991230987", "0591230987")]
    {
        for (first, second) in [(old, new), (new, old)] {
            let world = World::start().await;
            world.carry("customers/create", &customer(1_176_400_501, first, "")).await;
            let event = world.carry("customers/create", &customer(1_176_400_502, second, "")).await;
            assert_done(&event, Some("already_in_crm"), &[]);
            assert_eq!(world.only_account().phone_office, new, "{first} {second}");
        }
    }
}

#[tokio::test]
async fn a_record_is_found_whatever_else_its_phone_field_holds() {
    for (typed, phone) in [
        ("0903222601 - 0975666231", "0975666231"),
        ("0975666231/0903222601", "0975666231"),
        ("0975666231 (Lan)", "0975666231"),
        ("0975.666231", "0975666231"),
        ("01681230987", "0381230987"),
        ("0903222601, 01681230987", "0381230987"),
        ("84975666231.0", "0975666231"),
    ] {
        let world = World::start().await;
        let before = world.getfly().add_account(earlier_customer("KH-CU", typed, ""));
        let event = world.carry("customers/create", &customer(1_176_400_501, phone, "")).await;
        assert_done(&event, Some("already_in_crm"), &[]);
        assert_eq!(world.only_account(), before, "{typed}");
    }
}

#[tokio::test]
async fn of_several_numbers_the_first_is_the_customers() {
    for phone in ["0975666231 - 0903222601", "0975666231/0903222601", "0975666231 Zalo", "0975666231 (Lan)"] {
        let world = World::start().await;
        let event = world.carry("customers/create", &customer(1_176_400_501, phone, "")).await;
        assert_carried_over(&event);
        assert_eq!(world.only_account().phone_office, "0975666231", "{phone}");
    }
}

#[tokio::test]
async fn junk_around_an_email_address_makes_no_second_customer() {
    for typed in ["lan@x.vn\u{200b}", "lan@x.vn.", "lan@x.vn,", "Lan@X.vn;minh@y.vn", "<lan@x.vn>"] {
        let world = World::start().await;
        world.carry("customers/create", &customer(1_176_400_501, "", "lan@x.vn")).await;
        let event = world.carry("customers/create", &customer(1_176_400_502, "", typed)).await;
        assert_done(&event, Some("already_in_crm"), &[]);
        assert_eq!(world.only_account().email, "lan@x.vn", "{typed}");

        let world = World::start().await;
        world.getfly().settings_mut(|crm| crm.ignore_case = true);
        let before = world.getfly().add_account(earlier_customer("KH-CU", "", typed));
        let event = world.carry("customers/create", &customer(1_176_400_501, "", "lan@x.vn")).await;
        assert_done(&event, Some("already_in_crm"), &[]);
        assert_eq!(world.only_account(), before, "{typed}");
    }
}

#[tokio::test]
async fn an_email_that_is_no_address_is_told_and_a_stand_in_is_not() {
    for (email, warnings) in [
        ("không có", &["email_not_readable"][..]),
        ("mai@", &["email_not_readable"][..]),
        ("thu mai@x.vn", &["email_not_readable"][..]),
        ("guest@haravan.com", &[][..]),
    ] {
        let world = World::start().await;
        let event = world.carry("customers/create", &customer(1_176_400_501, "0975666231", email)).await;
        assert_done(&event, None, warnings);
    }
}
