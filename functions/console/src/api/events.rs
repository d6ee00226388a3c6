//! What arrived.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use common::store::inbox::listing::Place;
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
        Problem::field("filter", "Chọn all, failed, waiting hoặc done.", "One of all, failed, waiting, done.")
    })?;
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
    let events = EventReport::all(inbox, &listed.events).await?;
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
    if console.store.inbox.get(&key).await?.is_none() {
        return Err(Problem::not_found("no_such_event"));
    }
    if !console.store.inbox.retry(&key, console.clock.now()).await? {
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
