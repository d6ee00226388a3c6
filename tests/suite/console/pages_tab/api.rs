//! The API's part.

use common::pages::ticket::Act;
use common::store::connections::Subject;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::FANPAGE;
use crate::harness::World;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_api_starts_a_connect_with_a_ticket_of_its_admin() {
    let world = World::start().await;
    let name = format!(" {} ", "ả".repeat(300));
    let asked = json!({"admin_name": name, "lang": "en"});
    let (status, start) = world.call(Method::POST, "/api/v1/pages/connect", Some(asked)).await;
    assert_eq!(status, 201, "{start}");
    assert_eq!(start["url"], format!("{}/api/pages/start", world.stack.addresses.base_url));
    assert_eq!(at(start["expires_at"].as_str().unwrap()), at("2026-06-12T08:40:00Z"));
    let taken = world.take_ticket(start["ticket"].as_str().unwrap()).await.unwrap();
    assert_eq!((taken.admin.id.as_str(), taken.lang.as_str(), taken.act), ("7", "en", Act::Connect(None)));
    assert_eq!(taken.admin.name.unwrap().chars().count(), 200);
    for garbage in
        [json!([7]), json!({"page_id": 7}), json!({"admin_name": {}}), json!("x"), json!({"lang": []})]
    {
        let (status, problem) =
            world.call(Method::POST, "/api/v1/pages/connect", Some(garbage.clone())).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (400, Some("unreadable_body")), "{garbage}");
    }
    let odd = json!({"lang": "fr", "admin_name": "  ", "more": 1});
    let (_, start) = world.call(Method::POST, "/api/v1/pages/connect", Some(odd)).await;
    let taken = world.take_ticket(start["ticket"].as_str().unwrap()).await.unwrap();
    assert_eq!((taken.lang.as_str(), taken.admin.name), ("vi", None));
}

#[tokio::test]
async fn the_api_ends_a_connection_at_once_and_leaves_the_telling_to_upkeep() {
    let world = World::start().await;
    world.connect_page(FANPAGE, |_| {}).await;
    let path = format!("/api/v1/pages/{FANPAGE}/disconnect");
    let (status, _) = world.call(Method::POST, &path, Some(json!({"admin_name": 5}))).await;
    assert_eq!((status.as_u16(), world.page(FANPAGE).await.is_live()), (400, true));
    let (status, ended) = world.call(Method::POST, &path, Some(json!({"admin_name": "Hoa"}))).await;
    assert_eq!(status, 200, "{ended}");
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("disconnected"), &json!("by_admin")));
    assert_eq!((&ended["ended_by"], &ended["provider_told"]), (&json!("Hoa"), &json!(false)));
    let receipt = ended["receipt"].as_str().unwrap().to_owned();
    let stored = world.page(FANPAGE).await;
    assert!(!stored.is_live() && stored.tokens.is_some() && stored.due.is_some(), "upkeep tells Facebook");
    assert_eq!(stored.receipt.as_deref(), Some(receipt.as_str()));
    let subject = Subject::Page(stored.page);
    assert_eq!(world.stack.store.connections.owner(&subject).await.unwrap(), Some(world.tenant()));
    let (status, problem) = world.call(Method::POST, &path, None).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("not_connected")));
    world.finish_end(FANPAGE).await;
    let (_, listed) = world.call(Method::GET, "/api/v1/pages", None).await;
    assert_eq!((&listed["used"], &listed["limit"], &listed["blocked"]), (&json!(0), &json!(3), &Value::Null));
    let page = &listed["pages"][0];
    assert_eq!((&page["provider_told"], &page["receipt"]), (&json!(true), &json!(receipt)));
    let words: Vec<&Value> = page["history"].as_array().unwrap().iter().map(|step| &step["what"]).collect();
    assert_eq!(words, ["connected", "disconnected"]);
    let mut browser = world.admin().await;
    browser.open("/console/pages").await.says(&receipt).says("Hoa, 12/06/2026");
}
