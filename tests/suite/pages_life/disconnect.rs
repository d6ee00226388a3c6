//! *Ngắt kết nối*: the end, the telling, the wiping, and the form that asks for it.

use common::pages::end::{Failure, disconnect};
use common::pages::ticket::{Act, DISCONNECT};
use common::store::connections::{ConnectionStatus, PageKey, reason};
use connect_tests::facebook::{Fault, SELLER, Switch};

use super::{DAY, HOUR, Life, MINUTE, admin, stands};

const DELETE: &str = "DELETE /*/subscribed_apps";

#[tokio::test]
async fn a_disconnect_tells_facebook_wipes_the_tokens_frees_the_slot_and_leaves_a_receipt() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    assert!(life.is_subscribed());
    assert_eq!(life.slots().await, 1);

    let reply = life.press_disconnect(&page).await;
    let PageKey::Facebook(id) = &page.page else { panic!() };
    let back = format!("{}/console/pages?disconnected=facebook-{id}", life.origin().await);
    assert_eq!((reply.status, reply.location), (303, Some(back)));
    let ended = life.page(&page.page).await;
    assert_eq!(stands(&ended), (ConnectionStatus::Disconnected, Some(reason::BY_ADMIN), false));
    assert_eq!((ended.generation, ended.due), (page.generation + 1, None));
    assert_eq!(ended.ended_by, Some(admin()));
    assert_eq!(ended.receipt.unwrap().len(), 10);
    assert!(ended.history.last().unwrap().ends_with(":disconnected:Lan"));
    assert!(!life.is_subscribed());
    assert_eq!(life.slots().await, 0);
    assert_eq!(life.pages.store.connections.owner(&page.this().subject).await.unwrap(), None);

    // Nobody looks after it any more.
    life.facebook.forget_requests();
    life.visits_every(DAY, 3 * DAY).await;
    assert!(life.facebook.requests().is_empty());
}

#[tokio::test]
async fn an_official_account_is_wiped_at_once_as_there_is_nobody_to_tell() {
    let life = Life::start().await;
    let page = life.official_account().await;
    life.zalo.forget_requests();
    let receipt = disconnect(&life.pages, &page, reason::BY_ADMIN, Some(&admin())).await.unwrap();
    assert!(receipt.ended && receipt.unsubscribed && receipt.tokens_wiped && receipt.failure.is_none());
    let ended = life.page(&page.page).await;
    assert_eq!(stands(&ended), (ConnectionStatus::Disconnected, Some(reason::BY_ADMIN), false));
    assert_eq!((ended.receipt, life.slots().await), (Some(receipt.id), 0));
    assert!(life.zalo.requests().is_empty());
}

#[tokio::test]
async fn a_facebook_that_is_down_is_said_and_told_later() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    life.facebook.switch(Switch::standing(Fault::ServerError).on(DELETE));
    let receipt = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    assert!(receipt.ended && !receipt.unsubscribed && !receipt.tokens_wiped);
    assert_eq!(receipt.failure, Some(Failure::NoAnswer));
    // It has ended all the same; only the rest waits.
    let ended = life.page(&page.page).await;
    assert_eq!(stands(&ended), (ConnectionStatus::Disconnected, Some(reason::BY_ADMIN), true));
    assert_eq!(life.slots().await, 0);

    let tries = life.calls("DELETE", "/subscribed_apps");
    life.visits_every(MINUTE, 6 * HOUR).await;
    let tries = life.calls("DELETE", "/subscribed_apps") - tries;
    assert!((5..=30).contains(&tries), "with growing pauses: {tries}");
    assert!(life.page(&page.page).await.tokens.is_some());

    life.facebook.clear_faults();
    life.visits_every(MINUTE, 2 * HOUR).await;
    let ended = life.page(&page.page).await;
    assert_eq!((ended.tokens, ended.due, ended.receipt), (None, None, Some(receipt.id)));
    assert!(!life.is_subscribed());
}

#[tokio::test]
async fn a_facebook_that_stays_down_is_given_up_after_a_day() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    life.facebook.switch(Switch::standing(Fault::ServerError).on(DELETE));
    let receipt = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    life.visits_every(HOUR, 22 * HOUR).await;
    assert!(life.page(&page.page).await.tokens.is_some());
    life.visits_every(HOUR, 4 * HOUR).await;
    let ended = life.page(&page.page).await;
    assert_eq!((ended.tokens, ended.due, ended.receipt), (None, None, Some(receipt.id)));
    assert!(life.is_subscribed(), "that is what the operator's line says");
    assert_eq!(life.pages.store.connections.owner(&page.this().subject).await.unwrap(), None);
}

#[tokio::test]
async fn a_limit_is_waited_for_as_long_as_facebook_says() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    life.facebook.switch(Switch::next(Fault::Throttle { code: 80_001, minutes: 17 }, 1).on(DELETE));
    let receipt = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    assert_eq!(receipt.failure, Some(Failure::Limited(Some(17 * MINUTE))));
    life.facebook.switch(Switch::next(Fault::Throttle { code: 80_001, minutes: 17 }, 1).on(DELETE));
    life.visits_after(MINUTE).await;
    let tries = life.calls("DELETE", "/subscribed_apps");
    life.visits_every(MINUTE, 15 * MINUTE).await;
    assert_eq!(life.calls("DELETE", "/subscribed_apps"), tries);
    life.visits_every(MINUTE, 5 * MINUTE).await;
    assert_eq!(life.page(&page.page).await.tokens, None);
}

