//! The delivery engine and the faults of deliveries.

use super::*;

fn order_of(list: &[Delivery]) -> Vec<(&str, DeliveryState)> {
    list.iter().map(|delivery| (delivery.topic.as_str(), delivery.state)).collect()
}

#[tokio::test]
async fn an_order_of_a_new_buyer_arrives_signed_with_its_customer() {
    let world = World::start().await;
    let id = world.sim.create_order(OrderSpec::paid()).unwrap();
    let round = world.sim.deliver_due().await;
    assert_eq!(round, Round { delivered: 4, failed: 0 });
    assert_eq!(world.app.topics(), ["customers/create", "orders/create", "orders/updated", "orders/paid"]);
    let received = world.app.received();
    for one in &received {
        assert!(one.is_signed_with(SECRET));
        assert_eq!(one.headers["x-haravan-org-id"], "200000987654");
        assert_eq!(one.headers["content-type"], "application/json; charset=utf-8");
        assert_eq!(one.headers.contains_key("x-haravan-order-id"), one.topic().starts_with("orders/"));
    }
    let (created, updated) = (received[1].json(), received[2].json());
    assert_eq!(created["id"], id.0);
    assert!(created["updated_at"].as_str() < updated["updated_at"].as_str());
    assert_ne!(received[1].headers["x-haravan-order-id"], id.to_string().as_str());
    assert_eq!(received[0].json()["orders_count"], 0);
}

#[tokio::test]
async fn the_life_of_an_order_is_announced_step_by_step() {
    let world = World::start().await;
    let id = world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    world.sim.pay_order(id, PaymentSpec::of(1)).unwrap();
    world.sim.pay_order(id, PaymentSpec::default()).unwrap();
    assert!(world.sim.pay_order(id, PaymentSpec::default()).is_err(), "nothing is owed any more");
    world.sim.update_order(id, OrderChange { fulfil: true, ..OrderChange::default() }).unwrap();
    world.sim.cancel_order(id, CancelSpec { reason: None, refund: true }).unwrap();
    assert!(world.sim.cancel_order(id, CancelSpec::default()).is_err());
    world.sim.deliver_due().await;
    assert_eq!(
        world.app.topics(),
        [
            "orders/create",
            "orders/updated",
            "orders/updated",
            "orders/paid",
            "orders/updated",
            "orders/fulfilled",
            "orders/cancelled",
            "orders/updated"
        ]
    );
    let order = world.sim.order(id).unwrap();
    assert_eq!(order["cancel_reason"], "customer");
    assert_eq!(order["financial_status"], "refunded");
    let returned: Vec<_> = order["refunds"][0]["transactions"][0]["amount"].as_f64().into_iter().collect();
    assert!(returned.iter().all(|amount| *amount <= 0.0));
}

#[tokio::test]
async fn a_customer_is_announced_when_created_and_changed() {
    let world = World::start().await;
    let id =
        world.sim.create_customer(CustomerSpec::person("Trần Ngọc", "Thảo", "0903555018", "a@b.vn")).unwrap();
    let change = CustomerChange { phone: Given::Nothing, ..CustomerChange::default() };
    world.sim.update_customer(id, change).unwrap();
    world.sim.deliver_due().await;
    assert_eq!(world.app.topics(), ["customers/create", "customers/update"]);
    let received = world.app.received();
    assert_eq!(received[0].json()["phone"], "0903555018");
    assert!(received[1].json()["phone"].is_null());
    assert_eq!(received[0].json()["state"], "disabled");
}

#[tokio::test]
async fn nothing_is_sent_to_an_app_that_has_not_subscribed() {
    let world = World::unsubscribed().await;
    world.sim.create_order(OrderSpec::default()).unwrap();
    assert_eq!(world.sim.deliver_due().await, Round::default());
    assert_eq!(world.sim.subscribe(None, None), Err(Refusal::WebhookNotVerified));
}

