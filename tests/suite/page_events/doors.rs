//! What is let in, and what each kind of stranger is told.

use super::*;

async fn get(world: &World, path: &str) -> (StatusCode, String) {
    let answer = world.http.get(format!("{}{path}", world.stack.addresses.base_url)).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn facebook_checks_the_address_with_the_apps_own_word() {
    let world = World::start().await;
    let verify = &fixture("facebook")["verify"];
    let query = verify["request"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
    assert_eq!(get(&world, &format!("{FACEBOOK}?{query}")).await, (StatusCode::OK, "1158201444".to_owned()));
    for bad in [
        query.replace("sim-verify-token", "sim-verify-tokem"),
        query.replace("hub.verify_token=sim-verify-token", ""),
        query.replace("mode=subscribe", "mode=x"),
        query.replace("1158201444", "%3Cscript%3E"),
        String::new(),
        "hub.mode=subscribe&hub.mode=subscribe".to_owned(),
    ] {
        assert_eq!(
            get(&world, &format!("{FACEBOOK}?{bad}")).await,
            (StatusCode::FORBIDDEN, String::new()),
            "{bad}"
        );
    }
    let registered = world.stack.pages.as_ref().unwrap().facebook.clone();
    let url = format!("{}{FACEBOOK}", world.stack.addresses.base_url);
    assert!(registered.register_webhook(&url, facebook::VERIFY_TOKEN).await.unwrap().verified);
}

#[tokio::test]
async fn zalos_console_finds_the_address_alive() {
    let world = World::start().await;
    assert_eq!(get(&world, ZALO).await.0, 200);
    let put = world.http.put(format!("{}{ZALO}", world.stack.addresses.base_url)).send().await.unwrap();
    assert_eq!(put.status(), 405);
}

#[tokio::test]
async fn a_forged_missing_or_older_signature_is_refused() {
    let world = World::start().await;
    let tenant = world.tenant();
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    world.hold_page(&tenant, &oa(SHOP_OA)).await;
    let (body, good) = facebook_vector();
    let forged = facebook::hub_signature("another secret", body.as_bytes());
    for headers in [
        vec![],
        vec![("X-Hub-Signature-256", forged)],
        vec![("X-Hub-Signature-256", good.replace("sha256=", ""))],
        vec![("X-Hub-Signature-256", String::new())],
        // The older header, and a good value under its name.
        vec![("X-Hub-Signature", "sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709".to_owned())],
        vec![("X-Hub-Signature", good.clone())],
    ] {
        assert_eq!(world.post_to(FACEBOOK, &headers, &body).await, 401, "{headers:?}");
    }
    let readable = body.replace("\\u00e0", "à");
    assert_eq!(world.post_to(FACEBOOK, &[("X-Hub-Signature-256", good)], &readable).await, 401);

    let (body, good) = zalo_vector("user_send_text");
    let (_, other) = zalo_vector("follow");
    for headers in
        [vec![], vec![("X-ZEvent-Signature", other)], vec![("X-ZEvent-Signature", "mac=".to_owned())]]
    {
        assert_eq!(world.post_to(ZALO, &headers, &body).await, 401, "{headers:?}");
    }
    assert_eq!(world.post_to(ZALO, &[("X-ZEvent-Signature", good)], &format!("{body} ")).await, 401);
    assert!(world.page_events(&tenant).await.is_empty());
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_unread() {
    let world = World::start().await;
    let long = " ".repeat(common::body::MAX_BODY_BYTES + 1);
    for path in [FACEBOOK, ZALO] {
        assert_eq!(world.post_to(path, &[], &long).await, 413);
    }
}

#[tokio::test]
async fn signed_nonsense_is_acknowledged_and_dropped() {
    let world = World::start().await;
    let tenant = world.tenant();
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "<html>",
        r#"{"object":"instagram","entry":[]}"#,
        r#"{"object":"page"}"#,
        r#"{"object":"page","entry":[{"id":"104000000000001"}]}"#,
        r#"{"object":"page","entry":[{"id":"104000000000001","messaging":[7,"x",null,[]]}]}"#,
        r#"{"object":"page","entry":[{"id":"x#y","messaging":[{}]}]}"#,
    ] {
        assert_eq!(world.post_facebook(body).await, 200, "{body}");
    }
    for body in [
        r#"{"timestamp":"5"}"#,
        r#"{"event_name":"follow","timestamp":"5"}"#,
        r#"{"event_name":"follow","oa_id":"1#2","timestamp":"5"}"#,
        r#"{"event_name":7,"oa_id":[],"timestamp":"x"}"#,
    ] {
        assert_eq!(world.post_zalo(body).await, 200, "{body}");
    }
    assert!(world.page_events(&tenant).await.is_empty());
}

#[tokio::test]
async fn an_operator_without_apps_has_no_such_addresses() {
    use tower::ServiceExt;
    let world = World::start().await;
    let (store, directory) = world.stack.access.open("webhook", &world.stack.embedded.client());
    let clock = world.clock.clone();
    let pages = door(clock.clone());
    let door = webhook::router(std::sync::Arc::new(webhook::Webhook { store, directory, pages, clock }));
    for (method, path) in [("GET", FACEBOOK), ("POST", FACEBOOK), ("GET", ZALO), ("POST", ZALO)] {
        let request = axum::http::Request::builder().method(method).uri(path);
        let request = request.body(axum::body::Body::from("{}")).unwrap();
        assert_eq!(door.clone().oneshot(request).await.unwrap().status(), 404, "{method} {path}");
    }
}
