//! What webhooks did not bring.
//!
//! Webhooks are lost: a delivery fails 19 times, a subscription is gone for an hour, a secret was wrong for a day
//! (haravan.md §2.8). So every quarter of an hour a *round* reads by REST what changed since the last one began and puts
//! into the inbox what nobody has ([`common::backfill`]).
//!
//! Invariants:
//! - **Nothing is skipped.** A round begins where the last one *began*, less an [`OVERLAP`] for clocks that differ and
//!   changes that show late. It ends only when a page says it is the last; until then the connection keeps its cursor
//!   ([`common::store::walks`]), which moves after a page is stored.
//! - **Nothing is carried over twice**, whatever is read twice: the inbox and the claims see to that.
//! - **Webhooks go first.** What changed within the last [`SETTLE`] is left to the next round, whose overlap covers it: a
//!   webhook on its way is not overtaken, so that what a round stores *is* what was missing.
//!
//! The first round begins at the connect: history is an import's business.

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
use secrecy::SecretString;

use crate::visit::{READING, Trouble};
use crate::{FUNCTION, Upkeep};

/// How far a round reaches back before the last one's beginning.
pub const OVERLAP: Duration = Duration::from_secs(10 * 60);

/// What changed since then is left to the next round.
pub const SETTLE: Duration = Duration::from_secs(2 * 60);

/// Pages read of one entity in one visit: with both entities, half a bucket (haravan.md §5.2).
const PAGES: usize = 20;

/// Pause after Haravan gave no answer.
const NO_ANSWER: Duration = Duration::from_secs(60);

/// What a visit's reconciliation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Read {
    /// When to go on.
    pub next: Timestamp,
    /// Haravan answered the token with 401.
    pub refused: bool,
}

/// How a walk over one entity ended.
enum Walked {
    /// The round is over; the next one is due then.
    Done(Timestamp),
    /// There is more to read.
    More,
    /// Haravan gave no answer, or asks to wait.
    NoAnswer(Option<Duration>),
    /// Haravan will not give one before something is changed.
    Refused,
    /// The token is refused.
    Unauthorized,
    /// Another worker is at it, or the connection has changed.
    Overtaken,
}

/// Goes on with the rounds of a shop that are due.
pub(crate) async fn reconcile(
    upkeep: &Upkeep,
    shop: &ShopConnection,
    token: &SecretString,
) -> Result<Read, Trouble> {
    let began = upkeep.clock.now();
    let every = upkeep.limits.reconcile_every;
    let Some(tenant) = upkeep.directory.tenant(&shop.tenant).await? else {
        return Ok(Read { next: later(began, every), refused: false });
    };
    let reader =
        Reader { admin: &upkeep.admin, token, clock: &upkeep.clock, deadline: later(began, READING) };
    let mut read = Read { next: later(began, every), refused: false };
    for (entity, wanted) in
        [(Entity::Order, tenant.settings.orders), (Entity::Customer, tenant.settings.customers)]
    {
        let next = match shop.walk(entity) {
            walk if walk.round.is_none() && walk.until.is_some_and(|last| later(last, every) > began) => {
                walk.until.map_or(began, |last| later(last, every))
            }
            _ if !wanted => {
                // What happens while it is switched off is not fetched when it is switched on.
                upkeep.store.walks.finish(&shop.this(), entity, shop.walk(entity), began).await?;
                later(began, every)
            }
            _ => match Box::pin(walk(upkeep, shop, entity, &reader)).await? {
                Walked::Done(until) => later(until, every),
                Walked::More => began,
                Walked::NoAnswer(wait) => later(upkeep.clock.now(), wait.unwrap_or(NO_ANSWER)),
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

async fn walk(
    upkeep: &Upkeep,
    shop: &ShopConnection,
    entity: Entity,
    reader: &Reader<'_>,
) -> Result<Walked, Trouble> {
    let (this, walks) = (shop.this(), &upkeep.store.walks);
    let mut seen = shop.walk(entity).clone();
    let mut round = match &seen.round {
        Some(round) => round.clone(),
        None => Round { began: upkeep.clock.now(), since_id: 0 },
    };
    let last = seen.until.or(shop.connected_at).unwrap_or(round.began);
    let from = last.checked_sub(OVERLAP).unwrap_or(last);
    let settled = round.began.checked_sub(SETTLE).unwrap_or(round.began);
    let trace = TraceId::of_invocation();
    let mut shop_time = ShopTime::Unknown;
    for _ in 0..PAGES {
        let digits = shop_time.not_before(from);
        let filters = [("updated_at_min", digits.as_str())];
        let page = match reader.page(entity, &filters, round.since_id, usize::MAX).await {
            Ok(page) => page,
            Err(error) => return Ok(stopped(shop, entity, &error)),
        };
        shop_time = shop_time.learn(from, &page.rows);
        if page.unreadable > 0 {
            tracing::warn!(rows = page.unreadable, "rows without an id are left out");
        }
        let changed = |row: &&Row| row.updated_at.is_none_or(|at| from <= at && at <= settled);
        let rows: Vec<&Row> = page.rows.iter().filter(changed).collect();
        let now = upkeep.clock.now();
        let filled = backfill::fill(&upkeep.store, &shop.tenant, shop.org, entity, &rows, trace, now).await?;
        if filled.stored > 0 {
            report(shop, entity, filled.stored, trace);
        }
        let Some(last_id) = page.next else {
            let ended = walks.finish(&this, entity, &seen, round.began).await?;
            return Ok(if ended { Walked::Done(round.began) } else { Walked::Overtaken });
        };
        round.since_id = last_id;
        if !walks.advance(&this, entity, &seen, &round).await? {
            return Ok(Walked::Overtaken);
        }
        seen.round = Some(round.clone());
        if upkeep.clock.now() >= reader.deadline {
            break;
        }
    }
    Ok(Walked::More)
}

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
