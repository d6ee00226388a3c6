//! Shops on file. "Killed" means that nothing of the old simulator is dropped before the file is read again.

use std::path::PathBuf;

use super::*;

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("haravan");
        Self { _folder: folder, path }
    }

    fn open(&self, world: &World) -> Simulator {
        let seed = Seed::demo().with_webhook_at(&world.callback_url);
        Simulator::persistent(seed, world.clock.clock(), &self.path).unwrap()
    }

    /// A subscribed shop on file, and its app.
    async fn world(&self) -> World {
        let mut world = World::unsubscribed().await;
        world.sim = self.open(&world);
        world.sim.subscribe(None, None).unwrap();
        world
    }
}

/// Everything that is to survive.
fn books(sim: &Simulator) -> serde_json::Value {
    let orders: Vec<_> = sim.order_ids(ORG).into_iter().map(|id| sim.order(id)).collect();
    let customers: Vec<_> = sim.customer_ids(ORG).into_iter().map(|id| sim.customer(id)).collect();
    let deliveries = sim.deliveries();
    let bodies: Vec<_> = deliveries.iter().map(|one| String::from_utf8_lossy(&one.body)).collect();
    serde_json::json!([orders, customers, deliveries, bodies, sim.subscriptions()])
}

#[tokio::test]
async fn every_kind_of_order_and_customer_is_the_same_when_the_shop_is_opened_again() {
    let place = Place::new();
    let world = place.world().await;
    let mut generator = generate::Generator::new(3);
    let mut known = None;
    for round in 0..60 {
        let mut spec = generator.any_order();
        if round % 10 == 9 {
            spec.buyer = known.map_or(Buyer::New, Buyer::Known);
        }
        let id = world.sim.create_order(spec.clone()).unwrap();
        match round % 6 {
            0 if spec.payment == Payment::Pending => {
                world
                    .sim
                    .pay_order(id, PaymentSpec { amount: Some(10.into()), ..PaymentSpec::default() })
                    .unwrap();
            }
            1 => world.sim.cancel_order(id, CancelSpec { refund: true, ..CancelSpec::default() }).unwrap(),
            2 => world.sim.update_order(id, OrderChange { fulfil: true, ..OrderChange::default() }).unwrap(),
            3 => {
                let customer = world.sim.create_customer(CustomerSpec::default()).unwrap();
                world.sim.update_customer(customer, CustomerChange::default()).unwrap();
                known = Some(customer);
            }
            _ => {}
        }
    }
    world.sim.send(None, None, "products/create", vec![0, 159, 146, 150]).unwrap();
    let before = books(&world.sim);
    assert_eq!(books(&place.open(&world)), before);
    assert_eq!(books(&place.open(&world)), before, "opening changes nothing");
}

#[tokio::test]
async fn an_order_of_another_life_is_answered_by_rest_and_can_be_paid_and_cancelled() {
    let place = Place::new();
    let mut world = place.world().await;
    let id = world.sim.create_order(OrderSpec::default()).unwrap();
    let token = world.sim.grant_token(ORG, APP, &["com.read_orders"]).unwrap();
    let was = world.sim.order(id).unwrap();
    world.sim = place.open(&world);
    let server = world.sim.serve().await.unwrap();
    let order = reqwest::Client::new()
        .get(format!("{}/com/orders/{id}.json", server.url()))
        .bearer_auth(token)
        .header("content-type", "application/json")
        .send()
        .await
        .unwrap();
    assert_eq!(order.status(), 200);
    assert_eq!(order.json::<serde_json::Value>().await.unwrap()["order"], was);
    world.sim.pay_order(id, PaymentSpec::default()).unwrap();
    world.sim = place.open(&world);
    assert_eq!(world.sim.order(id).unwrap()["financial_status"], "paid");
    world.sim.cancel_order(id, CancelSpec::default()).unwrap();
    world.sim = place.open(&world);
    assert!(world.sim.order(id).unwrap()["cancelled_at"].is_string());
}

#[tokio::test]
async fn ids_codes_phones_and_emails_go_on_where_they_stood() {
    let place = Place::new();
    let world = World::unsubscribed().await;
    // What one life invents without a restart in between.
    let whole = Simulator::with_clock(Seed::demo(), world.clock.clock());
    let expected: Vec<_> =
        (0..6).map(|_| whole.order(whole.create_order(OrderSpec::default()).unwrap())).collect();
    let lives: Vec<_> = (0..6)
        .map(|_| {
            let sim = place.open(&world);
            sim.order(sim.create_order(OrderSpec::default()).unwrap())
        })
        .collect();
    assert_eq!(lives, expected);
    let ids = place.open(&world).order_ids(ORG);
    assert_eq!(ids.len(), 6);
    assert!(ids.is_sorted());
}

