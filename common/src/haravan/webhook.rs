//! A webhook delivery, from bytes to something that may be stored (haravan.md §2).
//!
//! A body is nobody's until its signature has been checked: [`Signature::verify`] is the only way to a
//! [`VerifiedBody`], and only that can be read for its [`Head`]. Headers are not signed, so topic and organisation are
//! claims that must agree with the tenant's connection and with the body's own shape.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;

use crate::wire::{lenient, repair};

/// `base64(HMAC-SHA256(client secret, raw body))` (haravan.md §2.6).
pub const SIGNATURE_HEADER: &str = "x-haravan-hmacsha256";
/// The topic.
pub const TOPIC_HEADER: &str = "x-haravan-topic";
/// The organisation id as decimal text.
pub const ORG_HEADER: &str = "x-haravan-org-id";
/// Present on test sends (haravan.md §2.5).
pub const TEST_HEADER: &str = "x-haravan-test";

/// The topic of the shop removing the app (haravan.md §2.9). It is no [`Topic`]: nothing is stored for it.
pub const UNINSTALLED: &str = "app/uninstalled";

/// A signature as received: 32 bytes.
pub struct Signature([u8; 32]);

impl FromStr for Signature {
    type Err = NotASignature;

    /// Standard base64 with padding; nothing else is accepted (haravan.md §2.6).
    fn from_str(text: &str) -> Result<Self, NotASignature> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| NotASignature)?;
        Ok(Self(bytes.try_into().map_err(|_| NotASignature)?))
    }
}

/// The signature header does not hold 32 bytes in base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not 32 bytes in base64")]
pub struct NotASignature;

impl Signature {
    /// Checks the signature over the raw bytes with each secret, in constant time per secret.
    pub fn verify<'a, 's>(
        &self,
        body: &'a [u8],
        secrets: impl IntoIterator<Item = &'s SecretString>,
    ) -> Option<VerifiedBody<'a>> {
        let signed = secrets.into_iter().any(|secret| {
            Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
                .is_ok_and(|mac| mac.chain_update(body).verify_slice(&self.0).is_ok())
        });
        signed.then_some(VerifiedBody(body))
    }
}

/// A body whose signature was checked.
pub struct VerifiedBody<'a>(&'a [u8]);

impl<'a> VerifiedBody<'a> {
    /// The raw bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Reads what the body is about, through any of the wrappers met in the wild (haravan.md §2.7).
    pub fn content(&self) -> Content {
        let Some(text) = unwrapped(self.0) else { return Content::Unreadable };
        match Head::read(&text) {
            Some(head) => Content::Entity(head),
            None if is_test(&text) => Content::Test,
            None => Content::Unreadable,
        }
    }
}

/// What a signed body is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// An order or a customer.
    Entity(Head),
    /// The dashboard's test delivery, whose resource has the id 0 (haravan.md §11).
    Test,
    /// Nothing that can be read.
    Unreadable,
}

fn is_test(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Numbered {
        #[serde(deserialize_with = "lenient::decimal")]
        id: Option<Decimal>,
    }
    lenient::read(text).is_some_and(|read: Numbered| read.id.is_some_and(|id| id.is_zero()))
}

/// The resource's JSON text inside `{order:{}}`, `{customer:{}}`, `{data:{}}` or `{data:{order:{}}}`, or as it is.
/// `None` when the bytes are no JSON object, however it is spelled ([`repair`]).
pub fn unwrapped(body: &[u8]) -> Option<Cow<'_, str>> {
    let text = repair::text(body);
    let inner = match &text {
        Cow::Borrowed(text) => resource(text).map(Cow::Borrowed),
        Cow::Owned(text) => resource(text).map(|inner| Cow::Owned(inner.to_owned())),
    };
    inner.or_else(|| resource(&repair::repaired(&text)?).map(|inner| Cow::Owned(inner.to_owned())))
}

