//! The sender of events.

use super::*;

async fn granted() -> (World, Hook) {
    let hook = Hook::start().await;
    let world = World::seeded(Seed::demo().redirect_uri(REDIRECT).webhook_url(&hook.url)).await;
    world.connect(ONE).await;
    (world, hook)
}

/// An address nobody listens on.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/hook", listener.local_addr().unwrap())
}

fn states(world: &World) -> Vec<DeliveryState> {
    world.sim.deliveries().iter().map(|delivery| delivery.state).collect()
}

#[tokio::test]
async fn events_come_only_from_accounts_with_a_grant() {
    let (world, hook) = granted().await;
    assert_eq!(world.sim.send_text(&oa(THREE), "a").unwrap(), None);
    assert_eq!(world.sim.send_text(&oa(ONE), "a").unwrap(), Some(1));
    assert_eq!(world.sim.unfollow(&oa(ONE)).unwrap(), Some(2));
    world.sim.deliver_due().await;
    let events: Vec<_> = hook.received().iter().map(|one| fixture(&one.body)["event_name"].clone()).collect();
    assert_eq!(events, ["user_send_text", "unfollow"]);
    world.sim.remove_app(&oa(ONE)).unwrap();
    assert_eq!(world.sim.send_text(&oa(ONE), "a").unwrap(), None);
    world.connect(ONE).await;
    assert_eq!(world.sim.send_text(&oa(ONE), "a").unwrap(), Some(3));
    world.sim.delete_oa(&oa(ONE)).unwrap();
    assert_eq!(world.sim.follow(&oa(ONE)).unwrap(), None);
    world.connect(THREE).await;
    world.sim.change_app(|app| app.webhook_url = None);
    assert_eq!(world.sim.follow(&oa(THREE)).unwrap(), None);
    assert!(world.sim.follow(&oa("9")).is_err());
}

#[tokio::test]
async fn the_signature_is_over_the_raw_body_with_the_key_of_webhooks() {
    let (world, hook) = granted().await;
    let styles = [SignatureStyle::Prefixed, SignatureStyle::Bare, SignatureStyle::PrefixedUpperCase];
    for style in styles {
        world.sim.change_settings(|settings| settings.signature = style);
        world.sim.send_text(&oa(ONE), "Chào shop, còn hàng không?").unwrap();
    }
    world.sim.deliver_due().await;
    for (given, style) in hook.received().iter().zip(styles) {
        assert!(given.body.contains("còn hàng"), "not escaped");
        let timestamp = fixture(&given.body)["timestamp"].clone();
        let mac = event_mac(APP_ID, given.body.as_bytes(), text(&timestamp), OA_KEY);
        let expected = match style {
            SignatureStyle::Prefixed => format!("mac={mac}"),
            SignatureStyle::Bare => mac,
            SignatureStyle::PrefixedUpperCase => format!("mac={}", mac.to_uppercase()),
        };
        assert_eq!(given.headers["x-zevent-signature"], expected);
        assert!(!given.headers.contains_key("num_retry"));
    }
}

#[tokio::test]
async fn events_can_be_spoilt_unsigned_and_doubled() {
    let (world, hook) = granted().await;
    for fault in [Fault::WebhookBadMac, Fault::WebhookNoSignature, Fault::WebhookTwice] {
        world.sim.once(fault);
        world.sim.send_text(&oa(ONE), "a").unwrap();
    }
    world.sim.deliver_due().await;
    let received = hook.received();
    let signed = |one: &Received| {
        let timestamp = fixture(&one.body)["timestamp"].clone();
        let mac = event_mac(APP_ID, one.body.as_bytes(), text(&timestamp), OA_KEY);
        one.headers.get("x-zevent-signature").map(|given| given == &format!("mac={mac}"))
    };
    let expected = [Some(false), None, Some(true), Some(true)];
    assert_eq!(received.iter().map(signed).collect::<Vec<_>>(), expected);
    assert_eq!(received[2].body, received[3].body);
    let ids: Vec<_> = world.sim.deliveries().iter().map(|one| one.id).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
}

