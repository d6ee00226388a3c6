//! The rows about customers in the test list of getfly.md §11.

use common::store::inbox::Status;
use connect_tests::getfly::{DuplicateRule, SourceMode};
use connect_tests::haravan::{Buyer, CustomerId, CustomerSpec, Given, OrderSpec};
use serde_json::{Value, json};

use crate::harness::{World, fixture};
use crate::verbs::*;

/// A CRM that forbids no duplicates, and a tenant whose settings say so.
async fn allow_duplicates(world: &World) {
    let never = DuplicateRule { check: false, allow: true };
    world.getfly().settings_mut(|crm| crm.duplicates.phone_office = never);
    world.getfly().settings_mut(|crm| crm.duplicates.email = never);
    world
        .settings(|settings| {
            settings.unique_phone = false;
            settings.unique_email = false;
        })
        .await;
}

/// The fixture's customer with another id, as another person would have it.
fn customer(id: i64, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    edited(fixture::CUSTOMER, |body| {
        body["id"] = id.into();
        edit(body);
    })
}

fn set_phone(body: &mut Value, phone: &Value) {
    body["phone"] = phone.clone();
    body["default_address"]["phone"] = phone.clone();
    body["addresses"][0]["phone"] = phone.clone();
}

#[tokio::test]
async fn a_new_customer_becomes_one_account_with_every_field() {
    let world = World::start().await;
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_carried_over(&event);
    assert_eq!(event.crm_code.as_deref(), Some("HRV-1176400455"));
    let account = world.only_account();
    assert_eq!(account.account_code, "HRV-1176400455");
    assert_eq!(
        (account.account_name.as_str(), account.phone_office.as_str()),
        ("Phạm Thu Mai", "0975666231")
    );
    assert_eq!((account.email.as_str(), account.gender), ("thumai.pham@example.com", Some(1)));
    assert_eq!(
        (account.birthday.as_deref(), account.description.as_str()),
        (Some("1994-09-02"), "Quan tâm mẫu sổ tay")
    );
    assert_eq!(account.billing_address_street, "88 Lý Thường Kiệt, Phường 15, Quận 11, Hồ Chí Minh, 700000");
    assert_eq!((account.province_name.as_str(), account.district_name.as_str()), ("Hồ Chí Minh", "Quận 11"));
    assert_eq!(account.country_name, "Việt Nam");
    assert_eq!(world.sources_of(&account), ["haravan"]);
    assert_eq!(world.manager_of(&account).as_deref(), Some(DEFAULT_MANAGER));
    assert_eq!(account.contacts.len(), 1);
}

#[tokio::test]
async fn the_same_customer_webhook_twice_creates_one_account() {
    let world = World::start().await;
    assert_eq!(world.post("customers/create", fixture::CUSTOMER).await, 200);
    assert_eq!(world.post("customers/create", fixture::CUSTOMER).await, 200);
    world.work_until_done().await;
    assert_eq!(world.post("customers/create", fixture::CUSTOMER).await, 200);
    world.work_until_done().await;
    assert_carried_over(&world.only_event().await);
    assert_eq!(world.getfly().accounts().len(), 1);
    assert_eq!(world.getfly().requests_to(CREATE_ACCOUNT), 1);
}

#[tokio::test]
async fn customer_and_order_webhooks_of_new_buyers_interleaved_give_one_account_each() {
    let world = World::start().await;
    const BUYERS: usize = 8;
    for number in 0..BUYERS {
        let person = CustomerSpec::person(
            "Đinh",
            "Lan",
            &format!("090100000{number}"),
            &format!("lan{number}@example.com"),
        );
        let spec = OrderSpec { announce_updated: false, ..OrderSpec::default().person(person) };
        world.haravan().create_order(spec).unwrap();
    }
    let round = world.haravan().deliver_due_at_once().await;
    assert_eq!((round.delivered, round.failed), (2 * BUYERS, 0));
    world.work_until_done().await;
    assert_eq!(world.count(Status::Done).await, 2 * BUYERS);
    assert_eq!((world.getfly().accounts().len(), world.getfly().orders().len()), (BUYERS, BUYERS));
    for event in world.events().await {
        assert!(event.warnings.is_empty(), "{event:?}");
    }
    for order in world.getfly().orders() {
        let account = world.getfly().account(&order.account_code).unwrap();
        assert_eq!((account.phone_office, account.email), (order.account_phone, order.account_email));
    }
}

