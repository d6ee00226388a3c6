//! Places in the order of events, as texts for addresses. A tenant is never part of them: it is the session's or the
//! key's.

use common::id::TenantId;
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

#[cfg(test)]
mod tests {
    use common::haravan::webhook::Topic;
    use common::store::inbox::EventKey;

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
    fn nothing_else_names_a_place() {
        let tenant: TenantId = "hat-mam".parse().unwrap();
        for text in
            ["", ".", "order", "order.7", "order.7.d.e", "order.7#x.d", "shop.7.d", "order..d", "order.7.đ"]
        {
            assert_eq!(place(&tenant, &format!("5.{text}")), None, "{text}");
        }
    }
}
