//! Setting up, subscribing, disconnecting.

use std::time::Duration;

use common::clock::Clock;
use common::connect::StartTicket;
use common::store::connections::{ConnectionStatus, ShopConnection, Subject};
use common::store::ephemeral::Kind;
use connect_tests::haravan::Fault;
use local::seed::{CLIENT_ID, ORG};
use reqwest::Method;
use serde_json::json;

use super::Browser;
use crate::harness::{World, fixture};

async fn shop(world: &World) -> ShopConnection {
    world.stack.store.connections.shop(&world.tenant(), ORG).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_guide_shows_the_very_values_to_paste() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let page = browser.open("/console/haravan").await;
    let base = &world.stack.addresses.base_url;
    page.says(&format!("<code class=\"value\">{base}/api/haravan/login</code>"))
        .says(&format!("<code class=\"value\">{base}/api/haravan/grandservice</code>"))
        .says(&format!("<code class=\"value\">{}</code>", world.stack.addresses.webhook_url))
        .says(&format!("<code class=\"value\">{}</code>", world.stack.addresses.verify_token))
        .says("com.read_orders com.read_customers com.read_shop wh_api")
        .says(CLIENT_ID)
        .says("Hạt Mầm")
        .says("Chưa đăng ký webhook");
}

#[tokio::test]
async fn a_new_secret_is_taken_and_the_old_one_stays_as_long_as_was_chosen() {
    for (word, days) in [("now", 0), ("1_day", 1), ("7_days", 7), ("30_days", 30_u64)] {
        let world = World::start().await;
        let old = world.stack.addresses.client_secret.clone();
        let mut browser = world.admin().await;
        let fields = [("client_id", "new-id"), ("client_secret", "brand-new"), ("old_secret", word)];
        let saved = browser.submit("/console/haravan/app", &fields).await;
        assert_eq!(saved.leads_to(), "/console/haravan?done=saved");
        browser
            .open("/console/haravan?done=saved")
            .await
            .says("Đã lưu.")
            .says("new-id")
            .hides("brand-new")
            .hides(&old);

        world.clock.advance(common::tenant::FRESH);
        let post = |secret: String, body: &'static [u8]| {
            let world = &world;
            async move { world.post_as(&secret, "orders/create", &ORG.to_string(), body).await.as_u16() }
        };
        assert_eq!(post("brand-new".to_owned(), fixture::ORDER).await, 200, "{word}");
        let old_is_good = if days == 0 { 401 } else { 200 };
        assert_eq!(post(old.clone(), fixture::PAID_ORDER).await, old_is_good, "{word}");
        world.clock.advance(Duration::from_secs(days * 24 * 3600));
        assert_eq!(post(old.clone(), fixture::PAID_ORDER).await, 401, "{word}");
    }
}

#[tokio::test]
async fn an_empty_secret_keeps_the_one_there_is() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let fields = [("client_id", "another-id"), ("client_secret", ""), ("old_secret", "now")];
    browser.submit("/console/haravan/app", &fields).await.leads_to();
    world.clock.advance(common::tenant::FRESH);
    assert_eq!(world.post("orders/create", fixture::ORDER).await, 200);
    let record = world.stack.store.tenants.get(&world.tenant()).await.unwrap().unwrap();
    assert_eq!((record.client_id.as_deref(), record.previous_secret), (Some("another-id"), None));
}

