//! What comes back: fields, claims, userinfo, discovery.

use super::*;

#[tokio::test]
async fn an_owners_login_answers_with_a_code_and_an_id_token_that_verifies() {
    let client = Client::start().await;
    let answer = client.authorize(OWNER, LOGIN);
    assert_eq!(names(&answer), ["code", "id_token", "scope", "state", "session_state"]);
    assert!(is_hex(answer.field("code").unwrap(), 64));
    assert_eq!((answer.field("scope"), answer.field("state")), (Some(LOGIN), Some("Zk3\"><&")));
    let (hash, salt) = answer.field("session_state").unwrap().split_once('.').unwrap();
    assert!(hash.len() == 43 && is_hex(salt, 32));
    let token = answer.field("id_token").unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::RS256, Some("JWT")));
    assert!(is_hex(&header.kid.unwrap(), 32));
    let claims = client.verified(token).await.unwrap();
    let keys: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "nbf",
            "exp",
            "iss",
            "aud",
            "nonce",
            "iat",
            "c_hash",
            "sid",
            "sub",
            "auth_time",
            "idp",
            "amr",
            "orgid",
            "orgname",
            "orgsub",
            "name",
            "email",
            "role"
        ]
    );
    let now = client.clock.now().as_second();
    let expected = [
        ("iat", json!(now)),
        ("nbf", json!(now)),
        ("exp", json!(now + 57_600)),
        ("auth_time", json!(now)),
        ("iss", json!(client.server.url())),
        ("aud", json!(APP)),
        ("nonce", json!("n-51f0")),
        ("sub", json!("200001038421")),
        ("idp", json!("local")),
        ("amr", json!(["pwd"])),
        ("orgid", json!("200000987654")),
        ("orgname", json!("Hạt Mầm")),
        ("orgsub", json!("hat-mam-demo")),
        ("name", json!("Lê Minh Anh")),
        ("email", json!(OWNER)),
        ("role", json!("admin")),
        ("c_hash", half_hash(answer.field("code").unwrap())),
    ];
    for (name, value) in expected {
        assert_eq!(claims[name], value, "{name}");
    }
}

#[tokio::test]
async fn the_token_endpoints_id_token_has_at_hash_and_no_c_hash() {
    let client = Client::start().await;
    let tokens = client.tokens(INSTALL).await;
    let keys: Vec<_> = tokens.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["id_token", "access_token", "expires_in", "token_type", "scope", "refresh_token"]);
    assert_eq!((&tokens["expires_in"], &tokens["token_type"]), (&json!(315_360_000), &json!("Bearer")));
    assert!(is_hex(tokens["access_token"].as_str().unwrap(), 64));
    let claims = client.verified(tokens["id_token"].as_str().unwrap()).await.unwrap();
    assert_eq!(claims["nonce"], "n-51f0");
    assert_eq!(claims["at_hash"], half_hash(tokens["access_token"].as_str().unwrap()));
    assert!(claims.get("c_hash").is_none());
    let tokens = client.tokens(LOGIN).await;
    assert_eq!((&tokens["expires_in"], tokens.get("refresh_token")), (&json!(57_600), None));
}

#[tokio::test]
async fn a_role_is_a_string_an_array_or_absent_as_there_are_one_several_or_none() {
    let client = Client::start().await;
    let role = |roles: &[&str]| {
        let mut account = AccountSeed::demo(5, "ai@example.com", "Ái", &[(ORG, "")]);
        account.memberships[0].roles = roles.iter().map(|role| (*role).to_owned()).collect();
        client.sim.register_account(account);
        let answer = client.authorize("ai@example.com", LOGIN);
        claims_of(answer.field("id_token").unwrap()).get("role").cloned()
    };
    assert_eq!(role(&["staff"]), Some(json!("staff")));
    assert_eq!(role(&["staff", "admin"]), Some(json!(["staff", "admin"])));
    assert_eq!(role(&[]), None);
}

