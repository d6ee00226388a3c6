//! Faults of pages, planted one at a time into a stack whose pages are well, each of which the doctor names.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use common::clock::Clock;
use common::facebook::app::PageToken;
use common::facebook::subscription::FIELDS;
use common::seal::Place;
use common::store::connections::{ConnectionStatus, PageKey, SealedTokens, Subject, reason};
use common::store::schema::connections::{ACCESS_TOKEN, REFRESH_TOKEN};
use common::tenant::connection_place;
use common::zalo::pkce::Pkce;
use connect_tests::facebook::{self, SELLER, SHOP_PAGE};
use connect_tests::zalo;
use local::pages::simulated_apps;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::Desk;
use super::doctor::names;
use crate::harness::World;

const OA: &str = "4180000000000000001";
const NOWHERE: &str = "http://127.0.0.1:9";

/// What is planted, and what the doctor calls it.
const FAULTS: [(&str, &str); 18] = [
    ("no apps", "pages.half_set_up"),
    ("no address", "pages.half_set_up"),
    ("empty apps", "pages.half_set_up"),
    ("apps unreadable", "pages.apps"),
    ("apps not whole", "pages.apps"),
    ("address not callable", "pages.address"),
    ("address dead", "pages.unreachable"),
    ("address elsewhere", "pages.webhook_route"),
    ("facebook secret", "pages.app_refused"),
    ("facebook down", "provider.unreachable"),
    ("facebook token", "connection.token_refused"),
    ("facebook subscription", "connection.topics"),
    ("facebook needs reconnect", "connection.needs_reconnect"),
    ("facebook not watched", "connection.not_watched"),
    ("facebook owner", "connection.owner"),
    ("facebook end", "connection.end_unfinished"),
    ("zalo token", "connection.token_refused"),
    ("slots", "page.slots"),
];

fn fanpage() -> PageKey {
    PageKey::Facebook(SHOP_PAGE.to_string().parse().unwrap())
}

fn oa() -> PageKey {
    PageKey::Zalo(OA.parse().unwrap())
}

impl World {
    /// A Fanpage and an Official Account, connected as their admins would.
    async fn connect_both_pages(&self) {
        let simulated = self.stack.pages.as_ref().unwrap();
        let providers = &self.stack.upkeep.pages.providers;
        let token: SecretString = simulated.facebook.page_token(SELLER, SHOP_PAGE).unwrap().unwrap().into();
        let graph = providers.facebook().await.unwrap();
        let PageKey::Facebook(id) = fanpage() else { panic!() };
        graph.subscribe(&id, &PageToken::new(token.clone()), &FIELDS).await.unwrap();
        let tokens = self.seal_tokens(&fanpage(), &token, None).await;
        self.connect_page(&fanpage().slug(), |new| new.tokens = tokens).await;

        let client = providers.zalo().await.unwrap();
        let pkce = Pkce::new().unwrap();
        let base = "https://oauth.zaloapp.com/".parse().unwrap();
        let back = format!("{}/api/pages/zalo/callback", self.stack.addresses.base_url);
        let url = common::zalo::app::permission_url(&base, &client.app, &back, &pkce.challenge(), "s");
        let answer = simulated.zalo.authorize(url.as_str(), &zalo::Choice::allow(OA)).unwrap();
        let code = answer.field("code").unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        let given = client.oauth.exchange(&code.into(), &pkce).await.unwrap();
        let tokens = self.seal_tokens(&oa(), &given.access, Some(&given.refresh)).await;
        self.connect_page(&oa().slug(), |new| new.tokens = tokens).await;
    }

    async fn seal_tokens(
        &self,
        page: &PageKey,
        access: &SecretString,
        refresh: Option<&SecretString>,
    ) -> SealedTokens {
        let (ring, key) =
            (self.key_ring().await, connection_place(&self.tenant(), &Subject::Page(page.clone())));
        let seal = |field, token: &SecretString| ring.seal(Place { key: &key, field }, token).unwrap();
        SealedTokens {
            access: seal(ACCESS_TOKEN, access),
            refresh: refresh.map(|token| seal(REFRESH_TOKEN, token)),
            expires_at: refresh.map(|_| self.clock.now() + Duration::from_secs(90_000)),
        }
    }
}

/// An operator whose variables name pages too.
struct Settings {
    pages_url: String,
    graph_url: String,
    apps: Option<Value>,
    file: std::path::PathBuf,
}

impl Settings {
    fn of(world: &World, folder: &std::path::Path) -> Self {
        let base = &world.stack.addresses.base_url;
        Self {
            pages_url: base.clone(),
            graph_url: format!("{base}/sim/facebook"),
            apps: Some(simulated_apps()),
            file: folder.join("apps.json"),
        }
    }

