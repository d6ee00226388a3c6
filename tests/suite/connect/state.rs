//! Tickets, states, cookies (haravan.md §7 no. 5, 11; the design's security rules).

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use common::connect::flow::LIFETIME;
use common::connect::refusal::Refusal;
use common::haravan::id_token::IdTokenError;
use common::settings::ResponseMode;
use connect_tests::haravan::{AppSeed, Choice, Fault, Seed};

use super::{Browser, FIRST, OWNER, Office};

#[tokio::test]
async fn a_ticket_starts_one_login() {
    let office = Office::open().await;
    let ticket = office.ticket(&office.world.tenant(), None).await;
    let path = format!("/api/haravan/login?ticket={ticket}");
    assert_eq!(office.get(&mut Browser::default(), &path).await.status, 302);
    office.get(&mut Browser::default(), &path).await.assert_refused(&Refusal::UnknownTicket);
}

#[tokio::test]
async fn an_old_an_invented_and_a_foreign_ticket_start_nothing() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let invented = office.get(&mut browser, "/api/haravan/login?ticket=invented").await;
    invented.assert_refused(&Refusal::UnknownTicket);
    assert!(invented.body.contains("href=\"../../console/haravan\""), "{}", invented.body);

    let ticket = office.ticket(&office.world.tenant(), None).await;
    let path = format!("/api/haravan/login?ticket={ticket}");
    let request = || Request::get(path.as_str()).header("sec-fetch-site", "cross-site");
    office.visit(&mut browser, request(), Body::empty()).await.assert_refused(&Refusal::ForeignTicket);

    office.world.clock.advance(Duration::from_secs(120));
    office.get(&mut browser, &path).await.assert_refused(&Refusal::UnknownTicket);
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn a_ticket_is_not_a_state_and_a_state_is_no_ticket() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let ticket = office.ticket(&office.world.tenant(), None).await;
    let path = format!("/api/haravan/login?state={ticket}&code=1");
    office.get(&mut browser, &path).await.assert_refused(&Refusal::UnknownState);
    let url = office.start(&mut browser, None).await;
    let state = url::Url::parse(&url).unwrap();
    let state = state.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let path = format!("/api/haravan/login?ticket={state}");
    office.get(&mut browser, &path).await.assert_refused(&Refusal::UnknownTicket);
}

#[tokio::test]
async fn a_replayed_callback_is_refused() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let url = office.start(&mut browser, None).await;
    let login = office.sign_in(&url, OWNER);
    let install = office.bring(&mut browser, &login).await;
    office.bring(&mut browser, &login).await.assert_refused(&Refusal::UnknownState);
    let install = office.sign_in(install.to(), OWNER);
    let mut kept = browser.clone();
    assert_eq!(office.bring(&mut browser, &install).await.status, 303);
    let generation = office.generation(FIRST).await;
    office.bring(&mut kept, &install).await.assert_refused(&Refusal::UnknownState);
    assert_eq!(office.generation(FIRST).await, generation);
}

#[tokio::test]
async fn a_code_of_an_earlier_login_is_refused_with_a_new_state() {
    let office = Office::open().await;
    office.world.settings(|settings| settings.response_mode = ResponseMode::Query).await;
    let mut browser = Browser::default();
    let url = office.start(&mut browser, None).await;
    let first = office.sign_in(&url, OWNER);
    office.bring(&mut browser, &first).await.to();
    let url = office.start(&mut browser, None).await;
    let second = office.sign_in(&url, OWNER);
    let path =
        |code: &str| format!("/api/haravan/login?code={code}&state={}", second.field("state").unwrap());
    let reply = office.get(&mut browser, &path(first.field("code").unwrap())).await;
    reply.assert_refused(&Refusal::Grant(common::haravan::token_endpoint::GrantError::InvalidGrant));
}

#[tokio::test]
async fn the_answer_to_an_earlier_login_is_refused_with_a_new_state() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let url = office.start(&mut browser, None).await;
    let old = office.sign_in(&url, OWNER);
    let url = office.start(&mut browser, None).await;
    let new = office.sign_in(&url, OWNER);
    let form = old.form_body().replace(old.field("state").unwrap(), new.field("state").unwrap());
    let reply = office.post(&mut browser, "/api/haravan/login", form).await;
    reply.assert_refused(&Refusal::IdToken(IdTokenError::Nonce));
}

#[tokio::test]
async fn a_state_of_another_browser_is_refused_and_used_up() {
    let office = Office::open().await;
    let (mut mine, mut other, mut bare) = (Browser::default(), Browser::default(), Browser::default());
    let url = office.start(&mut mine, None).await;
    let answer = office.sign_in(&url, OWNER);
    office.start(&mut other, None).await;
    office.bring(&mut other, &answer).await.assert_refused(&Refusal::OtherBrowser);
    office.bring(&mut mine, &answer).await.assert_refused(&Refusal::UnknownState);

    let url = office.start(&mut mine, None).await;
    let answer = office.sign_in(&url, OWNER);
    office.bring(&mut bare, &answer).await.assert_refused(&Refusal::OtherBrowser);
    assert_eq!(office.haravan().token_calls().get("authorization_code"), None, "a code was spent");
}

#[tokio::test]
async fn an_install_is_of_the_browser_that_logged_in() {
    let office = Office::open().await;
    let (mut mine, mut other) = (Browser::default(), Browser::default());
    let install = office.log_in(&mut mine, OWNER).await;
    office.log_in(&mut other, OWNER).await;
    let answer = office.sign_in(install.to(), OWNER);
    office.bring(&mut other, &answer).await.assert_refused(&Refusal::OtherBrowser);
}