#[tokio::test]
async fn only_a_failed_connection_is_tried_again() {
    let (world, hook) = granted().await;
    hook.will_answer(500, Duration::ZERO);
    world.sim.send_text(&oa(ONE), "a").unwrap();
    assert_eq!(world.sim.deliver_due().await, Round { delivered: 0, failed: 1 });
    hook.will_answer(200, Duration::from_millis(700));
    world.sim.send_text(&oa(ONE), "b").unwrap();
    world.sim.deliver_due().await;
    hook.will_answer(200, Duration::ZERO);
    world.sim.change_app(|app| app.webhook_url = None);
    assert_eq!(states(&world), [DeliveryState::Refused, DeliveryState::TimedOut]);
    world.clock.advance(Duration::from_secs(86_400));
    world.sim.change_app(|app| app.webhook_url = Some(hook.url.clone()));
    assert_eq!(world.sim.deliver_due().await, Round::default());
    assert_eq!(world.sim.deliveries()[1].attempts[0].outcome, Outcome::TimedOut);
}

#[tokio::test]
async fn the_ladder_is_climbed_and_then_the_webhook_is_disabled_for_the_whole_app() {
    let (world, hook) = granted().await;
    let dead = nowhere().await;
    world.sim.change_app(|app| app.webhook_url = Some(dead));
    world.sim.send_text(&oa(ONE), "a").unwrap();
    assert_eq!(world.sim.deliver_due().await.failed, 1);
    for (retry, pause) in (1..).zip(RETRY_PAUSES) {
        world.clock.advance(pause - Duration::from_secs(1));
        assert_eq!(world.sim.deliver_due().await, Round::default(), "retry {retry} comes too early");
        if retry == 5 {
            world.sim.send_text(&oa(ONE), "waits").unwrap();
        }
        world.clock.advance(Duration::from_secs(1));
        assert!(world.sim.webhook_enabled());
        // The newer event is due a second before the last retry of the older one, so both are tried.
        let tried = if retry == 5 { 2 } else { 1 };
        assert_eq!(world.sim.deliver_due().await.failed, tried, "retry {retry}");
    }
    assert!(!world.sim.webhook_enabled());
    assert_eq!(states(&world), [DeliveryState::GivenUp, DeliveryState::Cancelled]);
    assert_eq!(world.sim.deliveries()[0].attempts.len(), 6);
    world.sim.change_app(|app| app.webhook_url = Some(hook.url.clone()));
    assert_eq!(world.sim.send_text(&oa(ONE), "b").unwrap(), None);
    world.sim.enable_webhook();
    world.sim.send_text(&oa(ONE), "c").unwrap();
    world.sim.deliver_due().await;
    assert_eq!(hook.received().len(), 1, "what was cancelled stays lost");
}

#[tokio::test]
async fn a_retry_is_the_same_event_with_its_number() {
    let (world, hook) = granted().await;
    let dead = nowhere().await;
    world.sim.change_app(|app| app.webhook_url = Some(dead));
    world.sim.send_text(&oa(ONE), "a").unwrap();
    world.sim.deliver_due().await;
    world.clock.advance(RETRY_PAUSES[0]);
    world.sim.deliver_due().await;
    world.sim.change_app(|app| app.webhook_url = Some(hook.url.clone()));
    world.clock.advance(RETRY_PAUSES[1]);
    assert_eq!(world.sim.deliver_due().await.delivered, 1);
    let (given, sent) = (hook.received().pop().unwrap(), world.sim.deliveries().pop().unwrap());
    assert_eq!(given.headers["num_retry"], "2");
    assert_eq!(given.body, sent.body);
    assert_eq!(given.headers["x-zevent-signature"], sent.signature.unwrap());
}

#[tokio::test]
async fn deliveries_can_run_in_the_background() {
    let (world, hook) = granted().await;
    let _running = world.sim.run_deliveries(60.0);
    world.sim.send_text(&oa(ONE), "a").unwrap();
    let body = json!({"event_name": "user_send_sticker", "sender": {"id": DEMO_USER}});
    world.sim.send_event(&oa(ONE), "user_send_sticker", &body).unwrap();
    for _ in 0..100 {
        if hook.received().len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let received = hook.received();
    assert_eq!(received.len(), 2);
    assert!(received.iter().all(|one| fixture(&one.body)["app_id"] == APP_ID));
    assert!(world.sim.send_event(&oa(ONE), "x", &json!([])).is_err());
}
