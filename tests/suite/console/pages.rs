//! What holds on every page.

use common::seal::Place;
use common::store::connections::{NewShop, SealedTokens, Subject};
use common::store::schema;
use common::tenant::connection_place;
use connect_tests::haravan::{CustomerSpec, Fault, LineSpec, OrderSpec};
use jiff::Timestamp;
use local::seed;
use reqwest::Method;
use serde_json::json;

use super::Browser;
use crate::harness::{World, fixture};
use crate::verbs::crm_user;

const SCRIPT: &str = "<script>alert(1)</script>";

/// A world in which every text that comes from outside tries to be a script.
async fn hostile() -> World {
    let world = World::start().await;
    let key = connection_place(&world.tenant(), &Subject::Shop(seed::ORG));
    let place = |field| Place { key: &key, field };
    let ring = world.key_ring().await;
    let token = world.haravan_token().await;
    let new = NewShop {
        tenant: world.tenant(),
        org: seed::ORG,
        shop_domain: Some(format!("x{SCRIPT}.example")),
        shop_name: Some(SCRIPT.to_owned()),
        tokens: SealedTokens {
            access: ring.seal(place(schema::connections::ACCESS_TOKEN), &token.clone().into()).unwrap(),
            refresh: Some(
                ring.seal(place(schema::connections::REFRESH_TOKEN), &"refresh-canary".into()).unwrap(),
            ),
            expires_at: Some("2026-07-12T08:30:00Z".parse::<Timestamp>().unwrap()),
        },
        scopes: vec![format!("com.read_orders{SCRIPT}")],
        by: Some(common::store::connections::Person {
            id: "9".to_owned(),
            name: Some(SCRIPT.to_owned()),
            email: None,
        }),
    };
    world.stack.store.connections.connect(&new, common::clock::Clock::now(&*world.clock)).await.unwrap();
    world.getfly().add_user(crm_user(&format!("u{SCRIPT}"), "script@example.com"));
    world
        .settings(|settings| {
            settings.customer_source = SCRIPT.to_owned();
            settings.source_map.insert(SCRIPT.to_owned(), SCRIPT.to_owned());
            settings.staff_map.insert("77".to_owned(), SCRIPT.to_owned());
        })
        .await;
    world.haravan().once(Fault::CustomerNull);
    let order = OrderSpec::default()
        .person(CustomerSpec::person(SCRIPT, SCRIPT, "0908111222", "nga@example.com"))
        .line(LineSpec::of(SCRIPT, 89_000, 2).sku(SCRIPT))
        .source(SCRIPT)
        .note(SCRIPT);
    world.place(order.clone()).await;
    world.place(order).await;
    let wish = json!({"from": "2026-06-01", "to": "2026-06-02", "orders": true, "admin_name": SCRIPT});
    let path = format!("/api/v1/haravan/shops/{}/import", seed::ORG);
    let (status, answer) = world.call(Method::POST, &path, Some(wish)).await;
    assert_eq!(status, 202, "{answer}");
    world
}

impl World {
    /// The shop's Admin REST token.
    pub async fn haravan_token(&self) -> String {
        use secrecy::ExposeSecret;
        let shop = self.stack.store.connections.shop(&self.tenant(), seed::ORG).await.unwrap().unwrap();
        let key = connection_place(&self.tenant(), &Subject::Shop(seed::ORG));
        let place = Place { key: &key, field: schema::connections::ACCESS_TOKEN };
        let ring = self.key_ring().await;
        ring.open(place, &shop.tokens.unwrap().access).unwrap().expose_secret().to_owned()
    }
}

/// Every page there is to look at.
async fn every_page(world: &World) -> Vec<String> {
    let mut pages: Vec<String> = [
        "/console/haravan",
        "/console/haravan?done=saved",
        "/console/haravan?done=app_first",
        "/console/haravan?done=subscribed",
        "/console/haravan?done=topics_missing",
        "/console/haravan?done=not_connected",
        "/console/haravan?connected=200000987654",
        "/console/haravan/200000987654/disconnect",
        "/console/pages",
        "/console/pages?failed=elsewhere",
        "/console/pages/add",
        "/console/pages/add?error=consent",
        "/console/activity",
        "/console/activity?filter=failed",
        "/console/activity?filter=waiting",
        "/console/activity?filter=done",
        "/console/activity?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/console/activity?retried=3",
        "/console/activity?retried=more",
        "/console/activity?retried=none",
        "/console/import",
        "/console/import?still=1",
        "/console/import?done=started",
        "/console/import?done=running",
        "/console/import?done=stopped",
        "/console/import?done=not_running",
        "/console/import?done=not_connected",
        "/console/settings",
        "/console/settings?done=saved",
        "/console/preview",
    ]
    .map(str::to_owned)
    .into();
    let (_, listed) = world.call(Method::GET, "/api/v1/events", None).await;
    let ids = listed["events"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap());
    pages.extend(ids.map(|id| format!("/console/activity/{id}")));
    pages
}

