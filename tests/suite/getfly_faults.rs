//! The rows about a failing CRM in the test list of getfly.md §11.

use std::time::Duration;

use common::clock::Clock;
use common::store::inbox::{Event, Status};
use connect_tests::getfly::{Fault, MissingVersion, OrderAnswer};
use connect_tests::haravan::{CustomerSpec, OrderSpec};

use crate::harness::{World, fixture};
use crate::verbs::*;

/// Runs upkeep once, so much later.
async fn later(world: &World, seconds: u64) {
    world.clock.advance(Duration::from_secs(seconds));
    upkeep::wake::wake_events(&world.stack.upkeep).await.unwrap();
    world.settle().await;
}

/// Queues orders of new buyers, each announced by `orders/create` alone, and delivers them.
async fn queue_orders(world: &World, count: usize) {
    for number in 0..count {
        let person = CustomerSpec::person(
            "Hồ",
            "An",
            &format!("09060000{number:02}"),
            &format!("an{number}@example.com"),
        );
        world.haravan().create_order(OrderSpec::default().person(person).quietly()).unwrap();
    }
    assert_eq!(world.haravan().deliver_due().await.delivered, count);
}

/// That every order is there once, of an account of its own.
async fn assert_each_once(world: &World, count: usize) {
    let events = world.events().await;
    assert_eq!(events.len(), count);
    for event in &events {
        assert_eq!(event.status, Status::Done, "{event:?}");
        world.order_of(event);
    }
    assert_eq!((world.getfly().orders().len(), world.getfly().accounts().len()), (count, count));
}

async fn with_reason(world: &World, reason: &str) -> Vec<Event> {
    world.events().await.into_iter().filter(|event| event.reason.as_deref() == Some(reason)).collect()
}

#[tokio::test]
async fn a_key_refused_in_mid_queue_holds_the_queue_until_it_is_mended() {
    let world = World::start().await;
    queue_orders(&world, 2).await;
    world.work_until_done().await;
    assert_each_once(&world, 2).await;

    world.getfly().settings_mut(|crm| crm.unauthorised_until_cleared = true);
    let person = |number: usize| {
        CustomerSpec::person("Hồ", "Bá", &format!("09070000{number:02}"), &format!("ba{number}@example.com"))
    };
    for number in 0..6 {
        world.haravan().create_order(OrderSpec::default().person(person(number)).quietly()).unwrap();
    }
    world.haravan().deliver_due().await;
    world.settle().await;
    let held = world.count(Status::Waiting).await;
    assert_eq!(held, 6);
    assert!(!with_reason(&world, "crm_key_refused").await.is_empty());
    // A day with a broken key loses nothing, counts against nobody and hardly calls.
    world.getfly().forget_requests();
    for _ in 0..12 {
        later(&world, 7200).await;
    }
    assert_eq!(world.count(Status::Waiting).await, 6);
    assert!(world.events().await.iter().all(|event| event.attempts == 0));
    let asked = world.getfly().requests().len();
    assert!((1..=2 * 12).contains(&asked), "{asked} requests in a day");

    world.getfly().settings_mut(|crm| crm.unauthorised_until_cleared = false);
    world.work_until_done().await;
    assert_each_once(&world, 8).await;
}

#[tokio::test]
async fn a_key_without_the_right_holds_the_queue_like_a_wrong_key() {
    let world = World::start().await;
    world.getfly().settings_mut(|crm| crm.key_forbidden = true);
    let event = world.accept("customers/create", fixture::CUSTOMER).await;
    world.settle().await;
    let event = world.again(&event).await;
    assert_eq!((event.status, event.reason.as_deref()), (Status::Waiting, Some("crm_key_refused")));
    world.getfly().settings_mut(|crm| crm.key_forbidden = false);
    world.work_until_done().await;
    assert_carried_over(&world.again(&event).await);
}

#[tokio::test]
async fn a_burst_into_a_slow_crm_waits_as_told_and_everything_arrives_once() {
    let world = World::start().await;
    world.getfly().settings_mut(|crm| {
        crm.rps = 4.0;
        crm.retry_after = Some("1.5".to_owned());
    });
    queue_orders(&world, 20).await;
    world.work_until_done().await;
    let refused = world.getfly().requests().iter().filter(|request| request.status == Some(429)).count();
    assert!(refused > 0, "the limiter never struck");
    assert_each_once(&world, 20).await;
    assert!(
        world.events().await.iter().all(|event| event.attempts == 0),
        "waiting as told counts as a failed try"
    );
}

