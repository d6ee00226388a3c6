//! An event that was found: one of a shop's, or one of a page's, which has no part in the work.

use anyhow::{Result, anyhow};
use common::id::TenantId;
use common::store::inbox::address::{event_id, event_key, page_event_key};
use common::store::inbox::listing::Place;
use common::store::inbox::pages::PageEvent;
use common::store::inbox::{Event, EventKey, Status};
use jiff::Timestamp;

use crate::session::Session;

#[derive(Debug, Clone)]
pub(crate) enum Found {
    Shop(Box<Event>),
    Page(Box<PageEvent>),
}

impl From<Event> for Found {
    fn from(event: Event) -> Self {
        Self::Shop(Box::new(event))
    }
}

impl From<PageEvent> for Found {
    fn from(event: PageEvent) -> Self {
        Self::Page(Box::new(event))
    }
}

impl Found {
    pub fn key(&self) -> &EventKey {
        match self {
            Self::Shop(event) => &event.key,
            Self::Page(event) => &event.key,
        }
    }

    /// As `list` names it.
    pub fn id(&self) -> String {
        event_id(self.key())
    }

    pub fn place(&self) -> Place {
        Place::new(self.received_at(), self.key().clone())
    }

    pub fn received_at(&self) -> Timestamp {
        match self {
            Self::Shop(event) => event.received_at,
            Self::Page(event) => event.received_at,
        }
    }

    pub fn status(&self) -> Status {
        match self {
            Self::Shop(event) => event.status,
            Self::Page(_) => Status::Kept,
        }
    }

    pub fn topic(&self) -> &str {
        match self {
            Self::Shop(event) => event.topic.as_str(),
            Self::Page(event) => event.topic.as_str(),
        }
    }

    pub fn reason(&self) -> Option<&str> {
        self.of_shop()?.reason.as_deref()
    }

    pub fn warnings(&self) -> &[String] {
        self.of_shop().map_or(&[], |event| &event.warnings)
    }

    pub fn crm_code(&self) -> Option<&str> {
        self.of_shop()?.crm_code.as_deref()
    }

    /// The event of a shop's; `None` for a page's.
    pub fn into_shop(self) -> Option<Event> {
        match self {
            Self::Shop(event) => Some(*event),
            Self::Page(_) => None,
        }
    }

    fn of_shop(&self) -> Option<&Event> {
        match self {
            Self::Shop(event) => Some(event),
            Self::Page(_) => None,
        }
    }
}

/// The event that a text names.
pub(super) async fn find(tenant: &TenantId, text: &str, session: &Session<'_, '_>) -> Result<Found> {
    let inbox = &session.store().inbox;
    let found = match (event_key(tenant, text), page_event_key(tenant, text)) {
        (Some(key), _) => inbox.get(&key).await?.map(Found::from),
        (None, Some(key)) => inbox.page_event(&key).await?.map(Found::from),
        (None, None) => None,
    };
    found.ok_or_else(|| anyhow!("{tenant} has no event {text}; `events list` names them"))
}
