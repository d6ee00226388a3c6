//! The admin's side: sessions that the tenant's CRM opens, pages to set up and watch the connection, and the same
//! abilities as a JSON API for CRMs that draw their own screens.
//!
//! Who may do what: a CRM proves itself with the tenant's API key and vouches for its admin (`session`); the admin's
//! browser then holds a session of that tenant, or the CRM calls the API itself ([`api`]). Everything read or written
//! belongs to the tenant of the session or key, never to one named in an address.
//!
//! The pages work without any script. A form is answered with a redirect when it did what it says, and with itself, what
//! was entered and the reason when it did not. The subjects have one folder each (`haravan`, `activity`,
//! `import`, `pages`, `settings`, `preview`); in each, what is done is apart from how it is shown, and the API shares the former.

pub mod api;

mod activity;
mod form;
mod haravan;
mod import;
mod language;
mod pages;
mod preview;
mod refusal;
mod screen;
mod session;
mod settings;
mod tenant;
mod when;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::{get, post};
use common::clock::SharedClock;
use common::haravan::admin::Admin;
use common::haravan::subscription::Subscription;
use common::store::Store;
use common::tenant::Directory;
use common::wire::egress::Reach;
use url::Url;

/// The function's name in logs.
const FUNCTION: &str = "console";

/// Longest body of a form or an API call, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// What the console works with.
pub struct Console {
    /// The tables.
    pub store: Store,
    /// Opens and seals the tenants' secrets.
    pub directory: Directory,
    /// Calls to the CRM.
    pub http: reqwest::Client,
    /// Where the CRM may be.
    pub reach: Reach,
    /// Haravan's Admin REST.
    pub admin: Admin,
    /// Haravan's webhook control.
    pub subscription: Subscription,
    /// Where Haravan's login is, to which a form may lead.
    pub accounts_url: String,
    /// Base URL of the pages' functions; `None` until the operator has set pages up.
    pub pages_url: Option<Url>,
    /// Where Facebook and Zalo ask people, to which a form of the pages' may lead.
    pub providers: Vec<String>,
    /// Time.
    pub clock: SharedClock,
}

/// `/api/sessions`, `/api/v1/…` and `/console/…`.
pub fn router(console: Arc<Console>) -> Router {
    Router::new()
        .route("/console", get(|| async { Redirect::to("/console/haravan") }))
        .route("/console/enter/{token}", get(session::enter::ask).post(session::enter::enter))
        .route("/console/language", get(language::choose))
        .route("/console/haravan", get(haravan::page::show))
        .route("/console/haravan/app", post(haravan::app::submit))
        .route("/console/haravan/connect", post(haravan::connect::submit))
        .route("/console/haravan/{org}/subscribe", post(haravan::subscribe::submit))
        .route(
            "/console/haravan/{org}/disconnect",
            get(haravan::disconnect::ask).post(haravan::disconnect::submit),
        )
        .route("/console/pages", get(pages::list::show))
        .route("/console/pages/add", get(pages::add::show))
        .route("/console/pages/{page}/reconnect", get(pages::add::again))
        .route("/console/pages/{page}/disconnect", get(pages::disconnect::ask))
        .route("/console/activity", get(activity::page::show))
        .route("/console/activity/retry", post(activity::retry::all))
        .route("/console/activity/{event}", get(activity::event::show))
        .route("/console/activity/{event}/retry", post(activity::retry::one))
        .route("/console/activity/{event}/crm", get(activity::crm::open))
        .route("/console/import", get(import::page::show))
        .route("/console/import/{org}", post(import::start::submit))
        .route("/console/import/{org}/stop", post(import::stop::submit))
        .route("/console/settings", get(settings::page::show).post(settings::page::submit))
        .route("/console/settings/crm", post(settings::crm::submit))
        .route("/console/preview", get(preview::show))
        .merge(api::router())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(console)
}