#[tokio::test]
async fn a_state_is_of_one_step() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let url = office.start(&mut browser, None).await;
    let login = office.sign_in(&url, OWNER);
    let reply = office.post(&mut browser, "/api/haravan/grandservice", login.form_body()).await;
    reply.assert_refused(&Refusal::OtherStep);

    let install = office.log_in(&mut browser, OWNER).await;
    let answer = office.sign_in(install.to(), OWNER);
    let reply = office.post(&mut browser, "/api/haravan/login", answer.form_body()).await;
    reply.assert_refused(&Refusal::OtherStep);
}

#[tokio::test]
async fn the_answer_of_another_tenants_app_is_refused() {
    let office = Office::open().await;
    let other = office.world.add_tenant("gom-nha-may", "another_secret").await;
    let mut record = office.world.stack.store.tenants.get(&other).await.unwrap().unwrap();
    record.client_id = Some("another_client_id".to_owned());
    assert!(office.world.stack.store.tenants.put(&record).await.unwrap());
    let app = Seed::demo().apps.remove(0);
    let uris = ["login", "grandservice"]
        .map(|path| format!("{}/api/haravan/{path}", office.world.stack.addresses.base_url));
    office.haravan().register_app(AppSeed {
        client_id: "another_client_id".to_owned(),
        client_secret: "another_secret".to_owned(),
        redirect_uris: uris.into(),
        ..app
    });
    let mut browser = Browser::default();
    let ticket = office.ticket(&other, None).await;
    let theirs = office.get(&mut browser, &format!("/api/haravan/login?ticket={ticket}")).await;
    let theirs = office.sign_in(theirs.to(), OWNER);
    // The same browser starts for the first tenant, and is handed the other's answer under its own state.
    let url = office.start(&mut browser, None).await;
    let mine = office.sign_in(&url, OWNER);
    let form = theirs.form_body().replace(theirs.field("state").unwrap(), mine.field("state").unwrap());
    let reply = office.post(&mut browser, "/api/haravan/login", form).await;
    reply.assert_refused(&Refusal::IdToken(IdTokenError::Audience));
}

#[tokio::test]
async fn a_state_ends_after_ten_minutes() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let url = office.start(&mut browser, None).await;
    office.world.clock.advance(LIFETIME);
    let answer = office.sign_in(&url, OWNER);
    office.bring(&mut browser, &answer).await.assert_refused(&Refusal::UnknownState);

    let install = office.log_in(&mut browser, OWNER).await;
    office.world.clock.advance(LIFETIME);
    let answer = office.sign_in(install.to(), OWNER);
    office.bring(&mut browser, &answer).await.assert_refused(&Refusal::UnknownState);
}

#[tokio::test]
async fn a_callback_without_a_state_is_refused() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let url = office.start(&mut browser, None).await;
    office.haravan().once(Fault::AuthorizeNoState);
    let answer = office.sign_in(&url, OWNER);
    office.bring(&mut browser, &answer).await.assert_refused(&Refusal::NoState);
    for path in
        ["/api/haravan/login?code=1", "/api/haravan/login?error=access_denied", "/api/haravan/grandservice"]
    {
        office.get(&mut browser, path).await.assert_refused(&Refusal::NoState);
    }
}

#[tokio::test]
async fn what_is_no_form_or_says_something_twice_is_refused() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    for path in ["/api/haravan/login", "/api/haravan/grandservice"] {
        let json = Request::post(path).header("content-type", "application/json");
        office.visit(&mut browser, json, Body::from("{}")).await.assert_refused(&Refusal::Unreadable);
        let long = office.post(&mut browser, path, "x=".to_owned() + &"y".repeat(70_000)).await;
        long.assert_refused(&Refusal::Unreadable);
        let twice = office.post(&mut browser, path, "state=a&state=b".to_owned()).await;
        twice.assert_refused(&Refusal::Unreadable);
        let twice = office.get(&mut browser, &format!("{path}?state=a&code=b&code=c")).await;
        twice.assert_refused(&Refusal::Unreadable);
        let other = office.visit(&mut browser, Request::put(path), Body::empty()).await;
        assert_eq!(other.status, 405);
    }
}

#[tokio::test]
async fn a_launch_from_the_shops_admin_is_never_a_login() {
    let office = Office::open().await;
    let url = office.haravan().launch(None, None, OWNER).unwrap();
    let url = url::Url::parse(&url).unwrap();
    for path in [format!("{}?{}", url.path(), url.query().unwrap()), "/api/haravan/login".to_owned()] {
        let mut browser = Browser::default();
        let reply = office.get(&mut browser, &path).await;
        assert_eq!((reply.status, &reply.location, &reply.set_cookie), (200, &None, &None), "{reply:?}");
        assert!(reply.body.contains("Hãy mở từ CRM"), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_refusal_by_the_person_changes_nothing() {
    let office = Office::open().await;
    let before = office.generation(FIRST).await;
    let mut browser = Browser::default();
    let url = office.start(&mut browser, None).await;
    let answer = office.haravan().authorize(&url, OWNER, Choice::refuse()).unwrap();
    office.bring(&mut browser, &answer).await.assert_refused(&Refusal::Denied);

    let install = office.log_in(&mut browser, OWNER).await;
    let answer = office.haravan().authorize(install.to(), OWNER, Choice::refuse()).unwrap();
    office.bring(&mut browser, &answer).await.assert_refused(&Refusal::Denied);
    assert_eq!(office.generation(FIRST).await, before);
}
