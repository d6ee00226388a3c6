//! Codes, access tokens and refresh tokens.

use super::*;

const CALLBACK: &str = DEMO_REDIRECT_URIS[1];

#[tokio::test]
async fn a_code_works_once() {
    let client = Client::start().await;
    let answer = client.authorize(OWNER, INSTALL);
    let code = answer.field("code").unwrap();
    assert_eq!(client.redeem(code, CALLBACK).await.0, 200);
    assert_eq!(client.redeem(code, CALLBACK).await, (400, json!({"error": "invalid_grant"})));
    assert_eq!(client.sim.token_calls()["authorization_code"], 2);
}

#[tokio::test]
async fn a_code_works_for_300_seconds() {
    let client = Client::start().await;
    for (wait, status) in [(299, 200), (300, 400)] {
        let answer = client.authorize(OWNER, INSTALL);
        client.clock.advance(Duration::from_secs(wait));
        assert_eq!(client.redeem(answer.field("code").unwrap(), CALLBACK).await.0, status, "{wait}");
    }
}

#[tokio::test]
async fn a_code_works_for_its_redirect_uri_and_its_client() {
    let client = Client::start().await;
    let answer = client.authorize(OWNER, INSTALL);
    let code = answer.field("code").unwrap();
    client.sim.register_app(AppSeed {
        client_id: "another".to_owned(),
        client_secret: "its secret".to_owned(),
        ..AppSeed::default()
    });
    let foreign = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", "another"),
        ("client_secret", "its secret"),
        ("redirect_uri", CALLBACK),
    ];
    assert_eq!(client.token(&foreign).await, (400, json!({"error": "invalid_grant"})));
    let place = DEMO_REDIRECT_URIS[0];
    assert_eq!(client.redeem(code, place).await, (400, json!({"error": "invalid_grant"})));
    assert_eq!(client.redeem(code, CALLBACK).await.0, 400, "the wrong redirect URI has used it up");
}

#[tokio::test]
async fn a_malformed_call_is_answered_with_an_oauth_error() {
    let client = Client::start().await;
    let with = |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let client = &client;
        async move {
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            client.token(&pairs).await
        }
    };
    let me = [("client_id", APP), ("client_secret", SECRET)];
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("grant_type", "authorization_code"), ("code", "x")], "invalid_client"),
        (
            &[("grant_type", "authorization_code"), ("client_id", APP), ("client_secret", "no")],
            "invalid_client",
        ),
        (&[("grant_type", "authorization_code"), me[0], me[1]], "invalid_request"),
        (&[("grant_type", "refresh_token"), me[0], me[1]], "invalid_request"),
        (&[("grant_type", "refresh_token"), ("refresh_token", "x"), me[0], me[1]], "invalid_grant"),
        (&[("grant_type", "password"), me[0], me[1]], "unsupported_grant_type"),
        (&[me[0], me[1]], "unsupported_grant_type"),
    ];
    for (pairs, error) in cases {
        assert_eq!(with(pairs).await, (400, json!({"error": error})), "{pairs:?}");
    }
    let call = client.http.post(client.url("/connect/token")).json(&json!({"grant_type": "refresh_token"}));
    let answer = call.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"], "invalid_request");
    let calls = client.sim.token_calls();
    assert_eq!((calls["authorization_code"], calls["refresh_token"], calls["other"]), (3, 2, 3));
}

#[tokio::test]
async fn a_client_may_authenticate_in_the_header() {
    let client = Client::start().await;
    let answer = client.authorize(OWNER, LOGIN);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", answer.field("code").unwrap()),
        ("redirect_uri", DEMO_REDIRECT_URIS[0]),
    ];
    let call = client.http.post(client.url("/connect/token")).basic_auth(APP, Some(SECRET)).form(&pairs);
    let answer = call.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store, no-cache, max-age=0");
}

#[tokio::test]
async fn an_install_token_reads_the_shop_and_subscribes_it() {
    let client = Client::start().await;
    let mut app = Seed::demo().with_webhook_at("http://127.0.0.1:9/hook").apps.remove(0);
    app.webhook.verified = true;
    client.sim.register_app(app);
    let tokens = client.tokens(INSTALL).await;
    let token = &tokens["access_token"];
    let (status, shop) = client.get("/com/shop.json", token).await;
    assert!(status == 200 && shop.contains("Hạt Mầm"), "{shop}");
    assert_eq!(client.subscribe(token).await, 200);
    assert!(client.sim.is_subscribed(ORG, APP));
}

