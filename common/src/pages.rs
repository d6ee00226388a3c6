//! Connecting pages of Facebook and Zalo: what the functions around it share (pages.md §4).
//!
//! ```text
//!   console ──ticket──► page-connect ──► provider ──code──► Facebook: which page? ──pick──► connected ──303──► console
//!                                                 └───────► Zalo: the page that was chosen there ──┘
//!   console ──ticket──► page-disconnect ──► ended, unsubscribed, wiped ──303──► console
//! ```
//!
//! The apps at the providers are the operator's, one of each for all tenants, and so are the addresses under which the
//! providers call: they are on a host of the operator's own, not on the tenant's. What comes over from the tenant's
//! console is a form with a one-time ticket ([`ticket`]).

pub mod apps;
pub mod limit;
pub mod providers;
pub mod ticket;

use std::sync::Arc;

use crate::clock::SharedClock;
use crate::refresh::Refresher;
use crate::store::Store;
use crate::tenant::Directory;

pub use apps::{Apps, NoProvider};
pub use providers::{Places, Providers, Zalo};

/// What whoever works on pages works with.
#[derive(Clone)]
pub struct Pages {
    /// The tables.
    pub store: Store,
    /// Opens and seals tokens.
    pub directory: Arc<Directory>,
    /// Facebook and Zalo.
    pub providers: Arc<Providers>,
    /// Access tokens that end: Zalo's.
    pub refresher: Refresher,
    /// Time.
    pub clock: SharedClock,
}
