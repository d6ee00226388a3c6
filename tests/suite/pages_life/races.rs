//! A disconnect against everything that may run beside it.

use std::sync::Arc;
use std::time::Duration;

use common::pages::end::{Finished, disconnect, finish};
use common::store::connections::{ConnectionStatus, reason};
use connect_tests::facebook::{Fault, SHOP_PAGE, Switch};
use connect_tests::zalo;
use local::embedded;

use super::{HOUR, Life, MINUTE, oa, stands};
use crate::flaky::{self, FlakyDynamo};

const A_MOMENT: Duration = Duration::from_millis(150);
const LONGER: u64 = 600;

#[tokio::test]
async fn a_page_that_was_connected_again_is_not_unsubscribed_by_the_end_before() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    let (connections, now) = (&life.pages.store.connections, life.upkeep.clock.now());
    assert!(connections.end_page(&page, reason::BY_ADMIN, None, "r", now).await.unwrap());
    let ended = life.page(&page.page).await;
    let again = life.connect_facebook(&page.tenant, SHOP_PAGE).await;
    let calls = life.calls("DELETE", "/subscribed_apps");
    assert_eq!(finish(&life.pages, &ended).await.unwrap(), Finished::Changed);
    assert_eq!(life.calls("DELETE", "/subscribed_apps"), calls);
    let late = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    assert!(!late.ended && !late.tokens_wiped);
    let now = life.page(&page.page).await;
    assert_eq!((now.status, now.generation), (ConnectionStatus::Connected, again.generation));
    assert!(life.is_subscribed() && life.slots().await == 1);
}

#[tokio::test]
async fn a_connect_during_the_unsubscribe_gets_its_subscription_back() {
    let life = Arc::new(Life::start().await);
    let page = life.fanpage().await;
    life.facebook.switch(Switch::next(Fault::Delay { millis: LONGER }, 1).on("DELETE /*/subscribed_apps"));
    let ending = {
        let (life, page) = (Arc::clone(&life), page.clone());
        tokio::spawn(async move { disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap() })
    };
    tokio::time::sleep(A_MOMENT).await;
    let again = life.connect_facebook(&page.tenant, SHOP_PAGE).await;
    let receipt = ending.await.unwrap();
    assert!(receipt.ended && !receipt.tokens_wiped, "{receipt:?}");
    let now = life.page(&page.page).await;
    assert_eq!((now.status, now.generation), (ConnectionStatus::Connected, again.generation));
    assert!(now.tokens.is_some() && now.suspected_at.is_some());
    life.visits_after(MINUTE).await;
    assert!(life.is_subscribed());
    assert_eq!(life.slots().await, 1);
}

#[tokio::test]
async fn a_disconnect_during_a_look_that_subscribes_has_the_last_word() {
    let life = Arc::new(Life::start().await);
    let page = life.fanpage().await;
    life.unsubscribe().await;
    life.facebook.switch(Switch::next(Fault::Delay { millis: LONGER }, 1).on("POST /*/subscribed_apps"));
    let looking = {
        let life = Arc::clone(&life);
        tokio::spawn(async move { life.visits_after(24 * HOUR).await })
    };
    tokio::time::sleep(A_MOMENT).await;
    let receipt = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    assert!(receipt.ended && receipt.tokens_wiped, "{receipt:?}");
    looking.await.unwrap();
    let now = life.page(&page.page).await;
    assert_eq!((now.status, now.tokens, now.due), (ConnectionStatus::Disconnected, None, None));
    assert!(!life.is_subscribed());
}

#[tokio::test]
async fn a_disconnect_during_a_refresh_leaves_no_token_behind() {
    let life = Arc::new(Life::start().await);
    let page = life.official_account().await;
    life.zalo.once(zalo::Fault::TokenSlow { millis: LONGER, committed: true });
    let refreshing = {
        let life = Arc::clone(&life);
        tokio::spawn(async move { life.visits_after(15 * HOUR).await })
    };
    tokio::time::sleep(A_MOMENT).await;
    let receipt = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    assert!(receipt.ended && receipt.tokens_wiped);
    refreshing.await.unwrap();
    let now = life.page(&oa()).await;
    assert_eq!(stands(&now), (ConnectionStatus::Disconnected, Some(reason::BY_ADMIN), false));
    assert_eq!((now.due, life.slots().await), (None, 0));
}

#[tokio::test]
async fn a_connect_during_a_look_that_finds_the_old_token_dead_is_left_alone() {
    let life = Arc::new(Life::start().await);
    let page = life.fanpage().await;
    life.facebook.change_password(connect_tests::facebook::SELLER).unwrap();
    life.facebook.switch(Switch::next(Fault::Delay { millis: LONGER }, 1).on("GET /debug_token"));
    let looking = {
        let life = Arc::clone(&life);
        tokio::spawn(async move { life.visits_after(24 * HOUR).await })
    };
    tokio::time::sleep(A_MOMENT).await;
    let again = life.connect_facebook(&page.tenant, SHOP_PAGE).await;
    looking.await.unwrap();
    let now = life.page(&page.page).await;
    assert_eq!((now.status, now.generation), (ConnectionStatus::Connected, again.generation));
    assert!(now.tokens.is_some() && now.due <= Some(life.upkeep.clock.now()), "it is due on its own account");
}

#[tokio::test]
async fn many_who_disconnect_at_once_end_it_once() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    let ends = (0..6).map(|_| disconnect(&life.pages, &page, reason::BY_ADMIN, None));
    let receipts: Vec<_> = futures::future::join_all(ends).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(receipts.iter().filter(|receipt| receipt.ended).count(), 1);
    assert!(receipts.iter().all(|receipt| receipt.id == receipts[0].id), "{receipts:?}");
    let now = life.page(&page.page).await;
    assert_eq!((now.generation, now.tokens, life.slots().await), (page.generation + 1, None, 0));
}

#[tokio::test]
async fn an_end_whose_write_got_no_answer_is_one_end() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    let proxy = FlakyDynamo::before(&life.world.stack.embedded).await;
    let flaky = life.another_upkeep(&embedded::client(&proxy.url));
    proxy.next("TransactWriteItems", &[flaky::Fault::DropAfter]);
    let receipt = disconnect(&flaky.pages, &page, reason::BY_ADMIN, None).await;
    life.visits_after(MINUTE).await;
    let now = life.page(&page.page).await;
    assert_eq!((now.status, now.generation), (ConnectionStatus::Disconnected, page.generation + 1));
    assert_eq!((now.tokens, life.slots().await), (None, 0));
    if let Ok(receipt) = receipt {
        assert!(receipt.ended);
        assert_eq!(now.receipt, Some(receipt.id));
    }
}
