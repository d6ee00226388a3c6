//! `events show`.

use anyhow::{Result, anyhow};
use common::id::TenantId;
use common::store::inbox::address::{event_id, event_key};
use common::store::inbox::{Event, Status};
use common::words;

use super::report::{self, reason, word};
use crate::session::Session;
use crate::show::{facts, moment};

pub(super) async fn run(
    tenant: &TenantId,
    event: &str,
    body: bool,
    session: &mut Session<'_, '_>,
) -> Result<()> {
    let event = find(tenant, event, session).await?;
    let told = match body {
        true => report::with_body(&session.store().inbox, &event).await?,
        false => report::of(&event),
    };
    let mut words = facts(&[
        ("event", event_id(&event.key)),
        ("topic", event.topic.as_str().to_owned()),
        ("shop", event.org.to_string()),
        ("state", event.status.as_str().to_owned()),
        ("reason", event.reason.as_deref().map_or_else(|| "-".to_owned(), reason)),
        ("detail", event.detail.clone().unwrap_or_else(|| "-".to_owned())),
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
    if let Some(body) = told.get("body") {
        words.push_str(&format!("\n\n{}", serde_json::to_string_pretty(body)?));
    }
    session.tell(&told, &words)
}

/// The event that a text names.
pub(super) async fn find(tenant: &TenantId, text: &str, session: &Session<'_, '_>) -> Result<Event> {
    let missing = || anyhow!("{tenant} has no event {text}; `events list` names them");
    let key = event_key(tenant, text).ok_or_else(missing)?;
    session.store().inbox.get(&key).await?.ok_or_else(missing)
}
