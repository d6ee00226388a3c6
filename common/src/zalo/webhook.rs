//! What a Zalo webhook is about (pages.md §2.10).

use jiff::Timestamp;
use serde::Deserialize;

use super::answer::is_object;
use crate::id::OaId;
use crate::wire::lenient;

/// An event, as far as it has to be known before it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `event_name`.
    pub name: String,
    /// The Official Account it is about; `None` when it does not say.
    pub oa: Option<OaId>,
    /// `timestamp` as its text: milliseconds since 1970.
    pub timestamp: Option<String>,
}

impl Event {
    /// When it happened.
    pub fn sent_at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.timestamp.as_deref()?.trim().parse().ok()?).ok()
    }
}

#[derive(Deserialize)]
struct Body {
    #[serde(default, deserialize_with = "lenient::text")]
    event_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    oa_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    timestamp: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    sender: Option<Party>,
    #[serde(default, deserialize_with = "lenient::object")]
    recipient: Option<Party>,
}

#[derive(Deserialize)]
struct Party {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
}

fn read(body: &[u8]) -> Option<Body> {
    serde_json::from_slice(body).ok().filter(|_| is_object(body))
}

/// The body's timestamp as its text, whether it is written as text or as a number; it is part of what is signed.
pub(super) fn timestamp(body: &[u8]) -> Option<String> {
    read(body)?.timestamp
}

/// Reads an event; `None` for what is no JSON object with an `event_name`.
///
/// The account is the recipient of what a user sends, the sender of what it sends itself, and named by `oa_id` in
/// everything else, such as `follow` and `unfollow`.
pub fn event(body: &[u8]) -> Option<Event> {
    let body = read(body)?;
    let name = body.event_name?;
    let oa = if name.starts_with("user_send_") {
        body.recipient.and_then(|recipient| recipient.id)
    } else if name.starts_with("oa_send_") {
        body.sender.and_then(|sender| sender.id)
    } else {
        body.oa_id
    };
    Some(Event { name, oa: oa.and_then(|id| id.parse().ok()), timestamp: body.timestamp })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_kind_of_event_is_about_the_official_account() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/zalo_webhook.json")).unwrap();
        for (case, name, at) in [
            ("user_send_text", "user_send_text", "1795500200000"),
            ("oa_send_text_echo", "oa_send_text", "1795500201000"),
            ("follow", "follow", "1795500202000"),
        ] {
            let event = event(fixture[case]["raw_body"].as_str().unwrap().as_bytes()).unwrap();
            assert_eq!((event.name.as_str(), event.timestamp.as_deref()), (name, Some(at)));
            assert_eq!(event.oa.unwrap().as_str(), "4180000000000000001");
        }
    }

    #[test]
    fn ids_may_be_numbers_and_a_user_is_never_taken_for_an_account() {
        let oa = |body: &str| event(body.as_bytes()).unwrap().oa.map(String::from);
        let account = Some("4180000000000000001".to_owned());
        assert_eq!(oa(r#"{"event_name":"unfollow","oa_id":4180000000000000001}"#), account);
        assert_eq!(oa(r#"{"event_name":"user_send_image","recipient":{"id":4180000000000000001}}"#), account);
        assert_eq!(oa(r#"{"event_name":"user_send_image","sender":{"id":"1"}}"#), None);
        assert_eq!(oa(r#"{"event_name":"oa_send_image","recipient":{"id":"1"}}"#), None);
        assert_eq!(
            oa(r#"{"event_name":"user_seen_message","sender":{"id":"1"},"recipient":{"id":"2"}}"#),
            None
        );
        assert_eq!(oa(r#"{"event_name":"follow","oa_id":"1#2"}"#), None);
    }

    #[test]
    fn what_is_no_event_is_none() {
        for body in
            ["", "{}", "[]", r#"["follow"]"#, "<html>", r#"{"event_name":null}"#, r#"{"event_name":{}}"#]
        {
            assert_eq!(event(body.as_bytes()), None, "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_read_or_refused(bytes: Vec<u8>, value in "null|7|-1|1\\.5|\"x\"|\\[\\]|\\{\\}|\\{\"id\":\\[\\]\\}") {
            event(&bytes);
            for key in ["oa_id", "timestamp", "sender", "recipient"] {
                event(format!(r#"{{"event_name":"user_send_text","{key}":{value}}}"#).as_bytes()).unwrap();
            }
        }
    }
}
