//! The client's calls, one by one, against what pages.md §1 says of each.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;

use super::app::tests::app;
use super::app::{Caller, PageToken, UserToken};
use super::error::{Action, Call, GraphError};
use super::graph::Graph;
use super::pick::PickError;
use super::subscription::{FIELDS, missing_fields};
use super::token_info::TokenFault;
use crate::id::PageId;
use crate::stub::{Request, Stub};

const SHORT: &str = include_str!("../../../tests/fixtures/fb_oauth_access_token_short.json");
const LONG: &str = include_str!("../../../tests/fixtures/fb_oauth_access_token_long.json");
const NO_EXPIRY: &str = include_str!("../../../tests/fixtures/fb_oauth_access_token_long_no_expiry.json");
const ME: &str = include_str!("../../../tests/fixtures/fb_me.json");
const PERMISSIONS: &str = include_str!("../../../tests/fixtures/fb_me_permissions.json");
const DECLINED: &str = include_str!("../../../tests/fixtures/fb_me_permissions_declined.json");
const PAGE: &str = include_str!("../../../tests/fixtures/fb_page_access_token.json");
const ACCOUNTS: &str = include_str!("../../../tests/fixtures/fb_me_accounts_page2.json");
const PAGE_TOKEN: &str = include_str!("../../../tests/fixtures/fb_debug_token_page.json");
const DEAD_TOKEN: &str = include_str!("../../../tests/fixtures/fb_debug_token_invalid.json");
const POSTED: &str = include_str!("../../../tests/fixtures/fb_subscribed_apps_post.json");
const SUBSCRIBED: &str = include_str!("../../../tests/fixtures/fb_subscribed_apps_get.json");
const UNSUBSCRIBED: &str = include_str!("../../../tests/fixtures/fb_subscribed_apps_get_empty.json");
const DELETED: &str = include_str!("../../../tests/fixtures/fb_subscribed_apps_delete.json");
const REVOKED: &str = include_str!("../../../tests/fixtures/fb_permissions_delete.json");

async fn graph(answer: impl Fn(&Request) -> (u16, String) + Send + Sync + 'static) -> (Graph, Stub) {
    let stub = Stub::start(answer).await;
    (Graph::new(Stub::http(), stub.base.clone(), Arc::new(app())), stub)
}

fn page() -> PageId {
    "104000000000001".parse().unwrap()
}

fn user() -> UserToken {
    UserToken::new("EAASIMUSERLONG0001".into())
}

fn page_token() -> PageToken {
    PageToken::new("EAASIMPAGE104000000000001".into())
}

#[tokio::test]
async fn a_code_becomes_a_token_and_that_a_long_lived_one() {
    let (graph, stub) = graph(|request| {
        let long = request.query.contains_key("fb_exchange_token");
        (200, if long { LONG } else { SHORT }.to_owned())
    })
    .await;
    let short = graph.exchange_code(&"AQSIMCODE0001".into(), "https://crm.example.test/cb").await.unwrap();
    assert_eq!(short.token.secret().expose_secret(), "EAASIMUSERSHORT0001");
    assert_eq!(short.lives, Some(Duration::from_secs(5107)));
    let long = graph.long_lived(&short.token).await.unwrap();
    assert_eq!(long.token.secret().expose_secret(), "EAASIMUSERLONG0001");
    let [exchange, extend] = &stub.seen()[..] else { panic!() };
    assert_eq!((exchange.method.as_str(), exchange.path.as_str()), ("GET", "/v26.0/oauth/access_token"));
    assert_eq!(exchange.query["redirect_uri"], "https://crm.example.test/cb");
    assert_eq!(exchange.query["code"], "AQSIMCODE0001");
    assert_eq!(exchange.query["client_id"], "1180011800118001");
    assert_eq!(exchange.query["client_secret"], "sim-fb-app-secret-0001");
    assert_eq!(extend.query["grant_type"], "fb_exchange_token");
    assert_eq!(extend.query["fb_exchange_token"], "EAASIMUSERSHORT0001");
}

#[tokio::test]
async fn a_grant_without_an_expiry_is_one_and_a_grant_without_a_token_is_none() {
    let (endless, _stub) = graph(|_| (200, NO_EXPIRY.to_owned())).await;
    assert_eq!(endless.long_lived(&user()).await.unwrap().lives, None);
    for body in [r#"{"access_token":""}"#, "{}", "<html>", "[\"a\"]"] {
        let (none, _stub) = graph(move |_| (200, body.to_owned())).await;
        let error = none.exchange_code(&"x".into(), "y").await.unwrap_err();
        assert_eq!(error, GraphError::NoAnswer(Call::Grant), "{body}");
    }
}

