//! What becomes of a shop after it is connected: uninstalled, refused, no longer sent to, disconnected halfway.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use common::clock::Clock;
use common::haravan::subscription::Subscription;
use common::haravan::webhook::Topic;
use common::refresh::Refreshed;
use common::store::connections::{ConnectionStatus, Subject, reason};
use common::store::inbox::Status;
use common::wire::egress::Reach;
use connect_tests::haravan::{DeliveryState, OrderSpec};
use local::embedded;
use local::seed::{CLIENT_ID, ORG};

use crate::flaky::{Fault, FlakyDynamo};
use crate::harness::{World, fixture};
use crate::meter::Meter;
use crate::shops::SHOP;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn an_uninstall_wipes_the_tokens_frees_the_shop_and_stops_the_work() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    world.haravan().uninstall(Some(SHOP), None).unwrap();
    world.haravan().deliver_due().await;
    let uninstalled = world.haravan().deliveries().pop().unwrap();
    assert_eq!(
        (uninstalled.topic.as_str(), uninstalled.state),
        ("app/uninstalled", DeliveryState::Delivered)
    );
    assert!(world.shop().await.suspected_at.is_some());
    assert_eq!(world.events().await.len(), 0, "it is no event");

    assert_eq!(world.visits_after(MINUTE).await, 1);
    let shop = world.shop().await;
    assert_eq!(
        (shop.status, shop.reason.as_deref()),
        (ConnectionStatus::Disconnected, Some(reason::UNINSTALLED))
    );
    assert_eq!((shop.tokens, shop.due, shop.suspected_at), (None, None, None));
    assert_eq!(world.stack.store.connections.owner(&Subject::Shop(ORG)).await.unwrap(), None);

    // Whatever still comes is answered and left alone; nothing is visited any more.
    world.clock.advance(common::tenant::FRESH);
    assert_eq!(world.post("orders/create", fixture::ORDER).await, 200);
    assert_eq!(world.post("app/uninstalled", b"{\"org_id\":200000987654}").await, 200);
    assert_eq!(world.events().await.len(), 0);
    assert_eq!(world.visits_after(DAY).await, 0);
}

#[tokio::test]
async fn an_event_that_was_stored_before_the_uninstall_is_not_carried_over_after_it() {
    let world = World::start().await;
    world.pause_pumps();
    world.accept("orders/create", fixture::ORDER).await;
    world.haravan().uninstall(Some(SHOP), None).unwrap();
    world.haravan().deliver_due().await;
    world.visits_after(MINUTE).await;
    world.clock.advance(common::tenant::FRESH);
    world.resume_pumps();
    world.work_until_done().await;
    let event = world.only_event().await;
    assert_eq!((event.status, event.reason.as_deref()), (Status::Done, Some("shop_disconnected")));
    assert!(world.getfly().orders().is_empty());
}

#[tokio::test]
async fn an_uninstall_of_an_older_installation_leaves_a_newer_one_alone() {
    let world = World::start().await;
    world.haravan().uninstall(Some(SHOP), None).unwrap();
    // The shop installs again before the news of the uninstall gets through.
    let shop = world.install(DAY, true).await;
    world.haravan().deliver_due().await;
    assert!(world.shop().await.suspected_at.is_some());

    world.visits_after(MINUTE).await;
    let now = world.shop().await;
    assert_eq!(
        (now.status, now.generation, now.suspected_at),
        (ConnectionStatus::Connected, shop.generation, None)
    );
    assert!(now.tokens.is_some() && now.due > Some(world.clock.now()));
    assert!(world.is_subscribed(), "and the new installation is sent to");
}