#[tokio::test]
async fn a_login_token_neither_reads_orders_nor_subscribes() {
    let client = Client::start().await;
    let login = client.tokens(LOGIN).await;
    assert_eq!(client.get("/com/orders.json", &login["access_token"]).await.0, 403);
    assert_eq!(client.subscribe(&login["access_token"]).await, 401);
    // Scopes of the shop without an installation: REST for a while, webhooks never (haravan.md §1.6).
    let user = client.tokens("openid org wh_api com.read_orders").await;
    assert_eq!(user["expires_in"], 57_600);
    assert_eq!(client.get("/com/orders.json", &user["access_token"]).await.0, 200);
    assert_eq!(client.subscribe(&user["access_token"]).await, 401);
}

#[tokio::test]
async fn an_expired_token_is_answered_401_with_nothing() {
    let client = Client::start().await;
    let settings = AccountsSettings { install_expires_in: 3600, ..AccountsSettings::default() };
    client.sim.set_accounts_settings(settings);
    let tokens = client.tokens(INSTALL).await;
    assert_eq!(tokens["expires_in"], 3600);
    let token = &tokens["access_token"];
    client.clock.advance(Duration::from_secs(3599));
    assert_eq!(client.get("/com/orders.json", token).await.0, 200);
    client.clock.advance(Duration::from_secs(1));
    assert_eq!(client.get("/com/orders.json", token).await, (401, String::new()));
    assert_eq!(client.subscribe(token).await, 401);
    let (_, fresh) = client.refresh(&tokens["refresh_token"]).await;
    assert_eq!(client.get("/com/orders.json", &fresh["access_token"]).await.0, 200);
    client.sim.expire_tokens(None, None).unwrap();
    assert_eq!(client.get("/com/orders.json", &fresh["access_token"]).await.0, 401);
    assert_eq!(client.get("/connect/userinfo", &fresh["access_token"]).await.0, 401);
    assert_eq!(client.refresh(&fresh["refresh_token"]).await.0, 200);
}

#[tokio::test]
async fn with_rotation_a_refresh_token_is_dead_once_used() {
    let client = Client::start().await;
    let first = client.tokens(INSTALL).await;
    let (status, second) = client.refresh(&first["refresh_token"]).await;
    assert_eq!(status, 200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let claims = client.verified(second["id_token"].as_str().unwrap()).await.unwrap();
    assert!(claims["at_hash"].is_string());
    assert_eq!(client.refresh(&first["refresh_token"]).await, (400, json!({"error": "invalid_grant"})));
    assert_eq!(client.refresh(&second["refresh_token"]).await.0, 200);
    assert_eq!(client.sim.token_calls()["refresh_token"], 3);
}

#[tokio::test]
async fn without_rotation_a_refresh_token_comes_back_unchanged() {
    let client = Client::start().await;
    let settings = AccountsSettings { rotate_refresh_tokens: false, ..AccountsSettings::default() };
    client.sim.set_accounts_settings(settings);
    let first = client.tokens(INSTALL).await;
    for _ in 0..2 {
        let (_, next) = client.refresh(&first["refresh_token"]).await;
        assert_eq!(next["refresh_token"], first["refresh_token"]);
    }
}

#[tokio::test]
async fn uninstalling_kills_everything_of_the_app_in_that_shop_alone() {
    let client = Client::start().await;
    let install = client.tokens(INSTALL).await;
    let pending = client.authorize(OWNER, INSTALL);
    let elsewhere = client.authorize_with(OWNER_OF_TWO, INSTALL, Choice::accept().shop(SECOND_ORG), &[]);
    let (_, elsewhere) = client.redeem(elsewhere.field("code").unwrap(), CALLBACK).await;
    client.sim.uninstall(Some(ORG), None).unwrap();
    assert_eq!(client.get("/com/shop.json", &install["access_token"]).await, (401, String::new()));
    assert_eq!(client.refresh(&install["refresh_token"]).await.0, 400);
    assert_eq!(client.redeem(pending.field("code").unwrap(), CALLBACK).await.0, 400);
    assert_eq!(client.get("/com/shop.json", &elsewhere["access_token"]).await.0, 200);
    let (_, orders) = client.get("/com/orders.json", &elsewhere["access_token"]).await;
    let orders: Value = serde_json::from_str(&orders).unwrap();
    assert_eq!(orders["orders"].as_array().unwrap().len(), 3);
    assert_eq!(client.refresh(&elsewhere["refresh_token"]).await.0, 200);
    client.sim.withdraw_grants(Some(SECOND_ORG), None).unwrap();
    assert_eq!(client.refresh(&elsewhere["refresh_token"]).await.0, 400);
}
