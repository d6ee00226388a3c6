//! A page whose webhooks cannot be switched on or read back does not stay connected (pages.md §1.11, §4).

use common::store::connections::{ConnectionStatus, reason};
use connect_tests::facebook::{Fault, SELLER, SHOP_PAGE, Switch};
use page_connect::Refusal;

use super::{Browser, Lobby, fanpage, oa};
use crate::flaky;

const POST: &str = "POST /*/subscribed_apps";
const GET: &str = "GET /*/subscribed_apps";

fn refused() -> Fault {
    Fault::Graph { code: 200, subcode: None, message: None }
}

async fn assert_nothing_left(lobby: &Lobby) {
    let page = fanpage(SHOP_PAGE);
    let stored = lobby.page(&page).await.unwrap();
    assert_eq!(stored.status, ConnectionStatus::Disconnected);
    assert_eq!(stored.reason.as_deref(), Some(reason::NOT_SUBSCRIBED));
    assert!(stored.tokens.is_none() && stored.due.is_none(), "{stored:?}");
    assert_eq!((lobby.slots().await, lobby.owner(&page).await), (0, None));
    assert_eq!(lobby.facebook.subscription(SHOP_PAGE), None);
}

#[tokio::test]
async fn a_new_page_that_cannot_be_subscribed_is_let_go() {
    let lobby = Lobby::open().await;
    for (fault, on) in
        [(refused(), POST), (refused(), GET), (Fault::ServerError, POST), (Fault::ServerErrorAfter, POST)]
    {
        lobby.facebook.switch(Switch::standing(fault).on(on));
        lobby.connect(SHOP_PAGE).await.assert_refused(&Refusal::NotSubscribed { kept: false });
        assert_nothing_left(&lobby).await;
        lobby.facebook.clear_faults();
    }
    // And it can be connected after all, by the same choice.
    let mut browser = Browser::default();
    let choice = lobby.choice(&mut browser, SELLER, None).await;
    lobby.facebook.switch(Switch::next(refused(), 1).on(POST));
    let reply = lobby.pick(&mut browser, &choice, SHOP_PAGE).await;
    reply.assert_refused(&Refusal::NotSubscribed { kept: false });
    lobby.pick(&mut browser, &choice, SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
}

#[tokio::test]
async fn fields_that_are_not_read_back_are_missing() {
    let lobby = Lobby::open().await;
    // Facebook forgets what it was asked, and says nothing.
    let mut browser = Browser::default();
    let choice = lobby.choice(&mut browser, SELLER, None).await;
    lobby.facebook.switch(Switch::standing(Fault::Throttle { code: 32, minutes: 0 }).on(GET));
    let reply = lobby.pick(&mut browser, &choice, SHOP_PAGE).await;
    reply.assert_refused(&Refusal::NotSubscribed { kept: false });
    assert_nothing_left(&lobby).await;
}

#[tokio::test]
async fn one_failure_that_passes_is_tried_again() {
    let lobby = Lobby::open().await;
    for fault in [Fault::ServerError, Fault::ServerErrorAfter] {
        lobby.facebook.switch(Switch::next(fault, 1).on(POST));
        let page = fanpage(SHOP_PAGE);
        let again = lobby.page(&page).await.map(|_| page.clone());
        let mut browser = Browser::default();
        let choice = lobby.choice(&mut browser, SELLER, again).await;
        lobby.pick(&mut browser, &choice, SHOP_PAGE).await.assert_connected(&page);
    }
}

#[tokio::test]
async fn a_page_that_was_connected_before_stays_and_has_to_be_connected_again() {
    let lobby = Lobby::open().await;
    let page = fanpage(SHOP_PAGE);
    lobby.connect(SHOP_PAGE).await.assert_connected(&page);
    let mut browser = Browser::default();
    let choice = lobby.choice(&mut browser, SELLER, Some(page.clone())).await;
    lobby.facebook.switch(Switch::standing(refused()).on(POST));
    let reply = lobby.pick(&mut browser, &choice, SHOP_PAGE).await;
    reply.assert_refused(&Refusal::NotSubscribed { kept: true });
    let stored = lobby.page(&page).await.unwrap();
    assert_eq!(stored.status, ConnectionStatus::NeedsReconnect);
    assert_eq!(stored.reason.as_deref(), Some(reason::NOT_SUBSCRIBED));
    assert_eq!((lobby.slots().await, lobby.owner(&page).await), (1, Some(lobby.world.tenant())));
}

#[tokio::test]
async fn a_connect_that_the_store_fails_or_does_not_answer_happens_once() {
    for fault in [flaky::Fault::Conflict, flaky::Fault::InternalError, flaky::Fault::DropAfter] {
        let lobby = Lobby::open().await;
        let mut browser = Browser::default();
        let choice = lobby.choice(&mut browser, SELLER, None).await;
        lobby.flaky.next("TransactWriteItems", &[fault; 3]);
        lobby.pick(&mut browser, &choice, SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
        let stored = lobby.page(&fanpage(SHOP_PAGE)).await.unwrap();
        assert_eq!((stored.generation, stored.history.len(), lobby.slots().await), (1, 1, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_store_that_stays_away_connects_nothing() {
    let lobby = Lobby::open().await;
    lobby.flaky.next("TransactWriteItems", &[flaky::Fault::InternalError; 40]);
    lobby.connect(SHOP_PAGE).await.assert_refused(&Refusal::Unavailable("store_unavailable"));
    lobby.flaky.next("TransactWriteItems", &[flaky::Fault::InternalError; 40]);
    lobby.connect_oa(1, None).await.assert_refused(&Refusal::Unavailable("store_unavailable"));
    assert_eq!((lobby.slots().await, lobby.facebook.subscription(SHOP_PAGE)), (0, None));
    assert!(lobby.page(&fanpage(SHOP_PAGE)).await.is_none() && lobby.page(&oa(1)).await.is_none());
}
