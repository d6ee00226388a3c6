//! Connecting pages of Facebook and Zalo (pages.md §1.2–1.11, §2.1–2.6, §4; the design's security rules).
//!
//! The function's own router is called in this process, so that a test sees which rule refused; the providers are the
//! simulators, over HTTP. Nothing that a browser is answered may hold a token that works: every answer is looked through.

mod facebook_fails;
mod list;
mod quota;
mod reconnect;
mod state;
mod story;
mod subscribe;
mod tabs;
mod zalo;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Request, header};
use common::channel::{Places, Providers};
use common::clock::Clock;
use common::facebook::role::UnknownRole;
use common::id::TenantId;
use common::pages::ticket::{Act, PageTicket, expiry};
use common::seal::SecretSource;
use common::store::connections::{PageConnection, PageKey, Person, Subject};
use common::store::ephemeral::Kind;
use common::wire::egress::Reach;
use connect_tests::{facebook, zalo as zalo_sim};
use local::access::APPS;
use local::embedded;
use page_connect::{Connecting, Refusal};
use serde_json::json;
use tower::ServiceExt;
use url::Url;

use crate::flaky::FlakyDynamo;
use crate::harness::World;
use crate::jar::Jar;

/// The operator's host.
pub const PAGES_URL: &str = "https://pages.example.test";
pub const FACEBOOK_BACK: &str = "https://pages.example.test/api/pages/facebook/callback";
pub const ZALO_BACK: &str = "https://pages.example.test/api/pages/zalo/callback";

/// The store of a stack, the simulated providers, and the function before them.
pub struct Lobby {
    pub world: World,
    pub facebook: facebook::Simulator,
    pub zalo: zalo_sim::Simulator,
    /// What stands between the function and the tables.
    pub flaky: FlakyDynamo,
    router: Router,
    _servers: (facebook::Server, zalo_sim::Server),
}

/// A browser: it keeps the cookies of its attempts.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    pub cookies: Jar,
}

/// What a browser was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub location: Option<String>,
    /// `Set-Cookie`, whole.
    pub set_cookie: Option<String>,
    pub policy: String,
    pub refusal: Option<Refusal>,
    pub body: String,
}

impl Reply {
    /// Where the browser was sent.
    #[track_caller]
    pub fn to(&self) -> &str {
        self.location.as_deref().unwrap_or_else(|| panic!("sent nowhere: {self:?}"))
    }

    /// That it is a page with this refusal and an id, and one thing to do for who is known.
    #[track_caller]
    pub fn assert_refused(&self, refusal: &Refusal) {
        assert_eq!(self.refusal.as_ref(), Some(refusal), "{self:?}");
        assert!(self.location.is_none() && self.status >= 400, "{self:?}");
        let nobody = [Refusal::Unreadable, Refusal::UnknownTicket, Refusal::NoState, Refusal::UnknownState];
        let nobody = nobody.contains(refusal) || *refusal == Refusal::UnknownChoice;
        let actions = self.body.matches("class=\"button\"").count();
        assert!(actions == 1 || nobody && actions == 0, "{}", self.body);
        assert!(self.body.contains("<p class=\"id\">"), "{}", self.body);
    }

    /// That the page is connected and the browser is back in the console.
    #[track_caller]
    pub fn assert_connected(&self, page: &PageKey) {
        assert_eq!(self.status, 303, "{self:?}");
        let end = format!("/console/pages?connected={}", page.slug());
        assert!(self.to().ends_with(&end), "{self:?}");
    }
}

pub fn fanpage(page: facebook::PageId) -> PageKey {
    PageKey::Facebook(page.to_string().parse().unwrap())
}

pub fn oa(number: u8) -> PageKey {
    PageKey::Zalo(oa_id(number).parse().unwrap())
}

/// An account of the simulator's seed.
pub fn oa_id(number: u8) -> String {
    format!("41800000000000000{number:02}")
}

pub fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: Some("Quản lý".to_owned()), email: None }
}

impl Lobby {
    pub async fn open() -> Self {
        Self::with(UnknownRole::Refuse).await
    }

