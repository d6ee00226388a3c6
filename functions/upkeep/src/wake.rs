//! Events that wait: due retries, expired leases, events that no worker has picked up.
//!
//! The stream makes events fast; this makes them certain. Every run reads the watch lists up to now and makes the events
//! on them ready again. The stream then gives them to intake. A run is fair between tenants: they take turns, and at most
//! [`Limits::per_tenant`] events of one tenant are woken. So one merchant's backlog neither floods its CRM nor delays the
//! other merchants. Events that are left stay due for the next run.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;

use common::store::StoreError;
use common::store::inbox::{Event, Inbox, WATCH_SHARDS, Watched};
use common::telemetry::{Line, Metric};
use futures::StreamExt;

use crate::{FUNCTION, Limits, Upkeep};

/// Updates that run at once.
const AT_ONCE: usize = 8;

/// What a run did about events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Woken {
    /// Events that were due.
    pub due: usize,
    /// Events made ready.
    pub woken: usize,
}

/// Makes due events ready.
///
/// # Errors
/// [`StoreError`] when a watch list cannot be read; the next run starts over.
pub async fn wake_events(upkeep: &Upkeep) -> Result<Woken, StoreError> {
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
        .buffer_unordered(AT_ONCE)
        .filter(|woken| std::future::ready(*woken))
        .count()
        .await;
    if due > 0 {
        let count = i64::try_from(woken).unwrap_or(i64::MAX);
        Line::new(FUNCTION, "upkeep.ran")
            .with("due", due)
            .with("woken", woken)
            .count(Metric::EventWoken, count)
            .emit();
    }
    Ok(Woken { due, woken })
}

async fn wake(inbox: Arc<Inbox>, watched: Watched, now: jiff::Timestamp) -> bool {
    match inbox.wake(&watched.key, now).await {
        Ok(Some(event)) => {
            report(&event);
            true
        }
        Ok(None) => false,
        Err(error) => {
            // The event stays due: the next run sees it again.
            tracing::warn!(%error, "an event was not made ready");
            false
        }
    }
}

fn report(event: &Event) {
    let mut line = Line::new(FUNCTION, "event.woken")
        .with("tenant", event.key.entity.split('#').next())
        .with("event.key", event.key.entity.as_str())
        .with("event.attempts", event.attempts)
        .with("reason", event.reason.as_deref());
    if let Some(trace) = event.trace {
        line = line.trace(trace);
    }
    line.emit();
}

/// The tenants in turn; within a tenant, the events that have been due for longest first.
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
        let turns = take_turns(found, Limits { in_all: 10, ..Limits::default() });
        assert_eq!(turns.len(), 10);
        assert_eq!(
            (turns[0].key.entity.as_str(), turns[1].key.entity.as_str()),
            ("big#order#0", "small#order#500")
        );
    }

    #[test]
    fn no_tenant_gets_more_than_its_share_of_a_run() {
        let found: Vec<Watched> = (0..100).rev().map(|due| watched("big", due)).collect();
        let turns = take_turns(found, Limits::default());
        assert_eq!(turns.len(), 30);
        assert!(turns.is_sorted_by_key(|watched| watched.due));
    }
}
