//! What did webhooks miss?
//!
//! Webhooks get lost: a delivery fails 19 times, a subscription is gone for an hour, a secret is wrong for a day
//! (haravan.md §2.8). So every quarter of an hour a *round* reads by REST what has changed since the last round began, and
//! stores what the inbox does not have ([`common::backfill`]).
//!
//! Invariants:
//! - **No change is skipped.** A round begins where the last one *began*, less an [`OVERLAP`] for clocks that differ and
//!   changes that show late. It ends only when Haravan says that a batch is the last. Until then the connection keeps a
//!   cursor ([`common::store::walks`]), which moves after a batch is stored.
//! - **Nothing is carried over twice**, however often it is read: the inbox and the claims see to that.
//! - **Webhooks go first.** A change of the last [`SETTLE`] is left to the next round, whose overlap covers it. So a round
//!   does not overtake a webhook that is on its way, and what it stores *is* what was missing.
//!
//! The first round begins at the time of the connect; older records are for an import.

use std::time::Duration;

use common::backfill;
use common::clock::later;
use common::haravan::api::ApiError;
use common::haravan::rows::{PageError, Reader, Row, ShopTime};
use common::haravan::webhook::Entity;
use common::store::connections::ShopConnection;
use common::store::walks::Round;
use common::telemetry::{Line, Metric};
use common::trace::TraceId;
use jiff::Timestamp;

use super::visit::{Stop, Visit};
use crate::FUNCTION;

/// How far before the last round's beginning a round begins to read.
const OVERLAP: Duration = Duration::from_secs(10 * 60);

/// Changes younger than this are left to the next round.
const SETTLE: Duration = Duration::from_secs(2 * 60);

/// Batches read of one entity in one visit: with both entities, half of Haravan's bucket (haravan.md §5.2).
const BATCHES: usize = 20;

/// Pause if Haravan does not answer.
const NO_ANSWER: Duration = Duration::from_secs(60);

/// The result of a visit's reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Read {
    /// When to read again.
    pub next: Timestamp,
    /// Haravan refused the token (401).
    pub refused: bool,
}

/// How a walk over one entity ended.
enum Walked {
    /// The round is complete; it began then.
    Done(Timestamp),
    /// There is more to read.
    More,
    /// Haravan did not answer, or asked to wait so long.
    NoAnswer(Option<Duration>),
    /// Haravan refuses, and will until a person changes something.
    Refused,
    /// Haravan refused the token (401).
    Unauthorized,
    /// Another worker moved the cursor, or the connection has changed.
    Overtaken,
}

/// Works on the rounds that are due, of orders and of customers.
///
/// # Errors
/// [`Stop`] if our own store or the tenant cannot be read.
pub(crate) async fn reconcile(visit: &Visit<'_>, reader: &Reader<'_>) -> Result<Read, Stop> {
    let (upkeep, shop) = (visit.upkeep, &visit.shop);
    let began = visit.now();
    let every = upkeep.limits.reconcile_every;
    let Some(tenant) = upkeep.directory.tenant(&shop.tenant).await? else {
        return Ok(Read { next: later(began, every), refused: false });
    };
    let mut read = Read { next: later(began, every), refused: false };
    for (entity, wanted) in
        [(Entity::Order, tenant.settings.orders), (Entity::Customer, tenant.settings.customers)]
    {
        let next = match shop.walk(entity) {
            walk if walk.round.is_none() && walk.until.is_some_and(|last| later(last, every) > began) => {
                walk.until.map_or(began, |last| later(last, every))
            }
            _ if !wanted => {
                // Changes made while an entity is switched off are not read when it is switched on again.
                upkeep.store.walks.finish(&shop.this(), entity, shop.walk(entity), began).await?;
                later(began, every)
            }
            _ => match Box::pin(walk(visit, entity, reader)).await? {
                Walked::Done(until) => later(until, every),
                Walked::More => began,
                Walked::NoAnswer(wait) => later(visit.now(), wait.unwrap_or(NO_ANSWER)),
                Walked::Refused | Walked::Overtaken => later(began, every),
                Walked::Unauthorized => {
                    read.refused = true;
                    return Ok(read);
                }
            },
        };
        read.next = read.next.min(next);
    }
    Ok(read)
}

/// Continues the round of one entity, or begins a new one.
async fn walk(visit: &Visit<'_>, entity: Entity, reader: &Reader<'_>) -> Result<Walked, Stop> {
    let (store, shop) = (&visit.upkeep.store, &visit.shop);
    let (this, walks) = (shop.this(), &store.walks);
    let mut seen = shop.walk(entity).clone();
    let mut round = match &seen.round {
        Some(round) => round.clone(),
        None => Round { began: visit.now(), since_id: 0 },
    };
    let last = seen.until.or(shop.connected_at).unwrap_or(round.began);
    let from = last.checked_sub(OVERLAP).unwrap_or(last);
    let settled = round.began.checked_sub(SETTLE).unwrap_or(round.began);
    let trace = TraceId::of_invocation();
    let mut shop_time = ShopTime::Unknown;
    for _ in 0..BATCHES {
        let digits = shop_time.not_before(from);
        let filters = [("updated_at_min", digits.as_str())];
        let batch = match reader.page(entity, &filters, round.since_id, usize::MAX).await {
            Ok(batch) => batch,
            Err(error) => return Ok(stopped(shop, entity, &error)),
        };
        shop_time = shop_time.learn(from, &batch.rows);
        if batch.unreadable > 0 {
            tracing::warn!(rows = batch.unreadable, "rows without an id are left out");
        }
        let changed = |row: &&Row| row.updated_at.is_none_or(|at| from <= at && at <= settled);
        let rows: Vec<&Row> = batch.rows.iter().filter(changed).collect();
        let filled = backfill::fill(store, &shop.tenant, shop.org, entity, &rows, trace, visit.now()).await?;
        if filled.stored > 0 {
            report(shop, entity, filled.stored, trace);
        }
        let Some(last_id) = batch.next else {
            let ended = walks.finish(&this, entity, &seen, round.began).await?;
            return Ok(if ended { Walked::Done(round.began) } else { Walked::Overtaken });
        };
        round.since_id = last_id;
        if !walks.advance(&this, entity, &seen, &round).await? {
            return Ok(Walked::Overtaken);
        }
        seen.round = Some(round.clone());
        if visit.now() >= reader.deadline {
            break;
        }
    }
    Ok(Walked::More)
}

/// What an answer without a batch means for the round.
fn stopped(shop: &ShopConnection, entity: Entity, error: &PageError) -> Walked {
    match error {
        PageError::Api(ApiError::Transient { after }) => Walked::NoAnswer(*after),
        PageError::Api(ApiError::Unauthorized) => Walked::Unauthorized,
        PageError::Api(ApiError::Forbidden | ApiError::NotFound | ApiError::Refused { .. })
        | PageError::Disordered => {
            tracing::warn!(%error, "a shop cannot be reconciled");
            Line::new(FUNCTION, "reconcile.refused")
                .with("tenant", shop.tenant.as_str())
                .with("org", shop.org.0)
                .with("entity", entity.as_str())
                .count(Metric::RestRefused, 1)
                .emit();
            Walked::Refused
        }
    }
}

fn report(shop: &ShopConnection, entity: Entity, stored: usize, trace: TraceId) {
    Line::new(FUNCTION, "reconcile.recovered")
        .trace(trace)
        .with("tenant", shop.tenant.as_str())
        .with("org", shop.org.0)
        .with("entity", entity.as_str())
        .count(Metric::EventRecovered, i64::try_from(stored).unwrap_or(i64::MAX))
        .emit();
}
