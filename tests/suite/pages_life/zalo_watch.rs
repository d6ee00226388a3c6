//! Official Accounts: refreshed at half the life of their token, once, and never lost in silence (pages.md §2.12).

use common::refresh::Refreshed;
use common::store::claims::ClaimToken;
use common::store::connections::{ConnectionStatus, Lease, REFRESH_LEASE, reason};
use connect_tests::zalo::{Fault, OaId, Standing, Switch};
use futures::future::join_all;

use super::{DAY, HOUR, Life, MINUTE, OA, oa, stands};

const LOST: ConnectionStatus = ConnectionStatus::NeedsReconnect;
const WELL: (ConnectionStatus, Option<&str>, bool) = (ConnectionStatus::Connected, None, true);

fn account() -> OaId {
    OA.into()
}

#[tokio::test]
async fn a_token_is_refreshed_when_half_its_life_is_over_and_not_before() {
    let life = Life::start().await;
    life.official_account().await;
    life.visits_every(HOUR, 9 * HOUR).await;
    assert_eq!(life.zalo.refreshes(&account()), 0);
    life.visits_every(HOUR, 5 * HOUR).await;
    assert_eq!(life.zalo.refreshes(&account()), 1);
    // And again, for as long as it takes: longer than a refresh token would live.
    life.visits_every(8 * HOUR, 100 * DAY).await;
    let page = life.page(&oa()).await;
    assert_eq!(stands(&page), WELL);
    let refreshes = life.zalo.refreshes(&account());
    assert!((130..=200).contains(&refreshes), "{refreshes}");
    let pair = life.zalo.live_pair(&account()).unwrap();
    assert_eq!(life.opened(&page).await, (pair.access_token, Some(pair.refresh_token)));
}

#[tokio::test]
async fn two_workers_that_refresh_at_once_call_zalo_once() {
    let life = Life::start().await;
    let page = life.official_account().await;
    let other = life.another_upkeep(&life.world.stack.embedded.client());
    let state = page.token_state();
    let callers = [&life.upkeep, &other]
        .into_iter()
        .flat_map(|upkeep| std::iter::repeat_with(|| upkeep.refresher.refresh(&state)).take(5));
    for outcome in join_all(callers).await {
        assert!(matches!(outcome, Refreshed::Fresh(_) | Refreshed::Later), "{outcome:?}");
    }
    assert_eq!((life.zalo.refreshes(&account()), life.zalo.refused_refreshes()), (1, 0));
    // Two runs of upkeep at once, too.
    life.world.clock.advance(14 * HOUR);
    let runs = [upkeep::due::visit_due(&life.upkeep), upkeep::due::visit_due(&other)];
    for run in join_all(runs).await {
        run.unwrap();
    }
    assert_eq!((life.zalo.refreshes(&account()), life.zalo.refused_refreshes()), (2, 0));
    assert_eq!(stands(&life.page(&oa()).await), WELL);
}

#[tokio::test]
async fn a_pair_whose_answer_was_lost_shows_as_needs_reconnect() {
    for fault in
        [Fault::TokenLostAfterCommit, Fault::Token502Html { committed: true }, Fault::TokenNoRefreshToken]
    {
        let life = Life::start().await;
        let page = life.official_account().await;
        life.zalo.once(fault.clone());
        life.visits_after(15 * HOUR).await;
        let now = life.page(&oa()).await;
        assert_eq!(stands(&now), (LOST, Some(reason::REFRESH_LOST), false), "{fault:?}");
        assert_eq!(life.slots().await, 1);
        // Connecting again mends it, in place.
        life.connect_zalo().await;
        life.visits_after(MINUTE).await;
        let again = life.page(&oa()).await;
        assert_eq!((stands(&again), again.generation), (WELL, page.generation + 1));
        assert_eq!(life.slots().await, 1);
    }
}

#[tokio::test]
async fn a_crash_after_zalo_rotated_and_before_our_write_shows_as_needs_reconnect() {
    let life = Life::start().await;
    let page = life.official_account().await;
    let connections = &life.pages.store.connections;
    let (owner, now) = (ClaimToken::random().unwrap(), life.upkeep.clock.now());
    let lease = connections.lease_refresh(&page.this(), page.token_version, &owner, now).await.unwrap();
    assert!(matches!(lease, Lease::Won(_)));
    let (_, refresh) = life.opened(&page).await;
    life.pages.providers.zalo().await.unwrap().oauth.refresh(&refresh.unwrap().into()).await.unwrap();

    life.world.clock.advance(REFRESH_LEASE);
    life.visits_after(15 * HOUR).await;
    let now = life.page(&oa()).await;
    assert_eq!(stands(&now), (LOST, Some(reason::REFRESH_LOST), false));
}

#[tokio::test]
async fn an_answer_that_is_lost_before_zalo_acted_costs_nothing() {
    for fault in [Fault::Token502Html { committed: false }, Fault::Token500] {
        let life = Life::start().await;
        life.official_account().await;
        life.zalo.once(fault.clone());
        life.visits_after(15 * HOUR).await;
        assert_eq!(stands(&life.page(&oa()).await), WELL, "{fault:?}");
        assert_eq!(life.zalo.refreshes(&account()), 1);
    }
}

#[tokio::test]
async fn only_a_day_without_an_answer_after_the_token_s_end_is_given_up() {
    for fault in [Fault::Token502Html { committed: false }, Fault::TokenError { code: -999 }] {
        let life = Life::start().await;
        life.official_account().await;
        life.zalo.always(fault.clone());
        life.visits_every(30 * MINUTE, 48 * HOUR).await;
        let now = life.page(&oa()).await;
        assert_eq!(stands(&now), WELL, "{fault:?}");
        life.visits_every(30 * MINUTE, 3 * HOUR).await;
        let now = life.page(&oa()).await;
        assert_eq!(stands(&now), (LOST, Some(reason::REFRESH_LOST), false), "{fault:?}");
    }
}

