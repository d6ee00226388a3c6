//! A tenant's events for people to look through: newest first, by where they stand, page by page.
//!
//! What is done or set aside is read from the tenant's own lists in the order of its arrival. What is open is on the
//! watch lists, which are shared and ordered by the time for upkeep; a tenant seldom has many open, so they are all read
//! and sorted here, up to a bound. The index lags a moment behind: what an event's own item says decides.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures::future::try_join_all;
use jiff::Timestamp;

use super::{Event, EventKey, Inbox, Status, WATCH_SHARDS, done_list, open_shard, parked_list, warned_list};
use crate::haravan::webhook::Entity;
use crate::id::TenantId;
use crate::store::StoreError;
use crate::store::item::{Item, ItemExt, n, s};
use crate::store::schema::inbox::{DIGEST, DUE, KEY, STATUS, WATCH, WATCH_INDEX};

/// Most open events of a tenant that are sorted in.
const MOST_OPEN: usize = 500;

/// Most pages read of one watch list, of up to a megabyte each, most of it other tenants'.
const MOST_PAGES: usize = 4;

/// Most items of one batch.
const BATCH: usize = 100;

/// Times a batch is asked for again for what it left out.
const TRIES: u32 = 8;

/// Which events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// All.
    #[default]
    All,
    /// Set aside for a person.
    Failed,
    /// Still to be worked on.
    Waiting,
    /// Finished.
    Done,
    /// Finished, with something that a person should know. What ended before such events had a list of their own is not
    /// among them; it expires within 30 days.
    Warned,
}

impl Which {
    fn takes(self, status: Status) -> bool {
        match self {
            Self::All => true,
            Self::Failed => status == Status::Parked,
            Self::Done | Self::Warned => status == Status::Done,
            Self::Waiting => !matches!(status, Status::Parked | Status::Done),
        }
    }
}

/// A place in the order of arrival, the latest first; events that came in the same millisecond go by their keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    received: Reverse<i64>,
    key: EventKey,
}

impl Place {
    /// The place of an event that was received at `received`.
    pub fn new(received: Timestamp, key: EventKey) -> Self {
        Self { received: Reverse(received.as_millisecond()), key }
    }

    /// The place of an event.
    pub fn of(event: &Event) -> Self {
        Self::new(event.received_at, event.key.clone())
    }

    /// Unix milliseconds.
    pub fn received(&self) -> i64 {
        self.received.0
    }

    /// The event that has it.
    pub fn key(&self) -> &EventKey {
        &self.key
    }
}

/// A page of events.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// The events, newest first.
    pub events: Vec<Event>,
    /// Whether there are older ones.
    pub more: bool,
}

impl Inbox {
    /// A tenant's newest events that come after `after` in the order of [`Place`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest(
        &self,
        tenant: &TenantId,
        which: Which,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Listed, StoreError> {
        let mut found: Vec<Event> = Vec::new();
        if matches!(which, Which::All | Which::Waiting) {
            found.extend(self.events(&self.open_keys(tenant).await?).await?);
        }
        let lists = match which {
            Which::All => vec![parked_list(tenant), warned_list(tenant), done_list(tenant)],
            Which::Failed => vec![parked_list(tenant)],
            Which::Done => vec![warned_list(tenant), done_list(tenant)],
            Which::Warned => vec![warned_list(tenant)],
            Which::Waiting => Vec::new(),
        };
        let mut places: BTreeSet<Place> = BTreeSet::new();
        for list in lists {
            places.extend(self.places(list, after, limit.saturating_add(1)).await?);
        }
        let keys: Vec<EventKey> =
            places.into_iter().take(limit.saturating_add(1)).map(|place| place.key).collect();
        found.extend(self.events(&keys).await?);
        found
            .retain(|event| which.takes(event.status) && after.is_none_or(|after| Place::of(event) > *after));
        found.sort_by_cached_key(Place::of);
        found.dedup_by(|one, other| one.key == other.key);
        let more = found.len() > limit;
        found.truncate(limit);
        Ok(Listed { events: found, more })
    }

