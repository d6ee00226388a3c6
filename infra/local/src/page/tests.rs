use std::sync::Arc;

use common::clock::SystemClock;
use common::haravan::webhook::Topic;
use common::id::TenantId;
use common::store::connections::PageKey;
use common::store::inbox::pages::{NewPageEvent, PageTopic};
use common::store::inbox::{EventKey, NewEvent, Status};
use common::wire::egress::Reach;
use serde_json::{Value, json};

use super::FILES;
use crate::options::Options;
use crate::seed;
use crate::stack::Stack;

async fn stack() -> Stack {
    Stack::start(Options::in_memory(Arc::new(SystemClock))).await.unwrap()
}

async fn get(stack: &Stack, path: &str) -> (u16, Value) {
    let request = Reach::Loopback.client().unwrap().get(format!("{}{path}", stack.addresses.base_url));
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

async fn post(stack: &Stack, path: &str, headers: &[(&str, &str)], body: Value) -> (u16, Value) {
    let mut request = Reach::Loopback.client().unwrap().post(format!("{}{path}", stack.addresses.base_url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.header("content-type", "application/json").body(body.to_string());
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

/// Stores an event that is set aside at once.
async fn park(stack: &Stack, body: &[u8]) -> EventKey {
    let tenant: TenantId = seed::TENANT.parse().unwrap();
    let key = EventKey::unreadable(&tenant, Topic::OrderCreate, body);
    let event = NewEvent {
        key: key.clone(),
        topic: Topic::OrderCreate,
        org: seed::ORG,
        body: body.to_vec(),
        updated_at: None,
        received_at: common::clock::Clock::now(&SystemClock),
        parked: Some(common::reason::UNREADABLE),
        trace: common::trace::TraceId::fresh(),
    };
    stack.store.inbox.put(&event).await.unwrap();
    key
}

#[tokio::test]
async fn the_state_shows_events_newest_first_and_both_books() {
    let stack = stack().await;
    let first = park(&stack, b"one").await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let second = park(&stack, b"two").await;
    let (status, state) = get(&stack, "/local/state").await;
    assert_eq!(status, 200);
    assert_eq!(
        (&state["total"], &state["counts"]["parked"], &state["counts"]["done"]),
        (&json!(2), &json!(2), &json!(0))
    );
    assert_eq!(
        (&state["events"][0]["digest"], &state["events"][1]["digest"]),
        (&json!(second.digest), &json!(first.digest))
    );
    let newest = &state["events"][0];
    assert_eq!(
        (&newest["status"], &newest["reason"], &newest["topic"]),
        (&json!("parked"), &json!("unreadable_body"), &json!("orders/create"))
    );
    assert!(state["now"].is_string() && newest["received_at"].is_string() && newest["warnings"] == json!([]));
    assert_eq!((&state["tenant"]["id"], &state["tenant"]["connected"]), (&json!(seed::TENANT), &json!(true)));
    assert_eq!((&state["shop"]["subscribed"], &state["crm"]["doubles"]), (&json!(true), &json!(0)));
}

#[tokio::test]
async fn what_a_page_was_sent_is_on_the_same_list_in_words_and_without_its_text() {
    let stack = stack().await;
    park(&stack, b"one").await;
    let tenant: TenantId = seed::TENANT.parse().unwrap();
    let page = PageKey::Zalo("4180000000000000001".parse().unwrap());
    let topic = PageTopic::zalo("user_send_text");
    let event = NewPageEvent {
        key: EventKey::of_page(&tenant, &page, &topic, b"canary"),
        topic,
        body: common::body::pack(b"canary").unwrap(),
        sent_at: None,
        received_at: common::clock::Clock::now(&SystemClock),
    };
    stack.store.inbox.put_page_event(&event).await.unwrap();
    let (_, state) = get(&stack, "/local/state").await;
    assert_eq!((&state["total"], &state["counts"]["kept"]), (&json!(2), &json!(1)));
    let rows = state["events"].as_array().unwrap();
    let row = rows.iter().find(|row| row["status"] == "kept").unwrap();
    assert_eq!(
        (&row["page"], &row["said"]["en"]),
        (&json!(page.to_string()), &json!("Zalo message from a customer"))
    );
    assert_eq!(state["pages"], json!([]), "nothing is connected");
    assert!(!state.to_string().contains("canary"), "{state}");
}

#[tokio::test]
async fn no_secret_is_told_before_a_person_asks_for_it() {
    let stack = stack().await;
    let secrets =
        [&stack.addresses.client_secret, &stack.addresses.verify_token, &stack.addresses.getfly_api_key];
    for path in ["/local/about", "/local/state"] {
        let told = get(&stack, path).await.1.to_string();
        assert!(secrets.iter().all(|secret| !told.contains(secret.as_str())), "{path}");
    }
    let (_, told) = get(&stack, "/local/secrets").await;
    assert_eq!(&told["client_secret"], secrets[0].as_str());
}

#[tokio::test]
async fn a_parked_event_is_made_ready_again_once() {
    let stack = stack().await;
    let key = park(&stack, b"one").await;
    let body = json!({"key": key.entity, "digest": key.digest});
    let own = [("sec-fetch-site", "same-origin"), ("origin", stack.addresses.base_url.as_str())];
    assert_eq!(post(&stack, "/local/events/retry", &own, body).await, (200, json!({"retried": true})));
    let unknown = json!({"key": "hat-mam#order#1", "digest": "x"});
    let (status, answer) = post(&stack, "/local/events/retry", &[], unknown).await;
    assert_eq!(status, 409);
    assert!(answer["error"]["vi"].is_string() && answer["error"]["en"].is_string());
    assert_eq!(post(&stack, "/local/events/retry", &[], json!({"key": 7})).await.0, 400);
}

#[tokio::test]
async fn a_write_that_another_page_asks_for_is_refused_and_does_nothing() {
    let stack = stack().await;
    let key = park(&stack, b"one").await;
    let body = json!({"key": key.entity, "digest": key.digest});
    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        assert_eq!(post(&stack, "/local/events/retry", &[foreign], body.clone()).await.0, 403, "{foreign:?}");
        assert_eq!(
            post(&stack, "/sim/getfly/__sim/reset", &[foreign], json!({})).await.0,
            403,
            "{foreign:?}"
        );
        assert_eq!(
            post(&stack, "/sim/haravan/__sim/create_order", &[foreign], json!({})).await.0,
            403,
            "{foreign:?}"
        );
    }
    assert_eq!(stack.store.inbox.get(&key).await.unwrap().unwrap().status, Status::Parked);
}

#[tokio::test]
async fn what_comes_through_a_tunnel_reaches_the_webhook_and_nothing_else() {
    let stack = stack().await;
    for outside in [("host", "tunnel.example"), ("x-forwarded-for", "203.0.113.7")] {
        for path in ["/", "/local/secrets", "/local/events/retry", "/sim/getfly/__sim/reset"] {
            assert_eq!(post(&stack, path, &[outside], json!({})).await.0, 403, "{path} {outside:?}");
        }
        // Asked for a signature, so it was let through.
        assert_eq!(post(&stack, "/api/haravan/webhook/hat-mam", &[outside], json!({})).await.0, 401);
    }
}

#[tokio::test]
async fn the_page_allows_nothing_from_elsewhere_and_nothing_inline() {
    let stack = stack().await;
    for file in &FILES {
        let response = Reach::Loopback
            .client()
            .unwrap()
            .get(format!("{}{}", stack.addresses.base_url, file.path))
            .send()
            .await
            .unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
            (200, file.kind)
        );
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'")
                && !policy.contains("unsafe"),
            "{policy}"
        );
        for inline in
            [" style=", "<style", " onclick=", "innerHTML", "insertAdjacentHTML", "https://", "//cdn"]
        {
            assert!(!file.text.contains(inline), "{} has {inline}", file.path);
        }
    }
}

#[tokio::test]
async fn without_simulators_the_page_is_there_and_says_what_is_missing() {
    let options = Options {
        simulators: false,
        getfly_url: Some("https://example.getflycrm.com".to_owned()),
        getfly_api_key: Some("key".to_owned().into()),
        ..Options::in_memory(Arc::new(SystemClock))
    };
    let stack = Stack::start(options).await.unwrap();
    let (status, state) = get(&stack, "/local/state").await;
    assert_eq!((status, &state["shop"], &state["crm"]), (200, &Value::Null, &Value::Null));
    let (_, about) = get(&stack, "/local/about").await;
    assert_eq!((&about["shop"], &about["crm"]), (&Value::Null, &Value::Null));
    assert_eq!(about["providers"], json!({"facebook": null, "zalo": null}));
    assert!(about["words"]["reasons"]["crm_refused"]["vi"].is_string());
}

/// The keys that follow `before` in `text`.
fn keys<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    text.match_indices(before).filter_map(|(at, _)| text[at + before.len()..].split('"').next()).collect()
}

#[test]
fn every_text_of_the_page_is_there_in_both_languages() {
    let file = |path: &str| FILES.iter().find(|file| file.path == path).unwrap().text;
    let (page, words) = (file("/"), file("/local/words.js"));
    let (english, spoken) = words.split_once("const spoken").unwrap();
    let has =
        |text: &str, key: &str| text.contains(&format!(" {key}: \"")) || text.contains(&format!(" {key}: ["));
    let mut seen = 0;
    for before in ["data-t=\"", "data-t-placeholder=\"", "data-t-label=\""] {
        for key in keys(page, before) {
            assert!(has(english, key), "{key} has no English");
            seen += 1;
        }
    }
    for path in ["/local/page.js", "/local/draw.js", "/local/faults.js"] {
        for key in keys(file(path), " t(\"").into_iter().chain(keys(file(path), "(t(\"")) {
            assert!(has(spoken, key) || has(english, key), "{key} of {path} is not said");
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}
