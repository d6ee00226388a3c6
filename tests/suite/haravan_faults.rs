//! Every delivery, body and REST fault switch of haravan.md §8 that concerns webhooks and the look-up of staff.

use std::time::Duration;

use common::clock::Clock;
use common::haravan::webhook::Topic;
use common::store::inbox::{Event, Status};
use connect_tests::haravan::{
    Buyer, CustomerSpec, Delivery, DeliveryState, Fault, Gateway, LineSpec, OrderSpec, OrgId, Plan, Switch,
    UserId,
};
use local::seed;

use crate::harness::{World, fixture};
use crate::verbs::*;

/// An order of a person with a name, phone and e-mail, for 178,000 with 25,000 of shipping.
fn order() -> OrderSpec {
    OrderSpec::default()
        .person(CustomerSpec::person("Dương", "Nga", "0908111222", "nga.duong@example.com"))
        .line(LineSpec::of("Sổ tay", 89_000, 2).sku("ST-01"))
        .shipping(25_000)
}

fn staff_order() -> OrderSpec {
    order().staff(UserId(STAFF.0))
}

/// The statuses with which the deliveries so far were last answered.
fn answers(world: &World) -> Vec<Option<u16>> {
    world.haravan().deliveries().iter().map(Delivery::last_status).collect()
}

/// Places the order under a fault and works everything.
async fn place_under(fault: Fault, spec: OrderSpec) -> (World, Vec<Event>) {
    let world = World::start().await;
    world.haravan().once(fault);
    world.haravan().create_order(spec.quietly()).unwrap();
    world.deliver_everything_due().await;
    let events = world.events().await;
    (world, events)
}

/// That the order is in the CRM as it was placed.
#[track_caller]
fn assert_arrived(world: &World, events: &[Event]) {
    let [event] = events else { panic!("{events:?}") };
    assert_carried_over(event);
    let order = world.order_of(event);
    assert_eq!((order.real_amount, order.transport_amount), (dong("203000"), dong("25000")));
    assert_eq!((order.account_name.as_str(), order.account_phone.as_str()), ("Dương Nga", "0908111222"));
    assert_eq!(order.lines[0].product_code, "ST-01");
    assert_eq!((world.getfly().orders().len(), world.getfly().accounts().len()), (1, 1));
}

/// That nothing was stored and nothing was asked of the CRM.
async fn assert_no_trace(world: &World) {
    assert_eq!(world.events().await.len(), 0);
    assert_eq!(world.getfly().requests().len(), 0);
}

#[tokio::test]
async fn a_delivery_without_any_fault_arrives() {
    let world = World::start().await;
    let event = world.place(order()).await;
    assert_arrived(&world, &[event]);
}

#[tokio::test]
async fn a_duplicate_delivery_creates_one_order() {
    let (world, events) = place_under(Fault::DuplicateDelivery, order()).await;
    assert_eq!(answers(&world), [Some(200), Some(200)]);
    assert_arrived(&world, &events);
    assert_eq!(world.getfly().requests_to(CREATE_ORDER), 1);
}

#[tokio::test]
async fn an_update_sent_before_its_create_gives_one_order() {
    let world = World::start().await;
    world.haravan().once(Fault::SwappedOrder);
    let spec = OrderSpec { announce_customer: false, announce_paid: false, ..order() };
    let id = world.haravan().create_order(spec).unwrap().0;
    world.deliver_everything_due().await;
    let topics: Vec<String> =
        world.haravan().deliveries().into_iter().map(|delivery| delivery.topic).collect();
    assert_eq!(topics, ["orders/updated", "orders/create"]);
    let events = world.events().await;
    assert_eq!((events.len(), world.getfly().orders().len()), (2, 1));
    // Both are worked side by side: whichever came first created it.
    let created: Vec<&Event> = events.iter().filter(|event| event.reason.is_none()).collect();
    assert_eq!(created.len(), 1, "{events:?}");
    for event in &events {
        assert_eq!(event.status, Status::Done);
        assert_eq!(event.crm_code.as_deref(), Some(format!("HRV-{id}").as_str()));
        let told = [None, Some("superseded"), Some("changes_not_carried_over")];
        assert!(told.contains(&event.reason.as_deref()), "{event:?}");
    }
}

