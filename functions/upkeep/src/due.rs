//! Whatever is due: one visit each, many at once.
//!
//! A visit that fails affects no other visit and not the run: what it was about stays on its watch list.

use common::store::StoreError;
use common::store::connections::{Due, WATCH_SHARDS};
use futures::StreamExt;
use jiff::Timestamp;

use crate::{ADMISSION, Upkeep, import, orphan, page, shop};

/// Visits every shop and page and does a step of every import that is due; gives how many.
///
/// # Errors
/// [`StoreError`] if a watch list cannot be read.
pub async fn visit_due(upkeep: &Upkeep) -> Result<usize, StoreError> {
    let began = upkeep.clock.now();
    let mut due = everything_due(upkeep, began).await?;
    // A run may end before all were visited. It must not always be the same lists that wait.
    fastrand::shuffle(&mut due);
    let last_start = began.checked_add(ADMISSION).unwrap_or(began);
    let visited = futures::stream::iter(due)
        .map(|due| {
            Box::pin(async move {
                let starts = upkeep.clock.now() <= last_start;
                if starts {
                    visit(upkeep, due).await;
                }
                starts
            })
        })
        .buffer_unordered(upkeep.limits.at_once.max(1))
        .filter(|visited| std::future::ready(*visited))
        .count()
        .await;
    Ok(visited)
}

async fn visit(upkeep: &Upkeep, due: Due) {
    match due {
        Due::Shop(tenant, org) => shop::visit(upkeep, &tenant, org).await,
        Due::Import(tenant, org) => import::visit(upkeep, &tenant, org).await,
        Due::Page(tenant, key) => page::visit(upkeep, &tenant, &key).await,
        Due::Orphan(page) => orphan::visit(upkeep, &page).await,
    }
}

/// Reads all watch lists up to now.
async fn everything_due(upkeep: &Upkeep, now: Timestamp) -> Result<Vec<Due>, StoreError> {
    let lists: Vec<_> = futures::stream::iter(0..WATCH_SHARDS)
        .map(|shard| upkeep.store.connections.due(shard, now, upkeep.limits.per_list))
        .buffered(usize::from(WATCH_SHARDS))
        .collect()
        .await;
    let mut due = Vec::new();
    for list in lists {
        due.extend(list?);
    }
    Ok(due)
}
