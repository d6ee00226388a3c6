//! What pages of Facebook and Zalo send (pages.md §1.16, §2.10), kept for the CRM: one item per message, receipt or
//! change, with the provider's own bytes.
//!
//! Nobody works on these events yet. So that nothing takes them for work they have a status of their own, `kept`, which
//! no stream filter and no claim knows, and lie on no watch list; a list of their tenant's, `pages#{tenant}`, shows them
//! to people by the time they were received. They expire [`KEEP`] after that.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use super::key::digest;
use super::listing::Place;
use super::{EventKey, Inbox, Put, Status, seconds};
use crate::facebook::webhook::Channel;
use crate::id::TenantId;
use crate::store::StoreError;
use crate::store::connections::PageKey;
use crate::store::item::{Item, ItemExt, n, s};
use crate::store::schema::inbox::{
    BODY, DIGEST, DUE, EXPIRY, KEY, PARTS, RECEIVED, STATUS, TOPIC, VERSION, WATCH,
};

/// How long they are kept: well past the 36 hours in which Facebook repeats (pages.md §1.16), and no longer than a done
/// event of a shop, because they hold what people write to each other.
pub const KEEP: Duration = super::KEEP_DONE;

/// Longest name of an event of Zalo's that is stored as it is, in bytes.
const MAX_NAME: usize = 64;

/// What kind of event: `facebook/messaging`, `facebook/standby`, `facebook/changes` or `zalo/{event_name}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PageTopic(String);

impl PageTopic {
    /// An item of this list of Facebook's.
    pub fn facebook(channel: Channel) -> Self {
        Self(format!("facebook/{}", channel.as_str()))
    }

    /// An event of Zalo's by its name; `zalo/other` for a name that could not stand in a log.
    pub fn zalo(name: &str) -> Self {
        Self(format!("zalo/{}", if is_plain(name) { name } else { "other" }))
    }

    /// The topic as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_plain(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The text is no topic of a page's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a topic of a page's events")]
pub struct UnknownTopic;

impl FromStr for PageTopic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        let known = Channel::ALL.into_iter().map(Self::facebook).find(|topic| topic.as_str() == text);
        let zalo = || text.strip_prefix("zalo/").filter(|name| is_plain(name)).map(Self::zalo);
        known.or_else(zalo).ok_or(UnknownTopic)
    }
}

impl fmt::Display for PageTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl EventKey {
    /// The key of a page's event, `{tenant}#facebook#{page}` or `{tenant}#zalo#{oa}` and a digest of topic and bytes: the
    /// same event in another batch has the same key.
    pub fn of_page(tenant: &TenantId, page: &PageKey, topic: &PageTopic, raw: &[u8]) -> Self {
        Self { entity: format!("{tenant}#{page}"), digest: digest(topic.as_str(), raw) }
    }

    /// The page; `None` for an event of a shop's.
    pub fn page(&self) -> Option<PageKey> {
        PageKey::try_from(self.entity.split_once('#')?.1.to_owned()).ok()
    }
}

/// A page's event to be stored.
#[derive(Debug, Clone)]
pub struct NewPageEvent {
    /// Its key.
    pub key: EventKey,
    /// What kind it is.
    pub topic: PageTopic,
    /// Compressed bytes ([`crate::body::pack`]).
    pub body: Vec<u8>,
    /// When it happened, says the provider.
    pub sent_at: Option<Timestamp>,
    /// When it arrived.
    pub received_at: Timestamp,
}

/// A page's event as stored.
#[derive(Debug, Clone)]
pub struct PageEvent {
    /// Its key.
    pub key: EventKey,
    /// The page.
    pub page: PageKey,
    /// What kind it is.
    pub topic: PageTopic,
    /// Compressed bytes; see [`Inbox::page_body`] when [`PageEvent::parts`] is not zero.
    pub body: Vec<u8>,
    /// How many further items hold the rest of the bytes.
    pub parts: i64,
    /// When it happened, says the provider.
    pub sent_at: Option<Timestamp>,
    /// When it arrived.
    pub received_at: Timestamp,
}