#[tokio::test]
async fn a_delivery_that_comes_after_the_disconnect_is_answered_200_and_leaves_no_trace() {
    let world = World::start().await;
    world.haravan().switch(Switch::next(Fault::LateAfterUninstall, 1).on("orders/create"));
    world.haravan().create_order(order().quietly()).unwrap();
    world.deliver_everything_due().await;
    assert_no_trace(&world).await;
    world.haravan().uninstall(None, None).unwrap();
    world.disconnect().await;
    world.deliver_everything_due().await;
    assert_eq!(answers(&world), [Some(200), Some(200)]);
    assert_no_trace(&world).await;
}

#[tokio::test]
async fn what_was_stored_before_the_disconnect_is_not_carried_over_after_it() {
    let world = World::start().await;
    world.getfly().settings_mut(|crm| crm.unauthorised_until_cleared = true);
    world.haravan().create_order(order().quietly()).unwrap();
    world.haravan().deliver_due().await;
    world.settle().await;
    assert_eq!(world.count(Status::Waiting).await, 1);
    world.disconnect().await;
    world.getfly().settings_mut(|crm| crm.unauthorised_until_cleared = false);
    world.work_until_done().await;
    assert_done(&world.only_event().await, Some("shop_disconnected"), &[]);
    assert_eq!((world.getfly().orders().len(), world.getfly().accounts().len()), (0, 0));
}

#[tokio::test]
async fn a_bad_signature_is_refused_and_stores_nothing() {
    for fault in [Fault::BadHmac, Fault::HmacOverOtherKey] {
        let (world, _) = place_under(fault, order()).await;
        assert_eq!(answers(&world), [Some(401)]);
        assert_no_trace(&world).await;
    }
}

#[tokio::test]
async fn a_missing_topic_or_organisation_is_refused_and_stores_nothing() {
    for fault in [Fault::MissingTopic, Fault::MissingOrg] {
        let (world, _) = place_under(fault, order()).await;
        assert_eq!(answers(&world), [Some(401)]);
        assert_no_trace(&world).await;
    }
}

#[tokio::test]
async fn header_names_in_any_case_are_read() {
    for fault in [Fault::LowerCaseHeaders, Fault::MixedCaseHeaders] {
        let (world, events) = place_under(fault, order()).await;
        assert_eq!(answers(&world), [Some(200)]);
        assert_arrived(&world, &events);
    }
}

#[tokio::test]
async fn a_body_that_arrives_in_two_halves_is_whole() {
    let (world, events) = place_under(Fault::Slow { millis: 50 }, order()).await;
    assert_arrived(&world, &events);
}

#[tokio::test]
async fn a_delivery_a_day_late_arrives() {
    let world = World::start().await;
    world.haravan().once(Fault::Late { seconds: 86_400 });
    world.haravan().create_order(order().quietly()).unwrap();
    world.deliver_everything_due().await;
    assert_no_trace(&world).await;
    world.clock.advance(Duration::from_secs(86_400));
    world.deliver_everything_due().await;
    assert_arrived(&world, &world.events().await);
}

#[tokio::test]
async fn an_unknown_topic_is_answered_200_and_stores_nothing() {
    let (world, _) = place_under(Fault::UnknownTopic, order()).await;
    assert_eq!(answers(&world), [Some(200)]);
    assert_no_trace(&world).await;
}

#[tokio::test]
async fn a_test_send_with_an_empty_body_is_answered_200_and_stores_nothing() {
    let (world, _) = place_under(Fault::TestPing, order()).await;
    assert_eq!(answers(&world), [Some(200)]);
    assert_no_trace(&world).await;
}

