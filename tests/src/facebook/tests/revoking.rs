//! Taking permissions back, from either side.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

/// The payload of a `signed_request` the app was sent, whose signature fits.
fn payload(received: &Received) -> Value {
    assert_eq!(received.headers["content-type"], "application/x-www-form-urlencoded");
    let (name, signed) = url::form_urlencoded::parse(&received.body).into_owned().next().unwrap();
    assert_eq!(name, "signed_request");
    let (_, part) = signed.split_once('.').unwrap();
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    assert_eq!(signed, signed_request(APP_SECRET, &payload));
    payload
}

#[tokio::test]
async fn deleting_permissions_ends_every_token_of_that_person_alone_and_tells_the_app() {
    let world = World::start().await;
    let long = world.long_token(SELLER, &Choice::all()).await;
    let page = world.page_token(&long, SHOP_PAGE).await;
    let other = world.sim.user_token(BUSY).unwrap();
    world.subscribe(SHOP_PAGE, &page, "messages").await.ok();
    world.call("DELETE", "/me/permissions", Some(&long), &[]).await.ok();
    assert_eq!(world.get("/me", &long, &[]).await.refusal(), (190, Some(458)));
    assert_eq!(world.refusal_of(SHOP_PAGE, &page).await, Some((190, Some(458))));
    world.get("/me", &other, &[]).await.ok();
    assert!(world.sim.grant(SELLER).is_none());
    assert!(world.sim.subscription(SHOP_PAGE).is_some(), "webhooks are not unsubscribed by it");
    world.sim.deliver_due().await;
    let told = payload(&world.app.received()[0]);
    assert_eq!(told["user_id"], SELLER.to_string());
    assert_eq!(told["algorithm"], "HMAC-SHA256");
    assert_eq!(told["issued_at"], world.clock.now().as_second());
}

#[tokio::test]
async fn the_app_token_deletes_permissions_of_a_person_it_names() {
    let world = World::start().await;
    let token = world.sim.user_token(SELLER).unwrap();
    let app_token = format!("{APP_ID}|{APP_SECRET}");
    let path = format!("/{SELLER}/permissions");
    let one = format!("{path}/pages_messaging");
    world.call("DELETE", &one, Some(&app_token), &[]).await.ok();
    let listed = world.get("/me/permissions", &token, &[]).await.ok();
    assert!(
        listed["data"]
            .as_array()
            .unwrap()
            .contains(&json!({"permission": "pages_messaging", "status": "declined"}))
    );
    world.call("DELETE", &path, Some(&app_token), &[("permission", "business_management")]).await.ok();
    assert!(!world.sim.grant(SELLER).unwrap().has("business_management"));
    world.call("DELETE", &path, Some(&app_token), &[]).await.ok();
    assert!(world.sim.live_tokens().is_empty());
    let stranger = world.sim.user_token(BUSY).unwrap();
    assert_eq!(world.call("DELETE", &path, Some(&stranger), &[]).await.refusal(), (100, Some(33)));
}

#[tokio::test]
async fn removing_the_app_is_told_once_whatever_is_answered() {
    let world = World::start().await;
    world.sim.user_token(SELLER).unwrap();
    world.app.will_answer([500]);
    world.sim.remove_app(SELLER).unwrap();
    assert_eq!(world.sim.remove_app(SELLER), Err(Refusal::NoGrant(SELLER)));
    assert_eq!(world.sim.deliver_due().await, Round { delivered: 0, failed: 1 });
    world.clock.advance(GIVEN_UP_AFTER);
    assert_eq!(world.sim.deliver_due().await, Round::default());
    assert_eq!(world.sim.deliveries()[0].state, DeliveryState::GivenUp);
}

#[tokio::test]
async fn a_wish_to_be_forgotten_is_signed_and_its_answer_kept() {
    let world = World::start().await;
    world.sim.request_data_deletion(SELLER).unwrap().unwrap();
    world.sim.deliver_due().await;
    let told = payload(&world.app.received()[0]);
    assert_eq!(told["expires"].as_i64().unwrap() - told["issued_at"].as_i64().unwrap(), 3_600);
    let delivery = world.sim.deliveries().remove(0);
    assert_eq!(delivery.kind, DeliveryKind::DataDeletion);
    assert!(delivery.attempts[0].answer.contains("del_0001"));
}

#[tokio::test]
async fn a_wrong_signature_can_be_sent() {
    let world = World::start().await;
    world.sim.once(Fault::BadSignature);
    world.sim.request_data_deletion(SELLER).unwrap();
    let body = world.sim.deliveries().remove(0).body;
    let (_, signed) = url::form_urlencoded::parse(body.as_bytes()).into_owned().next().unwrap();
    let part = signed.split_once('.').unwrap().1;
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    assert_ne!(signed, signed_request(APP_SECRET, &payload));
}

#[tokio::test]
async fn unticking_a_page_ends_its_tokens_alone() {
    let world = World::start().await;
    let shop = world.sim.page_token(SELLER, SHOP_PAGE).unwrap().unwrap();
    let editor = world.sim.page_token(SELLER, EDITOR_PAGE).unwrap().unwrap();
    world.sim.untick_page(SELLER, SHOP_PAGE).unwrap();
    assert_eq!(world.refusal_of(SHOP_PAGE, &shop).await, Some((190, None)));
    assert_eq!(world.refusal_of(EDITOR_PAGE, &editor).await, None);
}
