//! An import of older orders and customers, one step a minute.
//!
//! A step stores at most half of what the tenant's CRM can take until the next step. It stores nothing while the CRM is
//! behind or keeps failing, so that new events always have room. It reads a batch from the cursor on, stores it, then
//! moves the cursor. After a crash in between, the batch is read again and the inbox answers with duplicates. States and
//! fences are described in [`common::store::imports`].
//!
//! The period of an import is about `created_at`. The filters that Haravan gets are wide enough for both readings of
//! their digits (haravan.md §5.4); a row outside the period is dropped by its own time.

use std::time::Duration;

use common::backfill;
use common::clock::later;
use common::haravan::admin::PAGE;
use common::haravan::api::ApiError;
use common::haravan::rows::{PageError, Reader, Row, ShopTime};
use common::id::{OrgId, TenantId};
use common::import::{STEP, room};
use common::store::StoreError;
use common::store::connections::ConnectionStatus;
use common::store::imports::{Counts, Import, ImportStatus, reason};
use common::telemetry::{Line, Metric};
use common::trace::TraceId;

use crate::shop::token;
use crate::shop::visit::{Stop, Visit};
use crate::{FUNCTION, Upkeep, VISIT};

/// Pause while the shop's token does not work.
const NO_TOKEN: Duration = Duration::from_secs(5 * 60);

/// If the CRM's next free slot is further away than this, it has no room for an import.
const BEHIND: Duration = Duration::from_secs(5);

/// Batches read in one step: half of Haravan's bucket (haravan.md §5.2).
const BATCHES: usize = 40;

/// How a step ended.
enum Step {
    /// The next step follows after this pause.
    Again(Duration),
    /// Everything was read.
    Done,
    /// The import cannot continue.
    Failed(&'static str),
    /// The import was cancelled, or another worker moved the cursor.
    Overtaken,
}

/// Does one step of a shop's import, if it runs.
pub(crate) async fn visit(upkeep: &Upkeep, tenant: &TenantId, org: OrgId) {
    if let Err(error) = step_and_schedule(upkeep, tenant, org).await {
        tracing::warn!(%error, "an import stays due");
    }
}

async fn step_and_schedule(upkeep: &Upkeep, tenant: &TenantId, org: OrgId) -> Result<(), StoreError> {
    let imports = &upkeep.store.imports;
    let Some(mut import) = imports.get(tenant, org).await? else { return Ok(()) };
    if import.status != ImportStatus::Running {
        return Ok(());
    }
    let step = match tokio::time::timeout(VISIT, Box::pin(step(upkeep, &mut import))).await {
        Ok(Ok(step)) => step,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a step of an import failed");
            Step::Again(STEP)
        }
        Err(_) => Step::Again(STEP),
    };
    match step {
        Step::Again(pause) => {
            imports.look_again(&import, later(upkeep.clock.now(), pause)).await?;
            Ok(())
        }
        Step::Done => finish(upkeep, &import, None).await,
        Step::Failed(why) => finish(upkeep, &import, Some(why)).await,
        Step::Overtaken => Ok(()),
    }
}

/// Ends the import, and says so.
async fn finish(upkeep: &Upkeep, import: &Import, failed: Option<&'static str>) -> Result<(), StoreError> {
    if upkeep.store.imports.finish(import, failed, upkeep.clock.now()).await? {
        Line::new(FUNCTION, "import.ended")
            .with("tenant", import.tenant.as_str())
            .with("org", import.org.0)
            .with("seen", import.counts.seen)
            .with("stored", import.counts.stored)
            .with("reason", failed)
            .emit();
    }
    Ok(())
}