    pub async fn with(unknown_role: UnknownRole) -> Self {
        let world = World::start().await;
        let now = world.clock.clone();
        let mut seed = facebook::Seed::demo();
        seed.app.redirect_uris = vec![FACEBOOK_BACK.to_owned()];
        let facebook = facebook::Simulator::with_clock(seed, facebook::Clock::new(move || now.now()));
        facebook.settings_mut(|settings| settings.require_proof = true);
        let now = world.clock.clone();
        let seed = zalo_sim::Seed::demo().redirect_uri(ZALO_BACK);
        let zalo = zalo_sim::Simulator::with_clock(seed, zalo_sim::Clock::new(move || now.now()));
        let servers = (facebook.serve().await.unwrap(), zalo.serve().await.unwrap());
        // Pictures are shown over https alone.
        facebook.set_public_url("https://facebook.example.test");
        let base = |url: &str| Reach::Loopback.base_url(url).unwrap();
        let places = Places {
            facebook_dialog: base(servers.0.url()),
            facebook_graph: base(servers.0.url()),
            facebook_version: "v26.0".to_owned(),
            zalo_oauth: base(servers.1.url()),
            zalo_openapi: base(servers.1.url()),
        };
        let (app, oa_app) = (facebook.app(), zalo.app());
        let apps = json!({
            "facebook": {"app_id": app.id, "app_secret": app.secret, "verify_token": app.verify_token},
            "zalo": {"app_id": oa_app.app_id, "app_secret": oa_app.app_secret, "oa_secret_key": oa_app.oa_secret_key},
        });
        let flaky = FlakyDynamo::before(&world.stack.embedded).await;
        let access = &world.stack.access;
        let (store, directory) = access.open("page-connect", &embedded::client(&flaky.url));
        let http = Reach::Loopback.client().unwrap();
        let source = access.secret("page-connect", APPS, SecretSource::Text(apps.to_string().into()));
        let connecting = Connecting {
            directory: Arc::new(directory),
            providers: Arc::new(Providers::new(places, http, source, world.clock.clone())),
            clock: world.clock.clone(),
            pages_url: PAGES_URL.parse().unwrap(),
            unknown_role,
            store,
        };
        let router = page_connect::router(Arc::new(connecting));
        Self { world, facebook, zalo, flaky, router, _servers: servers }
    }

    /// What the console does when an admin asks for a form.
    pub async fn ticket(&self, tenant: &TenantId, admin: &str, act: Act) -> String {
        let ticket = format!("ticket-{:x}", fastrand::u128(..));
        let data = PageTicket { tenant: tenant.clone(), admin: person(admin), lang: "vi".to_owned(), act };
        let expires = expiry(self.world.clock.now());
        self.world.stack.store.ephemeral.put(Kind::Page, &ticket, &data, expires).await.unwrap();
        ticket
    }

    /// The address of the console.
    pub fn console(&self) -> &str {
        self.world.stack.addresses.base_url.trim_end_matches('/')
    }

    /// Posts the console's form.
    pub async fn send(&self, browser: &mut Browser, form: &str) -> Reply {
        self.post(browser, "/api/pages/start", form, self.console()).await
    }

    /// Starts as an admin of a tenant: where the browser is sent at the provider.
    pub async fn start_as(
        &self,
        browser: &mut Browser,
        (tenant, admin): (&TenantId, &str),
        provider: &str,
        again: Option<PageKey>,
    ) -> Reply {
        let ticket = self.ticket(tenant, admin, Act::Connect(again)).await;
        let form = format!("ticket={ticket}&provider={provider}&consent=on");
        self.send(browser, &form).await
    }

    /// Starts as the first tenant's admin.
    pub async fn start(&self, browser: &mut Browser, provider: &str, again: Option<PageKey>) -> String {
        let reply = self.start_as(browser, (&self.world.tenant(), "7"), provider, again).await;
        assert_eq!(reply.status, 302, "{reply:?}");
        reply.to().to_owned()
    }

    /// Follows a redirect of a provider's back to us.
    pub async fn bring(&self, browser: &mut Browser, location: &str) -> Reply {
        let url = Url::parse(location).unwrap();
        assert_eq!(url.origin().ascii_serialization(), PAGES_URL, "{location}");
        self.get(browser, &format!("{}?{}", url.path(), url.query().unwrap_or_default())).await
    }

    /// Logs in at Facebook and answers the dialog: the callback's answer.
    pub async fn log_in(
        &self,
        browser: &mut Browser,
        person: facebook::PersonId,
        choice: &facebook::Choice,
        again: Option<PageKey>,
    ) -> Reply {
        let url = self.start(browser, "facebook", again).await;
        let answer = self.facebook.authorize(&url, person, choice).unwrap();
        self.bring(browser, answer.location().unwrap()).await
    }

    /// The same up to the list: the path of the choice.
    pub async fn choice(
        &self,
        browser: &mut Browser,
        person: facebook::PersonId,
        again: Option<PageKey>,
    ) -> String {
        let reply = self.log_in(browser, person, &facebook::Choice::all(), again).await;
        path_of(&reply)
    }

    /// Picks a page.
    pub async fn pick(&self, browser: &mut Browser, choice: &str, page: facebook::PageId) -> Reply {
        self.post(browser, choice, &format!("page={page}"), PAGES_URL).await
    }

