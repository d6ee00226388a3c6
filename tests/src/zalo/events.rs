//! What happens at an account, drawn as events and queued for the app (pages.md §2.10).
//!
//! There is nothing to subscribe: the events of an account go to the app's one URL while the account has a grant. Each
//! verb gives the number of the delivery, or nothing when nothing is sent: no grant, no URL, or the webhook is disabled.

use serde_json::{Value, json};

use super::delivery::{Delivery, DeliveryState};
use super::faults::Fault;
use super::ids::{AdminId, OaId, UserId};
use super::refusal::Refusal;
use super::settings::SignatureStyle;
use super::sign::event_mac;
use super::simulator::Simulator;
use super::state::State;

/// The person of the fixtures who writes and follows.
pub const DEMO_USER: &str = "2460000000000000001";

impl Simulator {
    /// [`DEMO_USER`] writes to the account: `user_send_text`.
    pub fn send_text(&self, oa: &OaId, text: &str) -> Result<Option<u64>, Refusal> {
        self.send_text_from(oa, &UserId::from(DEMO_USER), text)
    }

    /// This person writes to the account: `user_send_text`.
    pub fn send_text_from(&self, oa: &OaId, user: &UserId, text: &str) -> Result<Option<u64>, Refusal> {
        self.emit(oa, "user_send_text", |draft| {
            json!({
                "app_id": draft.app_id,
                "sender": {"id": user},
                "user_id_by_app": by_app(user),
                "recipient": {"id": oa},
                "event_name": "user_send_text",
                "message": {"text": text, "msg_id": draft.message_id},
                "timestamp": draft.timestamp,
            })
        })
    }

    /// The account writes to [`DEMO_USER`], which comes back as `oa_send_text`: by this person in OA Manager, or, when
    /// nobody is named, by the app over the API.
    pub fn oa_send_text(
        &self,
        oa: &OaId,
        admin: Option<&AdminId>,
        text: &str,
    ) -> Result<Option<u64>, Refusal> {
        let sender = match admin {
            Some(admin) => json!({"id": oa, "admin_id": admin}),
            None => json!({"id": oa}),
        };
        self.emit(oa, "oa_send_text", |draft| {
            json!({
                "app_id": draft.app_id,
                "sender": sender,
                "recipient": {"id": DEMO_USER},
                "event_name": "oa_send_text",
                "message": {"text": text, "msg_id": draft.message_id},
                "user_id_by_app": by_app(&UserId::from(DEMO_USER)),
                "timestamp": draft.timestamp,
            })
        })
    }

    /// [`DEMO_USER`] follows the account.
    pub fn follow(&self, oa: &OaId) -> Result<Option<u64>, Refusal> {
        self.follows(oa, "follow")
    }

    /// [`DEMO_USER`] stops following the account; drawn like `follow`, whose shape alone is known.
    pub fn unfollow(&self, oa: &OaId) -> Result<Option<u64>, Refusal> {
        self.follows(oa, "unfollow")
    }

    fn follows(&self, oa: &OaId, event: &str) -> Result<Option<u64>, Refusal> {
        self.emit(oa, event, |draft| {
            json!({
                "oa_id": oa,
                "follower": {"id": DEMO_USER},
                "user_id_by_app": by_app(&UserId::from(DEMO_USER)),
                "event_name": event,
                "source": "oa_profile",
                "app_id": draft.app_id,
                "timestamp": draft.timestamp,
            })
        })
    }

    /// Any event; `app_id` and `timestamp` are put into `body`, an object, where they are absent.
    pub fn send_event(&self, oa: &OaId, event: &str, body: &Value) -> Result<Option<u64>, Refusal> {
        if !body.is_object() {
            return Err(Refusal::Invalid("the body of an event is an object".to_owned()));
        }
        self.emit(oa, event, |draft| {
            let mut body = body.clone();
            if let Value::Object(fields) = &mut body {
                fields.entry("app_id").or_insert_with(|| json!(draft.app_id));
                fields.entry("timestamp").or_insert_with(|| json!(draft.timestamp));
            }
            body
        })
    }

    fn emit(
        &self,
        oa: &OaId,
        event: &str,
        body: impl FnOnce(&Draft) -> Value,
    ) -> Result<Option<u64>, Refusal> {
        let mut state = self.state();
        state.oa(oa)?;
        let can_be_sent = state.app.webhook_url.is_some() && !state.counters.webhook_disabled;
        if !can_be_sent || !state.is_granted(oa) {
            return Ok(None);
        }
        let draft = Draft {
            app_id: state.app.app_id.clone(),
            message_id: format!("simmsg{:04}", state.next_number()),
            timestamp: state.now().as_millisecond().to_string(),
        };
        let body = body(&draft);
        let timestamp = body.get("timestamp").and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = state.queue(oa, event, body.to_string(), &timestamp);
        if state.faults.take_one(&Fault::WebhookTwice) {
            state.queue_again(id);
        }
        Ok(Some(id))
    }
}

/// What every event carries.
struct Draft {
    app_id: String,
    message_id: String,
    timestamp: String,
}

/// The id the app knows a person by, unlike the one the account knows.
fn by_app(user: &UserId) -> String {
    format!("552{}", user.as_str().get(3..).unwrap_or_default())
}

impl State {
    fn queue(&mut self, oa: &OaId, event: &str, body: String, timestamp: &str) -> u64 {
        let now = self.now();
        let id = self.deliveries.keys().next_back().map_or(1, |last| last + 1);
        let delivery = Delivery {
            id,
            oa: oa.clone(),
            event: event.to_owned(),
            signature: self.signature(&body, timestamp),
            body,
            state: DeliveryState::Waiting,
            created_at: now,
            next_attempt_at: now,
            attempts: Vec::new(),
        };
        self.deliveries.insert(id, delivery);
        id
    }

    fn queue_again(&mut self, id: u64) {
        if let Some(delivery) = self.deliveries.get(&id).cloned() {
            self.deliveries.insert(id + 1, Delivery { id: id + 1, ..delivery });
        }
    }

    fn signature(&mut self, body: &str, timestamp: &str) -> Option<String> {
        if self.faults.take_one(&Fault::WebhookNoSignature) {
            return None;
        }
        let spoilt = self.faults.take_one(&Fault::WebhookBadMac);
        let key = if spoilt { "another key" } else { self.app.oa_secret_key.as_str() };
        let mac = event_mac(&self.app.app_id, body.as_bytes(), timestamp, key);
        Some(match self.settings.signature {
            SignatureStyle::Prefixed => format!("mac={mac}"),
            SignatureStyle::Bare => mac,
            SignatureStyle::PrefixedUpperCase => format!("mac={}", mac.to_uppercase()),
        })
    }
}
