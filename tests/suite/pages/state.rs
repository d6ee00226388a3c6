//! Tickets, states, choices, cookies (pages.md §1.3; the design's security rules).

use axum::body::Body;
use axum::http::{Request, header};
use common::page::Lang;
use common::pages::ticket::{Act, LIFETIME};
use connect_tests::facebook::{self, SELLER, SHOP_PAGE};
use page_connect::{CHOICE_LIFETIME, FLOW_LIFETIME, Refusal};

use super::{Browser, FACEBOOK_BACK, Lobby, ZALO_BACK, fanpage, parameter};

/// Facebook's answer to a log-in that was started at this address.
fn answer(lobby: &Lobby, url: &str) -> String {
    let answer = lobby.facebook.authorize(url, SELLER, &facebook::Choice::all()).unwrap();
    answer.location().unwrap().to_owned()
}

#[tokio::test]
async fn a_ticket_starts_one_attempt_from_the_tenant_s_own_console() {
    let lobby = Lobby::open().await;
    let tenant = lobby.world.tenant();
    let ticket = lobby.ticket(&tenant, "7", Act::Connect(None)).await;
    let form = format!("ticket={ticket}&provider=facebook");
    assert_eq!(lobby.send(&mut Browser::default(), &form).await.status, 302);
    lobby.send(&mut Browser::default(), &form).await.assert_refused(&Refusal::UnknownTicket);

    // A ticket that came from elsewhere is used up.
    for origin in ["https://evil.test", "null", super::PAGES_URL] {
        let ticket = lobby.ticket(&tenant, "7", Act::Connect(None)).await;
        let form = format!("ticket={ticket}&provider=facebook");
        let mut browser = Browser::default();
        let reply = lobby.post(&mut browser, "/api/pages/start", &form, origin).await;
        reply.assert_refused(&Refusal::ForeignTicket);
        assert!(browser.cookies.is_empty());
        lobby.send(&mut browser, &form).await.assert_refused(&Refusal::UnknownTicket);
    }
    let ticket = lobby.ticket(&tenant, "7", Act::Connect(None)).await;
    let request = Request::post("/api/pages/start")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    let body = Body::from(format!("ticket={ticket}&provider=facebook"));
    let reply = lobby.visit(&mut Browser::default(), request, body).await;
    assert_eq!(reply.refusal, Some(Refusal::ForeignTicket));
}

#[tokio::test]
async fn an_old_ticket_and_one_for_something_else_start_nothing() {
    let lobby = Lobby::open().await;
    let tenant = lobby.world.tenant();
    let mut browser = Browser::default();
    let old = lobby.ticket(&tenant, "7", Act::Connect(None)).await;
    lobby.world.clock.advance(LIFETIME);
    let form = format!("ticket={old}&provider=facebook");
    lobby.send(&mut browser, &form).await.assert_refused(&Refusal::UnknownTicket);
    let act = Act::Disconnect { page: fanpage(SHOP_PAGE), generation: 1 };
    let other = lobby.ticket(&tenant, "7", act).await;
    let form = format!("ticket={other}&provider=facebook");
    lobby.send(&mut browser, &form).await.assert_refused(&Refusal::OtherAct);
    let gone = lobby.ticket(&"nobody".parse().unwrap(), "7", Act::Connect(None)).await;
    let reply = lobby.send(&mut browser, &format!("ticket={gone}&provider=facebook")).await;
    assert_eq!(reply.refusal, Some(Refusal::NoTenant));
}

#[tokio::test]
async fn a_form_is_read_or_refused_whatever_it_says() {
    let lobby = Lobby::open().await;
    let tenant = lobby.world.tenant();
    let mut browser = Browser::default();
    for provider in ["", "&provider=", "&provider=tiktok", "&provider=facebook&provider=zalo"] {
        let ticket = lobby.ticket(&tenant, "7", Act::Connect(None)).await;
        let reply = lobby.send(&mut browser, &format!("ticket={ticket}{provider}")).await;
        reply.assert_refused(&Refusal::Unreadable);
    }
    // A page is connected again at its own provider.
    let ticket = lobby.ticket(&tenant, "7", Act::Connect(Some(fanpage(SHOP_PAGE)))).await;
    let reply = lobby.send(&mut browser, &format!("ticket={ticket}&provider=zalo&consent=on")).await;
    reply.assert_refused(&Refusal::Unreadable);
    for form in ["", "ticket=", "ticket=%00", "ticket=a&ticket=b"] {
        let reply = lobby.send(&mut browser, form).await;
        assert!(matches!(reply.refusal, Some(Refusal::UnknownTicket | Refusal::Unreadable)), "{reply:?}");
    }
    let json = Request::post("/api/pages/start").header(header::CONTENT_TYPE, "application/json");
    let reply = lobby.visit(&mut browser, json, Body::from("{}")).await;
    reply.assert_refused(&Refusal::Unreadable);
    let long = format!("x={}", "y".repeat(70_000));
    lobby.send(&mut browser, &long).await.assert_refused(&Refusal::Unreadable);
    assert_eq!(lobby.get(&mut browser, "/api/pages/start").await.status, 405);
}