#[tokio::test]
async fn a_test_send_with_a_dummy_order_stores_nothing() {
    let world = World::start().await;
    let body = crate::harness::fixture::ORDER;
    let headers = [
        ("X-Haravan-Topic", "orders/create".to_owned()),
        ("X-Haravan-Org-Id", seed::ORG.to_string()),
        ("X-Haravan-Hmacsha256", connect_tests::haravan::sign(&world.stack.addresses.client_secret, body)),
        ("X-Haravan-Test", "True".to_owned()),
    ];
    assert_eq!(world.post_raw(&world.stack.addresses.webhook_url, &headers, body).await, 200);
    world.work_until_done().await;
    assert_no_trace(&world).await;
}

#[tokio::test]
async fn a_wrapped_order_is_unwrapped_in_each_form() {
    for fault in [Fault::WrappedEntity, Fault::WrappedData, Fault::WrappedDataEntity] {
        let (world, events) = place_under(fault, order()).await;
        assert_arrived(&world, &events);
    }
}

#[tokio::test]
async fn a_wrapped_customer_is_unwrapped_in_each_form() {
    for fault in [Fault::WrappedEntity, Fault::WrappedData, Fault::WrappedDataEntity] {
        let world = World::start().await;
        world.haravan().once(fault.clone());
        let event =
            world.register(CustomerSpec::person("Dương", "Nga", "0908111222", "nga.duong@example.com")).await;
        assert_carried_over(&event);
        assert_eq!(world.account_of(&event).phone_office, "0908111222", "{fault:?}");
    }
}

#[tokio::test]
async fn an_order_with_customer_null_takes_the_buyer_from_its_addresses() {
    let (world, events) = place_under(Fault::CustomerNull, order()).await;
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_carried_over(event);
    let account = world.buyer_of(event);
    assert_eq!(account.account_code, format!("HRV-O{}", event.key.id().unwrap()));
    assert_eq!((account.account_name.as_str(), account.phone_office.as_str()), ("Dương Nga", "0908111222"));
    assert_eq!(world.order_of(event).real_amount, dong("203000"));
}

#[tokio::test]
async fn partiallypaid_without_a_sum_is_unpaid_with_a_warning() {
    let (world, events) = place_under(Fault::PartiallyPaid, order().gateway(Gateway::BankTransfer)).await;
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_done(event, None, &["paid_amount_unknown"]);
    let order = world.order_of(event);
    assert_eq!((order.f_amount, order.real_amount), (dong("0"), dong("203000")));
}

#[tokio::test]
async fn numbers_as_strings_are_numbers() {
    let (world, events) = place_under(Fault::StringNumbers, order()).await;
    assert_arrived(&world, &events);
}

#[tokio::test]
async fn seven_fractional_digits_in_amounts_and_times_are_read() {
    let (world, events) = place_under(Fault::SevenDigitFractions, order()).await;
    assert_arrived(&world, &events);
    assert_eq!(world.getfly().orders()[0].order_date, "2026-06-12");
    assert!(events[0].version.is_some());
}

#[tokio::test]
async fn the_guest_email_is_no_email() {
    let (world, events) = place_under(Fault::GuestEmail, order()).await;
    assert_arrived(&world, &events);
    let account = world.buyer_of(&events[0]);
    assert!(account.email.is_empty() && world.getfly().orders()[0].account_email.is_empty());

    // Another guest is another person.
    world.haravan().once(Fault::GuestEmail);
    let other = order().person(CustomerSpec::person("Dương", "Nga", "0908111333", "x@example.com"));
    let event = world.place(other).await;
    assert_ne!(world.buyer_of(&event).account_code, account.account_code);
}

