//! What webhooks did not bring is found by REST: exactly that, whatever the list does in the meantime.

use std::collections::BTreeSet;
use std::time::Duration;

use common::clock::Clock;
use common::haravan::webhook::{Entity, Topic};
use common::store::connections::Subject;
use common::store::inbox::{Event, Status};
use connect_tests::getfly::Order;
use connect_tests::haravan::{Buyer, CustomerSpec, DeliveryState, Fault, OrderChange, OrderSpec, Switch};
use local::embedded;
use local::seed::ORG;

use crate::flaky::{self, FlakyDynamo};
use crate::harness::World;
use crate::meter::Meter;
use crate::shops::SHOP;

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(16 * 60);

/// An order whose buyer is nobody's record, announced by `orders/create` alone.
fn walk_in() -> OrderSpec {
    OrderSpec { buyer: Buyer::WalkIn, ..OrderSpec::default() }.quietly()
}

fn ids(events: &[Event], entity: Entity) -> BTreeSet<i64> {
    events.iter().filter(|event| event.topic.entity() == entity).filter_map(|event| event.key.id()).collect()
}

/// Places orders whose webhooks are all lost.
fn lost_orders(world: &World, count: usize) -> BTreeSet<i64> {
    world.haravan().always(Fault::Dropped { percent: 100 });
    let ids = (0..count).map(|_| world.haravan().create_order(walk_in()).unwrap().0).collect();
    world.haravan().clear_faults();
    ids
}

#[tokio::test]
async fn reconciliation_finds_exactly_what_ten_percent_of_lost_webhooks_withheld() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    world.haravan().always(Fault::Dropped { percent: 10 });
    for number in 0..100 {
        world.haravan().create_order(walk_in()).unwrap();
        let person =
            CustomerSpec::person("Trần", &format!("Khách {number}"), &format!("09010{number:05}"), "");
        world.haravan().create_customer(person).unwrap();
        world.clock.advance(Duration::from_secs(7));
    }
    world.deliver_everything_due().await;
    let lost = |entity: Entity| -> BTreeSet<i64> {
        let deliveries = world.haravan().deliveries();
        let of_entity = |topic: &str| topic.starts_with(entity.topic_prefix());
        let lost = deliveries.iter().filter(|one| one.state == DeliveryState::Dropped);
        lost.filter(|one| of_entity(&one.topic)).map(|one| one.entity_id).collect()
    };
    let before = world.events().await;
    assert!(lost(Entity::Order).len() > 2 && lost(Entity::Customer).len() > 2, "the dice were kind");

    world.visits_after(QUARTER).await;
    let recovered = world.recovered(&before).await;
    for entity in [Entity::Order, Entity::Customer] {
        assert_eq!(ids(&recovered, entity), lost(entity), "{entity:?}");
    }
    assert_eq!(recovered.len(), lost(Entity::Order).len() + lost(Entity::Customer).len());

    // Everything is in the CRM, once.
    world.work_until_done().await;
    let codes: BTreeSet<String> = world.getfly().orders().into_iter().map(|order| order.order_code).collect();
    assert_eq!((world.getfly().orders().len(), codes.len()), (100, 100));
    let with_phone = |account: &&connect_tests::getfly::Account| account.phone_office.starts_with("09010");
    assert_eq!(world.getfly().accounts().iter().filter(with_phone).count(), 100);

    // The next rounds find nothing.
    let before = world.events().await;
    for _ in 0..4 {
        world.visits_after(QUARTER).await;
    }
    assert_eq!(world.recovered(&before).await.len(), 0);
}

