use std::time::Duration;

use common::clock::Clock;
use common::store::connections::PageKey;
use common::store::inbox::address::event_id;
use common::store::inbox::pages::{NewPageEvent, PageTopic};
use common::store::inbox::{EventKey, Put, Status};
use connect_tests::getfly::Fault;

use crate::harness::World;
use crate::verbs::{CREATE_ORDER, assert_parked, edited, paid_order};

/// A stack with one parked order, and that event.
async fn parked() -> (World, common::store::inbox::Event) {
    let world = World::start().await;
    let body = edited(&paid_order(), |body| body["line_items"] = serde_json::json!([]));
    let event = world.carry("orders/create", &body).await;
    assert_eq!(event.status, Status::Parked, "{event:?}");
    (world, event)
}

#[tokio::test]
async fn events_are_listed_shown_and_exported_by_where_they_stand_and_why() {
    let (world, event) = parked().await;
    world.carry("orders/create", &edited(&paid_order(), |body| body["id"] = 777.into())).await;
    let list =
        |more: &'static [&'static str]| [&["--json", "events", "list", "--tenant", "hat-mam"], more].concat();
    let count = async |more: &'static [&'static str]| {
        world.operate(&list(more)).await.json()["events"].as_array().unwrap().len()
    };
    assert_eq!(count(&[]).await, 2);
    assert_eq!(count(&["--limit", "1"]).await, 1);
    assert_eq!(count(&["--state", "parked", "--reason", "incomplete_body", "--since", "2d"]).await, 1);
    assert_eq!(count(&["--state", "parked", "--reason", "crm_refused"]).await, 0);
    assert_eq!(count(&["--state", "done", "--since", "2026-06-12"]).await, 1);
    assert_eq!(count(&["--until", "2026-06-12"]).await, 0);
    assert_eq!(count(&["--state", "open"]).await, 0);
    let listed = world.operate(&list(&["--state", "parked"])).await.json();
    let id = listed["events"][0]["id"].as_str().unwrap().to_owned();

    let shown = world.operate(&["events", "show", "--tenant", "hat-mam", &id]).await;
    assert!(shown.out.contains("incomplete_body") && shown.out.contains("received"), "{shown:?}");
    let name = edited(&paid_order(), |_| {});
    let name: serde_json::Value = serde_json::from_slice(&name).unwrap();
    let name = name["name"].as_str().unwrap();
    assert!(!shown.out.contains(name), "no body unless asked for");
    let whole = world.operate(&["--json", "events", "show", "--tenant", "hat-mam", &id, "--body"]).await;
    assert_eq!(whole.json()["body"]["name"], name);
    world.operate(&["events", "show", "--tenant", "hat-mam", "order.1.x"]).await.fails_saying("has no event");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("parked.jsonl");
    let export = ["events", "export", "--tenant", "hat-mam", "--out", file.to_str().unwrap()];
    assert_eq!(world.operate(&export).await.code, 0);
    let lines = std::fs::read_to_string(&file).unwrap();
    assert_eq!(lines.lines().count(), 1);
    assert!(lines.contains(&id) && lines.contains(&event.key.digest));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_replay_is_shown_before_it_is_done_and_carries_the_order_over() {
    let world = World::start().await;
    world.getfly().push_fault(CREATE_ORDER, Fault::Status(422));
    let event = world.carry("orders/create", &paid_order()).await;
    assert_eq!(event.status, Status::Parked, "{event:?}");
    let dry = ["events", "replay", "--tenant", "hat-mam", "--dry-run"];
    let said = world.operate(&dry).await;
    assert!(said.out.contains("- parked (crm_refused)") && said.out.contains("+ ready"), "{said:?}");
    assert!(said.out.contains("+ CRM order HRV-"), "{said:?}");
    assert_eq!(world.again(&event).await.status, Status::Parked, "nothing was changed");

    let replayed = world.operate(&["--json", "events", "replay", "--tenant", "hat-mam"]).await.json();
    assert_eq!(replayed["replayed"].as_array().unwrap().len(), 1);
    world.work_until_done().await;
    assert_eq!(world.again(&event).await.status, Status::Done);
    assert_eq!(world.getfly().orders().len(), 1);
    let id = replayed["replayed"][0].as_str().unwrap();
    world.operate(&["events", "replay", "--tenant", "hat-mam", id]).await.fails_saying("is done, as HRV-");
    let all = ["events", "replay", "--tenant", "hat-mam", "--state", "done"];
    let said = world.operate(&all).await;
    assert!(said.out.contains("0 events are tried again. 1 that were found are done"), "{said:?}");
    assert_eq!(world.operate(&[&["--json"], &all[..]].concat()).await.json()["left_alone"], 1);
    assert_eq!(world.again(&event).await.status, Status::Done);
}

