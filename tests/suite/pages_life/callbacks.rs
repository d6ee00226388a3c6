//! Facebook's deauthorize and data-deletion callbacks (pages.md §1.15).

use common::store::connections::{ConnectionStatus, reason};
use connect_tests::facebook::{
    APP_SECRET, BUSY, Delivery, DeliveryKind, DeliveryState, EDITOR_PAGE, Fault, SELLER, SHOP_PAGE,
    signed_request,
};
use page_disconnect::{DEAUTHORIZE, DELETION};
use serde_json::{Value, json};

use super::{DAY, Life, MINUTE, PAGES_URL, Reply, fanpage, stands};

const REVOKED: (ConnectionStatus, Option<&str>, bool) =
    (ConnectionStatus::NeedsReconnect, Some(reason::REVOKED), false);

impl Life {
    /// Delivers what Facebook has to tell; gives the last of this kind.
    async fn told(&self, kind: DeliveryKind) -> Delivery {
        self.facebook.deliver_due().await;
        self.facebook.deliveries().into_iter().rfind(|delivery| delivery.kind == kind).unwrap()
    }

    async fn callback(&self, path: &str, payload: &Value) -> Reply {
        self.post(path, &[("signed_request", &signed_request(APP_SECRET, payload))], None).await
    }

    fn says(&self, user: &str) -> Value {
        let now = self.upkeep.clock.now().as_second();
        json!({"user_id": user, "algorithm": "HMAC-SHA256", "issued_at": now})
    }

    async fn hints(&self) -> usize {
        self.pages.store.connections.pages_of_person(&SELLER.to_string()).await.unwrap().len()
    }
}

fn confirmation(answer: &str) -> (String, String) {
    let answer: Value = serde_json::from_str(answer).unwrap();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("url"), text("confirmation_code"))
}

#[tokio::test]
async fn a_person_who_removes_the_app_revokes_their_pages_of_all_tenants() {
    let life = Life::start().await;
    let other = life.world.add_tenant("gom-nha-may", "secret").await;
    let one = life.fanpage().await;
    let two = life.connect_facebook(&other, EDITOR_PAGE).await;
    life.world.clock.advance(MINUTE);
    life.facebook.remove_app(SELLER).unwrap();
    assert_eq!(life.told(DeliveryKind::Deauthorize).await.state, DeliveryState::Delivered);
    for (tenant, page) in [(&one.tenant, &one.page), (&two.tenant, &two.page)] {
        assert_eq!(stands(&life.page_of(tenant, page).await), REVOKED);
    }
    assert_eq!(life.slots().await, 1, "the slot is kept");
    // What was given by somebody else, or ended, is left alone.
    let (strangers, before) = (life.says("999"), life.page(&one.page).await.generation);
    assert_eq!(life.callback(DEAUTHORIZE, &strangers).await.status, 200);
    assert_eq!(life.page(&one.page).await.generation, before);
}

#[tokio::test]
async fn a_request_that_facebook_did_not_sign_changes_nothing() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    let says = life.says(&SELLER.to_string());
    let good = signed_request(APP_SECRET, &says);
    let (signature, payload) = good.split_once('.').unwrap();
    let mut other_algorithm = says.clone();
    other_algorithm["algorithm"] = "none".into();
    let undated = json!({"user_id": SELLER.to_string(), "algorithm": "HMAC-SHA256"});
    let mut ahead = says.clone();
    ahead["issued_at"] = (life.upkeep.clock.now().as_second() + 7200).into();
    let mut expired = says.clone();
    expired["expires"] = (life.upkeep.clock.now().as_second() - 1).into();
    let flipped = format!("{}A", &signature[..signature.len() - 1]);
    let bad = [
        String::new(),
        "x".to_owned(),
        signature.to_owned(),
        format!(".{payload}"),
        format!("{}.{payload}", if flipped == signature { "AAAA" } else { &flipped }),
        format!("{signature}.{}", signed_request(APP_SECRET, &life.says("17")).split_once('.').unwrap().1),
        format!("{good}.x"),
        signed_request("another secret", &says),
        signed_request(APP_SECRET, &other_algorithm),
        signed_request(APP_SECRET, &undated),
        signed_request(APP_SECRET, &ahead),
        signed_request(APP_SECRET, &expired),
    ];
    for path in [DEAUTHORIZE, DELETION] {
        for signed in &bad {
            let reply = life.post(path, &[("signed_request", signed)], None).await;
            assert_eq!((reply.status, reply.body.as_str()), (400, ""), "{signed}");
        }
        assert_eq!(life.post(path, &[], None).await.status, 400);
        let twice = [("signed_request", good.as_str()), ("signed_request", good.as_str())];
        assert_eq!(life.post(path, &twice, None).await.status, 400);
        let long = "x".repeat(100_000);
        assert_eq!(life.post(path, &[("signed_request", &long)], None).await.status, 400);
        assert_eq!(life.get(path).await.status, 405);
    }
    life.facebook.once(Fault::BadSignature);
    life.facebook.remove_app(SELLER).unwrap();
    let told = life.told(DeliveryKind::Deauthorize).await;
    assert_eq!(told.attempts[0].status, Some(400));
    let now = life.page(&page.page).await;
    assert_eq!(stands(&now), (ConnectionStatus::Connected, None, true));
    assert!(now.granted_by.is_some());
}

