//! Another try: for one event that was set aside, or for all of them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use common::id::TenantId;
use common::store::StoreError;
use common::store::inbox::Watched;
use common::telemetry::Line;
use futures::{StreamExt, TryStreamExt};

use super::cursor::event_key;
use crate::refusal::{Trouble, not_found};
use crate::session::Submission;
use crate::{Console, FUNCTION};

/// Most events retried at once: more would only wait for the CRM's write slots.
const MOST: i32 = 500;

/// Most batches looked through for the first event that another try can help.
const BATCHES: usize = 4;

/// How many updates are under way at once.
const SIDE_BY_SIDE: usize = 8;

/// Retries one and leads back to it.
pub(crate) async fn one(
    State(console): State<Arc<Console>>,
    Path(event): Path<String>,
    Submission { visitor, .. }: Submission,
) -> Result<Response, Trouble> {
    let tenant = &visitor.record.id;
    let Some(key) = event_key(tenant, &event) else { return Ok(not_found(visitor.lang)) };
    if console.store.inbox.retry_if_it_can_help(&key, console.clock.now()).await? {
        note(tenant, 1);
        return Ok(Redirect::to(&format!("/console/activity/{event}")).into_response());
    }
    Ok(Redirect::to("/console/activity?retried=none").into_response())
}

/// Retries all and leads back.
pub(crate) async fn all(
    State(console): State<Arc<Console>>,
    Submission { visitor, .. }: Submission,
) -> Result<Response, Trouble> {
    let Retried { count, more } = retry_all(&console, &visitor.record.id).await?;
    let said = if more { "more".to_owned() } else { count.to_string() };
    Ok(Redirect::to(&format!("/console/activity?retried={said}")).into_response())
}

/// What was retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retried {
    /// How many events.
    pub count: usize,
    /// Whether there are more.
    pub more: bool,
}

/// Makes what is set aside ready again, the longest here first, up to a bound; what another try cannot help is left.
pub(crate) async fn retry_all(console: &Console, tenant: &TenantId) -> Result<Retried, StoreError> {
    let (inbox, now) = (&console.store.inbox, console.clock.now());
    let (mut count, mut more, mut last) = (0_usize, true, None);
    for _ in 0..BATCHES {
        let parked: Vec<Watched> = inbox.parked_after(tenant, last.as_ref(), MOST).await?;
        more = i32::try_from(parked.len()).is_ok_and(|count| count >= MOST);
        last = parked.last().cloned();
        let retried: Vec<bool> = futures::stream::iter(parked)
            .map(|watched| async move { inbox.retry_if_it_can_help(&watched.key, now).await })
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        count = count.saturating_add(retried.into_iter().filter(|retried| *retried).count());
        if !more || count > 0 {
            break;
        }
    }
    note(tenant, count);
    Ok(Retried { count, more })
}

/// Notes it in the log.
pub(crate) fn note(tenant: &TenantId, count: usize) {
    Line::new(FUNCTION, "events.retried").with("tenant", tenant.as_str()).with("count", count).emit();
}
