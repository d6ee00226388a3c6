//! An import, a step a minute.
//!
//! A step stores at most half of what the tenant's CRM takes until the next one, and nothing while the CRM is behind or
//! left alone, so that live events always find room. It reads on from the cursor, stores, moves the cursor: a crash in
//! between reads the page again, which the inbox answers with duplicates. States and fences are in
//! [`common::store::imports`].
//!
//! The period is about `created_at`, and its filters are wide enough for every reading of their digits (haravan.md
//! §5.4); what is outside is dropped by the row's own time.

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

use crate::shop::token::{Living, living};
use crate::visit::{READING, Trouble};
use crate::{FUNCTION, Upkeep};

/// Pause while the shop's token does not work.
const NO_TOKEN: Duration = Duration::from_secs(5 * 60);

/// A CRM whose next free slot is further away has no room for an import.
const BEHIND: Duration = Duration::from_secs(5);

/// Most pages a step reads (half a bucket, haravan.md §5.2).
const PAGES: usize = 40;

/// The longest step.
const LONGEST: Duration = Duration::from_secs(35);

/// What a step came to.
enum Step {
    /// To be continued after this pause.
    Again(Duration),
    /// Everything was read.
    Done,
    /// It cannot go on.
    Failed(&'static str),
    /// It was cancelled, or another worker is at it.
    Overtaken,
}

/// Goes on with a shop's import, if it runs.
pub async fn go_on(upkeep: &Upkeep, tenant: &TenantId, org: OrgId) {
    let worked = async {
        let Some(mut import) = upkeep.store.imports.get(tenant, org).await? else { return Ok(()) };
        if import.status != ImportStatus::Running {
            return Ok(());
        }
        let step = match tokio::time::timeout(LONGEST, Box::pin(step(upkeep, &mut import))).await {
            Ok(Ok(step)) => step,
            Ok(Err(error)) => {
                tracing::warn!(%error, "a step of an import stopped short");
                Step::Again(STEP)
            }
            Err(_) => Step::Again(STEP),
        };
        let (imports, now) = (&upkeep.store.imports, upkeep.clock.now());
        match step {
            Step::Again(pause) => imports.look_again(&import, later(now, pause)).await.map(drop),
            Step::Done => finish(upkeep, &import, None).await,
            Step::Failed(why) => finish(upkeep, &import, Some(why)).await,
            Step::Overtaken => Ok(()),
        }
    };
    if let Err::<(), StoreError>(error) = worked.await {
        tracing::warn!(%error, "an import stays due");
    }
}

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

/// One step; `import` is kept as it is stored, for the writes that follow.
async fn step(upkeep: &Upkeep, import: &mut Import) -> Result<Step, Trouble> {
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
    let token = match Box::pin(living(upkeep, shop)).await? {
        Living::With(_, token) => token,
        Living::Without(_) | Living::Unclear => return Ok(Step::Again(NO_TOKEN)),
    };
    let reader =
        Reader { admin: &upkeep.admin, token: &token, clock: &upkeep.clock, deadline: later(began, READING) };
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
    for _ in 0..PAGES {
        let page = match reader.page(import.stage, &filters, import.since_id, room.min(PAGE)).await {
            Ok(page) => page,
            Err(error) => return Ok(stopped(&error)),
        };
        let within = |row: &&Row| row.created_at.is_none_or(|at| import.from <= at && at < import.to);
        let rows: Vec<&Row> = page.rows.iter().filter(within).collect();
        let now = upkeep.clock.now();
        let stage = import.stage;
        let filled =
            backfill::fill(&upkeep.store, &import.tenant, import.org, stage, &rows, trace, now).await?;
        let counts = Counts {
            seen: added(import.counts.seen, rows.len()),
            stored: added(import.counts.stored, filled.stored),
            skipped: added(import.counts.skipped, filled.known),
        };
        let (next_stage, since_id) = match (page.next, import.next_stage()) {
            (Some(last), _) => (stage, last),
            (None, Some(next)) => (next, 0),
            (None, None) => (stage, page.rows.last().map_or(import.since_id, |row| row.id)),
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
        if page.next.is_none() && next_stage == stage {
            return Ok(Step::Done);
        }
        room = room.saturating_sub(filled.stored);
        if room == 0 || upkeep.clock.now() >= reader.deadline {
            break;
        }
    }
    Ok(Step::Again(STEP))
}

/// How many records there are, about; `None` when Haravan does not say.
async fn total(reader: &Reader<'_>, import: &Import, filters: &[(&str, &str)]) -> Option<i64> {
    let mut total: i64 = 0;
    for stage in import.stages() {
        total = total.saturating_add(reader.count(stage, filters).await.ok()?);
    }
    Some(total)
}

fn stopped(error: &PageError) -> Step {
    match error {
        PageError::Api(ApiError::Transient { after }) => Step::Again(after.unwrap_or(STEP).max(STEP)),
        // The visits of the shop find out what has become of its token.
        PageError::Api(ApiError::Unauthorized) => Step::Again(NO_TOKEN),
        PageError::Api(ApiError::Forbidden) => Step::Failed(reason::FORBIDDEN),
        PageError::Api(ApiError::NotFound | ApiError::Refused { .. }) | PageError::Disordered => {
            tracing::warn!(%error, "an import cannot go on");
            Step::Failed(reason::REFUSED)
        }
    }
}

fn added(count: i64, more: usize) -> i64 {
    count.saturating_add(i64::try_from(more).unwrap_or(i64::MAX))
}
