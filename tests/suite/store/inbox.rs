use common::store::claims::ClaimToken;
use common::store::inbox::{GRACE, LEASE_TIME, Put, Settlement, Status, WATCH_SHARDS, Watched};
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
    assert!(inbox.wake(&new.key, later).await.unwrap());
    inbox.claim(&new.key, &fresh, later).await.unwrap().unwrap();
    assert!(
        !inbox
            .settle(&new.key, &late, &Settlement::Parked { reason: "late", detail: None }, later)
            .await
            .unwrap()
    );
    assert_eq!(inbox.get(&new.key).await.unwrap().unwrap().status, Status::Working);
    assert!(inbox.settle(&new.key, &fresh, &done(), later).await.unwrap());
    assert!(
        !inbox
            .settle(&new.key, &late, &Settlement::Parked { reason: "late", detail: None }, later)
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
    assert!(!inbox.wake(&new.key, start()).await.unwrap());

    let worker = token();
    inbox.claim(&new.key, &worker, start()).await.unwrap().unwrap();
    assert!(!inbox.wake(&new.key, start() + GRACE).await.unwrap(), "its worker still has it");

    let later = Settlement::Later {
        due: after(start(), 300),
        counts: true,
        reason: "busy",
        detail: Some("x".into()),
    };
    assert!(inbox.settle(&new.key, &worker, &later, after(start(), 1)).await.unwrap());
    assert!(!inbox.wake(&new.key, after(start(), 299)).await.unwrap());
    assert_eq!(due(&tables, after(start(), 300)).await.len(), 1);
    assert!(inbox.wake(&new.key, after(start(), 300)).await.unwrap());
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
    assert!(tables.store.inbox.wake(&new.key, start() + GRACE).await.unwrap());
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
        .settle(&new.key, &worker, &Settlement::Parked { reason: "refused", detail: None }, start())
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
    inbox.settle(&new.key, &worker, &done(), start()).await.unwrap();
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
