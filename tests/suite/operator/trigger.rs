use common::store::inbox::Status;

use crate::harness::World;
use crate::verbs::assert_done;

#[tokio::test]
async fn a_sample_goes_the_way_of_a_real_event() {
    let world = World::start().await;
    let said = world.operate(&["--json", "trigger", "--tenant", "hat-mam"]).await.json();
    assert_eq!(said["posted"][0]["status"], 200);
    world.work_until_done().await;
    let event = world.only_event().await;
    assert_eq!(event.status, Status::Done, "{event:?}");
    assert_eq!(world.getfly().orders().len(), 1);
    let shown = ["events", "show", "--tenant", "hat-mam", said["posted"][0]["event"].as_str().unwrap()];
    assert_eq!(world.operate(&shown).await.code, 0);
}

#[tokio::test]
async fn a_duplicate_does_nothing_a_second_time() {
    let world = World::start().await;
    let trigger = ["trigger", "--tenant", "hat-mam", "--topic", "customers/create", "--duplicate"];
    let said = world.operate(&trigger).await;
    assert_eq!((said.code, said.out.lines().count()), (0, 2), "{said:?}");
    world.work_until_done().await;
    assert_eq!(world.events().await.len(), 1);
    assert_eq!(world.getfly().accounts().len(), 1);
}

#[tokio::test]
async fn a_bad_signature_is_refused() {
    let world = World::start().await;
    let said = world.operate(&["--json", "trigger", "--tenant", "hat-mam", "--bad-signature"]).await.json();
    assert_eq!(said["posted"][0]["status"], 401);
    assert!(world.events().await.is_empty());
}

#[tokio::test]
async fn an_older_version_is_not_applied() {
    let world = World::start().await;
    let trigger = ["--json", "trigger", "--tenant", "hat-mam", "--topic", "orders/updated", "--stale"];
    assert_eq!(world.operate(&trigger).await.json()["posted"].as_array().unwrap().len(), 2);
    world.work_until_done().await;
    let mut events = world.events().await;
    events.sort_by_key(|event| event.version);
    assert_done(&events[0], Some("superseded"), &[]);
    assert_eq!(world.getfly().orders().len(), 1);
}

#[tokio::test]
async fn an_answer_that_was_not_expected_fails() {
    let world = World::start().await;
    let tenant = world.add_tenant("other", "secret").await;
    world.operate(&["trigger", "--tenant", tenant.as_str()]).await.fails_saying("no connected shop");
    world.settings(|_| {}).await;
    let set = ["tenants", "set", "hat-mam", "--public-url", "http://127.0.0.1:9"];
    assert_eq!(world.operate(&set).await.code, 0);
    world.operate(&["trigger", "--tenant", "hat-mam"]).await.fails_saying("gave no answer");
}
