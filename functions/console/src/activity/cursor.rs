//! Places in the order of events, as texts for addresses. A tenant is never part of them: it is the session's or the
//! key's.

use common::id::TenantId;
use common::store::connections::PageKey;
use common::store::inbox::EventKey;
use common::store::inbox::address::MOST;
pub(crate) use common::store::inbox::address::{event_id, event_key};
use common::store::inbox::listing::Place;
use jiff::Timestamp;

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
    fn a_place_comes_back_from_its_text() {
        let tenant: TenantId = "hat-mam".parse().unwrap();
        for key in [
            EventKey::of(&tenant, Topic::OrderCreate, 7, b"{}"),
            EventKey::of(&tenant, Topic::CustomerUpdate, -7, b"{}"),
            EventKey::unreadable(&tenant, Topic::CustomerCreate, b"?"),
        ] {
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
    fn nothing_else_names_a_place() {
        let tenant: TenantId = "hat-mam".parse().unwrap();
        for text in
            ["", ".", "order", "order.7", "order.7.d.e", "order.7#x.d", "shop.7.d", "order..d", "order.7.đ"]
        {
            assert_eq!(place(&tenant, &format!("5.{text}")), None, "{text}");
        }
    }
}
