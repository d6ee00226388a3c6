//! A Facebook user whose pages are to be chosen from, while the admin chooses (pages.md §1.10).

use std::time::Duration;

use axum::http::HeaderMap;
use common::facebook::app::UserToken;
use common::id::TenantId;
use common::page::Lang;
use common::store::connections::{PageKey, Person};
use common::store::ephemeral::Kind;
use common::store::tenants::TenantRecord;
use serde::{Deserialize, Serialize};

use crate::Connecting;
use crate::provider::Provider;
use crate::refusal::{Refusal, Visit};

/// How long a choice may take (pages.md §1.10).
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// A choice, stored under the digest of its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) tenant: TenantId,
    pub(crate) admin: Person,
    pub(crate) lang: String,
    /// Digest of the cookie of the browser that started.
    pub(crate) browser: String,
    /// The page to be connected again.
    pub(crate) again: Option<PageKey>,
    /// Who logged in at Facebook.
    pub(crate) person: Person,
    /// What they granted.
    pub(crate) scopes: Vec<String>,
    /// Their long-lived token, sealed, in base64.
    pub(crate) token: String,
}

/// A choice, opened in its own browser.
pub(crate) struct Opened {
    pub(crate) choice: Choice,
    pub(crate) record: TenantRecord,
    pub(crate) token: UserToken,
}

impl Connecting {
    /// The choice of this id, if it is this browser's.
    pub(crate) async fn choice(
        &self,
        id: &str,
        headers: &HeaderMap,
        visit: &mut Visit,
    ) -> Result<Opened, Refusal> {
        visit.provider = Some(Provider::Facebook);
        let found = self.store.ephemeral.get::<Choice>(Kind::PageChoice, id, self.now()).await?;
        let choice = found.ok_or(Refusal::UnknownChoice)?;
        visit.attempt.lang = Lang::read(&choice.lang).unwrap_or_default();
        visit.admin = Some(choice.admin.id.clone());
        visit.again(choice.again.as_ref());
        let record = self.tenant(&choice.tenant, visit).await?;
        self.browser(headers, &choice.browser)?;
        let token = self.take_out("page_choice", id, "user_token", &choice.token).await?;
        Ok(Opened { choice, record, token: UserToken::new(token) })
    }
}
