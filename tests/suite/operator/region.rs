//! A tenant moves to another region: ended in the old one, added and connected in the new one, and what lay between is
//! brought by an import. Two stacks with tables and key rings of their own stand for the regions; shop and CRM are the same.

use std::time::Duration;

use common::clock::Clock;
use common::import::{Answer, Wish, import_state, start_import};
use common::store::imports::ImportStatus;
use common::store::inbox::Status;
use connect_tests::getfly::{Fault, OrderDupMode};
use connect_tests::haravan::{Buyer, INSTALL_SCOPES, OrderId, OrderSpec};
use local::options::Options;
use local::seed::{CLIENT_ID, ORG};

use crate::harness::World;
use crate::shops::SHOP;
use crate::verbs::CREATE_ORDER;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

impl World {
    /// An order on the shop of the old region, announced to wherever its webhook leads.
    async fn sold(&self) -> OrderId {
        let id =
            self.haravan().create_order(OrderSpec { buyer: Buyer::New, ..OrderSpec::default() }.quietly());
        self.haravan().deliver_due().await;
        self.settle().await;
        id.unwrap()
    }

    /// A stack elsewhere, to which the same shop was connected anew: other tables, another key ring, the same CRM.
    async fn in_another_region(&self) -> World {
        let (addresses, url) = (&self.stack.addresses, self.stack.addresses.haravan_url.clone());
        let token = self.haravan().grant_token(SHOP, CLIENT_ID, &INSTALL_SCOPES).unwrap();
        let options = Options {
            getfly_url: Some(addresses.getfly_url.clone()),
            getfly_api_key: Some(addresses.getfly_api_key.clone().into()),
            haravan_url: Some(url.clone()),
            haravan_accounts_url: Some(url.clone()),
            haravan_webhook_url: Some(url),
            haravan_token: Some(token.into()),
            client_secret: Some(addresses.client_secret.clone().into()),
            ..Options::in_memory(self.clock.clone())
        };
        let world = World::of(self.clock.clone(), options).await;
        let there = &world.stack.addresses;
        self.haravan().register_webhook(None, &there.webhook_url, &there.verify_token).await.unwrap();
        self.haravan().subscribe(None, None).unwrap();
        world
    }
}

#[tokio::test]
async fn a_tenant_that_moves_to_another_region_loses_no_order_and_doubles_none() {
    let old = World::start().await;
    old.getfly().settings_mut(|settings| settings.order_dup_mode = OrderDupMode::CreateSecond);
    let mut orders = vec![old.sold().await, old.sold().await];
    old.work_until_done().await;
    old.getfly().push_fault(CREATE_ORDER, Fault::Status(503));
    orders.push(old.sold().await);
    assert_eq!(old.count(Status::Waiting).await, 1);
    let before = old.clock.now();

    // In the old region: nothing is written any more, then nothing arrives any more.
    assert_eq!(old.operate(&["tenants", "suspend", "hat-mam", "--yes"]).await.code, 0);
    old.clock.advance(common::tenant::FRESH);
    orders.push(old.sold().await);
    let shop = format!("haravan#{}", ORG.0);
    assert_eq!(old.operate(&["connections", "disconnect", "hat-mam", &shop, "--yes"]).await.code, 0);
    old.visits_after(MINUTE).await;
    assert!(!old.is_subscribed());
    orders.push(old.sold().await);
    old.clock.advance(3 * MINUTE);
    assert_eq!(old.getfly().orders().len(), 2);

    let new = old.in_another_region().await;
    orders.push(old.sold().await);
    new.work_until_done().await;
    let now = new.clock.now();
    let wish = Wish { from: before - DAY, to: now, orders: true, customers: true, by: None };
    let begun = start_import(&new.stack.store, &new.tenant(), ORG, wish, now).await.unwrap();
    assert_eq!(begun, Answer::Begun);
    for _ in 0..20 {
        new.visits_after(2 * MINUTE).await;
        new.work_until_done().await;
    }
    let import = import_state(&new.stack.store, &new.tenant(), ORG).await.unwrap().unwrap();
    assert_eq!(import.status, ImportStatus::Done, "{import:?}");
    orders.push(old.sold().await);
    new.work_until_done().await;

    // What waited in the old region is never carried over from there.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hat-mam.jsonl");
    let delete = ["tenants", "delete", "hat-mam", "--yes", "--export", file.to_str().unwrap()];
    assert_eq!(old.operate(&delete).await.code, 0);
    assert!(std::fs::read_to_string(&file).unwrap().contains(&orders[2].0.to_string()));

    let mut there: Vec<String> = old.getfly().orders().into_iter().map(|order| order.order_code).collect();
    let mut wanted: Vec<String> = orders.iter().map(|id| format!("HRV-{}", id.0)).collect();
    there.sort();
    wanted.sort();
    assert_eq!(there, wanted);
    assert_eq!(old.getfly().accounts().len(), orders.len(), "each with a buyer of its own");
    assert_eq!(new.count(Status::Parked).await, 0);
    assert!(new.events().await.iter().all(|event| event.status == Status::Done));
}
