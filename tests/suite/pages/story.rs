//! Both stories from the button to the connection.

use common::clock::Clock;
use common::seal::Place;
use common::store::connections::{ConnectionStatus, Subject};
use common::store::schema::connections::{ACCESS_TOKEN, REFRESH_TOKEN};
use common::tenant::connection_place;
use connect_tests::facebook::{self, EDITOR_PAGE, NEW_PAGE, SELLER, SHOP_PAGE};
use secrecy::ExposeSecret;

use super::{Browser, FACEBOOK_BACK, Lobby, ZALO_BACK, fanpage, oa, oa_id, parameter, path_of};

#[tokio::test]
async fn a_fanpage_is_connected() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let url = lobby.start(&mut browser, "facebook", None).await;
    assert_eq!(parameter(&url, "redirect_uri").as_deref(), Some(FACEBOOK_BACK));
    assert_eq!(parameter(&url, "auth_type").as_deref(), Some("rerequest"));
    assert_eq!(parameter(&url, "state").unwrap().len(), 43);
    let answer = lobby.facebook.authorize(&url, SELLER, &facebook::Choice::all()).unwrap();
    let back = lobby.bring(&mut browser, answer.location().unwrap()).await;
    let choice = path_of(&back);
    let cookie = back.set_cookie.unwrap();
    assert!(cookie.starts_with("__Host-hvc_page_") && cookie.ends_with("Max-Age=900"), "{cookie}");
    assert!(cookie.contains("; SameSite=Lax; Secure; HttpOnly; Path=/;"), "{cookie}");

    let list = lobby.get(&mut browser, &choice).await;
    assert_eq!(list.status, 200, "{list:?}");
    assert!(list.body.contains("Cửa hàng Sim Một") && list.body.contains("Nguyễn Thị Sim"), "{}", list.body);
    assert!(list.body.contains("https://facebook.example.test/pictures/"), "{}", list.body);
    let origin = lobby.console();
    assert!(list.policy.contains(&format!("form-action 'self' {origin}")), "{}", list.policy);
    assert!(list.policy.contains("img-src 'self' https:"), "{}", list.policy);

    let (page, before) = (fanpage(SHOP_PAGE), lobby.world.clock.now());
    let done = lobby.pick(&mut browser, &choice, SHOP_PAGE).await;
    done.assert_connected(&page);
    assert!(browser.cookies.is_empty());
    let stored = lobby.page(&page).await.unwrap();
    assert_eq!((stored.status, stored.generation), (ConnectionStatus::Connected, 1));
    assert_eq!((stored.account.as_str(), stored.due), ("7", Some(before)));
    assert_eq!(stored.profile.name, "Cửa hàng Sim Một");
    assert_eq!(stored.profile.kind.as_deref(), Some("Shopping & retail"));
    assert!(stored.profile.picture.unwrap().starts_with("https://"));
    assert_eq!(stored.granted_by.unwrap().id, SELLER.to_string());
    assert!(stored.warnings.is_empty(), "{:?}", stored.warnings);
    let subscribed = lobby.facebook.subscription(SHOP_PAGE).unwrap();
    assert_eq!(stored.topics.unwrap().len(), subscribed.len());
    assert_eq!(subscribed.len(), common::facebook::subscription::FIELDS.len());
    assert_eq!((lobby.slots().await, lobby.owner(&page).await), (1, Some(lobby.world.tenant())));
    // What is stored is the page's own token, and it does not end.
    let key = connection_place(&lobby.world.tenant(), &Subject::Page(page));
    let token = lobby
        .world
        .key_ring()
        .await
        .open(Place { key: &key, field: ACCESS_TOKEN }, &stored.tokens.unwrap().access);
    let token = token.unwrap();
    let live = lobby.facebook.live_tokens();
    let live = live.into_iter().find(|live| live.value == token.expose_secret()).unwrap();
    assert_eq!((live.page, live.expires_at), (Some(SHOP_PAGE), None));
    // The choice is gone, and with it the person's token.
    assert_eq!(lobby.get(&mut browser, &choice).await.status, 400);
}

