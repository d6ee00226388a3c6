//! What becomes of pages after they are connected: looked after, refreshed, revoked, disconnected (pages.md §1.11–1.19,
//! §2.5–2.12).
//!
//! The function's own router is called in this process; Facebook's and Zalo's side are the simulators', over HTTP.

mod callbacks;
mod disconnect;
mod facebook_watch;
mod quiet;
mod races;
mod zalo_watch;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use common::channel::{Places, Providers};
use common::clock::Clock;
use common::facebook::app::{Caller, DEFAULT_VERSION, PageToken};
use common::facebook::graph::Graph;
use common::facebook::subscription::FIELDS;
use common::id::TenantId;
use common::pages::Pages;
use common::pages::ticket::{Act, DISCONNECT, PageTicket, expiry};
use common::seal::{Place, SecretSource};
use common::store::connections::page::Profile;
use common::store::connections::{
    ConnectionStatus, NewPage, PageConnect, PageConnection, PageKey, Person, SealedTokens, Subject,
};
use common::store::ephemeral::Kind;
use common::store::schema;
use common::tenant::{Directory, connection_place};
use common::wire::egress::Reach;
use common::zalo::oauth::Tokens;
use common::zalo::pkce::Pkce;
use connect_tests::facebook::{self, PersonId, SELLER, SHOP_PAGE};
use connect_tests::zalo;
use local::access::APPS;
use page_disconnect::PageDisconnect;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tower::ServiceExt;
use upkeep::Upkeep;
use url::form_urlencoded::Serializer;

use crate::harness::World;

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);
pub const DAY: Duration = Duration::from_secs(24 * 3600);
/// The simulated Zalo's first account.
pub const OA: &str = "4180000000000000001";
/// Where the pages' functions are, as people are told.
pub const PAGES_URL: &str = "https://pages.operator.test/connect/";

/// The stack, the two providers, and the function.
pub struct Life {
    pub world: World,
    pub facebook: facebook::Simulator,
    pub zalo: zalo::Simulator,
    pub upkeep: Upkeep,
    /// As nobody's in particular, for the test itself.
    pub pages: Pages,
    function: Router,
    _servers: (facebook::Server, zalo::Server),
    callbacks: tokio::task::JoinHandle<()>,
}

impl Drop for Life {
    fn drop(&mut self) {
        self.callbacks.abort();
    }
}

/// What a browser was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

impl Life {
    pub async fn start() -> Self {
        let world = World::start().await;
        let clock = world.clock.clone();
        let facebook = facebook::Simulator::with_clock(
            facebook::Seed::demo(),
            facebook::Clock::new(move || Clock::now(&*clock)),
        );
        let clock = world.clock.clone();
        let zalo =
            zalo::Simulator::with_clock(zalo::Seed::demo(), zalo::Clock::new(move || Clock::now(&*clock)));
        let servers = (facebook.serve().await.unwrap(), zalo.serve().await.unwrap());
        let (client, access) = (world.stack.embedded.client(), &world.stack.access);
        let providers = |apps| Arc::new(providers(&world, apps, servers.0.url(), servers.1.url()));
        let providers_of = |function| providers(access.secret(function, APPS, apps()));
        let upkeep = world.upkeep_with(&client, providers_of("upkeep"));
        let function = "page-disconnect";
        let disconnecting = PageDisconnect {
            pages: world.pages_with(access.open(function, &client), providers_of(function)),
            pages_url: PAGES_URL.parse().unwrap(),
        };
        let function = page_disconnect::router(Arc::new(disconnecting));
        let store = world.stack.store.clone();
        let directory = Directory::new(store.clone(), world.stack.key_ring.clone(), world.clock.clone());
        let pages = world.pages_with((store, directory), providers(apps()));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        facebook.app_mut(|app| {
            app.deauthorize_url = Some(format!("{base}{}", page_disconnect::DEAUTHORIZE));
            app.data_deletion_url = Some(format!("{base}{}", page_disconnect::DELETION));
        });
        let served = function.clone();
        let callbacks = tokio::spawn(async move { axum::serve(listener, served).await.unwrap() });
        Self { world, facebook, zalo, upkeep, pages, function, _servers: servers, callbacks }
    }

    /// Upkeep as another process would run it, over any client.
    pub fn another_upkeep(&self, client: &aws_sdk_dynamodb::Client) -> Upkeep {
        self.world.upkeep_with(client, Arc::clone(&self.upkeep.pages.providers))
    }

    /// Runs upkeep's visits once, so much later.
    pub async fn visits_after(&self, wait: Duration) {
        self.world.clock.advance(wait);
        upkeep::due::visit_due(&self.upkeep).await.unwrap();
    }

    /// The same again and again, for so long in all.
    pub async fn visits_every(&self, step: Duration, for_so_long: Duration) {
        let mut gone = Duration::ZERO;
        while gone < for_so_long {
            self.visits_after(step).await;
            gone += step;
        }
    }

