//! How much a tenant used, counted from the events themselves: each counts once, however often it was delivered or tried.
//!
//! The tenant's own lists give the events of a period by the time they were received; reading them afterwards costs half
//! a read unit an event, where a counter beside them would cost a write unit with each. A period can be counted while
//! its events are kept, which is [`super::KEEP_DONE`].

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Event, EventKey, Inbox, Status, WATCH_SHARDS, done_list, open_shard, pages, parked_list, warned_list,
};
use crate::haravan::webhook::Entity;
use crate::id::TenantId;
use crate::store::StoreError;
use crate::store::connections::PageKey;
use crate::store::inbox::listing::key_of;
use crate::store::item::{n, s};
use crate::store::schema::inbox::{DUE, WATCH, WATCH_INDEX};

/// Events read at once.
const BATCH: usize = 100;

/// What one tenant used in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Events of orders.
    pub orders: Fates,
    /// Events of customers.
    pub customers: Fates,
    /// Calls made to the CRM for them.
    pub crm_calls: i64,
    /// Messages, receipts and changes of pages that were kept.
    pub page_events: Providers,
}

/// What became of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Fates {
    /// Taken in.
    pub received: u64,
    /// Of these: carried over to the CRM.
    pub delivered: u64,
    /// Nothing was to be done about them.
    pub not_applied: u64,
    /// Set aside for a person.
    pub parked: u64,
    /// Still at work.
    pub open: u64,
}

/// Events of pages, by provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Providers {
    /// Facebook's.
    pub facebook: u64,
    /// Zalo's.
    pub zalo: u64,
}

impl Usage {
    fn add(&mut self, event: &Event) {
        let fates = match event.topic.entity() {
            Entity::Order => &mut self.orders,
            Entity::Customer => &mut self.customers,
        };
        let fate = match event.status {
            Status::Done if event.reason.is_none() => &mut fates.delivered,
            Status::Done => &mut fates.not_applied,
            Status::Parked => &mut fates.parked,
            Status::Ready | Status::Working | Status::Waiting | Status::Kept => &mut fates.open,
        };
        *fate = fate.saturating_add(1);
        fates.received = fates.received.saturating_add(1);
        self.crm_calls = self.crm_calls.saturating_add(event.crm_calls);
    }

    fn add_of_page(&mut self, key: &EventKey) {
        let count = match key.page() {
            Some(PageKey::Facebook(_)) => &mut self.page_events.facebook,
            Some(PageKey::Zalo(_)) => &mut self.page_events.zalo,
            None => return,
        };
        *count = count.saturating_add(1);
    }
}

impl Inbox {
    /// The keys of everything that is still to be worked on, by tenant: the lists are shared, and are read once for all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_of_all(&self) -> Result<HashMap<TenantId, Vec<EventKey>>, StoreError> {
        let mut all: HashMap<TenantId, Vec<EventKey>> = HashMap::new();
        for shard in 0..WATCH_SHARDS {
            for key in self.listed_between(open_shard(shard), i64::MIN, i64::MAX).await? {
                all.entry(key.tenant()?).or_default().push(key);
            }
        }
        Ok(all)
    }

    /// What a tenant used: of the events received at `from` or later and before `until`, as far as they are kept; `open`
    /// is what is still to be worked on. An event that is settled during the count may be missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn usage(
        &self,
        tenant: &TenantId,
        open: &[EventKey],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Usage, StoreError> {
        let (first, last) = (from.as_millisecond(), until.as_millisecond().saturating_sub(1));
        let mut usage = Usage::default();
        let open = self.events(open).await?;
        let within = |event: &&Event| from <= event.received_at && event.received_at < until;
        let still_open = |event: &&Event| !matches!(event.status, Status::Done | Status::Parked);
        open.iter().filter(within).filter(still_open).for_each(|event| usage.add(event));
        for list in [done_list(tenant), warned_list(tenant), parked_list(tenant)] {
            for keys in self.listed_between(list, first, last).await?.chunks(BATCH) {
                let events = self.events(keys).await?;
                let settled = events.iter().filter(|event| !still_open(event));
                settled.for_each(|event| usage.add(event));
            }
        }
        let of_pages = self.listed_between(pages::pages_list(tenant), first, last).await?;
        of_pages.iter().for_each(|key| usage.add_of_page(key));
        Ok(usage)
    }

    /// The keys of a list between two of its times, both included.
    async fn listed_between(&self, list: String, first: i64, last: i64) -> Result<Vec<EventKey>, StoreError> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(WATCH_INDEX)
            .key_condition_expression(format!("{WATCH} = :list AND {DUE} BETWEEN :first AND :last"))
            .expression_attribute_values(":list", s(list))
            .expression_attribute_values(":first", n(first))
            .expression_attribute_values(":last", n(last))
            .into_paginator()
            .items()
            .send();
        let mut keys = Vec::new();
        while let Some(item) = items.next().await {
            keys.push(key_of(&item?)?);
        }
        Ok(keys)
    }
}
