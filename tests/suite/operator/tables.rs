use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use common::clock::Clock;
use common::seal::KeyRing;
use connect_tests::haravan::OrderSpec;

use super::Desk;
use crate::harness::World;

const KEYS: [(&str, &[&str]); 4] = [
    ("tenants", &["tenant_id"]),
    ("connections", &["tenant_id", "connection_id"]),
    ("inbox", &["k", "d"]),
    ("dedup", &["k"]),
];

/// A stack that has carried an order over, and its export.
async fn exported(folder: &Path) -> (World, PathBuf) {
    let world = World::start().await;
    world.place(OrderSpec::default()).await;
    let export = folder.join("backup");
    let said = world.operate(&["--json", "tables", "export", "--to", export.to_str().unwrap()]).await;
    assert_eq!(said.json()["tables"]["tenants"], 1);
    assert!(said.err.contains("inbox: 1 items, whole"), "progress is told: {said:?}");
    (world, export)
}

async fn scanned(client: &aws_sdk_dynamodb::Client, table: &str) -> Vec<HashMap<String, AttributeValue>> {
    let pages = client.scan().table_name(table).into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.unwrap()
}

async fn empty(world: &World) {
    let client = world.stack.embedded.client();
    for (table, keys) in KEYS {
        for item in scanned(&client, table).await {
            let key = item.into_iter().filter(|(name, _)| keys.contains(&name.as_str())).collect();
            client.delete_item().table_name(table).set_key(Some(key)).send().await.unwrap();
        }
    }
}

fn import(from: &Path) -> [String; 5] {
    ["tables", "import", "--yes", "--from", from.to_str().unwrap()].map(str::to_owned)
}

async fn imported(desk: &Desk<'_>, from: &Path, more: &[&str]) -> super::Said {
    let import = import(from);
    let args: Vec<&str> = import.iter().map(String::as_str).chain(more.iter().copied()).collect();
    desk.run(&args).await
}

/// Every item, by its table and key.
async fn items(world: &World) -> BTreeMap<String, HashMap<String, AttributeValue>> {
    let client = world.stack.embedded.client();
    let mut all = BTreeMap::new();
    for (table, keys) in KEYS {
        for item in scanned(&client, table).await {
            let key: Vec<&str> = keys.iter().map(|name| item[*name].as_s().unwrap().as_str()).collect();
            all.insert(format!("{table} {}", key.join(" ")), item);
        }
    }
    all
}

