//! What subscribed pages tell the app.

use super::*;

impl World {
    async fn subscribed(&self, page: PageId, fields: &str) {
        let token = self.sim.page_token(SELLER, page).unwrap().unwrap();
        self.subscribe(page, &token, fields).await.ok();
    }
}

#[tokio::test]
async fn a_message_to_a_subscribed_page_arrives_signed_and_in_ascii() {
    let world = World::start().await;
    world.subscribed(SHOP_PAGE, "messages").await;
    world.sim.send_message(SHOP_PAGE, "Chào shop 🙂").unwrap().unwrap();
    assert_eq!(world.sim.deliver_due().await, Round { delivered: 1, failed: 0 });
    let received = world.app.received().remove(0);
    assert!(received.body.is_ascii());
    let text = std::str::from_utf8(&received.body).unwrap();
    assert!(text.contains("Ch\\u00e0o shop \\ud83d\\ude42"), "{text}");
    assert_eq!(received.headers["x-hub-signature-256"], hub_signature(APP_SECRET, &received.body));
    let event: Value = serde_json::from_slice(&received.body).unwrap();
    assert_eq!(event["entry"][0]["messaging"][0]["message"]["text"], "Chào shop 🙂");
}

#[tokio::test]
async fn nothing_is_told_of_other_pages_or_other_fields() {
    let world = World::start().await;
    world.subscribed(SHOP_PAGE, "messages").await;
    world.subscribed(EDITOR_PAGE, "feed").await;
    assert_eq!(world.sim.send_message(EDITOR_PAGE, "xin chào"), Ok(None));
    assert_eq!(world.sim.send_message(NEW_PAGE, "xin chào"), Ok(None));
    assert_eq!(world.sim.send_event(SHOP_PAGE, "feed", json!({"item": "comment"})), Ok(None));
    world.sim.app_mut(|app| app.webhook_fields.retain(|field| field != "messages"));
    assert_eq!(world.sim.send_message(SHOP_PAGE, "xin chào"), Ok(None), "not subscribed in the dashboard");
    let id = world.sim.send_event(EDITOR_PAGE, "feed", json!({"item": "comment"})).unwrap();
    assert_eq!(id, Some(1));
    assert!(world.sim.deliveries()[0].body.contains("\"changes\":[{\"field\":\"feed\""));
    assert!(world.sim.send_event(SHOP_PAGE, "telepathy", json!({})).is_err());
}

#[tokio::test]
async fn a_batch_mixes_pages() {
    let world = World::start().await;
    world.subscribed(SHOP_PAGE, "messages").await;
    world.subscribed(EDITOR_PAGE, "messages").await;
    let messages = [(SHOP_PAGE, "một"), (NEW_PAGE, "không ai nghe"), (EDITOR_PAGE, "hai")];
    world.sim.send_messages(&messages).unwrap();
    world.sim.deliver_due().await;
    let event: Value = serde_json::from_slice(&world.app.received()[0].body).unwrap();
    let pages: Vec<_> = event["entry"].as_array().unwrap().iter().map(|entry| entry["id"].clone()).collect();
    assert_eq!(pages, [json!(SHOP_PAGE), json!(EDITOR_PAGE)]);
}

#[tokio::test]
async fn what_is_not_answered_200_comes_again_for_36_hours() {
    let world = World::start().await;
    world.subscribed(SHOP_PAGE, "messages").await;
    world.sim.send_message(SHOP_PAGE, "xin chào").unwrap();
    world.app.will_answer([503, 202, 302, 500]);
    for expected in [1, 1] {
        assert_eq!(world.sim.deliver_due().await.failed, expected, "at once");
    }
    assert_eq!(world.sim.deliver_due().await, Round::default(), "then after a pause");
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.sim.deliver_due().await.failed, 1);
    assert_eq!(world.sim.deliveries()[0].state, DeliveryState::Waiting);
    world.app.will_answer([500; 40]);
    while world.sim.deliveries()[0].state == DeliveryState::Waiting {
        world.clock.advance(Duration::from_secs(3_600));
        world.sim.deliver_due().await;
    }
    let delivery = world.sim.deliveries().remove(0);
    assert_eq!(delivery.state, DeliveryState::GivenUp);
    let tried = delivery.attempts.last().unwrap().at.duration_since(delivery.created_at);
    assert!((24..=36).contains(&tried.as_hours()), "{tried}");
    let bodies: Vec<_> = world.app.received().into_iter().map(|one| one.body).collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "the same bytes each time");
}

#[tokio::test]
async fn a_delivery_can_come_twice() {
    let world = World::start().await;
    world.subscribed(SHOP_PAGE, "messages").await;
    world.sim.once(Fault::DuplicateDelivery);
    world.sim.send_message(SHOP_PAGE, "xin chào").unwrap();
    world.sim.deliver_due().await;
    let received = world.app.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].body, received[1].body);
}

#[tokio::test]
async fn a_webhook_that_fails_the_challenge_is_not_registered() {
    let world = World::start().await;
    let before = world.sim.app().webhook_url;
    let hook = before.clone().unwrap();
    let outcome = world.sim.register_webhook(&format!("{hook}?other=1"), "another token").await.unwrap();
    assert!(!outcome.verified);
    assert_eq!(outcome.status, Some(403));
    assert_eq!(world.sim.app().webhook_url, before);
}
