//! What outlives the process.

use super::*;

#[tokio::test]
async fn grants_tokens_roles_subscriptions_and_deliveries_survive_and_values_do_not_repeat() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("facebook.sqlite");
    let clock = ManualClock::new("2026-11-22T03:25:41Z".parse::<Timestamp>().unwrap());
    let open = || {
        let sim = Simulator::persistent(Seed::demo(), clock.clock(), &path).unwrap();
        sim.app_mut(|app| app.deauthorize_url = Some("http://127.0.0.1:9/never".to_owned()));
        sim
    };
    let before = open();
    let token = before.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    before.set_role(SELLER, EDITOR_PAGE, None).unwrap();
    before.user_token(BUSY).unwrap();
    before.remove_app(BUSY).unwrap();
    let (grant, live, deliveries) = (before.grant(SELLER), before.live_tokens(), before.deliveries());
    drop(before);

    let after = open();
    assert_eq!(after.grant(SELLER), grant);
    assert_eq!(after.live_tokens(), live);
    assert!(live.iter().any(|one| one.value == token));
    assert_eq!(after.deliveries(), deliveries);
    assert!(!after.person(SELLER).unwrap().roles.contains_key(&EDITOR_PAGE));
    let next = after.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    assert!(live.iter().all(|one| one.value != next));
    after.reset();
    drop(after);
    assert!(open().live_tokens().is_empty());
}
