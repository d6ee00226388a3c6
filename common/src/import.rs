//! Importing a period of a shop's history, as the console sees it: start, look, cancel.
//!
//! Upkeep does the work, in steps that leave half of what the tenant's CRM takes to live events; see
//! [`crate::store::imports`] for the states. What an import stores are ordinary events of the inbox: retries, pacing and
//! the rule that nothing is created twice are theirs.

use jiff::Timestamp;

use crate::id::{OrgId, TenantId};
use crate::store::connections::{Person, ShopStatus};
use crate::store::imports::{Import, NewImport, Started};
use crate::store::{Store, StoreError};

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
    if shop.status != ShopStatus::Connected {
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
