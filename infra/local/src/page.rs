//! The page on which a person places orders and watches them arrive.

use axum::Router;
use common::clock::SharedClock;
use common::store::Store;
use dynoxide::Database;

use crate::stack::Addresses;

/// What the page works with.
#[derive(Clone)]
pub struct Page {
    /// The tables.
    pub store: Store,
    /// The engine, to list events without an index made for it.
    pub db: Database,
    /// What to show.
    pub addresses: Addresses,
    /// Time.
    pub clock: SharedClock,
}

/// The page and what it calls.
pub fn router(page: Page) -> Router {
    Router::new().with_state(page)
}
