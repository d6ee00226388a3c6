//! Events and places in their order, as texts for addresses. A tenant is never part of them: it is the session's or the
//! key's.

use common::haravan::webhook::Entity;
use common::id::TenantId;
use common::store::connections::PageKey;
use common::store::inbox::listing::Place;
use common::store::inbox::{EventKey, entity_of};
use jiff::Timestamp;

/// Longest id of an entity and longest digest, in bytes.
const MOST: usize = 64;

/// An event as text: `order.1791400031.{digest}`; the id of an unreadable one is `_`.
pub(crate) fn event_id(key: &EventKey) -> String {
    let entity = entity_of(key).map_or("event", Entity::as_str);
    let id = key.entity.rsplit('#').next().unwrap_or_default();
    let id = if id.starts_with('?') { "_" } else { id };
    format!("{entity}.{id}.{}", key.digest)
}

/// The key of a tenant's event. `None` for what cannot be one.
pub(crate) fn event_key(tenant: &TenantId, id: &str) -> Option<EventKey> {
    let mut parts = id.split('.');
    let (entity, id, digest) = (parts.next()?, parts.next()?, parts.next()?);
    let entity = [Entity::Order, Entity::Customer].into_iter().find(|known| known.as_str() == entity)?;
    let plain = |text: &str| {
        (1..=MOST).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if parts.next().is_some() || !plain(id) || !plain(digest) {
        return None;
    }
    let id = if id == "_" { format!("?{digest}") } else { id.to_owned() };
    Some(EventKey { entity: format!("{tenant}#{}#{id}", entity.as_str()), digest: digest.to_owned() })
}

/// A place as text: `{unix ms}.{event}`.
pub(crate) fn cursor(place: &Place) -> String {
    format!("{}.{}", place.received(), event_id(place.key()))
}

/// The place that a text names.
pub(crate) fn place(tenant: &TenantId, cursor: &str) -> Option<Place> {
    let (millis, event) = cursor.split_once('.')?;
    let received = Timestamp::from_millisecond(millis.parse().ok()?).ok()?;
    Some(Place::new(received, event_key(tenant, event)?))
}

/// The place of a page's event as text: `{unix ms}.{facebook or zalo}.{page}.{digest}`.
pub(crate) fn page_cursor(place: &Place) -> Option<String> {
    let page = place.key().page()?.to_string().replace('#', ".");
    Some(format!("{}.{page}.{}", place.received(), place.key().digest))
}

/// The place of a page's event that a text names.
pub(crate) fn page_place(tenant: &TenantId, cursor: &str) -> Option<Place> {
    let mut parts = cursor.split('.');
    let (millis, provider, page, digest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let received = Timestamp::from_millisecond(millis.parse().ok()?).ok()?;
    let page = PageKey::try_from(format!("{provider}#{page}")).ok()?;
    let digest = (parts.next().is_none() && digest.len() <= MOST).then(|| digest.to_owned())?;
    Some(Place::new(received, EventKey { entity: format!("{tenant}#{page}"), digest }))
}

#[cfg(test)]
mod tests {
    use common::haravan::webhook::Topic;
    use common::store::inbox::pages::PageTopic;

    use super::*;

    #[test]
    fn an_event_and_a_place_come_back_from_their_texts() {
        let tenant: TenantId = "hat-mam".parse().unwrap();
        for key in [
            EventKey::of(&tenant, Topic::OrderCreate, 7, b"{}"),
            EventKey::of(&tenant, Topic::CustomerUpdate, -7, b"{}"),
            EventKey::unreadable(&tenant, Topic::CustomerCreate, b"?"),
        ] {
            assert_eq!(event_key(&tenant, &event_id(&key)), Some(key.clone()));
            let here = Place::new(Timestamp::from_millisecond(5).unwrap(), key);
            assert_eq!(place(&tenant, &cursor(&here)), Some(here));
        }
    }

    #[test]
    fn a_place_among_the_events_of_pages_comes_back_from_its_text() {
        let tenant: TenantId = "hat-mam".parse().unwrap();
        let page = PageKey::Zalo("418".parse().unwrap());
        let key = EventKey::of_page(&tenant, &page, &PageTopic::zalo("follow"), b"{}");
        let here = Place::new(Timestamp::from_millisecond(5).unwrap(), key);
        assert_eq!(page_place(&tenant, &page_cursor(&here).unwrap()), Some(here));
        for text in ["", "5", "5.zalo.418", "5.order.7.d", "5.zalo.x.d", "x.zalo.418.d", "5.zalo.418.d.e"] {
            assert_eq!(page_place(&tenant, text), None, "{text}");
        }
    }

    #[test]
    fn nothing_else_names_an_event() {
        let tenant: TenantId = "hat-mam".parse().unwrap();
        for text in
            ["", ".", "order", "order.7", "order.7.d.e", "order.7#x.d", "shop.7.d", "order..d", "order.7.đ"]
        {
            assert_eq!(event_key(&tenant, text), None, "{text}");
            assert_eq!(place(&tenant, &format!("5.{text}")), None, "{text}");
        }
    }
}