#[tokio::test]
async fn what_was_still_to_be_delivered_is_delivered_by_the_next_life() {
    let place = Place::new();
    let mut world = place.world().await;
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    world.app.will_answer([500]);
    assert_eq!(world.sim.deliver_due().await.failed, 1);
    let refused = world.app.received();
    world.sim = place.open(&world);
    let delivery = world.sim.deliveries().pop().unwrap();
    assert_eq!((delivery.state, delivery.last_status()), (DeliveryState::Waiting, Some(500)));
    assert_eq!(world.sim.deliver_due().await, Round::default(), "the pause goes on");
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(world.sim.deliver_due().await.delivered, 1);
    let received = world.app.received();
    assert_eq!(received[1].body, refused[0].body);
    assert!(received[1].is_signed_with(SECRET));
    world.sim = place.open(&world);
    world.clock.advance(Duration::from_secs(200_000));
    assert_eq!(world.sim.deliver_due().await, Round::default());
    assert_eq!(world.sim.deliveries().pop().unwrap().attempts.len(), 2);
}

#[tokio::test]
async fn a_delivery_on_its_way_when_the_process_is_killed_is_tried_again() {
    let place = Place::new();
    let mut world = place.world().await;
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    *world.app.delay.lock().unwrap() = Duration::from_secs(3);
    let sim = world.sim.clone();
    let on_its_way = tokio::spawn(async move { sim.deliver_due().await });
    while world.sim.deliveries().iter().all(|one| one.state != DeliveryState::InFlight) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Time for the request to reach the app.
    tokio::time::sleep(Duration::from_millis(100)).await;
    *world.app.delay.lock().unwrap() = Duration::ZERO;
    world.sim = place.open(&world);
    on_its_way.abort();
    assert_eq!(world.sim.deliver_due().await.delivered, 1);
    assert_eq!(world.app.topics(), ["orders/create"]);
}

#[tokio::test]
async fn tokens_and_subscriptions_are_as_they_were_left() {
    let place = Place::new();
    let mut world = place.world().await;
    let granted = world.sim.grant_token(ORG, APP, &["com.read_orders"]).unwrap();
    let seeded = "b".repeat(64);
    world.sim.revoke_token(&seeded);
    world.sim = place.open(&world);
    let tokens: Vec<_> = world.sim.state().tokens.keys().cloned().collect();
    assert_eq!(tokens, std::slice::from_ref(&granted), "a removed token of the seed does not come back");
    assert!(world.sim.is_subscribed(ORG, APP));
    world.sim.uninstall(None, None).unwrap();
    world.sim = place.open(&world);
    assert!(!world.sim.is_subscribed(ORG, APP));
    assert!(world.sim.state().tokens.is_empty());
    assert_eq!(world.sim.deliver_due().await.delivered, 1);
    assert_eq!(world.app.topics(), ["app/uninstalled"]);
}

#[tokio::test]
async fn the_seeds_orders_are_made_once_and_its_shops_facts_are_read_every_time() {
    let place = Place::new();
    let clock = World::unsubscribed().await.clock;
    let mut seed = Seed::demo();
    seed.orgs[0].orders = vec![OrderSpec::default(), OrderSpec::paid()];
    seed.orgs[0].customers = vec![CustomerSpec::default()];
    let open = |seed: &Seed| Simulator::persistent(seed.clone(), clock.clock(), &place.path).unwrap();
    let first = open(&seed);
    seed.random = 77;
    seed.apps[0].client_secret = "another".to_owned();
    let second = open(&seed);
    assert_eq!(first.order_ids(ORG).len(), 2);
    assert_eq!(books(&first), books(&second));
    assert_eq!(second.state().apps[0].client_secret, "another");
}

#[tokio::test]
async fn a_reset_holds_after_a_restart_and_ids_still_go_on() {
    let place = Place::new();
    let mut world = place.world().await;
    let first = world.sim.create_order(OrderSpec::default()).unwrap();
    world.sim.reset();
    let before = books(&world.sim);
    world.sim = place.open(&world);
    assert_eq!(books(&world.sim), before);
    assert!(world.sim.order(first).is_none());
    assert!(world.sim.deliveries().is_empty());
    assert!(world.sim.create_order(OrderSpec::default()).unwrap() > first);
}

#[tokio::test]
async fn a_file_as_it_was_at_any_moment_holds_what_was_told_until_then() {
    let place = Place::new();
    let world = place.world().await;
    let told = world.sim.create_order(OrderSpec::default()).unwrap();
    let then = std::fs::read(&place.path).unwrap();
    let later = world.sim.create_order(OrderSpec::default()).unwrap();
    let copy = Place::new();
    std::fs::write(&copy.path, then).unwrap();
    let sim = copy.open(&world);
    assert_eq!(sim.order_ids(ORG), [told]);
    assert!(sim.deliveries().iter().all(|one| one.entity_id != later.0 && !one.body.is_empty()));
    assert_eq!(sim.create_order(OrderSpec::default()).unwrap(), later, "as if it had not been placed");
}

#[tokio::test]
async fn the_file_of_another_simulator_is_refused_by_name() {
    let place = Place::new();
    let settings = crate::getfly::Settings::default();
    crate::getfly::Simulator::persistent(settings, Timestamp::now, &place.path).unwrap();
    let error = Simulator::persistent(Seed::demo(), Clock::system(), &place.path).err().unwrap();
    assert!(error.to_string().contains(place.path.to_str().unwrap()), "{error}");
}
