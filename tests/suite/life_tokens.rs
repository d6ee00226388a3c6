//! Access tokens that end (pages.md §2.12, haravan.md §1.10): refreshed once, in time, and never lost in silence.

use std::time::Duration;

use common::clock::Clock;
use common::refresh::Refreshed;
use common::store::claims::ClaimToken;
use common::store::connections::{ConnectionStatus, Lease, reason};
use connect_tests::haravan::Fault;
use futures::future::join_all;
use local::embedded;

use crate::flaky::{self, FlakyDynamo};
use crate::harness::World;
use crate::shops::SHOP;

const DAY: Duration = Duration::from_secs(24 * 3600);
const LEASE: Duration = common::store::connections::REFRESH_LEASE;

#[tokio::test]
async fn two_workers_that_refresh_at_once_call_the_token_endpoint_once() {
    let world = World::start().await;
    let shop = world.install(DAY, true).await;
    let state = shop.token_state();
    let client = world.stack.embedded.client();
    let other = world.another_upkeep(&client);
    // Two processes, and five callers in each.
    let callers = [&world.stack.upkeep, &other]
        .into_iter()
        .flat_map(|upkeep| std::iter::repeat_with(|| upkeep.refresher.refresh(&state)).take(5));
    let outcomes = join_all(callers).await;
    assert_eq!(world.refreshes(), 1);
    for outcome in outcomes {
        match outcome {
            Refreshed::Fresh(now) => assert_eq!(now.version, shop.token_version + 1),
            Refreshed::Later => {}
            other => panic!("{other:?}"),
        }
    }
    // Whoever comes late with what it read before is given the new pair, and asks nobody.
    let late = other.refresher.refresh(&shop.token_state()).await;
    assert!(matches!(late, Refreshed::Fresh(_)), "{late:?}");
    assert_eq!(world.refreshes(), 1);
    assert_eq!(world.shop().await.refresh_started, None);
}

#[tokio::test]
async fn a_token_is_refreshed_when_half_its_life_is_over_and_not_before() {
    let world = World::start().await;
    let shop = world.install(DAY, true).await;
    for _ in 0..9 {
        world.visits_after(Duration::from_secs(3600)).await;
    }
    assert_eq!((world.refreshes(), world.shop().await.token_version), (0, shop.token_version));
    for _ in 0..4 {
        world.visits_after(Duration::from_secs(3600)).await;
    }
    assert_eq!((world.refreshes(), world.shop().await.token_version), (1, shop.token_version + 1));
    // And again, for as long as it takes.
    for _ in 0..50 {
        world.visits_after(Duration::from_secs(3600)).await;
    }
    let shop = world.shop().await;
    assert_eq!(shop.status, ConnectionStatus::Connected);
    assert!(shop.tokens.unwrap().expires_at.unwrap() > world.clock.now());
    assert!((4..=7).contains(&world.refreshes()), "{}", world.refreshes());
}

#[tokio::test]
async fn a_token_without_an_end_is_never_refreshed() {
    let world = World::start().await;
    for _ in 0..30 {
        world.visits_after(DAY).await;
    }
    assert_eq!(world.refreshes(), 0);
    assert_eq!(world.shop().await.status, ConnectionStatus::Connected);
}

#[tokio::test]
async fn a_crash_after_the_rotation_shows_as_needs_reconnect() {
    let world = World::start().await;
    let shop = world.install(DAY, true).await;
    // A worker takes the lease, Haravan rotates, and the worker dies before it writes.
    let shops = &world.stack.store.connections;
    let owner = ClaimToken::random().unwrap();
    let lease =
        shops.lease_refresh(&shop.this(), shop.token_version, &owner, world.clock.now()).await.unwrap();
    assert!(matches!(lease, Lease::Won(_)));
    world.haravan().withdraw_grants(Some(SHOP), None).unwrap();

    // While its lease runs nobody else sends the token.
    let meanwhile = world.stack.upkeep.refresher.refresh(&shop.token_state()).await;
    assert!(matches!(meanwhile, Refreshed::Later), "{meanwhile:?}");
    assert_eq!(world.refreshes(), 0);

    world.clock.advance(LEASE);
    world.visits_after(DAY / 2).await;
    let now = world.shop().await;
    assert_eq!(
        (now.status, now.reason.as_deref()),
        (ConnectionStatus::NeedsReconnect, Some(reason::REFRESH_LOST))
    );
    assert_eq!(world.refreshes(), 1);

    // Connecting again mends it.
    let again = world.install(DAY, true).await;
    assert_eq!((again.status, again.reason), (ConnectionStatus::Connected, None));
}