    pub async fn graph(&self) -> Graph {
        self.pages.providers.facebook().await.unwrap()
    }

    /// The connection of the seeded tenant, as last written.
    pub async fn page(&self, key: &PageKey) -> PageConnection {
        self.page_of(&self.world.tenant(), key).await
    }

    pub async fn page_of(&self, tenant: &TenantId, key: &PageKey) -> PageConnection {
        self.pages.store.connections.page(tenant, key).await.unwrap().unwrap()
    }

    pub async fn slots(&self) -> i64 {
        self.pages.store.connections.slots_used(&self.world.tenant(), "17").await.unwrap()
    }

    /// Connects a Fanpage of the seller's as they would, subscribed.
    pub async fn connect_facebook(&self, tenant: &TenantId, page: facebook::PageId) -> PageConnection {
        let token = self.facebook.page_token(SELLER, page).unwrap().unwrap();
        let key = fanpage(page);
        let PageKey::Facebook(id) = &key else { panic!() };
        let token = PageToken::new(token.into());
        self.graph().await.subscribe(id, &token, &FIELDS).await.unwrap();
        self.connect(tenant, key, (token.secret(), None, None), Some(SELLER)).await
    }

    /// The seller's first page, connected to the seeded tenant and looked at once.
    pub async fn fanpage(&self) -> PageConnection {
        let page = self.connect_facebook(&self.world.tenant(), SHOP_PAGE).await;
        self.visits_after(MINUTE).await;
        self.page(&page.page).await
    }

    /// The first Official Account, connected as its admin would and looked at once.
    pub async fn official_account(&self) -> PageConnection {
        let page = self.connect_zalo().await;
        self.visits_after(MINUTE).await;
        self.page(&page.page).await
    }

    pub async fn connect_zalo(&self) -> PageConnection {
        let tokens = self.zalo_tokens().await;
        let given = (&tokens.access, Some(&tokens.refresh), Some(tokens.lives));
        self.connect(&self.world.tenant(), oa(), given, None).await
    }

    /// What an authorisation of the first Official Account gives.
    async fn zalo_tokens(&self) -> Tokens {
        let client = self.pages.providers.zalo().await.unwrap();
        let pkce = Pkce::new().unwrap();
        let base = "https://oauth.zaloapp.com/".parse().unwrap();
        let challenge = pkce.challenge();
        let url =
            common::zalo::app::permission_url(&base, &client.app, zalo::DEMO_REDIRECT_URI, &challenge, "s");
        let answer = self.zalo.authorize(url.as_str(), &zalo::Choice::allow(OA)).unwrap();
        let code = answer.field("code").unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        client.oauth.exchange(&code.into(), &pkce).await.unwrap()
    }

    /// Connects a page with access token, refresh token and lifetime.
    async fn connect(
        &self,
        tenant: &TenantId,
        key: PageKey,
        given: (&SecretString, Option<&SecretString>, Option<Duration>),
        granted_by: Option<PersonId>,
    ) -> PageConnection {
        let (connections, now) = (&self.pages.store.connections, self.upkeep.clock.now());
        let (access, refresh, lives) = given;
        let place = connection_place(tenant, &Subject::Page(key.clone()));
        let ring = self.world.key_ring().await;
        let seal = |field, secret: &SecretString| ring.seal(Place { key: &place, field }, secret).unwrap();
        let new = NewPage {
            tenant: tenant.clone(),
            page: key.clone(),
            profile: Profile { name: "Cửa hàng".to_owned(), ..Profile::default() },
            tokens: SealedTokens {
                access: seal(schema::connections::ACCESS_TOKEN, access),
                refresh: refresh.map(|token| seal(schema::connections::REFRESH_TOKEN, token)),
                expires_at: lives.map(|lives| now + lives),
            },
            scopes: Vec::new(),
            account: "17".to_owned(),
            by: admin(),
            granted_by: granted_by.map(|person| Person {
                id: person.to_string(),
                name: Some("Nguyễn Thị Sim".to_owned()),
                email: None,
            }),
            warnings: Vec::new(),
        };
        let before = connections.page(tenant, &key).await.unwrap();
        let connected = connections.connect_page(&new, before.as_ref(), 9, now).await.unwrap();
        assert!(matches!(connected, PageConnect::Done(_)), "{connected:?}");
        self.page_of(tenant, &key).await
    }

