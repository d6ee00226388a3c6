//! The webhooks a tenant sends: form-encoded with bracket keys and the secret in plain text, once (getfly.md §8).

use jiff::Timestamp;
use url::form_urlencoded::Serializer;

use super::settings::{Nesting, Webhooks};
use super::state::State;

/// How many sent bodies are kept for inspection.
const KEPT: usize = 1_000;

/// Something happened that a tenant may tell others.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) name: &'static str,
    pub(super) data: Vec<(&'static str, String)>,
}

impl Event {
    pub(super) fn account(name: &'static str, id: u64, code: &str) -> Self {
        Self { name, data: vec![("account_id", id.to_string()), ("account_code", code.to_owned())] }
    }

    pub(super) fn order(name: &'static str, id: u64, code: &str, account_id: u64) -> Self {
        Self {
            name,
            data: vec![
                ("order_id", id.to_string()),
                ("order_code", code.to_owned()),
                ("account_id", account_id.to_string()),
            ],
        }
    }

    pub(super) fn product(name: &'static str, id: u64, code: &str) -> Self {
        Self { name, data: vec![("product_id", id.to_string()), ("product_code", code.to_owned())] }
    }
}

/// The raw body of one event.
fn body(event: &Event, webhooks: &Webhooks, domain: &str, uid: &str, at: Timestamp) -> String {
    let place = match webhooks.nesting {
        Nesting::Flat => "data",
        Nesting::Data => "data[data]",
        Nesting::DataData => "data[data][data]",
    };
    let mut form = Serializer::new(String::new());
    form.append_pair("event", event.name)
        .append_pair("secret_key", &webhooks.secret_key)
        .append_pair("domain", domain)
        .append_pair("uid", uid)
        .append_pair("created_at", &at.as_second().to_string());
    for (key, value) in &event.data {
        form.append_pair(&format!("{place}[{key}]"), value);
    }
    form.finish()
}

/// The bodies of the events that wait, when webhooks are on; the events are gone afterwards.
pub(super) fn drain(state: &mut State) -> Vec<String> {
    let events = std::mem::take(&mut state.events);
    if !state.settings.webhooks.on || events.is_empty() {
        return Vec::new();
    }
    let now = state.now();
    let mut uids = fastrand::Rng::with_seed(*state.uids);
    let mut bodies = Vec::with_capacity(events.len());
    for event in &events {
        let (high, low) = (uids.u64(..), uids.u64(..));
        let uid = format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        );
        bodies.push(body(event, &state.settings.webhooks, &state.settings.domain, &uid, now));
    }
    *state.uids = uids.get_seed();
    for body in &bodies {
        if state.sent_webhooks.len() >= KEPT {
            state.sent_webhooks.pop_front();
        }
        state.sent_webhooks.push_back(body.clone());
    }
    bodies
}

/// Posts the bodies one after the other in the background; a failure is not repeated (§15 U21).
pub(super) fn post(callback_url: &str, client: &reqwest::Client, bodies: Vec<String>) {
    let (url, client) = (callback_url.to_owned(), client.clone());
    tokio::spawn(async move {
        for body in bodies {
            let sent = client
                .post(&url)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("user-agent", "GuzzleHttp/7")
                .body(body)
                .send()
                .await;
            if let Err(error) = sent {
                tracing::debug!(error = %error.without_url(), "a simulated webhook was not delivered");
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn sample(nesting: Nesting) -> String {
        let webhooks = Webhooks { nesting, ..Webhooks::default() };
        let event = Event::order("order.created", 5501, "HRV-1791400077", 7377);
        let at = Timestamp::from_second(1_781_247_770).unwrap();
        body(&event, &webhooks, "hatmam-demo.getflycrm.com", "7c1de0a2-4b1f-4d0e-9f3c-52d1a6a90b11", at)
    }

    #[test]
    fn the_flat_form_is_the_fixtures_raw_body() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../fixtures/getfly_webhook_order_created.json")).unwrap();
        assert_eq!(sample(Nesting::Flat), fixture["raw_body"].as_str().unwrap());
    }

    #[test]
    fn deeper_nesting_moves_only_the_data() {
        assert!(sample(Nesting::Data).contains("data%5Bdata%5D%5Border_id%5D=5501"));
        assert!(sample(Nesting::DataData).contains("data%5Bdata%5D%5Bdata%5D%5Border_id%5D=5501"));
    }
}
