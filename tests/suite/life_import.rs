//! Importing a period of a shop's history.

use std::collections::BTreeSet;
use std::time::Duration;

use common::clock::Clock;
use common::import::{Answer, Wish, cancel_import, import_state, start_import};
use common::store::connections::reason;
use common::store::imports::{Import, ImportStatus};
use common::store::inbox::Status;
use connect_tests::haravan::{Buyer, Fault, OrderSpec};
use jiff::Timestamp;
use local::seed::ORG;

use crate::harness::World;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Orders that nobody was told of, placed over some days.
async fn history(world: &World, count: usize) -> BTreeSet<String> {
    world.haravan().always(Fault::Dropped { percent: 100 });
    let spec = || OrderSpec { buyer: Buyer::WalkIn, ..OrderSpec::default() }.quietly();
    let mut codes = BTreeSet::new();
    for _ in 0..count {
        codes.insert(format!("HRV-{}", world.haravan().create_order(spec()).unwrap()));
        world.clock.advance(MINUTE);
    }
    world.haravan().clear_faults();
    world.clock.advance(DAY);
    // Long after that the shop is connected; its reconciliation has nothing to do with what was before.
    world.install(30 * DAY, true).await;
    world.visits_after(MINUTE).await;
    assert_eq!(world.events().await.len(), 0);
    codes
}

fn everything(world: &World) -> Wish {
    Wish { from: Timestamp::UNIX_EPOCH, to: world.clock.now(), orders: true, customers: true, by: None }
}

async fn start(world: &World, wish: Wish) -> Answer {
    start_import(&world.stack.store, &world.tenant(), ORG, wish, world.clock.now()).await.unwrap()
}

async fn state(world: &World) -> Import {
    import_state(&world.stack.store, &world.tenant(), ORG).await.unwrap().unwrap()
}

async fn run_to_its_end(world: &World) -> Import {
    for _ in 0..200 {
        world.visits_after(MINUTE + MINUTE).await;
        let import = state(world).await;
        if import.status != ImportStatus::Running {
            return import;
        }
    }
    panic!("{:?}", state(world).await);
}

#[tokio::test]
async fn an_import_of_five_thousand_orders_with_interruptions_loses_and_doubles_nothing() {
    let world = World::start().await;
    // What becomes of events in the CRM is the other tests' matter.
    world.pause_pumps();
    let codes = history(&world, 5000).await;
    assert_eq!(start(&world, everything(&world)).await, Answer::Begun);
    let mut cut_off = 0;
    for run in 0..200 {
        world.clock.advance(MINUTE + MINUTE);
        let work = upkeep::due::visit_due(&world.stack.upkeep);
        // Every other run is cut off anywhere, as by a crash: between any two calls to Haravan or to the store.
        let patience = Duration::from_millis(fastrand::u64(20..2000));
        if run % 2 == 0 {
            cut_off += usize::from(tokio::time::timeout(patience, work).await.is_err());
        } else {
            work.await.unwrap();
        }
        if state(&world).await.status != ImportStatus::Running {
            break;
        }
    }
    assert!(cut_off > 2, "only {cut_off} interruptions");
    let import = state(&world).await;
    assert_eq!((import.status, import.total), (ImportStatus::Done, Some(5000)));
    assert_eq!((import.counts.seen, import.counts.stored + import.counts.skipped), (5000, 5000));
    let events = world.events().await;
    let stored: BTreeSet<String> =
        events.iter().map(|event| format!("HRV-{}", event.key.id().unwrap())).collect();
    assert_eq!((events.len(), stored == codes), (5000, true));
}