#[tokio::test]
async fn a_customer_who_is_there_under_the_same_phone_is_linked_and_not_changed() {
    // As people type it into a CRM.
    for typed in ["0975666231", "84975666231", "+84975666231"] {
        let world = World::start().await;
        let before = world.getfly().add_account(earlier_customer("KH-CU", typed, ""));
        let event = world.carry("customers/create", fixture::CUSTOMER).await;
        assert_done(&event, Some("already_in_crm"), &[]);
        assert_eq!(event.crm_code.as_deref(), Some("KH-CU"), "{typed}");
        assert_eq!(world.only_account(), before, "{typed}");
    }
    let world = World::start().await;
    world.getfly().add_account(earlier_customer("KH-CU", "0903555018", ""));
    let event = world.carry("orders/create", fixture::ORDER).await;
    assert_carried_over(&event);
    assert_eq!(world.order_of(&event).account_code, "KH-CU");
    assert_eq!(world.getfly().requests_to(CREATE_ACCOUNT), 0);
}

#[tokio::test]
async fn a_customer_who_is_there_under_the_same_email_is_linked_and_not_changed() {
    let world = World::start().await;
    world.getfly().settings_mut(|crm| crm.ignore_case = true);
    let before =
        world.getfly().add_account(earlier_customer("KH-CU", "0911111111", "ThuMai.Pham@Example.com"));
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_done(&event, Some("already_in_crm"), &[]);
    assert_eq!(event.crm_code.as_deref(), Some("KH-CU"));
    assert_eq!(world.only_account(), before);
}

#[tokio::test]
async fn of_several_customers_with_the_phone_the_oldest_is_linked_with_a_warning() {
    let world = World::start().await;
    for code in ["KH-1", "KH-2", "KH-3"] {
        world.getfly().add_account(earlier_customer(code, "0975666231", ""));
    }
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_done(&event, Some("already_in_crm"), &["several_customers_match"]);
    assert_eq!(event.crm_code.as_deref(), Some("KH-1"));
}

#[tokio::test]
async fn when_phone_and_email_lead_to_two_customers_the_phone_wins_with_a_warning() {
    let world = World::start().await;
    world.getfly().add_account(earlier_customer("KH-EMAIL", "0911111111", "thumai.pham@example.com"));
    world.getfly().add_account(earlier_customer("KH-PHONE", "0975666231", "other@example.com"));
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_done(&event, Some("already_in_crm"), &["email_belongs_to_another_customer"]);
    assert_eq!(event.crm_code.as_deref(), Some("KH-PHONE"));

    world.getfly().add_account(earlier_customer("KH-EMAIL-2", "0911111112", "ngocthao.tran@example.com"));
    world.getfly().add_account(earlier_customer("KH-PHONE-2", "0903555018", ""));
    let event = world.carry("orders/create", fixture::ORDER).await;
    assert_done(&event, None, &["email_belongs_to_another_customer"]);
    assert_eq!(world.order_of(&event).account_code, "KH-PHONE-2");
    assert_eq!(world.getfly().accounts().len(), 4);
}

#[tokio::test]
async fn a_number_that_only_contains_the_buyers_is_a_strangers() {
    let world = World::start().await;
    world.getfly().add_account(earlier_customer("KH-LIKE", "+1903975666231", ""));
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_carried_over(&event);
    assert_eq!(world.account_of(&event).account_code, "HRV-1176400455");
}

#[tokio::test]
async fn where_duplicates_are_allowed_every_haravan_customer_gets_one_account() {
    let world = World::start().await;
    allow_duplicates(&world).await;
    world.getfly().add_account(earlier_customer("KH-CU", "0975666231", "thumai.pham@example.com"));
    assert_carried_over(&world.carry("customers/create", fixture::CUSTOMER).await);
    assert_carried_over(&world.carry("customers/create", &customer(1_176_400_456, |_| ())).await);
    assert_eq!(world.getfly().accounts().len(), 3);
    // Haravan's own id still tells the same customer.
    let again =
        world.carry("customers/update", &customer(1_176_400_455, |body| body["note"] = "mới".into())).await;
    assert_done(&again, Some("changes_not_carried_over"), &[]);
    assert_eq!(again.crm_code.as_deref(), Some("HRV-1176400455"));
    assert_eq!(world.getfly().accounts().len(), 3);
}

#[tokio::test]
async fn with_only_one_of_the_two_fields_forbidden_nobody_is_looked_for() {
    let world = World::start().await;
    world.settings(|settings| settings.unique_email = false).await;
    world.getfly().settings_mut(|crm| crm.duplicates.email = DuplicateRule { check: true, allow: true });
    world.getfly().add_account(earlier_customer("KH-CU", "0911111111", "thumai.pham@example.com"));
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_carried_over(&event);
    assert_eq!(event.crm_code.as_deref(), Some("HRV-1176400455"));
    assert_eq!(world.getfly().requests_to("GET /api/v6.1/accounts"), 0);
}

