//! The customer and address objects (haravan.md §3.3, §3.4, §4), keys in the order of the fixtures.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::model::{Address, Customer};
use super::style::{BodyStyle, KeySet, Wrapper};
use super::text::{Node, object};

/// The body of a `customers/*` delivery.
pub(super) fn customer_text(customer: &Customer, style: &BodyStyle) -> String {
    wrapped(customer_node(customer, style.keys), "customer", style.wrapper).text(style)
}

/// The bare customer object, of a `customers/*` topic or of a REST answer.
pub(super) fn customer_node(customer: &Customer, keys: KeySet) -> Node {
    let addresses = || customer.addresses.iter().enumerate();
    let last = customer.last_order.as_ref();
    object([
        ("accepts_marketing", customer.accepts_marketing.into()),
        (
            "addresses",
            addresses()
                .map(|(place, address)| book_entry(address, place == 0, keys))
                .collect::<Vec<_>>()
                .into(),
        ),
        ("created_at", customer.created_at.into()),
        ("default_address", customer.addresses.first().map(|address| book_entry(address, true, keys)).into()),
        ("email", customer.email.as_ref().into()),
        ("phone", customer.phone.as_ref().into()),
        ("first_name", customer.first_name.as_ref().into()),
        ("id", customer.id.into()),
        ("multipass_identifier", Node::Null),
        ("last_name", customer.last_name.as_ref().into()),
        ("last_order_id", last.map(|order| order.id).into()),
        ("last_order_name", last.map(|order| &order.name).into()),
        ("note", customer.note.as_ref().into()),
        ("orders_count", customer.orders_count.into()),
        ("state", state(customer, keys).into()),
        ("tags", blank_or_null(customer.tags.as_ref(), keys)),
        ("total_spent", Node::Amount(customer.total_spent, 1)),
        ("total_paid", Node::Amount(Decimal::ZERO, 1)),
        ("updated_at", customer.updated_at.into()),
        ("verified_email", false.into()),
        ("group_name", Node::Null),
        ("birthday", birthday(customer)),
        ("gender", customer.gender.map(i64::from).into()),
        ("last_order_date", last.map(|order| order.at).into()),
    ])
}

/// The `customer` inside an order: full in REST, reduced in webhooks (haravan.md §3.13).
pub(super) fn embedded_customer(customer: &Customer, keys: KeySet) -> Node {
    let Node::Object(mut entries) = customer_node(customer, keys) else {
        return Node::Null;
    };
    match keys {
        KeySet::Rest => {
            let extra = [
                ("send_email_invite", Node::Bool(false)),
                ("send_email_welcome", Node::Bool(false)),
                ("password", Node::Null),
                ("password_confirmation", Node::Null),
            ];
            let place = entries.iter().position(|(key, _)| *key == "group_name").unwrap_or(entries.len());
            entries.splice(place..place, extra);
        }
        KeySet::Webhook => {
            entries.retain(|(key, _)| !matches!(*key, "total_paid" | "group_name" | "multipass_identifier"));
            entries.push(("multipass_identifier", Node::Null));
        }
    }
    Node::Object(entries)
}

/// `billing_address`: the customer's id, country code in capitals.
pub(super) fn billing_address(address: &Address, customer_id: i64, keys: KeySet) -> Node {
    let mut entries = common_keys(address, Some(customer_id), "VN", keys);
    entries.push(("default", true.into()));
    entries.extend(district_and_ward(address));
    Node::Object(entries)
}

/// `shipping_address`: no id, but a position that is zero or null.
pub(super) fn shipping_address(address: &Address, keys: KeySet) -> Node {
    let position = match keys {
        KeySet::Rest => Node::Amount(Decimal::ZERO, 8),
        KeySet::Webhook => Node::Null,
    };
    let mut entries = common_keys(address, None, "VN", keys);
    let place = entries.iter().position(|(key, _)| *key == "phone").unwrap_or(entries.len());
    entries.splice(place..place, [("latitude", position.clone()), ("longitude", position)]);
    let [district, district_code, ward, ward_code] = district_and_ward(address);
    entries.extend([district_code, district, ward_code, ward]);
    Node::Object(entries)
}

/// Puts the envelope of haravan.md §2.7 around a body.
pub(super) fn wrapped(body: Node, entity: &'static str, wrapper: Wrapper) -> Node {
    match wrapper {
        Wrapper::None => body,
        Wrapper::Entity => object([(entity, body)]),
        Wrapper::Data => object([("data", body)]),
        Wrapper::DataEntity => object([("data", object([(entity, body)]))]),
    }
}

/// Empty text: null in REST, `""` in webhooks.
pub(super) fn blank_or_null(text: Option<&String>, keys: KeySet) -> Node {
    match (text, keys) {
        (Some(text), _) => text.into(),
        (None, KeySet::Rest) => Node::Null,
        (None, KeySet::Webhook) => "".into(),
    }
}

fn book_entry(address: &Address, default: bool, keys: KeySet) -> Node {
    let mut entries = common_keys(address, Some(address.id), "vn", keys);
    entries.push(("default", default.into()));
    entries.extend(district_and_ward(address));
    Node::Object(entries)
}

fn common_keys(
    address: &Address,
    id: Option<i64>,
    country_code: &str,
    keys: KeySet,
) -> Vec<(&'static str, Node)> {
    let mut entries = vec![
        ("address1", address.address1.as_ref().into()),
        ("address2", Node::Null),
        ("city", Node::Null),
        ("company", Node::Null),
        ("country", "Vietnam".into()),
        ("first_name", address.first_name.as_ref().into()),
    ];
    entries.extend(id.map(|id| ("id", id.into())));
    entries.extend([
        ("last_name", address.last_name.as_ref().into()),
        ("phone", address.phone.as_ref().into()),
        ("province", address.place.map(|place| place.province.0).into()),
        ("zip", address.zip.as_ref().into()),
        ("name", full_name(address, keys).into()),
        ("province_code", address.place.map(|place| place.province.1).into()),
        ("country_code", country_code.into()),
    ]);
    entries
}

fn district_and_ward(address: &Address) -> [(&'static str, Node); 4] {
    let district = address.place.map(|place| place.district).filter(|_| address.with_district);
    let ward = address.place.map(|place| place.ward);
    [
        ("district", district.map(|district| district.0).into()),
        ("district_code", district.map(|district| district.1).into()),
        ("ward", ward.map(|ward| ward.0).into()),
        ("ward_code", ward.map(|ward| ward.1).into()),
    ]
}

/// `last_name + " " + first_name`; nothing at all is `" "` in REST and `""` in webhooks.
fn full_name(address: &Address, keys: KeySet) -> String {
    match (&address.last_name, &address.first_name, keys) {
        (None, None, KeySet::Webhook) => String::new(),
        (last, first, _) => {
            format!("{} {}", last.as_deref().unwrap_or_default(), first.as_deref().unwrap_or_default())
        }
    }
}

fn state(customer: &Customer, keys: KeySet) -> &'static str {
    match (customer.enabled, keys) {
        (true, KeySet::Rest) => "Enabled",
        (false, KeySet::Rest) => "Disabled",
        (true, KeySet::Webhook) => "enabled",
        (false, KeySet::Webhook) => "disabled",
    }
}

/// Midnight UTC of the date, whatever the time style.
fn birthday(customer: &Customer) -> Node {
    customer
        .birthday
        .and_then(|date| date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|midnight| Timestamp::from(midnight).strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .into()
}
