//! What is remembered while a person is at a provider, and by what its answer is known to be theirs (pages.md §1.3).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::browser::{self, BrowserKey};
use common::form::Fields;
use common::id::TenantId;
use common::page::Lang;
use common::pages::limit::PageLimit;
use common::seal::Place;
use common::store::connections::{PageKey, Person, Subject};
use common::store::ephemeral::Kind;
use common::store::tenants::TenantRecord;
use common::telemetry::Line;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::provider::Provider;
use crate::refusal::{Refusal, Visit};
use crate::{Connecting, FUNCTION};

/// How long a person may take at the provider; Zalo's code lives as long (pages.md §2.3).
pub const LIFETIME: Duration = Duration::from_secs(600);

/// An attempt, stored under the digest of its `state`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Flow {
    pub(crate) tenant: TenantId,
    pub(crate) admin: Person,
    pub(crate) lang: String,
    pub(crate) provider: Provider,
    /// Digest of the cookie of the browser that started.
    pub(crate) browser: String,
    /// The page to be connected again.
    pub(crate) again: Option<PageKey>,
    /// Zalo's PKCE verifier, sealed, in base64.
    pub(crate) verifier: Option<String>,
}

/// A flow whose callback has come from the browser that started it.
pub(crate) struct Resumed {
    pub(crate) flow: Flow,
    pub(crate) record: TenantRecord,
    pub(crate) browser: BrowserKey,
    /// The one code the provider gave.
    pub(crate) code: SecretString,
    /// The PKCE verifier.
    pub(crate) verifier: Option<SecretString>,
}

impl Connecting {
    /// The tenant as it is now.
    pub(crate) async fn tenant(&self, id: &TenantId, visit: &mut Visit) -> Result<TenantRecord, Refusal> {
        let record = self.store.tenants.get(id).await?.ok_or(Refusal::NoTenant)?;
        visit.attempt.is_of(id, &record.public_url);
        Ok(record)
    }

    /// Whether an admin account may connect one more page.
    pub(crate) async fn has_room(&self, record: &TenantRecord, account: &str) -> Result<bool, Refusal> {
        let used = self.store.connections.slots_used(&record.id, account).await?;
        let used = u32::try_from(used.max(0)).unwrap_or(u32::MAX);
        Ok(PageLimit::of(record, self.now()).has_room(used))
    }

    /// Whether a page is another tenant's.
    pub(crate) async fn is_elsewhere(&self, tenant: &TenantId, page: &PageKey) -> Result<bool, Refusal> {
        let owner = self.store.connections.owner(&Subject::Page(page.clone())).await?;
        Ok(owner.is_some_and(|owner| owner != *tenant))
    }

    /// What was done at the provider may have ended what other connections have there, of any tenant: upkeep looks at them
    /// at its next run. A failure costs no more than the wait for the daily look.
    pub(crate) async fn doubt(&self, pages: Vec<(TenantId, PageKey)>) {
        let mut doubted = 0;
        for (tenant, page) in pages {
            match self.store.connections.suspect(&tenant, &Subject::Page(page), self.now()).await {
                Ok(true) => doubted += 1,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "a page is not looked at again at once"),
            }
        }
        if doubted > 0 {
            Line::new(FUNCTION, "page.siblings_doubted").with("pages", doubted).emit();
        }
    }

    /// Seals what an item found by a random value is to hold; it opens in that item alone.
    pub(crate) async fn put_away(
        &self,
        kind: &str,
        id: &str,
        field: &str,
        content: &SecretString,
    ) -> Result<String, Refusal> {
        let key = place(kind, id);
        let sealed = self.directory.seal(Place { key: &key, field }, content).await;
        Ok(URL_SAFE_NO_PAD.encode(sealed.map_err(Refusal::sealing)?))
    }

    /// Opens it again.
    pub(crate) async fn take_out(
        &self,
        kind: &str,
        id: &str,
        field: &str,
        sealed: &str,
    ) -> Result<SecretString, Refusal> {
        let key = place(kind, id);
        let blob =
            URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Refusal::Unavailable("stored_item_unreadable"))?;
        self.directory.unseal(Place { key: &key, field }, &blob).await.map_err(Refusal::sealing)
    }

    /// Takes the flow of a callback, whatever else the callback says: there, in time, of this provider and of this browser.
    /// Only then is it looked at whether the person said yes.
    pub(crate) async fn resume(
        &self,
        provider: Provider,
        fields: &Fields,
        headers: &HeaderMap,
        visit: &mut Visit,
    ) -> Result<Resumed, Refusal> {
        visit.provider = Some(provider);
        let state = fields.get("state")?.ok_or(Refusal::NoState)?;
        let taken = self.store.ephemeral.take::<Flow>(Kind::PageFlow, state, self.now()).await?;
        let flow = taken.ok_or(Refusal::UnknownState)?;
        visit.attempt.lang = Lang::read(&flow.lang).unwrap_or_default();
        visit.admin = Some(flow.admin.id.clone());
        visit.again(flow.again.as_ref());
        let record = self.tenant(&flow.tenant, visit).await?;
        if flow.provider != provider {
            return Err(Refusal::OtherProvider);
        }
        let browser = self.browser(headers, &flow.browser)?;
        visit.attempt.forget = self.forget(&flow.browser);
        // Facebook says the same for an app that may not ask yet as for a person who pressed Cancel (pages.md §1.3); Zalo's
        // refusal has no documented shape (§2.3).
        let code = fields.get("code")?;
        if fields.get("error")?.is_some() {
            return Err(Refusal::Denied);
        }
        let code = SecretString::from(code.ok_or(Refusal::Denied)?.to_owned());
        let verifier = match &flow.verifier {
            Some(sealed) => Some(self.take_out("page_flow", state, "verifier", sealed).await?),
            None => None,
        };
        visit.line(FUNCTION, "page.person_returned").emit();
        Ok(Resumed { flow, record, browser, code, verifier })
    }

    /// The key of the browser that an attempt belongs to.
    pub(crate) fn browser(&self, headers: &HeaderMap, digest: &str) -> Result<BrowserKey, Refusal> {
        let key = browser::PAGES.read(headers, self.pages_url.as_str(), digest);
        key.ok_or(Refusal::OtherBrowser)
    }

    /// The header with which the browser of an attempt forgets it.
    pub(crate) fn forget(&self, digest: &str) -> Option<HeaderValue> {
        browser::PAGES.forget(digest, self.pages_url.as_str())
    }
}

/// The key half of a sealing place: of the item's own key, so that what is stored names no random value.
fn place(kind: &str, id: &str) -> String {
    format!("{kind}/{}", common::store::ephemeral::digest(id))
}
