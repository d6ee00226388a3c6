//! What DynamoDB is asked for, what it costs, and what happens when it fails (design: speed and cost budget).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::haravan::admin::Admin;
use common::intake::delivery;
use common::intake::job::Intake;
use common::store::Store;
use common::store::inbox::Status;
use common::wire::egress::Reach;
use connect_tests::haravan::OrderSpec;
use connect_tests::haravan::generate::Generator;
use connect_tests::haravan::sign;
use local::embedded::{self, table_names};
use local::seed::{ORG, TENANT};
use tower::ServiceExt;

use crate::flaky::{Fault, FlakyDynamo};
use crate::harness::{World, fixture};
use crate::meter::Meter;

/// A front door of one's own over any client.
pub fn front_door(world: &World, client: &aws_sdk_dynamodb::Client) -> Router {
    let ((store, directory), clock) = (world.stack.access.open("webhook", client), world.clock.clone());
    let pages = crate::page_events::door(clock.clone());
    webhook::router(Arc::new(webhook::Webhook { store, directory, pages, clock }))
}

/// Orders' intake of one's own over any client.
pub fn intake(world: &World, client: &aws_sdk_dynamodb::Client) -> Intake {
    let ((store, directory), clock) = (world.stack.access.open("order-intake", client), world.clock.clone());
    let http = Reach::Loopback.client().unwrap();
    let admin =
        Admin::new(http.clone(), Reach::Loopback.base_url(&world.stack.addresses.haravan_url).unwrap());
    Intake::new(store, directory, http, Reach::Loopback, admin, clock)
}

async fn post(door: &Router, tenant: &str, secret: &str, body: &[u8]) -> StatusCode {
    post_to(door, tenant, "orders/create", secret, body).await
}

/// Posts a delivery of the seeded shop.
pub async fn post_as(door: &Router, topic: &str, secret: &str, body: &[u8]) -> StatusCode {
    post_to(door, TENANT, topic, secret, body).await
}

