//! What arrived, and another try.

use std::time::Duration;

use common::store::inbox::Status;
use connect_tests::getfly::Fault;
use reqwest::Method;

use crate::harness::{World, fixture};
use crate::verbs::*;

/// A body of an order with this id and number.
fn order(id: i64) -> Vec<u8> {
    edited(fixture::ORDER, |body| {
        body["id"] = id.into();
        body["name"] = format!("#{id}").into();
        body["order_number"] = format!("#{id}").into();
    })
}

/// Parks an order: the CRM refuses it.
async fn parked(world: &World, id: i64) -> common::store::inbox::Event {
    world.getfly().push_fault(CREATE_ORDER, Fault::Status(400));
    let event = world.carry("orders/create", &order(id)).await;
    assert_eq!(event.status, Status::Parked, "{event:?}");
    event
}

#[tokio::test]
async fn what_arrived_is_listed_newest_first_in_words_of_both_languages() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    browser.open("/console/activity").await.says("Không có sự kiện nào.");
    world.carry("orders/create", fixture::ORDER).await;
    world.clock.advance(Duration::from_secs(60));
    world.carry("customers/create", fixture::CUSTOMER).await;
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.post("orders/create", b"[]").await, 200);

    let page = browser.open("/console/activity").await;
    page.says("Đơn hàng mới").says("Khách hàng mới").says("HRV-1791400031").says("12/06/2026 15:3");
    page.says("333.000 ₫");
    page.says("Cần người xem").says("Không đọc được nội dung Haravan gửi tới");
    let at = |text: &str| page.html.find(text).unwrap();
    assert!(at("Không đọc được") < at("Khách hàng mới") && at("Khách hàng mới") < at("HRV-1791400031"));
    browser.speak("en").await;
    let page = browser.open("/console/activity").await;
    page.says("New order")
        .says("New customer")
        .says("Needs a person")
        .says("What Haravan sent cannot be read");

    browser.open("/console/activity?filter=failed").await.says("Needs a person").hides("HRV-1791400031");
    browser.open("/console/activity?filter=done").await.says("HRV-1791400031").hides("Needs a person");
    browser.open("/console/activity?filter=waiting").await.says("No events.");
}

#[tokio::test]
async fn long_lists_come_in_pages_that_miss_nothing_and_repeat_nothing() {
    let world = World::start().await;
    world.pause_pumps();
    for id in 1..=60 {
        assert_eq!(world.post("orders/create", &order(9_000 + id)).await, 200);
    }
    let mut browser = world.admin().await;
    let (mut path, mut seen) = ("/console/activity?filter=all".to_owned(), Vec::new());
    for expected in [25, 25, 10] {
        let page = browser.open(&path).await;
        let ids: Vec<String> = page
            .html
            .match_indices("/console/activity/order.")
            .filter_map(|(at, _)| page.html[at..].split('"').next().map(str::to_owned))
            .collect();
        assert_eq!(ids.len(), expected);
        seen.extend(ids);
        if let Some((before, _)) = page.html.split_once("\" rel=\"next\"") {
            path = before.rsplit('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
        } else {
            path.clear();
        }
    }
    assert_eq!(path, "");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 60);
}

