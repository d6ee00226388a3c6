//! The events of a delivery: whose page, then one put each, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::body::pack;
use common::id::TenantId;
use common::store::StoreError;
use common::store::connections::{Belongs, PageKey};
use common::store::inbox::pages::{NewPageEvent, PageTopic};
use common::store::inbox::{EventKey, Put};
use common::telemetry::{Line, Metric};
use futures::StreamExt;
use jiff::Timestamp;

use crate::{FUNCTION, Webhook};

/// How many reads, then puts, are under way at once.
const SIDE_BY_SIDE: usize = 16;

/// One event of a delivery that the provider signed.
pub(super) struct Item<'a> {
    pub page: PageKey,
    pub topic: PageTopic,
    /// Its own bytes.
    pub raw: &'a [u8],
    pub sent_at: Option<Timestamp>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Every event is stored, was there, or is nobody's.
    Taken,
    /// Nothing in it can be read.
    Unreadable,
    /// Some event is not stored: the delivery has to come again.
    NotStored(&'static str),
}

/// Stores the events of connected pages within this time.
pub(super) async fn take(webhook: &Webhook, items: &[Item<'_>], within: Duration) -> Outcome {
    if items.is_empty() {
        return Outcome::Unreadable;
    }
    match tokio::time::timeout(within, Box::pin(store_all(webhook, items))).await {
        Ok(Ok(())) => Outcome::Taken,
        Ok(Err(error)) => {
            tracing::error!(%error, "page events were not stored");
            Outcome::NotStored("store_unavailable")
        }
        Err(_) => Outcome::NotStored("store_too_slow"),
    }
}

/// What the items of one page came to.
#[derive(Default)]
struct Tally {
    stored: i64,
    duplicate: i64,
}

async fn store_all(webhook: &Webhook, items: &[Item<'_>]) -> Result<(), StoreError> {
    let now = webhook.clock.now();
    let pages: BTreeSet<&PageKey> = items.iter().map(|item| &item.page).collect();
    let routes: Vec<_> = pages.into_iter().map(|page| route(webhook, page, now)).collect();
    let routes: Vec<_> = futures::stream::iter(routes).buffer_unordered(SIDE_BY_SIDE).collect().await;
    // The pages that are known are served, whatever was not answered about others.
    let mut failed = None;
    let mut tenants: BTreeMap<&PageKey, TenantId> = BTreeMap::new();
    for (page, belongs) in routes {
        match belongs {
            Ok(Belongs::To(tenant)) => drop(tenants.insert(page, tenant)),
            Ok(Belongs::Ended) => dropped(page, items, "disconnected"),
            Ok(Belongs::Nobody) => dropped(page, items, "not_connected"),
            Err(error) => failed = Some(error),
        }
    }
    let puts: Vec<_> =
        items.iter().filter_map(|item| Some(put(webhook, item, tenants.get(&item.page)?, now))).collect();
    let mut puts = futures::stream::iter(puts).buffer_unordered(SIDE_BY_SIDE);
    let mut tallies: BTreeMap<&PageKey, Tally> = BTreeMap::new();
    while let Some((page, put)) = puts.next().await {
        let tally = tallies.entry(page).or_default();
        match put {
            Ok(Put::Stored) => tally.stored = tally.stored.saturating_add(1),
            Ok(Put::Duplicate) => tally.duplicate = tally.duplicate.saturating_add(1),
            Err(error) => failed = Some(error),
        }
    }
    for (page, tally) in tallies {
        if let Some(tenant) = tenants.get(page) {
            taken(page, tenant, &tally);
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn route<'p>(
    webhook: &Webhook,
    page: &'p PageKey,
    now: Timestamp,
) -> (&'p PageKey, Result<Belongs, StoreError>) {
    if webhook.pages.strangers.knows(page, now) {
        return (page, Ok(Belongs::Nobody));
    }
    (page, asked(webhook, page, now).await)
}

async fn asked(webhook: &Webhook, page: &PageKey, now: Timestamp) -> Result<Belongs, StoreError> {
    let belongs = webhook.store.connections.belongs(page).await?;
    if belongs == Belongs::Nobody {
        webhook.pages.strangers.remember(page, now);
        // Zalo cannot be told to stop (pages.md §2.10).
        if let PageKey::Facebook(page) = page
            && let Err(error) = webhook.store.connections.note_orphan(page, now).await
        {
            tracing::warn!(%error, "a page that is nobody's was not noted; its next event notes it");
        }
    }
    Ok(belongs)
}

async fn put<'p>(
    webhook: &Webhook,
    item: &'p Item<'_>,
    tenant: &TenantId,
    now: Timestamp,
) -> (&'p PageKey, Result<Put, StoreError>) {
    let Item { page, topic, raw, sent_at } = item;
    let stored = match pack(raw) {
        Ok(body) => {
            let key = EventKey::of_page(tenant, page, topic, raw);
            let event = NewPageEvent { key, topic: topic.clone(), body, sent_at: *sent_at, received_at: now };
            webhook.store.inbox.put_page_event(&event).await
        }
        Err(_) => Err(StoreError::Unavailable { code: "not compressed".to_owned() }),
    };
    (page, stored)
}

fn taken(page: &PageKey, tenant: &TenantId, tally: &Tally) {
    let mut line = Line::new(FUNCTION, "page_events.taken")
        .with("tenant", tenant.as_str())
        .with("page", page.to_string())
        .with("stored", tally.stored)
        .with("duplicate", tally.duplicate);
    if tally.stored > 0 {
        line = line.count(Metric::PageEventStored, tally.stored);
    }
    if tally.duplicate > 0 {
        line = line.count(Metric::PageEventDuplicate, tally.duplicate);
    }
    line.emit();
}

fn dropped(page: &PageKey, items: &[Item<'_>], why: &'static str) {
    let count = items.iter().filter(|item| item.page == *page).count();
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    Line::new(FUNCTION, "page_events.dropped")
        .with("page", page.to_string())
        .with("reason", why)
        .with("dropped", count)
        .count(Metric::PageEventDropped, count)
        .emit();
}
