//! The main story: what Haravan sends is in the CRM, once and right.

use common::store::inbox::Status;
use serde_json::Value;

use crate::harness::{World, fixture};

/// The CRM writes of a story, without the look-ups.
fn writes(world: &World) -> Vec<Value> {
    let requests = world.getfly().requests();
    requests
        .into_iter()
        .filter(|request| request.method == "POST")
        .map(|request| serde_json::json!({"to": request.path, "body": request.body}))
        .collect()
}

#[tokio::test]
async fn a_storefront_order_gives_exactly_these_requests() {
    let world = World::start().await;
    assert_eq!(world.post("orders/create", fixture::ORDER).await, 200);
    world.work_until_done().await;
    insta::assert_json_snapshot!("storefront_order", writes(&world));
    let order = world.getfly().orders().remove(0);
    assert_eq!(order.real_amount.to_string(), "333000");
    assert_eq!(world.only_event().await.status, Status::Done);
}

#[tokio::test]
async fn a_paid_order_gives_exactly_these_requests() {
    let world = World::start().await;
    assert_eq!(world.post("orders/create", fixture::PAID_ORDER).await, 200);
    world.work_until_done().await;
    insta::assert_json_snapshot!("paid_order", writes(&world));
    let order = world.getfly().orders().remove(0);
    assert_eq!(order.real_amount.to_string(), "1260000");
}

#[tokio::test]
async fn a_customer_gives_exactly_these_requests() {
    let world = World::start().await;
    assert_eq!(world.post("customers/create", fixture::CUSTOMER).await, 200);
    world.work_until_done().await;
    insta::assert_json_snapshot!("customer", writes(&world));
}
