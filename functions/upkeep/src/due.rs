//! What is due on the watch lists: one visit each, many side by side.

use std::time::Duration;

use common::store::StoreError;
use common::store::connections::{Due, WATCH_SHARDS};
use futures::StreamExt;

use crate::{Upkeep, import, orphan, page, shop};

/// No visit begins this long after the run did: the rest stays due. With the longest visit and the longest refresh (two
/// calls of 15 s and their writes) a run ends within the function's 55 s.
pub const ADMISSION: Duration = Duration::from_secs(15);

/// Visits every shop and page and works every import that is due; gives how many.
///
/// # Errors
/// [`StoreError`] when a watch list cannot be read.
pub async fn look_after_due(upkeep: &Upkeep) -> Result<usize, StoreError> {
    let began = upkeep.clock.now();
    let lists: Vec<_> = futures::stream::iter(0..WATCH_SHARDS)
        .map(|shard| upkeep.store.connections.due(shard, began, upkeep.limits.per_list))
        .buffered(usize::from(WATCH_SHARDS))
        .collect()
        .await;
    let mut due = Vec::new();
    for list in lists {
        due.extend(list?);
    }
    // Whatever a run has no time for, it is not always the same lists'.
    fastrand::shuffle(&mut due);
    let no_later = began.checked_add(ADMISSION).unwrap_or(began);
    let visited = futures::stream::iter(due)
        .map(|due| {
            Box::pin(async move {
                if upkeep.clock.now() > no_later {
                    return false;
                }
                match due {
                    Due::Shop(tenant, org) => shop::look_after(upkeep, &tenant, org).await,
                    Due::Import(tenant, org) => import::go_on(upkeep, &tenant, org).await,
                    Due::Page(tenant, page) => page::look_after(upkeep, &tenant, &page).await,
                    Due::Orphan(page) => orphan::unsubscribe(upkeep, &page).await,
                }
                true
            })
        })
        .buffer_unordered(upkeep.limits.at_once.max(1))
        .filter(|visited| std::future::ready(*visited))
        .count()
        .await;
    Ok(visited)
}