#[tokio::test]
async fn every_page_is_drawn_in_both_languages_escaped_and_without_secrets() {
    let world = hostile().await;
    assert_eq!(world.post("orders/create", b"[]").await, 200);
    let secrets = [
        world.haravan_token().await,
        world.stack.addresses.client_secret.clone(),
        world.stack.addresses.getfly_api_key.clone(),
        world.api_key(),
        "refresh-canary".to_owned(),
    ];
    let mut browser = world.admin().await;
    for lang in ["vi", "en"] {
        browser.speak(lang).await;
        for path in every_page(&world).await {
            let page = browser.open(&path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.html);
            page.says(&format!("<html lang=\"{lang}\">")).hides("<script").hides("onerror=");
            for secret in &secrets {
                page.hides(secret);
            }
            accessible(&path, &page.html);
        }
    }
}

/// Every field has a label of its own, every id is there once, what is pointed at is there, tables can be scrolled.
pub(super) fn accessible(path: &str, html: &str) {
    let attribute = |name: &str| -> Vec<&str> {
        let before = format!(" {name}=\"");
        html.match_indices(&before)
            .filter_map(|(at, _)| html[at + before.len()..].split('"').next())
            .collect()
    };
    let ids = attribute("id");
    for id in &ids {
        assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{path}: id {id}");
    }
    for pointed in ["for", "aria-describedby", "aria-labelledby"].into_iter().flat_map(attribute) {
        assert!(pointed.split(' ').all(|id| ids.contains(&id)), "{path}: {pointed} points nowhere");
    }
    for tag in ["<input", "<select", "<textarea"] {
        for (at, _) in html.match_indices(tag) {
            let field = &html[at..at + html[at..].find('>').unwrap()];
            if field.contains("type=\"hidden\"") {
                continue;
            }
            let id = field.split(" id=\"").nth(1).unwrap_or_else(|| panic!("{path}: {field}"));
            let label = format!("<label for=\"{}\">", id.split('"').next().unwrap());
            assert!(html.contains(&label), "{path}: {field} has no label");
        }
    }
    assert_eq!(html.matches("<table").count(), html.matches("<div class=\"scroll\"").count(), "{path}");
    assert_eq!(html.matches("<h1").count(), 1, "{path}");
    // A form carries the session's token, or leads to another host with a ticket.
    let carried = html.matches("name=\"csrf\"").count() + html.matches("name=\"ticket\"").count();
    assert_eq!(html.matches("method=\"post\"").count(), carried, "{path}");
}

#[tokio::test]
async fn the_first_page_leads_to_the_connection_and_strangers_see_nothing() {
    let world = World::start().await;
    world.carry("orders/create", fixture::ORDER).await;
    let mut stranger = Browser::new(&world.stack.addresses.base_url);
    assert_eq!(stranger.open("/console").await.leads_to(), "/console/haravan");
    for path in every_page(&world).await {
        let page = stranger.open(&path).await;
        assert_eq!(page.status, 401, "{path}");
        page.hides("hat-mam");
    }
}

#[tokio::test]
async fn one_tenants_events_and_shops_are_not_another_tenants() {
    let world = World::start().await;
    let event = world.carry("orders/create", fixture::ORDER).await;
    let key = common::api_key::ApiKey::generate(&"other".parse().unwrap()).unwrap();
    let other = world.add_tenant("other", "its secret").await;
    let mut record = world.stack.store.tenants.get(&other).await.unwrap().unwrap();
    record.api_key_hash = Some(key.digest());
    assert!(world.stack.store.tenants.put(&record).await.unwrap());
    let key = secrecy::ExposeSecret::expose_secret(key.reveal()).to_owned();

    let (_, listed) = world.call(Method::GET, "/api/v1/events", None).await;
    let id = listed["events"][0]["id"].as_str().unwrap();
    assert!(id.contains(&event.key.digest));
    for (method, path) in [
        (Method::GET, format!("/api/v1/events/{id}")),
        (Method::POST, format!("/api/v1/events/{id}/retry")),
        (Method::POST, format!("/api/v1/haravan/shops/{}/subscription", seed::ORG)),
        (Method::POST, format!("/api/v1/haravan/shops/{}/import", seed::ORG)),
        (Method::GET, format!("/api/v1/haravan/shops/{}/import", seed::ORG)),
        (Method::DELETE, format!("/api/v1/haravan/shops/{}/import", seed::ORG)),
        (Method::DELETE, format!("/api/v1/haravan/shops/{}", seed::ORG)),
    ] {
        let (status, _) = world.call_as(&key, method, &path, None).await;
        assert_eq!(status, 404, "{path}");
    }
    let (_, theirs) = world.call_as(&key, Method::GET, "/api/v1/events", None).await;
    assert_eq!(theirs["events"].as_array().unwrap().len(), 0);
    let (_, found) = world.call_as(&key, Method::GET, "/api/v1/events?q=1791400031", None).await;
    assert_eq!(found["events"].as_array().unwrap().len(), 0);
}
