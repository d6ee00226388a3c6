//! An Official Account: its token refreshed at half its life (pages.md §2.12), then what Zalo says of the account.
//!
//! What a refresh comes to is decided by [`crate::refresh`]. Two things are added here: a refresh that Zalo has refused
//! says nothing of why, so the access token, while it lives, is used to ask; and a refresh that stays unanswered for a
//! day past the token's end is given up (pages.md §6).

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::{Pages, Trouble, warnings};
use super::{Verified, known_reason, lost, note};
use crate::clock::until;
use crate::id::OaId;
use crate::refresh::{Refreshed, due_at, has_ended};
use crate::store::connections::page::Profile;
use crate::store::connections::{PageConnection, reason};
use crate::zalo::error::ApiError;
use crate::zalo::openapi::Oa;

/// A token that ended this long ago, and could not be refreshed since, is given up (pages.md §6).
const UNANSWERED: Duration = Duration::from_secs(24 * 3600);

/// A look that comes this late shows that nobody looked, not that Zalo did not answer.
const MISSED: Duration = Duration::from_secs(2 * 3600);

/// The window of Zalo's limits (pages.md §2.9).
const WINDOW: Duration = Duration::from_secs(60);

/// Pause after a refusal that only the operator can do something about.
const OURS: Duration = Duration::from_secs(3600);

const ABOUT: [&str; 2] = [warnings::OA_UNVERIFIED, warnings::OA_PACKAGE_TOO_LOW];

/// A page with a token to try, or the verdict.
enum Step {
    Go(Box<PageConnection>),
    Decided(Verified),
}

pub(super) async fn verify(pages: &Pages, page: PageConnection, id: &OaId) -> Result<Verified, Trouble> {
    let (state, now) = (page.token_state(), pages.clock.now());
    let Some(tokens) = &page.tokens else { return Ok(Verified::Lost(known_reason(&page))) };
    let ended = has_ended(&state, now);
    if tokens.refresh.is_none() {
        if ended {
            return Ok(lost(pages, &page, known_reason(&page), true).await?);
        }
        return Ok(Verified::Lost(known_reason(&page)));
    }
    let page = if ended || due_at(&state).is_some_and(|due| due <= now) {
        match renewed(pages, page, id).await? {
            Step::Go(page) => *page,
            Step::Decided(verdict) => return Ok(verdict),
        }
    } else {
        page
    };
    match ask(pages, &page, id).await? {
        Asked::Verdict(verdict) => Ok(verdict),
        Asked::TokenRefused => again(pages, page, id).await,
    }
}

/// Zalo refuses the access token: whoever refreshed it in the meantime has left a newer one in the store; else it is
/// refreshed, once (pages.md §2.12, 7).
async fn again(pages: &Pages, page: PageConnection, id: &OaId) -> Result<Verified, Trouble> {
    let Some(now) = same(pages, &page).await? else { return Ok(Verified::Gone) };
    let page = if now.token_version > page.token_version {
        now
    } else {
        match renewed(pages, now, id).await? {
            Step::Go(page) => *page,
            Step::Decided(verdict) => return Ok(verdict),
        }
    };
    match ask(pages, &page, id).await? {
        Asked::Verdict(verdict) => Ok(verdict),
        Asked::TokenRefused => Ok(lost(pages, &page, reason::TOKEN_REFUSED, true).await?),
    }
}

/// The page with a fresh token.
async fn renewed(pages: &Pages, page: PageConnection, id: &OaId) -> Result<Step, Trouble> {
    Ok(match pages.refresher.refresh(&page.token_state()).await {
        Refreshed::Fresh(_) => match same(pages, &page).await? {
            Some(now) => Step::Go(Box::new(now)),
            None => Step::Decided(Verified::Gone),
        },
        Refreshed::NeedsReconnect(why) => Step::Decided(explained(pages, &page, id, why).await?),
        Refreshed::Later => Step::Decided(unanswered(pages, &page).await?),
        Refreshed::Gone => Step::Decided(Verified::Gone),
    })
}

/// The connection as it is now, unless it has ended or was made anew.
async fn same(pages: &Pages, page: &PageConnection) -> Result<Option<PageConnection>, Trouble> {
    let now = pages.store.connections.page(&page.tenant, &page.page).await?;
    Ok(now.filter(|now| now.generation == page.generation && now.is_live()))
}

