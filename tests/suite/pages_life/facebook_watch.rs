//! Fanpages, looked at daily: what each trouble at Facebook comes to.

use common::store::connections::{ConnectionStatus, PageConnection, reason};
use connect_tests::facebook::{
    ClassicRole, Fault, PageId, SELLER, SHOP_PAGE, ScopeStatus, Simulator, Switch, TokenEnd,
};

use super::{DAY, HOUR, Life, MINUTE, stands};

const LOST: ConnectionStatus = ConnectionStatus::NeedsReconnect;

async fn after_a_day(trouble: impl FnOnce(&Simulator)) -> (Life, PageConnection) {
    let life = Life::start().await;
    let page = life.fanpage().await;
    trouble(&life.facebook);
    life.visits_after(DAY).await;
    let page = life.page(&page.page).await;
    (life, page)
}

#[tokio::test]
async fn a_page_that_is_well_is_looked_at_once_a_day_and_stays_so() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    assert_eq!(page.topics.as_ref().map(Vec::len), Some(common::facebook::subscription::FIELDS.len()));
    let looks = life.calls("GET", "/debug_token");
    life.visits_every(HOUR, 10 * DAY).await;
    let looks = life.calls("GET", "/debug_token") - looks;
    assert!((9..=12).contains(&looks), "{looks}");
    let page = life.page(&page.page).await;
    assert_eq!(stands(&page), (ConnectionStatus::Connected, None, true));
    assert!(page.warnings.is_empty() && life.calls("POST", "/subscribed_apps") == 1);
    // `debug_token` takes the token it is asked about in its address and in no other way (pages.md §1.12).
    let asks = |path: &str| path == "/debug_token";
    let calls = life.facebook.requests();
    assert!(calls.iter().all(|call| call.proof && (!call.secret_in_url || asks(&call.path))));
}

#[tokio::test]
async fn a_right_that_is_gone_for_good_is_said_with_its_reason_and_the_token_is_wiped() {
    type Trouble = fn(&Simulator);
    let troubles: [(Trouble, &str); 5] = [
        (|facebook| facebook.change_password(SELLER).unwrap(), reason::PASSWORD_CHANGED),
        (|facebook| facebook.expire_tokens(SELLER).unwrap(), reason::TOKEN_ENDED),
        (|facebook| facebook.end_person(SELLER, TokenEnd::LoggedOut).unwrap(), reason::PASSWORD_CHANGED),
        (|facebook| facebook.untick_page(SELLER, SHOP_PAGE).unwrap(), reason::TOKEN_REFUSED),
        // The callback is not delivered here: the look finds out by itself.
        (|facebook| facebook.remove_app(SELLER).unwrap(), reason::REVOKED),
    ];
    for (trouble, why) in troubles {
        let (life, page) = after_a_day(trouble).await;
        assert_eq!(stands(&page), (LOST, Some(why), false));
        assert_eq!(life.slots().await, 1, "it keeps its slot");
        // And nobody knocks for nothing.
        life.facebook.forget_requests();
        life.visits_every(DAY, 3 * DAY).await;
        assert!(life.facebook.requests().is_empty());
    }
}

#[tokio::test]
async fn what_a_person_can_put_right_is_said_and_found_out_when_they_have() {
    type Change = fn(&Simulator);
    let troubles: [(Change, Change, &str); 5] = [
        (
            |facebook| facebook.lock_person(SELLER, Some(TokenEnd::Checkpoint)).unwrap(),
            |facebook| facebook.lock_person(SELLER, None).unwrap(),
            reason::CHECKPOINT,
        ),
        (
            |facebook| facebook.lock_person(SELLER, Some(TokenEnd::Unconfirmed)).unwrap(),
            |facebook| facebook.lock_person(SELLER, None).unwrap(),
            reason::CHECKPOINT,
        ),
        (
            |facebook| facebook.set_role(SELLER, SHOP_PAGE, None).unwrap(),
            |facebook| facebook.set_role(SELLER, SHOP_PAGE, Some(ClassicRole::Editor.into())).unwrap(),
            reason::ROLE_LOST,
        ),
        (
            |facebook| {
                facebook.set_role(SELLER, SHOP_PAGE, Some(ClassicRole::Analyst.into())).unwrap();
            },
            |facebook| facebook.set_role(SELLER, SHOP_PAGE, Some(ClassicRole::Admin.into())).unwrap(),
            reason::SCOPE,
        ),
        (
            |facebook| facebook.set_scope(SELLER, "pages_messaging", ScopeStatus::Declined).unwrap(),
            |facebook| facebook.set_scope(SELLER, "pages_messaging", ScopeStatus::Granted).unwrap(),
            reason::SCOPE,
        ),
    ];
    for (trouble, cure, why) in troubles {
        let (life, page) = after_a_day(trouble).await;
        assert_eq!(stands(&page), (LOST, Some(why), true));
        cure(&life.facebook);
        life.visits_after(DAY).await;
        let page = life.page(&page.page).await;
        assert_eq!(stands(&page), (ConnectionStatus::Connected, None, true), "{why}");
    }
}