/// The resource inside a text that the strict reader takes.
fn resource(mut text: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Wrapper<'a> {
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
        #[serde(borrow, default)]
        order: Option<&'a RawValue>,
        #[serde(borrow, default)]
        customer: Option<&'a RawValue>,
        #[serde(borrow, default)]
        data: Option<&'a RawValue>,
    }
    for _ in 0..3 {
        let wrapper: Wrapper<'_> = serde_json::from_str(text).ok()?;
        // An order has a `customer` of its own: only an object without an id is a wrapper.
        let inner = match wrapper.id {
            Some(_) => None,
            None => wrapper.order.or(wrapper.data).or(wrapper.customer).map(RawValue::get),
        };
        match inner.filter(|inner| inner.starts_with('{')) {
            Some(inner) => text = inner,
            None => break,
        }
    }
    Some(text)
}

/// What the front door reads of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The entity's API id.
    pub id: i64,
    /// The entity's version: when it last changed; deletes have none.
    pub updated_at: Option<Timestamp>,
    /// What the body looks like.
    pub shape: Shape,
}

/// What a body's keys say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Has an order's keys.
    Order,
    /// Has a customer's keys and none of an order's.
    Customer,
    /// Has neither, such as the `{"id":…}` of a delete.
    Bare,
}

impl Head {
    /// Reads the head of a resource's JSON text, as REST lists it; `None` when it has no id.
    pub fn read(text: &str) -> Option<Self> {
        // Raw text rather than ignored values: presence is all that counts, and a raw value is only skipped over.
        #[derive(Deserialize)]
        struct Keys<'a> {
            #[serde(default, deserialize_with = "lenient::id")]
            id: Option<i64>,
            #[serde(default, deserialize_with = "lenient::instant")]
            updated_at: Option<Timestamp>,
            #[serde(default, deserialize_with = "lenient::instant")]
            created_at: Option<Timestamp>,
            #[serde(borrow, default)]
            line_items: Option<&'a RawValue>,
            #[serde(borrow, default)]
            financial_status: Option<&'a RawValue>,
            #[serde(borrow, default)]
            total_price: Option<&'a RawValue>,
            #[serde(borrow, default)]
            accepts_marketing: Option<&'a RawValue>,
            #[serde(borrow, default)]
            orders_count: Option<&'a RawValue>,
            #[serde(borrow, default)]
            addresses: Option<&'a RawValue>,
            #[serde(borrow, default)]
            first_name: Option<&'a RawValue>,
        }
        let repaired: String;
        let keys: Keys<'_> = match serde_json::from_str(text) {
            Ok(keys) => keys,
            Err(_) => {
                repaired = repair::repaired(text)?;
                serde_json::from_str(&repaired).ok()?
            }
        };
        let has = |values: &[Option<&RawValue>]| values.iter().any(Option::is_some);
        let shape = if has(&[keys.line_items, keys.financial_status, keys.total_price]) {
            Shape::Order
        } else if has(&[keys.accepts_marketing, keys.orders_count, keys.addresses, keys.first_name]) {
            Shape::Customer
        } else {
            Shape::Bare
        };
        Some(Self { id: keys.id?, updated_at: keys.updated_at.or(keys.created_at), shape })
    }
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entity {
    /// An order.
    Order,
    /// A customer.
    Customer,
}

impl Entity {
    /// The word in table keys and topics' families.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Customer => "customer",
        }
    }

    /// The prefix of the entity's topics, as the stream filters use it.
    pub fn topic_prefix(self) -> &'static str {
        match self {
            Self::Order => "orders/",
            Self::Customer => "customers/",
        }
    }

    /// Whether a body of this shape can be about the entity. A captured order body replayed under a customer topic
    /// would otherwise become a customer.
    pub fn agrees_with(self, shape: Shape) -> bool {
        match shape {
            Shape::Order => self == Self::Order,
            Shape::Customer => self == Self::Customer,
            Shape::Bare => true,
        }
    }
}

/// A topic this connector stores (haravan.md §2.4); both spellings of the same thing are one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// `orders/create`
    OrderCreate,
    /// `orders/updated`, also written `orders/update`
    OrderUpdated,
    /// `orders/paid`
    OrderPaid,
    /// `orders/cancelled`
    OrderCancelled,
    /// `orders/fulfilled`
    OrderFulfilled,
    /// `orders/delete`
    OrderDelete,
    /// `customers/create`
    CustomerCreate,
    /// `customers/update`, also written `customers/updated`
    CustomerUpdate,
    /// `customers/enable`
    CustomerEnable,
    /// `customers/disable`
    CustomerDisable,
    /// `customers/delete`
    CustomerDelete,
}

