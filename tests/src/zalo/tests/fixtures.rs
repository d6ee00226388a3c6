//! The shapes of the fixtures, and the vectors.

use super::*;

/// The paths of an object with the types at their ends.
fn shape(value: &Value) -> Vec<String> {
    fn walk(at: &str, value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(key, value)| walk(&format!("{at}/{key}"), value, out))
            }
            Value::String(_) => out.push(format!("{at} text")),
            Value::Number(_) => out.push(format!("{at} number")),
            Value::Bool(_) => out.push(format!("{at} bool")),
            other => out.push(format!("{at} {other}")),
        }
    }
    let mut out = Vec::new();
    walk("", value, &mut out);
    out
}

#[test]
fn the_vectors_hold() {
    let vectors = fixture(include_str!("../../../fixtures/zalo_vectors.json"));
    let secret = text(&vectors["app_secret"]);
    let (pkce, proof) = (&vectors["pkce"][0], &vectors["appsecret_proof"][0]);
    assert_eq!(code_challenge(text(&pkce["code_verifier"])), text(&pkce["code_challenge"]));
    assert_eq!(appsecret_proof(secret, text(&proof["access_token"])), text(&proof["proof"]));
    let demo = Seed::demo().app;
    assert_eq!(
        [demo.app_id, demo.app_secret, demo.oa_secret_key],
        [text(&vectors["app_id"]), secret, text(&vectors["oa_secret_key"])]
    );
    let webhook = fixture(include_str!("../../../fixtures/zalo_webhook.json"));
    for event in ["user_send_text", "oa_send_text_echo", "follow"] {
        let raw = text(&webhook[event]["raw_body"]);
        let timestamp = fixture(raw)["timestamp"].clone();
        let mac = event_mac(APP_ID, raw.as_bytes(), text(&timestamp), OA_KEY);
        assert_eq!(mac, text(&webhook[event]["mac_hex"]), "{event}");
    }
}

#[tokio::test]
async fn pairs_have_the_shape_of_the_fixtures() {
    let world = World::start().await;
    let expected = fixture(include_str!("../../../fixtures/zalo_access_token.json"));
    let pair = world.connect(ONE).await;
    assert_eq!((shape(&pair), &pair["expires_in"]), (shape(&expected), &expected["expires_in"]));
    let expected = fixture(include_str!("../../../fixtures/zalo_access_token_refreshed.json"));
    let pair = world.refresh(text(&pair["refresh_token"])).await;
    assert_eq!((shape(&pair), &pair["expires_in"]), (shape(&expected), &expected["expires_in"]));
    world.sim.change_settings(|settings| settings.numeric_expires_in = true);
    let expected = fixture(include_str!("../../../fixtures/zalo_access_token_numeric_expiry.json"));
    let pair = world.refresh(text(&pair["refresh_token"])).await;
    assert_eq!((shape(&pair), &pair["expires_in"]), (shape(&expected), &expected["expires_in"]));
}

#[tokio::test]
async fn profiles_are_those_of_the_fixtures_but_for_their_pictures() {
    let world = World::start().await;
    let (one, two) = (world.connect(ONE).await, world.connect(TWO).await);
    let check = async |pair: &Value, expected: &str| {
        let (mut given, mut expected) = (world.getoa(text(&pair["access_token"])).await, fixture(expected));
        // In the fixture of the second account the cover is empty; ours is drawn.
        for body in [&mut given, &mut expected] {
            body["data"]["avatar"].take();
            body["data"]["cover"].take();
        }
        if given["data"]["oa_id"] == TWO {
            given["data"]["oa_type"] = expected["data"]["oa_type"].clone();
        }
        assert_eq!(given, expected);
    };
    check(&one, include_str!("../../../fixtures/zalo_getoa.json")).await;
    check(&two, include_str!("../../../fixtures/zalo_getoa_unverified.json")).await;
    world.sim.change_settings(|settings| settings.oa_id_field = OaIdField::Oaid);
    check(&one, include_str!("../../../fixtures/zalo_getoa_oaid_spelling.json")).await;
}

