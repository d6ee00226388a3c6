//! The end of connected pages, by whoever ends them.
//!
//! - [`DISCONNECT`](common::pages::ticket::DISCONNECT): an admin of the CRM, who comes from the console with a ticket.
//! - [`DEAUTHORIZE`]: a person removed the operator's app at Facebook; their pages have to be connected again.
//! - [`DELETION`]: a person asks at Facebook that what we hold of them is erased; `GET` with the code says that it was.
//!
//! The callbacks count because Facebook signed them, and each once. The form counts because its ticket is taken once and
//! the browser says that the console posted it.

mod callback;
mod deletion;
mod disconnect;
mod refusal;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use common::pages::{Pages, ticket};
use url::Url;

/// The function's name in logs.
pub const FUNCTION: &str = "page-disconnect";

/// Where Facebook says that a person removed the app.
pub const DEAUTHORIZE: &str = "/api/pages/facebook/deauthorize";

/// Where Facebook says that a person wants to be forgotten; with a code behind it, where that person looks.
pub const DELETION: &str = "/api/pages/facebook/deletion";

/// What the function works with.
pub struct PageDisconnect {
    /// The pages.
    pub pages: Pages,
    /// Base URL of the pages' functions, on the operator's own host; ends in `/`.
    pub pages_url: Url,
}

/// Other methods get 405 from the router.
pub fn router(function: Arc<PageDisconnect>) -> Router {
    Router::new()
        .route(ticket::DISCONNECT, post(disconnect::submit))
        .route(DEAUTHORIZE, post(callback::deauthorize))
        .route(DELETION, post(callback::delete))
        .route(&format!("{DELETION}/{{code}}"), get(deletion::show))
        .with_state(function)
}