    /// The access token and the refresh token of a connection, opened.
    pub async fn opened(&self, page: &PageConnection) -> (String, Option<String>) {
        let tokens = page.tokens.as_ref().unwrap();
        let (ring, key) = (self.world.key_ring().await, connection_place(&page.tenant, &page.this().subject));
        let open = |field, blob: &[u8]| {
            ring.open(Place { key: &key, field }, blob).unwrap().expose_secret().to_owned()
        };
        let refresh = tokens.refresh.as_ref();
        (
            open(schema::connections::ACCESS_TOKEN, &tokens.access),
            refresh.map(|blob| open(schema::connections::REFRESH_TOKEN, blob)),
        )
    }

    /// Whether Facebook sends us the page's messages.
    pub fn is_subscribed(&self) -> bool {
        self.facebook.subscription(SHOP_PAGE).is_some()
    }

    /// The page's owner takes the subscription away behind our back.
    pub async fn unsubscribe(&self) {
        let PageKey::Facebook(id) = fanpage(SHOP_PAGE) else { panic!() };
        self.graph().await.unsubscribe(&id, Caller::App).await.unwrap();
        assert!(!self.is_subscribed());
    }

    /// Something hints at trouble.
    pub async fn hint(&self, page: &PageConnection) {
        let (connections, this) = (&self.pages.store.connections, page.this());
        let now = self.upkeep.clock.now();
        assert!(connections.suspect(&this.tenant, &this.subject, now).await.unwrap());
    }

    /// How often Facebook was called so, as `DELETE` of `…/subscribed_apps`.
    pub fn calls(&self, method: &str, edge: &str) -> usize {
        let requests = self.facebook.requests();
        requests.iter().filter(|one| one.method == method && one.path.ends_with(edge)).count()
    }

    /// A ticket as the console makes it.
    pub async fn ticket(&self, secret: &str, act: Act) {
        let (tenant, lang) = (self.world.tenant(), "en".to_owned());
        let ticket = PageTicket { tenant, admin: admin(), lang, act };
        let until = expiry(self.upkeep.clock.now());
        self.pages.store.ephemeral.put(Kind::Page, secret, &ticket, until).await.unwrap();
    }

    /// Presses *Ngắt kết nối* in the console, and *Đồng ý*.
    pub async fn press_disconnect(&self, page: &PageConnection) -> Reply {
        let secret = format!("ticket of {} {}", page.page, page.generation);
        self.ticket(&secret, Act::Disconnect { page: page.page.clone(), generation: page.generation }).await;
        self.hand_in(&secret).await
    }

    /// The console's form with this ticket.
    pub async fn hand_in(&self, ticket: &str) -> Reply {
        let origin = self.origin().await;
        self.post(DISCONNECT, &[("ticket", ticket)], Some(&origin)).await
    }

    /// The origin of the tenant's console.
    pub async fn origin(&self) -> String {
        let record = self.pages.store.tenants.get(&self.world.tenant()).await.unwrap().unwrap();
        record.public_url.parse::<url::Url>().unwrap().origin().ascii_serialization()
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)], origin: Option<&str>) -> Reply {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        self.call(request.body(Body::from(body)).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn call(&self, request: Request<Body>) -> Reply {
        let answer = self.function.clone().oneshot(request).await.unwrap();
        let location = answer.headers().get(header::LOCATION);
        let location = location.map(|value| value.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        Reply { status, location, body: String::from_utf8(body.to_vec()).unwrap() }
    }
}

pub fn admin() -> Person {
    Person { id: "17".to_owned(), name: Some("Lan".to_owned()), email: None }
}

pub fn fanpage(page: facebook::PageId) -> PageKey {
    PageKey::Facebook(page.to_string().parse().unwrap())
}

pub fn oa() -> PageKey {
    PageKey::Zalo(OA.parse().unwrap())
}

/// Where a page stands: state, reason, and whether there is still a token.
pub fn stands(page: &PageConnection) -> (ConnectionStatus, Option<&str>, bool) {
    (page.status, page.reason.as_deref(), page.tokens.is_some())
}

/// The secret with the apps.
fn apps() -> SecretSource {
    let zalo = zalo::Seed::demo().app;
    let apps = json!({
        "facebook": {
            "app_id": facebook::APP_ID,
            "app_secret": facebook::APP_SECRET,
            "verify_token": facebook::VERIFY_TOKEN,
        },
        "zalo": {"app_id": zalo.app_id, "app_secret": zalo.app_secret, "oa_secret_key": zalo.oa_secret_key},
    });
    SecretSource::Text(apps.to_string().into())
}

fn providers(world: &World, apps: SecretSource, facebook_url: &str, zalo_url: &str) -> Providers {
    let place = |url: &str| Reach::Loopback.base_url(url).unwrap();
    let places = Places {
        facebook_dialog: place(facebook_url),
        facebook_graph: place(facebook_url),
        facebook_version: DEFAULT_VERSION.to_owned(),
        zalo_oauth: place(zalo_url),
        zalo_openapi: place(zalo_url),
    };
    Providers::new(places, Reach::Loopback.client().unwrap(), apps, world.clock.clone())
}
