//! What the counts of a period say, against what was sent.

use std::time::Duration;

use common::store::inbox::Status;
use connect_tests::getfly::Fault;
use serde_json::json;

use crate::harness::{World, fixture};
use crate::page_events::{SHOP_PAGE, messages};
use crate::verbs::{CREATE_ORDER, edited, paid_order};

impl World {
    async fn usage(&self, more: &[&str]) -> serde_json::Value {
        self.operate(&[&["--json", "usage"], more].concat()).await.json()
    }
}

#[tokio::test]
async fn the_counts_of_a_day_agree_with_what_was_sent_that_day() {
    let world = World::start().await;
    world.hold_page(&world.tenant(), &crate::page_events::fb(SHOP_PAGE)).await;
    world.add_tenant("other", "secret").await;
    // Carried over; the same again, which is not new; a customer; a failure; one not worked on; two messages.
    world.carry("orders/create", &paid_order()).await;
    assert_eq!(world.post("orders/create", &paid_order()).await, 200);
    world.carry("customers/create", fixture::CUSTOMER).await;
    let of_both = world.getfly().requests().len();
    world.getfly().push_fault(CREATE_ORDER, Fault::Status(422));
    let failed = world.carry("orders/create", &edited(&paid_order(), |body| body["id"] = 777.into())).await;
    assert_eq!(failed.status, Status::Parked);
    world.carry("orders/updated", &edited(&paid_order(), |body| body["note"] = "x".into())).await;
    world.pause_pumps();
    world.accept("orders/create", &edited(&paid_order(), |body| body["id"] = 778.into())).await;
    world.post_facebook(&messages(&[(SHOP_PAGE, "a"), (SHOP_PAGE, "b")])).await;

    let day = world.usage(&["--day", "2026-06-12"]).await;
    let calls = world.getfly().requests().len();
    assert!(calls > of_both);
    assert_eq!(day["tenants"][0]["tenant"], "hat-mam");
    assert_eq!(
        day["tenants"][0]["orders"],
        json!({"received": 4, "delivered": 1, "not_applied": 1, "parked": 1, "open": 1})
    );
    assert_eq!(
        day["tenants"][0]["customers"],
        json!({"received": 1, "delivered": 1, "not_applied": 0, "parked": 0, "open": 0})
    );
    assert_eq!(day["tenants"][0]["crm_calls"], calls, "as many as the CRM was asked");
    assert_eq!(day["tenants"][0]["page_events"], json!({"facebook": 2, "zalo": 0}));
    assert_eq!(day["tenants"][1]["tenant"], "other");
    assert_eq!(day["tenants"][1]["orders"]["received"], 0);
    assert_eq!(day["complete"], false, "the day is not over");

    let month = world.usage(&["--month", "2026-06", "--tenant", "hat-mam"]).await;
    assert_eq!(month["tenants"], json!([day["tenants"][0]]));
    assert_eq!(world.usage(&[]).await["period"], "2026-06");
    for other in [["--day", "2026-06-11"], ["--day", "2026-06-13"], ["--month", "2026-05"]] {
        assert_eq!(world.usage(&other).await["tenants"][0]["orders"]["received"], 0, "{other:?}");
    }
    world.operate(&["usage", "--month", "June"]).await.fails_saying("is no month");
    world.operate(&["usage", "--tenant", "nobody"]).await.fails_saying("there is no tenant");
    let table = world.operate(&["usage"]).await.out;
    assert!(table.contains("CRM CALLS") && table.contains("Not the whole of 2026-06"), "{table}");
}

#[tokio::test]
async fn a_day_is_complete_from_its_end_until_its_first_event_expires() {
    let world = World::start().await;
    let complete = async || world.usage(&["--day", "2026-06-12"]).await["complete"].clone();
    assert_eq!(complete().await, false);
    world.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(complete().await, true);
    world.clock.advance(Duration::from_secs(30 * 24 * 3600));
    assert_eq!(complete().await, false);
}
