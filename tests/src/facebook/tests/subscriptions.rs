//! Subscribing an app to a page.

use super::*;

const MESSAGING: &str = "messages,messaging_postbacks,feed";

#[tokio::test]
async fn the_last_list_of_fields_counts_and_is_read_back() {
    let world = World::start().await;
    let token = world.sim.page_token(SELLER, EDITOR_PAGE).unwrap().unwrap();
    assert_eq!(world.subscribe(EDITOR_PAGE, &token, MESSAGING).await.ok(), json!({"success": true}));
    world.subscribe(EDITOR_PAGE, &token, "[\"feed\",\"messages\"]").await.ok();
    assert_eq!(world.sim.subscription(EDITOR_PAGE), Some(vec!["feed".to_owned(), "messages".to_owned()]));
    let listed = world.get("/me/subscribed_apps", &token, &[]).await.ok();
    assert_eq!(listed["data"][0]["subscribed_fields"], json!(["feed", "messages"]));
    assert_eq!(listed["data"][0]["id"], APP_ID);
    let path = format!("/{EDITOR_PAGE}/subscribed_apps");
    world.call("DELETE", &path, Some(&token), &[]).await.ok();
    assert_eq!(world.get(&path, &token, &[]).await.ok(), json!({"data": []}));
}

#[tokio::test]
async fn an_unknown_field_is_refused_with_the_known_ones() {
    let world = World::start().await;
    let token = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    let reply = world.subscribe(SHOP_PAGE, &token, "messages,telepathy").await;
    assert_eq!(reply.refusal().0, 100);
    assert!(reply.body["error"]["message"].as_str().unwrap().contains("message_echoes"));
    assert_eq!(world.subscribe(SHOP_PAGE, &token, "").await.refusal().0, 100);
    assert_eq!(world.sim.subscription(SHOP_PAGE), None);
}

#[tokio::test]
async fn only_the_page_itself_subscribes() {
    let world = World::start().await;
    let user = world.sim.user_token(SELLER).unwrap();
    let other = world.sim.page_token(SELLER, EDITOR_PAGE).unwrap().unwrap();
    let analyst = world.sim.page_token(SELLER, ANALYST_PAGE).unwrap().unwrap();
    let moderator = world.sim.page_token(SELLER, MODERATOR_PAGE).unwrap().unwrap();
    assert_eq!(world.subscribe(SHOP_PAGE, &user, MESSAGING).await.refusal().0, 210);
    assert_eq!(world.subscribe(SHOP_PAGE, &other, MESSAGING).await.refusal(), (100, Some(33)));
    assert_eq!(world.subscribe(ANALYST_PAGE, &analyst, MESSAGING).await.refusal(), (200, None));
    world.subscribe(MODERATOR_PAGE, &moderator, MESSAGING).await.ok();
    assert_eq!(world.get("/me/subscribed_apps", &user, &[]).await.refusal().0, 210);
}

#[tokio::test]
async fn each_permission_is_needed_for_what_it_is_for() {
    let world = World::start().await;
    let token = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    world.sim.set_scope(SELLER, "pages_messaging", ScopeStatus::Declined).unwrap();
    assert_eq!(world.subscribe(SHOP_PAGE, &token, MESSAGING).await.refusal(), (200, None));
    world.subscribe(SHOP_PAGE, &token, "feed").await.ok();
    world.sim.set_scope(SELLER, "pages_manage_metadata", ScopeStatus::Expired).unwrap();
    assert_eq!(world.subscribe(SHOP_PAGE, &token, "feed").await.refusal(), (10, None));
    for scope in SCOPES {
        world.sim.set_scope(SELLER, scope, ScopeStatus::Declined).unwrap();
    }
    assert_eq!(world.refusal_of(SHOP_PAGE, &token).await, Some((190, None)));
}

#[tokio::test]
async fn the_app_token_unsubscribes_when_the_page_token_is_dead_and_does_no_more() {
    let world = World::start().await;
    let token = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    world.subscribe(SHOP_PAGE, &token, MESSAGING).await.ok();
    world.sim.change_password(SELLER).unwrap();
    let path = format!("/{SHOP_PAGE}/subscribed_apps");
    assert_eq!(world.call("DELETE", &path, Some(&token), &[]).await.refusal(), (190, Some(460)));
    let app_token = format!("{APP_ID}|{APP_SECRET}");
    assert_eq!(world.get(&path, &app_token, &[]).await.refusal().0, 210);
    assert_eq!(world.call("DELETE", "/me/subscribed_apps", Some(&app_token), &[]).await.refusal().0, 100);
    assert!(world.sim.subscription(SHOP_PAGE).is_some());
    world.call("DELETE", &path, Some(&app_token), &[]).await.ok();
    assert_eq!(world.sim.subscription(SHOP_PAGE), None);
}
