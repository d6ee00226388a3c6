//! Shops that are due: one visit each, many side by side.
//!
//! ```text
//!  due ──► ended? ──yes──► unsubscribe, wipe ([`crate::ended`])
//!            │no
//!            ▼
//!          token ──ended──► refresh, or needs_reconnect ([`common::refresh`])
//!            ▼
//!          suspected? ──401──► end: the app was removed
//!            ▼
//!          webhooks still switched on? ([`crate::subscription`])
//!            ▼
//!          what did webhooks miss? ([`crate::reconcile`])
//!            ▼
//!          next time: the earliest of what comes next
//! ```
//!
//! A visit has a time limit, and its failure is its own: the shop stays on its watch list and is visited again. What a
//! visit changes names the generation, the token version or the cursor that it saw, so a second visit at the same time
//! or a disconnect in the middle makes the late one's writes void.

use std::time::Duration;

use common::clock::millis;
use common::haravan::api::ApiError;
use common::id::{OrgId, TenantId};
use common::refresh::{self, Refreshed};
use common::seal::{Place, SealError};
use common::store::connections::{
    ConnectionRef, ConnectionStatus, Due, ShopConnection, Subject, WATCH_SHARDS, reason,
};
use common::store::{StoreError, schema};
use common::tenant::{DirectoryError, connection_place};
use futures::StreamExt;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::{Upkeep, ended, import, orphan, pages, reconcile, subscription};

/// No visit begins this long after the run did: the rest stays due. With the longest visit and the longest refresh (two
/// calls of 15 s and their writes) a run ends within the function's 55 s.
pub const ADMISSION: Duration = Duration::from_secs(15);

/// The longest visit.
pub(crate) const VISIT: Duration = Duration::from_secs(35);

/// How long a visit may spend on reading lists.
pub(crate) const READING: Duration = Duration::from_secs(20);

/// Pause after something that gave no answer.
const SOON: Duration = Duration::from_secs(60);

/// Pause when nothing can be done before an admin connects the shop again.
const SELDOM: Duration = Duration::from_secs(24 * 3600);

/// Why a visit stopped short.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Our own store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tenant or its secrets are not readable.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A token does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// When to come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// At this time, having seen this suspicion.
    At { shop: ConnectionRef, seen: Option<Timestamp>, due: Timestamp },
    /// As it stands: what ended it, or leaves it due, was written already.
    AsItStands,
}

/// Visits every shop and page and works every import that is due; gives how many.
///
/// # Errors
/// [`StoreError`] when a watch list cannot be read.
pub async fn look_after_due(upkeep: &Upkeep) -> Result<usize, StoreError> {
    let began = upkeep.clock.now();
    let lists: Vec<_> = futures::stream::iter(0..WATCH_SHARDS)
        .map(|shard| upkeep.store.connections.due(shard, began, upkeep.limits.per_list))
        .buffered(usize::from(WATCH_SHARDS))
        .collect()
        .await;
    let mut due = Vec::new();
    for list in lists {
        due.extend(list?);
    }
    // Whatever a run has no time for, it is not always the same lists'.
    fastrand::shuffle(&mut due);
    let no_later = began.checked_add(ADMISSION).unwrap_or(began);
    let visited = futures::stream::iter(due)
        .map(|due| {
            Box::pin(async move {
                if upkeep.clock.now() > no_later {
                    return false;
                }
                match due {
                    Due::Shop(tenant, org) => look_after(upkeep, &tenant, org).await,
                    Due::Import(tenant, org) => import::go_on(upkeep, &tenant, org).await,
                    Due::Page(tenant, page) => pages::look_after(upkeep, &tenant, &page).await,
                    Due::Orphan(page) => orphan::unsubscribe(upkeep, &page).await,
                }
                true
            })
        })
        .buffer_unordered(upkeep.limits.at_once.max(1))
        .filter(|visited| std::future::ready(*visited))
        .count()
        .await;
    Ok(visited)
}

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

pub(crate) fn later(from: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_millisecond(from.as_millisecond().saturating_add(millis(by))).unwrap_or(from)
}

/// A shop's token.
pub(crate) enum Living {
    /// As it is now, refreshed if it was time.
    With(ShopConnection, SecretString),
    /// There is none that could be used; the connection says why.
    Without(ShopConnection),
    /// Nobody knows yet, or the connection has changed: it stays due.
    Unclear,
}

