//! From the simulated providers to the inbox.

use common::facebook::app::PageToken;
use common::facebook::subscription::FIELDS;
use common::zalo::app::permission_url;
use common::zalo::pkce::Pkce;
use connect_tests::facebook::DeliveryState;

use super::*;

#[tokio::test]
async fn what_people_write_to_a_facebook_page_arrives_once_though_it_is_sent_twice() {
    let world = World::start().await;
    let tenant = world.tenant();
    let simulated = world.stack.pages.as_ref().unwrap().facebook.clone();
    let token = simulated.page_token(facebook::SELLER, facebook::SHOP_PAGE).unwrap().unwrap();
    let graph = world.stack.upkeep.pages.providers.facebook().await.unwrap();
    world.hold_page(&tenant, &fb(SHOP_PAGE)).await;
    graph.subscribe(&SHOP_PAGE.parse().unwrap(), &PageToken::new(token.into()), &FIELDS).await.unwrap();

    simulated.once(facebook::Fault::DuplicateDelivery);
    simulated.send_message(facebook::SHOP_PAGE, "Chào shop").unwrap().unwrap();
    simulated.send_event(facebook::SHOP_PAGE, "feed", json!({"item": "comment"})).unwrap().unwrap();
    simulated.deliver_due().await;
    let states: Vec<_> = simulated.deliveries().into_iter().map(|delivery| delivery.state).collect();
    assert_eq!(states, [DeliveryState::Delivered; 3]);
    let topics: Vec<_> =
        world.page_events(&tenant).await.iter().map(|event| event.topic.to_string()).collect();
    assert_eq!(topics.len(), 2, "{topics:?}");
    assert!(world.written(&tenant).await.iter().any(|text| text.contains(r"Ch\u00e0o shop")));
}

#[tokio::test]
async fn what_people_write_to_a_zalo_page_arrives_in_every_spelling_of_the_signature() {
    let world = World::start().await;
    let tenant = world.tenant();
    let simulated = world.stack.pages.as_ref().unwrap().zalo.clone();
    let zalo = world.stack.upkeep.pages.providers.zalo().await.unwrap();
    let pkce = Pkce::new().unwrap();
    let base = &world.stack.upkeep.pages.providers.places.zalo_oauth;
    let back = simulated.app().redirect_uris[0].clone();
    let url = permission_url(base, &zalo.app, &back, &pkce.challenge(), "s");
    let account = zalo::OaId::from(SHOP_OA);
    let answer = simulated.authorize(url.as_str(), &zalo::Choice::allow(account.clone())).unwrap();
    let zalo::Answer::Redirect { fields, .. } = answer else { panic!("{answer:?}") };
    let code = fields.into_iter().find(|(name, _)| name == "code").unwrap().1;
    zalo.oauth.exchange(&code.into(), &pkce).await.unwrap();
    world.hold_page(&tenant, &oa(SHOP_OA)).await;

    for style in
        [zalo::SignatureStyle::Prefixed, zalo::SignatureStyle::Bare, zalo::SignatureStyle::PrefixedUpperCase]
    {
        simulated.change_settings(|settings| settings.signature = style);
        simulated.send_text(&account, "Chào shop").unwrap().unwrap();
        simulated.oa_send_text(&account, None, "Dạ").unwrap().unwrap();
        simulated.follow(&account).unwrap().unwrap();
        let round = simulated.deliver_due().await;
        assert_eq!((round.delivered, round.failed), (3, 0));
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    assert_eq!(world.page_events(&tenant).await.len(), 9);
    simulated.once(zalo::Fault::WebhookBadMac);
    simulated.send_text(&account, "x").unwrap().unwrap();
    assert_eq!(simulated.deliver_due().await.failed, 1);
    assert_eq!(world.page_events(&tenant).await.len(), 9);
}
