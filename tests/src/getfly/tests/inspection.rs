use serde_json::json;

use super::*;
use crate::getfly::{Fault, Nesting, Webhooks};

#[tokio::test]
async fn the_state_has_every_part_the_protocol_file_names() {
    let crm = Crm::start().await;
    let state = crm.get("/__sim/state").await.expect(200);
    for part in [
        "api_key",
        "settings",
        "users",
        "account_sources",
        "account_types",
        "accounts",
        "products",
        "orders",
        "payments",
        "payment_methods",
        "order_sources",
        "counters",
        "clock",
        "faults",
    ] {
        assert!(state.get(part).is_some(), "{part}");
    }
    assert_eq!(state["clock"], "2026-06-12 15:14:05");
}

#[tokio::test]
async fn requests_are_logged_with_query_and_body_and_the_log_is_bounded() {
    let crm = Crm::with(Settings { keep_requests: 3, ..Settings::default() }).await;
    crm.get("/api/v6.1/users?fields=user_id&limit=1").await.expect(200);
    crm.create_account(json!({"account_name": "A"})).await.expect(200);
    crm.sim.push_fault("*", Fault::DropBefore);
    assert!(Crm::try_send(crm.request(Method::GET, "/api/v6.1/users")).await.is_err());
    let log = crm.get("/__sim/requests").await.expect(200);
    let log = log["requests"].as_array().unwrap();
    assert_eq!(log[0]["path"], "/api/v6.1/users?fields=user_id&limit=1");
    assert_eq!((&log[1]["method"], &log[1]["body"]), (&json!("POST"), &json!({"account_name": "A"})));
    assert_eq!((&log[1]["status"], &log[1]["key_ok"]), (&json!(200), &json!(true)));
    assert_eq!((&log[2]["status"], &log[2]["fault"]), (&json!(null), &json!("drop_before")));
    let stranger = crm.client.get(format!("{}/api/v6.1/users", crm.served.base_url()));
    Crm::send(stranger).await.expect(401);
    let kept: Vec<(u64, bool)> =
        crm.sim.requests().iter().map(|request| (request.sequence, request.key_ok)).collect();
    assert_eq!(kept, [(1, true), (2, true), (3, false)]);
    crm.delete("/__sim/requests", &json!({})).await.expect(200);
    assert!(crm.sim.requests().is_empty());
}

#[tokio::test]
async fn faults_are_queued_listed_and_cleared_over_http() {
    let crm = Crm::start().await;
    let route = "POST /api/v6.1/sale_order";
    crm.post("/__sim/faults", &json!({"route": route, "fault": "drop_after_commit"})).await.expect(200);
    let body = json!({"route": "*", "fault": {"too_many_requests": {"retry_after": "2"}}, "times": 2});
    let listed = crm.post("/__sim/faults", &body).await.expect(200);
    assert_eq!(listed["faults"].as_array().unwrap().len(), 3);
    assert_eq!(listed["faults"][0], json!({"route": route, "fault": "drop_after_commit"}));
    for wrong in [
        json!({"route": "sale_order", "fault": "html_200"}),
        json!({"route": "*", "fault": "explode"}),
        json!({"route": "*", "fault": {"status": 99}}),
        json!({"route": "*", "fault": "html_200", "when": "now"}),
        json!([]),
    ] {
        let refused = crm.post("/__sim/faults", &wrong).await.expect(400);
        assert!(refused["message"].as_str().unwrap().starts_with("fault refused: "), "{refused}");
    }
    crm.delete("/__sim/faults", &json!({})).await.expect(200);
    assert!(crm.sim.faults().is_empty());
}

#[tokio::test]
async fn switches_are_flipped_over_http_and_unknown_ones_named() {
    let crm = Crm::start().await;
    let changed =
        crm.post("/__sim/settings", &json!({"empty_200": true, "source_mode": "strict"})).await.expect(200);
    assert_eq!((&changed["empty_200"], &changed["source_mode"]), (&json!(true), &json!("strict")));
    assert!(crm.sim.settings().empty_200);
    for (wrong, named) in [
        (json!({"emtpy_200": true}), "emtpy_200"),
        (json!({"source_mode": "maybe"}), "maybe"),
        (json!({"empty_200": "yes", "english": true}), "yes"),
        (json!({"random_faults": {"seed": 1, "probability": 2, "kinds": []}}), "probability"),
        (json!("x"), "object"),
    ] {
        let refused = crm.post("/__sim/settings", &wrong).await.expect(400);
        assert!(refused["message"].as_str().unwrap().contains(named), "{refused}");
    }
    assert!(!crm.sim.settings().english);
    assert_eq!(crm.get("/__sim/settings").await.expect(200), changed);
    let request = crm.request(Method::POST, "/__sim/settings").body("{");
    Crm::send(request).await.expect(400);
}

#[tokio::test]
async fn a_reset_makes_the_tenant_as_it_was() {
    let crm = Crm::start().await;
    let stripped = |mut state: Value| {
        state.as_object_mut().unwrap().remove("requests_received");
        state
    };
    let before = stripped(crm.sim.inspect());
    crm.create_account(fixture("account_create_request")).await.expect(200);
    crm.sim.settings_mut(|settings| settings.english = true);
    crm.sim.push_fault("*", Fault::Html200);
    crm.post("/__sim/reset", &json!({})).await.expect(200);
    assert_eq!(stripped(crm.sim.inspect()), before);
    assert!(crm.sim.requests().is_empty());
}

#[tokio::test]
async fn webhooks_are_posted_to_the_callback_when_switched_on() {
    let crm = Crm::start().await;
    crm.create_account(json!({"account_name": "A"})).await.expect(200);
    assert!(crm.sim.webhooks_sent().is_empty());

    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let app = axum::Router::new().route(
        "/nhan",
        axum::routing::post(move |headers: axum::http::HeaderMap, body: String| async move {
            sender.send((headers, body)).unwrap();
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let callback_url = format!("http://{}/nhan", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    crm.sim.settings_mut(|settings| {
        settings.webhooks =
            Webhooks { on: true, callback_url, nesting: Nesting::Data, ..Webhooks::default() };
    });
    crm.create_order(small_order("KH/2026/000412", "HRV-1")).await.expect(200);
    let mut bodies = Vec::new();
    for _ in 0..2 {
        let (headers, body) = receiver.recv().await.unwrap();
        assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(headers["user-agent"], "GuzzleHttp/7");
        bodies.push(body);
    }
    assert!(bodies[0].starts_with("event=product.created&secret_key=bi-mat-thu-nghiem&domain="));
    assert!(
        bodies[1].contains("event=order.created") && bodies[1].contains("data%5Bdata%5D%5Border_id%5D=5501")
    );
    assert_eq!(crm.sim.webhooks_sent(), bodies);
    server.abort();
}

#[tokio::test]
async fn hundreds_of_orders_are_answered_quickly() {
    let crm = Crm::start().await;
    let started = std::time::Instant::now();
    for number in 0..400 {
        let account = crm
            .create_account(json!({"account_name": "A", "phone_office": format!("09{number:08}")}))
            .await
            .expect(200);
        let code = account["data"]["account_code"].as_str().unwrap().to_owned();
        crm.create_order(small_order(&code, &format!("HRV-{number}"))).await.expect(200);
        crm.order(&format!("HRV-{number}")).await.expect(200);
    }
    assert_eq!(crm.sim.orders().len(), 400);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