#[tokio::test]
async fn a_crash_before_haravan_heard_of_it_is_recovered() {
    let world = World::start().await;
    let shop = world.install(DAY, true).await;
    let owner = ClaimToken::random().unwrap();
    let shops = &world.stack.store.connections;
    shops.lease_refresh(&shop.this(), shop.token_version, &owner, world.clock.now()).await.unwrap();
    world.clock.advance(LEASE);
    world.visits_after(DAY / 2).await;
    let now = world.shop().await;
    assert_eq!((now.status, now.token_version), (ConnectionStatus::Connected, shop.token_version + 1));
    assert_eq!((world.refreshes(), now.refresh_started), (1, None));
}

#[tokio::test]
async fn a_store_that_fails_after_the_rotation_is_written_to_again_and_haravan_is_not_called_again() {
    for faults in [
        vec![flaky::Fault::InternalError; 4],
        vec![flaky::Fault::DropAfter],
        vec![flaky::Fault::Throttle, flaky::Fault::DropBefore, flaky::Fault::DropAfter],
    ] {
        let world = World::start().await;
        let shop = world.install(DAY, true).await;
        let proxy = FlakyDynamo::before(&world.stack.embedded).await;
        let upkeep = world.another_upkeep(&embedded::client(&proxy.url));
        // The lease passes, the write of the pair does not.
        proxy.after("UpdateItem", 1, &faults);
        let outcome = upkeep.refresher.refresh(&shop.token_state()).await;
        assert!(matches!(outcome, Refreshed::Fresh(_)), "{faults:?}: {outcome:?}");
        assert_eq!(world.refreshes(), 1, "{faults:?}");
        assert_eq!(world.shop().await.token_version, shop.token_version + 1);
    }
}

