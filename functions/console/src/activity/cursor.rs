//! Events and places in their order, as texts for addresses. A tenant is never part of them: it is the session's or the
//! key's.

use common::haravan::webhook::Entity;
use common::id::TenantId;
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

#[cfg(test)]
mod tests {
    use common::haravan::webhook::Topic;

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
