//! Scheduled upkeep: the work that no request starts.
//!
//! It runs once a minute and does two things side by side:
//! - [`wake`] makes waiting events ready again;
//! - [`due`] visits every shop, page and import whose time has come. Each visit ends with the time of the next one.
//!
//! ```text
//!  handle ──► wake
//!         └─► due ──► shop ──► its steps, see there
//!                 ├─► import
//!                 ├─► page
//!                 └─► orphan: a page that no tenant owns
//! ```
//!
//! Watch lists hold the times. A run with nothing due reads those lists and nothing else. A run may be cut off at any point
//! and may overlap with another run: every write is conditional, or harmless when it is repeated.

pub mod due;
mod import;
mod orphan;
mod page;
pub mod shop;
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

/// A run starts no visit later than this after its own start; the rest stays due. With the longest visit and the longest
/// refresh (two calls of 15 s each, and their writes) a run ends within the function's 55 s.
pub const ADMISSION: Duration = Duration::from_secs(15);

/// The longest visit of a shop or a page, and the longest step of an import.
const VISIT: Duration = Duration::from_secs(35);

/// The dependencies of upkeep.
#[derive(Clone)]
pub struct Upkeep {
    /// The tables.
    pub store: Store,
    /// The tenants.
    pub directory: Arc<Directory>,
    /// Refreshes access tokens.
    pub refresher: Refresher,
    /// Facebook and Zalo.
    pub pages: Pages,
    /// Haravan's webhook control.
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
    /// Events, or connections, read from one watch list. A tenant's backlog of more than sixteen times this delays the other
    /// tenants.
    pub per_list: i32,
    /// Visits that run at once.
    pub at_once: usize,
    /// Events of one tenant made ready in one run.
    pub per_tenant: usize,
    /// Events of all tenants made ready in one run.
    pub in_all: usize,
    /// Time between two rounds of a shop's reconciliation.
    pub reconcile_every: Duration,
}

impl Default for Limits {
    /// For one run a minute: a tenant's CRM takes one write a second (getfly.md §15 U8), and an order takes two writes.
    /// Haravan asks for reconciliation daily and after outages (haravan.md §2.8); at four times an hour no order is missing
    /// for long.
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
    /// Shops, pages and imports that were visited.
    pub looked_after: usize,
}

/// One run.
///
/// # Errors
/// [`StoreError`] if a watch list cannot be read; the next run starts over.
pub async fn handle(upkeep: &Upkeep) -> Result<Report, StoreError> {
    let (woken, looked_after) = tokio::join!(wake::wake_events(upkeep), due::visit_due(upkeep));
    let (woken, looked_after) = (woken?, looked_after?);
    Ok(Report { due: woken.due, woken: woken.woken, looked_after })
}