    /// All events about one order or customer, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn about(&self, tenant: &TenantId, entity: Entity, id: &str) -> Result<Vec<Event>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{KEY} = :entity"))
            .expression_attribute_values(":entity", s(format!("{tenant}#{}#{id}", entity.as_str())))
            .into_paginator()
            .items()
            .send();
        let mut events = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item?;
            // The further parts of a large body have no status.
            if item.contains_key(STATUS) {
                events.push(Event::read(&item)?);
            }
        }
        events.sort_by_cached_key(Place::of);
        Ok(events)
    }

    /// The keys of what is still to be worked on.
    async fn open_keys(&self, tenant: &TenantId) -> Result<Vec<EventKey>, StoreError> {
        let shards = try_join_all((0..WATCH_SHARDS).map(|shard| self.open_in(shard, tenant))).await?;
        Ok(shards.into_iter().flatten().take(MOST_OPEN).collect())
    }

    async fn open_in(&self, shard: u8, tenant: &TenantId) -> Result<Vec<EventKey>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(WATCH_INDEX)
            .key_condition_expression(format!("{WATCH} = :list"))
            .filter_expression(format!("begins_with({KEY}, :tenant)"))
            .expression_attribute_values(":list", s(open_shard(shard)))
            .expression_attribute_values(":tenant", s(format!("{tenant}#")))
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(page) = pages.next().await else { break };
            for item in page?.items() {
                keys.push(key_of(item)?);
            }
        }
        Ok(keys)
    }

    /// At least `wanted` places of a list after `after`, as far as there are so many, and all of the last millisecond.
    pub(super) async fn places(
        &self,
        list: String,
        after: Option<&Place>,
        wanted: usize,
    ) -> Result<Vec<Place>, StoreError> {
        let until = after.map_or(i64::MAX, Place::received);
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(WATCH_INDEX)
            .key_condition_expression(format!("{WATCH} = :list AND {DUE} <= :until"))
            .expression_attribute_values(":list", s(list))
            .expression_attribute_values(":until", n(until))
            .scan_index_forward(false)
            .limit(i32::try_from(wanted.saturating_add(1)).unwrap_or(i32::MAX))
            .into_paginator()
            .items()
            .send();
        let mut places: Vec<Place> = Vec::new();
        while let Some(item) = items.next().await {
            let item = item?;
            let place = Place { received: Reverse(item.must_number(DUE)?), key: key_of(&item)? };
            let complete =
                places.len() >= wanted && places.last().is_some_and(|last| last.received != place.received);
            if complete {
                break;
            }
            if after.is_none_or(|after| place > *after) {
                places.push(place);
            }
        }
        Ok(places)
    }

    /// The events of these keys, in any order, as far as they are there.
    pub(super) async fn events(&self, keys: &[EventKey]) -> Result<Vec<Event>, StoreError> {
        self.items_of(keys).await?.iter().map(Event::read).collect()
    }

    /// The items of these keys, in any order, as far as they are there.
    pub(super) async fn items_of(&self, keys: &[EventKey]) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for batch in keys.chunks(BATCH) {
            let mut left: Vec<HashMap<String, AttributeValue>> = batch
                .iter()
                .map(|key| {
                    HashMap::from([(KEY.to_owned(), s(&key.entity)), (DIGEST.to_owned(), s(&key.digest))])
                })
                .collect();
            for attempt in 0..TRIES {
                if left.is_empty() {
                    break;
                }
                if attempt > 0 {
                    tokio::time::sleep(Duration::from_millis(20 << attempt)).await;
                }
                let asked = KeysAndAttributes::builder().set_keys(Some(left)).build();
                let asked = asked.map_err(|_| StoreError::Corrupt(KEY))?;
                let answer = self.client.batch_get_item().request_items(&self.table, asked).send().await?;
                let read = answer.responses().and_then(|tables| tables.get(&self.table));
                items.extend(read.into_iter().flatten().cloned());
                let unread = answer.unprocessed_keys().and_then(|tables| tables.get(&self.table));
                left = unread.map(|unread| unread.keys().to_vec()).unwrap_or_default();
            }
            if !left.is_empty() {
                return Err(StoreError::Unavailable { code: "unprocessed keys".to_owned() });
            }
        }
        Ok(items)
    }
}

pub(super) fn key_of(item: &Item) -> Result<EventKey, StoreError> {
    Ok(EventKey { entity: item.must_text(KEY)?.to_owned(), digest: item.must_text(DIGEST)?.to_owned() })
}
