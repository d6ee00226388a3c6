//! `getoa`, and what stands in its way.

use super::*;

#[tokio::test]
async fn the_token_goes_in_its_own_header() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let access = text(&pair["access_token"]);
    let url = format!("{}/v2.0/oa/getoa", world.server.url());
    assert_eq!(answer(world.http.get(&url).bearer_auth(access)).await["error"], -216);
    assert_eq!(answer(world.http.get(format!("{url}?access_token={access}"))).await["error"], -216);
    assert_eq!(world.getoa("never given").await["error"], -216);
    assert_eq!(world.getoa(access).await["data"]["oa_id"], ONE);
}

#[tokio::test]
async fn the_pictures_it_names_are_served() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let profile = world.getoa(text(&pair["access_token"])).await;
    for picture in ["avatar", "cover"] {
        let response = world.http.get(text(&profile["data"][picture])).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "image/svg+xml");
        assert!(response.text().await.unwrap().starts_with("<svg"));
    }
    world.sim.set_public_url("https://stack.example.test/sim/zalo/");
    let profile = world.getoa(text(&pair["access_token"])).await;
    let expected = format!("https://stack.example.test/sim/zalo/oa/{ONE}/avatar.svg");
    assert_eq!(profile["data"]["avatar"], expected);
}

#[tokio::test]
async fn a_proof_is_asked_for_only_when_the_app_says_so() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let access = text(&pair["access_token"]);
    let with = |proof: &str| answer(world.reading(access).header("appsecret_proof", proof));
    assert_eq!(with("anything").await["error"], 0);
    world.sim.change_settings(|settings| settings.require_appsecret_proof = true);
    assert_eq!(world.getoa(access).await["error"], -242);
    assert_eq!(with("anything").await["error"], -242);
    assert_eq!(with(&appsecret_proof(SECRET, access)).await["error"], 0);
}

#[tokio::test]
async fn calls_are_counted_in_clock_minutes_and_every_answer_says_how_many_are_left() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let access = text(&pair["access_token"]);
    world.sim.change_settings(|settings| settings.calls_per_minute = 2);
    let call = async |token: &str| {
        let response = world.reading(token).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let headers = (header("x-ratelimit-limit"), header("x-ratelimit-remain"));
        (headers.0, headers.1, response.json::<Value>().await.unwrap()["error"].as_i64().unwrap())
    };
    assert_eq!(call(access).await, ("2".to_owned(), "1".to_owned(), 0));
    assert_eq!(call("never given").await, ("2".to_owned(), "0".to_owned(), -216));
    assert_eq!(call(access).await, ("2".to_owned(), "0".to_owned(), -32));
    let into_minute = u64::try_from(world.clock.now().as_second().rem_euclid(60)).unwrap();
    world.clock.advance(Duration::from_secs(59 - into_minute));
    assert_eq!(call(access).await.2, -32);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(call(access).await, ("2".to_owned(), "1".to_owned(), 0));
}

#[tokio::test]
async fn an_admin_who_removes_the_app_ends_the_grant_until_the_account_authorises_again() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let pending = world.code(ONE);
    world.sim.remove_app(&oa(ONE)).unwrap();
    assert_eq!(world.getoa(text(&pair["access_token"])).await["error"], -219);
    assert_eq!(world.refresh(text(&pair["refresh_token"])).await["error"], -14014);
    assert_eq!(world.exchange(&pending).await["error"], -14010);
    assert!(world.sim.live_pair(&oa(ONE)).is_none());
    let again = world.connect(ONE).await;
    assert_eq!(world.sim.standing(&oa(ONE)), Standing::Fine);
    assert_eq!(world.getoa(text(&again["access_token"])).await["error"], 0);
    assert_eq!(world.getoa(text(&pair["access_token"])).await["error"], -220);
}

#[tokio::test]
async fn lasting_troubles_of_an_account_have_their_codes() {
    let world = World::start().await;
    let mut pair = world.connect(ONE).await;
    let troubles = [
        (Standing::Deleted, -204, false),
        (Standing::NotFound, -205, false),
        (Standing::NotVerified, -221, true),
        (Standing::ScopeWithdrawn, -223, true),
        (Standing::PackageTooLow, -224, true),
    ];
    for (standing, code, refreshes) in troubles {
        world.sim.set_standing(&oa(ONE), standing).unwrap();
        assert_eq!(world.getoa(text(&pair["access_token"])).await["error"], code);
        let next = world.refresh(text(&pair["refresh_token"])).await;
        assert_eq!(next["access_token"].is_string(), refreshes, "{standing:?}: {next}");
        if refreshes {
            pair = next;
        }
    }
    world.sim.set_standing(&oa(ONE), Standing::ScopeWithdrawn).unwrap();
    let pair = world.connect(ONE).await;
    assert_eq!(world.getoa(text(&pair["access_token"])).await["error"], 0, "authorising grants it again");
    world.sim.unverify(&oa(ONE)).unwrap();
    world.sim.set_standing(&oa(ONE), Standing::Fine).unwrap();
    assert_eq!(world.getoa(text(&pair["access_token"])).await["data"]["is_verified"], false);
    assert!(world.sim.delete_oa(&oa("9")).is_err());
}