#[tokio::test]
async fn a_zalo_that_comes_back_within_the_day_has_cost_nothing() {
    let life = Life::start().await;
    life.official_account().await;
    life.zalo.always(Fault::Token502Html { committed: false });
    life.visits_every(30 * MINUTE, 47 * HOUR).await;
    life.zalo.clear_faults();
    life.visits_every(30 * MINUTE, 2 * HOUR).await;
    assert_eq!(stands(&life.page(&oa()).await), WELL);
    assert_eq!(life.zalo.refreshes(&account()), 1);
}

#[tokio::test]
async fn days_in_which_nobody_looked_are_not_days_without_an_answer() {
    let life = Life::start().await;
    life.official_account().await;
    life.zalo.switch(Switch::next(Fault::Token502Html { committed: false }, 2));
    life.visits_after(5 * DAY).await;
    assert_eq!(stands(&life.page(&oa()).await), WELL);
    life.visits_every(30 * MINUTE, 2 * HOUR).await;
    assert_eq!(stands(&life.page(&oa()).await), WELL);
    assert_eq!(life.zalo.refreshes(&account()), 1);
}

#[tokio::test]
async fn each_standing_of_an_account_shows_with_its_reason() {
    for (standing, why, has_token) in [
        (Standing::AppRemoved, reason::REVOKED, false),
        (Standing::ScopeWithdrawn, reason::SCOPE, true),
        (Standing::Deleted, reason::DELETED, false),
        (Standing::NotFound, reason::DELETED, false),
    ] {
        // Found by a look between two refreshes, and by a refresh.
        for wait in [MINUTE, 15 * HOUR] {
            let life = Life::start().await;
            let page = life.official_account().await;
            life.zalo.set_standing(&account(), standing).unwrap();
            life.hint(&page).await;
            life.visits_after(wait).await;
            let now = life.page(&oa()).await;
            assert_eq!(stands(&now), (LOST, Some(why), has_token), "{standing:?} after {wait:?}");
            assert_eq!(now.suspected_at, None);
            life.zalo.forget_requests();
            life.visits_every(DAY, 3 * DAY).await;
            assert!(life.zalo.requests().is_empty());
            assert_eq!(life.page(&oa()).await.tokens, None, "what has ended is wiped");
        }
    }
}

#[tokio::test]
async fn an_account_that_is_unverified_or_on_a_small_package_stays_connected_with_a_warning() {
    for (standing, code) in
        [(Standing::NotVerified, "oa_unverified"), (Standing::PackageTooLow, "oa_package_too_low")]
    {
        let life = Life::start().await;
        life.official_account().await;
        life.zalo.set_standing(&account(), standing).unwrap();
        life.visits_after(15 * HOUR).await;
        let now = life.page(&oa()).await;
        assert_eq!(stands(&now), WELL);
        assert_eq!(now.warnings, [code]);
        life.zalo.set_standing(&account(), Standing::Fine).unwrap();
        life.visits_after(15 * HOUR).await;
        assert!(life.page(&oa()).await.warnings.is_empty());
    }
}

#[tokio::test]
async fn name_package_and_verification_follow_what_zalo_says() {
    let life = Life::start().await;
    let page = life.official_account().await;
    assert_eq!(
        (page.profile.name.as_str(), page.profile.kind.as_deref()),
        ("Sim OA Một", Some("Gói nâng cao"))
    );
    life.zalo
        .change_oa(&account(), |oa| {
            oa.name = "Tên mới".to_owned();
            oa.verified = false;
        })
        .unwrap();
    life.visits_after(15 * HOUR).await;
    let page = life.page(&oa()).await;
    assert_eq!((page.profile.name.as_str(), page.warnings), ("Tên mới", vec!["oa_unverified".to_owned()]));
}

#[tokio::test]
async fn a_token_that_ended_early_is_refreshed_once_and_tried_again() {
    let life = Life::start().await;
    let page = life.official_account().await;
    life.zalo.expire_access_token(&account()).unwrap();
    life.visits_after(13 * HOUR).await;
    life.hint(&page).await;
    life.visits_after(MINUTE).await;
    assert_eq!(stands(&life.page(&oa()).await), WELL);
    assert_eq!(life.zalo.refreshes(&account()), 1);
}

#[tokio::test]
async fn what_passes_and_what_is_our_own_fault_decides_nothing() {
    for fault in [
        Fault::Api500,
        Fault::Api502Html,
        Fault::ApiAppLimit,
        Fault::ApiOaLimit,
        Fault::ApiError { code: -209 },
        Fault::ApiError { code: -242 },
        Fault::ApiError { code: -201 },
        Fault::ApiError { code: -230 },
        Fault::ApiError { code: -4242 },
    ] {
        let life = Life::start().await;
        life.official_account().await;
        life.zalo.always(fault.clone());
        life.visits_every(HOUR, 30 * HOUR).await;
        assert_eq!(stands(&life.page(&oa()).await), WELL, "{fault:?}");
    }
}

#[tokio::test]
async fn a_token_that_zalo_refuses_even_when_it_is_fresh_is_given_up() {
    let life = Life::start().await;
    life.official_account().await;
    life.zalo.always(Fault::ApiError { code: -216 });
    life.visits_after(15 * HOUR).await;
    let now = life.page(&oa()).await;
    assert_eq!(stands(&now), (LOST, Some(reason::TOKEN_REFUSED), false));
    assert!(life.zalo.refreshes(&account()) <= 2);
}
