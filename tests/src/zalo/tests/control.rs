//! The control API, and the request log.

use super::*;

async fn post(world: &World, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/control/{path}", world.server.url());
    let answer = world.http.post(url).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn get(world: &World, path: &str) -> Value {
    answer(world.http.get(format!("{}/control/{path}", world.server.url()))).await
}

#[tokio::test]
async fn a_person_can_do_the_whole_story_over_http() {
    let hook = Hook::start().await;
    let world = World::start().await;
    assert_eq!(post(&world, "app", json!({"webhook_url": hook.url})).await.0, 200);
    let url = permission_url(world.server.url());
    let choice = json!({"oa": ONE, "consent": true, "allow": true});
    let (_, visited) = post(&world, "authorize", json!({"url": url, "choice": choice})).await;
    let location = text(&visited["answer"]["redirect"]["location"]).to_owned();
    let query = url::Url::parse(&location).unwrap();
    let code = query.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let pair = world.exchange(&code).await;
    assert_eq!(post(&world, "send_text", json!({"oa": ONE, "text": "Chào"})).await.1["delivery"], 1);
    assert_eq!(post(&world, "oa_send_text", json!({"oa": ONE, "text": "Dạ", "admin": HA})).await.0, 200);
    assert_eq!(post(&world, "follow", json!({"oa": ONE})).await.1["delivery"], 3);
    assert_eq!(post(&world, "unfollow", json!({"oa": THREE})).await.1["delivery"], Value::Null);
    let event = json!({"oa": ONE, "event": "x", "body": {"event_name": "x"}});
    assert_eq!(post(&world, "send_event", event).await.1["delivery"], 4);
    assert_eq!(post(&world, "deliver_due", json!({})).await.1, json!({"delivered": 4, "failed": 0}));
    assert_eq!(get(&world, "deliveries").await["deliveries"][0]["state"], "delivered");
    assert_eq!(post(&world, "enable_webhook", json!({})).await.0, 200);
    assert_eq!(post(&world, "settings", json!({"oa_id_field": "oaid"})).await.0, 200);
    assert_eq!(get(&world, "settings").await["settings"]["oa_id_field"], "oaid");
    assert_eq!(world.getoa(text(&pair["access_token"])).await["data"]["oaid"], ONE);
    assert_eq!(post(&world, "faults", json!({"fault": {"api_error": {"code": -32}}})).await.0, 200);
    assert_eq!(world.getoa(text(&pair["access_token"])).await["error"], -32);
    world.http.delete(format!("{}/control/faults", world.server.url())).send().await.unwrap();
    assert_eq!(get(&world, "faults").await["faults"], json!([]));
    assert_eq!(post(&world, "expire_access_token", json!({"oa": ONE})).await.0, 200);
    assert_eq!(world.getoa(text(&pair["access_token"])).await["error"], -220);
    let removed = post(&world, "standing", json!({"oa": ONE, "standing": "app_removed"})).await;
    assert_eq!(removed.1["standing"], "app_removed");
    assert_eq!(world.refresh(text(&pair["refresh_token"])).await["error"], -14014);
    let new = json!({"admin": HA, "oa": {"oa_id": "4180000000000000009", "name": "Mới"}});
    assert_eq!(post(&world, "register_oa", new).await.0, 200);
    let state = get(&world, "state").await;
    assert_eq!(
        (&state["oas"][0]["standing"], &state["oas"][0]["granted"]),
        (&json!("app_removed"), &json!(false))
    );
    assert_eq!(state["oas"][4]["name"], "Mới");
    assert!(![SECRET, OA_KEY, "ZSIMACCESS", "ZSIMREFRESH"].iter().any(|one| state.to_string().contains(one)));
    assert_eq!(post(&world, "reset", json!({})).await.0, 200);
    assert_eq!(get(&world, "state").await["oas"][0]["standing"], "fine");
    assert_eq!(world.getoa(text(&pair["access_token"])).await["error"], -216);
}

#[tokio::test]
async fn nonsense_is_refused_with_a_reason() {
    let world = World::start().await;
    assert_eq!(post(&world, "follow", json!({"oa": "9"})).await.0, 404);
    assert_eq!(post(&world, "follow", json!({"shop": ONE})).await.0, 400);
    assert_eq!(post(&world, "faults", json!({"fault": "nobody_knows"})).await.0, 400);
    let (status, body) = post(&world, "authorize", json!({"url": "no url", "choice": {}})).await;
    assert_eq!(status, 400);
    assert!(text(&body["error"]).contains("no URL"));
}

#[tokio::test]
async fn the_log_tells_what_came_and_what_was_answered_without_secrets() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    world.getoa(text(&pair["access_token"])).await;
    world.sim.once(Fault::Token500);
    world.refreshing(text(&pair["refresh_token"])).send().await.unwrap();
    world.refresh("spent").await;
    let told: Vec<_> = world
        .sim
        .requests()
        .into_iter()
        .map(|one| (one.path, one.grant_type, one.oa, one.status, one.error, one.fault))
        .collect();
    let (token, profile) = ("/v4/oa/access_token".to_owned(), "/v2.0/oa/getoa".to_owned());
    let (refresh, known) = (Some("refresh_token"), Some(oa(ONE)));
    assert_eq!(
        told,
        [
            (token.clone(), Some("authorization_code"), known.clone(), Some(200), None, None),
            (profile, None, known.clone(), Some(200), None, None),
            (token.clone(), refresh, known, Some(500), None, Some(Fault::Token500)),
            (token, refresh, None, Some(200), Some(-14014), None),
        ]
    );
    let text = get(&world, "requests").await.to_string();
    assert!(!["ZSIM", SECRET, "spent"].iter().any(|secret| text.contains(secret)), "{text}");
    world.sim.forget_requests();
    assert!(world.sim.requests().is_empty());
}
