//! Orders whose products take longer to make than one delivery may last.

use std::time::Duration;

use common::haravan::webhook::Topic;
use common::store::inbox::{Event, Status};
use connect_tests::getfly::{Fault, ProductMode, ProductRefusal};
use connect_tests::haravan::{LineSpec, OrderSpec};

use crate::harness::World;
use crate::verbs::*;

const CREATE_PRODUCT: &str = "POST /api/v6.1/product";

/// An order of so many products, numbered from `first`.
fn big_order(first: usize, count: usize) -> OrderSpec {
    let line =
        |number: usize| LineSpec::of(&format!("Hàng {number}"), 10_000, 1).sku(&format!("SKU-{number:03}"));
    (first..first + count).fold(OrderSpec::default().quietly(), |order, number| order.line(line(number)))
}

/// A CRM that knows only its own products and takes one write a second.
async fn strict_and_slow(names: ProductRefusal) -> World {
    let world = World::start().await;
    world.getfly().settings_mut(|crm| {
        crm.product_mode = ProductMode::Strict;
        crm.product_refusal = names;
        crm.keep_requests = 10_000;
    });
    world.settings(|settings| settings.writes_per_second = 1.0).await;
    world
}

/// That it is done, by tries of which none failed.
#[track_caller]
fn assert_made(event: &Event) {
    assert_done(event, None, &["products_created_in_crm"]);
    assert_eq!(event.attempts, 0, "{event:?}");
}

#[tokio::test]
async fn an_order_of_98_unknown_products_is_finished_at_one_write_a_second() {
    for names in [ProductRefusal::EveryLine, ProductRefusal::FirstLine, ProductRefusal::InWords] {
        let world = strict_and_slow(names).await;
        let id = world.haravan().create_order(big_order(0, 98)).unwrap().0;
        world.haravan().deliver_due().await;
        // Nobody runs upkeep: each part goes on at once after the one before.
        for _ in 0..1000 {
            world.settle().await;
            if world.only_event().await.status == Status::Done {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let event = world.event_of(Topic::OrderCreate, id).await;
        assert_made(&event);
        assert_eq!(world.order_of(&event).lines.len(), 98, "{names:?}");
        assert_eq!(world.getfly().requests_to(CREATE_PRODUCT), 98, "{names:?}: each is made once");
        let tries = world.getfly().requests_to(CREATE_ORDER);
        assert!((3..12).contains(&tries), "{names:?}: {tries} tries");
    }
}

#[tokio::test]
async fn an_order_of_250_unknown_products_and_one_of_the_same_products_are_finished_together() {
    let world = strict_and_slow(ProductRefusal::EveryLine).await;
    let first = world.haravan().create_order(big_order(0, 250)).unwrap().0;
    let second = world.haravan().create_order(big_order(50, 200)).unwrap().0;
    world.deliver_everything_due().await;
    for id in [first, second] {
        let event = world.event_of(Topic::OrderCreate, id).await;
        assert_eq!(
            (event.status, event.reason.as_deref(), event.attempts),
            (Status::Done, None, 0),
            "{event:?}"
        );
    }
    assert_eq!(world.getfly().products().len(), 250);
    let made = world.getfly().requests_to(CREATE_PRODUCT);
    assert!(made < 300, "{made} writes for 250 products");
}

#[tokio::test]
async fn what_is_there_already_is_not_made_again() {
    for names in [ProductRefusal::EveryLine, ProductRefusal::FirstLine, ProductRefusal::InWords] {
        let world = strict_and_slow(names).await;
        assert_made(&world.place(big_order(0, 40)).await);
        world.getfly().forget_requests();
        assert_made(&world.place(big_order(20, 40)).await);
        assert_eq!(world.getfly().requests_to(CREATE_PRODUCT), 20, "{names:?}");
        assert_carried_over(&world.place(big_order(0, 60)).await);
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_in_the_middle_costs_nothing_that_was_made() {
    for fault in
        [Fault::DropAfterCommit, Fault::DropBefore, Fault::StatusAfterCommit(503), Fault::Status(500)]
    {
        let world = strict_and_slow(ProductRefusal::EveryLine).await;
        for _ in 0..20 {
            world.getfly().push_fault(CREATE_PRODUCT, Fault::Delay(0));
        }
        world.getfly().push_fault(CREATE_PRODUCT, fault.clone());
        let event = world.place(big_order(0, 50)).await;
        assert_done(&event, None, &["products_created_in_crm"]);
        assert_eq!(world.getfly().products().len(), 50, "{fault:?}");
        assert!(world.getfly().requests_to(CREATE_PRODUCT) <= 51, "{fault:?}");
        assert_eq!(world.getfly().orders().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_product_that_the_crm_refuses_for_good_is_named_and_the_rest_is_kept() {
    let world = strict_and_slow(ProductRefusal::EveryLine).await;
    world.getfly().settings_mut(|crm| crm.refused_product = Some("SKU-070".to_owned()));
    let event = world.place(big_order(0, 98)).await;
    assert_parked(&event, "crm_refused");
    let detail = event.detail.clone().unwrap();
    assert!(detail.starts_with("SKU-070: ") && detail.contains("không hợp lệ"), "{detail}");
    assert_eq!(world.getfly().products().len(), 70);
    world.getfly().settings_mut(|crm| crm.refused_product = None);
    world.getfly().forget_requests();
    assert_made(&world.retry(&event).await);
    assert_eq!(world.getfly().requests_to(CREATE_PRODUCT), 28);
}

#[tokio::test]
async fn an_order_beside_it_does_not_wait_for_its_products() {
    let world = strict_and_slow(ProductRefusal::EveryLine).await;
    assert_made(&world.place(big_order(900, 1)).await);
    let big = world.haravan().create_order(big_order(0, 250)).unwrap().0;
    let small = world.haravan().create_order(big_order(900, 1)).unwrap().0;
    world.deliver_everything_due().await;
    let (big, small) =
        (world.event_of(Topic::OrderCreate, big).await, world.event_of(Topic::OrderCreate, small).await);
    assert_made(&big);
    let took = |event: &Event| {
        let end = event.history.last().map(|step| step.at).unwrap();
        Duration::try_from(end.duration_since(event.received_at)).unwrap()
    };
    assert!(took(&small) < took(&big) / 2, "{:?} and {:?}", took(&small), took(&big));
}
