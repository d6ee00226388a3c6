//! What arrived.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use common::reason::retry_can_help;
use common::store::inbox::Status;
use common::store::inbox::listing::{Place, Which};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::problem::Problem;
use crate::Console;
use crate::activity::cursor::{cursor, event_key, place};
use crate::activity::event::with_others;
use crate::activity::page::filter;
use crate::activity::report::EventReport;
use crate::activity::retry::{Retried, note, retry_all as retry_every};
use crate::activity::search::search;

/// Events of a page, unless asked otherwise, and at most.
const ROWS: (usize, usize) = (25, 100);

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    filter: String,
    #[serde(default)]
    warning: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    limit: Option<usize>,
}

/// A page of events.
#[derive(Serialize)]
pub(super) struct Listed {
    events: Vec<EventReport>,
    next: Option<String>,
    searched: Option<usize>,
    searched_back_to: Option<Timestamp>,
}

pub(super) async fn list(
    State(console): State<Arc<Console>>,
    Query(asked): Query<Asked>,
    caller: Caller,
) -> Result<Json<Listed>, Problem> {
    let (inbox, tenant) = (&console.store.inbox, &caller.record.id);
    let query: String = asked.q.trim().chars().take(100).collect();
    if !query.is_empty() {
        let found = search(inbox, tenant, &query).await?;
        return Ok(Json(Listed {
            events: EventReport::all(inbox, &found.events).await?,
            next: None,
            searched: found.searched,
            searched_back_to: found.back_to,
        }));
    }
    let which = filter(&asked.filter).ok_or_else(|| {
        Problem::field(
            "filter",
            "Chọn all, failed, waiting, done hoặc warned.",
            "One of all, failed, waiting, done, warned.",
        )
    })?;
    // A warning is asked for by its code: only what is done with warnings has any.
    let which = if asked.warning.is_empty() { which } else { Which::Warned };
    let after = match asked.after.as_str() {
        "" => None,
        text => Some(place(tenant, text).ok_or_else(|| {
            Problem::field(
                "after",
                "Không phải next của một trang trước.",
                "Not the next of an earlier page.",
            )
        })?),
    };
    let limit = asked.limit.unwrap_or(ROWS.0).clamp(1, ROWS.1);
    let listed = inbox.newest(tenant, which, after.as_ref(), limit).await?;
    let next = listed.events.last().filter(|_| listed.more).map(|last| cursor(&Place::of(last)));
    let mut found = listed.events;
    found.retain(|event| asked.warning.is_empty() || event.warnings.contains(&asked.warning));
    let events = EventReport::all(inbox, &found).await?;
    Ok(Json(Listed { events, next, searched: None, searched_back_to: None }))
}

/// An event and the others of the same order or customer.
#[derive(Serialize)]
pub(super) struct WithOthers {
    event: EventReport,
    others: Vec<EventReport>,
}

pub(super) async fn one(
    State(console): State<Arc<Console>>,
    Path(event): Path<String>,
    caller: Caller,
) -> Result<Json<WithOthers>, Problem> {
    let found = with_others(&console.store.inbox, &caller.record.id, &event).await?;
    let (event, others) = found.ok_or(Problem::not_found("no_such_event"))?;
    Ok(Json(WithOthers { event, others }))
}

/// How many events are worked on again.
#[derive(Serialize)]
pub(super) struct Count {
    retried: usize,
    more: bool,
}

pub(super) async fn retry_one(
    State(console): State<Arc<Console>>,
    Path(event): Path<String>,
    caller: Caller,
) -> Result<(StatusCode, Json<Count>), Problem> {
    let tenant = &caller.record.id;
    let key = event_key(tenant, &event).ok_or(Problem::not_found("no_such_event"))?;
    let Some(event) = console.store.inbox.get(&key).await? else {
        return Err(Problem::not_found("no_such_event"));
    };
    if event.status == Status::Parked && !retry_can_help(event.reason.as_deref()) {
        let (vi, en) = (
            "Thử lại không có ích: nội dung Haravan gửi tới không đổi.",
            "Another try cannot help: what Haravan sent stays as it is.",
        );
        return Err(Problem::conflict("retry_cannot_help", vi, en));
    }
    if !console.store.inbox.retry_if_it_can_help(&key, console.clock.now()).await? {
        let (vi, en) = ("Sự kiện này không còn chờ người xem.", "This event is no longer set aside.");
        return Err(Problem::conflict("not_parked", vi, en));
    }
    note(tenant, 1);
    Ok((StatusCode::ACCEPTED, Json(Count { retried: 1, more: false })))
}

pub(super) async fn retry_all(
    State(console): State<Arc<Console>>,
    caller: Caller,
) -> Result<(StatusCode, Json<Count>), Problem> {
    let Retried { count, more } = retry_every(&console, &caller.record.id).await?;
    Ok((StatusCode::ACCEPTED, Json(Count { retried: count, more })))
}