#[tokio::test]
async fn an_import_brings_everything_of_its_period_into_the_crm_once() {
    let world = World::start().await;
    let codes = history(&world, 120).await;
    assert_eq!(start(&world, everything(&world)).await, Answer::Begun);
    let import = run_to_its_end(&world).await;
    assert_eq!((import.status, import.counts.seen, import.counts.stored), (ImportStatus::Done, 120, 120));
    world.work_until_done().await;
    let orders = world.getfly().orders();
    assert_eq!(orders.len(), 120);
    assert_eq!(orders.into_iter().map(|order| order.order_code).collect::<BTreeSet<_>>(), codes);

    // Once more: everything is known.
    assert_eq!(start(&world, everything(&world)).await, Answer::Begun);
    let import = run_to_its_end(&world).await;
    assert_eq!((import.counts.seen, import.counts.stored, import.counts.skipped), (120, 0, 120));
    assert_eq!(world.count(Status::Done).await, 120);
}

#[tokio::test]
async fn an_import_keeps_to_its_period_to_the_second() {
    let world = World::start().await;
    let began = world.clock.now();
    history(&world, 60).await;
    let wish = Wish { from: began + 10 * MINUTE, to: began + 20 * MINUTE, ..everything(&world) };
    start(&world, wish).await;
    let import = run_to_its_end(&world).await;
    assert_eq!((import.status, import.counts.stored), (ImportStatus::Done, 10));
}

#[tokio::test]
async fn a_step_stores_half_of_what_the_crm_takes_until_the_next() {
    let world = World::start().await;
    world.pause_pumps();
    history(&world, 100).await;
    world.settings(|settings| settings.writes_per_second = 1.0).await;
    start(&world, everything(&world)).await;
    for step in 1..=3 {
        world.visits_after(MINUTE + MINUTE).await;
        assert_eq!(state(&world).await.counts.stored, 15 * step);
        assert_eq!(world.events().await.len(), usize::try_from(15 * step).unwrap());
    }
    // A CRM that is left alone for a while gets nothing more to do.
    let pause = Some(20 * MINUTE);
    world.stack.store.pace.failed(&world.tenant(), pause, world.clock.now()).await.unwrap();
    world.visits_after(MINUTE + MINUTE).await;
    assert_eq!(state(&world).await.counts.stored, 45);
    assert_eq!(state(&world).await.status, ImportStatus::Running);
}

#[tokio::test]
async fn an_import_can_be_stopped_and_only_one_runs_at_a_time() {
    let world = World::start().await;
    world.pause_pumps();
    history(&world, 100).await;
    world.settings(|settings| settings.writes_per_second = 1.0).await;
    let (store, tenant) = (&world.stack.store, world.tenant());
    assert!(!cancel_import(store, &tenant, ORG, world.clock.now()).await.unwrap());
    assert_eq!(start(&world, everything(&world)).await, Answer::Begun);
    assert_eq!(start(&world, everything(&world)).await, Answer::Running);
    world.visits_after(MINUTE + MINUTE).await;
    assert!(cancel_import(store, &tenant, ORG, world.clock.now()).await.unwrap());
    world.visits_after(DAY).await;
    let import = state(&world).await;
    assert_eq!((import.status, import.counts.stored), (ImportStatus::Cancelled, 15));
    assert_eq!(world.events().await.len(), 15, "what was stored stays");
    assert_eq!(start(&world, everything(&world)).await, Answer::Begun);
}

#[tokio::test]
async fn an_import_ends_with_its_shop_and_needs_one_to_begin() {
    let world = World::start().await;
    world.pause_pumps();
    history(&world, 30).await;
    let nothing = Wish { orders: false, customers: false, ..everything(&world) };
    assert_eq!(start(&world, nothing).await, Answer::Nothing);
    let empty = Wish { from: world.clock.now(), ..everything(&world) };
    assert_eq!(start(&world, empty).await, Answer::Nothing);
    assert_eq!(start(&world, everything(&world)).await, Answer::Begun);
    world.disconnect().await;
    world.visits_after(MINUTE).await;
    let import = state(&world).await;
    assert_eq!((import.status, import.reason.as_deref()), (ImportStatus::Failed, Some("shop_disconnected")));
    assert_eq!(world.events().await.len(), 0);
    assert_eq!(start(&world, everything(&world)).await, Answer::NotConnected);
    assert_eq!(world.shop().await.reason.as_deref(), Some(reason::BY_ADMIN));
}
