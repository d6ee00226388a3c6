//! Rows that Haravan's REST lists, put into the inbox as if a webhook had brought them: for reconciliation and imports.
//!
//! A row becomes an event only when nobody has it: neither decided on in this version or a newer one
//! ([`crate::store::claims`], one batched read for a page), nor received by webhook or by an earlier look and still kept
//! ([`crate::store::inbox`], asked only for what the first leaves over). A quiet shop therefore costs reads and no
//! writes. This saves work and nothing else: what slips through, because a webhook came in the same moment, ends at the
//! identity claim as "in the CRM already".
//!
//! The event's body is the row's exact text and its topic the update's: order and customer intake create what is not in
//! the CRM yet whichever topic brings it, and read REST bodies like webhook bodies (haravan.md §3.13).

use futures::StreamExt;
use jiff::Timestamp;

use crate::body::pack;
use crate::haravan::rows::Row;
use crate::haravan::webhook::{Entity, Topic};
use crate::id::{CustomerId, OrderId, OrgId, TenantId};
use crate::store::claims::Identity;
use crate::store::inbox::{EventKey, NewEvent, Put};
use crate::store::{Store, StoreError};
use crate::trace::TraceId;

/// How many rows are stored at once.
const SIDE_BY_SIDE: usize = 8;

/// What became of a page of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// Became events.
    pub stored: usize,
    /// Were known.
    pub known: usize,
}

/// Stores the rows that nobody has, as events of this trace.
///
/// # Errors
/// [`StoreError`]: some may be stored; doing it again is harmless.
pub async fn fill(
    store: &Store,
    tenant: &TenantId,
    org: OrgId,
    entity: Entity,
    rows: &[&Row],
    trace: TraceId,
    now: Timestamp,
) -> Result<Filled, StoreError> {
    let identities: Vec<Identity> = rows.iter().map(|row| identity(tenant, entity, row.id)).collect();
    let decided = store.claims.known(&identities).await?;
    let mut puts = Vec::new();
    for (row, identity) in rows.iter().copied().zip(&identities) {
        let version = decided.get(identity).and_then(|record| record.version);
        if !covers(version, row) {
            puts.push(put(store, tenant, org, (entity, row), trace, now));
        }
    }
    let new: Vec<Result<bool, StoreError>> =
        futures::stream::iter(puts).buffer_unordered(SIDE_BY_SIDE).collect().await;
    let stored = new.into_iter().collect::<Result<Vec<bool>, _>>()?.into_iter().filter(|new| *new).count();
    Ok(Filled { stored, known: rows.len().saturating_sub(stored) })
}

/// Whether a version is the row's or newer. A row that does not say its version is never covered: its digest tells.
fn covers(version: Option<i64>, row: &Row) -> bool {
    let this = row.updated_at.map(Timestamp::as_microsecond);
    this.is_some_and(|this| version.is_some_and(|version| version >= this))
}

fn identity(tenant: &TenantId, entity: Entity, id: i64) -> Identity {
    match entity {
        Entity::Order => Identity::order(tenant, OrderId(id)),
        Entity::Customer => Identity::customer(tenant, CustomerId(id)),
    }
}

async fn put(
    store: &Store,
    tenant: &TenantId,
    org: OrgId,
    (entity, row): (Entity, &Row),
    trace: TraceId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let topic = match entity {
        Entity::Order => Topic::OrderUpdated,
        Entity::Customer => Topic::CustomerUpdate,
    };
    let body = row.text.get().as_bytes();
    let key = EventKey::of(tenant, topic, row.id, body);
    if covers(store.inbox.newest_version(&key.entity).await?, row) {
        return Ok(false);
    }
    let body = match pack(body) {
        Ok(body) => body,
        Err(error) => {
            // Short of memory; the rest of the page goes on, and a change of the row brings it again.
            tracing::error!(%error, "a row was not compressed and is left out");
            return Ok(false);
        }
    };
    let event =
        NewEvent { key, topic, org, body, updated_at: row.updated_at, received_at: now, parked: None, trace };
    Ok(store.inbox.put(&event).await? == Put::Stored)
}
