//! A shop's visit, from its token to the time of the next one.
//!
//! ```text
//!  due ──► ended? ──yes──► unsubscribe, wipe ([`ended`])
//!            │no
//!            ▼
//!          token ──ended──► refresh, or needs_reconnect ([`common::refresh`])
//!            ▼
//!          suspected? ──401──► end: the app was removed
//!            ▼
//!          webhooks still switched on? ([`subscription`])
//!            ▼
//!          what did webhooks miss? ([`reconcile`])
//!            ▼
//!          next time: the earliest of what comes next
//! ```
//!
//! A visit has a time limit, and its failure is its own: the shop stays on its watch list and is visited again. What a
//! visit changes names the generation, the token version or the cursor that it saw, so a second visit at the same time
//! or a disconnect in the middle makes the late one's writes void.

mod ended;
mod reconcile;
mod subscription;
pub(crate) mod token;

use std::time::Duration;

use common::clock::later;
use common::id::{OrgId, TenantId};
use common::refresh;
use common::store::StoreError;
use common::store::connections::{ConnectionStatus, ShopConnection};
use jiff::Timestamp;

use self::token::{Living, living};
use crate::Upkeep;
use crate::visit::{Next, Trouble, VISIT};

/// Pause after something that gave no answer.
const SOON: Duration = Duration::from_secs(60);

/// Pause when nothing can be done before an admin connects the shop again.
const SELDOM: Duration = Duration::from_secs(24 * 3600);

/// Visits one shop, and puts it on the watch list for its next time.
pub async fn look_after(upkeep: &Upkeep, tenant: &TenantId, org: OrgId) {
    let visited = async {
        let Some(shop) = upkeep.store.connections.shop(tenant, org).await? else { return Ok(()) };
        let (this, seen) = (shop.this(), shop.suspected_at);
        let next = match tokio::time::timeout(VISIT, Box::pin(visit(upkeep, shop))).await {
            Ok(Ok(next)) => next,
            stopped => {
                if let Ok(Err(error)) = stopped {
                    tracing::warn!(%error, "a visit stopped short");
                }
                // A suspicion stands until it was looked into; the shop then simply stays due.
                if seen.is_some() {
                    return Ok(());
                }
                Next::At { shop: this, seen, due: later(upkeep.clock.now(), SOON) }
            }
        };
        match next {
            Next::At { shop, seen, due } => {
                upkeep.store.connections.look_again(&shop, seen, due).await.map(drop)
            }
            Next::AsItStands => Ok(()),
        }
    };
    if let Err::<(), StoreError>(error) = visited.await {
        tracing::warn!(%error, "a shop stays due");
    }
}

async fn visit(upkeep: &Upkeep, shop: ShopConnection) -> Result<Next, Trouble> {
    if shop.status == ConnectionStatus::Disconnected {
        return ended::go_on(upkeep, &shop).await;
    }
    let seen = shop.suspected_at;
    let (mut shop, mut token) = match Box::pin(living(upkeep, shop)).await? {
        Living::With(shop, token) => (shop, Some(token)),
        Living::Without(shop) => (shop, None),
        Living::Unclear => return Ok(Next::AsItStands),
    };
    if seen.is_some() {
        match ended::look_into(upkeep, shop, token).await? {
            ended::Suspicion::Unfounded(alive, opened) => (shop, token) = (*alive, Some(opened)),
            ended::Suspicion::Settled => return Ok(Next::AsItStands),
        }
    }
    let now = upkeep.clock.now();
    let rest = |shop: &ShopConnection| Next::At { shop: shop.this(), seen, due: later(now, SELDOM) };
    let Some(mut opened) = token else { return Ok(rest(&shop)) };

    let mut soon = None;
    let asked = subscription::is_due(&shop, now);
    if asked {
        match subscription::watch(upkeep, shop, opened).await? {
            subscription::Watched::Alive(alive, token) => (shop, opened) = (alive, token),
            subscription::Watched::NoAnswer(same, token) => {
                (shop, opened) = (same, token);
                soon = Some(later(now, subscription::NO_ANSWER));
            }
            subscription::Watched::Rejected(shop) => return Ok(rest(&shop)),
            subscription::Watched::Gone => return Ok(Next::AsItStands),
        }
    }
    let read = reconcile::reconcile(upkeep, &shop, &opened).await?;
    if read.refused && !asked {
        // The token was good for webhooks up to an hour ago: the next visit asks whether it still is.
        upkeep.store.connections.doubt(&shop.this()).await?;
        soon = Some(later(now, SOON));
    }
    let due =
        [refresh::due_at(&shop.token_state()), Some(subscription::next(&shop, now)), Some(read.next), soon]
            .into_iter()
            .flatten()
            .min();
    let due = due.unwrap_or_else(|| later(now, SELDOM));
    Ok(Next::At { shop: shop.this(), seen, due: spread(now, due, refresh::due_at(&shop.token_state())) })
}

/// A little later, so that shops connected together do not stay together; never later than a refresh.
fn spread(now: Timestamp, due: Timestamp, no_later: Option<Timestamp>) -> Timestamp {
    let ahead = Duration::try_from(due.duration_since(now)).unwrap_or_default();
    let late = later(due, ahead.mul_f64(0.05 * fastrand::f64()));
    no_later.map_or(late, |limit| late.min(limit.max(due)))
}