#[tokio::test]
async fn a_page_whose_token_is_dead_is_unsubscribed_with_the_app_s() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    life.facebook.change_password(SELLER).unwrap();
    let receipt = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    assert!(receipt.unsubscribed && receipt.tokens_wiped, "{receipt:?}");
    assert!(!life.is_subscribed());

    // The same where the token was wiped before.
    let page = life.fanpage().await;
    life.facebook.change_password(SELLER).unwrap();
    life.visits_after(DAY).await;
    let wiped = life.page(&page.page).await;
    assert_eq!(stands(&wiped), (ConnectionStatus::NeedsReconnect, Some(reason::PASSWORD_CHANGED), false));
    assert!(life.is_subscribed());
    let receipt = disconnect(&life.pages, &wiped, reason::BY_ADMIN, None).await.unwrap();
    assert!(receipt.unsubscribed && receipt.tokens_wiped, "{receipt:?}");
    assert!(!life.is_subscribed());
}

#[tokio::test]
async fn an_app_that_facebook_refuses_is_a_failure_and_not_done() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    life.facebook
        .switch(Switch::standing(Fault::Graph { code: 190, subcode: None, message: None }).on(DELETE));
    let receipt = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    assert_eq!((receipt.failure, receipt.tokens_wiped), (Some(Failure::Refused), false));
    life.facebook.clear_faults();
    life.visits_after(2 * MINUTE).await;
    assert_eq!(life.page(&page.page).await.tokens, None);
    assert!(!life.is_subscribed());
}

#[tokio::test]
async fn a_page_that_is_gone_at_facebook_is_as_good_as_unsubscribed() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    life.facebook
        .switch(Switch::standing(Fault::Graph { code: 100, subcode: Some(33), message: None }).on(DELETE));
    let receipt = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    assert!(receipt.unsubscribed && receipt.tokens_wiped, "{receipt:?}");
}

#[tokio::test]
async fn a_disconnect_that_was_cut_off_is_finished_by_upkeep() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    let (connections, now) = (&life.pages.store.connections, life.upkeep.clock.now());
    assert!(connections.end_page(&page, reason::BY_ADMIN, None, "r", now).await.unwrap());
    life.visits_after(MINUTE).await;
    let ended = life.page(&page.page).await;
    assert_eq!((ended.tokens, ended.due, ended.receipt.as_deref()), (None, None, Some("r")));
    assert!(!life.is_subscribed());
}

#[tokio::test]
async fn disconnecting_twice_ends_once_and_shows_the_same_receipt() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    let first = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    let second = disconnect(&life.pages, &page, reason::BY_ADMIN, None).await.unwrap();
    assert!(first.ended && !second.ended);
    assert_eq!((second.id, second.tokens_wiped), (first.id, true));
    assert_eq!(life.slots().await, 0);
    // From two windows of the console, too.
    assert_eq!(life.press_disconnect(&page).await.status, 303);
    assert_eq!(life.page(&page.page).await.generation, page.generation + 1);
}

#[tokio::test]
async fn a_ticket_works_once_from_the_console_and_for_what_it_is() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    let act = || Act::Disconnect { page: page.page.clone(), generation: page.generation };
    let refused = async |reply: super::Reply, status: u16| {
        assert_eq!((reply.status, reply.location), (status, None), "{}", reply.body);
        assert!(reply.body.contains("<p class=\"id\">"), "{}", reply.body);
        assert!(reply.body.matches("class=\"button\"").count() <= 1);
        assert!(life.page(&page.page).await.is_live());
    };
    refused(life.hand_in("invented").await, 400).await;
    refused(life.post(DISCONNECT, &[], None).await, 400).await;
    refused(life.post(DISCONNECT, &[("ticket", "a"), ("ticket", "b")], None).await, 400).await;

    life.ticket("foreign", act()).await;
    let foreign = life.post(DISCONNECT, &[("ticket", "foreign")], Some("https://evil.example")).await;
    refused(foreign, 403).await;
    refused(life.hand_in("foreign").await, 400).await;

    life.ticket("connect", Act::Connect(None)).await;
    refused(life.hand_in("connect").await, 400).await;

    life.ticket("late", act()).await;
    life.world.clock.advance(11 * MINUTE);
    refused(life.hand_in("late").await, 400).await;

    life.ticket("old", Act::Disconnect { page: page.page.clone(), generation: page.generation - 1 }).await;
    let reply = life.hand_in("old").await;
    assert!(reply.body.contains("/console/pages"), "{}", reply.body);
    refused(reply, 409).await;

    life.ticket("right", act()).await;
    assert_eq!(life.hand_in("right").await.status, 303);
    assert!(!life.page(&page.page).await.is_live());
}
