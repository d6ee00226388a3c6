//! Looking for an order or customer: by Haravan's id or the CRM's code at once; by order number, phone or name among the
//! newest events only, because bodies are stored compressed and no index knows what is in them. How far that went is
//! said.

use std::collections::HashSet;

use common::haravan::webhook::Entity;
use common::id::TenantId;
use common::phone::PhoneNumber;
use common::store::StoreError;
use common::store::inbox::listing::{Place, Which};
use common::store::inbox::{Event, Inbox};
use jiff::Timestamp;

use super::report::Subject;

/// Most events looked through.
const MOST: usize = 2000;

/// Events read at a time.
const STEP: usize = 200;

/// Most events found.
const FOUND: usize = 50;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The events, newest first.
    pub events: Vec<Event>,
    /// How many events were looked through; nothing when the id was known at once.
    pub searched: Option<usize>,
    /// When the oldest of them arrived, unless all there are were looked through.
    pub back_to: Option<Timestamp>,
}

/// Looks for `text`.
pub(crate) async fn search(inbox: &Inbox, tenant: &TenantId, text: &str) -> Result<Found, StoreError> {
    let by_id = by_id(inbox, tenant, text).await?;
    if !by_id.is_empty() {
        return Ok(Found { events: by_id, ..Found::default() });
    }
    let phone = PhoneNumber::parse(text);
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let (mut searched, mut after): (usize, Option<Place>) = (0, None);
    while searched < MOST && found.len() < FOUND {
        let page = inbox.newest(tenant, Which::All, after.as_ref(), STEP).await?;
        for event in &page.events {
            if seen.insert(event.key.clone())
                && Subject::of(inbox, event).await?.is_meant(text, phone.as_ref())
            {
                found.push(event.clone());
            }
        }
        searched = searched.saturating_add(page.events.len());
        after = page.events.last().map(Place::of);
        if !page.more {
            return Ok(Found { events: found, searched: Some(searched), back_to: None });
        }
    }
    let back_to = after.and_then(|place| Timestamp::from_millisecond(place.received()).ok());
    Ok(Found { events: found, searched: Some(searched), back_to })
}

/// The events of the order or customer with this id, or whose code in the CRM was made of it.
async fn by_id(inbox: &Inbox, tenant: &TenantId, text: &str) -> Result<Vec<Event>, StoreError> {
    let digits = text.trim().to_ascii_uppercase();
    let digits = digits.strip_prefix("HRV-").unwrap_or(&digits).trim_start_matches('O');
    let Ok(id) = digits.parse::<u64>() else { return Ok(Vec::new()) };
    let id = id.to_string();
    let mut events = inbox.about(tenant, Entity::Order, &id).await?;
    events.extend(inbox.about(tenant, Entity::Customer, &id).await?);
    events.sort_by_cached_key(Place::of);
    events.truncate(FOUND);
    Ok(events)
}