#[tokio::test]
async fn a_masked_marketplace_order_is_matched_to_nobody() {
    let world = World::start().await;
    let before = world.place(order()).await;
    for _ in 0..2 {
        world.haravan().once(Fault::MaskedMarketplace);
        let event = world.place(order()).await;
        assert_carried_over(&event);
        let account = world.buyer_of(&event);
        assert_eq!(account.account_code, format!("HRV-O{}", event.key.id().unwrap()));
        assert!(
            !account.account_name.contains('*')
                && account.phone_office.is_empty()
                && account.email.is_empty()
        );
        let order = world.order_of(&event);
        assert_eq!((order.order_source_name.as_str(), order.real_amount), ("shopee", dong("203000")));
    }
    assert_eq!(world.getfly().accounts().len(), 3);
    assert_eq!(world.buyer_of(&before).phone_office, "0908111222");
    // The same from the shop itself, where the lines have no products either.
    let event = world.place(OrderSpec::default().buyer(Buyer::Masked)).await;
    assert_carried_over(&event);
}

#[tokio::test]
async fn a_body_of_more_than_a_megabyte_arrives_whole() {
    let (world, events) = place_under(Fault::HugeBody { bytes: 1_200_000, noise: false }, order()).await;
    assert!(world.haravan().deliveries()[0].body_bytes > 1_200_000);
    assert_arrived(&world, &events);
}

#[tokio::test]
async fn a_body_that_hardly_compresses_is_kept_in_parts_and_arrives_whole() {
    let (world, events) = place_under(Fault::HugeBody { bytes: 1_500_000, noise: true }, order()).await;
    assert_arrived(&world, &events);
    let event = &events[0];
    assert!(event.parts >= 2, "kept in one item: {} bytes", event.body.len());
    let stored = world.stack.store.inbox.whole_body(event).await.unwrap();
    assert_eq!(common::body::unpack(&stored).unwrap(), world.haravan().deliveries()[0].body);
}

#[tokio::test]
async fn a_customer_whose_body_hardly_compresses_arrives_too() {
    let world = World::start().await;
    let noise: String = std::iter::repeat_with(fastrand::alphanumeric).take(1_000_000).collect();
    let body = edited(fixture::CUSTOMER, |body| body["unknown"] = noise.into());
    let event = world.carry("customers/create", &body).await;
    assert!(event.parts >= 1, "kept in one item: {} bytes", event.body.len());
    assert_carried_over(&event);
}

#[tokio::test]
async fn a_body_beyond_what_haravan_may_send_is_refused_unread() {
    let (world, _) = place_under(Fault::HugeBody { bytes: 6_000_000, noise: false }, order()).await;
    assert_eq!(answers(&world), [Some(413)]);
    assert_no_trace(&world).await;
}

#[tokio::test]
async fn a_delivery_that_was_refused_comes_again_and_is_taken_once_it_fits() {
    let world = World::start().await;
    // The secret was changed at Haravan and is not known here yet.
    let secret = world.stack.addresses.client_secret.clone();
    world.rotate_client_secret("a secret that Haravan does not use").await;
    world.haravan().create_order(order().quietly()).unwrap();
    world.deliver_everything_due().await;
    assert_arrived(&world, &world.events().await);
    // Twice changed: the old one is no longer the previous one.
    world.rotate_client_secret("and another").await;
    world.clock.advance(common::tenant::FRESH);
    let id = world.haravan().create_order(order().quietly()).unwrap().0;
    world.deliver_everything_due().await;
    assert_eq!(world.haravan().deliveries()[1].state, DeliveryState::Waiting);
    world.rotate_client_secret(&secret).await;
    world.clock.advance(common::tenant::FRESH);
    world.deliver_everything_due().await;
    assert_eq!(world.haravan().deliveries()[1].state, DeliveryState::Delivered);
    assert_carried_over(&world.event_of(Topic::OrderCreate, id).await);
}