#[tokio::test]
async fn our_own_soft_deleted_customer_is_brought_back_with_a_warning() {
    let world = World::start().await;
    world.getfly().add_account(earlier_customer("HRV-1176400455", "0975666231", "thumai.pham@example.com"));
    assert!(world.getfly().delete_account("HRV-1176400455"));
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_done(&event, Some("already_in_crm"), &["customer_restored_in_crm"]);
    assert!(world.only_account().is_live());
}

#[tokio::test]
async fn a_soft_deleted_customer_of_another_code_is_left_to_a_person_with_the_crms_words() {
    let world = World::start().await;
    world.getfly().add_account(earlier_customer("KH-CU", "0975666231", ""));
    assert!(world.getfly().delete_account("KH-CU"));
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_parked(&event, "customer_deleted_in_crm");
    let words = event.detail.clone().unwrap();
    assert!(words.contains("0975666231") && words.contains("không cho phép trùng"), "{words}");
    assert_eq!(world.getfly().accounts().len(), 1);

    // A person brings it back in the CRM and presses retry.
    let key = world.stack.addresses.getfly_api_key.clone();
    let url = format!("{}/api/v6.1/account/restore", world.stack.addresses.getfly_url);
    let restore =
        reqwest::Client::new().post(url).header("X-API-KEY", key).json(&json!({"account_code": "KH-CU"}));
    assert_eq!(restore.send().await.unwrap().status(), 200);
    let event = world.retry(&event).await;
    assert_done(&event, Some("already_in_crm"), &[]);
    assert_eq!(event.crm_code.as_deref(), Some("KH-CU"));
}

#[tokio::test]
async fn guests_with_the_placeholder_email_are_never_one_customer() {
    let world = World::start().await;
    let guest = |id: i64, name: &str, phone: &str| {
        customer(id, |body| {
            body["email"] = "guest@haravan.com".into();
            body["first_name"] = name.into();
            set_phone(body, &phone.into());
        })
    };
    assert_carried_over(&world.carry("customers/create", &guest(1, "An", "0931000001")).await);
    assert_carried_over(&world.carry("customers/create", &guest(2, "Bình", "0931000002")).await);
    let paid = world.carry("orders/create", fixture::PAID_ORDER).await;
    assert_eq!(world.buyer_of(&paid).email, "");
    assert_eq!(world.getfly().accounts().len(), 3);
    assert!(world.getfly().accounts().iter().all(|account| account.email.is_empty()));
    assert!(world.order_of(&paid).account_email.is_empty());
}

#[tokio::test]
async fn customers_with_neither_phone_nor_email_are_one_account_each() {
    let world = World::start().await;
    for id in [71, 72] {
        let body = customer(id, |body| {
            body["email"] = Value::Null;
            set_phone(body, &Value::Null);
        });
        let event = world.carry("customers/create", &body).await;
        assert_carried_over(&event);
        let account = world.account_of(&event);
        assert_eq!(
            (account.account_code, account.account_name),
            (format!("HRV-{id}"), "Phạm Thu Mai".to_owned())
        );
        assert!(account.phone_office.is_empty() && account.email.is_empty() && account.contacts.is_empty());
    }
    let nameless = customer(73, |body| {
        *body = json!({"id": 73, "first_name": null, "email": null, "phone": "", "updated_at": "2026-06-12T08:14:03Z"});
    });
    assert_done(&world.carry("customers/create", &nameless).await, Some("customer_is_nobody"), &[]);
    let sent = world.sent_to(CREATE_ACCOUNT);
    assert!(
        sent.iter().all(|body| !body.to_string().contains("null") && !body.to_string().contains("\"\"")),
        "{sent:?}"
    );
}

#[tokio::test]
async fn an_order_with_neither_phone_nor_email_gets_an_account_of_its_own() {
    let world = World::start().await;
    let order = edited(fixture::ORDER, |body| {
        body["customer"] = Value::Null;
        body["email"] = "".into();
        body["contact_email"] = Value::Null;
        body["billing_address"] = Value::Null;
        body["shipping_address"] = Value::Null;
    });
    let event = world.carry("orders/create", &order).await;
    assert_carried_over(&event);
    let account = world.buyer_of(&event);
    assert_eq!(
        (account.account_code.as_str(), account.account_name.as_str()),
        ("HRV-O1791400031", "Khách Haravan 1791400031")
    );
}

