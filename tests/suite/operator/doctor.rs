//! Faults planted one at a time into a stack that is well, each of which the doctor names.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use common::clock::{Clock, ManualClock};
use common::haravan::subscription::Subscription;
use common::haravan::webhook::Topic;
use common::seal::Place;
use common::seal::keys::Keys;
use common::store::connections::{Subject, reason};
use common::store::inbox::{EventKey, NewEvent};
use common::store::schema::{TABLES, connections::ACCESS_TOKEN};
use common::store::tenants::TenantRecord;
use common::tenant::connection_place;
use common::wire::egress::Reach;
use connect_tests::getfly::MissingVersion;
use local::embedded::definition;
use local::seed::ORG;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::Desk;
use crate::harness::{World, fixture};

/// Every fault, by the name that the doctor gives it.
const FAULTS: [&str; 32] = [
    "table.missing",
    "table.keys",
    "table.index",
    "table.stream",
    "table.expiry",
    "key_ring.unreadable",
    "key_ring.invalid",
    "key_ring.exposed",
    "sealed.unknown_key",
    "sealed.broken",
    "clock.differs",
    "tenant.unreadable",
    "tenant.suspended",
    "tenant.public_address",
    "tenant.unreachable",
    "tenant.webhook_route",
    "tenant.no_app",
    "tenant.no_api_key",
    "crm.address",
    "crm.unreachable",
    "crm.key",
    "crm.version",
    "crm.manager",
    "connection.needs_reconnect",
    "connection.not_watched",
    "connection.overdue",
    "connection.owner",
    "connection.token_refused",
    "connection.topics",
    "connection.end_unfinished",
    "events.overdue",
    "events.parked",
];

const NOWHERE: &str = "http://127.0.0.1:9/";

