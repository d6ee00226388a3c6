//! The front door: what Haravan, Facebook and Zalo send, verified and stored (haravan.md §2; [`pages`]).
//!
//! A delivery of Haravan's goes through three gates in this order, each with a type of its own behind it: *authenticate* (raw bytes
//! against the tenant's secrets), *attribute* (topic, shop and body agree with the tenant), *dedup* (one conditional
//! put). Haravan gives up after five seconds and deletes the subscription after 19 failures in a row, so everything that
//! is not an attack is answered 200, and 5xx is said only when the event is not stored.

mod body;
mod challenge;
pub mod pages;
mod receive;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use common::clock::SharedClock;
use common::store::Store;
use common::tenant::Directory;

use crate::pages::PageDoor;

/// The function's name in logs.
const FUNCTION: &str = "webhook";

/// What the front door works with.
pub struct Webhook {
    /// The tables.
    pub store: Store,
    /// The tenants.
    pub directory: Directory,
    /// What pages send.
    pub pages: PageDoor,
    /// Time.
    pub clock: SharedClock,
}

/// `GET` and `POST` of `/api/haravan/webhook/{tenant}`, `/api/pages/facebook/webhook` and `/api/pages/zalo/webhook`. Other
/// methods get 405 from the router.
pub fn router(webhook: Arc<Webhook>) -> Router {
    Router::new()
        .route("/api/haravan/webhook/{tenant}", get(challenge::answer).post(receive::receive))
        .merge(pages::router())
        .with_state(webhook)
}