#[tokio::test]
async fn a_suspicion_of_a_token_that_only_ended_early_is_unfounded() {
    let world = World::start().await;
    world.install(DAY, true).await;
    world.visits_after(MINUTE).await;
    world.haravan().expire_tokens(Some(SHOP), None).unwrap();
    assert_eq!(world.post("app/uninstalled", b"").await, 200);
    world.visits_after(MINUTE).await;
    let now = world.shop().await;
    assert_eq!((now.status, now.suspected_at), (ConnectionStatus::Connected, None));
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test]
async fn an_uninstall_that_nobody_signed_or_that_carries_an_order_suspects_nobody() {
    let world = World::start().await;
    let org = ORG.to_string();
    assert_eq!(world.post_as("another secret", "app/uninstalled", &org, b"{}").await, 401);
    // A body that was signed for another topic.
    assert_eq!(world.post("app/uninstalled", fixture::ORDER).await, 200);
    let secret = world.stack.addresses.client_secret.clone();
    assert_eq!(world.post_as(&secret, "app/uninstalled", "7", b"{}").await, 200);
    assert_eq!(world.shop().await.suspected_at, None);
}

#[tokio::test]
async fn an_uninstall_that_is_not_noted_is_answered_so_that_it_comes_again() {
    let world = World::start().await;
    let proxy = FlakyDynamo::before(&world.stack.embedded).await;
    let (store, directory) = world.stack.access.open("webhook", &embedded::client(&proxy.url));
    let door = webhook::router(std::sync::Arc::new(webhook::Webhook {
        store,
        directory,
        pages: crate::page_events::door(world.clock.clone()),
        clock: world.clock.clone(),
    }));
    let post = async || {
        use tower::ServiceExt;
        let body = b"{\"org_id\":200000987654}";
        let request = axum::http::Request::post(format!("/api/haravan/webhook/{}", world.tenant()))
            .header("x-haravan-topic", "app/uninstalled")
            .header("x-haravan-org-id", ORG.to_string())
            .header(
                "x-haravan-hmacsha256",
                connect_tests::haravan::sign(&world.stack.addresses.client_secret, body),
            )
            .body(axum::body::Body::from(body.to_vec()))
            .unwrap();
        door.clone().oneshot(request).await.unwrap().status()
    };
    proxy.next("UpdateItem", &[Fault::InternalError; 10]);
    assert_eq!(post().await, 503);
    proxy.next("UpdateItem", &[]);
    assert_eq!(post().await, 200);
    assert!(world.shop().await.suspected_at.is_some());
}

#[tokio::test]
async fn a_token_that_haravan_refuses_asks_for_a_new_connection() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    world.haravan().expire_tokens(Some(SHOP), None).unwrap();
    world.visits_after(2 * HOUR).await;
    let shop = world.shop().await;
    assert_eq!(
        (shop.status, shop.reason.as_deref()),
        (ConnectionStatus::NeedsReconnect, Some(reason::TOKEN_REFUSED))
    );
    assert_eq!(shop.tokens, None);
    // Events are worked on all the same.
    let event = world.carry("orders/create", fixture::ORDER).await;
    assert_eq!(event.status, Status::Done);
    // And nobody knocks at Haravan's door for nothing.
    assert_eq!(world.visits_after(HOUR).await, 0);
}

#[tokio::test]
async fn a_token_that_haravan_refuses_too_early_is_refreshed_once() {
    let world = World::start().await;
    let shop = world.install(DAY, true).await;
    world.visits_after(MINUTE).await;
    world.haravan().expire_tokens(Some(SHOP), None).unwrap();
    world.visits_after(2 * HOUR).await;
    let now = world.shop().await;
    assert_eq!((now.status, now.token_version), (ConnectionStatus::Connected, shop.token_version + 1));
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test]
async fn a_refused_token_that_another_worker_has_replaced_leaves_the_shop_due() {
    let world = World::start().await;
    let shop = world.install(DAY, true).await;
    let (another, tenant) = (world.another_upkeep(&world.stack.embedded.client()), world.tenant());
    // Refuses every token. At the second call another worker refreshes, too.
    let calls = Arc::new(AtomicU32::new(0));
    let refuse = {
        let (calls, tenant) = (Arc::clone(&calls), tenant.clone());
        async move || {
            if calls.fetch_add(1, Ordering::SeqCst) == 1 {
                let shop = another.store.connections.shop(&tenant, ORG).await.unwrap().unwrap();
                let refreshed = another.refresher.refresh(&shop.token_state()).await;
                assert!(matches!(refreshed, Refreshed::Fresh(_)), "{refreshed:?}");
            }
            StatusCode::UNAUTHORIZED
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(refuse)).await.unwrap() });
    let subscription = Subscription::new(Reach::Loopback.client().unwrap(), url);
    let upkeep = upkeep::Upkeep { subscription, ..world.stack.upkeep.clone() };

    upkeep::shop::visit(&upkeep, &tenant, ORG).await;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let now = world.shop().await;
    assert_eq!((now.status, now.token_version), (ConnectionStatus::Connected, shop.token_version + 2));
    // The next run asks with the newest token, and not a day later.
    assert_eq!(world.visits_after(MINUTE).await, 1);
    assert!(world.shop().await.topics_at.is_some());
}