#[tokio::test]
async fn a_stack_that_is_well_has_nothing_to_report() {
    let world = World::start().await;
    world.place(connect_tests::haravan::OrderSpec::default()).await;
    let said = world.operate(&["doctor"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.starts_with("All is well"), "{said:?}");
    let missing = world.operate(&["--json", "doctor", "--tenant", "nobody"]).await;
    assert_eq!((missing.code, names(&missing.out)), (3, vec!["tenant.missing".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_every_planted_fault_and_only_it() {
    for fault in FAULTS {
        let world = World::start().await;
        let mut desk = Desk::at(&world);
        let folder = tempfile::tempdir().unwrap();
        Box::pin(plant(fault, &world, &mut desk, folder.path())).await;
        let said = desk.run(&["--json", "doctor"]).await;
        assert_eq!(said.code, 3, "{fault}: {said:?}");
        assert_eq!(names(&said.out), [fault], "{said:?}");
        let human = desk.run(&["doctor"]).await;
        assert!(human.out.contains(fault) && human.out.contains("->"), "{human:?}");
    }
}

pub fn names(out: &str) -> Vec<String> {
    let told: Value = serde_json::from_str(out).unwrap_or_else(|_| panic!("{out}"));
    let findings = told["findings"].as_array().unwrap();
    for finding in findings {
        assert!(["about", "wrong", "todo"].iter().all(|field| !finding[field].as_str().unwrap().is_empty()));
    }
    findings.iter().map(|finding| finding["name"].as_str().unwrap().to_owned()).collect()
}

/// Empty tables of other names, made by a definition that was changed.
fn tables(world: &World, desk: &mut Desk<'_>, table: &str, change: impl Fn(&mut Value)) {
    desk.tables = "other-".to_owned();
    for wanted in &TABLES {
        let mut made = definition(wanted);
        made["TableName"] = format!("other-{}", wanted.name).into();
        let is_it = wanted.name == table;
        if is_it {
            change(&mut made);
        }
        world.stack.embedded.db.create_table(serde_json::from_value(made.clone()).unwrap()).unwrap();
        if let Some(ttl) = wanted.ttl.filter(|_| !(is_it && made["NoExpiry"] == true)) {
            let expiry = json!({"TableName": made["TableName"], "TimeToLiveSpecification": {"AttributeName": ttl, "Enabled": true}});
            world.stack.embedded.db.update_time_to_live(serde_json::from_value(expiry).unwrap()).unwrap();
        }
    }
}

async fn change(world: &World, change: impl FnOnce(&mut TenantRecord)) {
    let mut record = world.stack.store.tenants.get(&world.tenant()).await.unwrap().unwrap();
    change(&mut record);
    assert!(world.stack.store.tenants.put(&record).await.unwrap());
}

async fn token(world: &World) -> SecretString {
    let key = connection_place(&world.tenant(), &Subject::Shop(ORG));
    let tokens = world.shop().await.tokens.unwrap();
    world.key_ring().await.open(Place { key: &key, field: ACCESS_TOKEN }, &tokens.access).unwrap()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn plant(fault: &str, world: &World, desk: &mut Desk<'_>, folder: &std::path::Path) {
    let client = world.stack.embedded.client();
    let connections = &world.stack.store.connections;
    let ring_file = folder.join("ring");
    match fault {
        "table.missing" => drop(client.delete_table().table_name("dedup").send().await.unwrap()),
        "table.keys" => tables(world, desk, "dedup", |made| {
            made["AttributeDefinitions"][0]["AttributeName"] = "id".into();
            made["KeySchema"][0]["AttributeName"] = "id".into();
        }),
        "table.index" => tables(world, desk, "connections", |made| {
            made["GlobalSecondaryIndexes"][0]["Projection"]["ProjectionType"] = "ALL".into();
        }),
        "table.stream" => tables(world, desk, "inbox", |made| {
            made.as_object_mut().unwrap().remove("StreamSpecification");
        }),
        "table.expiry" => tables(world, desk, "inbox", |made| made["NoExpiry"] = true.into()),
        "key_ring.unreadable" => desk.key_ring = "/nowhere/ring".into(),
        "key_ring.invalid" => {
            std::fs::write(&ring_file, "{}").unwrap();
            std::fs::set_permissions(&ring_file, PermissionsExt::from_mode(0o600)).unwrap();
            desk.key_ring = ring_file;
        }
        "key_ring.exposed" => {
            std::fs::set_permissions(&desk.key_ring, PermissionsExt::from_mode(0o644)).unwrap();
        }
        "sealed.unknown_key" => {
            let mut keys = Keys::read(&world.stack.key_ring.text().await.unwrap()).unwrap();
            keys.rotate(world.clock.now()).unwrap();
            keys.remove("k1");
            std::fs::write(&ring_file, keys.text().unwrap().expose_secret()).unwrap();
            std::fs::set_permissions(&ring_file, PermissionsExt::from_mode(0o600)).unwrap();
            desk.key_ring = ring_file;
        }
        "sealed.broken" => change(world, |record| record.verify_token.clone_from(&record.crm_key)).await,
        "clock.differs" => {
            let hour = Duration::from_secs(3600);
            desk.machine_clock = Arc::new(ManualClock::starting_at(jiff::Timestamp::now() - hour));
        }
        "tenant.unreadable" => {
            let update = client.update_item().table_name("tenants").key("tenant_id", text("hat-mam"));
            let update = update.update_expression("SET #p = :p").expression_attribute_names("#p", "plan");
            update.expression_attribute_values(":p", text("gold")).send().await.unwrap();
        }
        "tenant.suspended" => {
            assert_eq!(world.operate(&["tenants", "suspend", "hat-mam", "--yes"]).await.code, 0);
        }
        "tenant.public_address" => {
            change(world, |record| record.public_url = "ftp://crm.example".to_owned()).await
        }
        "tenant.unreachable" => change(world, |record| record.public_url = NOWHERE.to_owned()).await,
        "tenant.webhook_route" => change(world, |record| record.public_url.push_str("/elsewhere")).await,
        "tenant.no_app" => change(world, |record| record.client_id = None).await,
        "tenant.no_api_key" => change(world, |record| record.api_key_hash = None).await,
        "crm.address" => change(world, |record| record.crm_url = "http://10.0.0.1/".to_owned()).await,
        "crm.unreachable" => change(world, |record| record.crm_url = NOWHERE.to_owned()).await,
        "crm.key" => world.getfly().settings_mut(|settings| settings.api_key = "another".to_owned()),
        "crm.version" => world.getfly().settings_mut(|settings| settings.no_v61 = MissingVersion::NotFound),
        "crm.manager" => {
            change(world, |record| record.settings.default_manager = Some("nobody".to_owned())).await;
        }
        "connection.needs_reconnect" => {
            let shop = world.shop().await;
            let this = shop.this();
            let refused =
                connections.needs_reconnect(&this, shop.token_version, reason::TOKEN_REFUSED, false);
            assert!(refused.await.unwrap());
        }
        "connection.not_watched" => {
            let update = client.update_item().table_name("connections").key("tenant_id", text("hat-mam"));
            let update = update.key("connection_id", text(&Subject::Shop(ORG).sort_key()));
            update.update_expression("REMOVE q, w").send().await.unwrap();
        }
        "connection.overdue" => world.clock.advance(Duration::from_secs(3600)),
        "connection.owner" => {
            let claim = text(&format!("claim#{}", Subject::Shop(ORG).sort_key()));
            let delete = client.delete_item().table_name("connections").key("tenant_id", claim);
            delete.key("connection_id", text("owner")).send().await.unwrap();
            assert_eq!(connections.owner(&Subject::Shop(ORG)).await.unwrap(), None);
        }
        "connection.token_refused" => world.haravan().revoke_token(token(world).await.expose_secret()),
        "connection.topics" => {
            let base = Reach::Loopback.base_url(&world.stack.addresses.haravan_url).unwrap();
            let control = Subscription::new(Reach::Loopback.client().unwrap(), base);
            control.unsubscribe(&token(world).await).await.unwrap();
        }
        "connection.end_unfinished" => {
            let shop = world.shop().await;
            assert!(connections.end(&shop.this(), reason::BY_ADMIN, world.clock.now()).await.unwrap());
            world.clock.advance(Duration::from_secs(26 * 3600));
        }
        "events.overdue" => {
            world.pause_pumps();
            world.accept("orders/create", fixture::ORDER).await;
            world.clock.advance(Duration::from_secs(13 * 60));
        }
        "events.parked" => {
            let event = NewEvent {
                key: EventKey::unreadable(&world.tenant(), Topic::OrderCreate, b"?"),
                topic: Topic::OrderCreate,
                org: ORG,
                body: common::body::pack(b"?").unwrap(),
                updated_at: None,
                received_at: world.clock.now(),
                parked: Some("unreadable_body"),
                trace: common::trace::TraceId::fresh(),
            };
            world.stack.store.inbox.put(&event).await.unwrap();
        }
        other => panic!("nobody plants {other}"),
    }
}
