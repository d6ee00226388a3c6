//! Whose an event is, and what becomes of pages that are nobody's.

use std::time::Duration;

use common::facebook::app::PageToken;
use common::facebook::subscription::FIELDS;
use common::store::connections::Subject;

use super::*;

/// Longer than a page is taken to be nobody's.
const A_WHILE: Duration = Duration::from_secs(6);

#[tokio::test]
async fn a_batch_of_two_tenants_and_a_stranger_is_told_apart() {
    let world = World::start().await;
    let (ours, theirs) = (world.tenant(), world.add_tenant("gom-nha-may", "x").await);
    world.hold_page(&ours, &fb("1")).await;
    world.hold_page(&theirs, &fb("2")).await;
    let body = messages(&[("1", "a"), ("2", "b"), ("3", "c"), ("1", "d")]);
    assert_eq!(world.post_facebook(&body).await, 200);
    let texts = async |tenant| {
        let written = world.written(tenant).await;
        written
            .iter()
            .map(|text| text.rsplit("\"text\":").next().unwrap()[1..2].to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (texts(&ours).await, texts(&theirs).await),
        (vec!["a".into(), "d".into()], vec!["b".to_owned()])
    );
}

#[tokio::test]
async fn an_event_after_a_disconnect_is_dropped_from_the_first_moment() {
    let world = World::start().await;
    let tenant = world.tenant();
    for page in [fb(SHOP_PAGE), oa(SHOP_OA)] {
        world.hold_page(&tenant, &page).await;
    }
    assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "a")])).await, 200);
    let ended = world.drop_page(&tenant, &fb(SHOP_PAGE)).await;
    assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "b")])).await, 200);
    assert!(world.stack.store.connections.finish_end(&ended).await.unwrap());
    assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "c")])).await, 200);
    world.free_page(&tenant, &oa(SHOP_OA)).await;
    assert_eq!(world.post_zalo(&zalo_vector("user_send_text").0).await, 200);
    assert_eq!(world.page_events(&tenant).await.len(), 1);
}

#[tokio::test]
async fn events_follow_a_page_to_its_next_tenant() {
    let world = World::start().await;
    let (ours, theirs) = (world.tenant(), world.add_tenant("gom-nha-may", "x").await);
    world.hold_page(&ours, &oa(SHOP_OA)).await;
    assert_eq!(world.post_zalo(&zalo_vector("user_send_text").0).await, 200);
    world.free_page(&ours, &oa(SHOP_OA)).await;
    world.hold_page(&theirs, &oa(SHOP_OA)).await;
    assert_eq!(world.post_zalo(&zalo_vector("follow").0).await, 200);
    assert_eq!((world.page_events(&ours).await.len(), world.page_events(&theirs).await.len()), (1, 1));
}

#[tokio::test]
async fn a_stranger_that_is_connected_is_heard_within_seconds() {
    let world = World::start().await;
    let tenant = world.tenant();
    assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "a")])).await, 200);
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    world.clock.advance(A_WHILE);
    assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "b")])).await, 200);
    assert_eq!(world.page_events(&tenant).await.len(), 1);
}

/// The requests with which a page was unsubscribed.
fn unsubscribed(world: &World) -> usize {
    let requests = world.stack.pages.as_ref().unwrap().facebook.requests();
    requests.iter().filter(|request| request.method == "DELETE").count()
}

/// Subscribes the shop's page, as an earlier connect did.
async fn subscribed(world: &World) {
    let simulated = &world.stack.pages.as_ref().unwrap().facebook;
    let token = simulated.page_token(facebook::SELLER, facebook::SHOP_PAGE).unwrap().unwrap();
    let graph = world.stack.upkeep.pages.providers.facebook().await.unwrap();
    graph.subscribe(&SHOP_PAGE.parse().unwrap(), &PageToken::new(token.into()), &FIELDS).await.unwrap();
}

#[tokio::test]
async fn a_page_that_is_nobodys_is_unsubscribed_once() {
    let world = World::start().await;
    subscribed(&world).await;
    let simulated = world.stack.pages.as_ref().unwrap().facebook.clone();
    for number in 0..5 {
        simulated.send_message(facebook::SHOP_PAGE, &format!("{number}")).unwrap().unwrap();
        simulated.deliver_due().await;
        world.clock.advance(A_WHILE);
    }
    assert_eq!(unsubscribed(&world), 0, "the answer waits for nobody");
    for _ in 0..3 {
        upkeep::handle(&world.stack.upkeep).await.unwrap();
        assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "late")])).await, 200);
        world.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(unsubscribed(&world), 1);
    assert_eq!(simulated.subscription(facebook::SHOP_PAGE), None);
    // Much later it is worth another try.
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "again")])).await, 200);
    upkeep::handle(&world.stack.upkeep).await.unwrap();
    assert_eq!(unsubscribed(&world), 2);
}

#[tokio::test]
async fn a_page_that_is_connected_meanwhile_keeps_its_subscription() {
    let world = World::start().await;
    subscribed(&world).await;
    assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "a")])).await, 200);
    world.hold_page(&world.tenant(), &fb(SHOP_PAGE)).await;
    upkeep::handle(&world.stack.upkeep).await.unwrap();
    assert_eq!(unsubscribed(&world), 0);
    assert!(world.stack.pages.as_ref().unwrap().facebook.subscription(facebook::SHOP_PAGE).is_some());
}

#[tokio::test]
async fn an_unsubscribe_without_an_answer_is_tried_again() {
    let world = World::start().await;
    subscribed(&world).await;
    assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "a")])).await, 200);
    let simulated = world.stack.pages.as_ref().unwrap().facebook.clone();
    simulated.once(facebook::Fault::ServerError);
    upkeep::handle(&world.stack.upkeep).await.unwrap();
    assert!(simulated.subscription(facebook::SHOP_PAGE).is_some());
    world.clock.advance(Duration::from_secs(301));
    upkeep::handle(&world.stack.upkeep).await.unwrap();
    assert_eq!(simulated.subscription(facebook::SHOP_PAGE), None);
}

#[tokio::test]
async fn zalos_strangers_are_dropped_and_nothing_is_noted() {
    let world = World::start().await;
    assert_eq!(world.post_zalo(&zalo_vector("user_send_text").0).await, 200);
    let owner = world.stack.store.connections.owner(&Subject::Page(oa(SHOP_OA))).await.unwrap();
    assert_eq!(owner, None);
    let items = world.stack.embedded.client().scan().table_name("connections").send().await.unwrap();
    assert!(items.items().iter().all(|item| !item["tenant_id"].as_s().unwrap().starts_with("orphan")));
}
