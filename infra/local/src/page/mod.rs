//! The page on which a person places orders on the simulated shop and watches them arrive in the CRM.
//!
//! Orders, customers, messages to pages and faults go straight from the browser to the simulators' control routes, which
//! are on the same origin. What the page needs besides is here: one look at everything ([`state`]), a second try for what was set aside
//! ([`retry`]), and what never changes while the stack runs ([`about`]), with the secrets at a route of their own that
//! is asked only when a person opens that part. [`admin`] plays the CRM that sends its admin to our pages.
//!
//! The page is the one part of the stack that is for this machine alone, while the port as a whole may be reachable
//! through a tunnel: [`crate::guard`] keeps it, and the simulators, to this machine and to itself.

mod about;
mod admin;
mod events;

mod retry;
mod state;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::http::header;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use common::clock::SharedClock;
use common::store::Store;
use connect_tests::{getfly, haravan};

use crate::guard::guarded;
use crate::options::Addresses;

/// What the page works with.
#[derive(Clone)]
pub struct Page {
    /// The tables.
    pub store: Store,
    /// The tables once more, to list events without an index made for it.
    pub client: aws_sdk_dynamodb::Client,
    /// What to show.
    pub addresses: Addresses,
    /// The simulated CRM, where that is the one in use.
    pub getfly: Option<getfly::Simulator>,
    /// The simulated shop.
    pub haravan: Option<haravan::Simulator>,
    /// Time.
    pub clock: SharedClock,
}

/// The page and what it calls.
pub fn router(page: Page) -> Router {
    let files = FILES.iter().fold(Router::new(), |files, file| files.route(file.path, get(file.served())));
    let routes = files
        .route("/local/about", get(about::about))
        .route("/local/admin", get(admin::open))
        .route("/local/secrets", get(about::secrets))
        .route("/local/state", get(state::state))
        .route("/local/events/retry", post(retry::retry))
        .with_state(page)
        .layer(map_response(sealed));
    guarded(routes)
}

/// A file of the page, part of the program.
struct File {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

impl File {
    fn served(&'static self) -> impl Fn() -> std::future::Ready<Response> + Clone {
        move || std::future::ready(([(header::CONTENT_TYPE, self.kind)], self.text).into_response())
    }
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [File; 7] = [
    File { path: "/", kind: "text/html; charset=utf-8", text: include_str!("../../assets/index.html") },
    File {
        path: "/local/page.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("../../assets/page.css"),
    },
    File { path: "/local/page.js", kind: SCRIPT, text: include_str!("../../assets/page.js") },
    File { path: "/local/draw.js", kind: SCRIPT, text: include_str!("../../assets/draw.js") },
    File { path: "/local/faults.js", kind: SCRIPT, text: include_str!("../../assets/faults.js") },
    File { path: "/local/words.js", kind: SCRIPT, text: include_str!("../../assets/words.js") },
    File { path: "/local/icon.svg", kind: "image/svg+xml", text: include_str!("../../assets/icon.svg") },
];

/// Nothing from elsewhere, nothing inline, no frame around it, nothing kept.
const SEALED: [(header::HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

async fn sealed(mut response: Response) -> Response {
    for (name, value) in SEALED {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
    response
}