impl PageEvent {
    /// Reads an item whose status is [`Status::Kept`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the attribute.
    pub fn read(item: &Item) -> Result<Self, StoreError> {
        let key =
            EventKey { entity: item.must_text(KEY)?.to_owned(), digest: item.must_text(DIGEST)?.to_owned() };
        let instant = |micros| Timestamp::from_microsecond(micros).map_err(|_| StoreError::Corrupt(VERSION));
        let received = Timestamp::from_millisecond(item.must_number(RECEIVED)?);
        Ok(Self {
            page: key.page().ok_or(StoreError::Corrupt(KEY))?,
            key,
            topic: item.must_text(TOPIC)?.parse().map_err(|_| StoreError::Corrupt(TOPIC))?,
            body: item.bytes(BODY).ok_or(StoreError::Corrupt(BODY))?.to_vec(),
            parts: item.number(PARTS).unwrap_or_default(),
            sent_at: item.number(VERSION).map(instant).transpose()?,
            received_at: received.map_err(|_| StoreError::Corrupt(RECEIVED))?,
        })
    }

    /// Its place in the order of arrival.
    pub fn place(&self) -> Place {
        Place::new(self.received_at, self.key.clone())
    }
}

impl Inbox {
    /// Stores a page's event that is not there yet: one write, no read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the event may have been stored; putting it again is safe.
    pub async fn put_page_event(&self, event: &NewPageEvent) -> Result<Put, StoreError> {
        let mut attributes = vec![
            (TOPIC, s(event.topic.as_str())),
            (STATUS, s(Status::Kept.as_str())),
            (WATCH, s(pages_list(&event.key.tenant()?))),
            (DUE, n(event.received_at.as_millisecond())),
            (EXPIRY, n(event.received_at.as_second().saturating_add(seconds(KEEP)))),
        ];
        attributes.extend(event.sent_at.map(|sent_at| (VERSION, n(sent_at.as_microsecond()))));
        self.put_new(&event.key, &event.body, event.received_at, attributes).await
    }

    /// Reads a page's event, consistently.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn page_event(&self, key: &EventKey) -> Result<Option<PageEvent>, StoreError> {
        self.item(key).await?.as_ref().map(PageEvent::read).transpose()
    }

    /// The compressed bytes with the parts that did not fit into the event's own item.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Corrupt`] when a part is gone.
    pub async fn page_body(&self, event: &PageEvent) -> Result<Vec<u8>, StoreError> {
        self.joined(&event.key, &event.body, event.parts).await
    }

    /// A tenant's newest events of pages that come after `after` in the order of [`Place`], and whether there are older
    /// ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_of_pages(
        &self,
        tenant: &TenantId,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<(Vec<PageEvent>, bool), StoreError> {
        let wanted = limit.saturating_add(1);
        let mut places = self.places(pages_list(tenant), after, wanted).await?;
        places.sort();
        let keys: Vec<EventKey> = places.iter().take(wanted).map(|place| place.key().clone()).collect();
        let items = self.items_of(&keys).await?;
        let mut events = items.iter().map(PageEvent::read).collect::<Result<Vec<_>, _>>()?;
        events.sort_by_cached_key(PageEvent::place);
        let more = events.len() > limit;
        events.truncate(limit);
        Ok((events, more))
    }
}

pub(super) fn pages_list(tenant: &TenantId) -> String {
    format!("pages#{tenant}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_read_as_it_was_written_and_nothing_else_is_one() {
        for topic in [
            PageTopic::facebook(Channel::Messaging),
            PageTopic::facebook(Channel::Standby),
            PageTopic::facebook(Channel::Changes),
            PageTopic::zalo("user_send_text"),
            PageTopic::zalo("other"),
        ] {
            assert_eq!(topic.as_str().parse(), Ok(topic));
        }
        for name in ["", "Follow", "a/b", "x#y", "đ", "a b", &"x".repeat(65)] {
            assert_eq!(PageTopic::zalo(name).as_str(), "zalo/other", "{name:?}");
            assert_eq!(format!("zalo/{name}").parse::<PageTopic>(), Err(UnknownTopic), "{name:?}");
        }
        for text in ["orders/create", "facebook/", "facebook/other", ""] {
            assert_eq!(text.parse::<PageTopic>(), Err(UnknownTopic), "{text}");
        }
    }

    #[test]
    fn the_key_of_an_event_names_its_page() {
        let tenant: TenantId = "hat-mam".parse().unwrap();
        let topic = PageTopic::zalo("follow");
        for page in
            [PageKey::Facebook("104".parse().unwrap()), PageKey::Zalo("4180000000000000001".parse().unwrap())]
        {
            let key = EventKey::of_page(&tenant, &page, &topic, b"{}");
            assert_eq!((key.tenant().unwrap(), key.page()), (tenant.clone(), Some(page)));
        }
        assert_eq!(EventKey { entity: "hat-mam#order#7".into(), digest: String::new() }.page(), None);
    }
}
