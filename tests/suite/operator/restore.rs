//! Tables lost and brought back from an export go on without loss and without doubling, whatever happened in between and
//! though not all of them may be of one instant.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType, TimeToLiveSpecification};
use common::clock::Clock;
use common::haravan::webhook::{Entity, Topic};
use common::store::connections::{ConnectionStatus, reason};
use common::store::inbox::{Event, GRACE, Status};
use common::store::schema::TABLES;
use connect_tests::getfly::{Fault, OrderDupMode};
use connect_tests::haravan::{Buyer, CustomerId, CustomerSpec, OrderChange, OrderId, OrderSpec};
use local::embedded::definition;
use local::options::Options;
use local::pump;
use local::stack::pumps;
use serde_json::{Value, json};

use crate::harness::World;
use crate::pages_life::{HOUR, Life};
use crate::verbs::CREATE_ORDER;

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(16 * 60);

/// A stack before a CRM that would not notice an order that comes twice.
async fn world() -> World {
    let world = World::start().await;
    world.getfly().settings_mut(|settings| settings.order_dup_mode = OrderDupMode::CreateSecond);
    world.visits_after(MINUTE).await;
    world
}

impl World {
    /// An order on the shop, announced by `orders/create` alone.
    fn sells(&self, buyer: Buyer) -> OrderId {
        self.haravan().create_order(OrderSpec { buyer, ..OrderSpec::default() }.quietly()).unwrap()
    }

    fn registers(&self, number: u32) -> CustomerId {
        let person =
            CustomerSpec::person("Trần", &format!("Khách {number}"), &format!("09010{number:05}"), "");
        self.haravan().create_customer(person).unwrap()
    }

    /// An order that the CRM does not take at first: it waits.
    async fn sells_while_the_crm_is_down(&self) -> OrderId {
        self.getfly().push_fault(CREATE_ORDER, Fault::Status(503));
        let id = self.sells(Buyer::New);
        self.haravan().deliver_due().await;
        self.settle().await;
        assert_eq!(self.event_of(Topic::OrderCreate, id.0).await.status, Status::Waiting);
        id
    }

    async fn export(&self, to: &Path) {
        let said = self.operate(&["tables", "export", "--to", to.to_str().unwrap()]).await;
        assert_eq!(said.code, 0, "{said:?}");
    }

    /// Empties the tables and brings the export back into them.
    async fn restore(&self, from: &Path) -> PathBuf {
        let keep = from.with_extension("before");
        let said = self
            .operate(&[
                "tables",
                "import",
                "--yes",
                "--from",
                from.to_str().unwrap(),
                "--replacing",
                keep.to_str().unwrap(),
            ])
            .await;
        assert_eq!(said.code, 0, "{said:?}");
        self.clock.advance(common::tenant::FRESH);
        keep
    }

    async fn reread(&self, since: &str) {
        let said = self.operate(&["--json", "connections", "reread", "--since", since]).await.json();
        assert_eq!(said["shops"].as_array().unwrap().len(), 1);
    }

    /// Upkeep's visits until all lists are read, and all work that they bring.
    async fn goes_on(&self) {
        for _ in 0..3 {
            self.visits_after(MINUTE).await;
        }
        self.work_until_done().await;
    }

    /// That the CRM has these orders, each once, and each customer once.
    #[track_caller]
    fn assert_each_once(&self, orders: &[OrderId], accounts: usize) {
        let mut there: Vec<String> =
            self.getfly().orders().into_iter().map(|order| order.order_code).collect();
        let mut wanted: Vec<String> = orders.iter().map(|id| format!("HRV-{}", id.0)).collect();
        there.sort();
        wanted.sort();
        assert_eq!(there, wanted);
        let all = self.getfly().accounts();
        let codes: BTreeSet<&str> = all.iter().map(|account| account.account_code.as_str()).collect();
        assert_eq!((all.len(), codes.len()), (accounts, accounts));
    }
}

fn ids(events: &[Event], entity: Entity) -> BTreeSet<i64> {
    events.iter().filter(|event| event.topic.entity() == entity).filter_map(|event| event.key.id()).collect()
}

/// Tables as point-in-time recovery gives them: keys and indexes, no stream, no expiry.
async fn lost_and_made_anew(world: &World) {
    let client = world.stack.embedded.client();
    for table in &TABLES {
        client.delete_table().table_name(table.name).send().await.unwrap();
        let mut made = definition(table);
        made.as_object_mut().unwrap().remove("StreamSpecification");
        world.stack.embedded.db.create_table(serde_json::from_value(made).unwrap()).unwrap();
    }
}