#[tokio::test]
async fn a_silent_server_is_told_from_an_absent_one() {
    let (silent, _stub) = graph(|_| (0, String::new())).await;
    let error = silent.exchange_code(&"x".into(), "y").await.unwrap_err();
    assert_eq!((error.clone(), error.action()), (GraphError::NoAnswer(Call::Grant), Action::StartAgain));
    let absent = Graph::new(Stub::http(), "http://127.0.0.1:9/".parse().unwrap(), Arc::new(app()));
    assert_eq!(absent.me(&user()).await.unwrap_err(), GraphError::NotSent);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (graph, stub) = graph(|_| (302, String::new())).await;
    assert_eq!(graph.me(&user()).await.unwrap_err(), GraphError::NoAnswer(Call::Other));
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn who_they_are_and_what_they_declined_is_read() {
    let (graph, _stub) = graph(|request| match request.path.as_str() {
        "/v26.0/me" => (200, ME.to_owned()),
        _ => (200, DECLINED.to_owned()),
    })
    .await;
    let me = graph.me(&user()).await.unwrap();
    assert_eq!((me.id.as_str(), me.name.as_deref()), ("10223344556677889", Some("Nguyễn Thị Sim")));
    assert!(me.picture.unwrap().ends_with("10223344556677889.jpg"));
    let permissions = graph.permissions(&user()).await.unwrap();
    assert_eq!(permissions.missing(), ["pages_read_engagement", "pages_messaging"]);
}

#[tokio::test]
async fn nothing_is_missing_where_all_was_granted() {
    let (graph, _stub) = graph(|_| (200, PERMISSIONS.to_owned())).await;
    assert!(graph.permissions(&user()).await.unwrap().missing().is_empty());
}

/// Facebook for a pick: the page's node, the accounts, what it says of the token.
async fn picking(node: &str, info: &str) -> (Graph, Stub) {
    let (node, info) = (node.to_owned(), info.to_owned());
    graph(move |request| match request.path.as_str() {
        "/v26.0/104000000000001" => (200, node.clone()),
        "/v26.0/me/accounts" => (200, ACCOUNTS.replace("104000000000003", "104000000000001")),
        "/v26.0/debug_token" => (200, info.clone()),
        _ => (404, String::new()),
    })
    .await
}

#[tokio::test]
async fn a_picked_page_has_its_own_checked_token_and_fresh_tasks() {
    let (graph, stub) = picking(PAGE, PAGE_TOKEN).await;
    let picked = graph.page_with_token(&page(), &user()).await.unwrap();
    assert_eq!(picked.token.secret().expose_secret(), "EAASIMPAGE104000000000001");
    assert_eq!(picked.tasks.unwrap(), ["ADVERTISE", "ANALYZE", "MESSAGING", "MODERATE"]);
    assert_eq!(picked.user_id.unwrap().as_str(), "10223344556677889");
    let inspected = stub.seen().into_iter().find(|request| request.path == "/v26.0/debug_token").unwrap();
    assert_eq!(inspected.query["input_token"], "EAASIMPAGE104000000000001");
    let proof = "bd0b24e2abf781cac5fe4e3b11dd77dea463a93a26cc011e209366e7b6c2e6cd";
    assert_eq!(inspected.query["appsecret_proof"], proof);
}

#[tokio::test]
async fn a_picked_page_without_a_token_of_its_own_is_refused() {
    let (unticked, _stub) = picking(r#"{"id":"104000000000001","name":"Sim"}"#, PAGE_TOKEN).await;
    assert_eq!(unticked.page_with_token(&page(), &user()).await.unwrap_err(), PickError::NotTicked);
    let (dead, _stub) = picking(PAGE, DEAD_TOKEN).await;
    let error = dead.page_with_token(&page(), &user()).await.unwrap_err();
    assert!(matches!(error, PickError::Token(TokenFault::Dead(_))));
    let (other, _stub) = picking(r#"{"id":"17","access_token":"x"}"#, PAGE_TOKEN).await;
    assert!(matches!(other.page_with_token(&page(), &user()).await, Err(PickError::Graph(_))));
}

#[tokio::test]
async fn a_page_is_subscribed_looked_at_and_unsubscribed() {
    let (graph, stub) = graph(|request| match request.method.as_str() {
        "POST" => (200, POSTED.to_owned()),
        "GET" => (200, SUBSCRIBED.to_owned()),
        _ => (200, DELETED.to_owned()),
    })
    .await;
    graph.subscribe(&page(), &page_token(), &FIELDS).await.unwrap();
    let fields = graph.subscription(&page(), Caller::Page(&page_token())).await.unwrap().unwrap();
    assert!(missing_fields(&fields).contains(&"standby") && !missing_fields(&fields).contains(&"feed"));
    graph.unsubscribe(&page(), Caller::App).await.unwrap();
    let [post, _, delete] = &stub.seen()[..] else { panic!() };
    assert_eq!(
        (post.method.as_str(), post.path.as_str()),
        ("POST", "/v26.0/104000000000001/subscribed_apps")
    );
    assert_eq!(post.query["subscribed_fields"], FIELDS.join(","));
    let proof = "c201d060b2079a94fe8bdbc1e8a7fd94e793bae548557593dea1fc123d2f8c51";
    assert_eq!(post.query["appsecret_proof"], proof);
    assert_eq!(post.headers["authorization"], "Bearer EAASIMPAGE104000000000001");
    assert_eq!(delete.headers["authorization"], "Bearer 1180011800118001|sim-fb-app-secret-0001");
}

#[tokio::test]
async fn nobody_else_s_subscription_is_ours_and_no_success_is_none() {
    let (empty, _stub) = graph(|_| (200, UNSUBSCRIBED.to_owned())).await;
    assert_eq!(empty.subscription(&page(), Caller::App).await.unwrap(), None);
    let (other, _stub) = graph(|_| (200, json!({"data": [{"id": "17"}]}).to_string())).await;
    assert_eq!(other.subscription(&page(), Caller::App).await.unwrap(), None);
    let (not_done, _stub) = graph(|_| (200, r#"{"success":false}"#.to_owned())).await;
    let error = not_done.subscribe(&page(), &page_token(), &FIELDS).await.unwrap_err();
    assert_eq!(error, GraphError::NotDone);
}

#[tokio::test]
async fn a_person_s_permissions_are_taken_back() {
    let (graph, stub) = graph(|_| (200, REVOKED.to_owned())).await;
    graph.revoke_permissions(&"10223344556677889".parse().unwrap(), Caller::User(&user())).await.unwrap();
    let [request] = &stub.seen()[..] else { panic!() };
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("DELETE", "/v26.0/10223344556677889/permissions")
    );
}
