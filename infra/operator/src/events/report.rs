//! What is told of an event.

use anyhow::Result;
use common::body;
use common::fault::Said;
use common::reason::retry_can_help;
use common::store::inbox::address::event_id;
use common::store::inbox::history::Ended;
use common::store::inbox::pages::{KEEP, PageEvent};
use common::store::inbox::{Event, Inbox, Status};
use common::words;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::found::Found;

/// The facts of a shop's event, without the body.
pub(crate) fn of(event: &Event) -> Value {
    let history: Vec<Value> = event
        .history
        .iter()
        .map(|step| json!({"at": step.at.to_string(), "what": word(step.ended), "reason": step.reason}))
        .collect();
    json!({
        "id": event_id(&event.key),
        "topic": event.topic.as_str(),
        "haravan_id": event.key.id(),
        "org_id": event.org,
        "received_at": event.received_at.to_string(),
        "status": event.status.as_str(),
        "reason": event.reason,
        "detail": event.detail.as_deref().map(|detail| Said::read(detail).en),
        "retry_can_help": event.status == Status::Parked && retry_can_help(event.reason.as_deref()),
        "warnings": event.warnings,
        "attempts": event.attempts,
        "next_try_at": event.due.filter(|_| event.status == Status::Waiting).map(|due| due.to_string()),
        "crm_code": event.crm_code,
        "crm_calls": event.crm_calls,
        "trace_id": event.trace.map(|trace| trace.to_string()),
        "history": history,
    })
}

/// The facts of a page's event, without what was written.
fn of_page(event: &PageEvent) -> Value {
    json!({
        "id": event_id(&event.key),
        "topic": event.topic.as_str(),
        "page": event.page.to_string(),
        "sent_at": event.sent_at.map(|at| at.to_string()),
        "received_at": event.received_at.to_string(),
        "status": Status::Kept.as_str(),
        "kept_until": kept_until(event).map(|at| at.to_string()),
    })
}

/// When a page's event expires.
pub(super) fn kept_until(event: &PageEvent) -> Option<Timestamp> {
    event.received_at.checked_add(KEEP).ok()
}

/// The facts, without the body.
pub(crate) fn of_found(event: &Found) -> Value {
    match event {
        Found::Shop(event) => of(event),
        Found::Page(event) => of_page(event),
    }
}

/// The facts with the body: JSON where it is JSON, else text; nothing where it cannot be unpacked.
pub(crate) async fn with_body(inbox: &Inbox, event: &Found) -> Result<Value> {
    let stored = match event {
        Found::Shop(event) => inbox.whole_body(event).await?,
        Found::Page(event) => inbox.page_body(event).await?,
    };
    let text = body::unpack(&stored).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let body = text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    let mut told = of_found(event);
    if let Value::Object(told) = &mut told {
        told.insert("body".to_owned(), body.unwrap_or(Value::Null));
    }
    Ok(told)
}

/// How a step ended.
pub(super) fn word(ended: Ended) -> &'static str {
    match ended {
        Ended::Done => "done",
        Ended::Waiting => "waiting",
        Ended::Parked => "parked",
        Ended::Retried => "retried",
    }
}

/// A reason with its words.
pub(super) fn reason(code: &str) -> String {
    match words::of_reason(code) {
        Some((_, english)) => format!("{code}: {english}"),
        None => code.to_owned(),
    }
}
