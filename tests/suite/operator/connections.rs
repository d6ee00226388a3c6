use std::time::Duration;

use common::store::connections::ConnectionStatus;

use crate::harness::World;

#[tokio::test]
async fn a_shop_is_listed_shown_and_disconnected_and_upkeep_brings_it_to_its_end() {
    let world = World::start().await;
    let listed = world.operate(&["--json", "connections", "list"]).await.json();
    let id = listed["connections"][0]["connection"].as_str().unwrap().to_owned();
    assert_eq!(id, "haravan#200000987654");
    let shown = world.operate(&["connections", "show", "hat-mam", &id]).await;
    assert!(shown.out.contains("hat-mam-demo.myharavan.com") && shown.out.contains("connected"), "{shown:?}");

    let disconnect = ["connections", "disconnect", "hat-mam", &id];
    world.operate(&disconnect).await.fails_saying("--yes");
    assert_eq!(world.shop().await.status, ConnectionStatus::Connected);
    let said = world.operate(&[&["--json"], &disconnect[..], &["--yes"]].concat()).await.json();
    assert_eq!((&said["status"], &said["has_tokens"]), (&"disconnected".into(), &true.into()));
    assert_eq!(said["reason"], "by_operator");
    let (vi, en) = common::words::of_shop_reason("by_operator").unwrap();
    assert!(vi.contains("vận hành") && en.contains("operator"));
    world.visits_after(Duration::from_secs(60)).await;
    assert_eq!(world.shop().await.tokens, None);
    assert!(!world.is_subscribed());
    world.operate(&[&disconnect[..], &["--yes"]].concat()).await.fails_saying("disconnected already");
    let unknown = ["connections", "show", "hat-mam", "zalo#1"];
    world.operate(&unknown).await.fails_saying("has no connection");
}
