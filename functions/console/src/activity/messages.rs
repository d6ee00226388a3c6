//! What pages of Facebook and Zalo sent, and is kept for the CRM: when, which page and what kind, but not what was written.

use std::collections::BTreeMap;

use common::id::TenantId;
use common::page::Lang;
use common::store::connections::PageKey;
use common::store::inbox::Status;
use common::store::inbox::pages::PageEvent;
use common::store::{Store, StoreError};
use common::words;

use super::cursor::{page_cursor, page_place};
use crate::when::moment;

/// The filter's word in addresses.
pub(crate) const FILTER: &str = "pages";

/// A page's event.
#[derive(Debug, Clone)]
pub(crate) struct MessageReport {
    event: PageEvent,
    /// The page's name, where it is known.
    name: Option<String>,
}

impl MessageReport {
    /// What it is, in words.
    pub(crate) fn title(&self, lang: Lang) -> &'static str {
        let (vi, en) = words::of_page_topic(&self.event.topic);
        lang.of(vi, en)
    }

    /// The page's name, or its id.
    pub(crate) fn page(&self) -> String {
        let id = || match &self.event.page {
            PageKey::Facebook(page) => page.to_string(),
            PageKey::Zalo(oa) => oa.to_string(),
        };
        self.name.clone().unwrap_or_else(id)
    }

    /// When it arrived, in words.
    pub(crate) fn received(&self) -> String {
        moment(self.event.received_at)
    }

    /// Where it stands, in words.
    pub(crate) fn state(&self, lang: Lang) -> &'static str {
        let (vi, en) = words::of_status(Status::Kept);
        lang.of(vi, en)
    }
}

/// The newest events after `after`, and where the older ones begin.
pub(crate) async fn newest(
    store: &Store,
    tenant: &TenantId,
    after: &str,
    limit: usize,
) -> Result<(Vec<MessageReport>, Option<String>), StoreError> {
    let after = page_place(tenant, after);
    let (events, more) = store.inbox.newest_of_pages(tenant, after.as_ref(), limit).await?;
    let next = events.last().filter(|_| more).and_then(|last| page_cursor(&last.place()));
    let names: BTreeMap<PageKey, String> = match events.is_empty() {
        true => BTreeMap::new(),
        false => {
            let pages = store.connections.pages(tenant).await?;
            pages.into_iter().map(|page| (page.page, page.profile.name)).collect()
        }
    };
    let named = |event: PageEvent| MessageReport { name: names.get(&event.page).cloned(), event };
    Ok((events.into_iter().map(named).collect(), next))
}
