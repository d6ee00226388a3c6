//! The visit of one connected shop.
//!
//! ```text
//!  disconnected? ──yes──► finish the disconnect ([`ended`])
//!       │no
//!       ▼
//!  keep the token fresh ([`token`]): refresh it in time, or ask for a new connection
//!       ▼
//!  reported as uninstalled? ──yes──► ask Haravan ([`suspected`]); if the app is gone, end the connection
//!       ▼
//!  are webhooks still on? ([`subscription`])
//!       ▼
//!  what did webhooks miss? ([`reconcile`])
//!       ▼
//!  next visit: at the earliest time that a step asks for
//! ```
//!
//! A visit has a time limit. A visit that fails affects no other: the shop stays on its watch list and is visited again.
//! Every write names the generation, the token version or the cursor that the visit has read. So after a disconnect or
//! another visit in between, the later write does nothing.

mod ended;
mod reconcile;
mod subscription;
mod suspected;
pub(crate) mod token;
pub(crate) mod visit;

use std::time::Duration;

use common::clock::later;
use common::id::{OrgId, TenantId};
use common::refresh;
use common::store::StoreError;
use common::store::connections::ConnectionStatus;
use jiff::Timestamp;

use self::visit::{Stop, Visit};
use crate::{Upkeep, VISIT};

/// Pause after a failure.
const SOON: Duration = Duration::from_secs(60);

/// Pause if nothing can be done until an admin connects the shop again.
const SELDOM: Duration = Duration::from_secs(24 * 3600);

/// Visits one shop, and puts it on the watch list for its next visit.
pub async fn visit(upkeep: &Upkeep, tenant: &TenantId, org: OrgId) {
    if let Err(error) = visit_and_schedule(upkeep, tenant, org).await {
        tracing::warn!(%error, "a shop stays due");
    }
}

async fn visit_and_schedule(upkeep: &Upkeep, tenant: &TenantId, org: OrgId) -> Result<(), StoreError> {
    let connections = &upkeep.store.connections;
    let Some(shop) = connections.shop(tenant, org).await? else { return Ok(()) };
    let (this, suspected_at) = (shop.this(), shop.suspected_at);
    let due = match tokio::time::timeout(VISIT, Box::pin(steps(Visit::new(upkeep, shop)))).await {
        Ok(Ok(due)) => due,
        Ok(Err(Stop::AsItStands)) => return Ok(()),
        failed => {
            if let Ok(Err(error)) = failed {
                tracing::warn!(%error, "a visit of a shop failed");
            }
            // Scheduling would remove an uninstall report that nobody has looked into. Unscheduled, the shop stays due.
            if suspected_at.is_some() {
                return Ok(());
            }
            later(upkeep.clock.now(), SOON)
        }
    };
    connections.look_again(&this, suspected_at, due).await?;
    Ok(())
}

/// The steps of a visit, in order; gives the time of the next visit.
async fn steps(mut visit: Visit<'_>) -> Result<Timestamp, Stop> {
    let visit = &mut visit;
    if visit.shop.status == ConnectionStatus::Disconnected {
        return ended::finish(visit).await;
    }
    Box::pin(token::keep_fresh(visit)).await?;
    if visit.suspected_at.is_some() {
        suspected::look_into(visit).await?;
    }

    let now = visit.now();
    let asks = visit.token.is_some() && subscription::is_due(&visit.shop, now);
    let ask_at = if asks { subscription::watch(visit).await? } else { subscription::next(&visit.shop, now) };

    let Some(reader) = visit.reader(visit.now()) else { return Ok(later(now, SELDOM)) };
    let read = reconcile::reconcile(visit, &reader).await?;

    let refresh_at = refresh::due_at(&visit.shop.token_state());
    let mut due = ask_at.min(read.next);
    due = refresh_at.map_or(due, |refresh_at| due.min(refresh_at));
    if read.refused && !asks {
        // Up to an hour ago the token was good for webhooks. The next visit asks whether it still is.
        visit.upkeep.store.connections.doubt(&visit.shop.this()).await?;
        due = due.min(later(now, SOON));
    }
    Ok(spread(now, due, refresh_at))
}

/// A little later than `due`, so that shops that were connected together are not visited together; but never later than
/// the refresh of their token.
fn spread(now: Timestamp, due: Timestamp, refresh_at: Option<Timestamp>) -> Timestamp {
    let ahead = Duration::try_from(due.duration_since(now)).unwrap_or_default();
    let spread = later(due, ahead.mul_f64(0.05 * fastrand::f64()));
    refresh_at.map_or(spread, |limit| spread.min(limit.max(due)))
}
