//! What holds for customers and no row of the protocols' test lists names.

use common::store::inbox::Status;
use connect_tests::haravan::{CustomerChange, CustomerId, CustomerSpec, Given, OrderSpec};
use serde_json::Value;

use crate::harness::{World, fixture};
use crate::verbs::*;

/// A CRM that refuses these keys of a body.
fn refuse(world: &World, keys: &[&str]) {
    world.getfly().settings_mut(|crm| crm.refused_keys = keys.iter().map(|key| (*key).to_owned()).collect());
}

#[tokio::test]
async fn an_update_of_an_unknown_customer_creates_it() {
    for topic in ["customers/update", "customers/updated", "customers/enable"] {
        let world = World::start().await;
        let event = world.carry(topic, fixture::CUSTOMER).await;
        assert_carried_over(&event);
        assert_eq!(world.account_of(&event).phone_office, "0975666231", "{topic}");
    }
}

#[tokio::test]
async fn an_update_of_a_known_customer_is_recorded_as_not_applied() {
    let world = World::start().await;
    let created = world.register(CustomerSpec::person("Mạc", "Yến", "0912000001", "yen@example.com")).await;
    let before = world.only_account();
    let id = CustomerId(created.key.id().unwrap());
    let change = CustomerChange { phone: Given::Is("0912000002".to_owned()), ..CustomerChange::default() };
    world.haravan().update_customer(id, change).unwrap();
    world.deliver_everything_due().await;
    let update = world.event_of(common::haravan::webhook::Topic::CustomerUpdate, id.0).await;
    assert_done(&update, Some("changes_not_carried_over"), &[]);
    assert_eq!(update.crm_code, created.crm_code);
    assert_eq!(world.only_account(), before);
}

#[tokio::test]
async fn a_customer_made_by_its_order_is_there_when_its_own_event_comes() {
    let world = World::start().await;
    let order = world.carry("orders/create", fixture::ORDER).await;
    let body: Value = serde_json::from_slice(fixture::ORDER).unwrap();
    let event = world.carry("customers/create", body["customer"].to_string().as_bytes()).await;
    assert_done(&event, Some("already_in_crm"), &[]);
    assert_eq!(event.crm_code, Some(world.order_of(&order).account_code));
    assert_eq!(world.getfly().requests_to(CREATE_ACCOUNT), 1);
}

#[tokio::test]
async fn the_tenants_default_is_in_charge_of_a_customer_and_nobody_where_there_is_none() {
    let world = World::start().await;
    world.settings(|settings| settings.default_manager = Some("thao.vo".to_owned())).await;
    let event = world.register(CustomerSpec::default()).await;
    assert_eq!(world.manager_of(&world.account_of(&event)).as_deref(), Some("thao.vo"));
    world.settings(|settings| settings.default_manager = None).await;
    let event = world.register(CustomerSpec::default()).await;
    assert_carried_over(&event);
    assert_eq!(world.manager_of(&world.account_of(&event)), None);
}

#[tokio::test]
async fn a_default_manager_the_crm_does_not_know_is_left_out_with_a_warning() {
    let world = World::start().await;
    for login in ["nobody.here", "nghiviec.cu"] {
        world.settings(|settings| settings.default_manager = Some(login.to_owned())).await;
        let event = world.register(CustomerSpec::default()).await;
        assert_done(&event, None, &["customer_without_manager"]);
        assert_eq!(world.manager_of(&world.account_of(&event)), None, "{login}");
    }
}

#[tokio::test]
async fn with_customers_switched_off_only_orders_make_customers() {
    let world = World::start().await;
    world.settings(|settings| settings.customers = false).await;
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_done(&event, Some("switched_off"), &[]);
    assert_eq!(world.getfly().requests().len(), 0);
    let order = world.carry("orders/create", fixture::ORDER).await;
    assert_carried_over(&order);
    assert_eq!(world.buyer_of(&order).account_code, "HRV-1176400210");
}

#[tokio::test]
async fn a_field_the_crm_refuses_is_left_out_with_a_warning() {
    for (key, warning) in [
        ("gender", "customer_without_gender"),
        ("birthday", "customer_without_birthday"),
        ("country_name", "customer_without_region"),
        ("province_name", "customer_without_region"),
        ("district_name", "customer_without_region"),
        ("account_source_names", "customer_without_source"),
        ("account_manager_username", "customer_without_manager"),
        ("contacts", "customer_without_contacts"),
        ("email", "customer_without_email"),
    ] {
        let world = World::start().await;
        refuse(&world, &[key]);
        let event = world.carry("customers/create", fixture::CUSTOMER).await;
        assert_done(&event, None, &[warning]);
        let account = world.account_of(&event);
        assert_eq!(
            (account.account_name.as_str(), account.phone_office.as_str()),
            ("Phạm Thu Mai", "0975666231"),
            "{key}"
        );
        assert_eq!(world.getfly().requests_to(CREATE_ACCOUNT), 2, "{key}");
        // The rest of it is there.
        assert_eq!(account.gender, (key != "gender").then_some(1), "{key}");
        assert_eq!(account.birthday.is_some(), key != "birthday", "{key}");
        assert!(!account.billing_address_street.is_empty(), "{key}");
        assert_eq!(account.email.is_empty(), key == "email", "{key}");
    }
}

#[tokio::test]
async fn several_fields_refused_at_once_are_left_out_at_once() {
    let world = World::start().await;
    refuse(&world, &["gender", "province_name", "district_name", "birthday"]);
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_eq!(event.status, Status::Done);
    assert_eq!(
        event.warnings,
        ["customer_without_birthday", "customer_without_gender", "customer_without_region"]
    );
    assert_eq!(world.getfly().requests_to(CREATE_ACCOUNT), 2);
}

