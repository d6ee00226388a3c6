//! What an operator does by hand to a tenant's events.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::listing::key_of;
use super::pages::pages_list;
use super::{
    Event, EventKey, Inbox, Status, WATCH_SHARDS, changed, done_list, open_shard, parked_list, warned_list,
};
use crate::id::TenantId;
use crate::store::StoreError;
use crate::store::erase::delete_all;
use crate::store::item::{ItemExt, n, s};
use crate::store::schema::inbox::{DIGEST, DUE, KEY, STATUS, WATCH, WATCH_INDEX};

impl Inbox {
    /// The keys of everything of a tenant that is still to be worked on, however much it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_of(&self, tenant: &TenantId) -> Result<Vec<EventKey>, StoreError> {
        let mut keys = Vec::new();
        for shard in 0..WATCH_SHARDS {
            keys.extend(self.listed(open_shard(shard), tenant).await?);
        }
        Ok(keys)
    }

    /// Makes a waiting event due now, so that the next run of upkeep makes it ready. `false` when it is not waiting.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn hurry(&self, key: &EventKey, now: Timestamp) -> Result<bool, StoreError> {
        let request = self
            .update(key)
            .update_expression(format!("SET {DUE} = :now"))
            .condition_expression(format!("{STATUS} = :waiting"))
            .expression_attribute_values(":waiting", s(Status::Waiting.as_str()))
            .expression_attribute_values(":now", n(now.as_millisecond()));
        changed(request.send().await)
    }

    /// Removes every event of a tenant for good, what its pages were sent too; gives how many. To be called again until it gives none: the index it
    /// goes by lags behind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase(&self, tenant: &TenantId) -> Result<usize, StoreError> {
        let mut keys = self.open_of(tenant).await?;
        for list in [parked_list(tenant), done_list(tenant), warned_list(tenant), pages_list(tenant)] {
            keys.extend(self.listed(list, tenant).await?);
        }
        let entities: BTreeSet<String> = keys.into_iter().map(|key| key.entity).collect();
        let (mut found, mut events) = (Vec::new(), 0_usize);
        for entity in entities {
            let mut items = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression(format!("{KEY} = :entity"))
                .expression_attribute_values(":entity", s(entity))
                .projection_expression(format!("{KEY}, {DIGEST}, {STATUS}"))
                .into_paginator()
                .items()
                .send();
            while let Some(item) = items.next().await {
                let item = item?;
                // The further parts of a large body have no status.
                events = events.saturating_add(usize::from(item.contains_key(STATUS)));
                let (entity, digest) = (item.must_text(KEY)?, item.must_text(DIGEST)?);
                found.push(HashMap::from([(KEY.to_owned(), s(entity)), (DIGEST.to_owned(), s(digest))]));
            }
        }
        delete_all(&self.client, &self.table, found).await?;
        Ok(events)
    }

    /// The events of these keys, as far as they are there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_keys(&self, keys: &[EventKey]) -> Result<Vec<Event>, StoreError> {
        self.events(keys).await
    }

    async fn listed(&self, list: String, tenant: &TenantId) -> Result<Vec<EventKey>, StoreError> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(WATCH_INDEX)
            .key_condition_expression(format!("{WATCH} = :list"))
            .filter_expression(format!("begins_with({KEY}, :tenant)"))
            .expression_attribute_values(":list", s(list))
            .expression_attribute_values(":tenant", s(format!("{tenant}#")))
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
