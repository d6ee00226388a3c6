//! Zalo's side: consent, verifier, conflicts before the exchange, the account's own word (pages.md §2.1–2.6).

use std::time::Duration;

use common::clock::Clock;
use common::id::TenantId;
use common::pages::ticket::Act;
use connect_tests::zalo::{Choice, Fault, Switch};
use jiff::Timestamp;
use page_connect::Refusal;

use super::{Browser, Lobby, Reply, ZALO_BACK, oa, oa_id, parameter};

#[tokio::test]
async fn nobody_leaves_for_zalo_without_consent() {
    let lobby = Lobby::open().await;
    let tenant = lobby.world.tenant();
    let mut browser = Browser::default();
    for consent in ["", "&consent="] {
        let ticket = lobby.ticket(&tenant, "7", Act::Connect(None)).await;
        let reply = lobby.send(&mut browser, &format!("ticket={ticket}&provider=zalo{consent}")).await;
        let form = format!("{}/console/pages/add?error=consent", lobby.console());
        assert_eq!((reply.status, reply.to()), (303, form.as_str()));
    }
    let ticket = lobby.ticket(&tenant, "7", Act::Connect(Some(oa(1)))).await;
    let reply = lobby.send(&mut browser, &format!("ticket={ticket}&provider=zalo")).await;
    assert!(reply.to().ends_with(&format!("/console/pages/zalo-{}/reconnect?error=consent", oa_id(1))));
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn every_attempt_has_a_verifier_of_its_own() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let first = lobby.start(&mut browser, "zalo", None).await;
    let first_code = lobby.zalo.authorize(&first, &Choice::allow(oa_id(1).as_str())).unwrap();
    let second = lobby.start(&mut browser, "zalo", None).await;
    assert_ne!(parameter(&first, "code_challenge"), parameter(&second, "code_challenge"));
    // The code of the first under the state of the second.
    let (code, state) = (first_code.field("code").unwrap(), parameter(&second, "state").unwrap());
    let location = format!("{ZALO_BACK}?code={code}&oa_id={}&state={state}", oa_id(1));
    lobby.bring(&mut browser, &location).await.assert_refused(&Refusal::CodeRefused);
    assert!(lobby.page(&oa(1)).await.is_none());
}

#[tokio::test]
async fn who_cancels_is_told_that_nothing_changed() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let url = lobby.start(&mut browser, "zalo", None).await;
    let answer = lobby.zalo.authorize(&url, &Choice::cancel()).unwrap();
    lobby.bring(&mut browser, answer.location().unwrap()).await.assert_refused(&Refusal::Denied);
    let url = lobby.start(&mut browser, "zalo", None).await;
    let state = parameter(&url, "state").unwrap();
    let neither = format!("{ZALO_BACK}?state={state}&oa_id=1");
    lobby.bring(&mut browser, &neither).await.assert_refused(&Refusal::Denied);
    assert_eq!(lobby.zalo_exchanges(), 0);
}

#[tokio::test]
async fn an_account_of_another_tenant_is_refused_before_the_exchange() {
    let lobby = Lobby::open().await;
    lobby.connect_oa(3, None).await.assert_connected(&oa(3));
    let pair = lobby.zalo.live_pair(&oa_id(3).as_str().into());
    let calls = lobby.zalo_exchanges();
    let other = lobby.world.add_tenant("gom-nha-may", "s").await;
    let mut browser = Browser::default();
    let started = lobby.start_as(&mut browser, (&other, "7"), "zalo", None).await;
    let reply = lobby.allow(&mut browser, started.to(), 3).await;
    reply.assert_refused(&Refusal::Elsewhere);
    assert!(!reply.body.contains(lobby.world.tenant().as_str()), "{}", reply.body);
    assert_eq!((lobby.zalo_exchanges(), lobby.zalo.live_pair(&oa_id(3).as_str().into())), (calls, pair));
    assert_eq!(lobby.owner(&oa(3)).await, Some(lobby.world.tenant()));
}

#[tokio::test]
async fn an_answer_without_a_readable_account_is_refused_before_the_exchange() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    for account in ["", "&oa_id=", "&oa_id=x", "&oa_id=0", "&oa_id=1%2F2"] {
        let url = lobby.start(&mut browser, "zalo", None).await;
        let location = format!("{ZALO_BACK}?code=x&state={}{account}", parameter(&url, "state").unwrap());
        lobby.bring(&mut browser, &location).await.assert_refused(&Refusal::NoAccount);
    }
    assert_eq!(lobby.zalo_exchanges(), 0);
}

#[tokio::test]
async fn an_account_that_is_another_than_the_answer_named_is_refused() {
    let lobby = Lobby::open().await;
    lobby.zalo.once(Fault::CallbackOtherOa);
    lobby.connect_oa(1, None).await.assert_refused(&Refusal::OtherAccount);
    for number in 1..=4 {
        assert!(lobby.page(&oa(number)).await.is_none() && lobby.owner(&oa(number)).await.is_none());
    }
    assert_eq!(lobby.slots().await, 0);
}

impl Lobby {
    /// Allows one account at Zalo and brings the answer back with another one's name in it.
    async fn allow_as(&self, number: u8, named: &str) -> Reply {
        let mut browser = Browser::default();
        let url = self.start(&mut browser, "zalo", None).await;
        let answer = self.zalo.authorize(&url, &Choice::allow(oa_id(number).as_str())).unwrap();
        let edited = answer.location().unwrap().replace(&oa_id(number), named);
        self.bring(&mut browser, &edited).await
    }

    /// When a tenant's account was doubted and is due.
    async fn doubts(&self, tenant: &TenantId, number: u8) -> (Option<Timestamp>, Option<Timestamp>) {
        let page = self.world.stack.store.connections.page(tenant, &oa(number)).await.unwrap().unwrap();
        (page.suspected_at, page.due)
    }
}

