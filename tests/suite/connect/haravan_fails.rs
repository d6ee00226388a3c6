//! What Haravan's failures do: a page with a way on, nothing half done (haravan.md §1.13, §2.3, §8).

use common::connect::refusal::Refusal;
use common::haravan::api::ApiError;
use common::haravan::token_endpoint::GrantError;
use common::store::connections::ConnectionStatus;
use connect_tests::haravan::{Fault, OrgId};

use super::{Browser, FIRST, OWNER, Office};

/// In either step the fault ends in that refusal and leaves the shop as it was.
async fn ends(fault: Fault, refusal: Refusal, status: u16) {
    let office = Office::open().await;
    let before = office.generation(FIRST).await;
    office.haravan().once(fault.clone());
    let reply = office.log_in(&mut Browser::default(), OWNER).await;
    reply.assert_refused(&refusal);
    assert_eq!(reply.status, status);

    let mut browser = Browser::default();
    let install = office.log_in(&mut browser, OWNER).await;
    let answer = office.sign_in(install.to(), OWNER);
    office.haravan().once(fault);
    office.bring(&mut browser, &answer).await.assert_refused(&refusal);
    assert!(office.haravan().faults().is_empty());
    assert_eq!(office.generation(FIRST).await, before);
}

#[tokio::test]
async fn a_refused_code_asks_to_begin_again() {
    ends(Fault::Token400, Refusal::Grant(GrantError::InvalidGrant), 400).await;
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_told_so() {
    ends(Fault::Token500, Refusal::Grant(GrantError::Ambiguous), 502).await;
}

#[tokio::test]
async fn a_token_endpoint_that_shows_a_page_is_told_so() {
    ends(Fault::TokenHtml, Refusal::Grant(GrantError::Ambiguous), 502).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_told_so() {
    ends(Fault::TokenLostAfterCommit, Refusal::Grant(GrantError::Ambiguous), 502).await;
}

#[tokio::test]
async fn a_token_endpoint_that_does_not_answer_is_not_waited_for_long() {
    let office = Office::open().await;
    office.haravan().once(Fault::TokenHeld { millis: 60_000, committed: false });
    let asked = std::time::Instant::now();
    let reply = office.log_in(&mut Browser::default(), OWNER).await;
    reply.assert_refused(&Refusal::Grant(GrantError::Ambiguous));
    assert!(asked.elapsed() < std::time::Duration::from_secs(40));
}

#[tokio::test]
async fn a_wrong_client_secret_sends_the_admin_to_the_settings() {
    let office = Office::open().await;
    office.world.rotate_client_secret("mistyped").await;
    let reply = office.log_in(&mut Browser::default(), OWNER).await;
    reply.assert_refused(&Refusal::Grant(GrantError::InvalidClient));
    assert!(reply.body.contains("Client Secret"), "{}", reply.body);
}

#[tokio::test]
async fn access_denied_is_told_as_what_it_is() {
    let office = Office::open().await;
    office.haravan().once(Fault::AuthorizeAccessDenied);
    office.log_in(&mut Browser::default(), OWNER).await.assert_refused(&Refusal::Denied);
}

#[tokio::test]
async fn another_error_of_haravans_is_told_without_its_words() {
    let office = Office::open().await;
    for (given, refusal) in [
        ("temporarily_unavailable", Refusal::AtHaravan("temporarily_unavailable")),
        ("%3Cscript%3E", Refusal::AtHaravan("other")),
    ] {
        let mut browser = Browser::default();
        let url = url::Url::parse(&office.start(&mut browser, None).await).unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let form = format!("error={given}&error_description=%3Cb%3Ewords%3C%2Fb%3E&state={state}");
        let reply = office.post(&mut browser, "/api/haravan/login", form).await;
        reply.assert_refused(&refusal);
        assert!(!reply.body.contains("words") && !reply.body.contains("<script"), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_shop_that_does_not_answer_at_first_is_asked_twice() {
    let office = Office::open().await;
    office.haravan().once(Fault::Rest502Html);
    assert_eq!(office.connect(OWNER, None).await.status, 303);
}

#[tokio::test]
async fn a_shop_that_does_not_answer_is_not_connected() {
    for (fault, refusal) in [
        (Fault::Rest502Html, Refusal::NoShop(ApiError::Transient { after: None })),
        (Fault::Rest401Empty, Refusal::NoShop(ApiError::Unauthorized)),
    ] {
        let office = Office::open().await;
        let before = office.generation(FIRST).await;
        office.haravan().always(fault);
        office.connect(OWNER, None).await.assert_refused(&refusal);
        assert_eq!(office.generation(FIRST).await, before);
    }
}

#[tokio::test]
async fn an_error_in_a_200_of_subscribe_connects_and_says_that_webhooks_are_off() {
    let office = Office::open().await;
    let before = office.generation(FIRST).await.unwrap();
    office.haravan().once(Fault::SubscribeErrorIn200);
    let reply = office.connect(OWNER, None).await;
    assert_eq!((reply.status, &reply.refusal), (200, &None), "{reply:?}");
    assert!(reply.body.contains("Đã kết nối, chưa đăng ký được webhook"), "{}", reply.body);
    let on = format!("href=\"{}/console/haravan?connected={FIRST}\"", office.world.stack.addresses.base_url);
    assert!(reply.body.contains(&on), "{}", reply.body);
    let shop = office.shop(FIRST).await.unwrap();
    assert_eq!((shop.status, shop.generation, shop.topics), (ConnectionStatus::Connected, before + 1, None));
}

#[tokio::test]
async fn an_app_without_a_registered_webhook_connects_all_the_same() {
    let office = Office::open().await;
    let mut app = connect_tests::haravan::Seed::demo().apps.remove(0);
    app.client_secret = office.world.stack.addresses.client_secret.clone();
    app.redirect_uris = ["login", "grandservice"]
        .map(|path| format!("{}/api/haravan/{path}", office.world.stack.addresses.base_url))
        .into();
    office.haravan().register_app(app);
    let reply = office.connect(OWNER, None).await;
    assert!(reply.status == 200 && reply.body.contains("webhook"), "{reply:?}");
    assert!(office.shop(FIRST).await.unwrap().tokens.is_some());
}

#[tokio::test]
async fn webhooks_are_on_when_a_shop_is_connected() {
    let office = Office::open().await;
    let (first, app) = (OrgId(FIRST.0), local::seed::CLIENT_ID);
    assert_eq!(office.connect(OWNER, None).await.status, 303);
    assert!(office.haravan().is_subscribed(first, app));
    let topics = office.shop(FIRST).await.unwrap().topics.unwrap();
    assert!(common::haravan::subscription::missing(&topics).is_empty(), "{topics:?}");
}