#[tokio::test]
async fn a_challenge_with_a_wrong_token_leaves_the_webhook_unverified() {
    let world = World::unsubscribed().await;
    world.sim.once(Fault::ChallengeWrongToken);
    let outcome =
        world.sim.register_webhook(None, &world.callback_url, "hrv_test_verify_token").await.unwrap();
    assert_eq!((outcome.verified, outcome.status), (false, Some(401)));
    let with_query = format!("{}?tenant=1", world.callback_url);
    let again = world.sim.register_webhook(Some(APP), &with_query, "hrv_test_verify_token");
    assert!(again.await.unwrap().verified, "the challenge is appended to an existing query");
    assert!(world.sim.register_webhook(None, "http://shop.example/hook", "x").await.is_err());
    assert!(world.sim.register_webhook(None, &world.callback_url, "").await.is_err());
}

#[tokio::test]
async fn only_two_hundred_and_something_counts_as_delivered() {
    let world = World::start().await;
    for (status, delivered) in
        [(200, true), (204, true), (299, true), (301, false), (400, false), (500, false)]
    {
        world.app.will_answer([status]);
        world.sim.send(None, None, "shop/update", "{}").unwrap();
        let round = world.sim.deliver_due().await;
        assert_eq!(round.delivered == 1, delivered, "{status}");
    }
    assert_eq!(world.app.received().len(), 6, "a redirect is not followed");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_a_failure() {
    let world = World::start().await;
    *world.app.delay.lock().unwrap() = Duration::from_secs(2);
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    assert_eq!(world.sim.deliver_due().await, Round { delivered: 0, failed: 1 });
    let delivery = world.sim.deliveries().pop().unwrap();
    assert_eq!(delivery.state, DeliveryState::Waiting);
    assert_eq!(delivery.attempts[0].error.as_deref(), Some("timed out"));
}

#[tokio::test]
async fn a_failed_delivery_is_retried_when_it_is_due() {
    let world = World::start().await;
    world.app.will_answer([503, 503]);
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    assert_eq!(world.sim.deliver_due().await.failed, 1);
    assert_eq!(world.sim.deliver_due().await, Round::default(), "it is not due yet");
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(world.sim.deliver_due().await.failed, 1);
    world.clock.advance(Duration::from_secs(9));
    assert_eq!(world.sim.deliver_due().await.delivered, 1);
    let received = world.app.received();
    assert!(received.iter().all(|one| one.body == received[0].body), "every try sends the same bytes");
    let delivery = world.sim.deliveries().pop().unwrap();
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert_eq!(
        delivery.attempts.iter().map(|one| one.status).collect::<Vec<_>>(),
        [Some(503), Some(503), Some(200)]
    );
}

#[tokio::test]
async fn nineteen_failures_in_a_row_delete_the_subscription() {
    let world = World::start().await;
    world.app.will_answer([500; 30]);
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    for _ in 0..40 {
        world.sim.deliver_due().await;
        world.clock.advance(Duration::from_secs(24 * 3600));
    }
    assert_eq!(world.app.received().len(), 19);
    assert!(!world.sim.is_subscribed(ORG, APP));
    assert_eq!(world.sim.deliveries()[0].state, DeliveryState::Cancelled);
    world.sim.create_order(OrderSpec::default()).unwrap();
    assert_eq!(world.sim.deliveries().len(), 1, "nothing is emitted without a subscription");
}

#[tokio::test]
async fn a_body_that_always_fails_among_good_ones_is_given_up_after_nineteen_retries() {
    let world = World::start().await;
    world.sim.send(None, None, "shop/update", "{\"poison\":true}").unwrap();
    for _ in 0..25 {
        world.app.will_answer([500]);
        world.sim.deliver_due().await;
        world.app.answers.lock().unwrap().clear();
        world.sim.send(None, None, "shop/update", "{}").unwrap();
        world.sim.deliver_due().await;
        world.clock.advance(Duration::from_secs(24 * 3600));
    }
    let poison = world.sim.deliveries().remove(0);
    assert_eq!((poison.state, poison.attempts.len()), (DeliveryState::GivenUp, 20));
    assert!(world.sim.is_subscribed(ORG, APP));
}

#[tokio::test]
async fn the_background_task_delivers_and_retries_faster_than_the_clock() {
    let world = World::start().await;
    let sim = Simulator::new(Seed::demo().with_webhook_at(&world.callback_url));
    sim.subscribe(None, None).unwrap();
    world.app.will_answer([503]);
    let running = sim.run_deliveries(100.0);
    sim.create_order(OrderSpec::default().quietly()).unwrap();
    let arrived = async {
        while sim.deliveries().iter().any(Delivery::is_open) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), arrived).await.unwrap();
    drop(running);
    assert_eq!(world.app.received().len(), 2);
}

