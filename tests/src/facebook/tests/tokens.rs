//! Codes and tokens: where they come from and when they end.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_code_works_once() {
    let world = World::start().await;
    let answer = world.authorize(SELLER, &Choice::all());
    let code = answer.field("code").unwrap();
    world.redeem(code).await.ok();
    assert_eq!(world.redeem(code).await.refusal(), (100, Some(36_009)));
}

#[tokio::test]
async fn a_code_works_for_ten_minutes_and_at_its_own_address() {
    let world = World::start().await;
    world.sim.app_mut(|app| app.redirect_uris.push("http://localhost:3000/other".to_owned()));
    let answer = world.authorize(SELLER, &Choice::all());
    let code = answer.field("code").unwrap();
    let elsewhere = world.redeem_at(code, "http://localhost:3000/other").await;
    assert_eq!(elsewhere.refusal(), (100, Some(36_008)));
    world.clock.advance(10 * MINUTE);
    assert_eq!(world.redeem(code).await.refusal(), (100, Some(36_007)));
}

#[tokio::test]
async fn a_code_is_redeemed_by_post_too_and_only_by_the_app() {
    let world = World::start().await;
    let answer = world.authorize(SELLER, &Choice::all());
    let redeem = |id: &'static str, secret: &'static str, code: String| {
        let form = [
            ("client_id", id.to_owned()),
            ("client_secret", secret.to_owned()),
            ("redirect_uri", DEMO_REDIRECT_URI.to_owned()),
            ("code", code),
        ];
        let request = world.http.post(world.url("/v26.0/oauth/access_token")).form(&form);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        }
    };
    let code = answer.field("code").unwrap().to_owned();
    let (_, body) = redeem("1", APP_SECRET, code.clone()).await;
    assert_eq!(body["error"]["code"], 101);
    let (status, body) = redeem(APP_ID, "wrong", code.clone()).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!(1)));
    let (_, body) = redeem(APP_ID, APP_SECRET, "AQnothing".to_owned()).await;
    assert_eq!(body["error"]["code"], 100);
    let (status, body) = redeem(APP_ID, APP_SECRET, code).await;
    assert_eq!(status, 200);
    assert_eq!(body["expires_in"], 5_107);
}

#[tokio::test]
async fn a_page_token_of_a_short_user_token_ends_with_it_and_of_a_long_one_never() {
    let world = World::start().await;
    let short = world.short_token(SELLER, &Choice::all()).await;
    let long = world.exchange(&short).await.ok()["access_token"].as_str().unwrap().to_owned();
    let mortal = world.page_token(&short, SHOP_PAGE).await;
    let lasting = world.page_token(&long, SHOP_PAGE).await;
    assert_ne!(mortal, lasting);
    assert_eq!(lasting, world.page_token(&long, SHOP_PAGE).await, "one per user token and page");
    assert_eq!(world.debug(&lasting).await["expires_at"], 0);
    assert_eq!(world.debug(&mortal).await["expires_at"], world.debug(&short).await["expires_at"]);

    world.clock.advance(Duration::from_secs(5_107));
    assert_eq!(world.refusal_of(SHOP_PAGE, &mortal).await, Some((190, Some(463))));
    assert_eq!(world.exchange(&short).await.refusal(), (190, Some(463)));
    world.clock.advance(61 * DAY);
    assert_eq!(world.get("/me", &long, &[]).await.refusal(), (190, Some(463)));
    assert_eq!(world.refusal_of(SHOP_PAGE, &lasting).await, None);
}

#[tokio::test]
async fn a_new_grant_replaces_the_ticked_pages_and_ends_the_tokens_of_those_left_out() {
    let world = World::start().await;
    let long = world.long_token(SELLER, &Choice::pages([SHOP_PAGE, EDITOR_PAGE])).await;
    let shop = world.page_token(&long, SHOP_PAGE).await;
    let editor = world.page_token(&long, EDITOR_PAGE).await;
    world.authorize(SELLER, &Choice::pages([EDITOR_PAGE, NEW_PAGE]));
    assert_eq!(world.sim.grant(SELLER).unwrap().pages, [EDITOR_PAGE, NEW_PAGE].into());
    assert_eq!(world.refusal_of(SHOP_PAGE, &shop).await, Some((190, None)));
    assert_eq!(world.refusal_of(EDITOR_PAGE, &editor).await, None);
    world.authorize(SELLER, &Choice::all());
    assert_eq!(world.refusal_of(SHOP_PAGE, &shop).await, Some((190, None)), "ended stays ended");
}

#[tokio::test]
async fn another_persons_login_leaves_the_tokens_of_the_first_alone() {
    let world = World::start().await;
    world.sim.set_role(BUSY, SHOP_PAGE, Some(ClassicRole::Admin.into())).unwrap();
    let first = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    let second = world.sim.page_token(BUSY, SHOP_PAGE).unwrap().unwrap();
    assert_ne!(first, second);
    world.authorize(BUSY, &Choice::pages([]));
    assert_eq!(world.refusal_of(SHOP_PAGE, &first).await, None);
    assert_eq!(world.refusal_of(SHOP_PAGE, &second).await, Some((190, None)));
}

