//! Every OAuth fault happens where it is asked for, and only there.

use super::*;

const CALLBACK: &str = DEMO_REDIRECT_URIS[1];

#[tokio::test]
async fn each_spoilt_claim_is_spoilt_and_the_next_id_token_is_whole() {
    let client = Client::start().await;
    let now = client.clock.now().as_second();
    let cases = [
        (Fault::IdTokenExpired, "exp", json!(now - 3600)),
        (Fault::IdTokenWrongAud, "aud", json!("another_client_id")),
        (Fault::IdTokenWrongNonce, "nonce", json!("another-nonce")),
        (Fault::IdTokenWrongIss, "iss", json!("https://accounts.example.com")),
        (Fault::IdTokenRoleArray, "role", json!(["admin"])),
        (Fault::IdTokenNoRole, "role", Value::Null),
        (Fault::IdTokenOtherOrg, "orgid", json!("200000987701")),
    ];
    for (fault, claim, value) in cases {
        client.sim.once(fault.clone());
        let spoilt = client.authorize(OWNER, LOGIN);
        let token = spoilt.field("id_token").unwrap();
        assert_eq!(claims_of(token)[claim], value, "{fault:?}");
        let kid = decode_header(token).unwrap().kid.unwrap();
        assert_eq!(client.jwks().await["keys"][0]["kid"], kid, "signed as it should be: {fault:?}");
        let whole = client.authorize(OWNER, LOGIN);
        assert_ne!(claims_of(whole.field("id_token").unwrap())[claim], value, "{fault:?}");
        assert!(client.verified(whole.field("id_token").unwrap()).await.is_ok());
    }
}

#[tokio::test]
async fn a_fault_of_the_id_token_can_wait_for_a_grant_type() {
    let client = Client::start().await;
    client.sim.switch(Switch::next(Fault::IdTokenWrongNonce, 1).on("authorization_code"));
    client.sim.switch(Switch::next(Fault::IdTokenExpired, 1).on("refresh_token"));
    let front = client.authorize(OWNER, INSTALL);
    assert_eq!(claims_of(front.field("id_token").unwrap())["nonce"], "n-51f0");
    let (_, tokens) = client.redeem(front.field("code").unwrap(), CALLBACK).await;
    let claims = claims_of(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["nonce"], "another-nonce");
    assert_eq!(claims["exp"], client.clock.now().as_second() + 57_600);
    let (_, tokens) = client.refresh(&tokens["refresh_token"]).await;
    assert_eq!(claims_of(tokens["id_token"].as_str().unwrap())["exp"], client.clock.now().as_second() - 3600);
    assert!(client.sim.faults().is_empty());
}

#[tokio::test]
async fn a_wrong_hash_is_of_the_channel_that_has_one() {
    let client = Client::start().await;
    for spoilt in [true, false] {
        if spoilt {
            client.sim.once(Fault::IdTokenWrongCHash);
            client.sim.once(Fault::IdTokenWrongAtHash);
        }
        let front = client.authorize(OWNER, LOGIN);
        let code = front.field("code").unwrap();
        let (_, tokens) = client.redeem(code, DEMO_REDIRECT_URIS[0]).await;
        let claims = claims_of(front.field("id_token").unwrap());
        assert_eq!(claims["c_hash"] != half_hash(code), spoilt);
        assert!(claims["c_hash"].is_string() && claims.get("at_hash").is_none());
        let claims = claims_of(tokens["id_token"].as_str().unwrap());
        assert_eq!(claims["at_hash"] != half_hash(tokens["access_token"].as_str().unwrap()), spoilt);
        assert!(claims["at_hash"].is_string() && claims.get("c_hash").is_none());
    }
}

#[tokio::test]
async fn a_wrong_signature_does_not_verify() {
    let client = Client::start().await;
    let cases = [
        (Fault::IdTokenHs256, "HS256"),
        (Fault::IdTokenAlgNone, "none"),
        (Fault::IdTokenBadSignature, "RS256"),
        (Fault::IdTokenKeyUnpublished, "RS256"),
    ];
    for (fault, alg) in cases {
        client.sim.once(fault.clone());
        let answer = client.authorize(OWNER, LOGIN);
        let token = answer.field("id_token").unwrap();
        let header = token.split('.').next().unwrap();
        let header: Value = {
            use base64::Engine;
            let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
            serde_json::from_slice(&bytes).unwrap()
        };
        assert_eq!(header["alg"], alg);
        assert!(client.verified(token).await.is_err(), "{fault:?}");
    }
    client.sim.once(Fault::IdTokenHs256);
    let answer = client.authorize(OWNER, LOGIN);
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.set_audience(&[APP]);
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    assert!(
        decode::<Value>(answer.field("id_token").unwrap(), &key, &validation).is_ok(),
        "the trap is armed"
    );
}

