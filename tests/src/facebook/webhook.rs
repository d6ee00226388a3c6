//! What Facebook tells the app (pages.md §1.15, §1.16): page events, removals, wishes to be forgotten.

use serde_json::{Map, Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use super::delivery::DeliveryKind;
use super::faults::Fault;
use super::ids::{PageId, PersonId};
use super::refusal::Refusal;
use super::sign::{ascii_json, hub_signature, signed_request};
use super::simulator::Simulator;
use super::state::State;
use crate::sim::Challenge;

/// The fields a page can be subscribed to (pages.md §1.11).
pub const FIELDS: [&str; 11] = [
    "messages",
    "messaging_postbacks",
    "message_deliveries",
    "message_reads",
    "message_echoes",
    "message_reactions",
    "messaging_referrals",
    "messaging_optins",
    "standby",
    "messaging_handovers",
    "feed",
];

/// The person who writes to pages, page-scoped.
const WRITER: &str = "6300000000000001";

/// How long a wish to be forgotten can be verified, seconds.
const DELETION_LIFETIME: i64 = 3_600;

/// Whether a field's events stand in `messaging` and need `pages_messaging`.
pub(super) fn is_messaging(field: &str) -> bool {
    field != "feed"
}

impl Simulator {
    /// Registers the app's webhook in the dashboard: performs the GET challenge and keeps the address when it passed.
    ///
    /// # Errors
    /// When `callback_url` is no URL.
    pub async fn register_webhook(
        &self,
        callback_url: &str,
        verify_token: &str,
    ) -> Result<Challenge, Refusal> {
        let mut url = Url::parse(callback_url)
            .map_err(|error| Refusal::Invalid(format!("{callback_url:?} is no URL: {error}")))?;
        let challenge = {
            let mut state = self.state();
            let digits = state
                .letters(16)
                .bytes()
                .map(|byte| u32::from(byte) % 10)
                .fold(1, |sum, digit| if sum > 99_999_999 { sum } else { sum * 10 + digit });
            digits.to_string()
        };
        url.query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", &challenge)
            .append_pair("hub.verify_token", verify_token);
        let outcome = Challenge::perform(self.transport(), url, &challenge).await;
        if outcome.verified {
            let mut state = self.state();
            state.app.webhook_url = Some(callback_url.to_owned());
            state.app.verify_token = verify_token.to_owned();
        }
        Ok(outcome)
    }

    /// Somebody writes to the page. Gives the number of the delivery; nothing when the app does not hear of it.
    pub fn send_message(&self, page: PageId, text: &str) -> Result<Option<u64>, Refusal> {
        self.send_messages(&[(page, text)])
    }

    /// Somebody writes to several pages, told in one batch; pages the app does not hear of are left out.
    pub fn send_messages(&self, messages: &[(PageId, &str)]) -> Result<Option<u64>, Refusal> {
        let mut state = self.state();
        let mut entries = Vec::new();
        for (page, text) in messages {
            let mid = format!("m_{}", state.letters(20));
            let event = json!({
                "sender": {"id": WRITER},
                "recipient": {"id": page.to_string()},
                "timestamp": state.now().as_millisecond(),
                "message": {"mid": mid, "text": text},
            });
            entries.extend(state.entry(*page, "messages", event)?);
        }
        Ok(state.queue_webhook(entries))
    }

    /// Any event of a field: an item of `messaging`, or the `value` of a change of `feed`.
    pub fn send_event(&self, page: PageId, field: &str, event: Value) -> Result<Option<u64>, Refusal> {
        if !FIELDS.contains(&field) {
            return Err(Refusal::Invalid(format!("{field:?} is none of {FIELDS:?}")));
        }
        let mut state = self.state();
        let entry = state.entry(page, field, event)?;
        Ok(state.queue_webhook(entry.into_iter().collect()))
    }
}

impl State {
    /// The entry of an event, where page and dashboard are both subscribed to the field.
    fn entry(&self, page: PageId, field: &str, event: Value) -> Result<Option<Value>, Refusal> {
        if !self.pages.contains_key(&page) {
            return Err(Refusal::UnknownPage(page));
        }
        let on_page = self.subscriptions.get(&page).is_some_and(|one| one.fields.iter().any(|f| f == field));
        if !on_page || !self.app.webhook_fields.iter().any(|one| one == field) {
            return Ok(None);
        }
        let mut entry = Map::new();
        entry.insert("id".to_owned(), page.to_string().into());
        entry.insert("time".to_owned(), self.now().as_millisecond().into());
        let (name, item) = match field {
            "standby" => ("standby", event),
            _ if is_messaging(field) => ("messaging", event),
            _ => ("changes", json!({"field": field, "value": event})),
        };
        entry.insert(name.to_owned(), json!([item]));
        Ok(Some(Value::Object(entry)))
    }

    fn queue_webhook(&mut self, entries: Vec<Value>) -> Option<u64> {
        let url = self.app.webhook_url.clone().filter(|_| !entries.is_empty())?;
        let body = ascii_json(&json!({"object": "page", "entry": entries}));
        let headers = vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("User-Agent".to_owned(), "facebookexternalua".to_owned()),
            ("X-Hub-Signature-256".to_owned(), hub_signature(&self.signing_secret(), body.as_bytes())),
        ];
        if self.faults.take_one(&Fault::DuplicateDelivery) {
            self.queue(DeliveryKind::Webhook, url.clone(), headers.clone(), body.clone());
        }
        Some(self.queue(DeliveryKind::Webhook, url, headers, body))
    }

    /// Tells the app that the person removed it.
    pub(super) fn queue_deauthorize(&mut self, person: PersonId) -> Option<u64> {
        let url = self.app.deauthorize_url.clone()?;
        let issued_at = self.now().as_second();
        let payload =
            json!({"user_id": person.to_string(), "algorithm": "HMAC-SHA256", "issued_at": issued_at});
        Some(self.queue_signed(DeliveryKind::Deauthorize, url, &payload))
    }

    /// Tells the app that the person wants to be forgotten.
    pub(super) fn queue_data_deletion(&mut self, person: PersonId) -> Option<u64> {
        let url = self.app.data_deletion_url.clone()?;
        let issued_at = self.now().as_second();
        let payload = json!({
            "user_id": person.to_string(),
            "algorithm": "HMAC-SHA256",
            "issued_at": issued_at,
            "expires": issued_at + DELETION_LIFETIME,
        });
        Some(self.queue_signed(DeliveryKind::DataDeletion, url, &payload))
    }

    fn queue_signed(&mut self, kind: DeliveryKind, url: String, payload: &Value) -> u64 {
        let signed = signed_request(&self.signing_secret(), payload);
        let body = Serializer::new(String::new()).append_pair("signed_request", &signed).finish();
        let headers = vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        self.queue(kind, url, headers, body)
    }

    fn signing_secret(&mut self) -> String {
        if self.faults.take_one(&Fault::BadSignature) {
            "another secret".to_owned()
        } else {
            self.app.secret.clone()
        }
    }
}
