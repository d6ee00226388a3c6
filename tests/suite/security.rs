//! What must be refused, and what must do no harm (design: security rules; haravan.md §2).

use common::store::inbox::Status;
use connect_tests::haravan::sign;
use local::seed::ORG;
use reqwest::{Method, StatusCode};

use crate::harness::{World, fixture};

async fn nothing_is_stored(world: &World) {
    assert!(world.events().await.is_empty(), "something was stored");
}

#[tokio::test]
async fn a_forged_delivery_is_refused() {
    let world = World::start().await;
    assert_eq!(world.post_as("another secret", "orders/create", &ORG.to_string(), fixture::ORDER).await, 401);
    nothing_is_stored(&world).await;
}

#[tokio::test]
async fn a_delivery_without_signature_topic_or_shop_is_refused() {
    let world = World::start().await;
    let signature = sign(&world.stack.addresses.client_secret, fixture::ORDER);
    let all = [
        ("X-Haravan-Topic", "orders/create".to_owned()),
        ("X-Haravan-Org-Id", ORG.to_string()),
        ("X-Haravan-Hmacsha256", signature),
    ];
    for missing in 0..all.len() {
        let mut headers = all.to_vec();
        headers.remove(missing);
        assert_eq!(world.post_raw(&world.stack.addresses.webhook_url, &headers, fixture::ORDER).await, 401);
    }
    nothing_is_stored(&world).await;
}

#[tokio::test]
async fn a_truncated_or_altered_body_is_refused() {
    let world = World::start().await;
    let signature = sign(&world.stack.addresses.client_secret, fixture::ORDER);
    let headers = [
        ("X-Haravan-Topic", "orders/create".to_owned()),
        ("X-Haravan-Org-Id", ORG.to_string()),
        ("X-Haravan-Hmacsha256", signature),
    ];
    let url = &world.stack.addresses.webhook_url;
    let (cut, _) = fixture::ORDER.split_at(fixture::ORDER.len() - 1);
    assert_eq!(world.post_raw(url, &headers, cut).await, 401);
    let altered = String::from_utf8_lossy(fixture::ORDER).replace("333000.0000", "3.0000");
    assert_eq!(world.post_raw(url, &headers, altered.as_bytes()).await, 401);
    nothing_is_stored(&world).await;
}

#[tokio::test]
async fn a_replayed_delivery_has_no_second_effect() {
    let world = World::start().await;
    for _ in 0..3 {
        assert_eq!(world.post("orders/create", fixture::ORDER).await, 200);
        world.work_until_done().await;
        world.clock.advance(std::time::Duration::from_secs(3600));
    }
    assert_eq!(world.events().await.len(), 1);
    assert_eq!(world.getfly().requests_to("POST /api/v6.1/sale_order"), 1);
}

#[tokio::test]
async fn one_tenants_delivery_is_refused_at_anothers_door() {
    let world = World::start().await;
    let other = world.add_tenant("other", "its own secret").await;
    let theirs = world.stack.addresses.webhook_url.replace("hat-mam", other.as_str());
    let headers = |secret: &str| {
        [
            ("X-Haravan-Topic", "orders/create".to_owned()),
            ("X-Haravan-Org-Id", ORG.to_string()),
            ("X-Haravan-Hmacsha256", sign(secret, fixture::ORDER)),
        ]
    };
    let ours = headers(&world.stack.addresses.client_secret);
    assert_eq!(world.post_raw(&theirs, &ours, fixture::ORDER).await, 401);
    // Rightly signed for the other tenant, but the shop is not its own: acknowledged and dropped.
    assert_eq!(world.post_raw(&theirs, &headers("its own secret"), fixture::ORDER).await, 200);
    nothing_is_stored(&world).await;
}

#[tokio::test]
async fn a_body_replayed_under_another_topic_does_no_harm() {
    let world = World::start().await;
    assert_eq!(world.post("customers/create", fixture::ORDER).await, 200);
    assert_eq!(world.post("orders/create", fixture::CUSTOMER).await, 200);
    nothing_is_stored(&world).await;
    // Within the family the order's own state decides, not the topic.
    assert_eq!(world.post("orders/cancelled", fixture::ORDER).await, 200);
    assert_eq!(world.post("orders/delete", fixture::ORDER).await, 200);
    world.work_until_done().await;
    let orders = world.getfly().orders();
    assert_eq!(
        orders.iter().map(|order| (order.order_code.as_str(), order.status)).collect::<Vec<_>>(),
        [("HRV-1791400031", 1)]
    );
}

