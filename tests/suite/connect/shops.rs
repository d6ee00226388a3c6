//! What is stored: whose the shop is, its tokens, its history.

use common::clock::Clock;
use common::connect::refusal::Refusal;
use common::id::{OrgId, TenantId};
use common::seal::Place;
use common::store::connections::{
    Connect, ConnectionRef, ConnectionStatus, NewShop, SealedTokens, Subject, reason,
};
use common::store::schema::connections::{ACCESS_TOKEN, REFRESH_TOKEN};
use common::tenant::connection_place;
use connect_tests::haravan::Fault;
use secrecy::ExposeSecret;

use super::{FIRST, OWNER, OWNER_OF_BOTH, Office, SECOND};

impl Office {
    /// Ends a shop's connection, all the way.
    async fn disconnect(&self, org: OrgId) {
        let shops = &self.world.stack.store.connections;
        let shop = self.shop(org).await.unwrap();
        assert!(shops.end(&shop.this(), reason::BY_ADMIN, self.world.clock.now()).await.unwrap());
        let ended = ConnectionRef { generation: shop.generation + 1, ..shop.this() };
        assert!(shops.finish_end(&ended).await.unwrap());
    }

    async fn owner(&self, org: OrgId) -> Option<TenantId> {
        self.world.stack.store.connections.owner(&Subject::Shop(org)).await.unwrap()
    }
}

#[tokio::test]
async fn a_connected_shop_is_stored_with_its_tokens_sealed_and_who_connected_it() {
    let office = Office::open().await;
    let reply = office.connect(OWNER_OF_BOTH, Some(SECOND)).await;
    let console = format!("{}/console/haravan?connected={SECOND}", office.world.stack.addresses.base_url);
    assert_eq!((reply.status, reply.to()), (303, console.as_str()));

    let shop = office.shop(SECOND).await.unwrap();
    assert_eq!((shop.status, shop.generation, shop.token_version), (ConnectionStatus::Connected, 1, 1));
    assert_eq!(shop.shop_name.as_deref(), Some("Gốm Nhà Mây"));
    assert_eq!(shop.shop_domain.as_deref(), Some("gom-nha-may.myharavan.com"));
    assert_eq!(office.owner(SECOND).await, Some(office.world.tenant()));
    let by = shop.connected_by.unwrap();
    assert_eq!((by.id.as_str(), by.email.as_deref()), ("200001039105", Some(OWNER_OF_BOTH)));
    for scope in ["grant_service", "wh_api", "offline_access", "com.read_orders", "com.read_customers"] {
        assert!(shop.scopes.iter().any(|granted| granted == scope), "{scope}");
    }
    let now = office.world.clock.now();
    assert_eq!((shop.connected_at, shop.due), (Some(now), Some(now)), "upkeep looks at it at once");

    let tokens = shop.tokens.unwrap();
    assert_eq!(tokens.expires_at.unwrap().as_second(), now.as_second() + 315_360_000);
    let (ring, key) =
        (office.world.key_ring().await, connection_place(&office.world.tenant(), &Subject::Shop(SECOND)));
    let access = ring.open(Place { key: &key, field: ACCESS_TOKEN }, &tokens.access).unwrap();
    let refresh = ring.open(Place { key: &key, field: REFRESH_TOKEN }, &tokens.refresh.unwrap()).unwrap();
    assert_ne!(access.expose_secret(), refresh.expose_secret());
    let http = reqwest::Client::new();
    let url = format!("{}/com/shop.json", office.world.stack.addresses.haravan_url);
    let answer = http.get(url).bearer_auth(access.expose_secret()).header("content-type", "application/json");
    assert_eq!(answer.send().await.unwrap().status(), 200, "the token that is stored is the shop's");
    assert!(!reply.body.contains(access.expose_secret()));
}