#[tokio::test]
async fn an_export_comes_back_item_by_item_and_only_its_owner_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let (world, export) = exported(folder.path()).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&export), mode(&export.join("tenants/items.json"))), (0o700, 0o600));
    let text = std::fs::read_to_string(export.join("tenants/items.json")).unwrap();
    assert!(text.starts_with(r#"{"Item":{"#) && !text.contains(&world.stack.addresses.client_secret));
    world
        .operate(&["tables", "export", "--to", export.to_str().unwrap()])
        .await
        .fails_saying("cannot be made");

    let before = items(&world).await;
    let desk = Desk::at(&world);
    imported(&desk, &export, &[]).await.fails_saying("is not empty");
    world.pause_pumps();
    empty(&world).await;
    let from = export.to_str().unwrap();
    world.operate(&["tables", "import", "--from", from]).await.fails_saying("say --yes");
    assert!(items(&world).await.is_empty());
    let said = imported(&desk, &export, &[]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(items(&world).await, before);
}

#[tokio::test]
async fn what_is_replaced_is_exported_first_and_comes_back_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let (world, export) = exported(folder.path()).await;
    world.place(OrderSpec::default()).await;
    let before = items(&world).await;
    let keep = folder.path().join("keep");
    let desk = Desk::at(&world);
    let said = imported(&desk, &export, &["--replacing", keep.to_str().unwrap()]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_ne!(items(&world).await, before);
    let again = folder.path().join("again");
    let said = imported(&desk, &keep, &["--replacing", again.to_str().unwrap()]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(items(&world).await, before);
}

#[tokio::test]
async fn an_export_that_is_not_whole_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (world, export) = exported(folder.path()).await;
    empty(&world).await;
    let desk = Desk::at(&world);
    let dedup = export.join("dedup/items.json");
    let text = std::fs::read_to_string(&dedup).unwrap();

    let cut = text.lines().skip(1).collect::<Vec<_>>().join("\n");
    std::fs::write(&dedup, cut).unwrap();
    imported(&desk, &export, &[]).await.fails_saying("the export is not whole: dedup has");
    std::fs::write(&dedup, format!("{text}{{\"Item\":{{\"k\":")).unwrap();
    imported(&desk, &export, &[]).await.fails_saying("dedup/items.json, line");
    std::fs::write(&dedup, format!("{text}{{\"Item\":{{\"x\":{{\"S\":\"y\"}}}}}}")).unwrap();
    imported(&desk, &export, &[]).await.fails_saying("it has no \"k\"");
    std::fs::rename(&dedup, dedup.with_extension("json.gz")).unwrap();
    imported(&desk, &export, &[]).await.fails_saying("gunzip");
    std::fs::remove_dir_all(export.join("dedup")).unwrap();
    imported(&desk, &export, &[]).await.fails_saying("cannot be read");
    assert!(items(&world).await.is_empty());
}

#[tokio::test]
async fn an_import_says_which_key_is_missing_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (world, export) = exported(folder.path()).await;
    empty(&world).await;
    let ring = folder.path().join("ring");
    let write = |text: &str| {
        std::fs::write(&ring, text).unwrap();
        std::fs::set_permissions(&ring, PermissionsExt::from_mode(0o600)).unwrap();
    };
    let mut desk = Desk::at(&world);
    desk.key_ring.clone_from(&ring);
    let other = KeyRing::generate_json().unwrap();
    write(&other.replace("k1", "k7"));
    imported(&desk, &export, &[])
        .await
        .fails_saying("secrets are sealed with key \"k1\", which is not in the key ring");
    write(&other);
    imported(&desk, &export, &[]).await.fails_saying("another ring's key of that name");
    assert!(items(&world).await.is_empty());

    let said = imported(&desk, &export, &["--despite-missing-keys"]).await;
    assert!(said.code == 0 && said.err.contains("another ring's key"), "{said:?}");
    let doctor = desk.run(&["--json", "doctor"]).await;
    assert!(doctor.out.contains("sealed.broken"), "{doctor:?}");
}

/// Puts an attribute that this version does not know into every item.
async fn written_by_a_newer_version(world: &World) {
    let client = world.stack.embedded.client();
    for (name, mut item) in items(world).await {
        let table = name.split(' ').next().unwrap();
        item.insert("of_a_newer_version".to_owned(), AttributeValue::S("x".to_owned()));
        if let Some(AttributeValue::M(settings)) = item.get_mut("settings") {
            settings.insert("newer".to_owned(), AttributeValue::Bool(true));
        }
        client.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
    }
}

#[tokio::test]
async fn items_with_attributes_of_a_newer_version_go_their_whole_way() {
    let world = World::start().await;
    world.place(OrderSpec::default()).await;
    world.pause_pumps();
    let event = world.accept("orders/create", &crate::verbs::paid_order()).await;
    written_by_a_newer_version(&world).await;
    world.clock.advance(common::tenant::FRESH);
    world.resume_pumps();
    world.work_until_done().await;
    crate::verbs::assert_carried_over(&world.again(&event).await);
    world.visits_after(std::time::Duration::from_secs(16 * 60)).await;
    let kept = items(&world).await;
    let newer = |name: &str| {
        let mut of_table = kept.iter().filter(|(key, _)| key.starts_with(name));
        of_table.any(|(_, item)| item.contains_key("of_a_newer_version"))
    };
    assert!(KEYS.iter().all(|(table, _)| newer(table)), "what is not known is left alone");
    let doctor = world.operate(&["doctor"]).await;
    assert_eq!(doctor.code, 0, "{doctor:?}");
}

#[tokio::test]
async fn thousands_of_items_come_back_in_pages_and_batches() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start().await;
    world.pause_pumps();
    let client = world.stack.embedded.client();
    let filler = AttributeValue::S("x".repeat(2000));
    for number in 0..2010 {
        let put = client
            .put_item()
            .table_name("inbox")
            .item("k", AttributeValue::S(format!("hat-mam#order#{number}")));
        put.item("d", AttributeValue::S("d".to_owned())).item("f", filler.clone()).send().await.unwrap();
    }
    // Of two that expire, one has.
    let now = world.clock.now().as_second();
    for (key, expiry) in [("old", now - 1), ("young", now + 60)] {
        let put =
            client.put_item().table_name("dedup").item("k", AttributeValue::S(format!("hat-mam#{key}")));
        put.item("x", AttributeValue::N(expiry.to_string())).send().await.unwrap();
    }
    let export = folder.path().join("backup");
    let said = world.operate(&["--json", "tables", "export", "--to", export.to_str().unwrap()]).await;
    assert_eq!(said.json()["tables"]["inbox"], 2010);
    let before = items(&world).await;
    empty(&world).await;
    let desk = Desk::at(&world);
    let said = imported(&desk, &export, &["--json"]).await;
    assert!(said.err.contains("inbox: 1000 items\n"), "progress is told: {said:?}");
    let told = said.json();
    assert_eq!(
        (&told["tables"]["inbox"]["items"], &told["tables"]["dedup"]["expired"]),
        (&2010.into(), &1.into())
    );
    let mut wanted = before;
    wanted.remove("dedup hat-mam#old");
    assert!(items(&world).await == wanted);
}
