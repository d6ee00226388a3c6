//! What survives the process.

use super::*;

struct Stack {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
    clock: ManualClock,
    hook: Hook,
}

impl Stack {
    async fn place() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zalo.sqlite");
        let clock = ManualClock::new(Timestamp::from_millisecond(1_795_500_200_000).unwrap());
        Self { _folder: folder, path, clock, hook: Hook::start().await }
    }

    /// The world after a start; what ran before is as if killed.
    async fn start(&self) -> World {
        let seed = Seed::demo().redirect_uri(REDIRECT).webhook_url(&self.hook.url);
        let sim = Simulator::persistent(seed, self.clock.clock(), &self.path).unwrap();
        let server = sim.serve().await.unwrap();
        World { sim, clock: self.clock.clone(), server, http: client() }
    }
}

#[tokio::test]
async fn grants_codes_standings_and_deliveries_outlive_the_process() {
    let stack = Stack::place().await;
    let world = stack.start().await;
    let (pair, code) = (world.connect(ONE).await, world.code(THREE));
    world.sim.unverify(&oa(TWO)).unwrap();
    world.sim.send_text(&oa(ONE), "Chào").unwrap();
    world.sim.once(Fault::Token500);
    drop(world);
    let world = stack.start().await;
    assert!(world.sim.faults().is_empty());
    assert_eq!(world.sim.standing(&oa(TWO)), Standing::NotVerified);
    assert_eq!(world.getoa(text(&pair["access_token"])).await["error"], 0);
    assert_eq!(world.sim.deliver_due().await.delivered, 1);
    assert!(world.exchange(&code).await["access_token"].is_string());
    let next = world.refresh(text(&pair["refresh_token"])).await;
    drop(world);
    let world = stack.start().await;
    assert_eq!(world.refresh(text(&pair["refresh_token"])).await["error"], -14014);
    assert_eq!(world.exchange(&code).await["error"], -14010);
    assert_eq!(world.sim.token_counts(&oa(ONE)).refreshed, 1);
    assert_eq!(world.sim.deliver_due().await, Round::default());
    let newest = world.refresh(text(&next["refresh_token"])).await;
    assert!(newest["access_token"].is_string());
}

#[tokio::test]
async fn a_delivery_that_was_on_its_way_is_tried_again() {
    let stack = Stack::place().await;
    let world = stack.start().await;
    world.connect(ONE).await;
    world.sim.send_text(&oa(ONE), "Chào").unwrap();
    stack.hook.will_answer(200, Duration::from_millis(300));
    let sim = world.sim.clone();
    let sending = tokio::spawn(async move { sim.deliver_due().await });
    while stack.hook.received().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let killed = std::fs::read(&stack.path).unwrap();
    sending.await.unwrap();
    drop(world);
    std::fs::write(&stack.path, killed).unwrap();
    let world = stack.start().await;
    assert_eq!(world.sim.deliver_due().await.delivered, 1);
    assert_eq!(stack.hook.received().len(), 2);
}

#[tokio::test]
async fn a_reset_is_kept_and_no_token_comes_twice() {
    let stack = Stack::place().await;
    let world = stack.start().await;
    let before = world.connect(ONE).await;
    world.sim.reset();
    drop(world);
    let world = stack.start().await;
    assert!(world.sim.live_pair(&oa(ONE)).is_none());
    let after = world.connect(ONE).await;
    assert_ne!(before["access_token"], after["access_token"]);
    assert_eq!(world.getoa(text(&before["access_token"])).await["error"], -216);
}