#[tokio::test]
async fn a_quiet_shop_costs_reads_and_its_marks_alone() {
    let world = World::start().await;
    for _ in 0..20 {
        world.haravan().create_order(OrderSpec::default().quietly()).unwrap();
    }
    world.deliver_everything_due().await;
    world.visits_after(QUARTER).await;
    world.work_until_done().await;
    let meter = Meter::default();
    let upkeep = world.another_upkeep(&meter.on(&world.stack.embedded.client()));
    world.clock.advance(QUARTER);
    upkeep::due::visit_due(&upkeep).await.unwrap();
    let operations = meter.take().operations;
    assert!(operations.iter().all(|one| one != "PutItem"), "{operations:?}");
    // Two entities' marks and the next time.
    assert_eq!(operations.iter().filter(|one| *one == "UpdateItem").count(), 3, "{operations:?}");
}

#[tokio::test]
async fn a_rest_body_becomes_what_the_webhook_body_would_have_become() {
    let order = || OrderSpec { tax_percent: 8, ..OrderSpec::paid() }.quietly();
    // All of it but the moments at which the CRM wrote it.
    let told = |order: Order| {
        let mut told = serde_json::to_value(order).unwrap();
        told.as_object_mut().unwrap().retain(|name, _| !name.ends_with("_at"));
        told
    };
    // Two shops whose dice fall alike.
    let by_webhook = World::start().await;
    by_webhook.place(order()).await;
    let by_rest = World::start().await;
    by_rest.haravan().always(Fault::Dropped { percent: 100 });
    let id = by_rest.haravan().create_order(order()).unwrap().0;
    by_rest.haravan().clear_faults();
    by_rest.visits_after(QUARTER).await;
    by_rest.work_until_done().await;
    let event = by_rest.event_of(Topic::OrderUpdated, id).await;
    assert_eq!((event.status, event.reason, event.warnings), (Status::Done, None, Vec::new()));
    let only = |world: &World| told(world.getfly().orders().remove(0));
    assert_eq!(only(&by_rest), only(&by_webhook));
    let buyer = |world: &World| {
        let account = world.getfly().accounts().remove(0);
        (account.account_code, account.account_name, account.phone_office, account.email)
    };
    assert_eq!(buyer(&by_rest), buyer(&by_webhook));
}

#[tokio::test]
async fn a_date_filter_in_shop_time_hides_nothing_and_neither_does_one_in_utc() {
    for in_utc in [false, true] {
        let world = World::start().await;
        // Enough that was known before to fill pages of a window that is too wide.
        for _ in 0..70 {
            world.haravan().create_order(walk_in()).unwrap();
        }
        world.deliver_everything_due().await;
        world.clock.advance(5 * 3600 * Duration::from_secs(1));
        world.visits_after(MINUTE).await;
        let lost = lost_orders(&world, 3);
        let before = world.events().await;
        if in_utc {
            world.haravan().always(Fault::RestDatesInUtc);
        }
        world.visits_after(QUARTER).await;
        assert_eq!(ids(&world.recovered(&before).await, Entity::Order), lost, "in UTC: {in_utc}");
    }
}

#[tokio::test]
async fn a_list_that_shifts_between_two_pages_hides_nothing() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    let lost = lost_orders(&world, 230);
    world.haravan().always(Fault::RestPageDrift);
    world.visits_after(QUARTER).await;
    assert_eq!(ids(&world.events().await, Entity::Order), lost);
}

#[tokio::test]
async fn an_order_that_changes_while_the_list_is_read_is_met_in_its_newest_form() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    let lost = lost_orders(&world, 60);
    world.visits_after(QUARTER).await;
    world.work_until_done().await;
    // A change whose webhook is lost too, and then one a moment before the next round.
    world.haravan().always(Fault::Dropped { percent: 100 });
    let [first, second] = [lost.first(), lost.last()].map(|id| connect_tests::haravan::OrderId(*id.unwrap()));
    let change = || OrderChange { confirm: true, ..OrderChange::default() };
    world.haravan().update_order(first, change()).unwrap();
    world.clock.advance(QUARTER - MINUTE);
    world.haravan().update_order(second, change()).unwrap();
    let before = world.events().await;
    world.visits_after(MINUTE).await;
    assert_eq!(ids(&world.recovered(&before).await, Entity::Order), BTreeSet::from([first.0]));
    // A webhook may still have been on its way for the other; the next round no longer waits for it.
    world.visits_after(QUARTER).await;
    assert_eq!(ids(&world.recovered(&before).await, Entity::Order), BTreeSet::from([first.0, second.0]));
}

