//! The control API.

use super::*;

impl World {
    async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.http.post(self.url(&format!("/control{path}"))).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

#[tokio::test]
async fn everything_that_happens_on_facebook_can_be_made_to_happen() {
    let world = World::start().await;
    let dialog = world.dialog_url(&[]);
    let (status, body) = world
        .control("/authorize", json!({"url": dialog, "person": SELLER, "choice": {"accept": true, "pages": [SHOP_PAGE, "104000000000002"]}}))
        .await;
    assert_eq!(status, 200, "{body}");
    assert!(body["answer"]["redirect"]["location"].as_str().unwrap().contains("code="));
    assert_eq!(world.sim.grant(SELLER).unwrap().pages, [SHOP_PAGE, EDITOR_PAGE].into());

    let person = json!({"person": SELLER});
    let calls = [
        ("/set_role", json!({"person": SELLER, "page": SHOP_PAGE, "role": "editor"})),
        (
            "/set_role",
            json!({"person": SELLER, "page": EDITOR_PAGE, "tasks": ["PROFILE_PLUS_MESSAGING"], "portfolio_only": true}),
        ),
        ("/set_role", json!({"person": SELLER, "page": NEW_PAGE})),
        ("/untick_page", json!({"person": SELLER, "page": SHOP_PAGE})),
        ("/set_scope", json!({"person": SELLER, "scope": "pages_messaging", "status": "declined"})),
        ("/lock_person", json!({"person": SELLER, "reason": "checkpoint"})),
        ("/page", json!({"page": SHOP_PAGE, "hidden": true, "without_tasks": true})),
        ("/send_message", json!({"page": SHOP_PAGE, "text": "xin chào"})),
        ("/send_event", json!({"page": SHOP_PAGE, "field": "feed", "event": {}})),
        ("/app", json!({"redirect_uris": ["http://localhost:1/callback"]})),
        ("/settings", json!({"page_size_cap": 2, "require_proof": true})),
        (
            "/faults",
            json!({"fault": {"throttle": {"code": 80001, "minutes": 5}}, "times": 1, "on": "GET /me"}),
        ),
        ("/faults", json!({"fault": "user_denied"})),
        ("/expire_tokens", person.clone()),
        ("/change_password", person.clone()),
        ("/request_data_deletion", person.clone()),
        ("/remove_app", person),
        ("/deliver_due", json!({})),
    ];
    for (path, body) in calls {
        let (status, answer) = world.control(path, body).await;
        assert_eq!(status, 200, "{path} {answer}");
    }
    let person = world.sim.person(SELLER).unwrap();
    assert_eq!(person.roles[&SHOP_PAGE], ClassicRole::Editor.into());
    assert!(person.roles[&EDITOR_PAGE].portfolio_only && !person.roles.contains_key(&NEW_PAGE));
    assert_eq!(world.sim.settings().page_size_cap, 2);
    assert_eq!(world.sim.faults().len(), 2);
    assert_eq!(world.app.received().len(), 2);
    for path in ["/state", "/settings", "/faults", "/requests", "/deliveries", "/tokens"] {
        let answer = world.http.get(world.url(&format!("/control{path}"))).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(!answer.text().await.unwrap().contains(APP_SECRET), "{path}");
    }
    world.control("/reset", json!({})).await;
    assert!(world.sim.grant(SELLER).is_none() && world.sim.faults().is_empty());
    assert_eq!(world.sim.person(SELLER).unwrap().locked, None);
    assert!(world.sim.app().webhook_url.is_some(), "addresses stay");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_reason() {
    let world = World::start().await;
    let (status, body) = world.control("/remove_app", json!({"person": "1"})).await;
    assert_eq!((status, body), (404, json!({"error": "no person 1"})));
    assert_eq!(world.control("/remove_app", json!({"person": SELLER})).await.0, 400);
    assert_eq!(world.control("/send_message", json!({"page": 7, "text": "?"})).await.0, 404);
    assert_eq!(world.control("/faults", json!({"fault": "earthquake"})).await.0, 400);
    assert_eq!(world.control("/change_password", json!([])).await.0, 400);
}