#[tokio::test]
async fn an_oversized_delivery_is_refused_announced_or_not() {
    let world = World::start().await;
    let huge = vec![b' '; common::body::MAX_BODY_BYTES + 1];
    assert_eq!(world.post("orders/create", &huge).await, 413);
    let url = &world.stack.addresses.webhook_url;
    let chunks = futures::stream::iter(
        huge.chunks(65_536).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>(),
    );
    let answer = reqwest::Client::new().post(url).body(reqwest::Body::wrap_stream(chunks)).send().await;
    // The door may shut before all of it is sent.
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 413));
    nothing_is_stored(&world).await;
}

#[tokio::test]
async fn an_unknown_or_malformed_tenant_is_refused() {
    let world = World::start().await;
    for tenant in ["nobody", "NOBODY", "a%23b", "x".repeat(300).as_str()] {
        let url = world.stack.addresses.webhook_url.replace("hat-mam", tenant);
        assert_eq!(world.post_raw(&url, &[], b"").await, 401, "{tenant}");
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let world = World::start().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let answer =
            reqwest::Client::new().request(method, &world.stack.addresses.webhook_url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn signed_garbage_is_kept_for_a_person_and_answered_200() {
    let world = World::start().await;
    let bodies: [&[u8]; 6] = [b"null", b"[]", b"{}", b"{\"id\":1", b"\xff\xfe\x00", "🙂".as_bytes()];
    for body in bodies {
        assert_eq!(world.post("orders/create", body).await, 200);
    }
    world.work_until_done().await;
    assert_eq!(world.count(Status::Parked).await, bodies.len());
    assert_eq!(world.getfly().requests_to("POST /api/v6.1/sale_order"), 0);
}

#[tokio::test]
async fn a_changed_secret_is_noticed_and_the_old_one_still_accepted() {
    let world = World::start().await;
    assert_eq!(world.post("orders/create", fixture::ORDER).await, 200);
    world.rotate_client_secret("brand new").await;
    world.clock.advance(common::tenant::REFRESH_GAP);
    assert_eq!(world.post_as("brand new", "orders/create", &ORG.to_string(), fixture::PAID_ORDER).await, 200);
    assert_eq!(world.post("customers/create", fixture::CUSTOMER).await, 200);
    assert_eq!(world.events().await.len(), 3);
}

#[tokio::test]
async fn a_disconnected_shops_delivery_is_acknowledged_and_left_alone() {
    let world = World::start().await;
    world.disconnect().await;
    assert_eq!(world.post("orders/create", fixture::ORDER).await, 200);
    nothing_is_stored(&world).await;
}

#[tokio::test]
async fn a_ping_is_acknowledged_and_leaves_nothing() {
    let world = World::start().await;
    let url = &world.stack.addresses.webhook_url;
    assert_eq!(world.post("orders/create", b"").await, 200);
    assert_eq!(world.post_raw(url, &[], b"").await, 200);
    let mut test = vec![
        ("X-Haravan-Test", "True".to_owned()),
        ("X-Haravan-Hmacsha256", sign(&world.stack.addresses.client_secret, fixture::ORDER)),
    ];
    assert_eq!(world.post_raw(url, &test, fixture::ORDER).await, 200);
    test.pop();
    assert_eq!(
        world.post_raw(url, &test, fixture::ORDER).await,
        401,
        "the test header is no way around the signature"
    );
    nothing_is_stored(&world).await;
}

#[tokio::test]
async fn the_challenge_is_answered_to_the_right_token_only() {
    let world = World::start().await;
    let token = world.stack.addresses.verify_token.clone();
    let ask = |token: &str, mode: &str| {
        let query = [
            ("hub.mode", mode.to_owned()),
            ("hub.verify_token", token.to_owned()),
            ("hub.challenge", "<b>42</b>".to_owned()),
        ];
        let world = &world;
        async move {
            let query: Vec<(&str, &str)> =
                query.iter().map(|(name, value)| (*name, value.as_str())).collect();
            world.challenge(&query).await
        }
    };
    assert_eq!(ask(&token, "subscribe").await, (StatusCode::OK, "<b>42</b>".to_owned()));
    assert_eq!(ask("wrong", "subscribe").await.0, 401);
    assert_eq!(ask("", "subscribe").await.0, 401);
    assert_eq!(ask(&token, "unsubscribe").await.0, 401);
    assert_eq!(
        world.challenge(&[("hub.verify_token", &token), ("hub.challenge", "7")]).await,
        (StatusCode::OK, "7".to_owned())
    );
    assert_eq!(world.challenge(&[("hub.verify_token", &token)]).await.0, 400);
}