#[tokio::test]
async fn a_shop_of_another_tenants_changes_nothing_in_either_place() {
    let office = Office::open().await;
    let other = office.world.add_tenant("gom-nha-may", "another_secret").await;
    let theirs = NewShop {
        tenant: other.clone(),
        org: SECOND,
        shop_domain: None,
        shop_name: None,
        tokens: SealedTokens { access: vec![1], refresh: Some(vec![2]), expires_at: None },
        scopes: Vec::new(),
        by: None,
    };
    let shops = &office.world.stack.store.connections;
    assert_eq!(shops.connect(&theirs, office.world.clock.now()).await.unwrap(), Connect::Done);

    let reply = office.connect(OWNER_OF_BOTH, Some(SECOND)).await;
    reply.assert_refused(&Refusal::Elsewhere);
    assert!(!reply.body.contains("gom-nha-may"), "whose it is is nobody's business");
    let exchanged = office.haravan().token_calls().get("authorization_code").copied();
    assert_eq!(exchanged, Some(1), "of LOGIN alone: no tokens are made for a shop that is not free");
    assert!(office.shop(SECOND).await.is_none());
    assert_eq!(office.owner(SECOND).await, Some(other.clone()));
    let kept = shops.shop(&other, SECOND).await.unwrap().unwrap();
    assert_eq!((kept.generation, kept.tokens), (1, Some(theirs.tokens)));
}

#[tokio::test]
async fn a_shop_that_was_let_go_elsewhere_can_be_connected() {
    let office = Office::open().await;
    let other = office.world.add_tenant("gom-nha-may", &office.world.stack.addresses.client_secret).await;
    let ticket = office.ticket(&other, Some(FIRST)).await;
    office.disconnect(FIRST).await;
    let mut browser = super::Browser::default();
    let start = office.get(&mut browser, &format!("/api/haravan/login?ticket={ticket}")).await;
    let answer = office.sign_in(start.to(), OWNER);
    let install = office.bring(&mut browser, &answer).await;
    let answer = office.sign_in(install.to(), OWNER);
    assert_eq!(office.bring(&mut browser, &answer).await.status, 303);
    assert_eq!(office.owner(FIRST).await, Some(other));
    office.connect(OWNER, Some(FIRST)).await.assert_refused(&Refusal::Elsewhere);
}

#[tokio::test]
async fn connecting_again_keeps_the_shops_history() {
    let office = Office::open().await;
    assert_eq!(office.connect(OWNER, Some(FIRST)).await.status, 303);
    let before = office.shop(FIRST).await.unwrap();
    office.disconnect(FIRST).await;
    let ended = office.shop(FIRST).await.unwrap();
    assert_eq!((ended.status, &ended.tokens), (ConnectionStatus::Disconnected, &None));
    assert_eq!(office.connect(OWNER, Some(FIRST)).await.status, 303);
    let again = office.shop(FIRST).await.unwrap();
    assert_eq!((again.status, again.reason.as_deref()), (ConnectionStatus::Connected, None));
    assert_eq!(again.generation, before.generation + 2, "an end and a connect");
    assert!(again.token_version > before.token_version);
    assert_ne!(again.tokens.unwrap().access, before.tokens.unwrap().access);
}

#[tokio::test]
async fn a_second_shop_of_the_same_tenant_stands_beside_the_first() {
    let office = Office::open().await;
    assert_eq!(office.connect(OWNER_OF_BOTH, Some(FIRST)).await.status, 303);
    assert_eq!(office.connect(OWNER_OF_BOTH, Some(SECOND)).await.status, 303);
    let shops = office.world.stack.store.connections.shops(&office.world.tenant()).await.unwrap();
    let standing: Vec<_> = shops.iter().map(|shop| (shop.org, shop.status)).collect();
    assert_eq!(standing, [(FIRST, ConnectionStatus::Connected), (SECOND, ConnectionStatus::Connected)]);
}

#[tokio::test]
async fn a_shop_without_a_refresh_token_is_connected_without_one() {
    let office = Office::open().await;
    office.haravan().always(Fault::TokenNoRefreshToken);
    assert_eq!(office.connect(OWNER, None).await.status, 303);
    assert_eq!(office.shop(FIRST).await.unwrap().tokens.unwrap().refresh, None);
}

#[tokio::test]
async fn an_order_of_a_shop_that_was_just_connected_is_carried_over() {
    let office = Office::open().await;
    assert_eq!(office.connect(OWNER_OF_BOTH, Some(SECOND)).await.status, 303);
    let secret = office.world.stack.addresses.client_secret.clone();
    // The front door may have looked at the tenant a moment before.
    office.world.clock.advance(common::tenant::FRESH);
    let body = crate::harness::fixture::ORDER;
    assert_eq!(office.world.post_as(&secret, "orders/create", &SECOND.to_string(), body).await, 200);
    assert_eq!(office.world.events().await.len(), 1);
}
