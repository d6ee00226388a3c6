//! How an order would look.

use connect_tests::haravan::{CustomerSpec, LineSpec, OrderSpec, UserId};
use reqwest::Method;
use serde_json::Value;

use crate::harness::{World, fixture};
use crate::verbs::*;

#[tokio::test]
async fn without_any_order_there_is_nothing_to_preview() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    browser.open("/console/preview").await.says("Chưa có đơn hàng nào để xem trước.");
    let (status, problem) = world.call(Method::GET, "/api/v1/preview", None).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (404, Some("no_order_yet")));
}

#[tokio::test]
async fn the_newest_order_is_shown_as_it_then_comes_to_be_and_nothing_is_written() {
    let world = World::start().await;
    world.getfly().add_user(crm_user("thu.ha", STAFF.1));
    world.pause_pumps();
    let order = OrderSpec::paid()
        .person(CustomerSpec::person("Dương", "Nga", "0908111222", "nga.duong@example.com"))
        .line(LineSpec::of("Sổ tay", 89_000, 2).sku("ST-01"))
        .staff(UserId(STAFF.0))
        .source("facebook");
    world
        .settings(|settings| {
            drop(settings.source_map.insert("facebook".to_owned(), "Mạng xã hội".to_owned()))
        })
        .await;
    world.haravan().create_order(order.quietly()).unwrap();
    world.haravan().deliver_due().await;

    let mut browser = world.admin().await;
    let page = browser.open("/console/preview").await;
    page.says("Dương Nga").says("0908111222").says("Sổ tay").says("ST-01").says("Mạng xã hội").says("thu.ha");
    let (status, preview) = world.call(Method::GET, "/api/v1/preview", None).await;
    assert_eq!(status, 200);
    assert_eq!(preview["found"], "received");
    assert_eq!(preview["expected_total"], preview["haravan_total"]);
    let writes = world.getfly().requests().into_iter().filter(|request| request.route().starts_with("POST"));
    assert_eq!(writes.count(), 0);

    world.resume_pumps();
    world.work_until_done().await;
    let sent = world.sent_to(CREATE_ORDER).remove(0);
    assert_eq!(preview["order"], sent, "what is shown is what is sent");
    assert_eq!(preview["customer"], world.sent_to(CREATE_ACCOUNT).remove(0));
}

#[tokio::test]
async fn before_any_order_arrived_haravan_is_asked_for_one() {
    let world = World::start().await;
    world.haravan().create_order(OrderSpec::default().quietly()).unwrap();
    let (status, preview) = world.call(Method::GET, "/api/v1/preview", None).await;
    assert_eq!((status.as_u16(), preview["found"].as_str()), (200, Some("asked")));
    assert!(preview["order"]["order_code"].as_str().unwrap().starts_with("HRV-"));
}

#[tokio::test]
async fn an_order_that_cannot_be_made_says_why() {
    let world = World::start().await;
    let lineless = edited(fixture::ORDER, |body| body["line_items"] = Value::Array(Vec::new()));
    world.carry("orders/create", &lineless).await;
    let mut browser = world.admin().await;
    browser.open("/console/preview").await.says("Đơn không có dòng hàng nào");
    let (_, preview) = world.call(Method::GET, "/api/v1/preview", None).await;
    assert_eq!(
        (preview["order"].is_null(), preview["missing"].as_str()),
        (true, Some("The order has no lines"))
    );
}