impl Topic {
    /// Every topic, each once.
    pub const ALL: [Self; 11] = [
        Self::OrderCreate,
        Self::OrderUpdated,
        Self::OrderPaid,
        Self::OrderCancelled,
        Self::OrderFulfilled,
        Self::OrderDelete,
        Self::CustomerCreate,
        Self::CustomerUpdate,
        Self::CustomerEnable,
        Self::CustomerDisable,
        Self::CustomerDelete,
    ];

    /// The spelling under which it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderCreate => "orders/create",
            Self::OrderUpdated => "orders/updated",
            Self::OrderPaid => "orders/paid",
            Self::OrderCancelled => "orders/cancelled",
            Self::OrderFulfilled => "orders/fulfilled",
            Self::OrderDelete => "orders/delete",
            Self::CustomerCreate => "customers/create",
            Self::CustomerUpdate => "customers/update",
            Self::CustomerEnable => "customers/enable",
            Self::CustomerDisable => "customers/disable",
            Self::CustomerDelete => "customers/delete",
        }
    }

    /// What the topic is about.
    pub fn entity(self) -> Entity {
        if self.as_str().starts_with("orders/") { Entity::Order } else { Entity::Customer }
    }

    /// Whether the entity is gone; its body is only `{"id":…}`.
    pub fn is_delete(self) -> bool {
        matches!(self, Self::OrderDelete | Self::CustomerDelete)
    }
}