#[tokio::test]
async fn a_retry_after_with_decimals_is_honoured() {
    let world = World::start().await;
    world
        .getfly()
        .push_fault(CREATE_ACCOUNT, Fault::TooManyRequests { retry_after: Some("90.5".to_owned()) });
    let event = world.accept("customers/create", fixture::CUSTOMER).await;
    world.settle().await;
    let waiting = world.again(&event).await;
    assert_eq!((waiting.status, waiting.reason.as_deref()), (Status::Waiting, Some("crm_asks_to_slow_down")));
    let wait = waiting.due.unwrap().duration_since(world.clock.now());
    assert!((90..=110).contains(&wait.as_secs()), "{wait}");
    world.work_until_done().await;
    assert_carried_over(&world.again(&event).await);
}

#[tokio::test]
async fn an_answer_lost_after_the_customer_was_written_gives_one_customer() {
    for fault in [Fault::DropAfterCommit, Fault::StatusAfterCommit(504), Fault::StatusAfterCommit(500)] {
        let world = World::start().await;
        world.getfly().push_fault(CREATE_ACCOUNT, fault.clone());
        let event = world.carry("customers/create", fixture::CUSTOMER).await;
        assert_done(&event, Some("already_in_crm"), &[]);
        assert_eq!(event.crm_code.as_deref(), Some("HRV-1176400455"));
        world.only_account();
        assert_eq!(world.getfly().requests_to(CREATE_ACCOUNT), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_lost_after_the_order_was_written_gives_one_order() {
    for fault in [Fault::DropAfterCommit, Fault::StatusAfterCommit(504)] {
        let world = World::start().await;
        world.getfly().push_fault(CREATE_ORDER, fault.clone());
        let event = world.carry("orders/create", fixture::PAID_ORDER).await;
        assert_done(&event, Some("already_in_crm"), &[]);
        assert_eq!(world.payments_of(&world.order_of(&event)).len(), 1);
        assert_eq!(world.getfly().requests_to(CREATE_ORDER), 1, "{fault:?}");
        world.only_account();
    }
}

#[tokio::test]
async fn a_payment_missing_from_an_order_whose_answer_was_lost_is_still_told() {
    let world = World::start().await;
    world.getfly().settings_mut(|crm| crm.drop_embedded_payments = true);
    world.getfly().push_fault(CREATE_ORDER, Fault::DropAfterCommit);
    let event = world.carry("orders/create", fixture::PAID_ORDER).await;
    assert_done(&event, Some("already_in_crm"), &["payment_not_counted_in_crm"]);
}

#[tokio::test]
async fn nobody_looks_again_before_a_request_of_unknown_outcome_must_have_ended() {
    let world = World::start().await;
    world.getfly().push_fault(CREATE_ORDER, Fault::DropBefore);
    let event = world.accept("orders/create", fixture::ORDER).await;
    world.settle().await;
    world.getfly().forget_requests();
    // The schedule would try after five seconds.
    for _ in 0..10 {
        later(&world, 12).await;
    }
    assert_eq!(world.getfly().requests().len(), 0);
    let waiting = world.again(&event).await;
    assert_eq!(
        (waiting.status, waiting.reason.as_deref()),
        (Status::Waiting, Some("making_sure_nothing_is_booked_twice"))
    );
    world.work_until_done().await;
    assert_carried_over(&world.again(&event).await);
    assert_each_once(&world, 1).await;
}

#[tokio::test]
async fn a_closed_connection_before_anything_was_written_is_tried_again() {
    for route in [
        CREATE_ACCOUNT,
        CREATE_ORDER,
        "GET /api/v6.1/accounts",
        "GET /api/v6.1/sale_order",
        "GET /api/v6.1/account",
    ] {
        let world = World::start().await;
        world.getfly().push_fault(route, Fault::DropBefore);
        let event = world.carry("orders/create", fixture::ORDER).await;
        assert_carried_over(&event);
        assert_eq!(event.attempts, 1, "{route}");
        assert_each_once(&world, 1).await;
    }
}

#[tokio::test]
async fn an_html_page_in_place_of_an_answer_is_tried_again() {
    for route in [
        CREATE_ACCOUNT,
        CREATE_ORDER,
        "GET /api/v6.1/accounts",
        "GET /api/v6.1/sale_order",
        "GET /api/v6.1/account",
    ] {
        let world = World::start().await;
        world.getfly().push_fault(route, Fault::Html200);
        let event = world.accept("orders/create", fixture::ORDER).await;
        world.settle().await;
        let waiting = world.again(&event).await;
        assert_eq!(
            (waiting.status, waiting.reason.as_deref()),
            (Status::Waiting, Some("crm_unavailable")),
            "{route}"
        );
        assert!(waiting.detail.as_deref().is_some_and(|detail| detail.contains("not JSON")), "{route}");
        world.work_until_done().await;
        assert_carried_over(&world.again(&event).await);
        assert_each_once(&world, 1).await;
    }
}

#[tokio::test]
async fn a_failed_read_back_is_a_warning_and_never_a_second_order() {
    for fault in [Fault::Html200, Fault::DropBefore, Fault::Status(500), Fault::Status(404)] {
        let world = World::start().await;
        // The first look is before the create.
        world.getfly().push_fault("GET /api/v6.1/sale_order", Fault::DelayAfterCommit(0));
        world.getfly().push_fault("GET /api/v6.1/sale_order", fault.clone());
        let event = world.carry("orders/create", fixture::ORDER).await;
        assert_done(&event, None, &["not_read_back"]);
        assert_eq!(event.attempts, 0, "{fault:?}");
        assert_each_once(&world, 1).await;
    }
}

#[tokio::test]
async fn an_error_inside_a_200_is_a_refusal() {
    let world = World::start().await;
    world.getfly().push_fault(CREATE_ACCOUNT, Fault::ErrorIn200);
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    // The error names the source, so the record is repeated without it.
    assert_done(&event, None, &["customer_without_source"]);
    assert_eq!(world.only_account().account_source.len(), 0);

    let world = World::start().await;
    world.getfly().push_fault(CREATE_ORDER, Fault::ErrorIn200);
    let event = world.carry("orders/create", fixture::ORDER).await;
    assert_done(&event, None, &["order_without_source"]);
    assert_each_once(&world, 1).await;
}

#[tokio::test]
async fn a_crm_without_v61_parks_orders_and_customers_until_it_is_upgraded() {
    let world = World::start().await;
    world.getfly().settings_mut(|crm| crm.no_v61 = MissingVersion::NotFound);
    let order = world.carry("orders/create", fixture::ORDER).await;
    let customer = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_parked(&order, "crm_has_no_v61");
    assert_parked(&customer, "crm_has_no_v61");

    world.getfly().settings_mut(|crm| crm.no_v61 = MissingVersion::Off);
    assert_carried_over(&world.retry(&order).await);
    assert_carried_over(&world.retry(&customer).await);
    assert_eq!((world.getfly().orders().len(), world.getfly().accounts().len()), (1, 2));
}

#[tokio::test]
async fn a_crm_without_v61_parks_also_where_nobody_is_looked_for() {
    let world = World::start().await;
    world.settings(|settings| settings.unique_phone = false).await;
    world.getfly().settings_mut(|crm| crm.no_v61 = MissingVersion::NotFound);
    assert_parked(&world.carry("orders/create", fixture::ORDER).await, "crm_has_no_v61");
}

#[tokio::test]
async fn a_crm_that_shows_a_page_for_v61_is_tried_for_three_days_and_then_parked_with_the_likely_cause() {
    let world = World::start().await;
    world.getfly().settings_mut(|crm| crm.no_v61 = MissingVersion::Html200);
    let start = world.clock.now();
    let event = world.carry("customers/create", fixture::CUSTOMER).await;
    assert_parked(&event, "crm_unavailable");
    assert!(event.detail.as_deref().is_some_and(|detail| detail.contains("v6.1")), "{event:?}");
    assert!(world.clock.now().duration_since(start).as_hours() >= 72);
    world.getfly().settings_mut(|crm| crm.no_v61 = MissingVersion::Off);
    assert_carried_over(&world.retry(&event).await);
}

#[tokio::test]
async fn every_form_of_answer_to_a_create_is_understood() {
    for order_answer in [OrderAnswer::Data, OrderAnswer::Id, OrderAnswer::Bare, OrderAnswer::MessageOnly] {
        for (wrap_single, english, created_201, empty_200) in
            [(true, true, true, true), (false, false, false, false)]
        {
            let world = World::start().await;
            world.getfly().settings_mut(|crm| {
                crm.order_answer = order_answer;
                (crm.wrap_single, crm.english, crm.created_201, crm.empty_200) =
                    (wrap_single, english, created_201, empty_200);
            });
            assert_carried_over(&world.carry("orders/create", &paid_order()).await);
            assert_each_once(&world, 1).await;
        }
    }
}
