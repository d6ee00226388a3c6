//! Listing pages and portfolios.

use super::*;

#[tokio::test]
async fn thirty_pages_come_by_cursor_and_the_last_has_no_next() {
    let world = World::start().await;
    let token = world.sim.user_token(BUSY).unwrap();
    let first = world.get("/me/accounts", &token, &[]).await;
    assert_eq!(first.ids().len(), 25, "the usual size");
    let next = first.body["paging"]["next"].as_str().unwrap();
    assert!(next.contains(&format!("access_token={token}")), "next holds the token");
    let after = first.body["paging"]["cursors"]["after"].as_str().unwrap();
    let second = world.get("/me/accounts", &token, &[("after", after)]).await;
    assert_eq!(second.ids().len(), 5);
    assert!(second.body["paging"].get("next").is_none());
    assert!(second.body["paging"]["previous"].is_string());
    let mut all = first.ids();
    all.extend(second.ids());
    all.dedup();
    assert_eq!(all.len(), 30);

    let followed: Value = world.http.get(next).send().await.unwrap().json().await.unwrap();
    assert_eq!(followed["data"].as_array().unwrap().len(), 5);
    let before = second.body["paging"]["cursors"]["before"].as_str().unwrap();
    let back = world.get("/me/accounts", &token, &[("before", before), ("limit", "10")]).await;
    assert_eq!(back.ids(), first.ids()[15..]);
}

#[tokio::test]
async fn the_page_size_has_a_cap() {
    let world = World::start().await;
    let token = world.sim.user_token(BUSY).unwrap();
    assert_eq!(world.get("/me/accounts", &token, &[("limit", "100")]).await.ids().len(), 30);
    world.sim.settings_mut(|settings| settings.page_size_cap = 4);
    let reply = world.get("/me/accounts", &token, &[("limit", "100")]).await;
    assert_eq!(reply.ids().len(), 4);
    assert!(reply.body["paging"]["next"].is_string());
    assert_eq!(world.get("/me/accounts", &token, &[("limit", "0")]).await.refusal().0, 100);
    assert_eq!(world.get("/me/accounts", &token, &[("after", "junk")]).await.refusal().0, 100);
}

#[tokio::test]
async fn the_tasks_of_every_role_are_told() {
    let world = World::start().await;
    let token = world.sim.user_token(SELLER).unwrap();
    let fields = [("fields", "id,name,access_token,category,tasks,picture.type(large)"), ("limit", "100")];
    let reply = world.get("/me/accounts", &token, &fields).await;
    let rows = reply.body["data"].as_array().unwrap();
    let tasks = |page: PageId| {
        let row = rows.iter().find(|row| row["id"] == page.to_string()).unwrap();
        let tasks = row["tasks"].as_array().unwrap().iter();
        tasks.map(|task| task.as_str().unwrap()).collect::<Vec<_>>()
    };
    assert!(tasks(SHOP_PAGE).contains(&"MANAGE"));
    assert!(tasks(EDITOR_PAGE).contains(&"CREATE_CONTENT") && !tasks(EDITOR_PAGE).contains(&"MANAGE"));
    assert!(
        tasks(MODERATOR_PAGE).contains(&"MODERATE") && !tasks(MODERATOR_PAGE).contains(&"CREATE_CONTENT")
    );
    assert_eq!(tasks(ADVERTISER_PAGE), ["ADVERTISE", "ANALYZE"]);
    assert_eq!(tasks(ANALYST_PAGE), ["ANALYZE"]);
    assert_eq!(tasks(NEW_PAGE), NEW_PAGE_FULL_CONTROL);
    assert_eq!(rows[0]["picture"]["data"]["height"], 200);
    assert!(!reply.ids().contains(&OWNED_PAGE.0), "reached only through a portfolio");
}