/// The topic is none this connector stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a topic this connector stores")]
pub struct UnknownTopic;

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        let text = text.trim().to_ascii_lowercase();
        match text.as_str() {
            "orders/update" => Ok(Self::OrderUpdated),
            "customers/updated" => Ok(Self::CustomerUpdate),
            _ => Self::ALL.into_iter().find(|topic| topic.as_str() == text).ok_or(UnknownTopic),
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hrv_test_client_secret";

    fn verify<'a>(signature: &str, body: &'a [u8], secret: &'a SecretString) -> Option<VerifiedBody<'a>> {
        signature.parse::<Signature>().ok()?.verify(body, [secret])
    }

    fn head(body: &str) -> Head {
        match VerifiedBody(body.as_bytes()).content() {
            Content::Entity(head) => head,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn the_signature_vectors_of_the_protocol_hold() {
        let secret = SecretString::from(SECRET);
        let order = include_bytes!("../../../tests/fixtures/order_create.json");
        let paid = include_bytes!("../../../tests/fixtures/order_create_paid.json");
        let customer = include_bytes!("../../../tests/fixtures/customer_create.json");
        for (body, signature) in [
            (order.as_slice(), "KNj3ZD6o1Ty4ZNrp5nVgkZGPku2uK8dbxM9iNy9rGmA="),
            (paid, "tRT94t9KeOtahb+rPmHPCdVPxDO/K0/P74UZkup32fY="),
            (customer, "jZNf2pRNXUG6a1eex5p3KQV7nNgI1ffXPHuuulWY6CI="),
            (br#"{"id":1}"#, "Upt/kQSHqF3RGZKKb0KjluLK0hitgvZj45QzCcytnZQ="),
            ("{\"name\":\"Hạt Mầm\"}".as_bytes(), "LSS/vo324pUY7dAFm9CkHOVdIgjJ5fg6fXOepxWxG9s="),
            (b"", "9HI8wXGboJAFLQxxdyQ6eaBag38yNNhDVOY5kzrGKaI="),
        ] {
            assert!(verify(signature, body, &secret).is_some(), "{signature}");
        }
    }

    #[test]
    fn a_signature_in_any_other_form_is_refused() {
        for text in [
            "",
            "x",
            "Upt/kQSHqF3RGZKKb0KjluLK0hitgvZj45QzCcytnZQ",
            "529b7f910487a85dd119928a6f42a396e2cad218ad82f663e3943309ccad9d94",
            "Upt_kQSHqF3RGZKKb0KjluLK0hitgvZj45QzCcytnZQ=",
        ] {
            assert!(text.parse::<Signature>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_previous_secret_is_accepted_and_a_third_is_not() {
        let (current, previous, other) = ("new".into(), SecretString::from(SECRET), "third".into());
        let signature: Signature = "Upt/kQSHqF3RGZKKb0KjluLK0hitgvZj45QzCcytnZQ=".parse().unwrap();
        assert!(signature.verify(br#"{"id":1}"#, [&current, &previous]).is_some());
        assert!(signature.verify(br#"{"id":1}"#, [&current, &other]).is_none());
        assert!(signature.verify(br#"{"id":1}"#, []).is_none());
    }

    #[test]
    fn every_wrapper_is_seen_through() {
        for body in [
            r#"{"id":5,"line_items":[],"customer":{"id":9}}"#,
            r#"{"order":{"id":5,"line_items":[],"customer":{"id":9}}}"#,
            r#"{"data":{"id":5,"line_items":[]}}"#,
            r#"{"data":{"order":{"id":"5","line_items":[]}}}"#,
        ] {
            assert_eq!((head(body).id, head(body).shape), (5, Shape::Order), "{body}");
        }
    }

    #[test]
    fn a_body_that_a_strict_reader_refuses_has_a_head() {
        for body in [
            b"\xef\xbb\xbf{\"id\":5,\"line_items\":[]}".as_slice(),
            b"{\"id\":4,\"line_items\":[],\"id\":5}",
            b"{\"data\":{\"order\":{\"id\":4,\"id\":5,\"line_items\":[]}}}",
            b"{\"id\":5,\"note\":\"H\xe1t\",\"line_items\":[]}",
            b"{\"id\":5,\"note\":\"a\nb\",\"line_items\":[]}",
            b"{\"id\":5,\"\\ud83d\":1,\"line_items\":[]}",
            b"{\"order\":{},\"order\":{\"id\":5,\"line_items\":[]}}",
            b"{\"id\":5,\"updated_at\":1,\"updated_at\":2,\"line_items\":[]}\0",
        ] {
            let content = VerifiedBody(body).content();
            let Content::Entity(head) = content else { panic!("{}", String::from_utf8_lossy(body)) };
            assert_eq!((head.id, head.shape), (5, Shape::Order), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn the_body_of_a_test_delivery_is_nobodys() {
        for body in [
            include_str!("../../../tests/fixtures/order_test_delivery.json"),
            r#"{"id":0,"first_name":null}"#,
            r#"{"order":{"id":"0","line_items":null}}"#,
            "{\"id\":0.0}",
            "\u{feff}{\"id\":0}",
        ] {
            assert_eq!(VerifiedBody(body.as_bytes()).content(), Content::Test, "{body}");
        }
    }

    #[test]
    fn garbage_has_no_head() {
        for body in [
            b"".as_slice(),
            b"null",
            b"[]",
            b"{}",
            b"{\"id\":\"x\"}",
            b"{\"id\":-7}",
            b"\xff\xfe",
            b"{\"order\":{\"order\":{\"order\":{\"order\":{}}}}}",
            b"{\"id\":1",
            b"\"id\"",
        ] {
            assert_eq!(VerifiedBody(body).content(), Content::Unreadable, "{body:?}");
        }
    }

    #[test]
    fn a_body_tells_orders_from_customers() {
        let shape = |body: &str| head(body).shape;
        assert_eq!(shape(include_str!("../../../tests/fixtures/order_create.json")), Shape::Order);
        assert_eq!(shape(include_str!("../../../tests/fixtures/customer_create.json")), Shape::Customer);
        assert_eq!(shape(r#"{"id":1}"#), Shape::Bare);
    }

    #[test]
    fn both_spellings_are_one_topic() {
        assert_eq!("orders/update".parse(), Ok(Topic::OrderUpdated));
        assert_eq!(" Orders/Updated ".parse(), Ok(Topic::OrderUpdated));
        assert_eq!("products/update".parse::<Topic>(), Err(UnknownTopic));
        for topic in Topic::ALL {
            assert_eq!(topic.as_str().parse(), Ok(topic));
            assert!(topic.as_str().starts_with(topic.entity().topic_prefix()));
        }
    }
}
