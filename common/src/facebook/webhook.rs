//! Page webhooks: the check of our address, and a delivery taken apart (pages.md §1.16).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::app::App;
use crate::id::PageId;
use crate::wire::lenient;

/// Longest challenge echoed, in bytes; Facebook's is a number.
const MAX_CHALLENGE: usize = 128;

/// The query with which Facebook checks the webhook's address.
#[derive(Deserialize, Default)]
pub struct Challenge {
    /// `subscribe`.
    #[serde(rename = "hub.mode")]
    pub mode: Option<String>,
    /// The app's own word.
    #[serde(rename = "hub.verify_token")]
    pub token: Option<String>,
    /// What to answer.
    #[serde(rename = "hub.challenge")]
    pub challenge: Option<String>,
}

impl Challenge {
    /// What to answer with 200 as plain text; `None` is a 403. An app without a word matches nothing.
    pub fn answer(&self, app: &App) -> Option<&str> {
        let expected = app.verify_token.expose_secret().as_bytes();
        let given = self.token.as_deref().unwrap_or_default().as_bytes();
        let fits = !expected.is_empty() && verify_slices_are_equal(expected, given).is_ok();
        let plain = |text: &&str| {
            (1..=MAX_CHALLENGE).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let asked = self.mode.as_deref() == Some("subscribe");
        self.challenge.as_deref().filter(plain).filter(|_| fits && asked)
    }
}

/// The list of an entry that an event came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// `messaging`: the app has the conversation.
    Messaging,
    /// `standby`: another app has it.
    Standby,
    /// `changes`: the page's feed and fields.
    Changes,
}

impl Channel {
    /// Every list, each once.
    pub const ALL: [Self; 3] = [Self::Messaging, Self::Standby, Self::Changes];

    /// The list's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messaging => "messaging",
            Self::Standby => "standby",
            Self::Changes => "changes",
        }
    }
}

/// One item of a delivery.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// The page it is about.
    pub page: PageId,
    /// The list it came in.
    pub channel: Channel,
    /// The entry's `time` in milliseconds since 1970, when it says.
    pub time: Option<i64>,
    /// The item's own JSON text, byte for byte.
    pub raw: &'a RawValue,
}

/// Times before this are taken as seconds: entries of `changes` have been seen with those. As milliseconds it is in 1973.
const SECONDS_BELOW: i64 = 100_000_000_000;

impl Event<'_> {
    /// When it happened: the item's `timestamp`, else the entry's `time`.
    pub fn sent_at(&self) -> Option<Timestamp> {
        #[derive(Deserialize)]
        struct Item {
            #[serde(default, deserialize_with = "lenient::id")]
            timestamp: Option<i64>,
        }
        let item: Option<Item> = serde_json::from_str(self.raw.get()).ok();
        let time = item.and_then(|item| item.timestamp).or(self.time)?;
        if time < SECONDS_BELOW {
            Timestamp::from_second(time).ok()
        } else {
            Timestamp::from_millisecond(time).ok()
        }
    }

    /// Whether the item is an object, as every event is.
    pub fn is_object(&self) -> bool {
        self.raw.get().starts_with('{')
    }
}

/// The body is not a delivery about pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPageEvents {
    /// It is no JSON object.
    #[error("no JSON object")]
    NotJson,
    /// Its `object` is not `page`.
    #[error("not about pages")]
    OtherObject,
}

/// Takes a delivery apart; batches mix pages. An entry without a page, and a list that is none, are left out.
///
/// # Errors
/// [`NotPageEvents`].
pub fn events(body: &[u8]) -> Result<Vec<Event<'_>>, NotPageEvents> {
    #[derive(Deserialize)]
    struct Delivery<'a> {
        #[serde(default, deserialize_with = "lenient::text")]
        object: Option<String>,
        #[serde(borrow, default)]
        entry: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Entry<'a> {
        #[serde(default, deserialize_with = "lenient::text")]
        id: Option<String>,
        #[serde(default, deserialize_with = "lenient::id")]
        time: Option<i64>,
        #[serde(borrow, default)]
        messaging: Option<&'a RawValue>,
        #[serde(borrow, default)]
        standby: Option<&'a RawValue>,
        #[serde(borrow, default)]
        changes: Option<&'a RawValue>,
    }
    // A list would be read as the fields in their order.
    let object = body.trim_ascii_start().starts_with(b"{");
    let delivery: Option<Delivery<'_>> = serde_json::from_slice(body).ok().filter(|_| object);
    let delivery = delivery.ok_or(NotPageEvents::NotJson)?;
    if delivery.object.as_deref() != Some("page") {
        return Err(NotPageEvents::OtherObject);
    }
    let mut events = Vec::new();
    for entry in items(delivery.entry).filter(|entry| entry.get().starts_with('{')) {
        let Ok(entry) = serde_json::from_str::<Entry<'_>>(entry.get()) else { continue };
        let Some(page) = entry.id.and_then(|id| id.parse::<PageId>().ok()) else { continue };
        let lists = [
            (Channel::Messaging, entry.messaging),
            (Channel::Standby, entry.standby),
            (Channel::Changes, entry.changes),
        ];
        for (channel, list) in lists {
            let event = |raw| Event { page: page.clone(), channel, time: entry.time, raw };
            events.extend(items(list).map(event));
        }
    }
    Ok(events)
}

