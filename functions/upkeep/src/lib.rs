//! Scheduled upkeep: what has to happen though nobody calls.
//!
//! Two things, side by side in every run of a minute, and neither waits for the other's failures:
//! - [`wake`]: events that wait are made ready again;
//! - [`due`] visits what is due: connected shops are kept alive (tokens, webhooks, what webhooks missed), ended ones are
//!   brought to their end ([`shop`]), imports go on; the same for pages of Facebook and Zalo.
//!
//! Both are driven by watch lists with times in them: a run in which nothing is due reads those lists and nothing else.
//! A run may be cut off anywhere and may overlap with another one; whatever it does is a conditional write or harmless
//! when done twice.

pub mod due;
mod import;
mod orphan;
mod page;
pub mod shop;
mod visit;
pub mod wake;

use std::sync::Arc;
use std::time::Duration;

use common::clock::SharedClock;
use common::haravan::admin::Admin;
use common::haravan::subscription::Subscription;
use common::pages::Pages;
use common::refresh::Refresher;
use common::store::{Store, StoreError};
use common::tenant::Directory;
use serde::Serialize;

/// The function's name in logs.
const FUNCTION: &str = "upkeep";

/// What upkeep works with.
#[derive(Clone)]
pub struct Upkeep {
    /// The tables.
    pub store: Store,
    /// The tenants.
    pub directory: Arc<Directory>,
    /// Access tokens that end.
    pub refresher: Refresher,
    /// Facebook and Zalo.
    pub pages: Pages,
    /// Switching webhooks on and off.
    pub subscription: Subscription,
    /// Haravan's Admin REST.
    pub admin: Admin,
    /// Time.
    pub clock: SharedClock,
    /// How much one run does.
    pub limits: Limits,
}

/// How much one run does, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events, or shops, read from one watch list. One tenant's backlog beyond sixteen times this delays the others'.
    pub per_list: i32,
    /// Shops, pages and imports visited at once.
    pub at_once: usize,
    /// Events of one tenant made ready.
    pub per_tenant: usize,
    /// Events made ready in all.
    pub in_all: usize,
    /// Pause between two rounds of a shop's reconciliation.
    pub reconcile_every: Duration,
}

impl Default for Limits {
    /// For a run a minute: a tenant's CRM takes one write a second (getfly.md §15 U8) and an order two. Haravan asks for
    /// reconciliation daily and after outages (haravan.md §2.8); four times an hour an order is not missed for long.
    fn default() -> Self {
        Self {
            per_list: 5000,
            at_once: 16,
            per_tenant: 30,
            in_all: 5000,
            reconcile_every: Duration::from_secs(15 * 60),
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Events that were due.
    pub due: usize,
    /// Events made ready.
    pub woken: usize,
    /// Shops, pages and imports that were looked at.
    pub looked_after: usize,
}

/// One run.
///
/// # Errors
/// [`StoreError`] when a watch list cannot be read; the next run starts over.
pub async fn handle(upkeep: &Upkeep) -> Result<Report, StoreError> {
    let (woken, looked_after) = tokio::join!(wake::wake_events(upkeep), due::look_after_due(upkeep));
    let (woken, looked_after) = (woken?, looked_after?);
    Ok(Report { due: woken.due, woken: woken.woken, looked_after })
}