/// One step. `import` always holds what is stored, because the next write is conditional on it.
async fn step(upkeep: &Upkeep, import: &mut Import) -> Result<Step, Stop> {
    let began = upkeep.clock.now();
    let shop = upkeep.store.connections.shop(&import.tenant, import.org).await?;
    let Some(shop) = shop.filter(|shop| shop.status != ConnectionStatus::Disconnected) else {
        return Ok(Step::Failed(reason::DISCONNECTED));
    };
    let Some(tenant) = upkeep.directory.tenant(&import.tenant).await? else {
        return Ok(Step::Failed(reason::DISCONNECTED));
    };
    let busy = upkeep.store.pace.busy_until(&import.tenant).await?;
    if busy.is_some_and(|busy| busy > later(began, BEHIND)) {
        return Ok(Step::Again(STEP));
    }
    let mut visit = Visit::new(upkeep, shop);
    match Box::pin(token::keep_fresh(&mut visit)).await {
        Ok(()) | Err(Stop::AsItStands) => {}
        Err(error) => return Err(error),
    }
    let Some(reader) = visit.reader(began) else { return Ok(Step::Again(NO_TOKEN)) };
    let (not_before, not_after) = (ShopTime::Unknown.not_before(import.from), ShopTime::not_after(import.to));
    let filters = [("created_at_min", not_before.as_str()), ("created_at_max", not_after.as_str())];
    if import.total.is_none()
        && let Some(total) = total(&reader, import, &filters).await
    {
        upkeep.store.imports.note_total(import, total).await?;
        import.total = Some(total);
    }
    let trace = TraceId::of_invocation();
    let mut room = room(tenant.settings.writes_per_second, import.stage);
    for _ in 0..BATCHES {
        let batch = match reader.page(import.stage, &filters, import.since_id, room.min(PAGE)).await {
            Ok(batch) => batch,
            Err(error) => return Ok(stopped(&error)),
        };
        let within = |row: &&Row| row.created_at.is_none_or(|at| import.from <= at && at < import.to);
        let rows: Vec<&Row> = batch.rows.iter().filter(within).collect();
        let now = upkeep.clock.now();
        let stage = import.stage;
        let filled =
            backfill::fill(&upkeep.store, &import.tenant, import.org, stage, &rows, trace, now).await?;
        let counts = Counts {
            seen: added(import.counts.seen, rows.len()),
            stored: added(import.counts.stored, filled.stored),
            skipped: added(import.counts.skipped, filled.known),
        };
        let (next_stage, since_id) = match (batch.next, import.next_stage()) {
            (Some(last), _) => (stage, last),
            (None, Some(next)) => (next, 0),
            (None, None) => (stage, batch.rows.last().map_or(import.since_id, |row| row.id)),
        };
        if !upkeep.store.imports.advance(import, next_stage, since_id, counts).await? {
            return Ok(Step::Overtaken);
        }
        (import.stage, import.since_id, import.counts) = (next_stage, since_id, counts);
        if filled.stored > 0 {
            Line::new(FUNCTION, "import.stored")
                .trace(trace)
                .with("tenant", import.tenant.as_str())
                .with("org", import.org.0)
                .with("entity", stage.as_str())
                .count(Metric::EventImported, i64::try_from(filled.stored).unwrap_or(i64::MAX))
                .emit();
        }
        if batch.next.is_none() && next_stage == stage {
            return Ok(Step::Done);
        }
        room = room.saturating_sub(filled.stored);
        if room == 0 || upkeep.clock.now() >= reader.deadline {
            break;
        }
    }
    Ok(Step::Again(STEP))
}

/// About how many records there are; `None` if Haravan does not say.
async fn total(reader: &Reader<'_>, import: &Import, filters: &[(&str, &str)]) -> Option<i64> {
    let mut total: i64 = 0;
    for stage in import.stages() {
        total = total.saturating_add(reader.count(stage, filters).await.ok()?);
    }
    Some(total)
}

/// What an answer without a batch means for the import.
fn stopped(error: &PageError) -> Step {
    match error {
        PageError::Api(ApiError::Transient { after }) => Step::Again(after.unwrap_or(STEP).max(STEP)),
        // The visits of the shop find out what happened to its token.
        PageError::Api(ApiError::Unauthorized) => Step::Again(NO_TOKEN),
        PageError::Api(ApiError::Forbidden) => Step::Failed(reason::FORBIDDEN),
        PageError::Api(ApiError::NotFound | ApiError::Refused { .. }) | PageError::Disordered => {
            tracing::warn!(%error, "an import cannot continue");
            Step::Failed(reason::REFUSED)
        }
    }
}

fn added(count: i64, more: usize) -> i64 {
    count.saturating_add(i64::try_from(more).unwrap_or(i64::MAX))
}