#[tokio::test]
async fn a_duplicate_delivery_brings_the_same_bytes_twice() {
    let world = World::start().await;
    world.sim.once(Fault::DuplicateDelivery);
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    assert_eq!(world.sim.deliver_due_at_once().await.delivered, 2);
    let received = world.app.received();
    assert_eq!(received[0].body, received[1].body);
}

#[tokio::test]
async fn a_swapped_order_brings_the_update_first() {
    let world = World::start().await;
    world.sim.once(Fault::SwappedOrder);
    world.sim.create_order(OrderSpec::default()).unwrap();
    world.sim.deliver_due().await;
    assert_eq!(world.app.topics(), ["customers/create", "orders/updated", "orders/create"]);
}

#[tokio::test]
async fn a_delivery_can_arrive_after_the_uninstall() {
    let world = World::start().await;
    let token = world.sim.grant_token(ORG, APP, &INSTALL_SCOPES).unwrap();
    world.sim.once(Fault::LateAfterUninstall);
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    world.sim.uninstall(None, None).unwrap();
    let states = [DeliveryState::Waiting, DeliveryState::Cancelled, DeliveryState::Waiting];
    assert_eq!(world.sim.deliveries().iter().map(|one| one.state).collect::<Vec<_>>(), states);
    world.sim.deliver_due().await;
    assert_eq!(world.app.topics(), ["app/uninstalled", "orders/create"]);
    assert!(!world.sim.is_subscribed(ORG, APP));
    assert!(!world.sim.state().tokens.contains_key(&token));
}

#[tokio::test]
async fn signatures_can_be_wrong_in_two_ways() {
    let world = World::start().await;
    for fault in [Fault::BadHmac, Fault::HmacOverOtherKey] {
        world.sim.once(fault);
        let received = world.deliver_one(OrderSpec::default()).await;
        assert!(!received.is_signed_with(SECRET));
        assert_eq!(received.headers["x-haravan-hmacsha256"].len(), 44);
    }
    assert!(world.deliver_one(OrderSpec::default()).await.is_signed_with(SECRET));
}

#[tokio::test]
async fn headers_can_be_missing_unknown_or_spelt_otherwise() {
    let world = World::start().await;
    world.sim.once(Fault::MissingTopic);
    assert!(!world.deliver_one(OrderSpec::default()).await.headers.contains_key("x-haravan-topic"));
    world.sim.once(Fault::MissingOrg);
    assert!(!world.deliver_one(OrderSpec::default()).await.headers.contains_key("x-haravan-org-id"));
    world.sim.once(Fault::UnknownTopic);
    assert_eq!(world.deliver_one(OrderSpec::default()).await.topic(), "orders/teleported");
    world.sim.once(Fault::LowerCaseHeaders);
    assert!(world.deliver_one(OrderSpec::default()).await.is_signed_with(SECRET));
    world.sim.once(Fault::MixedCaseHeaders);
    assert!(world.deliver_one(OrderSpec::default()).await.is_signed_with(SECRET));
    let sent = world.sim.deliveries();
    let names =
        |delivery: &Delivery| delivery.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert!(names(&sent[3]).contains(&"x-haravan-topic".to_owned()));
    assert!(names(&sent[4]).contains(&"x-hARAVAN-tOPIC".to_owned()));
}

/// Reads one request off a socket as it was written.
async fn raw_request(sim: &Simulator) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    sim.state().apps[0].webhook.callback_url = Some(url);
    let read = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 700];
        let length = stream.read(&mut head).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&head[..length]).into_owned()
    };
    let (head, _) = tokio::join!(read, sim.deliver_due());
    head
}

#[tokio::test]
async fn header_names_go_over_the_wire_in_their_exact_case() {
    let world = World::start().await;
    for (fault, name) in [
        (None, "X-Haravan-Hmacsha256: "),
        (Some(Fault::LowerCaseHeaders), "x-haravan-hmacsha256: "),
        (Some(Fault::MixedCaseHeaders), "x-hARAVAN-hMACSHA256: "),
    ] {
        fault.into_iter().for_each(|fault| world.sim.once(fault));
        world.sim.send(None, None, "shop/update", "{}").unwrap();
        let head = raw_request(&world.sim).await;
        assert!(head.contains(name), "{head}");
    }
}

