//! `/console/activity/{event}`: one event from its arrival on, and the others of the same order or customer.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use common::haravan::webhook::Entity;
use common::id::TenantId;
use common::page::{Page, respond};
use common::store::StoreError;
use common::store::inbox::{Event, Inbox};

use super::cursor::event_key;
use super::report::EventReport;
use crate::Console;
use crate::refusal::{Trouble, not_found};
use crate::screen::{Screen, Tab, Told};
use crate::session::Visitor;

/// Most others shown.
const MOST: usize = 50;

#[derive(Template)]
#[template(path = "event.html")]
struct Shown {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    event: EventReport,
    others: Vec<EventReport>,
}

/// Shows the page.
pub(crate) async fn show(
    State(console): State<Arc<Console>>,
    Path(event): Path<String>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    let inbox = &console.store.inbox;
    let Some((event, others)) = with_others(inbox, &visitor.record.id, &event).await? else {
        return Ok(not_found(visitor.lang));
    };
    let (page, screen) = Screen::new(&visitor, Tab::Activity, &visitor.here);
    let shown = Shown { page, screen, told: None, event, others };
    Ok(respond(StatusCode::OK, &shown, &console.policy(&visitor.record)))
}

/// An event, and the others of the same order or customer. `None` when the tenant has no such event.
pub(crate) async fn with_others(
    inbox: &Inbox,
    tenant: &TenantId,
    event: &str,
) -> Result<Option<(EventReport, Vec<EventReport>)>, StoreError> {
    let Some(key) = event_key(tenant, event) else { return Ok(None) };
    let Some(event) = inbox.get(&key).await? else { return Ok(None) };
    let others: Vec<Event> = match key.id() {
        None => Vec::new(),
        Some(id) => {
            let all = inbox.about(tenant, event.topic.entity(), &id.to_string()).await?;
            all.into_iter().filter(|other| other.key != key).take(MOST).collect()
        }
    };
    let mut reports = EventReport::all(inbox, std::slice::from_ref(&event)).await?;
    let Some(report) = reports.pop() else { return Ok(None) };
    Ok(Some((report, EventReport::all(inbox, &others).await?)))
}

impl Shown {
    fn is_order(&self) -> bool {
        self.event.entity == Entity::Order.as_str()
    }
}
