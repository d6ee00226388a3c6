//! Refusals, faults and the headers that go with every answer.

use super::*;

#[tokio::test]
async fn every_refusal_of_the_table_can_be_had_with_its_status_and_usual_text() {
    let world = World::start().await;
    let token = world.sim.user_token(SELLER).unwrap();
    for case in fixture("errors")["cases"].as_array().unwrap() {
        let error = &case["body"]["error"];
        let code = u32::try_from(error["code"].as_u64().unwrap()).unwrap();
        let subcode = error["error_subcode"].as_u64().map(|subcode| u32::try_from(subcode).unwrap());
        let message = error["message"].as_str().map(str::to_owned);
        world.sim.once(Fault::Graph { code, subcode, message: message.clone() });
        let reply = world.get("/me", &token, &[]).await;
        assert_eq!(reply.refusal(), (u64::from(code), subcode.map(u64::from)));
        assert_eq!(reply.body["error"]["message"].as_str(), message.as_deref());
        assert_eq!(reply.body["error"]["is_transient"], error["is_transient"]);
        assert!(
            reply.headers["www-authenticate"].to_str().unwrap().starts_with("OAuth \"Facebook Platform\"")
        );
        // A wrong client secret is the one code 1 that is no failure of the server.
        if case["name"] != "bad_client_secret" {
            assert_eq!(reply.status, case["http_status"], "{case}");
        }
    }
}

#[tokio::test]
async fn throttling_is_told_in_the_headers() {
    let world = World::start().await;
    let token = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    let path = format!("/{SHOP_PAGE}/subscribed_apps");
    let reply = world.get(&path, &token, &[]).await;
    let usage: Value =
        serde_json::from_str(reply.headers["x-business-use-case-usage"].to_str().unwrap()).unwrap();
    assert_eq!(usage[SHOP_PAGE.to_string()][0]["call_count"], 3);
    world.sim.once(Fault::Throttle { code: 80_001, minutes: 17 });
    let reply = world.get(&path, &token, &[]).await;
    assert_eq!(reply.refusal(), (80_001, None));
    let usage: Value =
        serde_json::from_str(reply.headers["x-business-use-case-usage"].to_str().unwrap()).unwrap();
    assert_eq!(usage[SHOP_PAGE.to_string()][0]["call_count"], 100);
    assert_eq!(usage[SHOP_PAGE.to_string()][0]["estimated_time_to_regain_access"], 17);
    world.sim.once(Fault::Throttle { code: 4, minutes: 0 });
    let reply = world.get("/me", &token, &[]).await;
    assert_eq!((reply.status, reply.refusal().0), (403, 4));
    assert!(reply.headers["x-app-usage"].to_str().unwrap().contains("\"call_count\":100"));
}

#[tokio::test]
async fn a_fault_waits_for_its_call() {
    let world = World::start().await;
    let token = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    let path = format!("/{SHOP_PAGE}/subscribed_apps");
    let fault = Fault::Graph { code: 2, subcode: None, message: None };
    world.sim.switch(Switch::next(fault, 1).on("POST /*/subscribed_apps"));
    world.get("/me", &token, &[]).await.ok();
    world.get(&path, &token, &[]).await.ok();
    assert_eq!(world.subscribe(SHOP_PAGE, &token, "feed").await.refusal(), (2, None));
    world.subscribe(SHOP_PAGE, &token, "feed").await.ok();
    assert!(world.sim.faults().is_empty());
}

#[tokio::test]
async fn a_server_error_is_html_and_may_hide_that_the_work_was_done() {
    let world = World::start().await;
    let token = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    world.sim.once(Fault::ServerError);
    let reply = world.subscribe(SHOP_PAGE, &token, "feed").await;
    assert_eq!(reply.status, 500);
    assert!(reply.body.as_str().unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(world.sim.subscription(SHOP_PAGE), None);
    world.sim.once(Fault::ServerErrorAfter);
    assert_eq!(world.subscribe(SHOP_PAGE, &token, "feed").await.status, 500);
    assert!(world.sim.subscription(SHOP_PAGE).is_some());
}

#[tokio::test]
async fn an_answer_can_be_late() {
    let world = World::start().await;
    let token = world.sim.user_token(SELLER).unwrap();
    world.sim.once(Fault::Delay { millis: 150 });
    let begun = std::time::Instant::now();
    world.get("/me", &token, &[]).await.ok();
    assert!(begun.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn the_version_that_answers_is_told() {
    let world = World::start().await;
    let token = world.sim.user_token(SELLER).unwrap();
    let version = async |path: &str| {
        let answer = world.http.get(world.url(path)).bearer_auth(&token).send().await.unwrap();
        (answer.status().as_u16(), answer.headers()["facebook-api-version"].to_str().unwrap().to_owned())
    };
    assert_eq!(version("/v25.0/me").await, (200, "v25.0".to_owned()));
    assert_eq!(version("/v19.0/me").await, (200, "v21.0".to_owned()), "the oldest that lives");
    assert_eq!(version("/me").await, (200, "v26.0".to_owned()));
    assert_eq!(version("/v99.0/me").await.0, 400);
    world.sim.settings_mut(|settings| settings.served_version = Some("v27.0".to_owned()));
    assert_eq!(version("/v26.0/me").await, (200, "v27.0".to_owned()));
}

#[tokio::test]
async fn a_call_without_a_token_or_with_a_strange_one_is_refused() {
    let world = World::start().await;
    assert_eq!(world.call("GET", "/me", None, &[]).await.refusal().0, 2_500);
    assert_eq!(world.call("GET", "/104000000000001", None, &[]).await.refusal().0, 104);
    assert_eq!(world.get("/me", "EAAnothing", &[]).await.refusal(), (190, None));
    assert_eq!(world.get("/me", &format!("{APP_ID}|wrong"), &[]).await.refusal(), (190, None));
    assert_eq!(world.get("/me", &format!("{APP_ID}|{APP_SECRET}"), &[]).await.refusal().0, 2_500);
}

#[tokio::test]
async fn calls_are_logged_without_their_secrets() {
    let world = World::start().await;
    let token = world.long_token(SELLER, &Choice::all()).await;
    world.sim.forget_requests();
    world
        .get(
            "/me/accounts",
            &token,
            &[("limit", "5"), ("appsecret_proof", &app_secret_proof(APP_SECRET, &token))],
        )
        .await;
    world.call("GET", "/me", None, &[("access_token", &token)]).await;
    world.call("POST", "/me/subscribed_apps", Some(&token), &[]).await;
    let log = world.sim.requests();
    assert_eq!(log[0].route(), "GET /me/accounts");
    assert_eq!(log[0].parameters, ["appsecret_proof", "limit=5"]);
    assert!(log[0].proof && !log[0].secret_in_url);
    assert_eq!((log[0].token, log[0].status), (TokenKind::User, Some(200)));
    assert!(log[1].secret_in_url);
    assert_eq!(log[2].error, Some((210, None)));
    assert!(!format!("{log:?}").contains(&token));
}
