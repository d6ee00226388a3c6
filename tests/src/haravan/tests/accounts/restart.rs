//! The accounts server on file.

use super::*;

#[tokio::test]
async fn codes_tokens_sessions_and_the_signing_key_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("haravan");
    let clock = ManualClock::new("2026-06-12T03:25:41.127Z".parse::<Timestamp>().unwrap());
    let open = || Simulator::persistent(Seed::demo(), clock.clock(), &path).unwrap();
    let first = Client::of(open(), clock.clone()).await;
    first.sim.rotate_keys().unwrap();
    let tokens = first.tokens(INSTALL).await;
    let pending = first.authorize(OWNER, INSTALL);
    let sessions = first.sim.state().accounts.sessions.len();
    let jwks = first.jwks().await;
    let second = Client::of(open(), clock.clone()).await;
    assert_eq!(second.jwks().await, jwks);
    assert_eq!(second.sim.state().accounts.sessions.len(), sessions);
    assert_eq!(second.get("/com/shop.json", &tokens["access_token"]).await.0, 200);
    assert_eq!(second.redeem(pending.field("code").unwrap(), DEMO_REDIRECT_URIS[1]).await.0, 200);
    let (status, refreshed) = second.refresh(&tokens["refresh_token"]).await;
    assert_eq!(status, 200);
    assert!(second.verified(refreshed["id_token"].as_str().unwrap()).await.is_ok());
    let third = Client::of(open(), clock.clone()).await;
    assert_eq!(third.redeem(pending.field("code").unwrap(), DEMO_REDIRECT_URIS[1]).await.0, 400);
    assert_eq!(third.refresh(&tokens["refresh_token"]).await.0, 400, "the rotation holds");
    clock.advance(Duration::from_secs(315_360_000));
    assert_eq!(third.get("/com/shop.json", &tokens["access_token"]).await.0, 401);
    third.sim.reset();
    let fourth = Client::of(open(), clock.clone()).await;
    assert_eq!(fourth.jwks().await, jwks, "a reset keeps the key");
    assert_eq!(fourth.refresh(&refreshed["refresh_token"]).await.0, 400);
}