#[tokio::test]
async fn claims_come_with_their_scopes() {
    let client = Client::start().await;
    let answer = client.authorize(OWNER, "openid");
    let claims = claims_of(answer.field("id_token").unwrap());
    assert_eq!(claims["sub"], "200001038421");
    for absent in ["email", "name", "orgid", "orgname"] {
        assert!(claims.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn the_answer_travels_as_the_mode_says() {
    let client = Client::start().await;
    let query = [("response_type", "code"), ("response_mode", "query"), ("nonce", "")];
    let answer = client.authorize_with(OWNER, LOGIN, Choice::accept(), &query);
    assert_eq!(names(&answer), ["code", "scope", "state", "session_state"]);
    let Answer::Redirect { location, .. } = &answer else { panic!("{answer:?}") };
    let location: url::Url = location.parse().unwrap();
    assert_eq!(location.path(), "/install/login");
    let pairs: Vec<_> = location.query_pairs().into_owned().collect();
    assert_eq!(pairs, answer.fields());
    let code = answer.field("code").unwrap();
    let (_, tokens) = client.redeem(code, DEMO_REDIRECT_URIS[0]).await;
    assert!(claims_of(tokens["id_token"].as_str().unwrap()).get("nonce").is_none());
    let answer = client.authorize_with(OWNER, LOGIN, Choice::accept(), &[("response_mode", "")]);
    assert!(
        matches!(&answer, Answer::Redirect { location, .. } if location.contains("#code=")),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_refusal_is_called_back_with_the_state() {
    let client = Client::start().await;
    let answer = client.authorize_with(OWNER, INSTALL, Choice::refuse(), &[]);
    let expected = [("error", "access_denied"), ("state", "Zk3\"><&")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(answer.fields(), expected);
    assert_eq!(answer.form_body(), "error=access_denied&state=Zk3%22%3E%3C%26");
}

#[tokio::test]
async fn an_owner_of_two_shops_gets_the_one_chosen_or_asked_for() {
    let client = Client::start().await;
    let orgid = |answer: &Answer| claims_of(answer.field("id_token").unwrap())["orgid"].clone();
    let chosen = client.authorize_with(OWNER_OF_TWO, LOGIN, Choice::accept().shop(SECOND_ORG), &[]);
    assert_eq!(orgid(&chosen), "200000987701");
    let asked = client.authorize_with(OWNER_OF_TWO, LOGIN, Choice::accept(), &[("orgid", "200000987654")]);
    assert_eq!(orgid(&asked), "200000987654");
    for junk in ["null", "undefined"] {
        assert_eq!(
            orgid(&client.authorize_with(OWNER, LOGIN, Choice::accept(), &[("orgid", junk)])),
            "200000987654"
        );
    }
    let url = client.url(&format!("/connect/authorize?{}", Client::query(LOGIN, &[])));
    assert!(client.sim.authorize(&url, OWNER_OF_TWO, Choice::accept()).is_err(), "the chooser waits");
    let stranger = client.authorize_with(OWNER, LOGIN, Choice::accept(), &[("orgid", "200000987701")]);
    assert!(matches!(stranger, Answer::Page { .. }));
}

#[tokio::test]
async fn only_an_owner_may_ask_for_grant_service_or_wh_api() {
    let client = Client::start().await;
    assert!(client.authorize(CLERK, LOGIN).field("code").is_some());
    for scope in [INSTALL, "openid org wh_api"] {
        let answer = client.authorize(CLERK, scope);
        assert!(matches!(&answer, Answer::Page { error, .. } if error == "access_denied"), "{answer:?}");
        client.sim.once(Fault::AuthorizeNonAdminCallback);
        let answer = client.authorize(CLERK, scope);
        assert_eq!((answer.field("error"), answer.field("state")), (Some("access_denied"), Some("Zk3\"><&")));
    }
}

#[tokio::test]
async fn discovery_names_everything_below_the_simulators_own_address() {
    let client = Client::start().await;
    let url = client.url("/.well-known/openid-configuration");
    let document: Value = client.http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["issuer"], client.server.url());
    assert_eq!(document["jwks_uri"], client.url("/.well-known/openid-configuration/jwks"));
    assert_eq!(document["token_endpoint"], client.url("/connect/token"));
    client.sim.set_public_url("http://127.0.0.1:8787/sim/haravan/");
    let document: Value = client.http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["authorization_endpoint"], "http://127.0.0.1:8787/sim/haravan/connect/authorize");
    client.sim.reset();
    let document: Value = client.http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["issuer"], "http://127.0.0.1:8787/sim/haravan");
}

#[tokio::test]
async fn userinfo_tells_who_it_is() {
    let client = Client::start().await;
    let tokens = client.tokens(LOGIN).await;
    let (status, body) = client.get("/connect/userinfo", &tokens["access_token"]).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        r#"{"orgid":"200000987654","name":"Lê Minh Anh","email":"minhanh@example.com","orgname":"Hạt Mầm","role":"admin","sub":"200001038421"}"#
    );
    assert_eq!(client.get("/connect/userinfo", &json!("nonsense")).await, (401, String::new()));
    let poor = client.tokens("openid org").await;
    assert_eq!(client.get("/connect/userinfo", &poor["access_token"]).await.0, 403);
}

#[tokio::test]
async fn a_launch_opens_the_apps_own_address_with_a_signed_query() {
    let client = Client::start().await;
    let url = client.sim.launch(None, None, OWNER).unwrap();
    let now = client.clock.now().as_second();
    let query = format!("orgid=200000987654&shop=hat-mam-demo.myharavan.com&timestamp={now}&hmac=");
    let signature = url.strip_prefix(&format!("{}?{query}", DEMO_REDIRECT_URIS[0])).unwrap();
    assert!(is_hex(signature, 64));
    assert!(client.sim.launch(Some(SECOND_ORG), None, OWNER).is_err());
}

#[tokio::test]
async fn the_keys_can_be_rotated_and_the_old_one_leaves_the_jwks() {
    let client = Client::start().await;
    let before = client.jwks().await;
    let old = client.authorize(OWNER, LOGIN);
    let kid = client.sim.rotate_keys().unwrap();
    let after = client.jwks().await;
    assert_eq!(after["keys"].as_array().unwrap().len(), 1);
    assert_eq!(after["keys"][0]["kid"], kid);
    let old = old.field("id_token").unwrap();
    assert!(verified(&before, client.server.url(), old).is_ok());
    assert_eq!(verified(&after, client.server.url(), old), Err("unknown kid".to_owned()));
    let new = client.authorize(OWNER, LOGIN);
    assert!(verified(&after, client.server.url(), new.field("id_token").unwrap()).is_ok());
    assert_eq!(client.sim.jwks_calls(), 2);
}