#[tokio::test]
async fn a_429_is_waited_for_as_long_as_it_says() {
    let world = World::start().await;
    // Workers that wait would move the clock.
    world.pause_pumps();
    world.visits_after(MINUTE).await;
    let lost = lost_orders(&world, 120);
    world.haravan().switch(Switch::next(Fault::Rest429, 2));
    let started = world.clock.now() + QUARTER;
    world.visits_after(QUARTER).await;
    assert_eq!(ids(&world.events().await, Entity::Order), lost);
    let waited = world.clock.now().duration_since(started).as_secs_f64();
    assert!((4.0..=6.0).contains(&waited), "two times Retry-After: 2.0, but {waited} s");
}

#[tokio::test]
async fn a_haravan_that_does_not_answer_is_asked_again_a_minute_later() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    let lost = lost_orders(&world, 3);
    world.haravan().always(Fault::Rest502Html);
    world.visits_after(QUARTER).await;
    assert_eq!(world.events().await.len(), 0);
    world.haravan().clear_faults();
    world.visits_after(2 * MINUTE).await;
    assert_eq!(ids(&world.events().await, Entity::Order), lost);
}

#[tokio::test]
async fn a_round_that_was_cut_off_goes_on_where_it_was() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    let lost = lost_orders(&world, 170);
    let proxy = FlakyDynamo::before(&world.stack.embedded).await;
    let upkeep = world.another_upkeep(&embedded::client(&proxy.url));
    world.clock.advance(QUARTER);
    // The store fails while the third page is stored, for longer than it is asked.
    proxy.after("PutItem", 115, &[flaky::Fault::InternalError; 60]);
    upkeep::due::visit_due(&upkeep).await.unwrap();
    let walk = world.shop().await.orders;
    assert!(walk.round.as_ref().is_some_and(|round| round.since_id > 0), "{walk:?}");
    assert!(ids(&world.events().await, Entity::Order).len() < 170);
    proxy.next("PutItem", &[]);
    world.visits_after(2 * MINUTE).await;
    let events = world.events().await;
    assert_eq!(ids(&events, Entity::Order), lost);
    assert_eq!(events.len(), lost.len(), "and none twice");
    assert_eq!(world.shop().await.orders.round, None);
}

#[tokio::test]
async fn what_happened_while_the_shop_had_to_be_connected_again_is_fetched_at_once() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    world.haravan().expire_tokens(Some(SHOP), None).unwrap();
    world.visits_after(Duration::from_secs(3700)).await;
    assert!(world.shop().await.tokens.is_none());
    let lost = lost_orders(&world, 5);
    world.clock.advance(Duration::from_secs(20 * 3600));
    world.install(Duration::from_secs(24 * 3600), true).await;
    world.visits_after(Duration::ZERO).await;
    assert_eq!(ids(&world.events().await, Entity::Order), lost);
}

#[tokio::test]
async fn history_from_before_the_connect_and_what_is_switched_off_are_left_alone() {
    let world = World::start().await;
    lost_orders(&world, 5);
    world.clock.advance(Duration::from_secs(3600));
    world.install(Duration::from_secs(24 * 3600), true).await;
    world.visits_after(QUARTER).await;
    assert_eq!(world.events().await.len(), 0);

    world.settings(|settings| settings.orders = false).await;
    lost_orders(&world, 5);
    for _ in 0..4 {
        world.visits_after(QUARTER).await;
    }
    world.settings(|settings| settings.orders = true).await;
    for _ in 0..2 {
        world.visits_after(QUARTER).await;
    }
    assert_eq!(world.events().await.len(), 0);
    assert!(world.stack.store.connections.owner(&Subject::Shop(ORG)).await.unwrap().is_some());
}