#[tokio::test]
async fn a_refused_phone_parks_the_customer_with_the_crms_words_and_a_retry_by_hand_carries_it_over() {
    let world = World::start().await;
    refuse(&world, &["phone_office"]);
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_parked(&event, "crm_refused");
    assert!(
        event.detail.as_deref().is_some_and(|words| words.contains("phone_office không hợp lệ")),
        "{event:?}"
    );
    assert_eq!(world.getfly().accounts().len(), 0);
    let listed = world.stack.store.inbox.parked(&world.tenant(), 10).await.unwrap();
    assert_eq!(listed.iter().map(|watched| &watched.key).collect::<Vec<_>>(), [&event.key]);

    // Still refused: parked again.
    let event = world.retry(&event).await;
    assert_parked(&event, "crm_refused");
    refuse(&world, &[]);
    let event = world.retry(&event).await;
    assert_carried_over(&event);
    assert_eq!((event.detail.as_deref(), world.only_account().phone_office.as_str()), (None, "0975666231"));
    assert!(world.stack.store.inbox.parked(&world.tenant(), 10).await.unwrap().is_empty());
    // What is done cannot be retried.
    let now = event.received_at;
    assert!(!world.stack.store.inbox.retry(&event.key, now).await.unwrap());
}

#[tokio::test]
async fn a_field_the_crm_requires_and_the_customer_lacks_parks_it_with_the_crms_words() {
    let world = World::start().await;
    world.getfly().settings_mut(|crm| crm.required = vec!["email".to_owned()]);
    let body = edited(fixture::CUSTOMER, |body| body["email"] = "0975666231.phone@haravan.com".into());
    let event = world.carry("customers/create", &body).await;
    assert_parked(&event, "crm_refused");
    assert!(
        event.detail.as_deref().is_some_and(|words| words.contains("Email không được để trống")),
        "{event:?}"
    );
}

#[tokio::test]
async fn a_crm_that_forbids_duplicates_although_the_settings_allow_them_links_with_a_warning() {
    let world = World::start().await;
    world.settings(|settings| settings.unique_phone = false).await;
    world.getfly().add_account(earlier_customer("KH-CU", "0975666231", ""));
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_done(&event, Some("already_in_crm"), &["crm_forbids_duplicates_unlike_settings"]);
    assert_eq!(event.crm_code.as_deref(), Some("KH-CU"));
    world.only_account();

    world.getfly().add_account(earlier_customer("KH-CU-2", "0903555018", ""));
    let order = world.carry("orders/create", fixture::ORDER).await;
    assert_done(&order, None, &["crm_forbids_duplicates_unlike_settings"]);
    assert_eq!(world.order_of(&order).account_code, "KH-CU-2");
}

#[tokio::test]
async fn two_haravan_customers_with_one_phone_are_one_crm_customer() {
    let world = World::start().await;
    let first = world.register(CustomerSpec::person("Cao", "Tú", "0913000001", "tu1@example.com")).await;
    let second = world.register(CustomerSpec::person("Cao", "Tú", "+84913000001", "tu2@example.com")).await;
    assert_carried_over(&first);
    assert_done(&second, Some("already_in_crm"), &[]);
    assert_eq!(second.crm_code, first.crm_code);
    world.only_account();
}

#[tokio::test]
async fn two_haravan_customers_with_one_phone_at_once_are_one_crm_customer() {
    for _ in 0..3 {
        let world = World::start().await;
        for number in 0..4 {
            let person = CustomerSpec::person("Cao", "Tú", "0913000001", &format!("tu{number}@example.com"));
            world
                .haravan()
                .create_order(OrderSpec { announce_updated: false, ..OrderSpec::default().person(person) })
                .unwrap();
        }
        world.haravan().deliver_due_at_once().await;
        world.work_until_done().await;
        assert_eq!(world.count(Status::Done).await, 8);
        let code = world.only_account().account_code;
        assert_eq!(world.getfly().orders().len(), 4);
        assert!(world.getfly().orders().iter().all(|order| order.account_code == code));
    }
}

#[tokio::test]
async fn a_customer_whose_phone_only_stands_in_the_address_is_known_by_it() {
    let world = World::start().await;
    world.getfly().add_account(earlier_customer("KH-CU", "0975666231", ""));
    let body = edited(fixture::CUSTOMER, |body| {
        body["phone"] = Value::Null;
        body["email"] = Value::Null;
    });
    let event = world.carry("customers/create", &body).await;
    assert_done(&event, Some("already_in_crm"), &[]);
    assert_eq!(event.crm_code.as_deref(), Some("KH-CU"));
}

#[tokio::test]
async fn an_address_without_district_and_a_customer_without_address_arrive() {
    let world = World::start().await;
    let reformed = CustomerSpec { without_district: true, ..CustomerSpec::default() };
    let event = world.register(reformed).await;
    assert_carried_over(&event);
    let account = world.account_of(&event);
    assert!(
        account.district_name.is_empty()
            && !account.province_name.is_empty()
            && !account.billing_address_street.is_empty()
    );
    let event = world.register(CustomerSpec { without_address: true, ..CustomerSpec::default() }).await;
    assert_carried_over(&event);
    let account = world.account_of(&event);
    assert!(
        account.billing_address_street.is_empty()
            && account.province_name.is_empty()
            && !account.phone_office.is_empty()
    );
}