#[tokio::test]
async fn a_token_that_is_said_to_be_another_s_is_not_thrown_away() {
    for fault in [Fault::DebugOtherApp, Fault::DebugOtherPage] {
        let (life, page) = after_a_day(|facebook| facebook.once(fault)).await;
        assert_eq!(stands(&page), (LOST, Some(reason::TOKEN_REFUSED), true));
        life.visits_after(DAY).await;
        assert_eq!(life.page(&page.page).await.status, ConnectionStatus::Connected);
    }
}

#[tokio::test]
async fn what_passes_and_what_is_our_own_fault_decides_nothing() {
    let graph = |code, subcode| Fault::Graph { code, subcode, message: None };
    for fault in [
        Fault::ServerError,
        graph(1, None),
        graph(2, None),
        graph(4, None),
        graph(341, None),
        graph(368, None),
        graph(3, None),
        graph(101, None),
        graph(104, None),
        graph(9_999, None),
        Fault::Throttle { code: 80_001, minutes: 17 },
        Fault::Throttle { code: 32, minutes: 0 },
    ] {
        let (life, page) = after_a_day(|facebook| facebook.always(fault.clone())).await;
        life.visits_every(HOUR, 12 * HOUR).await;
        let now = life.page(&page.page).await;
        assert_eq!(stands(&now), (ConnectionStatus::Connected, None, true), "{fault:?}");
        let asked = now.topics_at;
        life.facebook.clear_faults();
        life.visits_every(HOUR, 3 * HOUR).await;
        assert!(life.page(&page.page).await.topics_at > asked, "{fault:?}");
    }
    // Only the app's own token is refused: that says nothing about the page.
    let fault = Switch::standing(graph(190, Some(460))).on("GET /debug_token");
    let (_life, page) = after_a_day(|facebook| facebook.switch(fault)).await;
    assert_eq!(stands(&page), (ConnectionStatus::Connected, None, true));
}

#[tokio::test]
async fn a_limit_is_waited_for_and_other_failures_are_asked_again_with_growing_pauses() {
    let (life, _) =
        after_a_day(|facebook| facebook.always(Fault::Throttle { code: 80_001, minutes: 40 })).await;
    life.facebook.forget_requests();
    life.visits_every(MINUTE, 38 * MINUTE).await;
    assert!(life.facebook.requests().is_empty());
    life.visits_every(MINUTE, 5 * MINUTE).await;
    assert!(!life.facebook.requests().is_empty());

    life.facebook.clear_faults();
    life.visits_every(HOUR, 2 * HOUR).await;
    life.facebook.always(Fault::ServerError);
    life.facebook.forget_requests();
    life.visits_every(5 * MINUTE, 2 * DAY).await;
    let asked = life.facebook.requests().len();
    assert!((15..=60).contains(&asked), "{asked}");
}

#[tokio::test]
async fn a_subscription_that_was_lost_is_put_back() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    life.unsubscribe().await;
    life.visits_after(DAY).await;
    let fields = life.facebook.subscription(SHOP_PAGE).unwrap();
    assert!(common::facebook::subscription::missing_fields(&fields).is_empty());
    let page = life.page(&page.page).await;
    assert_eq!(stands(&page), (ConnectionStatus::Connected, None, true));
    assert!(page.warnings.is_empty() && page.topics_at.is_some());
    // A hint does it at once.
    life.unsubscribe().await;
    life.hint(&page).await;
    life.visits_after(MINUTE).await;
    assert!(life.is_subscribed() && life.page(&page.page).await.suspected_at.is_none());
}

#[tokio::test]
async fn a_subscription_that_cannot_be_put_back_shows() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    life.unsubscribe().await;
    life.facebook.switch(Switch::standing(Fault::ServerError).on("POST /*/subscribed_apps"));
    life.visits_after(DAY).await;
    let now = life.page(&page.page).await;
    assert_eq!(now.warnings, ["not_subscribed"]);
    assert!(now.due.unwrap() < life.upkeep.clock.now() + 2 * HOUR);
    life.facebook.clear_faults();
    life.visits_after(2 * HOUR).await;
    let now = life.page(&page.page).await;
    assert!(life.is_subscribed() && now.warnings.is_empty() && now.reason.is_none());
}

#[tokio::test]
async fn an_admin_is_warned_two_weeks_before_the_right_to_data_ends() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    life.visits_every(DAY, 74 * DAY).await;
    assert!(life.page(&page.page).await.warnings.is_empty());
    life.visits_every(DAY, 4 * DAY).await;
    let now = life.page(&page.page).await;
    assert_eq!(
        (now.status, now.warnings),
        (ConnectionStatus::Connected, vec!["data_access_ends".to_owned()])
    );
}

#[tokio::test]
async fn one_page_in_trouble_does_not_hold_up_another() {
    let life = Life::start().await;
    let one = life.fanpage().await;
    let two = life.connect_facebook(&life.world.tenant(), PageId(SHOP_PAGE.0 + 1)).await;
    life.visits_after(MINUTE).await;
    life.facebook.switch(
        Switch::standing(Fault::Delay { millis: 300 }).on(&format!("GET /{SHOP_PAGE}/subscribed_apps")),
    );
    life.facebook
        .switch(Switch::standing(Fault::ServerError).on(&format!("GET /{SHOP_PAGE}/subscribed_apps")));
    let asked = life.page(&two.page).await.topics_at;
    life.visits_after(DAY).await;
    assert!(life.page(&two.page).await.topics_at > asked);
    assert_eq!(life.page(&one.page).await.status, ConnectionStatus::Connected);
}
