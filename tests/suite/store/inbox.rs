use common::haravan::webhook::{Entity, Topic};
use common::store::claims::ClaimToken;
use common::store::inbox::history::Ended;
use common::store::inbox::listing::{Place, Which};
use common::store::inbox::{
    EventKey, GRACE, LEASE_TIME, NewEvent, Put, Settlement, Status, WATCH_SHARDS, Watched,
};
use jiff::Timestamp;

use super::{Tables, after, event, start, tenant};

fn token() -> ClaimToken {
    ClaimToken::random().unwrap()
}

fn done() -> Settlement {
    Settlement::Done { reason: None, crm_code: Some("HRV-1".to_owned()), warnings: vec!["w".to_owned()] }
}

async fn due(tables: &Tables, now: Timestamp) -> Vec<Watched> {
    let mut found = Vec::new();
    for shard in 0..WATCH_SHARDS {
        found.extend(tables.store.inbox.due(shard, now, 100).await.unwrap());
    }
    found
}

#[tokio::test]
async fn a_second_put_is_a_duplicate_and_another_body_is_not() {
    let tables = Tables::open().await;
    let inbox = &tables.store.inbox;
    assert_eq!(inbox.put(&event(1, b"{}", start())).await.unwrap(), Put::Stored);
    assert_eq!(inbox.put(&event(1, b"{}", after(start(), 9))).await.unwrap(), Put::Duplicate);
    assert_eq!(inbox.put(&event(1, b"{ }", start())).await.unwrap(), Put::Stored);
}