#[tokio::test]
async fn a_test_ping_is_empty_and_signed() {
    let world = World::start().await;
    world.sim.once(Fault::TestPing);
    let received = world.deliver_one(OrderSpec::default()).await;
    assert!(received.body.is_empty() && received.is_signed_with(SECRET));
    assert_eq!(received.headers["x-haravan-test"], "True");
}

#[tokio::test]
async fn bodies_can_be_distorted_without_changing_the_shop() {
    let world = World::start().await;
    world.sim.once(Fault::CustomerNull);
    assert!(world.deliver_one(OrderSpec::default()).await.json()["customer"].is_null());
    let id = OrderId(world.sim.deliveries()[0].entity_id);
    assert!(world.sim.order(id).unwrap()["customer"].is_object());
    world.sim.once(Fault::PartiallyPaid);
    assert_eq!(world.deliver_one(OrderSpec::default()).await.json()["financial_status"], "partiallypaid");
    world.sim.once(Fault::StringNumbers);
    let order = world.deliver_one(OrderSpec::default()).await.json();
    assert!(order["id"].is_string() && order["total_price"].is_string());
    world.sim.once(Fault::SevenDigitFractions);
    let received = world.deliver_one(OrderSpec::default()).await;
    let updated_at = received.json()["updated_at"].as_str().unwrap().to_owned();
    assert_eq!(updated_at.len(), "2021-08-18T05:58:03.3618601Z".len());
    world.sim.once(Fault::GuestEmail);
    let order = world.deliver_one(OrderSpec::default()).await.json();
    assert_eq!(
        (&order["email"], &order["customer"]["email"]),
        (&"guest@haravan.com".into(), &"guest@haravan.com".into())
    );
    world.sim.once(Fault::MaskedMarketplace);
    let order = world.deliver_one(OrderSpec::default()).await.json();
    assert!(order["line_items"][0]["variant_id"].is_null() && order["customer"]["phone"].is_null());
    assert_eq!(order["shipping_address"]["address1"], "******");
    world.sim.once(Fault::WrappedDataEntity);
    assert!(world.deliver_one(OrderSpec::default()).await.json()["data"]["order"]["id"].is_i64());
}

#[tokio::test]
async fn a_body_can_be_larger_than_a_megabyte() {
    let world = World::start().await;
    world.sim.once(Fault::HugeBody { bytes: 1_100_000, noise: true });
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    world.sim.deliver_due().await;
    assert!(world.sim.deliveries()[0].body_bytes >= 1_100_000);
}

#[tokio::test]
async fn deliveries_can_be_late_slow_or_lost() {
    let world = World::start().await;
    world.sim.once(Fault::Late { seconds: 60 });
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    assert_eq!(world.sim.deliver_due().await, Round::default());
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(world.sim.deliver_due().await.delivered, 1);

    world.sim.once(Fault::Slow { millis: 120 });
    world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    assert_eq!(world.sim.deliver_due().await.delivered, 1);
    assert!(world.sim.deliveries()[1].attempts[0].elapsed_ms >= 120);
    assert!(world.app.received()[1].is_signed_with(SECRET));

    world.sim.always(Fault::Dropped { percent: 30 });
    for _ in 0..200 {
        world.sim.create_order(OrderSpec::default().quietly()).unwrap();
    }
    let lost = world.sim.deliveries().iter().filter(|one| one.state == DeliveryState::Dropped).count();
    assert!((30..90).contains(&lost), "{lost}");
}

#[tokio::test]
async fn a_reset_goes_back_to_the_seed_but_never_reuses_an_id() {
    let world = World::start().await;
    let before = world.sim.create_order(OrderSpec::default()).unwrap();
    world.sim.always(Fault::BadHmac);
    world.sim.reset();
    assert!(
        world.sim.order(before).is_none()
            && world.sim.deliveries().is_empty()
            && world.sim.faults().is_empty()
    );
    let after = world.sim.create_order(OrderSpec::default()).unwrap();
    assert!(after > before);
    assert_eq!(order_of(&world.sim.deliveries()), []);
}
