use std::time::Duration;

use common::clock::Clock;
use common::seal::keys::SETTLED_AFTER;
use common::seal::keys::{RING_FRESH, RING_SEALS};
use common::seal::{Place, SealError, SecretSource, key_of};
use common::store::inbox::Status;
use common::store::sealed::Holder;
use common::tenant::Directory;
use connect_tests::haravan::OrderSpec;
use connect_tests::haravan::generate::Generator;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::harness::World;

const ORDERS: usize = 60;

impl World {
    /// The keys that something is sealed with, each once.
    async fn keys_in_use(&self) -> Vec<String> {
        let items = self.stack.store.sealed.all().await.unwrap();
        let blobs = items.iter().flat_map(|item| &item.blobs);
        let mut keys: Vec<String> = blobs.map(|(_, blob)| key_of(blob).unwrap().to_owned()).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// Places orders one after the other; after every tenth so much time goes by and upkeep looks after the shop, whose
    /// tokens live for half an hour.
    async fn live_load(&self, seed: u64, pause: Duration) {
        let mut generator = Generator::new(seed);
        for number in 0..ORDERS {
            let body = generator.order_text(self.clock.now(), &OrderSpec::default());
            assert_eq!(self.post("orders/create", body.as_bytes()).await, 200);
            if number % 10 == 9 {
                self.visits_after(pause).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_under_live_load_fails_no_event_and_leaves_the_old_key_unused() {
    let world = World::start().await;
    world.install(Duration::from_secs(1800), true).await;
    let operate = async {
        let rotated = world.operate(&["--json", "keys", "rotate"]).await.json();
        assert_eq!(rotated["active"], "k2");
        for _ in 0..5 {
            let resealed = world.operate(&["--json", "keys", "reseal"]).await.json();
            assert_eq!(resealed["broken"], json!([]));
        }
    };
    tokio::join!(world.live_load(1, Duration::from_secs(200)), operate);
    world.operate(&["keys", "drop", "k1", "--yes"]).await.fails_saying("may still be sealing");
    world.clock.advance(SETTLED_AFTER);
    tokio::join!(world.live_load(2, Duration::from_secs(600)), async {
        assert_eq!(world.operate(&["keys", "reseal"]).await.code, 0);
        let dropped = world.operate(&["--json", "keys", "drop", "k1", "--yes"]).await.json();
        assert_eq!(dropped["keys"], json!(["k2"]));
    });
    world.live_load(3, Duration::from_secs(600)).await;
    world.work_until_done().await;

    assert_eq!(world.keys_in_use().await, ["k2"]);
    assert!(world.refreshes() > 3, "tokens were refreshed meanwhile: {}", world.refreshes());
    assert_eq!((world.count(Status::Done).await, world.count(Status::Parked).await), (3 * ORDERS, 0));
    assert_eq!(world.getfly().orders().len(), 3 * ORDERS);
    assert!(world.events().await.iter().all(|event| {
        event.history.iter().all(|step| step.reason.as_deref() != Some("secrets_do_not_open"))
    }));
    let doctor = world.operate(&["doctor"]).await;
    assert!(!doctor.out.contains("sealed.") && !doctor.out.contains("key_ring."), "{doctor:?}");
}

#[tokio::test]
async fn a_key_that_is_needed_is_not_dropped() {
    let world = World::start().await;
    world.operate(&["keys", "drop", "k1", "--yes"]).await.fails_saying("is the key that seals");
    world.operate(&["keys", "drop", "k7", "--yes"]).await.fails_saying("no key k7");
    assert_eq!(world.operate(&["keys", "rotate"]).await.code, 0);
    world.clock.advance(SETTLED_AFTER);
    world.operate(&["keys", "drop", "k1", "--yes"]).await.fails_saying("run `keys reseal` first");
    let shown = world.operate(&["--json", "keys", "show"]).await.json();
    assert_eq!(shown["keys"][0]["state"], "old");
    assert!(shown["keys"][0]["sealed"].as_u64().unwrap() >= 4, "{shown}");
    let resealed = world.operate(&["keys", "reseal"]).await;
    assert!(resealed.err.contains("looked at"), "progress is told: {resealed:?}");
    // A second run has nothing left to do.
    assert_eq!(world.operate(&["--json", "keys", "reseal"]).await.json()["resealed"], 0);
    world.operate(&["keys", "drop", "k1"]).await.fails_saying("--yes");
    assert_eq!(world.operate(&["keys", "drop", "k1", "--yes"]).await.code, 0);
    // What the functions have in their caches is of no importance any more.
    world.clock.advance(common::tenant::FRESH);
    let event = world.carry("orders/create", &crate::verbs::paid_order()).await;
    assert_eq!(event.status, Status::Done, "{event:?}");
}

#[tokio::test]
async fn a_function_with_an_older_ring_opens_the_new_key_at_once_and_seals_with_it_within_minutes() {
    let world = World::start().await;
    let function = || {
        let store = world.stack.store.clone();
        Directory::new(store, world.stack.key_ring.clone(), world.clock.clone())
    };
    let (here, secret) = (Place { key: "tenants/hat-mam", field: "crm_key" }, SecretString::from("s3cret"));
    let sealed_with = async |function: &Directory| {
        let blob = function.seal(here, &secret).await.unwrap();
        key_of(&blob).unwrap().to_owned()
    };
    let (older, reader) = (function(), function());
    assert_eq!((sealed_with(&older).await, sealed_with(&reader).await), ("k1".into(), "k1".into()));
    assert_eq!(world.operate(&["keys", "rotate"]).await.code, 0);

    let new = function().seal(here, &secret).await.unwrap();
    assert_eq!(key_of(&new), Some("k2"));
    assert_eq!(reader.unseal(here, &new).await.unwrap().expose_secret(), "s3cret");
    assert_eq!(sealed_with(&reader).await, "k2", "it has read the ring anew");
    assert_eq!(sealed_with(&older).await, "k1");
    world.clock.advance(RING_FRESH);
    assert_eq!(sealed_with(&older).await, "k2");
}

#[tokio::test]
async fn tokens_that_were_refreshed_meanwhile_are_not_put_back() {
    let world = World::start().await;
    let shop = world.install(Duration::from_secs(1800), true).await;
    let store = &world.stack.store;
    let items = store.sealed.all().await.unwrap();
    let read = items.into_iter().find(|item| matches!(item.holder, Holder::Connection(..))).unwrap();
    let mut refreshed = shop.tokens.clone().unwrap();
    refreshed.refresh = Some(vec![7; 40]);
    assert!(
        store
            .connections
            .rotate(&shop.this(), shop.token_version, &refreshed, world.clock.now())
            .await
            .unwrap()
    );
    let older: Vec<Vec<u8>> = read.blobs.iter().map(|(_, blob)| blob.clone()).collect();
    assert!(!store.sealed.replace(&read, &older).await.unwrap());
    assert_eq!(world.shop().await.tokens.unwrap().refresh, refreshed.refresh);

    // What is sealed anew keeps its version, so that a refresh under way is stored.
    let read = store.sealed.get(&read.holder).await.unwrap().unwrap();
    let version = world.shop().await.token_version;
    assert!(
        store
            .sealed
            .replace(&read, &read.blobs.iter().map(|(_, blob)| blob.clone()).collect::<Vec<_>>())
            .await
            .unwrap()
    );
    assert_eq!(world.shop().await.token_version, version);
}

#[tokio::test]
async fn a_record_that_was_changed_meanwhile_is_not_put_back() {
    let world = World::start().await;
    let store = &world.stack.store;
    let before = store.tenants.get(&world.tenant()).await.unwrap().unwrap();
    assert_eq!(world.operate(&["keys", "rotate"]).await.code, 0);
    assert_eq!(world.operate(&["keys", "reseal"]).await.code, 0);
    assert!(!store.tenants.put(&before).await.unwrap(), "an older record does not undo the resealing");
    assert_eq!(world.keys_in_use().await, ["k2"]);
}

/// Where a stack's key ring lies.
fn ring_file(world: &World) -> std::path::PathBuf {
    let SecretSource::File(path) = world.stack.key_ring.clone() else { panic!("a file") };
    path
}

#[tokio::test]
async fn a_function_that_cannot_read_the_ring_anew_goes_on_opening_and_stops_sealing() {
    let world = World::start().await;
    let directory = &world.stack.upkeep.directory;
    let (here, secret) = (Place { key: "tenants/hat-mam", field: "crm_key" }, SecretString::from("s3cret"));
    let blob = directory.seal(here, &secret).await.unwrap();
    world.place(OrderSpec::default()).await;
    let text = std::fs::read(ring_file(&world)).unwrap();
    std::fs::remove_file(ring_file(&world)).unwrap();

    world.clock.advance(RING_SEALS - Duration::from_secs(1));
    assert!(directory.seal(here, &secret).await.is_ok(), "a copy at hand is good for a while");
    world.clock.advance(Duration::from_secs(1));
    let error = directory.seal(here, &secret).await.unwrap_err();
    assert!(matches!(error, SealError::Stale(10)), "{error}");
    assert!(error.to_string().contains("could not be read for 10 minutes"), "{error}");
    assert_eq!(directory.unseal(here, &blob).await.unwrap().expose_secret(), "s3cret");
    // Orders need nothing sealed.
    let event = world.carry("orders/create", &crate::verbs::paid_order()).await;
    assert_eq!(event.status, Status::Done, "{event:?}");

    std::fs::write(ring_file(&world), text).unwrap();
    assert!(directory.seal(here, &secret).await.is_ok(), "it is read again as soon as that can be done");
    // Nobody seals with an older copy when `keys drop` begins to allow it: invocation and log-in included.
    assert!(RING_FRESH < RING_SEALS && RING_SEALS + Duration::from_secs(12 * 60) < SETTLED_AFTER);
}

#[tokio::test]
async fn a_refresh_token_is_not_spent_while_nothing_can_be_sealed() {
    let world = World::start().await;
    let shop = world.install(Duration::from_secs(7200), true).await;
    let text = std::fs::read(ring_file(&world)).unwrap();
    std::fs::remove_file(ring_file(&world)).unwrap();
    world.visits_after(Duration::from_secs(4500)).await;
    world.visits_after(Duration::from_secs(60)).await;
    let now = world.shop().await;
    assert_eq!((world.refreshes(), now.token_version, now.refresh_started), (0, shop.token_version, None));
    std::fs::write(ring_file(&world), text).unwrap();
    world.visits_after(Duration::from_secs(300)).await;
    assert_eq!((world.refreshes(), world.shop().await.token_version), (1, shop.token_version + 1));
}