#[tokio::test]
async fn one_worker_gets_a_ready_event_and_the_next_does_not() {
    let tables = Tables::open().await;
    let inbox = &tables.store.inbox;
    let new = event(1, b"{}", start());
    inbox.put(&new).await.unwrap();
    let (first, second) = (token(), token());
    let claimed = inbox.claim(&new.key, &first, start()).await.unwrap().unwrap();
    assert_eq!((claimed.status, claimed.attempts, claimed.body), (Status::Working, 0, new.body.clone()));
    assert!(inbox.claim(&new.key, &second, start()).await.unwrap().is_none());
    // The SDK may repeat a claim whose answer was lost.
    assert!(inbox.claim(&new.key, &first, start()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_late_worker_changes_nothing() {
    let tables = Tables::open().await;
    let inbox = &tables.store.inbox;
    let new = event(1, b"{}", start());
    inbox.put(&new).await.unwrap();
    let (late, fresh) = (token(), token());
    inbox.claim(&new.key, &late, start()).await.unwrap().unwrap();
    let later = start() + LEASE_TIME + GRACE;
    assert!(inbox.wake(&new.key, later).await.unwrap().is_some());
    inbox.claim(&new.key, &fresh, later).await.unwrap().unwrap();
    assert!(
        !inbox
            .settle(&new.key, &late, &Settlement::Parked { reason: "late", detail: None }, 0, later)
            .await
            .unwrap()
    );
    assert_eq!(inbox.get(&new.key).await.unwrap().unwrap().status, Status::Working);
    assert!(inbox.settle(&new.key, &fresh, &done(), 0, later).await.unwrap());
    assert!(
        !inbox
            .settle(&new.key, &late, &Settlement::Parked { reason: "late", detail: None }, 0, later)
            .await
            .unwrap()
    );
    let end = inbox.get(&new.key).await.unwrap().unwrap();
    assert_eq!(
        (end.status, end.crm_code.as_deref(), end.warnings.as_slice()),
        (Status::Done, Some("HRV-1"), ["w".to_owned()].as_slice())
    );
}

#[tokio::test]
async fn nothing_wakes_before_its_time() {
    let tables = Tables::open().await;
    let inbox = &tables.store.inbox;
    let new = event(1, b"{}", start());
    inbox.put(&new).await.unwrap();
    assert!(due(&tables, start()).await.is_empty());
    assert!(inbox.wake(&new.key, start()).await.unwrap().is_none());

    let worker = token();
    inbox.claim(&new.key, &worker, start()).await.unwrap().unwrap();
    assert!(inbox.wake(&new.key, start() + GRACE).await.unwrap().is_none(), "its worker still has it");

    let later = Settlement::Later {
        due: after(start(), 300),
        counts: true,
        reason: "busy",
        detail: Some("x".into()),
    };
    assert!(inbox.settle(&new.key, &worker, &later, 0, after(start(), 1)).await.unwrap());
    assert!(inbox.wake(&new.key, after(start(), 299)).await.unwrap().is_none());
    assert_eq!(due(&tables, after(start(), 300)).await.len(), 1);
    assert!(inbox.wake(&new.key, after(start(), 300)).await.unwrap().is_some());
    let woken = inbox.get(&new.key).await.unwrap().unwrap();
    assert_eq!((woken.status, woken.attempts, woken.reason.as_deref()), (Status::Ready, 1, Some("busy")));
}

#[tokio::test]
async fn an_event_nobody_picked_up_is_found_by_the_sweep() {
    let tables = Tables::open().await;
    let new = event(1, b"{}", start());
    tables.store.inbox.put(&new).await.unwrap();
    let found = due(&tables, start() + GRACE).await;
    assert_eq!(found.iter().map(|watched| &watched.key).collect::<Vec<_>>(), [&new.key]);
    assert!(tables.store.inbox.wake(&new.key, start() + GRACE).await.unwrap().is_some());
}

#[tokio::test]
async fn a_parked_event_is_listed_for_its_tenant_and_comes_back_by_hand() {
    let tables = Tables::open().await;
    let inbox = &tables.store.inbox;
    let new = event(1, b"{}", start());
    inbox.put(&new).await.unwrap();
    let worker = token();
    inbox.claim(&new.key, &worker, start()).await.unwrap().unwrap();
    assert!(!inbox.retry(&new.key, start()).await.unwrap(), "only a parked event is retried by hand");
    inbox
        .settle(&new.key, &worker, &Settlement::Parked { reason: "refused", detail: None }, 0, start())
        .await
        .unwrap();
    assert_eq!(inbox.parked(&tenant(), 10).await.unwrap().len(), 1);
    assert!(inbox.parked(&"other".parse().unwrap(), 10).await.unwrap().is_empty());
    assert!(due(&tables, after(start(), 999_999)).await.is_empty(), "upkeep leaves it alone");
    assert!(inbox.retry(&new.key, start()).await.unwrap());
    let again = inbox.get(&new.key).await.unwrap().unwrap();
    assert_eq!((again.status, again.attempts), (Status::Ready, 0));
    assert!(inbox.parked(&tenant(), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_done_event_leaves_every_watch_list() {
    let tables = Tables::open().await;
    let inbox = &tables.store.inbox;
    let new = event(1, b"{}", start());
    inbox.put(&new).await.unwrap();
    let worker = token();
    inbox.claim(&new.key, &worker, start()).await.unwrap().unwrap();
    inbox.settle(&new.key, &worker, &done(), 0, start()).await.unwrap();
    assert!(due(&tables, after(start(), 999_999)).await.is_empty());
    assert!(inbox.claim(&new.key, &token(), start()).await.unwrap().is_none());
    assert_eq!(inbox.put(&new).await.unwrap(), Put::Duplicate);
}

#[tokio::test]
async fn a_body_beyond_one_item_comes_back_whole() {
    let tables = Tables::open().await;
    let inbox = &tables.store.inbox;
    let mut random = fastrand::Rng::with_seed(1);
    let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(900_000).collect();
    let mut new = event(1, b"{}", start());
    new.body.clone_from(&noise);
    assert_eq!(inbox.put(&new).await.unwrap(), Put::Stored);
    assert_eq!(inbox.put(&new).await.unwrap(), Put::Duplicate);
    let event = inbox.claim(&new.key, &token(), start()).await.unwrap().unwrap();
    assert_eq!(event.parts, 2);
    assert!(inbox.whole_body(&event).await.unwrap() == noise);
}

/// Takes an event through a claim to a settlement.
async fn settle(tables: &Tables, new: &NewEvent, settlement: &Settlement, now: Timestamp) {
    let worker = token();
    tables.store.inbox.claim(&new.key, &worker, now).await.unwrap().unwrap();
    assert!(tables.store.inbox.settle(&new.key, &worker, settlement, 0, now).await.unwrap());
}

/// Every event of a list, in pages of `size`.
async fn listed(tables: &Tables, which: Which, size: usize) -> Vec<EventKey> {
    let (mut all, mut after): (Vec<EventKey>, Option<Place>) = (Vec::new(), None);
    loop {
        let page = tables.store.inbox.newest(&tenant(), which, after.as_ref(), size).await.unwrap();
        all.extend(page.events.iter().map(|event| event.key.clone()));
        after = page.events.last().map(Place::of);
        if !page.more {
            return all;
        }
        assert_eq!(page.events.len(), size);
    }
}

#[tokio::test]
async fn every_event_is_listed_once_the_newest_first_whatever_the_page() {
    let tables = Tables::open().await;
    let parked = Settlement::Parked { reason: "refused", detail: None };
    let mut newest_first = Vec::new();
    for order in 1..=14 {
        // Several of one millisecond, as a sale brings them.
        let new = event(order, b"{}", after(start(), u64::try_from(order / 4).unwrap()));
        tables.store.inbox.put(&new).await.unwrap();
        match order % 3 {
            0 => settle(&tables, &new, &done(), after(start(), 100)).await,
            1 => settle(&tables, &new, &parked, after(start(), 50)).await,
            _ => {}
        }
        newest_first.push((std::cmp::Reverse(new.received_at), new.key));
    }
    newest_first.sort();
    let newest_first: Vec<EventKey> = newest_first.into_iter().map(|(_, key)| key).collect();
    for size in [1, 3, 5, 14, 50] {
        assert_eq!(listed(&tables, Which::All, size).await, newest_first, "pages of {size}");
        let of = |rest: i64| {
            let mine = |key: &&EventKey| key.id().unwrap() % 3 == rest;
            newest_first.iter().filter(mine).cloned().collect::<Vec<_>>()
        };
        assert_eq!(listed(&tables, Which::Done, size).await, of(0), "pages of {size}");
        assert_eq!(listed(&tables, Which::Failed, size).await, of(1), "pages of {size}");
        assert_eq!(listed(&tables, Which::Waiting, size).await, of(2), "pages of {size}");
    }
    let other = "other".parse().unwrap();
    assert!(tables.store.inbox.newest(&other, Which::All, None, 50).await.unwrap().events.is_empty());
    assert!(
        due(&tables, after(start(), 999_999)).await.iter().all(|watched| watched.key.id().unwrap() % 3 == 2)
    );
}

#[tokio::test]
async fn the_events_of_one_order_are_found_together_and_without_parts() {
    let tables = Tables::open().await;
    let mut large = event(7, b"{\"large\":1}", start());
    large.body = std::iter::repeat_with(|| fastrand::u8(..)).take(400_000).collect();
    tables.store.inbox.put(&large).await.unwrap();
    let later = event(7, b"{\"later\":1}", after(start(), 5));
    tables.store.inbox.put(&later).await.unwrap();
    tables.store.inbox.put(&event(71, b"{}", start())).await.unwrap();
    let about = tables.store.inbox.about(&tenant(), Entity::Order, "7").await.unwrap();
    assert_eq!(about.iter().map(|event| &event.key).collect::<Vec<_>>(), [&later.key, &large.key]);
    assert!(tables.store.inbox.about(&tenant(), Entity::Customer, "7").await.unwrap().is_empty());
    assert_eq!(later.key, EventKey::of(&tenant(), Topic::OrderCreate, 7, b"{\"later\":1}"));
}

#[tokio::test]
async fn an_event_remembers_its_steps_and_not_without_end() {
    let tables = Tables::open().await;
    let inbox = &tables.store.inbox;
    let new = event(1, b"{}", start());
    inbox.put(&new).await.unwrap();
    let mut now = start();
    for _ in 0..40 {
        now = after(now, 60);
        let later = Settlement::Later { due: now, counts: false, reason: "busy", detail: None };
        settle(&tables, &new, &later, now).await;
        assert!(inbox.wake(&new.key, now).await.unwrap().is_some());
    }
    settle(&tables, &new, &Settlement::Parked { reason: "refused", detail: None }, now).await;
    assert!(inbox.retry(&new.key, now).await.unwrap());
    settle(&tables, &new, &done(), now).await;
    let event = inbox.get(&new.key).await.unwrap().unwrap();
    let (waits, ends) = event.history.split_at(event.history.len() - 3);
    assert!(waits.len() < 20 && waits.iter().all(|step| step.ended == Ended::Waiting), "{waits:?}");
    assert_eq!(waits[0].at, after(start(), 60));
    assert_eq!(
        ends.iter().map(|step| step.ended).collect::<Vec<_>>(),
        [Ended::Parked, Ended::Retried, Ended::Done]
    );
}