#[tokio::test]
async fn an_official_account_is_connected() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let url = lobby.start(&mut browser, "zalo", None).await;
    assert_eq!(parameter(&url, "redirect_uri").as_deref(), Some(ZALO_BACK));
    assert_eq!(parameter(&url, "code_challenge").unwrap().len(), 43);
    let asked = lobby.world.clock.now();
    lobby.allow(&mut browser, &url, 1).await.assert_connected(&oa(1));
    let stored = lobby.page(&oa(1)).await.unwrap();
    assert_eq!(stored.status, ConnectionStatus::Connected);
    assert_eq!(stored.profile.name, "Sim OA Một");
    assert!(stored.warnings.is_empty(), "{:?}", stored.warnings);
    let tokens = stored.tokens.unwrap();
    assert_eq!(tokens.expires_at.unwrap().as_second() - asked.as_second(), 90_000);
    let (ring, key) =
        (lobby.world.key_ring().await, connection_place(&lobby.world.tenant(), &Subject::Page(oa(1))));
    let pair = lobby.zalo.live_pair(&oa_id(1).as_str().into()).unwrap();
    for (field, blob, live) in [
        (ACCESS_TOKEN, &tokens.access, pair.access_token),
        (REFRESH_TOKEN, tokens.refresh.as_ref().unwrap(), pair.refresh_token),
    ] {
        assert_eq!(ring.open(Place { key: &key, field }, blob).unwrap().expose_secret(), live);
    }
}

#[tokio::test]
async fn an_account_that_is_not_verified_and_has_no_package_is_connected_with_warnings() {
    let lobby = Lobby::open().await;
    lobby.connect_oa(2, None).await.assert_connected(&oa(2));
    assert_eq!(lobby.page(&oa(2)).await.unwrap().warnings, ["oa_unverified", "oa_package_too_low"]);
}

#[tokio::test]
async fn a_person_who_may_not_send_messages_connects_with_a_warning() {
    let lobby = Lobby::open().await;
    let role = facebook::Role::of(&["ANALYZE", "ADVERTISE", "MODERATE", "CREATE_CONTENT"]);
    lobby.facebook.set_role(SELLER, EDITOR_PAGE, Some(role)).unwrap();
    lobby.connect(EDITOR_PAGE).await.assert_connected(&fanpage(EDITOR_PAGE));
    assert_eq!(lobby.page(&fanpage(EDITOR_PAGE)).await.unwrap().warnings, ["no_messaging_role"]);
}

#[tokio::test]
async fn the_person_s_other_pages_are_looked_at_at_once() {
    let lobby = Lobby::open().await;
    lobby.connect(SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
    let other = lobby.world.add_tenant("gom-nha-may", "s").await;
    // The same person connects a page for another tenant and leaves the first one unticked.
    let mut browser = Browser::default();
    let started = lobby.start_as(&mut browser, (&other, "9"), "facebook", None).await;
    let choice = facebook::Choice::pages([NEW_PAGE]);
    let answer = lobby.facebook.authorize(started.to(), SELLER, &choice).unwrap();
    let choice = path_of(&lobby.bring(&mut browser, answer.location().unwrap()).await);
    lobby.pick(&mut browser, &choice, NEW_PAGE).await.assert_connected(&fanpage(NEW_PAGE));
    let now = lobby.world.clock.now();
    let first = lobby.page(&fanpage(SHOP_PAGE)).await.unwrap();
    assert_eq!((first.suspected_at, first.due), (Some(now), Some(now)));
    let connections = &lobby.world.stack.store.connections;
    let second = connections.page(&other, &fanpage(NEW_PAGE)).await.unwrap().unwrap();
    assert_eq!(second.suspected_at, None);
}

#[tokio::test]
async fn nothing_that_is_secret_stands_in_an_address() {
    let lobby = Lobby::open().await;
    lobby.connect(SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
    for request in lobby.facebook.requests() {
        // The exchanges and the inspection have no other way (pages.md §1.4, §1.12).
        let expected = ["/oauth/access_token", "/debug_token"].contains(&request.path.as_str());
        assert_eq!(request.secret_in_url, expected, "{request:?}");
    }
}