/// The sequence number of the last record in the inbox's stream.
fn end_of_stream(world: &World) -> String {
    let (db, arn) = (&world.stack.embedded.db, world.stack.embedded.stream_arn("inbox").unwrap());
    let stream = db.describe_stream(serde_json::from_value(json!({"StreamArn": arn})).unwrap()).unwrap();
    let stream = serde_json::to_value(stream).unwrap();
    let shard = &stream["StreamDescription"]["Shards"][0]["ShardId"];
    let begin = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
    let begin = db.get_shard_iterator(serde_json::from_value(begin).unwrap()).unwrap();
    let mut iterator = serde_json::to_value(begin).unwrap()["ShardIterator"].clone();
    let mut last = "0".to_owned();
    loop {
        let wanted = json!({"ShardIterator": iterator, "Limit": 1000});
        let read = db.get_records(serde_json::from_value(wanted).unwrap()).unwrap();
        let read = serde_json::to_value(read).unwrap();
        match read["Records"].as_array().unwrap().last() {
            Some(record) => last = record["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned(),
            None => return last,
        }
        iterator = read["NextShardIterator"].clone();
    }
}

/// What the runbook has the operator switch on again.
async fn switched_on(world: &mut World, folder: &Path) {
    let client = world.stack.embedded.client();
    for table in &TABLES {
        if let Some(attribute) = table.ttl {
            let expiry =
                TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build().unwrap();
            let update = client.update_time_to_live().table_name(table.name);
            update.time_to_live_specification(expiry).send().await.unwrap();
        }
        if table.stream {
            let stream = StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewImage)
                .build()
                .unwrap();
            client.update_table().table_name(table.name).stream_specification(stream).send().await.unwrap();
        }
    }
    // Another stream, and so another event source. The engine keeps the records of the table that was deleted, which DynamoDB
    // would not: the source begins behind them.
    for entity in ["order", "customer"] {
        std::fs::write(folder.join(format!("new.{entity}.checkpoint")), end_of_stream(world)).unwrap();
    }
    let options = Options {
        data: Some(folder.join("new.db")),
        pump: pump::Settings { poll: Duration::from_millis(5), ..pump::Settings::default() },
        ..Options::in_memory(world.clock.clone())
    };
    world.stack.pumps = pumps(&world.stack.embedded, &options, &world.stack.intakes).unwrap();
}

