//! What can be made to go wrong.

use super::*;

#[tokio::test]
async fn an_answer_lost_after_the_rotation_loses_the_pair() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let refresh = text(&pair["refresh_token"]);
    world.sim.switch(Switch::next(Fault::TokenLostAfterCommit, 1).on("refresh_token"));
    let whole = async { world.refreshing(refresh).send().await?.text().await };
    assert!(whole.await.is_err(), "the connection breaks before the answer is whole");
    assert_eq!(world.refresh(refresh).await["error"], -14014);
    assert_eq!(world.sim.live_pair(&oa(ONE)).unwrap().generation, 2);
    assert_eq!(world.sim.refreshes(&oa(ONE)), 1);
}

#[tokio::test]
async fn errors_before_the_rotation_leave_the_pair_alone() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let refresh = text(&pair["refresh_token"]);
    let faults = [(Fault::Token500, 500), (Fault::Token502Html { committed: false }, 502)];
    for (fault, status) in faults {
        world.sim.once(fault);
        let response = world.refreshing(refresh).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert!(serde_json::from_str::<Value>(&response.text().await.unwrap()).is_err());
    }
    world.sim.once(Fault::TokenError { code: -14014 });
    assert_eq!(world.refresh(refresh).await["error"], -14014);
    assert_eq!(world.sim.refused_refreshes(), 0);
    assert!(world.refresh(refresh).await["access_token"].is_string());
}

#[tokio::test]
async fn a_gateway_can_fail_after_the_rotation_too() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let refresh = text(&pair["refresh_token"]);
    world.sim.once(Fault::Token502Html { committed: true });
    assert_eq!(world.refreshing(refresh).send().await.unwrap().status(), 502);
    assert_eq!(world.refresh(refresh).await["error"], -14014);
}

#[tokio::test]
async fn a_slow_token_endpoint_acts_before_or_after_the_wait() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let refresh = text(&pair["refresh_token"]);
    let impatient = || world.refreshing(refresh).timeout(Duration::from_millis(60)).send();
    world.sim.once(Fault::TokenSlow { millis: 250, committed: false });
    assert!(impatient().await.unwrap_err().is_timeout());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.sim.refreshes(&oa(ONE)), 0, "nobody waited for it");
    world.sim.once(Fault::TokenSlow { millis: 250, committed: true });
    assert!(impatient().await.unwrap_err().is_timeout());
    assert_eq!(world.sim.refreshes(&oa(ONE)), 1);
}

#[tokio::test]
async fn an_answer_can_lack_its_refresh_token() {
    let world = World::start().await;
    world.sim.once(Fault::TokenNoRefreshToken);
    let pair = world.connect(ONE).await;
    assert!(pair["access_token"].is_string() && pair.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_counted_fault_is_used_up_and_waits_for_its_grant_type() {
    let world = World::start().await;
    world.sim.switch(Switch::next(Fault::Token500, 2).on("refresh_token"));
    let pair = world.connect(ONE).await;
    let refresh = text(&pair["refresh_token"]);
    for expected in [500, 500, 200] {
        assert_eq!(world.refreshing(refresh).send().await.unwrap().status(), expected);
    }
    assert!(world.sim.faults().is_empty());
    world.sim.always(Fault::Token500);
    assert_eq!(world.refreshing(refresh).send().await.unwrap().status(), 500);
    world.sim.clear_faults();
    assert_eq!(world.refreshing(refresh).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_profile_can_fail_too() {
    let world = World::start().await;
    let pair = world.connect(ONE).await;
    let access = text(&pair["access_token"]);
    for (fault, status) in [(Fault::Api500, 500), (Fault::Api502Html, 502)] {
        world.sim.once(fault);
        let response = world.reading(access).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert!(response.headers().contains_key("x-ratelimit-remain"));
    }
    world.sim.once(Fault::ApiError { code: -32 });
    world.sim.once(Fault::ApiAppLimit);
    world.sim.once(Fault::ApiOaLimit);
    assert_eq!(world.getoa(access).await["error"], -32);
    assert_eq!(world.getoa(access).await["message"], "Your application reached limit call api");
    assert_eq!(world.getoa(access).await["message"], "Your OA reached limit call api");
    world.sim.once(Fault::ApiSlow { millis: 200 });
    assert!(world.reading(access).timeout(Duration::from_millis(40)).send().await.is_err());
    assert_eq!(world.getoa(access).await["error"], 0);
    world.sim.expire_access_token(&oa(ONE)).unwrap();
    assert_eq!(world.getoa(access).await["error"], -220);
}

#[tokio::test]
async fn the_way_back_to_the_app_can_be_bent() {
    let world = World::start().await;
    let url = permission_url(world.server.url());
    let visit = || world.sim.authorize(&url, &Choice::allow(ONE)).unwrap();
    world.sim.once(Fault::PermissionRefused);
    assert!(visit().field("code").is_none());
    world.sim.once(Fault::CallbackNoState);
    assert!(visit().field("state").is_none());
    world.sim.once(Fault::CallbackOtherOa);
    let bent = visit();
    assert_ne!(bent.field("oa_id"), Some(ONE));
    let pair = world.exchange(bent.field("code").unwrap()).await;
    assert_eq!(world.getoa(text(&pair["access_token"])).await["data"]["oa_id"], ONE);
    world.sim.once(Fault::CallbackTwice);
    assert!(matches!(visit(), Answer::Redirect { times: 2, .. }));
    assert!(matches!(visit(), Answer::Redirect { times: 1, .. }));
}

#[tokio::test]
async fn a_browser_can_be_made_to_open_the_callback_twice() {
    let world = World::start().await;
    let url = permission_url(world.server.url());
    let login = world.http.post(&url).form(&[("admin", HA)]).send().await.unwrap();
    let cookie = login.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    world.sim.once(Fault::CallbackTwice);
    let allow = [("oa_id", ONE), ("consent", "yes"), ("decision", "allow")];
    let page = world.http.post(&url).header("cookie", cookie).form(&allow).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains(&format!("<img src=\"{REDIRECT}?oa_id={ONE}&amp;code=ZSIMCODE")), "{page}");
    assert!(page.contains(&format!("content=\"1;url={REDIRECT}?oa_id={ONE}&amp;code=ZSIMCODE")));
}

#[test]
fn switches_have_a_json_form() {
    let switch: Switch = serde_json::from_str(
        r#"{"fault":{"token_slow":{"millis":9}},"times":1,"grant_type":"refresh_token"}"#,
    )
    .unwrap();
    let expected = Switch::next(Fault::TokenSlow { millis: 9, committed: false }, 1).on("refresh_token");
    assert_eq!(switch, expected);
    let html: Switch = serde_json::from_str(r#"{"fault":{"token_502_html":{}}}"#).unwrap();
    assert_eq!(html, Switch::standing(Fault::Token502Html { committed: false }));
    assert_eq!(serde_json::to_string(&Fault::Token500).unwrap(), "\"token_500\"");
}
