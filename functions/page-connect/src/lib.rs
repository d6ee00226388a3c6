//! Connecting a page of Facebook or Zalo (pages.md §1.2–1.11, §2.1–2.6, §4).
//!
//! ```text
//!   console ──ticket──► start ──302──► provider ──code──► callback
//!                                                            │ Facebook: who, which permissions
//!                                        choose ◄────303─────┤
//!                                          │ pick            │ Zalo: the account that was chosen there
//!                                          └──► connected ◄──┘ ──303──► console
//! ```
//!
//! **What ties it together.** A ticket of the console's names tenant and admin and works once, from the tenant's own
//! console. The `state` is random, works once, for ten minutes, and belongs to one provider and one browser; it is taken
//! before anything else of a callback is looked at. A choice belongs to that browser too. Each attempt has a cookie of its own,
//! so that several can be under way in several tabs.
//!
//! **Tokens.** None reaches a browser. A person's token at Facebook waits, sealed, for the choice and is gone with it.
//!
//! **Conflicts first.** Whether a page is another tenant's is looked up before anything changes at a provider: before
//! Zalo's code is exchanged, which would kill the other tenant's tokens (pages.md §2.3, §6), and before Facebook's webhooks
//! are switched on. What counts in the end is the one transaction that claims page and slot. The account in Zalo's answer can
//! be edited on its way: when the new tokens tell another one, or are not kept, upkeep looks at its owner's connection at once.
//!
//! **Nothing half.** A page whose webhooks cannot be switched on, or cannot be read back, does not stay connected; one
//! that was connected before stays, and says that it has to be connected again.
//!
//! **The others.** A log-in at Facebook replaces what the person granted before, for all tenants (pages.md §1.19): their
//! other pages are looked at by upkeep at once.

mod choice;
mod choose;
mod commit;
mod facebook;
mod flow;
mod kind;
mod pick;
mod provider;
mod refusal;
mod start;
mod zalo;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use common::channel::Providers;
use common::clock::SharedClock;
use common::facebook::role::UnknownRole;
use common::form::Fields;
use common::pages::ticket::START;
use common::store::Store;
use common::tenant::Directory;
use jiff::Timestamp;
use url::Url;

use crate::provider::Provider;
use crate::refusal::Visit;

pub use crate::choice::LIFETIME as CHOICE_LIFETIME;
pub use crate::flow::LIFETIME as FLOW_LIFETIME;
pub use crate::refusal::Refusal;

/// The function's name in logs.
pub const FUNCTION: &str = "page-connect";

/// Where a page is chosen, followed by the choice's id.
const CHOOSE: &str = "/api/pages/choose";

/// What connecting a page works with.
pub struct Connecting {
    /// The tables.
    pub store: Store,
    /// Seals and opens tokens.
    pub directory: Arc<Directory>,
    /// Facebook and Zalo.
    pub providers: Arc<Providers>,
    /// Time.
    pub clock: SharedClock,
    /// Where browsers reach this function. It is all that redirect addresses follow from.
    pub pages_url: Url,
    /// What is done with a page whose role Facebook does not tell.
    pub unknown_role: UnknownRole,
}

impl Connecting {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An address of this function.
    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.pages_url.as_str().trim_end_matches('/'))
    }
}

/// `POST /api/pages/start`, `GET /api/pages/{facebook|zalo}/callback`, `GET` and `POST /api/pages/choose/{id}`.
pub fn router(connecting: Arc<Connecting>) -> Router {
    Router::new()
        .route(START, post(started))
        .route(Provider::Facebook.callback(), get(from_facebook))
        .route(Provider::Zalo.callback(), get(from_zalo))
        .route(&format!("{CHOOSE}/{{id}}"), get(shown).post(picked))
        .with_state(connecting)
}

async fn started(State(connecting): State<Arc<Connecting>>, headers: HeaderMap, body: Body) -> Response {
    let mut visit = Visit::of(&headers);
    let answer = match Fields::posted(&headers, body).await {
        Ok(fields) => start::started(&connecting, &fields, &headers, &mut visit).await,
        Err(unreadable) => Err(unreadable.into()),
    };
    answer.unwrap_or_else(|refusal| visit.refuse(&refusal))
}

async fn from_facebook(
    State(connecting): State<Arc<Connecting>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut visit = Visit::of(&headers);
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let answer = facebook::answered(&connecting, &fields, &headers, &mut visit).await;
    answer.unwrap_or_else(|refusal| visit.refuse(&refusal))
}

async fn from_zalo(
    State(connecting): State<Arc<Connecting>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut visit = Visit::of(&headers);
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let answer = zalo::answered(&connecting, &fields, &headers, &mut visit).await;
    answer.unwrap_or_else(|refusal| visit.refuse(&refusal))
}

async fn shown(
    State(connecting): State<Arc<Connecting>>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let mut visit = Visit::of(&headers);
    let answer = choose::shown(&connecting, &named(id), &headers, &mut visit).await;
    answer.unwrap_or_else(|refusal| visit.refuse(&refusal))
}

async fn picked(
    State(connecting): State<Arc<Connecting>>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut visit = Visit::of(&headers);
    let answer = match Fields::posted(&headers, body).await {
        Ok(fields) => pick::picked(&connecting, &named(id), &fields, &headers, &mut visit).await,
        Err(unreadable) => Err(unreadable.into()),
    };
    answer.unwrap_or_else(|refusal| visit.refuse(&refusal))
}

/// The id in an address; one that is no text names no choice.
fn named(id: Result<Path<String>, PathRejection>) -> String {
    id.map_or_else(|_| String::new(), |Path(id)| id)
}
