use std::time::Duration;

use common::store::pace::{BREAKER_THRESHOLD, Slot};

use super::{Tables, after, start, tenant};

const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(3);

#[tokio::test]
async fn slots_follow_one_another_and_the_queue_is_bounded() {
    let tables = Tables::open().await;
    let pace = &tables.store.pace;
    let tenant = tenant();
    for ahead in 0..4 {
        let slot = pace.reserve(&tenant, SECOND, PATIENCE, start()).await.unwrap();
        assert_eq!(slot, Slot::At { start: after(start(), ahead), failing: false });
    }
    assert_eq!(
        pace.reserve(&tenant, SECOND, PATIENCE, start()).await.unwrap(),
        Slot::Full { until: after(start(), 4) }
    );
    let other = "other".parse().unwrap();
    assert_eq!(
        pace.reserve(&other, SECOND, PATIENCE, start()).await.unwrap(),
        Slot::At { start: start(), failing: false }
    );
    // Time that nobody used is not saved up.
    let later = after(start(), 100);
    assert_eq!(
        pace.reserve(&tenant, SECOND, PATIENCE, later).await.unwrap(),
        Slot::At { start: later, failing: false }
    );
}

#[tokio::test]
async fn slots_reserved_at_once_never_overlap() {
    let tables = Tables::open().await;
    let (pace, tenant) = (&tables.store.pace, tenant());
    let patience = Duration::from_secs(100);
    let tries = (0..8).map(|_| pace.reserve(&tenant, SECOND, patience, start()));
    let mut starts: Vec<_> = futures::future::join_all(tries)
        .await
        .into_iter()
        .map(|slot| match slot.unwrap() {
            Slot::At { start, .. } => start,
            other => panic!("{other:?}"),
        })
        .collect();
    starts.sort();
    assert_eq!(starts, (0..8).map(|ahead| after(start(), ahead)).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_breaker_opens_after_failures_in_a_row_lets_a_probe_through_and_closes_on_success() {
    let tables = Tables::open().await;
    let (pace, tenant) = (&tables.store.pace, tenant());
    for _ in 0..BREAKER_THRESHOLD {
        assert!(matches!(
            pace.reserve(&tenant, SECOND, PATIENCE, start()).await.unwrap(),
            Slot::At { .. } | Slot::Full { .. }
        ));
        pace.failed(&tenant, None, start()).await.unwrap();
    }
    let now = after(start(), 5);
    assert_eq!(
        pace.reserve(&tenant, SECOND, PATIENCE, now).await.unwrap(),
        Slot::Open { until: after(start(), 10) }
    );
    let probe = after(start(), 10);
    assert_eq!(
        pace.reserve(&tenant, SECOND, PATIENCE, probe).await.unwrap(),
        Slot::At { start: probe, failing: true }
    );
    assert!(
        matches!(pace.reserve(&tenant, SECOND, PATIENCE, probe).await.unwrap(), Slot::Open { .. }),
        "one probe at a time"
    );
    pace.succeeded(&tenant).await.unwrap();
    let next = after(probe, 1);
    assert_eq!(
        pace.reserve(&tenant, SECOND, PATIENCE, next).await.unwrap(),
        Slot::At { start: next, failing: false }
    );
}

#[tokio::test]
async fn a_refused_key_opens_the_breaker_at_once() {
    let tables = Tables::open().await;
    let (pace, tenant) = (&tables.store.pace, tenant());
    pace.failed(&tenant, Some(Duration::from_secs(60)), start()).await.unwrap();
    assert_eq!(
        pace.reserve(&tenant, SECOND, PATIENCE, start()).await.unwrap(),
        Slot::Open { until: after(start(), 60) }
    );
}