#[tokio::test]
async fn a_callback_counts_once_in_time_and_in_its_own_browser() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let url = lobby.start(&mut browser, "facebook", None).await;
    let location = answer(&lobby, &url);
    assert_eq!(lobby.bring(&mut browser, &location).await.status, 303);
    lobby.bring(&mut browser, &location).await.assert_refused(&Refusal::UnknownState);

    let url = lobby.start(&mut browser, "facebook", None).await;
    lobby.world.clock.advance(FLOW_LIFETIME);
    let location = answer(&lobby, &url);
    lobby.bring(&mut browser, &location).await.assert_refused(&Refusal::UnknownState);

    let (mut other, calls) = (Browser::default(), lobby.facebook.requests().len());
    let url = lobby.start(&mut browser, "facebook", None).await;
    lobby.start(&mut other, "facebook", None).await;
    let location = answer(&lobby, &url);
    lobby.bring(&mut other, &location).await.assert_refused(&Refusal::OtherBrowser);
    lobby.bring(&mut browser, &location).await.assert_refused(&Refusal::UnknownState);
    let url = lobby.start(&mut browser, "facebook", None).await;
    let location = answer(&lobby, &url);
    lobby.bring(&mut Browser::default(), &location).await.assert_refused(&Refusal::OtherBrowser);
    assert_eq!(lobby.facebook.requests().len(), calls, "a code was spent");
}

#[tokio::test]
async fn a_state_is_of_one_tenant_and_one_provider() {
    let lobby = Lobby::open().await;
    let other = lobby.world.add_tenant("gom-nha-may", "s").await;
    let (mut mine, mut theirs) = (Browser::default(), Browser::default());
    let url = lobby.start(&mut mine, "facebook", None).await;
    lobby.start_as(&mut theirs, (&other, "7"), "facebook", None).await;
    let location = answer(&lobby, &url);
    lobby.bring(&mut theirs, &location).await.assert_refused(&Refusal::OtherBrowser);

    let calls = lobby.facebook.requests().len();
    for (provider, back) in [("facebook", ZALO_BACK), ("zalo", FACEBOOK_BACK)] {
        let url = lobby.start(&mut mine, provider, None).await;
        let state = parameter(&url, "state").unwrap();
        let location = format!("{back}?state={state}&code=x&oa_id=1");
        lobby.bring(&mut mine, &location).await.assert_refused(&Refusal::OtherProvider);
        lobby.bring(&mut mine, &location).await.assert_refused(&Refusal::UnknownState);
    }
    assert_eq!((lobby.facebook.requests().len(), lobby.zalo_exchanges()), (calls, 0));
}

#[tokio::test]
async fn a_state_that_is_missing_or_says_something_twice_is_refused() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    for back in [FACEBOOK_BACK, ZALO_BACK] {
        for query in ["", "?", "?code=1", "?error=access_denied", "?state=&code=1"] {
            lobby.bring(&mut browser, &format!("{back}{query}")).await.assert_refused(&Refusal::NoState);
        }
        let twice = format!("{back}?state=a&state=b&code=1");
        lobby.bring(&mut browser, &twice).await.assert_refused(&Refusal::Unreadable);
    }
    let url = lobby.start(&mut browser, "facebook", None).await;
    lobby.facebook.once(facebook::Fault::NoState);
    let location = answer(&lobby, &url);
    lobby.bring(&mut browser, &location).await.assert_refused(&Refusal::NoState);
    // The state is used up by a callback that says something else twice.
    for (provider, back, twice) in [
        ("facebook", FACEBOOK_BACK, "code=1&code=2"),
        ("facebook", FACEBOOK_BACK, "error=1&error=2"),
        ("zalo", ZALO_BACK, "code=1&code=2&oa_id=1"),
        ("zalo", ZALO_BACK, "code=1&oa_id=1&oa_id=2"),
    ] {
        let url = lobby.start(&mut browser, provider, None).await;
        let location = format!("{back}?state={}&{twice}", parameter(&url, "state").unwrap());
        lobby.bring(&mut browser, &location).await.assert_refused(&Refusal::Unreadable);
        lobby.bring(&mut browser, &location).await.assert_refused(&Refusal::UnknownState);
    }
    assert!(lobby.facebook.requests().is_empty() && lobby.zalo_exchanges() == 0);
}

