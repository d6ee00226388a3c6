//! Every example answer of pages.md §5 has the shape the simulator gives, and the vectors come out of its signer.

use super::*;

/// Whether both have the same keys and kinds of values, whatever the order; of lists the first rows are compared.
fn same_shape(place: &str, ours: &Value, example: &Value) {
    match (ours, example) {
        (Value::Object(ours), Value::Object(example)) => {
            let keys = |one: &serde_json::Map<String, Value>| {
                let mut keys: Vec<_> = one.keys().filter(|key| *key != "_note").cloned().collect();
                keys.sort();
                keys
            };
            assert_eq!(keys(ours), keys(example), "{place}");
            for key in keys(ours) {
                same_shape(&format!("{place}.{key}"), &ours[&key], &example[&key]);
            }
        }
        (Value::Array(ours), Value::Array(example)) => {
            assert_eq!(ours.is_empty(), example.is_empty(), "{place}");
            if let (Some(ours), Some(example)) = (ours.first(), example.first()) {
                same_shape(&format!("{place}[0]"), ours, example);
            }
        }
        _ => assert_eq!(std::mem::discriminant(ours), std::mem::discriminant(example), "{place}"),
    }
}

fn fits(name: &str, ours: &Value) {
    same_shape(name, ours, &fixture(name));
}

#[tokio::test]
async fn a_login_gives_the_fixtures_of_tokens_and_permissions() {
    let world = World::start().await;
    let answer = world.authorize(SELLER, &Choice::all());
    let short = world.redeem(answer.field("code").unwrap()).await.ok();
    fits("oauth_access_token_short", &short);
    assert_eq!(short["expires_in"], fixture("oauth_access_token_short")["expires_in"]);
    let long = world.exchange(short["access_token"].as_str().unwrap()).await.ok();
    fits("oauth_access_token_long", &long);
    assert_eq!(long["expires_in"], fixture("oauth_access_token_long")["expires_in"]);
    world.sim.settings_mut(|settings| settings.tell_expiry = false);
    let without = world.exchange(short["access_token"].as_str().unwrap()).await.ok();
    fits("oauth_access_token_long_no_expiry", &without);

    let token = long["access_token"].as_str().unwrap();
    fits("me", &world.get("/me", token, &[("fields", "id,name,picture")]).await.ok());
    let rows = |value: &Value| {
        let mut rows: Vec<_> = value["data"].as_array().unwrap().iter().map(Value::to_string).collect();
        rows.sort();
        rows
    };
    let granted = world.get("/me/permissions", token, &[]).await.ok();
    assert_eq!(rows(&granted), rows(&fixture("me_permissions")));
    fits("debug_token_user", &world.debug(token).await.into_data());
}

/// `{"data": …}` again.
trait IntoData {
    fn into_data(self) -> Value;
}

impl IntoData for Value {
    fn into_data(self) -> Value {
        json!({"data": self})
    }
}

#[tokio::test]
async fn listing_gives_the_fixtures_of_pages_and_portfolios() {
    let world = World::start().await;
    let token = world.long_token(SELLER, &Choice::all()).await;
    let fields = ("fields", "id,name,access_token,category,category_list,tasks,picture");
    let first = world.get("/me/accounts", &token, &[fields, ("limit", "2")]).await.ok();
    fits("me_accounts_page1", &first);
    assert_eq!(first["data"][0]["tasks"], fixture("me_accounts_page1")["data"][0]["tasks"]);
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let rest = [fields, ("limit", "100"), ("after", after)];
    fits("me_accounts_page2", &world.get("/me/accounts", &token, &rest).await.ok());
    let nobody = world.long_token(NOBODY, &Choice::all()).await;
    assert_eq!(world.get("/me/accounts", &nobody, &[]).await.ok(), fixture("me_accounts_empty"));

    let lone = world.long_token(SELLER, &Choice::pages([NEW_PAGE, OWNED_PAGE])).await;
    let more = format!("{},has_transitioned_to_new_page_experience", fields.1);
    let new = world.get("/me/accounts", &lone, &[("fields", &more)]).await.ok();
    fits("me_accounts_new_page_tasks", &new);
    assert_eq!(new["data"][0]["tasks"], fixture("me_accounts_new_page_tasks")["data"][0]["tasks"]);

    fits("me_businesses", &world.get("/me/businesses", &lone, &[]).await.ok());
    let asked = [("fields", "id,name,access_token,category")];
    fits("business_owned_pages", &world.get(&format!("/{COMPANY}/owned_pages"), &lone, &asked).await.ok());
    let none = world.get(&format!("/{AGENCY}/client_pages"), &lone, &asked).await.ok();
    assert_eq!(none, fixture("business_client_pages"));
    let node = world.get(&format!("/{NEW_PAGE}"), &lone, &[("fields", "id,name,access_token")]).await.ok();
    fits("page_access_token", &node);
}