#[tokio::test]
async fn what_pages_were_sent_is_listed_and_shown_and_a_replay_leaves_it_alone() {
    let world = World::start().await;
    world.getfly().push_fault(CREATE_ORDER, Fault::Status(422));
    let event = world.carry("orders/create", &paid_order()).await;
    assert_parked(&event, "crm_refused");
    let written = world.send_to_a_page("Còn hàng không shop?").await;
    let list =
        |more: &'static [&'static str]| [&["--json", "events", "list", "--tenant", "hat-mam"], more].concat();
    let states = async |more: &'static [&'static str]| -> Vec<String> {
        let listed = world.operate(&list(more)).await.json();
        let events = listed["events"].as_array().unwrap().iter();
        events.map(|event| event["status"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(&[]).await, ["kept", "parked"]);
    assert_eq!(states(&["--limit", "1"]).await, ["kept"]);
    assert_eq!(states(&["--state", "kept"]).await, ["kept"]);
    assert_eq!(states(&["--state", "open"]).await, [""; 0]);
    assert_eq!(states(&["--state", "kept", "--until", "2026-06-12"]).await, [""; 0]);
    assert_eq!(states(&["--state", "kept", "--reason", "crm_refused"]).await, [""; 0]);
    let id = event_id(&written);
    let listed = world.operate(&["events", "list", "--tenant", "hat-mam", "--state", "kept"]).await;
    assert!(listed.out.contains("zalo/user_send_text") && listed.out.contains(&id), "{listed:?}");

    let shown = world.operate(&["events", "show", "--tenant", "hat-mam", &id]).await;
    assert!(shown.out.contains("Zalo message from a customer") && shown.out.contains("kept"), "{shown:?}");
    assert!(shown.out.contains("kept until  2026-07-"), "{shown:?}");
    assert!(!shown.out.contains("Còn hàng"), "nothing that was written unless asked for");
    let whole = world.operate(&["--json", "events", "show", "--tenant", "hat-mam", &id, "--body"]).await;
    assert_eq!(whole.json()["body"]["message"]["text"], "Còn hàng không shop?");
    let other = id.replace("zalo.", "facebook.");
    world.operate(&["events", "show", "--tenant", "hat-mam", &other]).await.fails_saying("has no event");

    let replay = ["events", "replay", "--tenant", "hat-mam", "--state", "all", "--yes"];
    let said = world.operate(&[&replay[..], &["--dry-run"]].concat()).await;
    assert!(said.out.contains("1 events would be tried again") && !said.out.contains(&id), "{said:?}");
    world.getfly().push_fault(CREATE_ORDER, Fault::Status(422));
    let said = world.operate(&replay).await;
    assert!(
        said.out.contains("1 events are tried again. 1 that were found are done, at work or sent to pages")
    );
    world.operate(&["events", "replay", "--tenant", "hat-mam", &id]).await.fails_saying("sent to a page");
    assert_eq!(states(&["--state", "kept"]).await, ["kept"]);
    world.work_until_done().await;
    assert_eq!(world.again(&event).await.attempts, 1, "it was tried again");
}

#[tokio::test]
async fn many_are_replayed_only_when_that_is_confirmed() {
    let (world, _) = parked().await;
    let body = edited(&paid_order(), |body| {
        body["line_items"] = serde_json::json!([]);
        body["id"] = 778.into();
    });
    world.carry("orders/create", &body).await;
    let replay = ["events", "replay", "--tenant", "hat-mam", "--reason", "incomplete_body"];
    world.operate(&replay).await.fails_saying("2 events of hat-mam");
    assert_eq!(world.count(Status::Parked).await, 2);
    assert_eq!(world.operate(&[&replay[..], &["--yes"]].concat()).await.code, 0);
    assert_eq!(world.count(Status::Parked).await, 0);
}

#[tokio::test]
async fn tail_tells_what_arrives_and_what_becomes_of_it() {
    let world = World::start().await;
    world.pause_pumps();
    world.carry_later().await;
    let tail = ["--json", "tail", "--tenant", "hat-mam", "--looks", "1"];
    assert_eq!(world.operate(&tail).await.out, "", "what was there before is not told");
    let (told, ()) =
        tokio::join!(world.operate(&["--json", "tail", "--every", "1", "--looks", "400"]), async {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            world.resume_pumps();
            world.settle().await;
        });
    let states: Vec<String> = told
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["status"].to_string())
        .collect();
    assert_eq!(states.last().map(String::as_str), Some("\"done\""), "{told:?}");
}

impl World {
    /// What a customer writes to an Official Account, a minute later.
    pub async fn send_to_a_page(&self, text: &str) -> EventKey {
        self.clock.advance(Duration::from_secs(60));
        let body = serde_json::json!({"event_name": "user_send_text", "message": {"text": text}}).to_string();
        let page = PageKey::try_from("zalo#4180000000000000001".to_owned()).unwrap();
        let topic = PageTopic::zalo("user_send_text");
        let event = NewPageEvent {
            key: EventKey::of_page(&self.tenant(), &page, &topic, body.as_bytes()),
            topic,
            body: common::body::pack(body.as_bytes()).unwrap(),
            sent_at: None,
            received_at: self.clock.now(),
        };
        assert_eq!(self.stack.store.inbox.put_page_event(&event).await.unwrap(), Put::Stored);
        event.key
    }

    /// Stores an order that nobody works on yet.
    async fn carry_later(&self) {
        self.accept("orders/create", &paid_order()).await;
    }
}
