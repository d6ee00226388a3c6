//! A batch of stored events from the stream, one settlement each.
//!
//! One event's failure is settled on the event itself; one tenant's failure never touches another's. Only our own store
//! not answering fails a record, which then comes again with the stream's bounded retries; and if even those run out,
//! the watch list still has the event.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use futures::StreamExt;
use tracing::Instrument;

use super::job::{Intake, Job};
use super::retry;
use super::stop::Stop;
use crate::body;
use crate::clock::until;
use crate::fault::Said;
use crate::getfly::client::Getfly;
use crate::getfly::error::CrmError;
use crate::haravan::webhook::unwrapped;
use crate::reason;
use crate::store::StoreError;
use crate::store::claims::ClaimToken;
use crate::store::inbox::{Event, EventKey, Settlement};
use crate::store::schema;
use crate::telemetry::{Line, Metric};
use crate::tenant::{DirectoryError, Tenant};
use crate::trace::TraceId;
use crate::words;

/// How long one event may take. Shorter than the claims' leases, so that a worker that is cut off here can no longer
/// write when its claims end.
pub const EVENT_BUDGET: Duration = Duration::from_secs(100);

/// How many events of a batch are worked on at once: a whole batch (`BatchSize` in the template), so that none waits for
/// another and is cut off by the time-out that outlasts one event's budget.
pub const SIDE_BY_SIDE: usize = 10;

/// How long an event of a suspended tenant waits before it is looked at again; resuming the tenant makes it due at once.
const SUSPENDED_FOR: Duration = Duration::from_secs(6 * 3600);

/// How an event ended well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Why nothing was done, when nothing was.
    pub reason: Option<&'static str>,
    /// The CRM's code of what it became.
    pub crm_code: Option<String>,
    /// What a person should know, as codes.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// Nothing was done, for this reason.
    pub fn not_applied(reason: &'static str) -> Self {
        Self { reason: Some(reason), ..Self::default() }
    }
}

/// What an intake function does with one claimed event.
pub trait Apply: Sync {
    /// The function's name in logs.
    const FUNCTION: &'static str;

    /// Carries the event over.
    fn apply(&self, job: &Job<'_>) -> impl Future<Output = Result<Outcome, Stop>> + Send;
}

/// Works a batch from the stream. The answer names the records that our own store failed.
pub async fn run<A: Apply>(intake: &Intake, apply: &A, batch: StreamEvent) -> DynamoDbEventResponse {
    let failed: Vec<Option<String>> = futures::stream::iter(batch.records)
        .map(|record| async move {
            let sequence = record.change.sequence_number.clone();
            match one(intake, apply, &record).await {
                Ok(()) => None,
                // Coming again would not make it readable, and would hold up everything behind it.
                Err(error @ StoreError::Corrupt(_)) => {
                    tracing::error!(%error, "a record is skipped");
                    None
                }
                Err(error @ StoreError::Unavailable { .. }) => {
                    tracing::warn!(%error, "a record is handed back to the stream");
                    Some(sequence.unwrap_or_default())
                }
            }
        })
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .flatten()
        .map(|sequence| {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(sequence);
            failure
        })
        .collect();
    response
}

async fn one<A: Apply>(intake: &Intake, apply: &A, record: &EventRecord) -> Result<(), StoreError> {
    let text = |name: &str| match record.change.keys.get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => Ok(text.clone()),
        _ => Err(StoreError::Corrupt("a stream record without keys")),
    };
    let key = EventKey { entity: text(schema::inbox::KEY)?, digest: text(schema::inbox::DIGEST)? };
    work(intake, apply, &key).await
}

/// Works one event, if it is ready.
///
/// # Errors
/// [`StoreError`] when the store did not even take the settlement; the event then comes back when its lease ends.
pub async fn work<A: Apply>(intake: &Intake, apply: &A, key: &EventKey) -> Result<(), StoreError> {
    let token = ClaimToken::of(key)?;
    let started = intake.clock.now();
    let Some(event) = intake.store.inbox.claim(key, &token, started).await? else { return Ok(()) };
    let errand =
        Errand { trace: event.trace.unwrap_or_else(TraceId::of_invocation), crm_calls: Arc::default() };
    // What is said on the way has the trace, too.
    let span = tracing::error_span!("event", trace.id = %errand.trace);
    run_errand(intake, apply, &event, &token, &errand).instrument(span).await
}