#[tokio::test]
async fn a_connected_page_gives_the_fixtures_of_subscribing_and_revoking() {
    let world = World::start().await;
    let token = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    fits("debug_token_page", &world.debug(&token).await.into_data());
    let path = format!("/{SHOP_PAGE}/subscribed_apps");
    assert_eq!(world.get(&path, &token, &[]).await.ok(), fixture("subscribed_apps_get_empty"));
    let fields = "messages,messaging_postbacks,message_deliveries,message_reads,message_echoes,feed";
    assert_eq!(world.subscribe(SHOP_PAGE, &token, fields).await.ok(), fixture("subscribed_apps_post"));
    assert_eq!(world.get(&path, &token, &[]).await.ok(), fixture("subscribed_apps_get"));
    let deleted = world.call("DELETE", &path, Some(&token), &[]).await.ok();
    assert_eq!(deleted, fixture("subscribed_apps_delete"));
    world.sim.change_password(SELLER).unwrap();
    fits("debug_token_invalid", &world.debug(&token).await.into_data());
    let user = world.sim.user_token(SELLER).unwrap();
    let deleted = world.call("DELETE", "/me/permissions", Some(&user), &[]).await.ok();
    assert_eq!(deleted, fixture("permissions_delete"));
}

#[tokio::test]
async fn the_rate_headers_have_the_shape_of_the_fixture() {
    let world = World::start().await;
    let headers = fixture("rate_headers");
    let user = world.sim.user_token(SELLER).unwrap();
    let reply = world.get("/me", &user, &[]).await;
    let usage: Value = serde_json::from_str(reply.headers["x-app-usage"].to_str().unwrap()).unwrap();
    same_shape("X-App-Usage", &usage, &headers["X-App-Usage"]);
    let page = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    let reply = world.get("/me", &page, &[]).await;
    let usage: Value =
        serde_json::from_str(reply.headers["x-business-use-case-usage"].to_str().unwrap()).unwrap();
    same_shape("X-Business-Use-Case-Usage", &usage, &headers["X-Business-Use-Case-Usage"]);
}

#[test]
fn proofs_equal_the_vectors() {
    let vectors = fixture("vectors");
    let secret = vectors["app_secret"].as_str().unwrap();
    assert_eq!((vectors["app_id"].as_str(), secret), (Some(APP_ID), APP_SECRET));
    for vector in vectors["appsecret_proof"].as_array().unwrap() {
        let token = vector["access_token"].as_str().unwrap();
        assert_eq!(app_secret_proof(secret, token), vector["proof"].as_str().unwrap());
    }
}

#[test]
fn signed_requests_equal_the_vectors() {
    let vectors = fixture("signed_request");
    let secret = vectors["app_secret"].as_str().unwrap();
    for name in ["deauthorize", "data_deletion"] {
        let vector = &vectors[name];
        assert_eq!(signed_request(secret, &vector["payload"]), vector["signed_request"].as_str().unwrap());
    }
}

#[test]
fn webhooks_are_written_and_signed_like_the_vector() {
    let event = fixture("webhook")["event"].clone();
    let raw = event["raw_body"].as_str().unwrap();
    let parsed: Value = serde_json::from_str(raw).unwrap();
    assert_eq!(ascii_json(&parsed), raw);
    let secret = event["app_secret"].as_str().unwrap();
    let expected = event["headers"]["X-Hub-Signature-256"].as_str().unwrap();
    assert_eq!(hub_signature(secret, raw.as_bytes()), expected);
}