/// The elements of a list; none for anything else.
fn items(list: Option<&RawValue>) -> impl Iterator<Item = &RawValue> {
    let read = list.and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok());
    read.unwrap_or_default().into_iter()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::app::tests::app;
    use super::*;

    #[test]
    fn a_delivery_is_taken_apart_with_every_item_as_it_was_sent() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/fb_webhook.json")).unwrap();
        let body = fixture["event"]["raw_body"].as_str().unwrap();
        let events = events(body.as_bytes()).unwrap();
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((event.page.as_str(), event.channel), ("104000000000001", Channel::Messaging));
        assert_eq!(event.time, Some(1_795_500_200_123));
        assert!(event.raw.get().contains(r#""text":"Ch\u00e0o shop""#) && body.contains(event.raw.get()));
    }

    #[test]
    fn a_batch_mixes_pages_lists_and_nonsense() {
        let body = br#" {"object":"page","entry":[
            {"id":"1","time":"5","messaging":[{"a":1}, 7 ,"x"],"changes":[{"field":"feed"}]},
            {"id":2,"standby":[{"b":"\ud800"}],"messaging":null},
            {"id":"3","messaging":{"a":1}}, {"id":"x","messaging":[{}]}, {"messaging":[{}]}, [ "4" ], 5, null]}"#;
        let read: Vec<_> = events(body)
            .unwrap()
            .into_iter()
            .map(|event| (event.page.to_string(), event.channel, event.raw.get().to_owned()))
            .collect();
        let expected = [
            ("1", Channel::Messaging, r#"{"a":1}"#),
            ("1", Channel::Messaging, "7"),
            ("1", Channel::Messaging, r#""x""#),
            ("1", Channel::Changes, r#"{"field":"feed"}"#),
            ("2", Channel::Standby, r#"{"b":"\ud800"}"#),
        ];
        assert_eq!(read, expected.map(|(page, channel, raw)| (page.to_owned(), channel, raw.to_owned())));
    }

    #[test]
    fn an_event_happened_when_it_says_or_else_when_its_entry_does() {
        let at = |item: &str, time: &str| {
            let body =
                format!(r#"{{"object":"page","entry":[{{"id":"1","time":{time},"changes":[{item}]}}]}}"#);
            events(body.as_bytes()).unwrap()[0].sent_at().map(Timestamp::as_millisecond)
        };
        assert_eq!(at(r#"{"timestamp":1795500200000}"#, "1795500200123"), Some(1_795_500_200_000));
        assert_eq!(at(r#"{"field":"feed"}"#, "1795500200123"), Some(1_795_500_200_123));
        assert_eq!(at(r#"{"field":"feed"}"#, "1795500200"), Some(1_795_500_200_000));
        assert_eq!(at(r#"{"timestamp":{}}"#, "null"), None);
        assert_eq!(at("7", "9223372036854775807"), None);
    }

    #[test]
    fn what_is_not_about_pages_is_refused() {
        assert_eq!(events(br#"{"object":"instagram","entry":[]}"#).unwrap_err(), NotPageEvents::OtherObject);
        assert_eq!(events(b"{}").unwrap_err(), NotPageEvents::OtherObject);
        for bad in [&b""[..], b"<html>", br#"["page",[]]"#, b"null", b"\xff", b"{"] {
            assert_eq!(events(bad).unwrap_err(), NotPageEvents::NotJson, "{bad:?}");
        }
        assert!(events(br#"{"object":"page","entry":{}}"#).unwrap().is_empty());
    }

    #[test]
    fn the_challenge_is_echoed_to_whoever_knows_the_word() {
        let asked = |mode: &str, token: &str, challenge: &str| Challenge {
            mode: Some(mode.to_owned()),
            token: Some(token.to_owned()),
            challenge: Some(challenge.to_owned()),
        };
        let good = asked("subscribe", "sim-verify-token", "1158201444");
        assert_eq!(good.answer(&app()), Some("1158201444"));
        for bad in [
            asked("subscribe", "sim-verify-tokem", "1"),
            asked("subscribe", "", "1"),
            asked("unsubscribe", "sim-verify-token", "1"),
            asked("subscribe", "sim-verify-token", "<script>"),
            asked("subscribe", "sim-verify-token", ""),
            Challenge::default(),
        ] {
            assert_eq!(bad.answer(&app()), None);
        }
        let wordless = App { verify_token: "".into(), ..app() };
        assert_eq!(asked("subscribe", "", "1").answer(&wordless), None);
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_read_or_refused(
            bytes: Vec<u8>,
            odd in "(\\{|\\}|\\[|\\]|,|:|\"entry\"|\"object\":\"page\"|\"id\":\"1\"|\"messaging\"|\"changes\"|null|7){0,30}",
            value in "(\\[|\\]|\\{|\\}|\"a\"|1|,|:|null){0,12}",
        ) {
            drop(events(&bytes));
            drop(events(odd.as_bytes()));
            drop(events(format!(r#"{{"object":"page","entry":{value}}}"#).as_bytes()));
            drop(events(format!(r#"{{"object":"page","entry":[{{"id":"1","messaging":{value}}}]}}"#).as_bytes()));
        }
    }
}
