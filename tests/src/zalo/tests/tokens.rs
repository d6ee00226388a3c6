//! Codes and pairs.

use super::*;

fn error_of(body: &Value) -> i64 {
    body["error"].as_i64().unwrap_or_else(|| panic!("{body} is no error"))
}

#[tokio::test]
async fn a_code_works_once_and_for_ten_minutes() {
    let world = World::start().await;
    let code = world.code(ONE);
    let pair = world.exchange(&code).await;
    assert_eq!(pair["expires_in"], "90000", "a string");
    assert!(text(&pair["access_token"]).len() > 255 && text(&pair["refresh_token"]).len() > 255);
    assert_eq!(error_of(&world.exchange(&code).await), -14010);
    assert!(world.getoa(text(&pair["access_token"])).await["data"].is_object(), "reuse harms nothing");
    let (early, late) = (world.code(ONE), world.code(ONE));
    world.clock.advance(Duration::from_secs(599));
    assert!(world.exchange(&early).await["access_token"].is_string());
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(error_of(&world.exchange(&late).await), -14010);
    assert_eq!(error_of(&world.exchange("ZSIMCODE").await), -14010);
}

#[tokio::test]
async fn the_verifier_of_a_challenge_is_mandatory_and_has_to_fit() {
    let world = World::start().await;
    let with = |code: &str, verifier: &[(&str, &str)]| {
        let mut fields = vec![("code", code), ("app_id", APP_ID), ("grant_type", "authorization_code")];
        fields.extend(verifier);
        answer(world.call(&fields))
    };
    let code = world.code(ONE);
    assert_eq!(error_of(&with(&code, &[]).await), -14012);
    assert_eq!(error_of(&with(&code, &[("code_verifier", VERIFIER)]).await), -14010, "it is spent");
    assert_eq!(error_of(&with(&world.code(ONE), &[("code_verifier", "wrong")]).await), -14012);
    assert_eq!(error_of(&with(&world.code(ONE), &[("code_verifier", CHALLENGE)]).await), -14012);
    let url = permission_url_with(world.server.url(), &[]);
    let plain = world.sim.authorize(&url, &Choice::allow(ONE)).unwrap();
    assert!(plain.field("state").is_none() && plain.field("code_challenge").is_none());
    assert!(with(plain.field("code").unwrap(), &[]).await["access_token"].is_string());
}

#[tokio::test]
async fn a_padded_challenge_fits_no_verifier() {
    let world = World::start().await;
    let padded = format!("{CHALLENGE}=");
    let url = permission_url_with(world.server.url(), &[("code_challenge", &padded)]);
    let answer = world.sim.authorize(&url, &Choice::allow(ONE)).unwrap();
    assert_eq!(error_of(&world.exchange(answer.field("code").unwrap()).await), -14012);
}

#[tokio::test]
async fn app_secret_and_content_type_are_checked() {
    let world = World::start().await;
    let code = world.code(ONE);
    let url = format!("{}/v4/oa/access_token", world.server.url());
    let fields = [
        ("code", code.as_str()),
        ("app_id", APP_ID),
        ("grant_type", "authorization_code"),
        ("code_verifier", VERIFIER),
    ];
    let call = || world.http.post(&url).header("secret_key", SECRET);
    assert_eq!(error_of(&answer(world.http.post(&url).form(&fields)).await), -14002);
    let wrong = world.http.post(&url).header("secret_key", "wrong").form(&fields);
    assert_eq!(error_of(&answer(wrong).await), -14002);
    let in_form = world.http.post(&url).form(&[("secret_key", SECRET), ("app_id", APP_ID)]);
    assert_eq!(error_of(&answer(in_form).await), -14002);
    let other_app = call().form(&[("app_id", "36"), ("code", &code)]);
    assert_eq!(error_of(&answer(other_app).await), -14001);
    let json: serde_json::Map<_, _> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    assert_eq!(error_of(&answer(call().json(&json)).await), -14001, "a body of JSON is not read");
    let grant = call().form(&[("app_id", APP_ID), ("grant_type", "password")]);
    assert_eq!(error_of(&answer(grant).await), -14005);
    assert_eq!(world.http.get(&url).send().await.unwrap().status(), 405);
    assert!(answer(call().form(&fields)).await["access_token"].is_string(), "nothing was spent");
}