    fn desk<'a>(&self, world: &'a World) -> Desk<'a> {
        let mut desk = Desk::at(world);
        let zalo = format!("{}/sim/zalo", world.stack.addresses.base_url);
        desk.env.push(("FACEBOOK_GRAPH_URL", self.graph_url.clone()));
        desk.env.push(("ZALO_OPENAPI_URL", zalo));
        desk.env.push(("PAGES_URL", self.pages_url.clone()));
        if let Some(apps) = &self.apps {
            drop(std::fs::write(&self.file, apps.to_string()));
            desk.env.push(("PROVIDER_APPS_FILE", self.file.to_str().unwrap().to_owned()));
        }
        desk
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_every_planted_fault_of_pages_and_only_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start().await;
    world.connect_both_pages().await;
    let said = Settings::of(&world, folder.path()).desk(&world).run(&["doctor"]).await;
    assert!(said.code == 0 && said.out.starts_with("All is well"), "{said:?}");
    for (fault, name) in FAULTS {
        let world = World::start().await;
        let mut settings = Settings::of(&world, folder.path());
        // Where nothing can be asked about them, there are none.
        let of_the_apps = name.starts_with("pages.") && name != "pages.app_refused";
        if !of_the_apps {
            world.connect_both_pages().await;
        }
        Box::pin(plant(fault, &world, &mut settings)).await;
        let said = settings.desk(&world).run(&["--json", "doctor"]).await;
        assert_eq!(said.code, 3, "{fault}: {said:?}");
        assert_eq!(names(&said.out), [name], "{fault}: {said:?}");
        assert!(!said.out.contains(facebook::APP_SECRET), "{said:?}");
    }
}

#[tokio::test]
async fn a_page_whose_app_is_gone_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start().await;
    world.connect_both_pages().await;
    let mut settings = Settings::of(&world, folder.path());
    settings.apps.as_mut().unwrap().as_object_mut().unwrap().remove("zalo");
    let said = settings.desk(&world).run(&["--json", "doctor"]).await;
    assert_eq!(names(&said.out), ["page.no_app"], "{said:?}");
    // Without the variables the doctor cannot ask, and says so.
    let said = world.operate(&["--json", "doctor"]).await;
    assert_eq!(names(&said.out), ["page.no_app", "page.no_app"], "{said:?}");
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn plant(fault: &str, world: &World, settings: &mut Settings) {
    let client = world.stack.embedded.client();
    let connections = &world.stack.store.connections;
    let simulated = world.stack.pages.as_ref().unwrap();
    let apps = settings.apps.as_mut().unwrap();
    match fault {
        "no apps" => settings.apps = None,
        "no address" => settings.pages_url.clear(),
        "empty apps" => settings.apps = Some(json!({})),
        "apps unreadable" => settings.file = "/nowhere/apps.json".into(),
        "apps not whole" => apps["facebook"]["app_secret"] = " ".into(),
        "address not callable" => settings.pages_url = "ftp://pages.example".to_owned(),
        "address dead" => settings.pages_url = NOWHERE.to_owned(),
        "address elsewhere" => settings.pages_url.push_str("/elsewhere"),
        "facebook secret" => apps["facebook"]["app_secret"] = "another".into(),
        "facebook down" => settings.graph_url = NOWHERE.to_owned(),
        "facebook token" | "zalo token" => {
            let page = if fault == "zalo token" { oa() } else { fanpage() };
            let tokens = world.seal_tokens(&page, &"EAAG-void".into(), None).await;
            let update = client.update_item().table_name("connections").key("tenant_id", text("hat-mam"));
            let update = update.key("connection_id", text(&Subject::Page(page).sort_key()));
            let blob = AttributeValue::B(tokens.access.into());
            let update =
                update.update_expression("SET access_token = :t").expression_attribute_values(":t", blob);
            update.send().await.unwrap();
        }
        "facebook subscription" => {
            let PageKey::Facebook(id) = fanpage() else { panic!() };
            let graph = world.stack.upkeep.pages.providers.facebook().await.unwrap();
            graph.unsubscribe(&id, common::facebook::app::Caller::App).await.unwrap();
            assert!(simulated.facebook.subscription(SHOP_PAGE).is_none());
        }
        "facebook needs reconnect" => {
            let page = world.page(&fanpage().slug()).await;
            let why = reason::PASSWORD_CHANGED;
            assert!(connections.needs_reconnect(&page.this(), page.token_version, why, false).await.unwrap());
        }
        "facebook not watched" => {
            let update = client.update_item().table_name("connections").key("tenant_id", text("hat-mam"));
            let update = update.key("connection_id", text(&Subject::Page(fanpage()).sort_key()));
            update.update_expression("REMOVE q, w").send().await.unwrap();
        }
        "facebook owner" => {
            let claim = text(&format!("claim#{}", Subject::Page(fanpage()).sort_key()));
            let delete = client.delete_item().table_name("connections").key("tenant_id", claim);
            delete.key("connection_id", text("owner")).send().await.unwrap();
        }
        "facebook end" => {
            let page = world.page(&fanpage().slug()).await;
            let now = world.clock.now();
            assert!(connections.end_page(&page, reason::BY_OPERATOR, None, "r", now).await.unwrap());
            let ended = world.page(&fanpage().slug()).await;
            assert_eq!(ended.status, ConnectionStatus::Disconnected);
            let update = client.update_item().table_name("connections").key("tenant_id", text("hat-mam"));
            let update = update.key("connection_id", text(&Subject::Page(fanpage()).sort_key()));
            let long_ago = now - Duration::from_secs(26 * 3600);
            let long_ago = AttributeValue::N(long_ago.as_millisecond().to_string());
            let update = update.update_expression("SET ended_at = :t");
            update.expression_attribute_values(":t", long_ago).send().await.unwrap();
        }
        "slots" => {
            let update = client.update_item().table_name("connections").key("tenant_id", text("hat-mam"));
            let update =
                update.key("connection_id", text("slots#7")).update_expression("SET slots_used = :n");
            update.expression_attribute_values(":n", AttributeValue::N("5".to_owned())).send().await.unwrap();
        }
        other => panic!("nobody plants {other}"),
    }
}
