//! The tenant of a request: its record as it is now, and what is opened of it when needed.

use std::time::Duration;

use common::api_key::ApiKey;
use common::getfly::client::Getfly;
use common::getfly::error::CrmError;
use common::getfly::user::User;
use common::id::TenantId;
use common::page::Policy;
use common::seal::{Place, SealError};
use common::store::connections::{ShopConnection, Subject};
use common::store::schema;
use common::store::tenants::TenantRecord;
use common::tenant::{connection_place, tenant_place};
use secrecy::SecretString;
use url::Url;

use crate::Console;
use crate::refusal::Trouble;

/// Longest wait for the CRM where a page can do without it.
const CRM_PATIENCE: Duration = Duration::from_secs(6);

/// How often a change is made again to a record that somebody else wrote in between.
const TRIES: usize = 4;

impl Console {
    /// A tenant's record. `None` when there is no such tenant.
    pub(crate) async fn record(&self, id: &TenantId) -> Result<Option<TenantRecord>, Trouble> {
        Ok(self.store.tenants.get(id).await?)
    }

    /// The record of the tenant whose key this is.
    pub(crate) async fn record_of(&self, key: &ApiKey) -> Result<Option<TenantRecord>, Trouble> {
        let record = self.record(&key.tenant).await?;
        Ok(record.filter(|record| record.api_key_hash.as_deref().is_some_and(|hash| key.fits(hash))))
    }

    /// Changes a record, again and again until nobody else wrote it in between.
    pub(crate) async fn change(
        &self,
        record: &TenantRecord,
        change: impl Fn(&mut TenantRecord),
    ) -> Result<TenantRecord, Trouble> {
        let mut changed = record.clone();
        for _ in 0..TRIES {
            change(&mut changed);
            if self.store.tenants.put(&changed).await? {
                changed.revision = changed.revision.saturating_add(1);
                return Ok(changed);
            }
            changed = self.record(&record.id).await?.ok_or(Trouble::Gone)?;
        }
        Err(Trouble::Contended)
    }

    /// Opens a secret of the tenant's record.
    pub(crate) async fn secret(
        &self,
        record: &TenantRecord,
        field: &'static str,
        blob: &[u8],
    ) -> Result<SecretString, SealError> {
        self.directory.unseal(Place { key: &tenant_place(&record.id), field }, blob).await
    }

    /// Opens a shop's Admin REST token. `None` when it has none.
    pub(crate) async fn token(&self, shop: &ShopConnection) -> Result<Option<SecretString>, SealError> {
        let Some(tokens) = &shop.tokens else { return Ok(None) };
        let key = connection_place(&shop.tenant, &Subject::Shop(shop.org));
        let place = Place { key: &key, field: schema::connections::ACCESS_TOKEN };
        self.directory.unseal(place, &tokens.access).await.map(Some)
    }

    /// The way to the tenant's CRM. `Err` says why its address may not be called.
    pub(crate) async fn crm(&self, record: &TenantRecord) -> Result<Result<Getfly, String>, Trouble> {
        let key = self.secret(record, schema::tenants::CRM_KEY, &record.crm_key).await?;
        let base = self.reach.base_url(&record.crm_url).map_err(|error| error.to_string());
        Ok(base.map(|base| Getfly::new(self.http.clone(), base, key, self.clock.clone())))
    }

    /// The CRM's users, where it tells them in time: a page that would like to know them works without.
    pub(crate) async fn users(&self, record: &TenantRecord) -> Result<Option<Vec<User>>, Trouble> {
        let Ok(crm) = self.crm(record).await? else { return Ok(None) };
        let asked: Result<Result<Vec<User>, CrmError>, _> =
            tokio::time::timeout(CRM_PATIENCE, crm.users()).await;
        Ok(asked.ok().and_then(Result::ok).filter(|users| !users.is_empty()))
    }

    /// Where this tenant's pages may be framed, and where their forms may lead.
    pub(crate) fn policy(&self, record: &TenantRecord) -> Policy {
        let mut frame_ancestors: Vec<String> =
            [&record.public_url, &record.crm_url].into_iter().filter_map(|url| origin(url)).collect();
        frame_ancestors.dedup();
        let form_action = [&self.accounts_url, &record.public_url];
        let mut form_action: Vec<String> = form_action.into_iter().filter_map(|url| origin(url)).collect();
        form_action.dedup();
        Policy { frame_ancestors, form_action, ..Policy::default() }
    }
}

/// The origin of an address: scheme, host and port.
pub(crate) fn origin(url: &str) -> Option<String> {
    let origin = url.parse::<Url>().ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// An address below a base address, which may or may not end in a slash.
pub(crate) fn below(base: &str, path: &str) -> String {
    format!("{}/{path}", base.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_neither_path_nor_default_port() {
        assert_eq!(origin("https://crm.example.com:443/a?b").as_deref(), Some("https://crm.example.com"));
        assert_eq!(origin("http://127.0.0.1:8787/sim").as_deref(), Some("http://127.0.0.1:8787"));
        assert_eq!(origin("crm.example.com"), None);
        assert_eq!(origin("data:text/html,x"), None);
    }

    #[test]
    fn an_address_below_another_has_one_slash_between() {
        assert_eq!(below("https://a.example", "api/x"), "https://a.example/api/x");
        assert_eq!(below("https://a.example/", "api/x"), "https://a.example/api/x");
    }
}
