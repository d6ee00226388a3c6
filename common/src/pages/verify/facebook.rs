//! A Fanpage: its token as `debug_token` sees it, then its subscription, which the token has to be good enough to read.
//!
//! A checkpoint, a lost role, a missing permission or a hidden page pass: the same token works again afterwards, so it is
//! kept, the page is looked at as before, and connected again by itself when all is well. The other reasons are for good.

use std::time::Duration;

use super::super::end::quiet;
use super::super::{Pages, Trouble, line, warnings};
use super::{Verified, known_reason, lost, note};
use crate::facebook::app::{Caller, PageToken};
use crate::facebook::error::{Action, GraphError, Reconnect};
use crate::facebook::graph::Graph;
use crate::facebook::subscription::{FIELDS, missing_fields};
use crate::facebook::token_info::{TokenFault, TokenInfo};
use crate::id::PageId;
use crate::store::StoreError;
use crate::store::connections::{ConnectionStatus, PageConnection, reason};
use crate::telemetry::Metric;

/// Pause after a refusal that only the operator or Facebook can do something about.
const OURS: Duration = Duration::from_secs(3600);

/// The field without which no message comes.
const MESSAGES: &str = "messages";

const ABOUT: [&str; 2] = [warnings::DATA_ACCESS_ENDS, warnings::NOT_SUBSCRIBED];

pub(super) async fn verify(
    pages: &Pages,
    mut page: PageConnection,
    id: &PageId,
) -> Result<Verified, Trouble> {
    let Some(token) = pages.access_token(&page).await? else {
        return Ok(Verified::Lost(known_reason(&page)));
    };
    let (graph, token) = (pages.providers.facebook().await?, PageToken::new(token));
    let info = match graph.debug_token(token.secret()).await {
        Ok(info) => info,
        // Asked in our app's name: a refusal says nothing about the page.
        Err(error) => return Ok(undecided(&page, &error)),
    };
    if let Err(fault) = info.check(&graph.app().id, id) {
        let (why, wipe) = of_fault(&fault, &info);
        tracing::info!(%fault, "a page's token is not what it should be");
        return Ok(lost(pages, &page, why, wipe).await?);
    }
    let mut found = Vec::new();
    if warnings::ends_soon(info.data_access_expires_at, pages.clock.now()) {
        found.push(warnings::DATA_ACCESS_ENDS);
    }
    let fields = match graph.subscription(id, Caller::Page(&token)).await {
        Ok(fields) => fields.unwrap_or_default(),
        Err(error) => return Ok(refused(pages, &page, &error).await?),
    };
    let fields = if missing_fields(&fields).is_empty() {
        fields
    } else {
        match subscribed_again(pages, &page, id, &graph, &token).await? {
            Again::Reads(now) => now,
            Again::Gone => return Ok(Verified::Gone),
            Again::Failed(error) => {
                found.push(warnings::NOT_SUBSCRIBED);
                let profile = page.profile.clone();
                note(pages, &mut page, profile, &ABOUT, &found).await?;
                return Ok(refused(pages, &page, &error).await?);
            }
        }
    };
    if !fields.iter().any(|field| field == MESSAGES) {
        return Ok(lost(pages, &page, reason::NOT_SUBSCRIBED, false).await?);
    }
    if !missing_fields(&fields).is_empty() {
        found.push(warnings::NOT_SUBSCRIBED);
    }
    well(pages, page, fields, &found).await
}

/// Everything there has to be is there.
async fn well(
    pages: &Pages,
    mut page: PageConnection,
    fields: Vec<String>,
    found: &[&str],
) -> Result<Verified, Trouble> {
    let (connections, this, profile) = (&pages.store.connections, page.this(), page.profile.clone());
    let now = pages.clock.now();
    let noted = note(pages, &mut page, profile, &ABOUT, found).await?
        && connections.note_topics(&this, &fields, now).await?;
    if !noted {
        return Ok(Verified::Gone);
    }
    (page.topics, page.topics_at) = (Some(fields), Some(now));
    if page.status == ConnectionStatus::NeedsReconnect
        && connections.works_again(&this, page.token_version).await?
    {
        line("page.recovered", &page).with("reason", page.reason.as_deref()).emit();
        (page.status, page.reason) = (ConnectionStatus::Connected, None);
    }
    Ok(Verified::Well(Box::new(page)))
}