#[tokio::test]
async fn every_wrong_field_of_the_app_is_told_beside_it_and_what_was_entered_stays() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let long = "x".repeat(201);
    for (fields, wrong, kept) in [
        ([("client_id", ""), ("client_secret", ""), ("old_secret", "now")], "client_id", ""),
        (
            [("client_id", "has space"), ("client_secret", ""), ("old_secret", "now")],
            "client_id",
            "has space",
        ),
        ([("client_id", &long), ("client_secret", ""), ("old_secret", "now")], "client_id", &long),
        ([("client_id", "fine"), ("client_secret", "đ"), ("old_secret", "now")], "client_secret", "fine"),
        ([("client_id", "fine"), ("client_secret", "ok"), ("old_secret", "years")], "old_secret", "fine"),
    ] {
        let page = browser.submit("/console/haravan/app", &fields).await;
        assert_eq!(page.status, 422, "{wrong}");
        page.says(&format!("id=\"{wrong}-error\"")).says("aria-invalid=\"true\"");
        assert_eq!(page.field("client_id").unwrap(), kept);
        assert_eq!(page.field("client_secret"), None, "a secret is never shown");
    }
    let record = world.stack.store.tenants.get(&world.tenant()).await.unwrap().unwrap();
    assert_eq!(record.client_id.as_deref(), Some(CLIENT_ID));
}

#[tokio::test]
async fn connect_leads_to_the_login_with_a_ticket_that_works_once_for_two_minutes() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let login = format!("{}/api/haravan/login?ticket=", world.stack.addresses.base_url);
    let org = ORG.to_string();
    for (fields, wanted) in
        [(&[][..], None), (&[("org", org.as_str())][..], Some(ORG)), (&[("org", "x")][..], None)]
    {
        let led = browser.submit("/console/haravan/connect", fields).await;
        let ticket = led.leads_to().strip_prefix(&login).unwrap().to_owned();
        let ephemeral = &world.stack.store.ephemeral;
        let taken: StartTicket =
            ephemeral.take(Kind::Start, &ticket, world.clock.now()).await.unwrap().unwrap();
        assert_eq!((taken.tenant.as_str(), taken.admin_id.as_str(), taken.org), ("hat-mam", "7", wanted));
        assert_eq!((taken.admin_name.as_deref(), taken.lang.as_str()), (Some("Lan <b>Anh</b>"), "vi"));
        let again: Option<StartTicket> =
            ephemeral.take(Kind::Start, &ticket, world.clock.now()).await.unwrap();
        assert_eq!(again, None);
    }
    let led = browser.submit("/console/haravan/connect", &[]).await;
    let ticket = led.leads_to().strip_prefix(&login).unwrap().to_owned();
    world.clock.advance(Duration::from_secs(120));
    let late: Option<StartTicket> =
        world.stack.store.ephemeral.take(Kind::Start, &ticket, world.clock.now()).await.unwrap();
    assert_eq!(late, None);
}

#[tokio::test]
async fn nothing_is_connected_before_the_app_is_entered() {
    let world = World::start().await;
    let mut record = world.stack.store.tenants.get(&world.tenant()).await.unwrap().unwrap();
    (record.client_id, record.secret) = (None, None);
    assert!(world.stack.store.tenants.put(&record).await.unwrap());
    let mut browser = world.admin().await;
    browser.open("/console/haravan").await.says("Hãy lưu Client ID và Client Secret trước.");
    let led = browser.submit("/console/haravan/connect", &[]).await;
    assert_eq!(led.leads_to(), "/console/haravan?done=app_first");
    let fields = [("client_id", "id"), ("client_secret", "")];
    let page = browser.submit("/console/haravan/app", &fields).await;
    page.says("id=\"client_secret-error\"");
    let (status, problem) = world.call(Method::POST, "/api/v1/haravan/connect", Some(json!({}))).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("app_first")));
    let fields = [("client_id", "id"), ("client_secret", "first")];
    browser.submit("/console/haravan/app", &fields).await.leads_to();
    let record = world.stack.store.tenants.get(&world.tenant()).await.unwrap().unwrap();
    assert!(record.secret.is_some() && record.previous_secret.is_none());
}

#[tokio::test]
async fn registering_the_webhook_shows_what_haravan_sends() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let path = format!("/console/haravan/{ORG}/subscribe");
    let led = browser.submit(&path, &[]).await;
    assert_eq!(led.leads_to(), "/console/haravan?done=subscribed");
    browser
        .open("/console/haravan?done=subscribed")
        .await
        .says("Đã đăng ký webhook.")
        .says("Đủ 7 sự kiện cần thiết");
    assert!(shop(&world).await.topics.unwrap().contains(&"orders/create".to_owned()));
    assert_eq!(browser.submit("/console/haravan/1/subscribe", &[]).await.status, 404);
    assert_eq!(browser.submit("/console/haravan/x/subscribe", &[]).await.status, 404);
}

