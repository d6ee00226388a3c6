//! Scheduled upkeep: due retries, expired leases, events nobody picked up.
//!
//! The stream makes events fast; this makes them certain. Every run reads the watch lists up to now and makes what it
//! finds ready again, which the stream then hands to intake. Fair between tenants: a run wakes at most
//! [`Limits::per_tenant`] events of one tenant, taking turns, so that one merchant's backlog neither floods its CRM nor
//! delays the others. What is left stays due and is found by the next run.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;

use common::clock::SharedClock;
use common::store::inbox::{Inbox, WATCH_SHARDS, Watched};
use common::store::{Store, StoreError};
use common::telemetry::{Line, Metric};
use futures::StreamExt;
use serde::Serialize;

/// What upkeep works with.
#[derive(Clone)]
pub struct Upkeep {
    /// The tables.
    pub store: Store,
    /// Time.
    pub clock: SharedClock,
    /// How much one run does.
    pub limits: Limits,
}

/// How much one run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events read from one watch list.
    pub per_list: i32,
    /// Events of one tenant made ready.
    pub per_tenant: usize,
    /// Events made ready in all.
    pub in_all: usize,
}

impl Default for Limits {
    /// For a run a minute: a tenant's CRM takes one write a second (getfly.md §15 U8) and an order two.
    fn default() -> Self {
        Self { per_list: 1000, per_tenant: 30, in_all: 5000 }
    }
}

/// How many updates are under way at once.
const SIDE_BY_SIDE: usize = 8;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Events that were due.
    pub due: usize,
    /// Events made ready.
    pub woken: usize,
}

/// One run.
///
/// # Errors
/// [`StoreError`] when a watch list cannot be read; the next run starts over.
pub async fn handle(upkeep: &Upkeep) -> Result<Report, StoreError> {
    let inbox = &upkeep.store.inbox;
    let now = upkeep.clock.now();
    let mut found = Vec::new();
    for shard in 0..WATCH_SHARDS {
        found.extend(inbox.due(shard, now, upkeep.limits.per_list).await?);
    }
    let due = found.len();
    let inbox = Arc::new(inbox.clone());
    let woken = futures::stream::iter(take_turns(found, upkeep.limits))
        .map(|watched| wake(Arc::clone(&inbox), watched, now))
        .buffer_unordered(SIDE_BY_SIDE)
        .filter(|woken| std::future::ready(*woken))
        .count()
        .await;
    if due > 0 {
        let count = i64::try_from(woken).unwrap_or(i64::MAX);
        Line::new("upkeep", "upkeep.ran")
            .with("due", due)
            .with("woken", woken)
            .count(Metric::EventWoken, count)
            .emit();
    }
    Ok(Report { due, woken })
}

async fn wake(inbox: Arc<Inbox>, watched: Watched, now: jiff::Timestamp) -> bool {
    inbox.wake(&watched.key, now).await.unwrap_or_else(|error| {
        // The event stays due: the next run sees it again.
        tracing::warn!(%error, "an event was not made ready");
        false
    })
}

/// The longest due first within a tenant, the tenants in turn.
fn take_turns(found: Vec<Watched>, limits: Limits) -> Vec<Watched> {
    let mut by_tenant: BTreeMap<String, VecDeque<Watched>> = BTreeMap::new();
    for watched in found {
        let tenant = watched.key.entity.split('#').next().unwrap_or_default().to_owned();
        by_tenant.entry(tenant).or_default().push_back(watched);
    }
    for queue in by_tenant.values_mut() {
        queue.make_contiguous().sort_by_key(|watched| watched.due);
        queue.truncate(limits.per_tenant);
    }
    let mut turns = Vec::new();
    while turns.len() < limits.in_all && !by_tenant.is_empty() {
        by_tenant.retain(|_, queue| {
            turns.extend(queue.pop_front());
            !queue.is_empty()
        });
    }
    turns.truncate(limits.in_all);
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::store::inbox::EventKey;
    use jiff::Timestamp;

    fn watched(tenant: &str, due: i64) -> Watched {
        let key = EventKey { entity: format!("{tenant}#order#{due}"), digest: "d".to_owned() };
        Watched { key, due: Timestamp::from_second(due).unwrap() }
    }

    #[test]
    fn a_backlog_of_one_tenant_does_not_delay_another() {
        let mut found: Vec<Watched> = (0..100).map(|due| watched("big", due)).collect();
        found.push(watched("small", 500));
        let turns = take_turns(found, Limits { per_list: 1000, per_tenant: 30, in_all: 10 });
        assert_eq!(turns.len(), 10);
        assert_eq!(
            (turns[0].key.entity.as_str(), turns[1].key.entity.as_str()),
            ("big#order#0", "small#order#500")
        );
    }

    #[test]
    fn no_tenant_gets_more_than_its_share_of_a_run() {
        let found: Vec<Watched> = (0..100).rev().map(|due| watched("big", due)).collect();
        let turns = take_turns(found, Limits { per_list: 1000, per_tenant: 30, in_all: 5000 });
        assert_eq!(turns.len(), 30);
        assert!(turns.is_sorted_by_key(|watched| watched.due));
    }
}
