//! Importing a period of a shop's history, as the console sees it: start, look, cancel.
//!
//! Upkeep does the work, in steps that leave half of what the tenant's CRM takes to live events; see
//! [`crate::store::imports`] for the states. What an import stores are ordinary events of the inbox: retries, pacing and
//! the rule that nothing is created twice are theirs.

use std::time::Duration;

use jiff::Timestamp;

use crate::haravan::webhook::Entity;
use crate::id::{OrgId, TenantId};
use crate::store::connections::{ConnectionStatus, Person};
use crate::store::imports::{Import, NewImport, Started};
use crate::store::{Store, StoreError};

/// Pause between two steps of an import: upkeep's own.
pub const STEP: Duration = Duration::from_secs(60);

/// Most records a step stores.
pub const MOST: usize = 1000;

/// How many records a step stores at most: what half of the tenant's write rate takes until the next one. An order costs
/// two writes.
pub fn room(writes_per_second: f64, stage: Entity) -> usize {
    let writes = writes_per_second.clamp(0.01, 1000.0) * STEP.as_secs_f64() / 2.0;
    let cost = if stage == Entity::Order { 2.0 } else { 1.0 };
    let records = Duration::try_from_secs_f64(writes / cost).unwrap_or_default().as_secs();
    usize::try_from(records).unwrap_or(MOST).clamp(1, MOST)
}

/// What an admin asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Start of the period: what was created then is in it.
    pub from: Timestamp,
    /// End of the period: what was created then is not. A time ahead means now.
    pub to: Timestamp,
    /// Whether orders are imported.
    pub orders: bool,
    /// Whether customers are imported.
    pub customers: bool,
    /// Who asks.
    pub by: Option<Person>,
}

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It runs.
    Begun,
    /// Another import of this shop runs: only one does at a time.
    Running,
    /// There is nothing to read: no kind of record is ticked, or the period is empty.
    Nothing,
    /// The shop is not connected.
    NotConnected,
}

/// Starts an import of a shop's history.
///
/// # Errors
/// [`StoreError`]: it may run; [`import_state`] tells.
pub async fn start_import(
    store: &Store,
    tenant: &TenantId,
    org: OrgId,
    wish: Wish,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let Some(shop) = store.connections.shop(tenant, org).await? else { return Ok(Answer::NotConnected) };
    if shop.status != ConnectionStatus::Connected {
        return Ok(Answer::NotConnected);
    }
    let Wish { from, to, orders, customers, by } = wish;
    let new = NewImport { tenant: shop.tenant, org, from, to: to.min(now), orders, customers, by };
    Ok(match store.imports.start(&new, now).await? {
        Started::Begun => Answer::Begun,
        Started::Running => Answer::Running,
        Started::Nothing => Answer::Nothing,
    })
}

/// A shop's last import and how far it is; `None` when there never was one.
///
/// # Errors
/// [`StoreError`].
pub async fn import_state(
    store: &Store,
    tenant: &TenantId,
    org: OrgId,
) -> Result<Option<Import>, StoreError> {
    store.imports.get(tenant, org).await
}

/// Stops a shop's import; what it stored stays. `false` when none runs.
///
/// # Errors
/// [`StoreError`].
pub async fn cancel_import(
    store: &Store,
    tenant: &TenantId,
    org: OrgId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    store.imports.cancel(tenant, org, now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_leaves_half_of_the_write_rate_to_live_events() {
        assert_eq!(room(1.0, Entity::Order), 15);
        assert_eq!(room(1.0, Entity::Customer), 30);
        assert_eq!(room(0.01, Entity::Order), 1, "it always goes on");
        assert_eq!(room(1e9, Entity::Order), MOST);
    }
}