#[tokio::test]
async fn a_rotation_kills_both_old_tokens_at_once() {
    let world = World::start().await;
    let first = world.connect(ONE).await;
    let second = world.refresh(text(&first["refresh_token"])).await;
    assert_ne!(first["access_token"], second["access_token"]);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(error_of(&world.getoa(text(&first["access_token"])).await), -220);
    assert_eq!(error_of(&world.refresh(text(&first["refresh_token"])).await), -14014);
    assert_eq!(world.getoa(text(&second["access_token"])).await["error"], 0);
    let live = world.sim.live_pair(&oa(ONE)).unwrap();
    assert_eq!((live.generation, json!(live.refresh_token)), (2, second["refresh_token"].clone()));
    let counts = world.sim.token_counts(&oa(ONE));
    assert_eq!(counts, TokenCounts { exchanged: 1, refreshed: 1, refused: 1 });
    assert_eq!((world.sim.refreshes(&oa(ONE)), world.sim.refused_refreshes()), (1, 1));
}

#[tokio::test]
async fn of_two_refreshes_at_once_one_wins() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let token = text(&pair["refresh_token"]);
    let (left, right) = tokio::join!(world.refresh(token), world.refresh(token));
    let won = [&left, &right].iter().filter(|body| body["access_token"].is_string()).count();
    let lost = [&left, &right].iter().filter(|body| body["error"] == -14014).count();
    assert_eq!((won, lost), (1, 1));
}

#[tokio::test]
async fn an_access_token_lives_25_hours_and_a_refresh_token_90_days() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let access = text(&pair["access_token"]);
    world.clock.advance(Duration::from_secs(89_999));
    assert_eq!(world.getoa(access).await["error"], 0);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(error_of(&world.getoa(access).await), -220);
    world.clock.advance(Duration::from_secs(90 * 86_400 - 90_001));
    let next = world.refresh(text(&pair["refresh_token"])).await;
    assert!(next["access_token"].is_string(), "{next}");
    world.clock.advance(Duration::from_secs(90 * 86_400));
    assert_eq!(error_of(&world.refresh(text(&next["refresh_token"])).await), -14014);
}

#[tokio::test]
async fn a_new_authorisation_kills_the_earlier_pair_when_its_code_is_exchanged() {
    let world = World::start().await;
    let (first, neighbour) = (world.connect(THREE).await, world.connect(ONE).await);
    let url = permission_url(world.server.url());
    let by_another = Choice::allow(THREE).by("7770000000000000002");
    let again = world.sim.authorize(&url, &by_another).unwrap();
    assert_eq!(world.getoa(text(&first["access_token"])).await["error"], 0, "not yet");
    let second = world.exchange(again.field("code").unwrap()).await;
    assert_eq!(error_of(&world.getoa(text(&first["access_token"])).await), -220);
    assert_eq!(error_of(&world.refresh(text(&first["refresh_token"])).await), -14014);
    assert_eq!(world.getoa(text(&second["access_token"])).await["error"], 0);
    assert_eq!(world.getoa(text(&neighbour["access_token"])).await["error"], 0, "another account's");
}

#[tokio::test]
async fn the_kinds_of_tokens_are_not_mixed_up() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    assert_eq!(error_of(&world.getoa(text(&pair["refresh_token"])).await), -216);
    assert_eq!(error_of(&world.refresh(text(&pair["access_token"])).await), -14014);
    assert_eq!(error_of(&world.refresh("").await), -14014);
    assert_eq!(world.getoa(text(&pair["access_token"])).await["error"], 0);
}