#[tokio::test]
async fn a_subscription_that_haravan_deleted_after_nineteen_failures_is_switched_on_again() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    let secret = world.stack.addresses.client_secret.clone();
    world.rotate_client_secret("one that Haravan does not use").await;
    world.rotate_client_secret("and another").await;
    world.clock.advance(common::tenant::FRESH);
    let id = world.haravan().create_order(OrderSpec::default().quietly()).unwrap().0;
    for _ in 0..40 {
        world.haravan().deliver_due().await;
        world.clock.advance(6 * HOUR);
    }
    assert!(!world.is_subscribed(), "Haravan gave up");

    world.rotate_client_secret(&secret).await;
    world.visits_after(common::tenant::FRESH).await;
    assert!(world.is_subscribed());
    let topics = world.shop().await.topics.unwrap();
    assert!(common::haravan::subscription::missing(&topics).is_empty());
    // What was sent to nobody in the meantime was fetched in the same visit.
    world.work_until_done().await;
    let event = world.event_of(Topic::OrderUpdated, id).await;
    assert_eq!((event.status, event.reason), (Status::Done, None));
}

#[tokio::test]
async fn topics_that_cannot_be_had_are_noted_and_asked_for_once_an_hour() {
    let world = World::start().await;
    world.haravan().always(connect_tests::haravan::Fault::SubscribeErrorIn200);
    // The shop unsubscribed behind our back.
    let token = world.haravan().grant_token(SHOP, CLIENT_ID, &["wh_api"]).unwrap();
    reqwest::Client::new()
        .delete(format!("{}/api/subscribe", world.stack.addresses.haravan_url))
        .bearer_auth(&token)
        .header("content-type", "application/json")
        .send()
        .await
        .unwrap();
    world.visits_after(MINUTE).await;
    let asked = world.shop().await.topics_at.unwrap();
    for _ in 0..50 {
        world.visits_after(MINUTE).await;
    }
    assert_eq!(world.shop().await.topics_at, Some(asked), "not more often than hourly");
    assert_eq!(world.shop().await.status, ConnectionStatus::Connected);
    world.haravan().clear_faults();
    world.visits_after(HOUR).await;
    assert!(world.shop().await.topics_at > Some(asked));
}

#[tokio::test]
async fn a_disconnect_that_was_cut_off_is_finished() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    assert!(world.is_subscribed());
    let shop = world.shop().await;
    let shops = &world.stack.store.connections;
    assert!(shops.end(&shop.this(), reason::BY_ADMIN, world.clock.now()).await.unwrap());
    assert!(world.shop().await.tokens.is_some(), "cut off here");

    world.visits_after(MINUTE).await;
    let ended = world.shop().await;
    assert_eq!((ended.status, ended.tokens, ended.due), (ConnectionStatus::Disconnected, None, None));
    assert_eq!(ended.reason.as_deref(), Some(reason::BY_ADMIN));
    assert!(!world.is_subscribed());
    assert_eq!(shops.owner(&Subject::Shop(ORG)).await.unwrap(), None);
}

#[tokio::test]
async fn a_run_with_nothing_due_reads_the_watch_lists_and_nothing_else() {
    let world = World::start().await;
    world.visits_after(MINUTE).await;
    let meter = Meter::default();
    let upkeep = world.another_upkeep(&meter.on(&world.stack.embedded.client()));
    let report = upkeep::handle(&upkeep).await.unwrap();
    assert_eq!(report, upkeep::Report::default());
    let operations = meter.take().operations;
    assert_eq!(operations.len(), 32);
    assert!(operations.iter().all(|operation| operation == "Query"), "{operations:?}");
}