#[tokio::test]
async fn a_callback_is_read_or_refused_whatever_it_says() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let garbage =
        ["%00", "%FF%FE", "..%2F..", "%3Cscript%3E", "'%22%3E", "%F0%9F%92%A9", "9".repeat(4000).as_str()]
            .map(str::to_owned);
    for value in &garbage {
        for (provider, back) in [("facebook", FACEBOOK_BACK), ("zalo", ZALO_BACK)] {
            let invented = format!("{back}?state={value}&code={value}&oa_id={value}");
            lobby.bring(&mut browser, &invented).await.assert_refused(&Refusal::UnknownState);
            for name in ["code", "error", "oa_id"] {
                let url = lobby.start(&mut browser, provider, None).await;
                let state = parameter(&url, "state").unwrap();
                let location = format!("{back}?state={state}&{name}={value}");
                let reply = lobby.bring(&mut browser, &location).await;
                assert!(reply.refusal.is_some() && reply.status < 500, "{reply:?}");
                assert!(!reply.body.contains("<script"), "{}", reply.body);
            }
        }
        let reply = lobby.get(&mut browser, &format!("/api/pages/choose/{value}")).await;
        assert!(matches!(reply.status, 400 | 404), "{reply:?}");
    }
}

#[tokio::test]
async fn a_choice_is_of_one_browser_and_ends() {
    let lobby = Lobby::open().await;
    let (mut mine, mut other) = (Browser::default(), Browser::default());
    let path = lobby.choice(&mut mine, SELLER, None).await;
    lobby.choice(&mut other, SELLER, None).await;
    for browser in [&mut other, &mut Browser::default()] {
        lobby.get(browser, &path).await.assert_refused(&Refusal::OtherBrowser);
        lobby.pick(browser, &path, SHOP_PAGE).await.assert_refused(&Refusal::OtherBrowser);
    }
    assert_eq!(lobby.get(&mut mine, &path).await.status, 200);
    lobby.world.clock.advance(CHOICE_LIFETIME);
    lobby.get(&mut mine, &path).await.assert_refused(&Refusal::UnknownChoice);
    lobby.pick(&mut mine, &path, SHOP_PAGE).await.assert_refused(&Refusal::UnknownChoice);
    assert_eq!(lobby.slots().await, 0);
}

#[tokio::test]
async fn a_ticket_a_state_and_a_choice_are_not_one_another() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let ticket = lobby.ticket(&lobby.world.tenant(), "7", Act::Connect(None)).await;
    let reply = lobby.bring(&mut browser, &format!("{FACEBOOK_BACK}?state={ticket}&code=1")).await;
    reply.assert_refused(&Refusal::UnknownState);
    let url = lobby.start(&mut browser, "facebook", None).await;
    let state = parameter(&url, "state").unwrap();
    let reply = lobby.get(&mut browser, &format!("/api/pages/choose/{state}")).await;
    reply.assert_refused(&Refusal::UnknownChoice);
    let reply = lobby.send(&mut browser, &format!("ticket={state}&provider=facebook")).await;
    reply.assert_refused(&Refusal::UnknownTicket);
}

#[tokio::test]
async fn the_pages_are_in_the_language_of_the_ticket_or_the_browser() {
    let lobby = Lobby::open().await;
    let mut browser = Browser { cookies: crate::jar::Jar::with(Lang::COOKIE, "en") };
    let reply = lobby.get(&mut browser, "/api/pages/facebook/callback").await;
    assert!(reply.body.contains("This step was used or has expired"), "{}", reply.body);
    let reply = lobby.get(&mut Browser::default(), "/api/pages/facebook/callback").await;
    assert!(reply.body.contains("Bước này đã dùng hoặc đã hết hạn"), "{}", reply.body);
}
