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

pub mod end;
pub mod limit;
pub mod person;
pub mod ticket;
pub mod verify;
pub mod warnings;

use std::sync::Arc;

use secrecy::SecretString;

use crate::channel::{NoProvider, Providers};
use crate::clock::SharedClock;
use crate::refresh::Refresher;
use crate::seal::{Place, SealError};
use crate::store::connections::PageConnection;
use crate::store::{Store, StoreError, schema};
use crate::telemetry::Line;
use crate::tenant::{Directory, connection_place};

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

/// Why work on a page stopped short: it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Our own store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A token does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The provider cannot be called.
    #[error(transparent)]
    Provider(#[from] NoProvider),
}

impl Pages {
    /// A page's access token, if there is one.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn access_token(&self, page: &PageConnection) -> Result<Option<SecretString>, SealError> {
        let Some(tokens) = &page.tokens else { return Ok(None) };
        let key = connection_place(&page.tenant, &page.this().subject);
        let place = Place { key: &key, field: schema::connections::ACCESS_TOKEN };
        self.directory.unseal(place, &tokens.access).await.map(Some)
    }
}

/// A line about a page.
fn line(event: &'static str, page: &PageConnection) -> Line {
    Line::new("pages", event).with("tenant", page.tenant.as_str()).with("page", page.page.slug())
}