#[tokio::test]
async fn errors_of_the_api_are_those_of_the_fixture() {
    let world = World::start().await;
    let cases = fixture(include_str!("../../../fixtures/zalo_errors.json"));
    for case in cases["openapi"].as_array().unwrap() {
        world.sim.once(match text(&case["name"]) {
            "oa_rate_limit" => Fault::ApiOaLimit,
            _ => Fault::ApiError { code: case["body"]["error"].as_i64().unwrap() },
        });
        assert_eq!(world.getoa("any").await, case["body"]);
    }
}

#[tokio::test]
async fn errors_of_the_token_endpoint_are_those_of_the_fixture() {
    let world = World::start().await;
    let cases = fixture(include_str!("../../../fixtures/zalo_errors.json"));
    for case in cases["oauth"].as_array().unwrap() {
        let name = text(&case["name"]);
        let style = match name {
            "refresh_token_invalid_no_numeric_error" => OauthErrorStyle::Absent,
            "refresh_token_invalid_string_code" => OauthErrorStyle::Text,
            _ => OauthErrorStyle::Number,
        };
        world.sim.change_settings(|settings| settings.oauth_error = style);
        if name == "html_gateway_error" {
            world.sim.once(Fault::Token502Html { committed: false });
            let response = world.refreshing("spent").send().await.unwrap();
            assert_eq!(response.status(), 502);
            assert_eq!(response.text().await.unwrap(), text(&case["body"]));
            continue;
        }
        if let Some(code) = case["body"]["error"].as_i64() {
            world.sim.once(Fault::TokenError { code });
        }
        assert_eq!(world.refresh("spent").await, case["body"], "{name}");
    }
}

#[tokio::test]
async fn callbacks_and_rate_headers_have_the_names_of_the_fixtures() {
    let world = World::start().await;
    let cases = fixture(include_str!("../../../fixtures/zalo_permission_callbacks.json"));
    let names = |query: &str| -> Vec<String> {
        url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).collect()
    };
    let url = permission_url(world.server.url());
    for (case, choice) in [(0, Choice::allow(ONE)), (2, Choice::cancel())] {
        let answer = world.sim.authorize(&url, &choice).unwrap();
        let given = answer.location().unwrap().strip_prefix(REDIRECT).unwrap().trim_start_matches('?');
        assert_eq!(names(given), names(text(&cases["cases"][case]["query"])));
    }
    assert_eq!(cases["redirect_uri"], REDIRECT);
    let headers = fixture(include_str!("../../../fixtures/zalo_rate_headers.json"));
    let given = world.reading("any").send().await.unwrap();
    for name in headers.as_object().unwrap().keys() {
        assert!(given.headers().contains_key(name.as_str()), "{name}");
    }
}

#[tokio::test]
async fn events_are_those_of_the_fixture() {
    let hook = Hook::start().await;
    let world = World::seeded(Seed::demo().redirect_uri(REDIRECT).webhook_url(&hook.url)).await;
    world.connect(ONE).await;
    let admin = AdminId::from(HA);
    world.sim.send_text(&oa(ONE), "Chào shop").unwrap();
    world.clock.advance(Duration::from_secs(1));
    world.sim.oa_send_text(&oa(ONE), Some(&admin), "Dạ shop đây ạ").unwrap();
    world.clock.advance(Duration::from_secs(1));
    world.sim.follow(&oa(ONE)).unwrap();
    assert_eq!(world.sim.deliver_due().await, Round { delivered: 3, failed: 0 });
    let expected = fixture(include_str!("../../../fixtures/zalo_webhook.json"));
    for (given, name) in hook.received().iter().zip(["user_send_text", "oa_send_text_echo", "follow"]) {
        let mut body = fixture(&given.body);
        let expected = fixture(text(&expected[name]["raw_body"]));
        if let Some(number) = body.pointer_mut("/message/msg_id") {
            *number = expected["message"]["msg_id"].clone();
        }
        assert_eq!(body.to_string(), expected.to_string(), "to the order of the keys");
        assert_eq!(given.headers["content-type"], "application/json");
    }
}
