//! Connecting a shop: one test per rule of the state, the id token and the role, what Haravan's failures do, and what is
//! stored in the end (haravan.md §1, §7; the design's security rules).
//!
//! The two functions' own routers are called in this process, so that a test sees which rule refused; Haravan's side is
//! the simulator's, over HTTP.

mod flow;
mod haravan_fails;
mod id_token;
mod keys;
mod people;
mod shops;
mod state;
mod tabs;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use common::clock::Clock;
use common::connect::refusal::Refusal;
use common::connect::{Accounts, Connecting, StartTicket};
use common::haravan::admin::Admin;
use common::haravan::subscription::Subscription;
use common::id::{OrgId, TenantId};
use common::store::connections::ShopConnection;
use common::store::ephemeral::Kind;
use common::wire::egress::Reach;
use connect_tests::haravan::{self, Answer, Choice};
use oauth_grant::Grant;
use tower::ServiceExt;
use url::Url;

use crate::harness::World;
use crate::jar::Jar;

/// The seeded shop, and the second one of the simulator (`Seed::demo`).
pub const FIRST: OrgId = local::seed::ORG;
pub const SECOND: OrgId = OrgId(200_000_987_701);
/// Owns the first shop.
pub const OWNER: &str = "minhanh@example.com";
/// A clerk in the first shop.
pub const CLERK: &str = "thuha@example.com";
/// Owns both shops.
pub const OWNER_OF_BOTH: &str = "quocbao@example.com";

/// The stack, and the two functions before it.
pub struct Office {
    pub world: World,
    login: Router,
    grant: Router,
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
    pub refusal: Option<Refusal>,
    pub body: String,
}

impl Reply {
    /// Where the browser was sent.
    #[track_caller]
    pub fn to(&self) -> &str {
        self.location.as_deref().unwrap_or_else(|| panic!("sent nowhere: {self:?}"))
    }

    /// That it is a page with this refusal and one thing to do.
    #[track_caller]
    pub fn assert_refused(&self, refusal: &Refusal) {
        assert_eq!(self.refusal.as_ref(), Some(refusal), "{self:?}");
        assert!(self.location.is_none() && self.status >= 400, "{self:?}");
        assert_eq!(self.body.matches("class=\"button\"").count(), 1, "{}", self.body);
        assert!(self.body.contains("<p class=\"id\">"), "{}", self.body);
    }
}

impl Office {
    pub async fn open() -> Self {
        let world = World::start().await;
        let connecting = |function| {
            let (store, directory) = world.stack.access.open(function, &world.stack.embedded.client());
            let (http, clock) = (Reach::Loopback.client().unwrap(), world.clock.clone());
            let accounts = Accounts::new(http, base(&world), clock.clone());
            Connecting { function, store, directory, accounts, clock }
        };
        let http = Reach::Loopback.client().unwrap();
        let grant = Grant {
            connecting: connecting(oauth_grant::FUNCTION),
            admin: Admin::new(http.clone(), base(&world)),
            subscription: Subscription::new(http, base(&world)),
        };
        let login = oauth_login::router(Arc::new(connecting(oauth_login::FUNCTION)));
        Self { login, grant: oauth_grant::router(Arc::new(grant)), world }
    }

    pub fn haravan(&self) -> &haravan::Simulator {
        self.world.haravan()
    }

    /// What the console does when an admin presses the button.
    pub async fn ticket(&self, tenant: &TenantId, org: Option<OrgId>) -> String {
        let ticket = format!("ticket-{:x}", fastrand::u128(..));
        let data = StartTicket {
            tenant: tenant.clone(),
            admin_id: "7".to_owned(),
            admin_name: Some("Quản lý".to_owned()),
            org,
            lang: "vi".to_owned(),
        };
        let expires = self.world.clock.now() + Duration::from_secs(120);
        self.world.stack.store.ephemeral.put(Kind::Start, &ticket, &data, expires).await.unwrap();
        ticket
    }

