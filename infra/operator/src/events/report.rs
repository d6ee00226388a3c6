//! What is told of an event.

use anyhow::Result;
use common::body;
use common::store::inbox::address::event_id;
use common::store::inbox::history::Ended;
use common::store::inbox::{Event, Inbox, Status};
use common::words;
use serde_json::{Value, json};

/// The facts, without the body.
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
        "detail": event.detail,
        "warnings": event.warnings,
        "attempts": event.attempts,
        "next_try_at": event.due.filter(|_| event.status == Status::Waiting).map(|due| due.to_string()),
        "crm_code": event.crm_code,
        "crm_calls": event.crm_calls,
        "trace_id": event.trace.map(|trace| trace.to_string()),
        "history": history,
    })
}

/// The facts with the body: JSON where it is JSON, else text; nothing where it cannot be unpacked.
pub(crate) async fn with_body(inbox: &Inbox, event: &Event) -> Result<Value> {
    let stored = inbox.whole_body(event).await?;
    let text = body::unpack(&stored).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let body = text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    let mut told = of(event);
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