/// A refused refresh token looks the same whether it was spent or the app was removed. The access token knows.
async fn explained(
    pages: &Pages,
    page: &PageConnection,
    id: &OaId,
    why: &'static str,
) -> Result<Verified, Trouble> {
    let Some(now) = same(pages, page).await? else { return Ok(Verified::Gone) };
    if now.tokens.is_none() {
        return Ok(Verified::Lost(why));
    }
    Ok(match ask(pages, &now, id).await? {
        Asked::TokenRefused => lost(pages, &now, why, true).await?,
        Asked::Verdict(lost @ Verified::Lost(_)) => lost,
        Asked::Verdict(_) => Verified::Lost(why),
    })
}

/// Nobody knows what became of the refresh. The access token may be dead already, so it is not tried.
async fn unanswered(pages: &Pages, page: &PageConnection) -> Result<Verified, Trouble> {
    let Some(now) = same(pages, page).await? else { return Ok(Verified::Gone) };
    let at = pages.clock.now();
    let since = |time: Option<Timestamp>| time.map_or(Duration::ZERO, |time| until(time, at));
    let ended = since(now.tokens.as_ref().and_then(|tokens| tokens.expires_at));
    if ended < UNANSWERED || since(page.due) > MISSED || now.token_version > page.token_version {
        return Ok(Verified::Later(None));
    }
    let sent = now.refresh_started.is_some();
    let why = if sent { reason::REFRESH_LOST } else { reason::REFRESH_REFUSED };
    Ok(lost(pages, &now, why, true).await?)
}

enum Asked {
    Verdict(Verified),
    TokenRefused,
}

/// Asks which account the token is for and how it stands (pages.md §2.6, §2.8).
async fn ask(pages: &Pages, page: &PageConnection, id: &OaId) -> Result<Asked, Trouble> {
    let Some(token) = pages.access_token(page).await? else {
        return Ok(Asked::Verdict(Verified::Lost(known_reason(page))));
    };
    let answer = pages.providers.zalo().await?.openapi.getoa(&token).await;
    let verdict = match answer {
        Ok(oa) if oa.id != *id => {
            tracing::error!(page = page.page.slug(), "a page's token is for another account");
            lost(pages, page, reason::TOKEN_REFUSED, true).await?
        }
        Ok(oa) => {
            let today = pages.clock.now().to_zoned(TimeZone::UTC).date();
            let found = warnings::of_oa(&oa, today);
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            well(pages, page, profile(page, oa), &found).await?
        }
        Err(ApiError::Token) => return Ok(Asked::TokenRefused),
        Err(ApiError::AppRemoved) => lost(pages, page, reason::REVOKED, true).await?,
        Err(ApiError::Scope) => lost(pages, page, reason::SCOPE, false).await?,
        Err(ApiError::Gone) => lost(pages, page, reason::DELETED, true).await?,
        Err(ApiError::Unverified) => {
            well(pages, page, page.profile.clone(), &[warnings::OA_UNVERIFIED]).await?
        }
        Err(ApiError::PackageTooLow) => {
            well(pages, page, page.profile.clone(), &[warnings::OA_PACKAGE_TOO_LOW]).await?
        }
        Err(ApiError::Limited) => Verified::Later(Some(WINDOW)),
        Err(ApiError::NoAnswer) => Verified::Later(None),
        Err(
            error @ (ApiError::Config(_) | ApiError::Bug(_) | ApiError::Messaging(_) | ApiError::Refused(_)),
        ) => {
            tracing::error!(%error, page = page.page.slug(), "Zalo does not let us ask about a page");
            Verified::Later(Some(OURS))
        }
    };
    Ok(Asked::Verdict(verdict))
}

/// What Zalo says now; what it leaves out stays.
fn profile(page: &PageConnection, oa: Oa) -> Profile {
    let known = page.profile.clone();
    Profile {
        name: oa.name.unwrap_or(known.name),
        picture: oa.avatar.or(known.picture),
        kind: oa.package.or(known.kind),
    }
}

async fn well(
    pages: &Pages,
    page: &PageConnection,
    profile: Profile,
    found: &[&str],
) -> Result<Verified, Trouble> {
    let mut page = page.clone();
    let noted = note(pages, &mut page, profile, &ABOUT, found).await?;
    Ok(if noted { Verified::Well(Box::new(page)) } else { Verified::Gone })
}
