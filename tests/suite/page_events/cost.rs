//! What DynamoDB is asked for, and what is answered when it fails.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use local::embedded;
use tower::ServiceExt;

use super::*;
use crate::flaky::{Fault, FlakyDynamo};
use crate::meter::Meter;

pub fn own_door(world: &World, client: &aws_sdk_dynamodb::Client) -> Router {
    let ((store, directory), clock) = (world.stack.access.open("webhook", client), world.clock.clone());
    let pages = open_door(clock.clone());
    webhook::router(std::sync::Arc::new(webhook::Webhook { store, directory, pages, clock }))
}

async fn post(door: &Router, path: &str, (name, signature): (&str, String), body: &str) -> StatusCode {
    let request = Request::post(path).header(name, signature).body(Body::from(body.to_owned())).unwrap();
    door.clone().oneshot(request).await.unwrap().status()
}

pub async fn from_facebook(door: &Router, body: &str) -> StatusCode {
    post(door, FACEBOOK, signed_by_facebook(body), body).await
}

#[tokio::test]
async fn a_page_is_looked_up_once_a_delivery_and_an_event_is_one_put() {
    let world = World::start().await;
    let tenant = world.tenant();
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    world.hold_page(&tenant, &oa(SHOP_OA)).await;
    let meter = Meter::default();
    let door = own_door(&world, &meter.on(&world.stack.embedded.client()));

    let three = messages(&[(SHOP_PAGE, "a"), (SHOP_PAGE, "b"), (SHOP_PAGE, "c")]);
    assert_eq!(from_facebook(&door, &three).await, 200);
    let reading = meter.take();
    assert_eq!(reading.operations, ["GetItem", "GetItem", "PutItem", "PutItem", "PutItem"]);
    assert!(reading.write_units("inbox") <= 6.0, "{reading:?}");
    let (body, signature) = zalo_vector("user_send_text");
    assert_eq!(post(&door, ZALO, ("X-ZEvent-Signature", signature), &body).await, 200);
    assert_eq!(meter.take().operations, ["GetItem", "GetItem", "PutItem"]);

    // A stranger costs a read and a note, and then nothing for a while.
    assert_eq!(from_facebook(&door, &messages(&[("3", "a")])).await, 200);
    assert_eq!(meter.take().operations, ["GetItem", "UpdateItem"]);
    assert_eq!(from_facebook(&door, &messages(&[("3", "b")])).await, 200);
    assert!(meter.take().operations.is_empty());

    // Who is refused costs nothing.
    assert_eq!(post(&door, FACEBOOK, ("X-Hub-Signature-256", "sha256=00".to_owned()), &three).await, 401);
    assert_eq!(post(&door, ZALO, ("X-ZEvent-Signature", "00".to_owned()), &body).await, 401);
    assert!(meter.take().operations.is_empty());
}

#[tokio::test]
async fn a_delivery_that_is_not_stored_whole_comes_again_and_is_stored_once() {
    let world = World::start().await;
    let tenant = world.tenant();
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    world.hold_page(&tenant, &fb("2")).await;
    let flaky = FlakyDynamo::before(&world.stack.embedded).await;
    let door = own_door(&world, &embedded::client(&flaky.url));
    let body = messages(&[(SHOP_PAGE, "a"), ("2", "b"), (SHOP_PAGE, "c")]);

    flaky.next("GetItem", &[Fault::InternalError; 20]);
    assert_eq!(from_facebook(&door, &body).await, 503);
    flaky.after("PutItem", 1, &[Fault::Throttle; 20]);
    assert_eq!(from_facebook(&door, &body).await, 503);
    let before = world.page_events(&tenant).await.len();
    assert!((1..3).contains(&before), "{before}");
    flaky.next("PutItem", &[]);
    assert_eq!(from_facebook(&door, &body).await, 200);
    assert_eq!(world.page_events(&tenant).await.len(), 3);
}

#[tokio::test]
async fn a_write_that_took_effect_and_was_not_answered_is_no_second_event() {
    let world = World::start().await;
    let tenant = world.tenant();
    world.hold_page(&tenant, &oa(SHOP_OA)).await;
    let flaky = FlakyDynamo::before(&world.stack.embedded).await;
    let door = own_door(&world, &embedded::client(&flaky.url));
    let (body, signature) = zalo_vector("user_send_text");
    flaky.next("PutItem", &[Fault::DropAfter]);
    assert_eq!(post(&door, ZALO, ("X-ZEvent-Signature", signature), &body).await, 200);
    assert_eq!(world.page_events(&tenant).await.len(), 1);
}

#[tokio::test]
async fn a_note_that_fails_fails_no_delivery() {
    let world = World::start().await;
    let flaky = FlakyDynamo::before(&world.stack.embedded).await;
    let door = own_door(&world, &embedded::client(&flaky.url));
    flaky.next("UpdateItem", &[Fault::InternalError; 20]);
    assert_eq!(from_facebook(&door, &messages(&[("3", "a")])).await, 200);
}
