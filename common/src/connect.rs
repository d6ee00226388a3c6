//! Connecting a Haravan shop: what the two functions that take Haravan's callbacks share (haravan.md §1.3–1.9).
//!
//! ```text
//!   console ──ticket──► LOGIN  ──302──► Haravan ──code, id_token──► who, which shop, admin?
//!                                                                       │ 303
//!                       INSTALL ◄──────────────── Haravan ◄─────────────┘
//!                          │ same person, same shop
//!                          └──► the shop's token, sealed ──► webhooks on ──303──► console
//! ```
//!
//! **Two attempts, one story.** LOGIN finds out who the person is and for which shop; its token is used for nothing and
//! dropped. INSTALL asks for the shop's own token, and only an admin may (§1.4). What LOGIN found goes into INSTALL's
//! [`Flow`](flow::Flow), and INSTALL must find the same person and the same shop.
//!
//! **What ties a callback to the admin who pressed the button.** The ticket names tenant and admin, is taken once and
//! lives for two minutes. The `state` is random, taken once, ten minutes old at most, and belongs to one step. The cookie
//! is in the one browser that started, one per flow, so that tabs do not disturb each other; the flow holds its digest. The
//! nonce is in both id tokens; a hash ties the code to the first, and one may tie the access token to the second. Nothing is
//! ever taken from the request's own host: where browsers are sent follows from the tenant's record and the configuration.
//!
//! **Order.** A state is taken before anything else is looked at, so that a callback can be tried once, right or wrong.
//! The code is spent after the front-channel token has been verified, and what it brought is verified before it counts.
//!
//! **Refusals** are pages with one thing to do and an id ([`refusal`]); the log has the id and a code for the rule.

pub mod authorize;
pub mod callback;
pub mod flow;
pub mod proof;
pub mod refusal;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::clock::SharedClock;
use crate::haravan::jwks::Jwks;
use crate::haravan::token_endpoint::TokenEndpoint;
use crate::id::{OrgId, TenantId};
use crate::store::Store;
use crate::tenant::Directory;

/// A one-time ticket ([`crate::store::ephemeral::Kind::Start`]) with which a login starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartTicket {
    /// Whose shop is to be connected.
    pub tenant: TenantId,
    /// The CRM's id of the admin who pressed the button.
    pub admin_id: String,
    /// Their name.
    pub admin_name: Option<String>,
    /// The shop to connect, when it is a known one.
    pub org: Option<OrgId>,
    /// The language of the pages, a tag of [`crate::page::Lang`].
    pub lang: String,
}

/// Haravan's accounts server.
pub struct Accounts {
    /// Where it is; ends in `/`.
    pub base: Url,
    /// The issuer its id tokens name: its address without the slash (haravan.md §1.1).
    pub issuer: String,
    /// Where codes are exchanged.
    pub tokens: TokenEndpoint,
    /// The keys it signs with.
    pub keys: Jwks,
}

impl Accounts {
    /// The accounts server at `base`.
    pub fn new(http: reqwest::Client, base: Url, clock: SharedClock) -> Self {
        let issuer = base.as_str().trim_end_matches('/').to_owned();
        let tokens = TokenEndpoint::new(http.clone(), base.clone());
        let keys = Jwks::new(http, base.clone(), issuer.clone(), clock);
        Self { base, issuer, tokens, keys }
    }
}

/// What both steps work with.
pub struct Connecting {
    /// The function's name in logs.
    pub function: &'static str,
    /// The tables.
    pub store: Store,
    /// The tenants.
    pub directory: Directory,
    /// Haravan's accounts server.
    pub accounts: Accounts,
    /// Time.
    pub clock: SharedClock,
}

impl Connecting {
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
