//! Zalo's answer (pages.md §2.3–2.6): the account was chosen there.

use axum::http::HeaderMap;
use axum::response::Response;
use common::channel::Zalo;
use common::form::Fields;
use common::id::OaId;
use common::pages::warnings;
use common::store::connections::page::Profile;
use common::store::connections::{NewPage, PageConnection, PageKey, Subject};
use common::zalo::error::{ApiError, GrantError};
use common::zalo::pkce::Pkce;
use jiff::tz::TimeZone;

use crate::Connecting;
use crate::flow::Resumed;
use crate::provider::Provider;
use crate::refusal::{Refusal, Visit};

/// Looks for conflicts, exchanges the code, lets the account prove itself, and connects it.
///
/// The account that the answer names is a hint that anybody can edit: it is looked up so that an honest person is told of a
/// conflict before the exchange, which kills the tokens that the account's owner has (pages.md §2.3, §6). Which account it
/// really is only the new tokens tell. Those that are not stored in the end are dropped, used for nothing more and left as
/// they are; the owner's connection, of whichever tenant, is then looked at by upkeep at once.
pub(crate) async fn answered(
    connecting: &Connecting,
    fields: &Fields,
    headers: &HeaderMap,
    visit: &mut Visit,
) -> Result<Response, Refusal> {
    let back = connecting.resume(Provider::Zalo, fields, headers, visit).await?;
    let (flow, record) = (&back.flow, &back.record);
    let hint: OaId = fields.get("oa_id")?.and_then(|id| id.parse().ok()).ok_or(Refusal::NoAccount)?;
    let page = PageKey::Zalo(hint);
    visit.attempt.subject = Some(Subject::Page(page.clone()));
    if flow.again.as_ref().is_some_and(|again| *again != page) {
        return Err(Refusal::OtherPage);
    }
    if connecting.is_elsewhere(&record.id, &page).await? {
        return Err(Refusal::Elsewhere);
    }
    let before = connecting.store.connections.page(&record.id, &page).await?;
    if !before.as_ref().is_some_and(PageConnection::is_live)
        && !connecting.has_room(record, &flow.admin.id).await?
    {
        return Err(Refusal::LimitReached);
    }

    let zalo = connecting.providers.zalo().await?;
    let mut spent = page.clone();
    let connected = connecting.exchanged(&zalo, &back, page, before.as_ref(), &mut spent, visit).await;
    if connected.is_err() {
        connecting.doubt_owner_of(spent).await;
    }
    let new = connected?;
    Ok(connecting.done(&new, before.as_ref(), visit))
}

impl Connecting {
    /// Exchanges the code and connects the account. `spent` is the account whose earlier tokens may be dead by that: the
    /// one that was named, until the new tokens tell.
    async fn exchanged(
        &self,
        zalo: &Zalo,
        back: &Resumed,
        page: PageKey,
        before: Option<&PageConnection>,
        spent: &mut PageKey,
        visit: &Visit,
    ) -> Result<NewPage, Refusal> {
        let (flow, record) = (&back.flow, &back.record);
        let verifier = back.verifier.clone().ok_or(Refusal::Unavailable("stored_item_unreadable"))?;
        let asked_at = self.now();
        let pair = zalo.oauth.exchange(&back.code, &Pkce::stored(verifier)).await?;
        let oa = zalo.openapi.getoa(&pair.access).await?;
        *spent = PageKey::Zalo(oa.id.clone());
        if *spent != page {
            return Err(Refusal::OtherAccount);
        }
        let ends_at = asked_at.checked_add(pair.lives).ok();
        let tokens = self.sealed(&record.id, &page, &pair.access, Some(&pair.refresh), ends_at).await?;
        let today = asked_at.to_zoned(TimeZone::UTC).date();
        let new = NewPage {
            tenant: record.id.clone(),
            page,
            profile: Profile {
                name: oa.name.clone().unwrap_or_else(|| oa.id.to_string()),
                picture: oa.avatar.clone(),
                kind: oa.package.clone(),
            },
            tokens,
            scopes: Vec::new(),
            account: flow.admin.id.clone(),
            by: flow.admin.clone(),
            granted_by: None,
            warnings: warnings::of_oa(&oa, today),
        };
        self.commit(record, &new, before, visit).await?;
        Ok(new)
    }

    /// Has the connection of an account, whoever owns it, looked at by upkeep at once.
    async fn doubt_owner_of(&self, page: PageKey) {
        match self.store.connections.owner(&Subject::Page(page.clone())).await {
            Ok(Some(owner)) => self.doubt(vec![(owner, page)]).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the owner of an account was not found"),
        }
    }
}

impl From<GrantError> for Refusal {
    fn from(error: GrantError) -> Self {
        tracing::warn!(%error, "Zalo gave no tokens");
        match error {
            GrantError::InvalidCode | GrantError::InvalidRefresh | GrantError::Unknown => Self::CodeRefused,
            GrantError::Config(_) => Self::Misconfigured,
            GrantError::NotSent | GrantError::Limited => Self::Silent,
            GrantError::Refused(_) => Self::Unexpected,
        }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        tracing::warn!(%error, "Zalo did not say which account the tokens are for");
        match error {
            ApiError::Unverified => Self::OaUnverified,
            ApiError::PackageTooLow => Self::OaPackageTooLow,
            ApiError::Gone => Self::Gone,
            ApiError::Token | ApiError::AppRemoved | ApiError::Scope => Self::GrantLost,
            ApiError::Config(_) | ApiError::Bug(_) => Self::Misconfigured,
            ApiError::Limited | ApiError::NoAnswer => Self::Silent,
            ApiError::Messaging(_) | ApiError::Refused(_) => Self::Unexpected,
        }
    }
}