    /// Presses the button: where the browser is sent at Haravan.
    pub async fn start(&self, browser: &mut Browser, org: Option<OrgId>) -> String {
        let ticket = self.ticket(&self.world.tenant(), org).await;
        let reply = self.get(browser, &format!("/api/haravan/login?ticket={ticket}")).await;
        assert_eq!(reply.status, 302, "{reply:?}");
        reply.to().to_owned()
    }

    /// Signs in at Haravan and accepts.
    pub fn sign_in(&self, url: &str, email: &str) -> Answer {
        self.haravan().authorize(url, email, Choice::accept()).unwrap()
    }

    /// Brings Haravan's answer back.
    pub async fn bring(&self, browser: &mut Browser, answer: &Answer) -> Reply {
        match answer {
            Answer::FormPost { action, .. } => {
                let path = Url::parse(action).unwrap().path().to_owned();
                self.post(browser, &path, answer.form_body()).await
            }
            Answer::Redirect { location, .. } => {
                let url = Url::parse(location).unwrap();
                self.get(browser, &format!("{}?{}", url.path(), url.query().unwrap_or_default())).await
            }
            Answer::Page { .. } => panic!("Haravan kept the browser: {answer:?}"),
        }
    }

    /// LOGIN up to its callback.
    pub async fn log_in(&self, browser: &mut Browser, email: &str) -> Reply {
        let url = self.start(browser, None).await;
        let answer = self.sign_in(&url, email);
        self.bring(browser, &answer).await
    }

    /// The whole story in a browser of its own.
    pub async fn connect(&self, email: &str, org: Option<OrgId>) -> Reply {
        let mut browser = Browser::default();
        let url = self.start(&mut browser, org).await;
        let answer = self.sign_in(&url, email);
        let logged_in = self.bring(&mut browser, &answer).await;
        if logged_in.refusal.is_some() {
            return logged_in;
        }
        let answer = self.sign_in(logged_in.to(), email);
        self.bring(&mut browser, &answer).await
    }

    pub async fn get(&self, browser: &mut Browser, path: &str) -> Reply {
        self.visit(browser, Request::get(path), Body::empty()).await
    }

    pub async fn post(&self, browser: &mut Browser, path: &str, form: String) -> Reply {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, "null");
        self.visit(browser, request, Body::from(form)).await
    }

    pub async fn visit(
        &self,
        browser: &mut Browser,
        mut request: axum::http::request::Builder,
        body: Body,
    ) -> Reply {
        if let Some(cookie) = browser.cookies.header() {
            request = request.header(header::COOKIE, cookie);
        }
        // A host of somebody's choice: nothing may follow from it.
        let request = request.header(header::HOST, "evil.example").body(body).unwrap();
        let router = if request.uri().path().ends_with("/login") { &self.login } else { &self.grant };
        let response = router.clone().oneshot(request).await.unwrap();
        let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (location, set_cookie) = (text(header::LOCATION), text(header::SET_COOKIE));
        browser.cookies.obey(response.headers());
        let (status, refusal) = (response.status().as_u16(), response.extensions().get::<Refusal>().cloned());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let reply =
            Reply { status, location, set_cookie, refusal, body: String::from_utf8(body.to_vec()).unwrap() };
        assert!(!reply.body.contains("evil.example"), "{reply:?}");
        assert!(!reply.location.as_ref().is_some_and(|to| to.contains("evil.example")), "{reply:?}");
        reply
    }

    /// A tenant's shop as stored.
    pub async fn shop(&self, org: OrgId) -> Option<ShopConnection> {
        self.world.stack.store.connections.shop(&self.world.tenant(), org).await.unwrap()
    }

    /// How often a shop was connected or ended: to see that nothing changed.
    pub async fn generation(&self, org: OrgId) -> Option<i64> {
        self.shop(org).await.map(|shop| shop.generation)
    }
}

fn base(world: &World) -> Url {
    Reach::Loopback.base_url(&world.stack.addresses.haravan_url).unwrap()
}
