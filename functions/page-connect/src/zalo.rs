//! Zalo's answer (pages.md §2.3–2.6): the account was chosen there.

use axum::http::HeaderMap;
use axum::response::Response;
use common::form::Fields;
use common::id::OaId;
use common::pages::warnings;
use common::store::connections::page::Profile;
use common::store::connections::{NewPage, PageConnection, PageKey, Subject};
use common::zalo::error::{ApiError, GrantError};
use common::zalo::pkce::Pkce;
use jiff::tz::TimeZone;

use crate::Connecting;
use crate::flow::Provider;
use crate::refusal::{Refusal, Visit};

/// Looks for conflicts, exchanges the code, lets the account prove itself, and connects it. A pair of tokens that is not
/// stored in the end is dropped; the next authorisation kills it (pages.md §6).
pub(crate) async fn answered(
    connecting: &Connecting,
    fields: &Fields,
    headers: &HeaderMap,
    visit: &mut Visit,
) -> Result<Response, Refusal> {
    let back = connecting.resume(Provider::Zalo, fields, headers, visit).await?;
    let (flow, record) = (&back.flow, &back.record);
    // A hint, no proof. Without it a conflict would show only after the exchange has killed the other tenant's tokens.
    let hint: OaId = fields.get("oa_id")?.and_then(|id| id.parse().ok()).ok_or(Refusal::NoAccount)?;
    let page = PageKey::Zalo(hint.clone());
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
    let verifier = back.verifier.ok_or(Refusal::Unavailable("stored_item_unreadable"))?;
    let asked_at = connecting.now();
    let pair = zalo.oauth.exchange(&back.code, &Pkce::stored(verifier)).await?;
    let oa = zalo.openapi.getoa(&pair.access).await?;
    if oa.id != hint {
        return Err(Refusal::OtherAccount);
    }
    let today = asked_at.to_zoned(TimeZone::UTC).date();
    let tokens = connecting
        .sealed(&record.id, &page, &pair.access, Some(&pair.refresh), asked_at.checked_add(pair.lives).ok())
        .await?;
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
    connecting.commit(record, &new, before.as_ref(), visit).await?;
    Ok(connecting.done(&new, before.as_ref(), visit))
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