#[tokio::test]
async fn a_request_counts_once_and_never_against_what_was_given_back_since() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    let says = life.says(&SELLER.to_string());
    assert_eq!(life.callback(DEAUTHORIZE, &says).await.status, 200);
    assert_eq!(stands(&life.page(&page.page).await), REVOKED);

    life.world.clock.advance(MINUTE);
    let again = life.connect_facebook(&page.tenant, SHOP_PAGE).await;
    // The same within the day, the same after it was forgotten, and another with the same old date.
    assert_eq!(life.callback(DEAUTHORIZE, &says).await.status, 200);
    life.world.clock.advance(2 * DAY);
    assert_eq!(life.callback(DEAUTHORIZE, &says).await.status, 200);
    let mut variant = says.clone();
    variant["more"] = 1.into();
    assert_eq!(life.callback(DEAUTHORIZE, &variant).await.status, 200);
    assert_eq!(life.callback(DELETION, &variant).await.status, 200);
    let now = life.page(&page.page).await;
    assert_eq!(stands(&now), (ConnectionStatus::Connected, None, true));
    assert_eq!((now.generation, now.granted_by), (again.generation, again.granted_by));
    assert_eq!(life.hints().await, 1);
}

#[tokio::test]
async fn a_person_who_wants_to_be_forgotten_is_and_can_look_it_up() {
    let life = Life::start().await;
    let live = life.fanpage().await;
    let past = life.connect_facebook(&live.tenant, EDITOR_PAGE).await;
    assert_eq!(life.press_disconnect(&past).await.status, 303);
    assert_eq!(life.hints().await, 2);
    life.world.clock.advance(MINUTE);
    life.facebook.request_data_deletion(SELLER).unwrap().unwrap();
    let told = life.told(DeliveryKind::DataDeletion).await;
    assert_eq!(told.state, DeliveryState::Delivered);
    let (url, code) = confirmation(&told.attempts[0].answer);
    assert_eq!(url, format!("{PAGES_URL}api/pages/facebook/deletion/{code}"));
    assert!(code.len() == 32 && code.bytes().all(|byte| byte.is_ascii_hexdigit()));

    let now = life.page(&live.page).await;
    assert_eq!(stands(&now), REVOKED);
    assert_eq!((now.granted_by, life.page(&past.page).await.granted_by), (None, None));
    assert_eq!(life.hints().await, 0);
    let client = life.world.stack.embedded.client();
    let items = client.scan().table_name("connections").send().await.unwrap();
    let stored = format!("{:?}", items.items());
    assert!(!stored.contains("Nguyễn Thị Sim") && !stored.contains(&SELLER.to_string()));

    // A repeat is answered as before.
    let body: Vec<(String, String)> =
        url::form_urlencoded::parse(told.body.as_bytes()).into_owned().collect();
    let repeat = life.post(DELETION, &[("signed_request", &body[0].1)], None).await;
    assert_eq!((repeat.status, confirmation(&repeat.body)), (200, (url, code.clone())));

    let page = life.get(&format!("{DELETION}/{code}")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("đã được xoá") && page.body.contains("Data deleted"), "{}", page.body);
    assert!(!page.body.contains("Sim") && !page.body.contains(&SELLER.to_string()));
    assert_eq!(life.get(&format!("{DELETION}/{}", "0".repeat(32))).await.status, 404);
    life.world.clock.advance(89 * DAY);
    assert_eq!(life.get(&format!("{DELETION}/{code}")).await.status, 200);
    life.world.clock.advance(2 * DAY);
    assert_eq!(life.get(&format!("{DELETION}/{code}")).await.status, 404);
}

#[tokio::test]
async fn who_gave_a_page_before_another_is_forgotten_and_the_page_stays() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    let (token, _) = life.opened(&page).await;
    let again = life.connect(&page.tenant, page.page.clone(), (&token.into(), None, None), Some(BUSY)).await;
    assert_eq!(life.hints().await, 1);
    life.world.clock.advance(MINUTE);
    assert_eq!(life.callback(DELETION, &life.says(&SELLER.to_string())).await.status, 200);
    let now = life.page(&page.page).await;
    assert_eq!(stands(&now), (ConnectionStatus::Connected, None, true));
    assert_eq!((now.generation, now.granted_by), (again.generation, again.granted_by));
    assert_eq!(life.hints().await, 0);
}

#[tokio::test]
async fn a_removal_that_was_never_told_is_found_and_one_for_an_ended_page_is_harmless() {
    let life = Life::start().await;
    let page = life.fanpage().await;
    assert_eq!(life.press_disconnect(&page).await.status, 303);
    let ended = life.page(&page.page).await;
    let says = life.says(&SELLER.to_string());
    assert_eq!(life.callback(DEAUTHORIZE, &says).await.status, 200);
    let now = life.page(&page.page).await;
    assert_eq!((stands(&now), now.generation), (stands(&ended), ended.generation));
    assert_eq!(now.page, fanpage(SHOP_PAGE));
}
