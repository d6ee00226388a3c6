//! What is stored, once, and how it is read back.

use super::*;
use common::store::inbox::pages::KEEP;
use common::store::inbox::{EventKey, WATCH_SHARDS};

#[tokio::test]
async fn the_fixtures_are_stored_once_each_with_their_own_bytes() {
    let world = World::start().await;
    let tenant = world.tenant();
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    world.hold_page(&tenant, &oa(SHOP_OA)).await;
    let (body, signature) = facebook_vector();
    for _ in 0..3 {
        assert_eq!(world.post_to(FACEBOOK, &[("X-Hub-Signature-256", signature.clone())], &body).await, 200);
    }
    for name in ["user_send_text", "oa_send_text_echo", "follow"] {
        let (body, signature) = zalo_vector(name);
        for retry in 0..3 {
            let headers = [("X-ZEvent-Signature", signature.clone()), ("num_retry", retry.to_string())];
            assert_eq!(world.post_to(ZALO, &headers, &body).await, 200);
        }
    }
    let mut stored: Vec<_> = world
        .page_events(&tenant)
        .await
        .into_iter()
        .map(|event| (event.topic.to_string(), event.page.clone(), event.sent_at.unwrap().as_millisecond()))
        .collect();
    stored.sort();
    let expected = [
        ("facebook/messaging", fb(SHOP_PAGE), 1_795_500_200_000),
        ("zalo/follow", oa(SHOP_OA), 1_795_500_202_000),
        ("zalo/oa_send_text", oa(SHOP_OA), 1_795_500_201_000),
        ("zalo/user_send_text", oa(SHOP_OA), 1_795_500_200_000),
    ];
    assert_eq!(stored, expected.map(|(topic, page, at)| (topic.to_owned(), page, at)));
    let written = world.written(&tenant).await;
    for name in ["user_send_text", "oa_send_text_echo", "follow"] {
        assert!(written.contains(&zalo_vector(name).0), "{name}");
    }
    let item = written.iter().find(|text| body.contains(*text)).unwrap();
    assert!(item.contains(r"Ch\u00e0o shop") && item.contains("m_SIM0001"), "{item}");
}

#[tokio::test]
async fn an_event_that_comes_again_in_another_batch_is_a_duplicate() {
    let world = World::start().await;
    let tenant = world.tenant();
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    world.hold_page(&tenant, &fb("2")).await;
    assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "a")])).await, 200);
    world.clock.advance(std::time::Duration::from_secs(36 * 3600));
    assert_eq!(world.post_facebook(&messages(&[("2", "b"), (SHOP_PAGE, "a"), (SHOP_PAGE, "a")])).await, 200);
    assert_eq!(world.page_events(&tenant).await.len(), 2);
    // The very item under another list is another event.
    let body = messages(&[(SHOP_PAGE, "a")]).replace("messaging", "standby");
    assert_eq!(world.post_facebook(&body).await, 200);
    assert_eq!(world.page_events(&tenant).await.len(), 3);
}

#[tokio::test]
async fn every_list_of_a_long_delivery_is_stored_whole() {
    let world = World::start().await;
    let tenant = world.tenant();
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    let items: Vec<Value> = (0..120).map(|number| json!({"timestamp": 1, "n": number})).collect();
    // A post that does not compress and is longer than an item of DynamoDB's may be.
    let noise: String =
        (0_u64..120_000).map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20)).collect();
    let body = json!({"object": "page", "entry": [
        {"id": SHOP_PAGE, "time": 1_795_500_200, "messaging": items,
         "changes": [{"field": "feed", "value": noise}], "standby": [{"s": 1}]}]});
    assert_eq!(world.post_facebook(&body.to_string()).await, 200);
    let events = world.page_events(&tenant).await;
    assert_eq!(events.len(), 122);
    let long = events.iter().find(|event| event.parts > 0).unwrap();
    assert_eq!((long.topic.as_str(), long.sent_at.unwrap().as_second()), ("facebook/changes", 1_795_500_200));
    assert!(world.written(&tenant).await.iter().any(|text| text.contains(&noise)));
}

#[tokio::test]
async fn what_is_kept_wakes_nobody_and_expires() {
    let world = World::start().await;
    let tenant = world.tenant();
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, "a")])).await, 200);
    world.settle().await;
    world.clock.advance(std::time::Duration::from_secs(3600));
    let inbox = &world.stack.store.inbox;
    for shard in 0..WATCH_SHARDS {
        assert!(inbox.due(shard, world.clock.now(), 100).await.unwrap().is_empty());
    }
    let key: EventKey = world.page_events(&tenant).await[0].key.clone();
    assert!(inbox.wake(&key, world.clock.now()).await.unwrap().is_none());
    assert!(!inbox.retry(&key, world.clock.now()).await.unwrap());
    let token = common::store::claims::ClaimToken::random().unwrap();
    assert!(inbox.claim(&key, &token, world.clock.now()).await.unwrap().is_none());
    assert_eq!(world.events().await.len(), 0);

    let client = world.stack.embedded.client();
    let items = client.scan().table_name("inbox").send().await.unwrap();
    let expiry: i64 = items.items()[0]["x"].as_n().unwrap().parse().unwrap();
    let received = world.page_events(&tenant).await[0].received_at.as_second();
    assert_eq!(expiry - received, i64::try_from(KEEP.as_secs()).unwrap());
}

#[tokio::test]
async fn the_console_lists_them_in_words_without_what_was_written() {
    let world = World::start().await;
    let tenant = world.tenant();
    let mut browser = world.admin().await;
    browser.open("/console/activity?filter=pages").await.says("Không có sự kiện nào.");
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    world.hold_page(&tenant, &oa(SHOP_OA)).await;
    let texts: Vec<String> = (0..30).map(|n| format!("canary{n}")).collect();
    for text in &texts {
        world.clock.advance(std::time::Duration::from_secs(1));
        assert_eq!(world.post_facebook(&messages(&[(SHOP_PAGE, text)])).await, 200);
    }
    world.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(world.post_zalo(&zalo_vector("follow").0).await, 200);
    let page = browser.open("/console/activity?filter=pages").await;
    page.says("Tin nhắn trang").says("Tin nhắn Facebook").says("Khách quan tâm trang Zalo").says("Hạt Mầm");
    page.says("Đã lưu cho CRM").hides("canary");
    let (before, _) = page.html.split_once("\" rel=\"next\"").unwrap();
    let next = before.rsplit('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let older = browser.open(&next).await;
    assert_eq!(older.html.matches("<td>Tin nhắn Facebook</td>").count(), 6);
    browser.speak("en").await;
    browser.open("/console/activity?filter=pages").await.says("Facebook message");
    // Neither the other lists nor the page of one event trip over them.
    browser.open("/console/activity").await.says("No events.");
    let event = world.page_events(&tenant).await[0].key.digest.clone();
    assert_eq!(browser.open(&format!("/console/activity/zalo.{SHOP_OA}.{event}")).await.status, 404);
    assert_eq!(
        world
            .http
            .get(format!("{}/local/state", world.stack.addresses.base_url))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}