/// What an event's work leaves besides its outcome.
struct Errand {
    /// The trace of the delivery that brought the event.
    trace: TraceId,
    /// Calls made to the CRM.
    crm_calls: Arc<AtomicU32>,
}

async fn run_errand<A: Apply>(
    intake: &Intake,
    apply: &A,
    event: &Event,
    token: &ClaimToken,
    errand: &Errand,
) -> Result<(), StoreError> {
    let started = intake.clock.now();
    let done = tokio::time::timeout(EVENT_BUDGET, carry_over(intake, apply, event, token, errand)).await;
    let settlement = match done {
        Ok(Ok(outcome)) => Settlement::Done {
            reason: outcome.reason,
            crm_code: outcome.crm_code,
            warnings: outcome.warnings,
        },
        Ok(Err(stop)) => settle_stop(intake, event, stop).await,
        Err(_) => later(intake, event, reason::TOOK_TOO_LONG, None, true, None),
    };
    let (calls, now) = (errand.crm_calls.load(Ordering::Relaxed), intake.clock.now());
    let ours = intake.store.inbox.settle(&event.key, token, &settlement, calls, now).await?;
    if let Settlement::Later { due, .. } = &settlement
        && ours
        && *due <= now
    {
        // It need not wait for upkeep, which wakes it if this fails.
        if let Err(error) = intake.store.inbox.wake(&event.key, now).await {
            tracing::warn!(%error, "an event does not go on at once");
        }
    }
    report::<A>(intake, event, errand, &settlement, ours, until(started, now));
    Ok(())
}

async fn carry_over<A: Apply>(
    intake: &Intake,
    apply: &A,
    event: &Event,
    token: &ClaimToken,
    errand: &Errand,
) -> Result<Outcome, Stop> {
    let id = event.key.tenant()?;
    let mut found = intake.directory.tenant(&id).await;
    if matches!(&found, Ok(Some(tenant)) if tenant.suspended) {
        // It may have been resumed a moment ago, and the wait is long.
        found = intake.directory.reread(&id).await;
    }
    let tenant = match found {
        Ok(Some(tenant)) => tenant,
        Ok(None) => return Err(Stop::park(reason::TENANT_GONE)),
        Err(DirectoryError::Store(error)) => return Err(error.into()),
        Err(DirectoryError::Seal(error)) => {
            tracing::error!(%error, "a tenant's secrets do not open");
            return Err(Stop::Later { reason: reason::SECRETS, after: None, counts: false });
        }
    };
    if tenant.suspended {
        return Err(Stop::Later { reason: reason::SUSPENDED, after: Some(SUSPENDED_FOR), counts: false });
    }
    let shop = match tenant.shops.get(&event.org) {
        Some(shop) if shop.connected => shop,
        _ => return Ok(Outcome::not_applied(reason::DISCONNECTED)),
    };
    if event.topic.is_delete() {
        return Ok(Outcome::not_applied(reason::DELETES_NOT_CARRIED));
    }
    let stored = intake.store.inbox.whole_body(event).await?;
    let bytes = body::unpack(&stored).map_err(|_| Stop::park(reason::UNREADABLE))?;
    let job = Job {
        intake,
        event,
        token,
        tenant: &tenant,
        shop,
        body: &unwrapped(&bytes).ok_or(Stop::park(reason::UNREADABLE))?,
        crm: crm(intake, &tenant)?.on_behalf_of(errand.trace, &errand.crm_calls),
        failing: AtomicBool::new(false),
    };
    let outcome = apply.apply(&job).await;
    let answered = !matches!(
        outcome,
        Err(Stop::Crm(CrmError::KeyRefused(_) | CrmError::RateLimited { .. } | CrmError::Transient { .. }))
    );
    if answered && job.failing.load(Ordering::Relaxed) {
        intake.store.pace.succeeded(&tenant.id).await?;
    }
    outcome
}

fn crm(intake: &Intake, tenant: &Tenant) -> Result<Getfly, Stop> {
    let base = intake.reach.base_url(&tenant.crm_url).map_err(|error| Stop::Park {
        reason: reason::CRM_ADDRESS,
        detail: Some(words::of_trouble(&error.to_string()).stored()),
    })?;
    Ok(Getfly::new(intake.http.clone(), base, tenant.crm_key.clone(), intake.clock.clone()))
}