#[tokio::test]
async fn the_challenge_is_answered_to_the_right_token_alone() {
    let world = World::start().await;
    let (url, token) =
        (world.stack.addresses.webhook_url.clone(), world.stack.addresses.verify_token.clone());
    let challenge = world.haravan().register_webhook(None, &url, &token).await.unwrap();
    assert!(challenge.verified, "{challenge:?}");
    world.haravan().once(Fault::ChallengeWrongToken);
    let challenge = world.haravan().register_webhook(None, &url, &token).await.unwrap();
    assert_eq!((challenge.verified, challenge.status), (false, Some(401)));
}

#[tokio::test]
async fn rest_that_asks_to_slow_down_is_asked_again_after_its_retry_after() {
    let world = World::start().await;
    world.getfly().add_user(crm_user("anh.le", STAFF.1));
    world.haravan().once(Fault::Rest429);
    world.haravan().create_order(staff_order().quietly()).unwrap();
    world.haravan().deliver_due().await;
    world.settle().await;
    let waiting = world.only_event().await;
    assert_eq!((waiting.status, waiting.reason.as_deref()), (Status::Waiting, Some("haravan_unavailable")));
    let wait = waiting.due.unwrap().duration_since(world.clock.now()).as_secs_f64();
    assert!((1.9..=2.5).contains(&wait), "{wait} s instead of Retry-After: 2.0");
    assert_eq!(world.getfly().orders().len(), 0);
    world.work_until_done().await;
    let event = world.only_event().await;
    assert_carried_over(&event);
    assert_eq!(world.assignee_of(&world.order_of(&event)).as_deref(), Some("anh.le"));
}

#[tokio::test]
async fn rest_that_answers_a_page_of_502_is_asked_again() {
    let world = World::start().await;
    world.getfly().add_user(crm_user("anh.le", STAFF.1));
    world.haravan().once(Fault::Rest502Html);
    let event = world.place(staff_order()).await;
    assert_carried_over(&event);
    assert_eq!(event.attempts, 1);
    assert_eq!(world.assignee_of(&world.order_of(&event)).as_deref(), Some("anh.le"));
}

#[tokio::test]
async fn rest_that_stays_down_costs_the_assignee_and_not_the_order() {
    let world = World::start().await;
    world.getfly().add_user(crm_user("anh.le", STAFF.1));
    world.haravan().always(Fault::Rest502Html);
    let event = world.place(staff_order()).await;
    assert_done(&event, None, &["staff_unknown"]);
    assert_eq!(world.assignee_of(&world.order_of(&event)), None);
    assert_arrived_unassigned(&world, &event);
}

#[tokio::test]
async fn a_dead_token_costs_the_assignee_and_not_the_order() {
    let world = World::start().await;
    world.haravan().once(Fault::Rest401Empty);
    let event = world.place(staff_order()).await;
    assert_done(&event, None, &["staff_unknown"]);
    assert_arrived_unassigned(&world, &event);
}

#[tokio::test]
async fn a_shop_that_is_not_plus_has_no_assignees_but_those_of_the_staff_map() {
    let world = World::start().await;
    world.getfly().add_user(crm_user("anh.le", STAFF.1));
    world.haravan().set_plan(OrgId(seed::ORG.0), Plan::Standard);
    let event = world.place(staff_order()).await;
    assert_done(&event, None, &["staff_unknown"]);
    assert_arrived_unassigned(&world, &event);
    world
        .settings(|settings| drop(settings.staff_map.insert(STAFF.0.to_string(), "thao.vo".to_owned())))
        .await;
    let event = world.place(staff_order().person(CustomerSpec::default())).await;
    assert_carried_over(&event);
    assert_eq!(world.assignee_of(&world.order_of(&event)).as_deref(), Some("thao.vo"));
}

/// The order is there in full; the person in charge is the tenant's default.
#[track_caller]
fn assert_arrived_unassigned(world: &World, event: &Event) {
    let order = world.order_of(event);
    assert_eq!((order.assigned_user, order.real_amount), (0, dong("203000")));
    assert_eq!(world.manager_of(&world.buyer_of(event)).as_deref(), Some(DEFAULT_MANAGER));
}
