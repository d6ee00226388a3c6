//! How an admin comes over from the console: a form of the console's, posted to the host of the pages' functions.
//!
//! A ticket works once, for ten minutes, and says who may do what. It is no proof of the browser: a link or form with
//! somebody's ticket, put on a strange page, would make the one who follows it connect their page to that somebody's
//! tenant. So the form counts only when the browser says that it was posted from the tenant's own console.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::id::TenantId;
use crate::store::connections::{PageKey, Person};

/// How long a ticket may wait; also how long the page with its form may stay open.
pub const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Where a connect starts; a form with `ticket` and `provider` (`facebook` or `zalo`), for Zalo also `consent`.
pub const START: &str = "/api/pages/start";

/// Where a page is disconnected; a form with `ticket`.
pub const DISCONNECT: &str = "/api/pages/disconnect";

/// Where the admin pages are, below a tenant's public address.
pub const CONSOLE: &str = "/console/pages";

/// A one-time ticket ([`crate::store::ephemeral::Kind::Page`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageTicket {
    /// Whose pages.
    pub tenant: TenantId,
    /// The admin of the CRM; their id is the account whose slots are used.
    pub admin: Person,
    /// The language of the pages, a tag of [`crate::page::Lang`].
    pub lang: String,
    /// What for.
    pub act: Act,
}

/// What a ticket is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// To connect a page: a certain one again, or any.
    Connect(Option<PageKey>),
    /// To disconnect a page, as it was connected when it was asked for.
    Disconnect {
        /// Which.
        page: PageKey,
        /// Its generation.
        generation: i64,
    },
}

/// When a ticket made now ends.
pub fn expiry(now: Timestamp) -> Timestamp {
    now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX)
}

/// Whether a form was posted from a page below `public_url`. Browsers that do not say where a form comes from are believed
/// unless they say that it is another site's.
pub fn is_from(headers: &HeaderMap, public_url: &str) -> bool {
    let said = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    match said(header::ORIGIN) {
        Some(origin) => Url::parse(public_url).is_ok_and(|url| url.origin().ascii_serialization() == origin),
        None => headers.get("sec-fetch-site").is_none_or(|site| site != "cross-site"),
    }
}