/// The one table of what each stop leads to.
async fn settle_stop(intake: &Intake, event: &Event, stop: Stop) -> Settlement {
    match stop {
        Stop::Later { reason, after, counts } => later(intake, event, reason, after, counts, None),
        Stop::Park { reason, detail } => Settlement::Parked { reason, detail },
        Stop::Store(error) => {
            tracing::warn!(%error, "the store failed during an event");
            later(intake, event, reason::STORE, None, false, None)
        }
        Stop::Crm(error) => settle_crm(intake, event, error).await,
    }
}

async fn settle_crm(intake: &Intake, event: &Event, error: CrmError) -> Settlement {
    let text = error.text();
    let (reason, pause, counts) = match error {
        CrmError::RouteMissing => return Settlement::Parked { reason: reason::CRM_VERSION, detail: None },
        CrmError::Duplicate { .. } | CrmError::SourceConflict { .. } | CrmError::Refused { .. } => {
            return Settlement::Parked { reason: reason::CRM_REFUSED, detail: text };
        }
        CrmError::KeyRefused(_) => (reason::CRM_KEY, Some(Duration::from_secs(60)), false),
        CrmError::RateLimited { after } => {
            (reason::CRM_RATE, Some(after.unwrap_or(Duration::from_secs(2))), false)
        }
        CrmError::Transient { what, status, .. } => {
            let Said { vi, en } = words::of_trouble(what);
            let told = match status {
                Some(status) => Said::new(format!("{vi} (mã {status})"), format!("{en} (status {status})")),
                None => Said::new(vi, en),
            };
            let settlement = later(intake, event, reason::CRM_UNAVAILABLE, None, true, Some(told.stored()));
            count_failure(intake, event, None).await;
            return settlement;
        }
    };
    count_failure(intake, event, pause).await;
    later(intake, event, reason, pause, counts, None)
}

/// Tells the breaker. That it could not be told is no reason to lose the settlement.
async fn count_failure(intake: &Intake, event: &Event, pause: Option<Duration>) {
    let told = match event.key.tenant() {
        Ok(tenant) => intake.store.pace.failed(&tenant, pause, intake.clock.now()).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = told {
        tracing::warn!(%error, "a CRM failure was not counted");
    }
}

fn later(
    intake: &Intake,
    event: &Event,
    reason: &'static str,
    after: Option<Duration>,
    counts: bool,
    detail: Option<String>,
) -> Settlement {
    let now = intake.clock.now();
    if counts && retry::is_spent(event.attempts, until(event.received_at, now)) {
        return Settlement::Parked { reason, detail };
    }
    let wait = match after {
        Some(after) => after.mul_f64(1.0 + fastrand::f64() * 0.2),
        None => retry::delay(event.attempts, fastrand::f64()),
    };
    Settlement::Later { due: now.saturating_add(wait).unwrap_or(now), counts, reason, detail }
}

fn report<A: Apply>(
    intake: &Intake,
    event: &Event,
    errand: &Errand,
    settlement: &Settlement,
    ours: bool,
    took: Duration,
) {
    let (what, reason, metric) = match settlement {
        Settlement::Done { reason, .. } => ("event.done", *reason, Metric::EventDone),
        Settlement::Later { reason, .. } => ("event.delayed", Some(*reason), Metric::EventDelayed),
        Settlement::Parked { reason, .. } => ("event.parked", Some(*reason), Metric::EventParked),
    };
    let metric = if ours { metric } else { Metric::ClaimLost };
    let mut line = Line::new(A::FUNCTION, what)
        .trace(errand.trace)
        .with("tenant", event.key.entity.split('#').next())
        .with("event.key", event.key.entity.as_str())
        .with("event.topic", event.topic.as_str())
        .with("event.attempts", event.attempts)
        .with("event.age_ms", crate::clock::millis(until(event.received_at, intake.clock.now())))
        .with("crm.calls", errand.crm_calls.load(Ordering::Relaxed))
        .with("took_ms", crate::clock::millis(took))
        .count(metric, 1);
    if let Some(reason) = reason {
        line = line.with("reason", reason);
    }
    if reason == Some(reason::CRM_KEY) {
        line = line.count(Metric::CrmKeyRefused, 1);
    }
    line.emit();
}