#[tokio::test]
async fn an_edited_account_harms_no_tenant_and_has_the_owner_looked_at_at_once() {
    let lobby = Lobby::open().await;
    let (ours, theirs) = (lobby.world.tenant(), lobby.world.add_tenant("gom-nha-may", "s").await);
    let mut browser = Browser::default();
    let started = lobby.start_as(&mut browser, (&theirs, "7"), "zalo", None).await;
    lobby.allow(&mut browser, started.to(), 3).await.assert_connected(&oa(3));
    lobby.connect_oa(2, None).await.assert_connected(&oa(2));
    let connections = &lobby.world.stack.store.connections;
    let before = connections.page(&theirs, &oa(3)).await.unwrap().unwrap();
    let slots = lobby.slots().await;
    // One that is free, one that is ours, one that Zalo does not have.
    for named in [oa_id(1), oa_id(2), "7".to_owned()] {
        lobby.world.clock.advance(Duration::from_secs(3600));
        let now = Some(lobby.world.clock.now());
        let reply = lobby.allow_as(3, &named).await;
        reply.assert_refused(&Refusal::OtherAccount);
        assert!(!reply.body.contains(theirs.as_str()), "{}", reply.body);
        let after = connections.page(&theirs, &oa(3)).await.unwrap().unwrap();
        assert_eq!((after.suspected_at, after.due), (now, now), "{named}");
        assert_eq!((&after.tokens, after.generation), (&before.tokens, before.generation), "{named}");
        assert_eq!((after.status, lobby.owner(&oa(3)).await), (before.status, Some(theirs.clone())));
        assert_eq!(lobby.doubts(&ours, 2).await.0, None, "{named}");
        assert_eq!((lobby.owner(&oa(1)).await, lobby.slots().await), (None, slots), "{named}");
    }
    // Ours and the other one's name: what is refused before the exchange harms nobody.
    let calls = lobby.zalo_exchanges();
    let doubted = lobby.doubts(&theirs, 3).await;
    lobby.world.clock.advance(Duration::from_secs(60));
    lobby.allow_as(2, &oa_id(3)).await.assert_refused(&Refusal::Elsewhere);
    lobby.allow_as(2, "x").await.assert_refused(&Refusal::NoAccount);
    assert_eq!((lobby.zalo_exchanges(), lobby.doubts(&theirs, 3).await), (calls, doubted));
    assert_eq!(lobby.doubts(&ours, 2).await.0, None);
}

#[tokio::test]
async fn an_account_of_ours_whose_new_tokens_are_not_kept_is_looked_at_at_once() {
    let lobby = Lobby::open().await;
    let ours = lobby.world.tenant();
    lobby.connect_oa(2, None).await.assert_connected(&oa(2));
    let at = |lobby: &Lobby| {
        lobby.world.clock.advance(Duration::from_secs(60));
        Some(lobby.world.clock.now())
    };
    let now = at(&lobby);
    lobby.allow_as(2, &oa_id(1)).await.assert_refused(&Refusal::OtherAccount);
    assert_eq!(lobby.doubts(&ours, 2).await, (now, now));
    for fault in [Fault::Api500, Fault::TokenLostAfterCommit, Fault::ApiError { code: -221 }] {
        let now = at(&lobby);
        lobby.zalo.switch(Switch::next(fault.clone(), 1));
        let reply = lobby.connect_oa(2, Some(oa(2))).await;
        assert!(reply.refusal.is_some(), "{reply:?}");
        assert_eq!(lobby.doubts(&ours, 2).await, (now, now), "{fault:?}");
    }
    lobby.connect_oa(2, Some(oa(2))).await.assert_connected(&oa(2));
}

#[tokio::test]
async fn every_failure_of_zalo_is_a_page_and_changes_nothing() {
    let lobby = Lobby::open().await;
    for (fault, refusal) in [
        (Fault::TokenError { code: -14_010 }, Refusal::CodeRefused),
        (Fault::TokenError { code: -14_002 }, Refusal::Misconfigured),
        (Fault::TokenError { code: -32 }, Refusal::Silent),
        (Fault::TokenError { code: -1 }, Refusal::Unexpected),
        (Fault::Token500, Refusal::CodeRefused),
        (Fault::Token502Html { committed: true }, Refusal::CodeRefused),
        (Fault::TokenLostAfterCommit, Refusal::CodeRefused),
        (Fault::TokenNoRefreshToken, Refusal::CodeRefused),
        (Fault::Api500, Refusal::Silent),
        (Fault::Api502Html, Refusal::Silent),
        (Fault::ApiAppLimit, Refusal::Silent),
        (Fault::ApiError { code: -216 }, Refusal::GrantLost),
        (Fault::ApiError { code: -219 }, Refusal::GrantLost),
        (Fault::ApiError { code: -204 }, Refusal::Gone),
        (Fault::ApiError { code: -221 }, Refusal::OaUnverified),
        (Fault::ApiError { code: -224 }, Refusal::OaPackageTooLow),
        (Fault::ApiError { code: -209 }, Refusal::Misconfigured),
        (Fault::ApiError { code: -99_999 }, Refusal::Unexpected),
    ] {
        lobby.zalo.switch(Switch::next(fault.clone(), 1));
        let reply = lobby.connect_oa(1, None).await;
        assert_eq!(reply.refusal, Some(refusal.clone()), "{fault:?}");
        reply.assert_refused(&refusal);
        assert!(lobby.page(&oa(1)).await.is_none() && lobby.slots().await == 0, "{fault:?}");
    }
    lobby.connect_oa(1, None).await.assert_connected(&oa(1));
}
