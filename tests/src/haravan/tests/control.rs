//! The control API, over HTTP.

use serde_json::{Value, json};

use super::*;

async fn call(server: &Server, path: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let url = format!("{}/__sim/{path}", server.url());
    let answer = reqwest::Client::new().post(url).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn look(server: &Server, path: &str) -> Value {
    reqwest::get(format!("{}/__sim/{path}", server.url())).await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_person_can_do_the_whole_story_over_http() {
    let world = World::unsubscribed().await;
    let server = world.sim.serve().await.unwrap();
    let registration = json!({"callback_url": world.callback_url, "verify_token": "hrv_test_verify_token"});
    let (_, outcome) = call(&server, "register_webhook", registration.to_string()).await;
    assert_eq!(outcome["verified"], true);
    assert_eq!(call(&server, "subscribe", "").await.0, 200);
    let order = json!({
        "customer": {"last_name": "Trần Ngọc", "first_name": "Thảo", "phone": "0903555018", "email": null},
        "gateway": "bank_transfer",
        "lines": [{"title": "Bút gỗ", "sku": "BG-01", "price": 165000, "quantity": 2, "discount": "15000"}],
        "shipping": 25000,
        "coupon": {"code": "CHAOBAN20", "amount": 20000},
        "style": {"numbers": "integers", "ascii": true, "wrapper": "data_entity"}
    });
    let (status, created) = call(&server, "create_order", order.to_string()).await;
    assert_eq!((status, &created["order"]["total_price"]), (200, &json!(320_000.0)), "{created}");
    let id = &created["order_id"];
    assert_eq!(
        call(&server, "pay_order", json!({"order_id": id}).to_string()).await.1["order"]["financial_status"],
        "paid"
    );
    let change = json!({"order_id": id, "note": "Gói quà", "confirm": true});
    assert_eq!(call(&server, "update_order", change.to_string()).await.1["order"]["note"], "Gói quà");
    let cancel = json!({"order_id": id, "reason": "inventory", "refund": true});
    assert_eq!(
        call(&server, "cancel_order", cancel.to_string()).await.1["order"]["cancelled_status"],
        "cancelled"
    );
    let (_, customer) = call(&server, "create_customer", "{}").await;
    let change = json!({"customer_id": customer["customer_id"], "tags": "vip"});
    assert_eq!(call(&server, "update_customer", change.to_string()).await.1["customer"]["tags"], "vip");
    let (_, round) = call(&server, "deliver_due", "").await;
    assert_eq!((&round["delivered"], &round["failed"]), (&json!(10), &json!(0)));
    let bodies = look(&server, "deliveries?last=1&bodies=true").await;
    assert_eq!(bodies["deliveries"][0]["topic"], "customers/update");
    assert_eq!(bodies["deliveries"][0]["attempts"][0]["status"], 200);
    assert!(bodies["deliveries"][0]["body"].as_str().unwrap().contains("vip"));
    assert_eq!(look(&server, "subscriptions").await["subscriptions"][0]["orgid"], ORG.0);
    let state = look(&server, "state").await;
    assert_eq!(state["orgs"][0]["orders"][0]["cancelled"], true);
    assert!(!state.to_string().contains(SECRET));
    let switch = json!({"fault": {"slow": {"millis": 5}}, "times": 3});
    assert_eq!(
        call(&server, "faults", switch.to_string()).await.1["faults"][0],
        json!({"fault": {"slow": {"millis": 5}}, "times": 3, "on": null})
    );
    assert_eq!(call(&server, "uninstall", "{}").await.0, 200);
    assert_eq!(call(&server, "grant_token", "{}").await.1["access_token"].as_str().unwrap().len(), 64);
    assert_eq!(call(&server, "reset", "").await.0, 200);
    assert_eq!(look(&server, "deliveries").await["deliveries"], json!([]));
}

#[tokio::test]
async fn garbage_is_answered_with_a_reason() {
    let world = World::start().await;
    let server = world.sim.serve().await.unwrap();
    let bodies: [&[u8]; 9] = [
        b"\xff\xfe",
        b"[]",
        b"nonsense",
        b"{\"unknown_key\":1}",
        b"{\"lines\":[{\"price\":-5}]}",
        b"{\"lines\":[{\"quantity\":99999999999}]}",
        b"{\"orgid\":7}",
        b"{\"buyer\":{\"known\":5}}",
        b"{\"style\":{\"numbers\":\"roman\"}}",
    ];
    for body in bodies {
        let (status, answer) = call(&server, "create_order", body).await;
        assert!(matches!(status, 400 | 404), "{status} {answer}");
        assert!(answer["error"].is_string(), "{}", String::from_utf8_lossy(body));
    }
    let others = [
        ("pay_order", "{}"),
        ("pay_order", "{\"order_id\":1}"),
        ("pay_order", "{\"order_id\":\"x\"}"),
        ("cancel_order", "{\"order_id\":1,\"reason\":\"weather\"}"),
        ("update_order", "null"),
        ("create_customer", "{\"birthday\":\"soon\"}"),
        ("update_customer", "{\"customer_id\":1e99}"),
        ("register_webhook", "{}"),
        ("register_webhook", "{\"callback_url\":\"ftp://x\",\"verify_token\":\"t\"}"),
        ("uninstall", "{\"client_id\":\"nobody\"}"),
        ("faults", "{\"fault\":\"earthquake\"}"),
        ("send", "{\"topic\":\"\",\"body\":1}"),
        ("send", "{\"topic\":\"a\\nb\",\"body\":1}"),
        ("grant_token", "{\"orgid\":true}"),
        ("subscribe", "{\"orgid\":5}"),
    ];
    for (path, body) in others {
        let (status, answer) = call(&server, path, body).await;
        assert!(
            matches!(status, 400 | 404) && answer["error"].is_string(),
            "{path} {body}: {status} {answer}"
        );
    }
}