fn names(out: &str) -> Vec<String> {
    let told: Value = serde_json::from_str(out).unwrap();
    told["findings"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn tables_that_were_lost_and_brought_back_from_an_export_go_on_without_loss_and_without_doubling() {
    let mut world = world().await;
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("backup");
    let buyers = [Buyer::New, Buyer::Guest, Buyer::PhoneOnly, Buyer::EmailOnly, Buyer::WalkIn, Buyer::Masked];
    let mut orders: Vec<OrderId> = buyers.map(|buyer| world.sells(buyer)).into();
    let known = world.registers(1);
    world.deliver_everything_due().await;
    world.visits_after(QUARTER).await;
    world.work_until_done().await;
    let waiting = world.sells_while_the_crm_is_down().await;
    world.pause_pumps();
    let ready = world.sells(Buyer::New);
    world.haravan().deliver_due().await;
    world.export(&export).await;
    let exported_at = world.clock.now();

    // Everything after the export: what was open is done, new orders and customers, a change, a round of reconciliation.
    world.resume_pumps();
    world.work_until_done().await;
    world.clock.advance(QUARTER);
    let mut after: BTreeSet<i64> = buyers.map(|buyer| world.sells(buyer).0).into();
    after.extend([world.sells(Buyer::Known(known)).0, world.sells(Buyer::Known(known)).0]);
    let new_customers: BTreeSet<i64> = [world.registers(2).0, world.registers(3).0].into();
    world.haravan().update_order(orders[0], OrderChange { confirm: true, ..OrderChange::default() }).unwrap();
    world.deliver_everything_due().await;
    world.visits_after(QUARTER).await;
    world.work_until_done().await;
    orders.extend([waiting, ready]);
    orders.extend(after.iter().copied().map(OrderId));
    let accounts = world.getfly().accounts().len();
    world.assert_each_once(&orders, accounts);

    lost_and_made_anew(&world).await;
    let import = ["tables", "import", "--yes", "--from", export.to_str().unwrap()];
    let said = world.operate(&[&["--json"], &import[..]].concat()).await.json();
    assert!(said["tables"]["inbox"]["items"].as_u64().unwrap() >= 8, "{said}");
    let found = names(&world.operate(&["--json", "doctor"]).await.out);
    assert_eq!(found.iter().filter(|name| *name == "table.expiry").count(), 3, "{found:?}");
    assert_eq!(found.iter().filter(|name| *name == "table.stream").count(), 1, "{found:?}");
    switched_on(&mut world, folder.path()).await;
    let found = names(&world.operate(&["--json", "doctor"]).await.out);
    assert!(!found.iter().any(|name| name.starts_with("table.")), "{found:?}");
    world.reread(&exported_at.to_string()).await;
    world.clock.advance(common::tenant::FRESH);

    // No record of the new stream tells of the event that was ready: the watch list has it.
    world.settle().await;
    assert_eq!(world.event_of(Topic::OrderCreate, ready.0).await.status, Status::Ready);
    world.clock.advance(GRACE);
    upkeep::wake::wake_events(&world.stack.upkeep).await.unwrap();
    world.settle().await;
    assert_eq!(world.event_of(Topic::OrderCreate, ready.0).await.status, Status::Done);

    let before = world.events().await;
    world.goes_on().await;
    let recovered = world.recovered(&before).await;
    assert!(ids(&recovered, Entity::Order).is_superset(&after), "{recovered:?}");
    assert!(ids(&recovered, Entity::Customer).is_superset(&new_customers), "{recovered:?}");
    for event in recovered.iter().filter(|event| event.key.id().is_some_and(|id| after.contains(&id))) {
        assert_eq!(event.reason.as_deref(), Some("already_in_crm"), "{event:?}");
    }
    assert!(world.events().await.iter().all(|event| event.status == Status::Done));
    world.assert_each_once(&orders, accounts);

    // And then as ever.
    let next = world.place(OrderSpec { buyer: Buyer::Known(known), ..OrderSpec::default() }).await;
    orders.push(OrderId(next.key.id().unwrap()));
    world.assert_each_once(&orders, accounts);
    let doctor = world.operate(&["doctor"]).await;
    assert_eq!(doctor.code, 0, "{doctor:?}");
}

/// An export put together of the tables of two.
fn mixed(folder: &Path, tables: [(&str, &Path); 4]) -> PathBuf {
    let made = folder.join("mixed");
    for (table, from) in tables {
        std::fs::create_dir_all(made.join(table)).unwrap();
        std::fs::copy(from.join(table).join("items.json"), made.join(table).join("items.json")).unwrap();
    }
    made
}

/// Orders before, between and after two exports, of which those between and after may still wait for the CRM.
async fn two_instants(world: &World, folder: &Path) -> (PathBuf, PathBuf, String, Vec<OrderId>) {
    let (one, two) = (folder.join("one"), folder.join("two"));
    let mut orders = vec![world.sells(Buyer::New), world.sells(Buyer::Guest)];
    world.registers(1);
    world.deliver_everything_due().await;
    world.export(&one).await;
    let instant = world.clock.now().to_string();
    world.clock.advance(QUARTER);
    orders.extend([world.sells(Buyer::New), world.sells(Buyer::WalkIn)]);
    world.deliver_everything_due().await;
    orders.push(world.sells_while_the_crm_is_down().await);
    // The cursor passes what waits.
    for _ in 0..3 {
        world.visits_after(QUARTER).await;
    }
    world.export(&two).await;
    orders.push(world.sells(Buyer::New));
    world.haravan().deliver_due().await;
    world.settle().await;
    (one, two, instant, orders)
}

#[tokio::test]
async fn tables_of_different_instants_lose_nothing_while_the_connections_are_not_the_newest() {
    for dedup_is_newer in [true, false] {
        let world = world().await;
        let folder = tempfile::tempdir().unwrap();
        let (one, two, _, orders) = two_instants(&world, folder.path()).await;
        let (inbox, dedup) = if dedup_is_newer { (&one, &two) } else { (&two, &one) };
        let tables = [
            ("tenants", &*one),
            ("connections", &*one),
            ("inbox", inbox.as_path()),
            ("dedup", dedup.as_path()),
        ];
        world.restore(&mixed(folder.path(), tables)).await;
        world.goes_on().await;
        assert_eq!(world.count(Status::Parked).await, 0);
        let accounts = world.getfly().accounts().len();
        world.assert_each_once(&orders, accounts);
    }
}

#[tokio::test]
async fn connections_that_are_newer_than_the_inbox_are_set_back_by_a_reread() {
    let world = world().await;
    let folder = tempfile::tempdir().unwrap();
    let (one, two, instant, orders) = two_instants(&world, folder.path()).await;
    let tables = [("tenants", &*two), ("connections", &*two), ("inbox", &*one), ("dedup", &*one)];
    world.restore(&mixed(folder.path(), tables)).await;
    world.goes_on().await;
    assert!(world.getfly().orders().len() < orders.len(), "the cursor is beyond what the inbox has lost");
    world.reread(&instant).await;
    world.goes_on().await;
    assert_eq!(world.count(Status::Parked).await, 0);
    let accounts = world.getfly().accounts().len();
    world.assert_each_once(&orders, accounts);
}

#[tokio::test]
async fn a_reread_never_goes_back_before_the_connect_nor_forward() {
    let world = world().await;
    let before = world.shop().await;
    world.reread("2020-01-01").await;
    let after = world.shop().await;
    assert_eq!(after.orders.until, before.connected_at);
    assert!(after.due <= Some(world.clock.now()), "upkeep looks at once");
    world.visits_after(QUARTER).await;
    let read = world.shop().await.orders.until;
    assert!(read > after.orders.until, "{read:?}");
    world.clock.advance(MINUTE);
    world.reread(&world.clock.now().to_string()).await;
    assert_eq!(world.shop().await.orders.until, read);
    let later = ["connections", "reread", "--since", "2099-01-01"];
    world.operate(&later).await.fails_saying("has not come yet");
}

#[tokio::test]
async fn a_token_that_was_spent_after_the_export_shows_as_needs_reconnect_and_the_connect_fetches_what_was_missed()
 {
    let world = world().await;
    world.install(Duration::from_secs(7200), true).await;
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("backup");
    world.visits_after(MINUTE).await;
    world.export(&export).await;
    world.visits_after(Duration::from_secs(4500)).await;
    assert_eq!(world.refreshes(), 1, "the refresh token of the export is spent");
    let order = world.sells(Buyer::New);
    world.deliver_everything_due().await;

    world.restore(&export).await;
    world.goes_on().await;
    let shop = world.shop().await;
    assert_eq!(
        (shop.status, shop.reason.as_deref()),
        (ConnectionStatus::NeedsReconnect, Some(reason::REFRESH_REFUSED))
    );
    let found = names(&world.operate(&["--json", "doctor"]).await.out);
    assert!(found.contains(&"connection.needs_reconnect".to_owned()), "{found:?}");
    world.install(Duration::from_secs(24 * 3600), true).await;
    world.clock.advance(QUARTER);
    world.goes_on().await;
    assert!(ids(&world.events().await, Entity::Order).contains(&order.0));
    assert_eq!(world.shop().await.status, ConnectionStatus::Connected);
    world.assert_each_once(&[order], 1);
}

#[tokio::test]
async fn a_shop_that_was_disconnected_after_the_export_is_connected_again_until_it_is_disconnected_anew() {
    let world = world().await;
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("backup");
    world.export(&export).await;
    let shop = format!("haravan#{}", local::seed::ORG.0);
    let disconnect = ["connections", "disconnect", "hat-mam", &shop, "--yes"];
    assert_eq!(world.operate(&disconnect).await.code, 0);
    world.visits_after(MINUTE).await;
    assert!(!world.is_subscribed());

    world.restore(&export).await;
    assert_eq!(world.shop().await.status, ConnectionStatus::Connected);
    // Before upkeep runs, as the runbook says.
    assert_eq!(world.operate(&disconnect).await.code, 0);
    world.visits_after(MINUTE).await;
    let shop = world.shop().await;
    assert_eq!((shop.status, shop.tokens.is_some()), (ConnectionStatus::Disconnected, false));
    assert!(!world.is_subscribed());
}

#[tokio::test]
async fn pages_go_on_after_a_restore_or_show_as_needs_reconnect() {
    let life = Life::start().await;
    let (fanpage, account) = (life.fanpage().await, life.official_account().await);
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("backup");
    life.world.export(&export).await;
    // Zalo's refresh tokens are used once.
    life.visits_every(HOUR, 20 * HOUR).await;
    assert!(life.page(&account.page).await.token_version > account.token_version);

    life.world.restore(&export).await;
    life.visits_every(HOUR, 30 * HOUR).await;
    let lost = life.page(&account.page).await;
    assert_eq!(lost.status, ConnectionStatus::NeedsReconnect, "{lost:?}");
    assert_eq!(life.page(&fanpage.page).await.status, ConnectionStatus::Connected);
    // Connecting again takes no second slot.
    assert_eq!(life.slots().await, 2);
    life.connect_zalo().await;
    life.visits_after(MINUTE).await;
    assert_eq!((life.page(&account.page).await.status, life.slots().await), (ConnectionStatus::Connected, 2));
}