#[tokio::test]
async fn a_pair_the_store_refuses_for_long_is_kept_and_written_first_thing() {
    let world = World::start().await;
    let shop = world.install(DAY, true).await;
    let proxy = FlakyDynamo::before(&world.stack.embedded).await;
    let upkeep = world.another_upkeep(&embedded::client(&proxy.url));
    proxy.after("UpdateItem", 1, &[flaky::Fault::InternalError; 100]);
    let outcome = upkeep.refresher.refresh(&shop.token_state()).await;
    assert!(matches!(outcome, Refreshed::Later), "{outcome:?}");
    assert!(world.shop().await.refresh_started.is_some());
    proxy.next("UpdateItem", &[]);
    let outcome = upkeep.refresher.refresh(&shop.token_state()).await;
    assert!(matches!(outcome, Refreshed::Fresh(_)), "{outcome:?}");
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_once_more() {
    for fault in [Fault::Token500, Fault::TokenHtml] {
        let world = World::start().await;
        let shop = world.install(DAY, true).await;
        world.haravan().once(fault);
        world.visits_after(DAY / 2).await;
        let now = world.shop().await;
        assert_eq!((now.status, now.token_version), (ConnectionStatus::Connected, shop.token_version + 1));
        assert_eq!(world.refreshes(), 2);
    }
}

#[tokio::test]
async fn a_new_pair_that_was_lost_on_its_way_shows_as_needs_reconnect() {
    for fault in [Fault::Token500AfterCommit, Fault::TokenLostAfterCommit] {
        let world = World::start().await;
        world.install(DAY, true).await;
        world.haravan().once(fault);
        world.visits_after(DAY / 2).await;
        let now = world.shop().await;
        assert_eq!(now.reason.as_deref(), Some(reason::REFRESH_LOST));
        assert_eq!(now.status, ConnectionStatus::NeedsReconnect);
        assert_eq!(world.refreshes(), 2);
    }
}

#[tokio::test]
async fn a_lost_answer_costs_nothing_where_refresh_tokens_stay() {
    let world = World::start().await;
    let shop = world.install(DAY, false).await;
    world.haravan().once(Fault::Token500AfterCommit);
    world.visits_after(DAY / 2).await;
    let now = world.shop().await;
    assert_eq!((now.status, now.token_version), (ConnectionStatus::Connected, shop.token_version + 1));
}

#[tokio::test]
async fn an_accounts_server_that_is_down_is_asked_again_until_it_answers() {
    let world = World::start().await;
    let shop = world.install(DAY, true).await;
    world.haravan().always(Fault::Token500);
    world.visits_after(DAY / 2).await;
    for _ in 0..20 {
        world.visits_after(Duration::from_secs(60)).await;
    }
    assert!(world.refreshes() >= 20, "{}", world.refreshes());
    assert_eq!(world.shop().await.status, ConnectionStatus::Connected);
    world.haravan().clear_faults();
    world.visits_after(Duration::from_secs(60)).await;
    assert_eq!(world.shop().await.token_version, shop.token_version + 1);
}

#[tokio::test]
async fn a_refresh_token_that_haravan_refuses_asks_for_a_new_connection() {
    let world = World::start().await;
    world.install(DAY, true).await;
    world.haravan().withdraw_grants(Some(SHOP), None).unwrap();
    world.visits_after(DAY / 2).await;
    let now = world.shop().await;
    assert_eq!(
        (now.status, now.reason.as_deref()),
        (ConnectionStatus::NeedsReconnect, Some(reason::REFRESH_REFUSED))
    );
    // The access token lives on, and what it is good for goes on until it ends.
    assert!(now.tokens.is_some_and(|tokens| tokens.refresh.is_none()));
    for _ in 0..14 {
        world.visits_after(Duration::from_secs(3600)).await;
    }
    let now = world.shop().await;
    assert_eq!((now.status, now.tokens), (ConnectionStatus::NeedsReconnect, None));
    assert_eq!(now.reason.as_deref(), Some(reason::REFRESH_REFUSED));
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_keeps_the_old_one() {
    let world = World::start().await;
    let shop = world.install(DAY, false).await;
    world.haravan().always(Fault::TokenNoRefreshToken);
    world.visits_after(DAY / 2).await;
    world.visits_after(DAY / 2).await;
    let now = world.shop().await;
    assert_eq!((now.status, now.token_version), (ConnectionStatus::Connected, shop.token_version + 2));
    assert_eq!(now.tokens.unwrap().refresh, shop.tokens.unwrap().refresh);
}

#[tokio::test]
async fn a_token_that_ended_with_nothing_to_refresh_it_asks_for_a_new_connection() {
    let world = World::start().await;
    let mut tokens = world.fresh_tokens(DAY, true).await;
    tokens.refresh = None;
    world.connect(&tokens).await;
    world.visits_after(DAY / 2).await;
    assert_eq!(world.shop().await.status, ConnectionStatus::Connected);
    world.visits_after(DAY).await;
    let now = world.shop().await;
    assert_eq!(
        (now.status, now.reason.as_deref()),
        (ConnectionStatus::NeedsReconnect, Some(reason::TOKEN_ENDED))
    );
    assert_eq!(now.tokens, None);
}

#[tokio::test]
async fn a_client_secret_that_was_mistyped_costs_the_connection_only_when_the_token_ends() {
    let world = World::start().await;
    let shop = world.install(DAY, true).await;
    let right = world.stack.addresses.client_secret.clone();
    world.rotate_client_secret("mistyped").await;
    world.visits_after(DAY / 2).await;
    assert_eq!(world.shop().await.status, ConnectionStatus::Connected);
    world.rotate_client_secret(&right).await;
    world.visits_after(Duration::from_secs(61)).await;
    assert_eq!(world.shop().await.token_version, shop.token_version + 1);

    world.rotate_client_secret("mistyped").await;
    for _ in 0..26 {
        world.visits_after(Duration::from_secs(3600)).await;
    }
    let now = world.shop().await;
    assert_eq!(
        (now.status, now.reason.as_deref()),
        (ConnectionStatus::NeedsReconnect, Some(reason::REFRESH_REFUSED))
    );
}
