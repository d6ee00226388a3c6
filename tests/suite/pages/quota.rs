//! How many pages an admin account may connect, whoever is quick (design.md §2).

use common::pages::ticket::Act;
use common::store::tenants::Plan;
use connect_tests::facebook::{BUSY, EDITOR_PAGE, NEW_PAGE, PageId, SELLER, SHOP_PAGE};
use futures::future::join_all;
use page_connect::Refusal;

use super::{Browser, Lobby, fanpage, oa};

/// The first page of the busy person.
const FIRST: u64 = 104_000_000_000_101;

async fn plan(lobby: &Lobby, plan: Plan) {
    let tenants = &lobby.world.stack.store.tenants;
    let mut record = tenants.get(&lobby.world.tenant()).await.unwrap().unwrap();
    record.plan = plan;
    assert!(tenants.put(&record).await.unwrap());
}

async fn fill(lobby: &Lobby) {
    for page in [SHOP_PAGE, EDITOR_PAGE] {
        lobby.connect(page).await.assert_connected(&fanpage(page));
    }
    lobby.connect_oa(1, None).await.assert_connected(&oa(1));
}

#[tokio::test]
async fn at_the_limit_the_form_says_so_before_anybody_leaves() {
    let lobby = Lobby::open().await;
    fill(&lobby).await;
    for provider in ["facebook", "zalo"] {
        let mut browser = Browser::default();
        let reply = lobby.start_as(&mut browser, (&lobby.world.tenant(), "7"), provider, None).await;
        assert_eq!(reply.status, 303, "{reply:?}");
        assert_eq!(reply.to(), format!("{}/console/pages/add?error=limit", lobby.console()));
        assert!(browser.cookies.is_empty());
    }
    // Another admin account has slots of its own.
    let reply = lobby.start_as(&mut Browser::default(), (&lobby.world.tenant(), "8"), "facebook", None).await;
    assert_eq!(reply.status, 302);
}

#[tokio::test]
async fn the_limit_that_is_reached_meanwhile_holds_at_the_pick_and_before_zalo_s_exchange() {
    let lobby = Lobby::open().await;
    let (mut picking, mut at_zalo) = (Browser::default(), Browser::default());
    let choice = lobby.choice(&mut picking, SELLER, None).await;
    let url = lobby.start(&mut at_zalo, "zalo", None).await;
    fill(&lobby).await;
    let calls = (lobby.facebook_changes(), lobby.zalo_exchanges());
    lobby.pick(&mut picking, &choice, NEW_PAGE).await.assert_refused(&Refusal::LimitReached);
    lobby.allow(&mut at_zalo, &url, 3).await.assert_refused(&Refusal::LimitReached);
    assert_eq!((lobby.facebook_changes(), lobby.zalo_exchanges()), calls);
    assert_eq!((lobby.slots().await, lobby.owner(&fanpage(NEW_PAGE)).await), (3, None));
}

#[tokio::test]
async fn of_ten_picks_at_once_no_more_succeed_than_there_are_slots() {
    let lobby = Lobby::open().await;
    let mut choices = Vec::new();
    for number in 0..10 {
        let mut browser = Browser::default();
        let choice = lobby.choice(&mut browser, BUSY, None).await;
        choices.push((browser, choice, PageId(FIRST + number)));
    }
    let picks = choices.into_iter().map(|(mut browser, choice, page)| {
        let lobby = &lobby;
        async move { lobby.pick(&mut browser, &choice, page).await }
    });
    let replies = join_all(picks).await;
    let connected = replies.iter().filter(|reply| reply.status == 303).count();
    let refused = replies.iter().filter(|reply| reply.refusal == Some(Refusal::LimitReached)).count();
    assert_eq!((connected, refused, lobby.slots().await), (3, 7, 3), "{replies:?}");
}

#[tokio::test]
async fn of_two_tenants_one_gets_the_page() {
    let lobby = Lobby::open().await;
    let other = lobby.world.add_tenant("gom-nha-may", "s").await;
    let mut racers = Vec::new();
    for tenant in [&lobby.world.tenant(), &other] {
        let mut browser = Browser::default();
        let started = lobby.start_as(&mut browser, (tenant, "7"), "facebook", None).await;
        let answer = lobby.facebook.authorize(started.to(), SELLER, &super::facebook::Choice::all()).unwrap();
        let back = lobby.bring(&mut browser, answer.location().unwrap()).await;
        racers.push((browser, super::path_of(&back)));
    }
    let picks = racers.into_iter().map(|(mut browser, choice)| {
        let lobby = &lobby;
        async move { lobby.pick(&mut browser, &choice, SHOP_PAGE).await }
    });
    let replies = join_all(picks).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 303).count(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|reply| reply.refusal == Some(Refusal::Elsewhere)).count(), 1);
}

#[tokio::test]
async fn a_trial_has_one_page_and_when_it_is_over_none_is_added() {
    let lobby = Lobby::open().await;
    plan(&lobby, Plan::Trial { ends: None }).await;
    lobby.connect(SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
    let start = || async {
        let mut browser = Browser::default();
        lobby.start_as(&mut browser, (&lobby.world.tenant(), "7"), "facebook", None).await
    };
    assert!(start().await.to().ends_with("?error=limit"));
    plan(&lobby, Plan::Paid).await;
    assert_eq!(start().await.status, 302);
    plan(&lobby, Plan::Trial { ends: Some("2026-01-01T00:00:00Z".parse().unwrap()) }).await;
    assert!(start().await.to().ends_with("?error=limit"));
    // What is connected is connected again all the same.
    let act = Act::Connect(Some(fanpage(SHOP_PAGE)));
    let ticket = lobby.ticket(&lobby.world.tenant(), "7", act).await;
    let form = format!("ticket={ticket}&provider=facebook");
    assert_eq!(lobby.send(&mut Browser::default(), &form).await.status, 302);
}