#[tokio::test]
async fn a_key_rotated_on_the_way_is_in_the_jwks_read_afterwards() {
    let client = Client::start().await;
    let cached = client.jwks().await;
    client.sim.once(Fault::IdTokenKeyRotated);
    let answer = client.authorize(OWNER, LOGIN);
    let token = answer.field("id_token").unwrap();
    assert_eq!(verified(&cached, client.server.url(), token), Err("unknown kid".to_owned()));
    assert!(client.verified(token).await.is_ok());
}

#[tokio::test]
async fn authorize_can_refuse_lose_the_state_or_install_elsewhere() {
    let client = Client::start().await;
    client.sim.once(Fault::AuthorizeAccessDenied);
    let answer = client.authorize(OWNER, LOGIN);
    assert_eq!(names(&answer), ["error", "state"]);
    client.sim.once(Fault::AuthorizeNoState);
    let answer = client.authorize(OWNER, LOGIN);
    assert_eq!(names(&answer), ["code", "id_token", "scope", "session_state"]);
    client.sim.once(Fault::AuthorizeOtherOrg);
    assert_eq!(claims_of(client.authorize(OWNER, LOGIN).field("id_token").unwrap())["orgid"], "200000987654");
    let answer = client.authorize(OWNER, INSTALL);
    let (_, tokens) = client.redeem(answer.field("code").unwrap(), CALLBACK).await;
    for token in [answer.field("id_token").unwrap(), tokens["id_token"].as_str().unwrap()] {
        assert_eq!(claims_of(token)["orgid"], "200000987701");
    }
    assert!(client.get("/com/shop.json", &tokens["access_token"]).await.1.contains("Gốm Nhà Mây"));
}

#[tokio::test]
async fn the_token_endpoint_can_fail_without_doing_anything() {
    let client = Client::start().await;
    let answer = client.authorize(OWNER, INSTALL);
    let code = answer.field("code").unwrap();
    client.sim.once(Fault::Token400);
    client.sim.once(Fault::Token500);
    client.sim.once(Fault::TokenHtml);
    assert_eq!(client.redeem(code, CALLBACK).await, (400, json!({"error": "invalid_grant"})));
    assert_eq!(client.redeem(code, CALLBACK).await, (500, Value::Null));
    assert_eq!(client.redeem(code, CALLBACK).await, (200, Value::Null), "an HTML page");
    assert_eq!(client.redeem(code, CALLBACK).await.0, 200);
    assert_eq!(client.sim.token_calls()["authorization_code"], 4);
}

#[tokio::test]
async fn the_token_endpoint_can_rotate_and_lose_its_answer() {
    let client = Client::start().await;
    for fault in [Fault::Token500AfterCommit, Fault::TokenLostAfterCommit] {
        let tokens = client.tokens(INSTALL).await;
        let refresh = &tokens["refresh_token"];
        client.sim.switch(Switch::next(fault.clone(), 1).on("refresh_token"));
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str().unwrap()),
            ("client_id", APP),
            ("client_secret", SECRET),
        ];
        let lost = match client.post_token(&form).await {
            Ok(answer) => answer.status() == 500 || answer.bytes().await.is_err(),
            Err(_) => true,
        };
        assert!(lost, "{fault:?}");
        assert_eq!(client.refresh(refresh).await, (400, json!({"error": "invalid_grant"})), "{fault:?}");
    }
}

#[tokio::test]
async fn the_token_endpoint_can_answer_too_late_before_or_after_acting() {
    let client = Client::start().await;
    for (committed, then) in [(false, 200), (true, 400)] {
        let answer = client.authorize(OWNER, INSTALL);
        let code = answer.field("code").unwrap();
        client.sim.once(Fault::TokenHeld { millis: 600, committed });
        let waited = tokio::time::timeout(Duration::from_millis(200), client.redeem(code, CALLBACK)).await;
        assert!(waited.is_err());
        // Time enough for the call that was given up to act after all.
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!(client.redeem(code, CALLBACK).await.0, then, "committed: {committed}");
    }
}

#[tokio::test]
async fn the_token_endpoint_can_leave_tokens_out() {
    let client = Client::start().await;
    client.sim.once(Fault::TokenNoRefreshToken);
    client.sim.once(Fault::TokenNoIdToken);
    let tokens = client.tokens(INSTALL).await;
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
    let tokens = client.tokens(INSTALL).await;
    assert!(tokens["refresh_token"].is_string() && tokens["id_token"].is_string());
}
