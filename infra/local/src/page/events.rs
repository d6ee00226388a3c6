//! What was received, for the page: events of shops and of pages in one list, without their bodies.

use std::collections::HashMap;

use anyhow::{Context, Result};
use common::store::connections::{PageConnection, PageKey};
use common::store::inbox::pages::PageEvent;
use common::store::inbox::{Event, EventKey, Status};
use common::store::item::b;
use common::store::schema::inbox;
use common::words;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Page;
use crate::embedded;

/// All attributes that an event is shown with: its body stays where it is.
const SHOWN: [&str; 13] = [
    inbox::KEY,
    inbox::DIGEST,
    inbox::TOPIC,
    inbox::ORG,
    inbox::RECEIVED,
    inbox::STATUS,
    inbox::ATTEMPTS,
    inbox::DUE,
    inbox::REASON,
    inbox::DETAIL,
    inbox::CRM_CODE,
    inbox::WARNINGS,
    inbox::VERSION,
];

/// An event, and how it is shown.
pub(super) struct Seen {
    key: EventKey,
    received_at: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// What the page is told of it.
    pub row: Value,
}

/// Every event there is, newest first.
pub(super) async fn all(page: &Page, connected: &[PageConnection]) -> Result<Vec<Seen>> {
    let of_pages = connected.iter().map(|one| (&one.page, one.profile.name.as_str()));
    let page_names: HashMap<&PageKey, &str> = of_pages.collect();
    let names: HashMap<String, String> =
        SHOWN.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect();
    let projection = names.keys().cloned().collect::<Vec<_>>().join(", ");
    let mut pages = page
        .client
        .scan()
        .table_name(embedded::table_names().inbox)
        .projection_expression(projection)
        .set_expression_attribute_names(Some(names))
        .into_paginator()
        .items()
        .send();
    let mut events = Vec::new();
    while let Some(item) = pages.next().await {
        let mut item = item.context("the inbox was not read")?;
        // The rest of a long body lies in items of its own, which have no status.
        let Some(status) = Status::of(&item) else { continue };
        item.insert(inbox::BODY.to_owned(), b([]));
        events.push(match status {
            Status::Kept => of_page(&PageEvent::read(&item)?, &page_names),
            _ => of_shop(&Event::read(&item)?),
        });
    }
    // The key settles the order of events of one millisecond, so that rows do not jump about.
    events.sort_by(|one, other| (other.received_at, &other.key).cmp(&(one.received_at, &one.key)));
    Ok(events)
}

fn of_shop(event: &Event) -> Seen {
    let row = json!({
        "key": event.key.entity,
        "digest": event.key.digest,
        "id": event.key.id(),
        "topic": event.topic.as_str(),
        "received_at": event.received_at.to_string(),
        "status": event.status.as_str(),
        "attempts": event.attempts,
        "due": event.due.filter(|_| event.status == Status::Waiting).map(|due| due.to_string()),
        "reason": event.reason,
        "detail": event.detail,
        "crm_code": event.crm_code,
        "warnings": event.warnings,
    });
    Seen { key: event.key.clone(), received_at: event.received_at, status: event.status, row }
}

/// What a page was sent. Its topic may be any that Zalo thinks of, so its words come along.
fn of_page(event: &PageEvent, names: &HashMap<&PageKey, &str>) -> Seen {
    let (vi, en) = words::of_page_topic(&event.topic);
    let id = event.page.to_string();
    let row = json!({
        "key": event.key.entity,
        "digest": event.key.digest,
        "id": id,
        "topic": event.topic.as_str(),
        "said": {"vi": vi, "en": en},
        "page": names.get(&event.page).copied().unwrap_or(&id),
        "received_at": event.received_at.to_string(),
        "status": Status::Kept.as_str(),
        "attempts": 0,
        "warnings": [],
    });
    Seen { key: event.key.clone(), received_at: event.received_at, status: Status::Kept, row }
}
