//! `events show`.

use anyhow::Result;
use common::fault::Said;
use common::id::TenantId;
use common::store::inbox::address::event_id;
use common::store::inbox::pages::PageEvent;
use common::store::inbox::{Event, Status};
use common::words;

use super::found::{Found, find};
use super::report::{self, kept_until, reason, word};
use crate::session::Session;
use crate::show::{facts, maybe, moment};

pub(super) async fn run(
    tenant: &TenantId,
    event: &str,
    body: bool,
    session: &mut Session<'_, '_>,
) -> Result<()> {
    let event = find(tenant, event, session).await?;
    let told = match body {
        true => report::with_body(&session.store().inbox, &event).await?,
        false => report::of_found(&event),
    };
    let mut words = match &event {
        Found::Shop(event) => of_shop(event),
        Found::Page(event) => of_page(event),
    };
    if let Some(body) = told.get("body") {
        words.push_str(&format!("\n\n{}", serde_json::to_string_pretty(body)?));
    }
    session.tell(&told, &words)
}

fn of_shop(event: &Event) -> String {
    let mut words = facts(&[
        ("event", event_id(&event.key)),
        ("topic", event.topic.as_str().to_owned()),
        ("shop", event.org.to_string()),
        ("state", event.status.as_str().to_owned()),
        ("reason", event.reason.as_deref().map_or_else(|| "-".to_owned(), reason)),
        ("detail", event.detail.as_deref().map_or_else(|| "-".to_owned(), |detail| Said::read(detail).en)),
        ("attempts", event.attempts.to_string()),
        ("in the CRM", event.crm_code.clone().unwrap_or_else(|| "-".to_owned())),
        ("CRM calls", event.crm_calls.to_string()),
        ("trace", event.trace.map_or_else(|| "-".to_owned(), |trace| trace.to_string())),
    ]);
    for code in &event.warnings {
        let said = words::of_warning(code).map_or(code.as_str(), |(_, english)| english);
        words.push_str(&format!("\nwarning     {said}"));
    }
    words.push_str(&format!("\n\n{}  received", moment(event.received_at)));
    for step in &event.history {
        let why = step.reason.as_deref().map(|code| format!(" ({})", reason(code))).unwrap_or_default();
        words.push_str(&format!("\n{}  {}{why}", moment(step.at), word(step.ended)));
    }
    if let Some(due) = event.due.filter(|_| event.status == Status::Waiting) {
        words.push_str(&format!("\n{}  next try", moment(due)));
    }
    words
}

fn of_page(event: &PageEvent) -> String {
    let (_, said) = words::of_page_topic(&event.topic);
    facts(&[
        ("event", event_id(&event.key)),
        ("topic", format!("{}: {said}", event.topic)),
        ("page", event.page.to_string()),
        ("state", format!("{}: for the CRM; nobody works on it", Status::Kept.as_str())),
        ("sent", maybe(event.sent_at)),
        ("received", moment(event.received_at)),
        ("kept until", maybe(kept_until(event))),
    ])
}