#[tokio::test]
async fn a_phone_in_international_form_is_written_and_found_in_local_form() {
    let world = World::start().await;
    let person = CustomerSpec::person("Võ", "Hoa", "+84 903 555 777", "hoa@example.com");
    let event = world.register(person).await;
    assert_carried_over(&event);
    assert_eq!(world.only_account().phone_office, "0903555777");

    let same =
        CustomerSpec { email: Given::Nothing, ..CustomerSpec::person("Võ", "Hoa", "84903555777", "") };
    let event = world.register(same).await;
    assert_done(&event, Some("already_in_crm"), &[]);
    let order = world
        .place(OrderSpec::default().person(CustomerSpec::person(
            "Võ",
            "Hoa",
            "0903.555.777",
            "hoa2@example.com",
        )))
        .await;
    assert_carried_over(&order);
    assert_eq!(world.order_of(&order).account_phone, "0903555777");
    assert_eq!(world.getfly().accounts().len(), 1);
}

#[tokio::test]
async fn an_unknown_customer_source_is_made_by_a_crm_that_makes_sources() {
    let world = World::start().await;
    world.settings(|settings| settings.customer_source = "Haravan Sài Gòn".to_owned()).await;
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_carried_over(&event);
    assert_eq!(world.sources_of(&world.account_of(&event)), ["Haravan Sài Gòn"]);
}

#[tokio::test]
async fn an_unknown_customer_source_is_left_out_with_a_warning_where_the_crm_refuses_it() {
    for mode in [SourceMode::Strict, SourceMode::Conflict] {
        let world = World::start().await;
        world.settings(|settings| settings.customer_source = "Haravan Sài Gòn".to_owned()).await;
        world.getfly().settings_mut(|crm| crm.source_mode = mode);
        let event = world.carry("customers/create", fixture::CUSTOMER).await;
        assert_done(&event, None, &["customer_without_source"]);
        let account = world.account_of(&event);
        assert_eq!(
            (account.account_source.len(), account.phone_office.as_str()),
            (0, "0975666231"),
            "{mode:?}"
        );
        assert_eq!(world.getfly().requests_to(CREATE_ACCOUNT), 2, "{mode:?}");
    }
}

#[tokio::test]
async fn a_source_name_whose_slug_belongs_to_another_is_left_out_with_a_warning() {
    let world = World::start().await;
    // "Giới thiệu" is there under the slug gioi_thieu.
    world.settings(|settings| settings.customer_source = "Gioi thieu".to_owned()).await;
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_done(&event, None, &["customer_without_source"]);
    assert_eq!(world.getfly().account_sources().len(), 2);
}

#[tokio::test]
async fn a_very_long_name_is_cut_to_what_the_crm_takes() {
    let world = World::start().await;
    let long = "Nguyễn ".repeat(80);
    let event =
        world.carry("customers/create", &customer(81, |body| body["first_name"] = long.clone().into())).await;
    assert_carried_over(&event);
    let name = world.account_of(&event).account_name;
    assert_eq!(name.chars().count(), 255);
    assert!(name.starts_with("Phạm Thu Nguyễn Nguyễn"));
}

#[tokio::test]
async fn emoji_and_combining_accents_arrive_composed() {
    let world = World::start().await;
    let body = customer(82, |body| {
        body["last_name"] = "Tra\u{302}\u{300}n".into();
        body["first_name"] = "Mai 🌸👩‍👩‍👧".into();
        body["note"] = "Thích 💐\n\nga\u{323}p chiều".into();
    });
    let event = world.carry("customers/create", &body).await;
    assert_carried_over(&event);
    let account = world.account_of(&event);
    assert_eq!(
        (account.account_name.as_str(), account.description.as_str()),
        ("Trần Mai 🌸👩‍👩‍👧", "Thích 💐\ngạp chiều")
    );
}

#[tokio::test]
async fn a_known_buyers_second_order_goes_to_the_same_account() {
    let world = World::start().await;
    let registered = world.register(CustomerSpec::person("Lý", "Hà", "0904000111", "ha@example.com")).await;
    let id = CustomerId(registered.key.id().unwrap());
    for _ in 0..2 {
        let event = world.place(OrderSpec::default().buyer(Buyer::Known(id))).await;
        assert_carried_over(&event);
        assert_eq!(Some(world.order_of(&event).account_code), registered.crm_code);
    }
    assert_eq!(world.getfly().requests_to(CREATE_ACCOUNT), 1);
}