async fn post_to(door: &Router, tenant: &str, topic: &str, secret: &str, body: &[u8]) -> StatusCode {
    let request = Request::post(format!("/api/haravan/webhook/{tenant}"))
        .header("x-haravan-topic", topic)
        .header("x-haravan-org-id", ORG.to_string())
        .header("x-haravan-hmacsha256", sign(secret, body))
        .body(Body::from(body.to_vec()))
        .unwrap();
    door.clone().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_warm_front_door_asks_once_for_a_fresh_or_repeated_event_and_never_for_a_refused_one() {
    let world = World::start().await;
    let meter = Meter::default();
    let door = front_door(&world, &meter.on(&world.stack.embedded.client()));
    let secret = world.stack.addresses.client_secret.clone();
    // Warm: tenant, connection and key ring are known, and so is a stranger.
    post(&door, TENANT, &secret, b"").await;
    post(&door, "stranger", &secret, b"").await;
    assert_eq!(meter.take().operations, ["GetItem", "Query", "GetItem"]);

    assert_eq!(post(&door, TENANT, &secret, fixture::ORDER).await, 200);
    assert_eq!(meter.take().operations, ["PutItem"]);
    assert_eq!(post(&door, TENANT, &secret, fixture::ORDER).await, 200);
    assert_eq!(meter.take().operations, ["PutItem"]);
    assert_eq!(post(&door, TENANT, "wrong", fixture::ORDER).await, 401);
    assert_eq!(post(&door, "stranger", &secret, fixture::ORDER).await, 401);
    assert!(meter.take().operations.is_empty());
}

/// Bodies as they come over the wire: webhook keys, compact.
fn typical_orders() -> Vec<Vec<u8>> {
    let mut generator = Generator::new(99);
    let now = "2026-06-12T08:30:00Z".parse().unwrap();
    let mut orders: Vec<Vec<u8>> =
        (0..20).map(|_| generator.order_text(now, &OrderSpec::default()).into_bytes()).collect();
    orders.push(fixture::ORDER.to_vec());
    orders.push(fixture::PAID_ORDER.to_vec());
    orders
}

#[tokio::test]
async fn a_typical_order_costs_at_most_two_write_units_to_take_in_and_six_in_its_life() {
    let world = World::start().await;
    world.pause_pumps();
    let meter = Meter::default();
    let client = meter.on(&world.stack.embedded.client());
    let store = Store::new(&client, table_names());
    let intake = intake(&world, &client);
    for body in typical_orders() {
        let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let id = read["id"].as_i64().unwrap();
        let topic = common::haravan::webhook::Topic::OrderCreate;
        let key = common::store::inbox::EventKey::of(&world.tenant(), topic, id, &body);
        let event = common::store::inbox::NewEvent {
            key: key.clone(),
            topic,
            org: ORG,
            body: common::body::pack(&body).unwrap(),
            updated_at: read["updated_at"].as_str().and_then(|text| text.parse().ok()),
            received_at: common::clock::Clock::now(&*world.clock),
            parked: None,
            trace: common::trace::TraceId::fresh(),
        };
        meter.take();
        store.inbox.put(&event).await.unwrap();
        let put = meter.take().write_units("inbox");
        delivery::work(&intake, &order_intake::Orders, &key).await.unwrap();
        let rest = meter.take();
        let life = put + rest.write_units("inbox");
        assert!(put - 1.0 <= 2.0, "{put} units to take in (one of them for the watch index)");
        assert!(life <= 6.0, "{life} units in its life, {} bytes packed", event.body.len());
        assert_eq!(store.inbox.get(&key).await.unwrap().unwrap().status, Status::Done);
    }
}

#[tokio::test]
async fn a_throttled_or_dropped_write_is_tried_again_and_answered_200() {
    let world = World::start().await;
    let secret = world.stack.addresses.client_secret.clone();
    for fault in [Fault::Throttle, Fault::InternalError, Fault::DropBefore, Fault::DropAfter] {
        let flaky = FlakyDynamo::before(&world.stack.embedded).await;
        let door = front_door(&world, &embedded::client(&flaky.url));
        post(&door, TENANT, &secret, b"").await;
        let body = format!("{{\"id\":{},\"line_items\":[]}}", 100 + fault as i64);
        flaky.next("PutItem", &[fault]);
        assert_eq!(post(&door, TENANT, &secret, body.as_bytes()).await, 200, "{fault:?}");
        assert_eq!(post(&door, TENANT, &secret, body.as_bytes()).await, 200, "{fault:?}");
    }
    world.work_until_done().await;
    assert_eq!(world.events().await.len(), 4);
}

#[tokio::test]
async fn a_store_that_stays_away_is_answered_503_and_nothing_is_stored() {
    let world = World::start().await;
    let secret = world.stack.addresses.client_secret.clone();
    for fault in [Fault::Throttle, Fault::Conflict, Fault::InternalError, Fault::DropBefore] {
        let flaky = FlakyDynamo::before(&world.stack.embedded).await;
        let door = front_door(&world, &embedded::client(&flaky.url));
        post(&door, TENANT, &secret, b"").await;
        flaky.next("PutItem", &[fault; 10]);
        assert_eq!(post(&door, TENANT, &secret, fixture::ORDER).await, 503, "{fault:?}");
    }
    let gone = front_door(&world, &embedded::client("http://127.0.0.1:1"));
    assert_eq!(post(&gone, TENANT, &secret, fixture::ORDER).await, 503);
    assert!(world.events().await.is_empty());
}

#[tokio::test]
async fn an_order_survives_a_store_that_fails_at_any_of_its_writes() {
    for fault in [Fault::InternalError, Fault::DropAfter] {
        for failing in 0..9 {
            let world = World::start().await;
            let flaky = FlakyDynamo::before(&world.stack.embedded).await;
            let intake = intake(&world, &embedded::client(&flaky.url));
            world.pause_pumps();
            world.post("orders/create", fixture::ORDER).await;
            let key = world.only_event().await.key;
            // The SDK tries three times: all of one write's attempts fail.
            flaky.after("UpdateItem", failing, &[fault; 3]);
            let failed = delivery::work(&intake, &order_intake::Orders, &key).await;
            if let Err(error) = failed {
                assert!(matches!(error, common::store::StoreError::Unavailable { .. }), "{error}");
            }
            world.resume_pumps();
            world.work_until_done().await;
            assert_eq!(world.only_event().await.status, Status::Done, "{fault:?} at write {failing}");
            assert_eq!(
                (world.getfly().orders().len(), world.getfly().accounts().len()),
                (1, 1),
                "{fault:?} at write {failing}"
            );
        }
    }
}