#[tokio::test]
async fn a_refused_registration_says_what_to_do() {
    let world = World::start().await;
    world.haravan().revoke_token(&world.haravan_token().await);
    let mut browser = world.admin().await;
    let page = browser.submit(&format!("/console/haravan/{ORG}/subscribe"), &[]).await;
    assert_eq!(page.status, 502);
    page.says("có thể ứng dụng đã bị gỡ").says("Mã hỗ trợ");
    assert!(shop(&world).await.suspected_at.is_some(), "upkeep finds out");
}

#[tokio::test]
async fn disconnecting_asks_first_then_stops_everything_and_gives_a_receipt() {
    let world = World::start().await;
    assert!(world.haravan().is_subscribed(connect_tests::haravan::OrgId(ORG.0), CLIENT_ID));
    let mut browser = world.admin().await;
    let path = format!("/console/haravan/{ORG}/disconnect");
    browser.open(&path).await.says("Ngắt kết nối Hạt Mầm?").says("Đồng ý");
    assert_eq!(shop(&world).await.status, ConnectionStatus::Connected, "asking changes nothing");
    let receipt = browser.submit(&path, &[]).await;
    assert_eq!(receipt.status, 200);
    receipt.says("Đã ngắt kết nối").says("Haravan không còn gửi webhook.").says("Mã biên nhận");
    let ended = shop(&world).await;
    assert_eq!((ended.status, ended.tokens.is_none()), (ConnectionStatus::Disconnected, true));
    assert_eq!(world.stack.store.connections.owner(&Subject::Shop(ORG)).await.unwrap(), None);
    assert!(!world.haravan().is_subscribed(connect_tests::haravan::OrgId(ORG.0), CLIENT_ID));
    browser.open("/console/haravan").await.says("Quản trị viên đã ngắt kết nối.").says("Kết nối lại");
    // A second browser that still shows the button does no harm.
    browser.submit(&path, &[]).await.says("Kết nối đã kết thúc từ trước");
    world.clock.advance(common::tenant::FRESH);
    assert_eq!(world.post("orders/create", fixture::ORDER).await, 200);
    assert!(world.events().await.is_empty());
}

#[tokio::test]
async fn a_haravan_that_refuses_does_not_keep_the_connection() {
    let world = World::start().await;
    world.haravan().once(Fault::SubscribeErrorIn200);
    let mut browser = world.admin().await;
    let receipt = browser.submit(&format!("/console/haravan/{ORG}/disconnect"), &[]).await;
    receipt.says("hệ thống sẽ tự thử lại").says("Haravan từ chối");
    let ended = shop(&world).await;
    assert_eq!(ended.status, ConnectionStatus::Disconnected);
    assert!(ended.tokens.is_some() && ended.due.is_some(), "kept for upkeep, which tells Haravan");
    browser
        .submit(&format!("/console/haravan/{ORG}/disconnect"), &[])
        .await
        .says("Haravan không còn gửi webhook.");
    assert!(shop(&world).await.tokens.is_none());
}

#[tokio::test]
async fn a_successful_login_is_told_and_no_other() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let connected = |org: String| format!("/console/haravan?connected={org}");
    browser.open(&connected(ORG.to_string())).await.says("Kết nối thành công với Hạt Mầm.");
    browser.open(&connected("1".to_owned())).await.hides("Kết nối thành công");
    world.disconnect().await;
    browser.open(&connected(ORG.to_string())).await.hides("Kết nối thành công");
    let mut stranger = Browser::new(&world.stack.addresses.base_url);
    assert_eq!(stranger.open(&connected(ORG.to_string())).await.status, 401);
}