/// The shop's token, refreshed if it is time.
///
/// # Errors
/// [`Trouble`].
pub(crate) async fn living(upkeep: &Upkeep, shop: ShopConnection) -> Result<Living, Trouble> {
    let now = upkeep.clock.now();
    if shop.tokens.is_none() {
        return Ok(Living::Without(shop));
    }
    let ended = refresh::has_ended(&shop.token_state(), now);
    let can_refresh = shop.tokens.as_ref().is_some_and(|tokens| tokens.refresh.is_some());
    if ended && !can_refresh {
        // What was found out before says more than that the rest of it has ended too.
        let why = reason::needs_reconnect(shop.reason.as_deref()).unwrap_or(reason::TOKEN_ENDED);
        refresh::give_up(&upkeep.store, &shop.token_state(), why, true).await?;
        return again(upkeep, &shop).await;
    }
    if ended || refresh::due_at(&shop.token_state()).is_some_and(|due| due <= now) {
        return match upkeep.refresher.refresh(&shop.token_state()).await {
            Refreshed::Fresh(_) | Refreshed::NeedsReconnect(_) => again(upkeep, &shop).await,
            Refreshed::Later if !ended => opened(upkeep, shop).await,
            Refreshed::Later | Refreshed::Gone => Ok(Living::Unclear),
        };
    }
    opened(upkeep, shop).await
}

/// The connection read again after its tokens were refreshed or given up: what is left of them may still work for a while.
async fn again(upkeep: &Upkeep, shop: &ShopConnection) -> Result<Living, Trouble> {
    match upkeep.store.connections.shop(&shop.tenant, shop.org).await? {
        Some(now) if now.generation == shop.generation && now.status != ConnectionStatus::Disconnected => {
            if now.tokens.is_none() {
                Ok(Living::Without(now))
            } else {
                opened(upkeep, now).await
            }
        }
        _ => Ok(Living::Unclear),
    }
}

async fn opened(upkeep: &Upkeep, shop: ShopConnection) -> Result<Living, Trouble> {
    match open(upkeep, &shop).await? {
        Some(token) => Ok(Living::With(shop, token)),
        None => Ok(Living::Without(shop)),
    }
}

/// The shop's access token.
pub(crate) async fn open(upkeep: &Upkeep, shop: &ShopConnection) -> Result<Option<SecretString>, SealError> {
    let Some(tokens) = &shop.tokens else { return Ok(None) };
    let key = connection_place(&shop.tenant, &Subject::Shop(shop.org));
    let place = Place { key: &key, field: schema::connections::ACCESS_TOKEN };
    upkeep.directory.unseal(place, &tokens.access).await.map(Some)
}

/// What a token that Haravan answers with 401 comes to.
pub(crate) enum Rejected {
    /// A refresh brought one that may work.
    Renewed(ShopConnection, SecretString),
    /// There is no other.
    Dead(ShopConnection),
    /// Nobody knows yet, or the connection has changed.
    Unclear,
}

/// Tries to replace a token that Haravan answers with 401: one refresh, if there is something to refresh with.
///
/// # Errors
/// [`Trouble`].
pub(crate) async fn replace(upkeep: &Upkeep, shop: ShopConnection) -> Result<Rejected, Trouble> {
    if shop.tokens.as_ref().is_none_or(|tokens| tokens.refresh.is_none()) {
        return Ok(Rejected::Dead(shop));
    }
    match upkeep.refresher.refresh(&shop.token_state()).await {
        Refreshed::Fresh(_) => Ok(match again(upkeep, &shop).await? {
            Living::With(fresh, token) => Rejected::Renewed(fresh, token),
            Living::Without(fresh) => Rejected::Dead(fresh),
            Living::Unclear => Rejected::Unclear,
        }),
        Refreshed::NeedsReconnect(_) => {
            Ok(Rejected::Dead(ShopConnection { status: ConnectionStatus::NeedsReconnect, ..shop }))
        }
        Refreshed::Later | Refreshed::Gone => Ok(Rejected::Unclear),
    }
}

/// Whether an answer says that Haravan cannot say now.
pub(crate) fn is_transient(error: &ApiError) -> bool {
    matches!(error, ApiError::Transient { .. })
}
