//! Events as texts, for addresses and command lines. A tenant is never part of them: it is known otherwise.

use super::{EventKey, entity_of};
use crate::haravan::webhook::Entity;
use crate::id::TenantId;
use crate::store::connections::PageKey;

/// Longest id of an entity and longest digest, in bytes.
pub const MOST: usize = 64;

/// An event as text: `order.1791400031.{digest}`; the id of an unreadable one is `_`. One of a page's:
/// `facebook.104001122334455.{digest}`.
pub fn event_id(key: &EventKey) -> String {
    let of_page = || key.page().map_or("event", |page| page.provider());
    let entity = entity_of(key).map_or_else(of_page, Entity::as_str);
    let id = key.entity.rsplit('#').next().unwrap_or_default();
    let id = if id.starts_with('?') { "_" } else { id };
    format!("{entity}.{id}.{}", key.digest)
}

/// The key of a tenant's event. `None` for what cannot be one, such as an event of a page's.
pub fn event_key(tenant: &TenantId, id: &str) -> Option<EventKey> {
    let [entity, id, digest] = parts(id)?;
    let entity = [Entity::Order, Entity::Customer].into_iter().find(|known| known.as_str() == entity)?;
    let id = if id == "_" { format!("?{digest}") } else { id.to_owned() };
    Some(EventKey { entity: format!("{tenant}#{}#{id}", entity.as_str()), digest: digest.to_owned() })
}

/// The key of an event of a page of a tenant's. `None` for what cannot be one.
pub fn page_event_key(tenant: &TenantId, id: &str) -> Option<EventKey> {
    let [provider, page, digest] = parts(id)?;
    let page = PageKey::try_from(format!("{provider}#{page}")).ok()?;
    Some(EventKey { entity: format!("{tenant}#{page}"), digest: digest.to_owned() })
}

fn parts(id: &str) -> Option<[&str; 3]> {
    let mut parts = id.split('.');
    let (entity, id, digest) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |text: &str| {
        (1..=MOST).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    (parts.next().is_none() && plain(id) && plain(digest)).then_some([entity, id, digest])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haravan::webhook::Topic;
    use crate::store::inbox::pages::PageTopic;

    #[test]
    fn an_event_comes_back_from_its_text() {
        let tenant: TenantId = "hat-mam".parse().unwrap();
        for key in [
            EventKey::of(&tenant, Topic::OrderCreate, 7, b"{}"),
            EventKey::of(&tenant, Topic::CustomerUpdate, -7, b"{}"),
            EventKey::unreadable(&tenant, Topic::CustomerCreate, b"?"),
        ] {
            assert_eq!(page_event_key(&tenant, &event_id(&key)), None);
            assert_eq!(event_key(&tenant, &event_id(&key)), Some(key));
        }
        let topic = PageTopic::zalo("follow");
        for page in ["facebook#104", "zalo#4180000000000000001"] {
            let page = PageKey::try_from(page.to_owned()).unwrap();
            let key = EventKey::of_page(&tenant, &page, &topic, b"{}");
            assert_eq!(event_key(&tenant, &event_id(&key)), None);
            assert_eq!(page_event_key(&tenant, &event_id(&key)), Some(key));
        }
    }

    #[test]
    fn nothing_else_names_an_event() {
        let tenant: TenantId = "hat-mam".parse().unwrap();
        for text in [
            "",
            ".",
            "order",
            "order.7",
            "order.7.d.e",
            "order.7#x.d",
            "shop.7.d",
            "order..d",
            "order.7.đ",
            "facebook.x.d",
            "zalo.7.d#",
        ] {
            assert_eq!(event_key(&tenant, text), None, "{text}");
            assert_eq!(page_event_key(&tenant, text), None, "{text}");
        }
    }
}