#[tokio::test]
async fn unticked_and_hidden_pages_are_not_listed_but_a_hidden_one_is_found_by_id() {
    let world = World::start().await;
    let token = world.long_token(SELLER, &Choice::pages([SHOP_PAGE, NEW_PAGE])).await;
    world.sim.hide_page(NEW_PAGE, true);
    assert_eq!(world.get("/me/accounts", &token, &[]).await.ids(), [SHOP_PAGE.0]);
    let scopes = world.debug(&token).await["granular_scopes"].clone();
    let of_messages =
        scopes.as_array().unwrap().iter().find(|row| row["scope"] == "pages_messaging").unwrap();
    assert_eq!(of_messages["target_ids"], json!([SHOP_PAGE, NEW_PAGE]));
    let ids = format!("{SHOP_PAGE},{NEW_PAGE}");
    let params = [("ids", ids.as_str()), ("fields", "id,name,picture,access_token")];
    let found = world.get("/", &token, &params).await.ok();
    assert!(found[NEW_PAGE.to_string()]["access_token"].is_string());
    let unversioned = world.url(&format!("/?ids={SHOP_PAGE}"));
    assert_eq!(world.http.get(unversioned).bearer_auth(&token).send().await.unwrap().status(), 200);
    let unticked = world.get("/", &token, &[("ids", &EDITOR_PAGE.to_string())]).await;
    assert_eq!(unticked.refusal().0, 803);
    assert_eq!(world.get(&format!("/{EDITOR_PAGE}"), &token, &[]).await.refusal(), (100, Some(33)));
}

#[tokio::test]
async fn portfolio_pages_come_without_a_token_when_unticked() {
    let world = World::start().await;
    let choice = Choice::pages([SHOP_PAGE, CLIENT_PAGE]);
    let token = world.long_token(SELLER, &choice).await;
    assert_eq!(world.get("/me/businesses", &token, &[]).await.ids(), [COMPANY.0, AGENCY.0]);
    let fields = [("fields", "id,name,access_token,category,picture,tasks")];
    let owned = world.get(&format!("/{COMPANY}/owned_pages"), &token, &fields).await;
    assert_eq!(owned.ids(), [OWNED_PAGE.0]);
    assert!(owned.body["data"][0].get("access_token").is_none());
    let client = world.get(&format!("/{COMPANY}/client_pages"), &token, &fields).await;
    assert!(client.body["data"][0]["access_token"].is_string());
    assert!(client.body["data"][0].get("tasks").is_none());
    world.sim.settings_mut(|settings| settings.tasks_on_business_edges = true);
    let client = world.get(&format!("/{COMPANY}/client_pages"), &token, &fields).await;
    assert!(client.body["data"][0]["tasks"].is_array());
}

#[tokio::test]
async fn portfolios_need_their_permission_and_their_tick() {
    let world = World::start().await;
    let choice = Choice::all().declining("business_management");
    let token = world.long_token(SELLER, &choice).await;
    assert_eq!(world.get("/me/businesses", &token, &[]).await.refusal(), (200, None));
    let token = world.long_token(SELLER, &Choice::all().without_businesses()).await;
    assert!(world.get("/me/businesses", &token, &[]).await.ids().is_empty());
    let reply = world.get(&format!("/{COMPANY}/owned_pages"), &token, &[]).await;
    assert_eq!(reply.refusal(), (100, Some(33)));
}

#[tokio::test]
async fn rows_can_lack_their_token_and_their_tasks() {
    let world = World::start().await;
    let token = world.sim.user_token(SELLER).unwrap();
    world.sim.omit_access_token(SHOP_PAGE, true);
    world.sim.omit_tasks(SHOP_PAGE, true);
    let row = world.get("/me/accounts", &token, &[("limit", "1")]).await.ok()["data"][0].clone();
    assert_eq!(row["id"], SHOP_PAGE.to_string());
    assert!(row.get("access_token").is_none() && row.get("tasks").is_none());
    let node = world.get(&format!("/{SHOP_PAGE}"), &token, &[("fields", "access_token")]).await.ok();
    assert_eq!(node, json!({"id": SHOP_PAGE}));
}

#[tokio::test]
async fn a_page_cannot_list_pages_and_a_node_has_only_its_fields() {
    let world = World::start().await;
    let page = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    assert_eq!(world.get("/me/accounts", &page, &[]).await.refusal().0, 100);
    assert_eq!(world.get("/me", &page, &[]).await.ok()["id"], SHOP_PAGE.to_string());
    let reply = world.get(&format!("/{SHOP_PAGE}"), &page, &[("fields", "id,tasks")]).await;
    assert_eq!(reply.refusal().0, 100);
    let other = world.get(&format!("/{EDITOR_PAGE}"), &page, &[]).await;
    assert_eq!(other.refusal(), (100, Some(33)));
}