#[tokio::test]
async fn an_event_shows_its_steps_and_the_others_of_its_order() {
    let world = World::start().await;
    world.getfly().push_fault(CREATE_ORDER, Fault::Status(500));
    let event = world.carry("orders/create", fixture::ORDER).await;
    assert_eq!(event.status, Status::Done);
    let later = edited(fixture::ORDER, |body| body["updated_at"] = "2026-06-12T09:00:00Z".into());
    world.carry("orders/updated", &later).await;
    let mut browser = world.admin().await;
    let page = browser.open(&format!("/console/activity/order.1791400031.{}", event.key.digest)).await;
    page.says("Nhận từ Haravan").says("Chờ thử lại: CRM không cho câu trả lời dùng được").says("Xong");
    page.says("Các sự kiện khác của đơn này").says("Đơn hàng thay đổi").says("1791400031");
    for unknown in ["order.1.x", "order.1791400031.x", "nonsense", "order.1791400031", "shop.1.x"] {
        assert_eq!(browser.open(&format!("/console/activity/{unknown}")).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn an_order_is_found_by_id_code_number_phone_and_name() {
    let world = World::start().await;
    world.carry("orders/create", fixture::ORDER).await;
    world.carry("customers/create", fixture::CUSTOMER).await;
    let read: serde_json::Value = serde_json::from_slice(fixture::ORDER).unwrap();
    let number = read["name"].as_str().unwrap().to_owned();
    let phone = read["shipping_address"]["phone"].as_str().unwrap().to_owned();
    let mut browser = world.admin().await;
    let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
    let spaced = format!("+84 {} {}", &phone[1..4], &phone[4..]);
    for text in [
        "1791400031",
        "HRV-1791400031",
        "hrv-1791400031",
        &number,
        number.trim_start_matches('#'),
        &phone,
        &spaced,
    ] {
        let page = browser.open(&format!("/console/activity?q={}", encode(text))).await;
        page.says("HRV-1791400031");
        assert!(page.html.contains(&format!("value=\"{}\"", text)), "{text}: {}", page.html);
    }
    let page = browser.open("/console/activity?q=nobody").await;
    page.says("Không có sự kiện nào.").says("Đã tìm trong toàn bộ 2 sự kiện đang lưu.");
}

#[tokio::test]
async fn a_search_says_how_far_it_went() {
    let world = World::start().await;
    world.pause_pumps();
    let store = &world.stack.store.inbox;
    let now = common::clock::Clock::now(&*world.clock);
    for id in 1..=2100_i64 {
        let body = order(id);
        let topic = common::haravan::webhook::Topic::OrderCreate;
        let event = common::store::inbox::NewEvent {
            key: common::store::inbox::EventKey::of(&world.tenant(), topic, id, &body),
            topic,
            org: local::seed::ORG,
            body: common::body::pack(&body).unwrap(),
            updated_at: None,
            received_at: now - Duration::from_secs(u64::try_from(id).unwrap()),
            parked: Some("crm_refused"),
            trace: common::trace::TraceId::fresh(),
        };
        store.put(&event).await.unwrap();
    }
    let mut browser = world.admin().await;
    let page = browser.open("/console/activity?q=%232100").await;
    page.says("Đã tìm trong 2000 sự kiện mới nhất").says("Không có sự kiện nào.");
    // Its id leads there at once.
    browser
        .open("/console/activity?q=2100")
        .await
        .says("/console/activity/order.2100.")
        .hides("Đã tìm trong");
    let (_, found) = world.call(Method::GET, "/api/v1/events?q=%231999", None).await;
    assert_eq!((found["events"].as_array().unwrap().len(), found["searched"].as_u64()), (1, Some(2000)));
}

#[tokio::test]
async fn one_event_is_tried_again_by_its_button() {
    let world = World::start().await;
    let event = parked(&world, 9_001).await;
    let other = parked(&world, 9_002).await;
    let mut browser = world.admin().await;
    browser.open("/console/activity?filter=failed").await.says("Thử lại");
    let path = format!("/console/activity/order.9001.{}", event.key.digest);
    assert_eq!(browser.submit(&format!("{path}/retry"), &[]).await.leads_to(), path);
    world.work_until_done().await;
    assert_carried_over(&world.again(&event).await);
    assert_eq!(world.again(&other).await.status, Status::Parked);
    browser.open(&path).await.says("Có người bấm Thử lại").says("Dừng, cần người xem");
    // Pressed once more, it says that there is nothing to do.
    let again = browser.submit(&format!("{path}/retry"), &[]).await;
    assert_eq!(again.leads_to(), "/console/activity?retried=none");
}

#[tokio::test]
async fn all_that_failed_is_tried_again_at_once() {
    let world = World::start().await;
    for id in 9_001..=9_003 {
        parked(&world, id).await;
    }
    let mut browser = world.admin().await;
    browser.open("/console/activity?filter=failed").await.says("Thử lại tất cả");
    let led = browser.submit("/console/activity/retry", &[]).await;
    assert_eq!(led.leads_to(), "/console/activity?retried=3");
    browser.open("/console/activity?retried=3").await.says("Đã đưa 3 sự kiện vào làm lại.");
    world.work_until_done().await;
    assert_eq!((world.count(Status::Done).await, world.getfly().orders().len()), (3, 3));
    let led = browser.submit("/console/activity/retry", &[]).await;
    assert_eq!(led.leads_to(), "/console/activity?retried=0");
}

#[tokio::test]
async fn a_record_in_the_crm_is_one_press_away() {
    let world = World::start().await;
    let order = world.carry("orders/create", fixture::ORDER).await;
    let customer = world.carry("customers/create", fixture::CUSTOMER).await;
    let account = world.account_of(&customer);
    let mut browser = world.admin().await;
    let crm = world.stack.addresses.getfly_url.clone();
    let path = format!("/console/activity/order.1791400031.{}/crm", order.key.digest);
    assert_eq!(browser.open(&path).await.leads_to(), format!("{crm}/#/orders"));
    let id = customer.key.id().unwrap();
    let path = format!("/console/activity/customer.{id}.{}/crm", customer.key.digest);
    assert_eq!(browser.open(&path).await.leads_to(), format!("{crm}/#/crm/view_account/{}", account.id));
}