#[tokio::test]
async fn a_password_change_ends_every_token_of_the_person() {
    let world = World::start().await;
    let long = world.long_token(SELLER, &Choice::all()).await;
    let page = world.page_token(&long, SHOP_PAGE).await;
    world.sim.change_password(SELLER).unwrap();
    assert_eq!(world.get("/me", &long, &[]).await.refusal(), (190, Some(460)));
    assert_eq!(world.refusal_of(SHOP_PAGE, &page).await, Some((190, Some(460))));
    assert_eq!(world.debug(&page).await["error"]["subcode"], 460);
    assert!(world.sim.live_tokens().is_empty());
    assert!(world.sim.grant(SELLER).is_some(), "the grant stays");
}

#[tokio::test]
async fn a_lost_role_refuses_page_tokens_old_and_new() {
    let world = World::start().await;
    let long = world.long_token(SELLER, &Choice::all()).await;
    let page = world.page_token(&long, SHOP_PAGE).await;
    world.sim.set_role(SELLER, SHOP_PAGE, None).unwrap();
    assert_eq!(world.refusal_of(SHOP_PAGE, &page).await, Some((190, Some(492))));
    let reply = world.get(&format!("/{SHOP_PAGE}"), &long, &[("fields", "access_token")]).await;
    assert_eq!(reply.refusal(), (100, Some(33)));
    world.sim.set_role(SELLER, SHOP_PAGE, Some(ClassicRole::Analyst.into())).unwrap();
    assert_eq!(world.subscribe(SHOP_PAGE, &page, "feed").await.refusal(), (200, None));
}

#[tokio::test]
async fn a_locked_person_is_refused_until_the_lock_is_gone() {
    let world = World::start().await;
    let token = world.sim.user_token(SELLER).unwrap();
    world.sim.lock_person(SELLER, Some(TokenEnd::Checkpoint)).unwrap();
    assert_eq!(world.get("/me", &token, &[]).await.refusal(), (190, Some(459)));
    world.sim.lock_person(SELLER, None).unwrap();
    world.get("/me", &token, &[]).await.ok();
    world.sim.expire_tokens(SELLER).unwrap();
    assert_eq!(world.get("/me", &token, &[]).await.refusal(), (190, Some(463)));
}

#[tokio::test]
async fn a_proof_is_demanded_when_required_and_checked_whenever_sent() {
    let world = World::start().await;
    let token = world.sim.user_token(SELLER).unwrap();
    let proof = app_secret_proof(APP_SECRET, &token);
    let wrong = world.get("/me", &token, &[("appsecret_proof", "00ff")]).await;
    assert_eq!((wrong.refusal().0, &wrong.body["error"]["type"]), (100, &json!("GraphMethodException")));
    world.sim.settings_mut(|settings| settings.require_proof = true);
    let missing = world.get("/me", &token, &[]).await;
    assert_eq!((missing.refusal().0, &missing.body["error"]["type"]), (100, &json!("GraphMethodException")));
    world.get("/me", &token, &[("appsecret_proof", &proof)]).await.ok();
    let app_token = format!("{APP_ID}|{APP_SECRET}");
    let inspect = [("input_token", token.as_str())];
    assert_eq!(world.get("/debug_token", &app_token, &inspect).await.refusal().0, 100);

    let time = world.clock.now().as_second().to_string();
    let timed = app_secret_proof(APP_SECRET, &format!("{token}|{time}"));
    let params = [("appsecret_proof", timed.as_str()), ("appsecret_time", time.as_str())];
    world.get("/me", &token, &params).await.ok();
    let mixed = [("appsecret_proof", proof.as_str()), ("appsecret_time", time.as_str())];
    assert_eq!(world.get("/me", &token, &mixed).await.refusal().0, 100);
}

#[tokio::test]
async fn only_the_app_or_its_developer_looks_into_tokens() {
    let world = World::start().await;
    let developer = world.sim.user_token(SELLER).unwrap();
    let stranger = world.sim.user_token(BUSY).unwrap();
    let page = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    let input = [("input_token", page.as_str())];
    for (token, allowed) in [(&developer, true), (&stranger, false), (&page, false)] {
        let reply = world.get("/debug_token", token, &input).await;
        if allowed { drop(reply.ok()) } else { assert_eq!(reply.refusal().0, 100) }
    }
    world.sim.once(Fault::DebugOtherApp);
    assert_ne!(world.debug(&page).await["app_id"], APP_ID);
    world.sim.once(Fault::DebugOtherPage);
    assert_ne!(world.debug(&page).await["profile_id"], SHOP_PAGE.to_string());
    assert_eq!(world.debug("EAAnothing").await["is_valid"], false);
    assert_eq!(world.debug(&format!("{APP_ID}|{APP_SECRET}")).await["type"], "APP");
}
