//! Connecting a page again: in place, the same page, with its history (pages.md §4).

use common::store::connections::{ConnectionStatus, reason};
use connect_tests::facebook::{Choice, EDITOR_PAGE, SELLER, SHOP_PAGE};
use page_connect::Refusal;

use super::{Browser, Lobby, fanpage, oa, oa_id, path_of};

#[tokio::test]
async fn a_fanpage_is_connected_again_in_place() {
    let lobby = Lobby::open().await;
    let page = fanpage(SHOP_PAGE);
    lobby.connect(SHOP_PAGE).await.assert_connected(&page);
    let first = lobby.page(&page).await.unwrap();
    lobby.facebook.change_password(SELLER).unwrap();
    let connections = &lobby.world.stack.store.connections;
    let refused =
        connections.needs_reconnect(&first.this(), first.token_version, reason::PASSWORD_CHANGED, true).await;
    assert!(refused.unwrap());

    let mut browser = Browser::default();
    let choice = lobby.choice(&mut browser, SELLER, Some(page.clone())).await;
    let list = lobby.get(&mut browser, &choice).await;
    assert!(list.body.contains("Kết nối lại</button>"), "{}", list.body);
    assert_eq!(list.body.matches("type=\"radio\"").count(), 1, "{}", list.body);
    assert!(list.body.contains("Không phải trang cần kết nối lại"), "{}", list.body);
    lobby.pick(&mut browser, &choice, SHOP_PAGE).await.assert_connected(&page);
    let again = lobby.page(&page).await.unwrap();
    assert_eq!((again.status, again.reason, again.generation), (ConnectionStatus::Connected, None, 2));
    assert_eq!((again.history.len(), lobby.slots().await), (2, 1));
    assert!(again.history[1].contains(":reconnected:") && again.tokens.is_some());
}

#[tokio::test]
async fn at_the_limit_what_is_connected_is_connected_again() {
    let lobby = Lobby::open().await;
    for page in [SHOP_PAGE, EDITOR_PAGE] {
        lobby.connect(page).await.assert_connected(&fanpage(page));
    }
    lobby.connect_oa(1, None).await.assert_connected(&oa(1));
    lobby.connect_oa(1, Some(oa(1))).await.assert_connected(&oa(1));
    let mut browser = Browser::default();
    let choice = lobby.choice(&mut browser, SELLER, Some(fanpage(SHOP_PAGE))).await;
    lobby.pick(&mut browser, &choice, SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
    assert_eq!(lobby.slots().await, 3);
}

#[tokio::test]
async fn another_page_is_refused_and_offered_to_be_added() {
    let lobby = Lobby::open().await;
    lobby.connect(SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
    let mut browser = Browser::default();
    let choice = lobby.choice(&mut browser, SELLER, Some(fanpage(SHOP_PAGE))).await;
    let calls = lobby.facebook_changes();
    let reply = lobby.pick(&mut browser, &choice, EDITOR_PAGE).await;
    reply.assert_refused(&Refusal::OtherPage);
    assert!(reply.body.contains("/console/pages/add\""), "{}", reply.body);
    assert_eq!((lobby.facebook_changes(), lobby.slots().await), (calls, 1));
    assert!(lobby.page(&fanpage(EDITOR_PAGE)).await.is_none());
}

#[tokio::test]
async fn a_page_that_is_not_ticked_is_said_to_be_missing() {
    let lobby = Lobby::open().await;
    lobby.connect(SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
    let mut browser = Browser::default();
    let choice = Choice::pages([EDITOR_PAGE]).without_businesses();
    let back = lobby.log_in(&mut browser, SELLER, &choice, Some(fanpage(SHOP_PAGE))).await;
    let list = lobby.get(&mut browser, &path_of(&back)).await;
    let form = format!("/console/pages/facebook-{SHOP_PAGE}/reconnect\"");
    assert!(!list.body.contains("<form") && list.body.contains(&form), "{}", list.body);
}

#[tokio::test]
async fn an_account_is_connected_again_in_place_and_another_is_refused_before_the_exchange() {
    let lobby = Lobby::open().await;
    lobby.connect_oa(1, None).await.assert_connected(&oa(1));
    let old = lobby.zalo.live_pair(&oa_id(1).as_str().into()).unwrap();
    let calls = lobby.zalo_exchanges();
    lobby.connect_oa(3, Some(oa(1))).await.assert_refused(&Refusal::OtherPage);
    assert_eq!(lobby.zalo_exchanges(), calls);
    assert_eq!(lobby.zalo.live_pair(&oa_id(1).as_str().into()), Some(old));
    for again in [Some(oa(1)), None] {
        lobby.connect_oa(1, again).await.assert_connected(&oa(1));
    }
    let page = lobby.page(&oa(1)).await.unwrap();
    assert_eq!((page.generation, page.history.len(), lobby.slots().await), (3, 3, 1));
}

#[tokio::test]
async fn a_page_that_was_disconnected_comes_back_with_its_history_and_takes_a_slot() {
    let lobby = Lobby::open().await;
    let page = fanpage(SHOP_PAGE);
    lobby.connect(SHOP_PAGE).await.assert_connected(&page);
    let connections = &lobby.world.stack.store.connections;
    let stored = lobby.page(&page).await.unwrap();
    let now = common::clock::Clock::now(&*lobby.world.clock);
    assert!(connections.end_page(&stored, reason::BY_ADMIN, None, "r", now).await.unwrap());
    assert_eq!(lobby.slots().await, 0);
    // It is still ours to free: connecting it again comes first.
    lobby.connect(SHOP_PAGE).await.assert_connected(&page);
    assert_eq!((lobby.slots().await, lobby.page(&page).await.unwrap().history.len()), (1, 3));
}