    /// The seller connects a Fanpage, in a browser of its own.
    pub async fn connect(&self, page: facebook::PageId) -> Reply {
        let mut browser = Browser::default();
        let choice = self.choice(&mut browser, facebook::SELLER, None).await;
        self.pick(&mut browser, &choice, page).await
    }

    /// An administrator connects an Official Account.
    pub async fn connect_oa(&self, number: u8, again: Option<PageKey>) -> Reply {
        let mut browser = Browser::default();
        let url = self.start(&mut browser, "zalo", again).await;
        self.allow(&mut browser, &url, number).await
    }

    /// Chooses and allows at Zalo.
    pub async fn allow(&self, browser: &mut Browser, url: &str, number: u8) -> Reply {
        let choice = zalo_sim::Choice::allow(oa_id(number).as_str());
        let answer = self.zalo.authorize(url, &choice).unwrap();
        self.bring(browser, answer.location().unwrap()).await
    }

    pub async fn get(&self, browser: &mut Browser, path: &str) -> Reply {
        self.visit(browser, Request::get(path), Body::empty()).await
    }

    /// Posts a form from a page of this origin.
    pub async fn post(&self, browser: &mut Browser, path: &str, form: &str, origin: &str) -> Reply {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, origin);
        self.visit(browser, request, Body::from(form.to_owned())).await
    }

    pub async fn visit(&self, browser: &mut Browser, mut request: Builder, body: Body) -> Reply {
        if let Some(cookie) = browser.cookies.header() {
            request = request.header(header::COOKIE, cookie);
        }
        // A host of somebody's choice: nothing may follow from it.
        let request = request.header(header::HOST, "evil.example").body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (location, set_cookie) = (text(header::LOCATION), text(header::SET_COOKIE));
        let policy = text(header::CONTENT_SECURITY_POLICY).unwrap_or_default();
        if response.status() != 405 && response.status() != 404 {
            assert_eq!(text(header::CACHE_CONTROL).as_deref(), Some("no-store"), "{response:?}");
            let referrer = text(header::REFERRER_POLICY).unwrap();
            assert!(["same-origin", "no-referrer"].contains(&referrer.as_str()), "{referrer}");
        }
        browser.cookies.obey(response.headers());
        let (status, refusal) = (response.status().as_u16(), response.extensions().get::<Refusal>().cloned());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let reply = Reply { status, location, set_cookie, policy, refusal, body };
        self.assert_no_secret(&reply);
        reply
    }

    fn assert_no_secret(&self, reply: &Reply) {
        let said = format!("{}\n{:?}\n{:?}", reply.body, reply.location, reply.set_cookie);
        assert!(!said.contains("evil.example"), "{reply:?}");
        let mut secrets: Vec<String> =
            self.facebook.live_tokens().into_iter().map(|token| token.value).collect();
        for number in 1..=4 {
            if let Some(pair) = self.zalo.live_pair(&oa_id(number).as_str().into()) {
                secrets.extend([pair.access_token, pair.refresh_token]);
            }
        }
        secrets.extend([self.facebook.app().secret, self.zalo.app().app_secret]);
        for secret in secrets {
            assert!(!said.contains(&secret), "a secret is in {reply:?}");
        }
    }

    /// The first tenant's page as stored.
    pub async fn page(&self, page: &PageKey) -> Option<PageConnection> {
        self.world.stack.store.connections.page(&self.world.tenant(), page).await.unwrap()
    }

    pub async fn owner(&self, page: &PageKey) -> Option<TenantId> {
        self.world.stack.store.connections.owner(&Subject::Page(page.clone())).await.unwrap()
    }

    /// How many slots an admin of the first tenant uses.
    pub async fn slots(&self) -> i64 {
        self.world.stack.store.connections.slots_used(&self.world.tenant(), "7").await.unwrap()
    }

    /// How often Zalo's token endpoint was called.
    pub fn zalo_exchanges(&self) -> usize {
        let requests = self.zalo.requests();
        requests.iter().filter(|request| request.path.ends_with("/access_token")).count()
    }

    /// How often Facebook's Graph was called to change something.
    pub fn facebook_changes(&self) -> usize {
        self.facebook.requests().iter().filter(|request| request.method != "GET").count()
    }
}

/// The path of a choice that a callback leads to.
#[track_caller]
pub fn path_of(reply: &Reply) -> String {
    assert_eq!(reply.status, 303, "{reply:?}");
    let url = Url::parse(reply.to()).unwrap();
    assert_eq!(url.origin().ascii_serialization(), PAGES_URL);
    url.path().to_owned()
}
