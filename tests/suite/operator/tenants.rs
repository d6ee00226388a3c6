use std::time::Duration;

use common::api_key::ApiKey;
use common::haravan::webhook::Topic;
use common::store::inbox::Status;
use connect_tests::haravan::OrderSpec;

use super::Desk;
use crate::harness::{World, fixture};
use crate::verbs::{assert_carried_over, paid_order};

const ADD: [&str; 7] = [
    "--json",
    "tenants",
    "add",
    "moc-lan",
    "--crm-url",
    "http://127.0.0.1:9/",
    "--public-url=http://127.0.0.1:9/",
];

#[tokio::test]
async fn a_tenant_is_added_with_a_key_that_is_shown_once_and_changed() {
    let world = World::start().await;
    let mut desk = Desk::at(&world);
    desk.input = "the-crm-key\n";
    let said = desk.run(&ADD).await;
    let key = said.json()["api_key"].as_str().unwrap().to_owned();
    assert!(!said.out.contains("the-crm-key"));
    let record = world.stack.store.tenants.get(&"moc-lan".parse().unwrap()).await.unwrap().unwrap();
    assert!(ApiKey::parse(&key).unwrap().fits(record.api_key_hash.as_ref().unwrap()));
    assert_eq!(record.public_url, "http://127.0.0.1:9");
    desk.run(&ADD).await.fails_saying("is there already");

    let listed = world.operate(&["--json", "tenants", "list"]).await.json();
    assert_eq!(listed["tenants"].as_array().unwrap().len(), 2);
    let set = ["tenants", "set", "moc-lan", "--plan", "trial", "--trial-ends", "2026-07-01"];
    let set = [&set[..], &["--extra-pages", "2", "--setting", "orders=false"]].concat();
    assert_eq!(world.operate(&set).await.code, 0);
    let shown = world.operate(&["--json", "tenants", "show", "moc-lan"]).await;
    assert!(!shown.out.contains(&key));
    let shown = shown.json();
    assert_eq!(
        (&shown["plan"], &shown["trial_ends"], &shown["extra_pages"], &shown["settings"]["orders"]),
        (&"trial".into(), &"2026-06-30T17:00:00Z".into(), &2.into(), &false.into())
    );

    world.operate(&["tenants", "rotate-key", "moc-lan"]).await.fails_saying("--yes");
    let rotated = world.operate(&["--json", "tenants", "rotate-key", "moc-lan", "--yes"]).await.json();
    let record = world.stack.store.tenants.get(&"moc-lan".parse().unwrap()).await.unwrap().unwrap();
    let digest = record.api_key_hash.unwrap();
    assert!(ApiKey::parse(rotated["api_key"].as_str().unwrap()).unwrap().fits(&digest));
    assert!(!ApiKey::parse(&key).unwrap().fits(&digest), "the old key is void");
    let human = world.operate(&["tenants", "show", "moc-lan"]).await;
    assert!(human.out.contains("trial, until") && human.out.contains("setting orders"), "{human:?}");
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_one_line() {
    let world = World::start().await;
    world.operate(&ADD).await.fails_saying("CRM_API_KEY");
    world.operate(&["tenants", "show", "nobody"]).await.fails_saying("no tenant nobody");
    world.operate(&["tenants", "set", "hat-mam"]).await.fails_saying("nothing to change");
    let far = ["tenants", "set", "hat-mam", "--crm-url", "http://10.0.0.1/"];
    world.operate(&far).await.fails_saying("not public");
    let setting = ["tenants", "set", "hat-mam", "--setting", "colour=red"];
    world.operate(&setting).await.fails_saying("writes_per_second");
    let mut desk = Desk::at(&world);
    desk.key_ring = "/nowhere/ring".into();
    desk.input = "key";
    desk.run(&ADD).await.fails_saying("key ring");
}

#[tokio::test]
async fn a_suspended_tenant_loses_nothing_and_goes_on_when_resumed() {
    let world = World::start().await;
    assert_eq!(world.operate(&["tenants", "suspend", "hat-mam", "--yes"]).await.code, 0);
    world.clock.advance(common::tenant::FRESH);
    let event = world.accept("orders/create", &paid_order()).await;
    world.settle().await;
    let waiting = world.again(&event).await;
    assert_eq!((waiting.status, waiting.reason.as_deref()), (Status::Waiting, Some("tenant_suspended")));
    assert!(world.getfly().orders().is_empty());
    // However long it takes, it is never given up.
    for _ in 0..40 {
        world.clock.advance(Duration::from_secs(8 * 3600));
        upkeep::wake::wake_events(&world.stack.upkeep).await.unwrap();
        world.settle().await;
    }
    assert_eq!(world.again(&event).await.status, Status::Waiting);

    let resumed = world.operate(&["--json", "tenants", "resume", "hat-mam"]).await.json();
    assert_eq!(resumed["events"], 1);
    upkeep::wake::wake_events(&world.stack.upkeep).await.unwrap();
    world.work_until_done().await;
    assert_carried_over(&world.again(&event).await);
    assert_eq!(world.getfly().orders().len(), 1);
    world.operate(&["tenants", "resume", "hat-mam"]).await.fails_saying("not suspended");
}

#[tokio::test]
async fn a_deleted_tenant_is_exported_first_and_leaves_nothing_behind() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hat-mam.jsonl");
    let file = file.to_str().unwrap();
    world.place(OrderSpec::default()).await;
    world.send_to_a_page("Còn hàng không shop?").await;
    let kept = world.add_tenant("other", "secret").await;
    let delete = ["tenants", "delete", "hat-mam", "--yes", "--export", file];
    world.operate(&delete).await.fails_saying("not disconnected");
    world.disconnect().await;
    world.operate(&["tenants", "delete", "hat-mam", "--export", file]).await.fails_saying("--yes");
    let said = world.operate(&[&["--json"], &delete[..]].concat()).await.json();
    assert_eq!(said["exported"], said["events"]);

    let lines = std::fs::read_to_string(file).unwrap();
    let kinds =
        |kind: &str| lines.lines().filter(|line| line.contains(&format!(r#""kind":"{kind}""#))).count();
    assert_eq!((kinds("tenant"), kinds("connection")), (1, 1));
    assert!(kinds("event") >= 1 && lines.contains(Topic::OrderCreate.as_str()), "{lines}");
    assert!(lines.contains("Còn hàng không shop?"), "{lines}");
    assert!(!lines.contains(&world.stack.addresses.client_secret));
    let client = world.stack.embedded.client();
    for table in ["tenants", "connections", "inbox", "dedup"] {
        let items = client.scan().table_name(table).send().await.unwrap().items.unwrap_or_default();
        let left: Vec<_> = items.iter().filter(|item| format!("{item:?}").contains("\"hat-mam")).collect();
        assert!(left.is_empty(), "{table}: {left:?}");
    }
    assert!(world.stack.store.tenants.get(&kept).await.unwrap().is_some());
    world.clock.advance(common::tenant::FRESH);
    assert_eq!(world.post("orders/create", fixture::ORDER).await, 401);
    // An export never writes over a file.
    world.operate(&["tenants", "export", "other", "--out", file]).await.fails_saying("cannot be made");
}