enum Again {
    /// What Facebook says it sends now.
    Reads(Vec<String>),
    Failed(GraphError),
    /// The connection has ended or was made anew.
    Gone,
}

/// Subscribes all fields and reads them back. A disconnect that came between has the last word.
async fn subscribed_again(
    pages: &Pages,
    page: &PageConnection,
    id: &PageId,
    graph: &Graph,
    token: &PageToken,
) -> Result<Again, StoreError> {
    if !is_still(pages, page).await? {
        return Ok(Again::Gone);
    }
    let subscribed = graph.subscribe(id, token, &FIELDS).await;
    if !is_still(pages, page).await? {
        quiet(pages, page, id, graph, token.clone()).await?;
        return Ok(Again::Gone);
    }
    if let Err(error) = subscribed {
        return Ok(Again::Failed(error));
    }
    match graph.subscription(id, Caller::Page(token)).await {
        Ok(fields) => {
            let fields = fields.unwrap_or_default();
            line("page.resubscribed", page)
                .with("missing", missing_fields(&fields).len())
                .count(Metric::PageResubscribed, 1)
                .emit();
            Ok(Again::Reads(fields))
        }
        Err(error) => Ok(Again::Failed(error)),
    }
}

async fn is_still(pages: &Pages, page: &PageConnection) -> Result<bool, StoreError> {
    let now = pages.store.connections.page(&page.tenant, &page.page).await?;
    Ok(now.is_some_and(|now| now.generation == page.generation && now.is_live()))
}

/// Facebook refuses the page's own call.
async fn refused(pages: &Pages, page: &PageConnection, error: &GraphError) -> Result<Verified, StoreError> {
    match error.action() {
        Action::Reconnect(why) => {
            let (why, wipe) = of_reconnect(why);
            tracing::info!(%error, "Facebook refuses a page's token");
            lost(pages, page, why, wipe).await
        }
        Action::NotVisible => lost(pages, page, reason::DELETED, false).await,
        _ => Ok(undecided(page, error)),
    }
}

/// The answer is not about the page's right.
fn undecided(page: &PageConnection, error: &GraphError) -> Verified {
    match error.action() {
        Action::Retry { after } => {
            tracing::warn!(%error, page = page.page.slug(), "Facebook does not say how a page is");
            Verified::Later(after)
        }
        _ => {
            tracing::error!(%error, page = page.page.slug(), "Facebook does not let us ask about a page");
            Verified::Later(Some(OURS))
        }
    }
}

/// The reason, and whether the token is dead for good.
fn of_fault(fault: &TokenFault, info: &TokenInfo) -> (&'static str, bool) {
    match fault {
        // Not valid and not a word why: believed, but not so far that the token is thrown away.
        TokenFault::Dead(_) if info.dead.is_none() => (reason::TOKEN_REFUSED, false),
        TokenFault::Dead(why) => of_reconnect(*why),
        TokenFault::Scopes(_) => (reason::SCOPE, false),
        // Another app may only be the operator's settings.
        TokenFault::OtherApp | TokenFault::NotAPage | TokenFault::OtherPage => (reason::TOKEN_REFUSED, false),
    }
}

fn of_reconnect(why: Reconnect) -> (&'static str, bool) {
    match why {
        Reconnect::Expired => (reason::TOKEN_ENDED, true),
        Reconnect::LoggedOut | Reconnect::PasswordChanged => (reason::PASSWORD_CHANGED, true),
        Reconnect::AppRemoved => (reason::REVOKED, true),
        Reconnect::Unspecified => (reason::TOKEN_REFUSED, true),
        Reconnect::Checkpoint => (reason::CHECKPOINT, false),
        Reconnect::RoleLost => (reason::ROLE_LOST, false),
        Reconnect::Scope => (reason::SCOPE, false),
    }
}
