//! What Facebook refuses or does not answer: a page each, and nothing half (pages.md §1.3–1.6, §1.17).

use common::facebook::role::Pickable;
use connect_tests::facebook::{Choice, Fault, SELLER, SHOP_PAGE, Switch, TokenEnd};
use page_connect::Refusal;

use super::{Browser, FACEBOOK_BACK, Lobby, fanpage, parameter};

fn graph(code: u32, subcode: Option<u32>) -> Fault {
    Fault::Graph { code, subcode, message: Some("canary".to_owned()) }
}

#[tokio::test]
async fn who_cancels_is_told_that_nothing_changed() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let reply = lobby.log_in(&mut browser, SELLER, &Choice::cancel(), None).await;
    reply.assert_refused(&Refusal::Denied);
    let url = lobby.start(&mut browser, "facebook", None).await;
    let neither = format!("{FACEBOOK_BACK}?state={}", parameter(&url, "state").unwrap());
    lobby.bring(&mut browser, &neither).await.assert_refused(&Refusal::Denied);
    assert!(lobby.facebook.requests().is_empty());
}

#[tokio::test]
async fn each_missing_permission_is_named_in_words() {
    let lobby = Lobby::open().await;
    for (scope, words) in [
        ("pages_show_list", "xem danh sách trang của bạn"),
        ("pages_read_engagement", "đọc nội dung của trang"),
        ("pages_manage_metadata", "nhận thông báo từ trang"),
        ("pages_messaging", "nhắn tin trên trang"),
    ] {
        let mut browser = Browser::default();
        let reply = lobby.log_in(&mut browser, SELLER, &Choice::all().declining(scope), None).await;
        reply.assert_refused(&Refusal::Permissions(vec![scope]));
        assert!(reply.body.contains(words) && reply.body.contains("/console/pages/add\""), "{}", reply.body);
        assert!(!reply.body.contains(scope), "{}", reply.body);
    }
    // The person is asked once more, and grants all.
    lobby.connect(SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
}

#[tokio::test]
async fn every_failure_of_the_log_in_is_a_page() {
    let lobby = Lobby::open().await;
    for (fault, on, refusal) in [
        (graph(100, Some(36_009)), "/oauth/access_token", Refusal::CodeRefused),
        (graph(101, None), "/oauth/access_token", Refusal::Misconfigured),
        (graph(368, None), "/oauth/access_token", Refusal::Blocked),
        (Fault::ServerError, "/oauth/access_token", Refusal::CodeRefused),
        (graph(190, Some(460)), "/me", Refusal::GrantLost),
        (graph(190, Some(459)), "/me", Refusal::Checkpoint),
        (graph(1, None), "/me", Refusal::Silent),
        (Fault::Throttle { code: 4, minutes: 0 }, "/me/permissions", Refusal::Silent),
        (Fault::ServerError, "/me/permissions", Refusal::Silent),
        (graph(9_999, None), "/me/permissions", Refusal::Unexpected),
    ] {
        lobby.facebook.switch(Switch::next(fault.clone(), 1).on(on));
        let reply = lobby.log_in(&mut Browser::default(), SELLER, &Choice::all(), None).await;
        assert_eq!(reply.refusal, Some(refusal.clone()), "{fault:?} {on}");
        reply.assert_refused(&refusal);
        assert!(!reply.body.contains("canary"), "{}", reply.body);
    }
}

#[tokio::test]
async fn every_failure_of_the_list_and_the_pick_is_a_page_and_the_choice_stands() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let choice = lobby.choice(&mut browser, SELLER, None).await;
    for (fault, refusal) in [
        (graph(190, None), Refusal::GrantLost),
        (graph(190, Some(492)), Refusal::Role(Pickable::NoEditorRole)),
        (graph(10, None), Refusal::Permissions(Vec::new())),
        (graph(368, None), Refusal::Blocked),
        (Fault::ServerError, Refusal::Silent),
        (Fault::Throttle { code: 32, minutes: 0 }, Refusal::Silent),
    ] {
        lobby.facebook.switch(Switch::next(fault.clone(), 1).on("/me/accounts"));
        lobby.get(&mut browser, &choice).await.assert_refused(&refusal);
        lobby.facebook.switch(Switch::next(fault, 1).on("/*"));
        lobby.pick(&mut browser, &choice, SHOP_PAGE).await.assert_refused(&refusal);
    }
    // What is only added to the list does not fail it.
    for on in ["/me/businesses", "/*/owned_pages", "/debug_token"] {
        lobby.facebook.switch(Switch::next(Fault::ServerError, 1).on(on));
        let list = lobby.get(&mut browser, &choice).await;
        assert!(list.status == 200 && list.body.contains("Facebook chưa cho biết hết các trang"), "{on}");
    }
    assert_eq!((lobby.slots().await, lobby.facebook_changes()), (0, 0));
    lobby.pick(&mut browser, &choice, SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
}

#[tokio::test]
async fn a_grant_that_ends_before_the_pick_connects_nothing() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let choice = lobby.choice(&mut browser, SELLER, None).await;
    lobby.facebook.lock_person(SELLER, Some(TokenEnd::Checkpoint)).unwrap();
    lobby.pick(&mut browser, &choice, SHOP_PAGE).await.assert_refused(&Refusal::Checkpoint);
    lobby.facebook.lock_person(SELLER, None).unwrap();
    lobby.facebook.remove_app(SELLER).unwrap();
    lobby.get(&mut browser, &choice).await.assert_refused(&Refusal::GrantLost);
    lobby.pick(&mut browser, &choice, SHOP_PAGE).await.assert_refused(&Refusal::GrantLost);
    assert_eq!(lobby.slots().await, 0);
}
