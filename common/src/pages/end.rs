//! How a page's connection ends (pages.md §1.11, §2.11, §4).
//!
//! ```text
//!   end ──► generation counted up, slot free ──► Facebook: unsubscribed ──► tokens wiped, page free
//!                                                   │ no
//!                                                   └──► upkeep tries again, for a day
//! ```
//!
//! **The end comes first.** From then on no event of the page is stored and no call is made in its name, whatever the
//! provider says. What is left is on upkeep's watch list until it is done, so a process that dies on the way leaves
//! nothing behind.
//!
//! **Facebook** has one subscription per page and app. It is taken back with the page's own token and, where that is dead,
//! with the app's. **Zalo** has none per account: there is nothing to call, and its events are dropped until an admin of
//! the account removes the app there.
//!
//! **A reconnect in the middle wins.** The end is not gone on with when the connection has a newer generation. An
//! unsubscribe that was on its way by then has silenced the new connection: that one is suspected, and upkeep's next run
//! puts its subscription back ([`super::verify`]).

use std::time::Duration;

use jiff::Timestamp;

use super::{Pages, line};
use crate::attempt::support_id;
use crate::channel::NoProvider;
use crate::clock::millis;
use crate::clock::until;
use crate::facebook::app::{Caller, PageToken};
use crate::facebook::error::{Action, GraphError};
use crate::facebook::graph::Graph;
use crate::id::PageId;
use crate::store::StoreError;
use crate::store::connections::{ConnectionRef, PageConnection, PageKey, Person, Subject};
use crate::telemetry::Metric;

/// After this long an ended page's tokens are wiped though its provider never confirmed.
pub const GIVE_UP: Duration = Duration::from_secs(24 * 3600);

/// The shortest and the longest pause between tries to unsubscribe.
const PAUSE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The id of the end, as the log has it; of an earlier one, if it had ended before.
    pub id: String,
    /// The connection ended now.
    pub ended: bool,
    /// The provider sends no more events, or there is nothing to tell it.
    pub unsubscribed: bool,
    /// Our access is wiped, and the page is free for another tenant.
    pub tokens_wiped: bool,
    /// Why the provider did not do it; it is tried again by upkeep.
    pub failure: Option<Failure>,
}

/// Why a provider did not unsubscribe a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It gave no answer, or cannot do it now.
    NoAnswer,
    /// It asks to slow down, for this long if it said so.
    Limited(Option<Duration>),
    /// It refuses.
    Refused,
    /// The operator's app there is not set up, or not readable.
    NotSetUp,
}

impl Failure {
    /// The code in the log.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoAnswer => "no_answer",
            Self::Limited(_) => "limited",
            Self::Refused => "refused",
            Self::NotSetUp => "not_set_up",
        }
    }

    fn of(error: &GraphError) -> Self {
        match (error, error.action()) {
            (GraphError::Refused(_), Action::Retry { after }) => Self::Limited(after),
            (_, Action::Retry { .. }) => Self::NoAnswer,
            _ => Self::Refused,
        }
    }
}

/// What going on with an end came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// It is done: the tokens are wiped.
    Done,
    /// The provider did not do it yet: try again then.
    Later(Timestamp),
    /// The page was connected again; it stays as it stands.
    Changed,
}

/// Ends a page's connection and tells its provider. One that had ended before is gone on with; one that was connected
/// anew since it was read is left alone.
///
/// # Errors
/// [`StoreError`]: it may have ended; upkeep then goes on with it.
pub async fn disconnect(
    pages: &Pages,
    page: &PageConnection,
    why: &'static str,
    by: Option<&Person>,
) -> Result<Receipt, StoreError> {
    let connections = &pages.store.connections;
    let new_id = support_id();
    let written = page.is_live() && connections.end_page(page, why, by, &new_id, pages.clock.now()).await?;
    let after = connections.page(&page.tenant, &page.page).await?;
    // A repeated write may be refused because the first one took effect unseen.
    let ended =
        written || after.as_ref().is_some_and(|after| after.receipt.as_deref() == Some(new_id.as_str()));
    let known_id = after.as_ref().and_then(|after| after.receipt.clone());
    let id = if ended { new_id } else { known_id.unwrap_or(new_id) };
    if ended {
        line("page.disconnected", page)
            .with("reason", why)
            .with("id", id.as_str())
            .count(Metric::PageDisconnected, 1)
            .emit();
    }
    let step = match after.filter(|after| !after.is_live()) {
        Some(after) => step(pages, &after).await?,
        None => Step::Changed,
    };
    Ok(Receipt {
        id,
        ended,
        unsubscribed: step == Step::Wiped,
        tokens_wiped: step == Step::Wiped,
        failure: if let Step::Failed(failure) = step { Some(failure) } else { None },
    })
}

/// Goes on with an end: for upkeep, when what is left of one is due.
///
/// # Errors
/// [`StoreError`].
pub async fn finish(pages: &Pages, page: &PageConnection) -> Result<Finished, StoreError> {
    let failure = match step(pages, page).await? {
        Step::Wiped => return Ok(Finished::Done),
        Step::Changed => return Ok(Finished::Changed),
        Step::Failed(failure) => failure,
    };
    let now = pages.clock.now();
    let since = page.ended_at.map_or(GIVE_UP, |ended| until(ended, now));
    if since < GIVE_UP {
        let asked = if let Failure::Limited(Some(asked)) = failure { asked } else { Duration::ZERO };
        let pause = (since / 2).clamp(PAUSE.0, PAUSE.1).max(asked).min(GIVE_UP);
        let due = Timestamp::from_millisecond(now.as_millisecond().saturating_add(millis(pause)));
        return Ok(Finished::Later(due.unwrap_or(now)));
    }
    line("page.left_subscribed", page)
        .with("failure", failure.code())
        .with("id", page.receipt.as_deref())
        .count(Metric::PageLeftSubscribed, 1)
        .emit();
    let wiped = pages.store.connections.finish_end(&page.this()).await?;
    Ok(if wiped { Finished::Done } else { Finished::Changed })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Wiped,
    Changed,
    Failed(Failure),
}

/// One try at what is left of an end.
async fn step(pages: &Pages, page: &PageConnection) -> Result<Step, StoreError> {
    let connections = &pages.store.connections;
    let mut failure = None;
    if let PageKey::Facebook(id) = &page.page {
        // Read again as late as can be: an unsubscribe would silence a page that is connected by now.
        let now = connections.page(&page.tenant, &page.page).await?;
        let Some(now) = now.filter(|now| now.generation == page.generation && !now.is_live()) else {
            return Ok(Step::Changed);
        };
        if now.tokens.is_none() && now.due.is_none() {
            return Ok(Step::Wiped);
        }
        failure = unsubscribe(pages, page, id).await.err();
    }
    if let Some(failure) = failure {
        line("page.not_unsubscribed", page)
            .with("failure", failure.code())
            .with("id", page.receipt.as_deref())
            .count(Metric::PageNotUnsubscribed, 1)
            .emit();
        // It may have taken effect all the same.
        put_back(pages, &page.this().subject).await?;
        return Ok(Step::Failed(failure));
    }
    if connections.finish_end(&page.this()).await? {
        return Ok(Step::Wiped);
    }
    put_back(pages, &page.this().subject).await?;
    Ok(Step::Changed)
}

/// Unsubscribes a page with its own token, or the app's.
async fn unsubscribe(pages: &Pages, page: &PageConnection, id: &PageId) -> Result<(), Failure> {
    let graph = pages.providers.facebook().await.map_err(|error: NoProvider| {
        tracing::error!(%error, "a page is not unsubscribed");
        Failure::NotSetUp
    })?;
    // A secret that does not open must not keep the page subscribed.
    let token = pages.access_token(page).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a page's token does not open");
        None
    });
    silence(&graph, id, token.map(PageToken::new)).await.map_err(|error| {
        tracing::warn!(%error, "a page was not unsubscribed");
        Failure::of(&error)
    })
}

async fn silence(graph: &Graph, id: &PageId, token: Option<PageToken>) -> Result<(), GraphError> {
    if let Some(token) = token {
        match graph.unsubscribe(id, Caller::Page(&token)).await {
            Ok(()) => return Ok(()),
            Err(error) if matches!(error.action(), Action::Retry { .. }) => return Err(error),
            Err(error) => tracing::info!(%error, "a page's own token does not unsubscribe it"),
        }
    }
    match graph.unsubscribe(id, Caller::App).await {
        // The page is gone. A refusal of the app's own token (190) would say nothing about the page.
        Err(error) if error.action() == Action::NotVisible => Ok(()),
        done => done,
    }
}

/// After an unsubscribe: whoever has the page by now needs its subscription back.
async fn put_back(pages: &Pages, subject: &Subject) -> Result<(), StoreError> {
    let connections = &pages.store.connections;
    let Some(owner) = connections.owner(subject).await? else { return Ok(()) };
    // Refused for a connection that has ended.
    connections.suspect(&owner, subject, pages.clock.now()).await.map(drop)
}

/// After a subscribe in the name of a connection that has ended in the meantime: its page must not stay subscribed, unless
/// somebody has connected it anew.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn quiet(
    pages: &Pages,
    page: &PageConnection,
    id: &PageId,
    graph: &Graph,
    token: PageToken,
) -> Result<(), StoreError> {
    let connections = &pages.store.connections;
    let ConnectionRef { subject, .. } = page.this();
    if let Some(owner) = connections.owner(&subject).await?
        && let Some(now) = connections.page(&owner, &page.page).await?
        && now.is_live()
    {
        return Ok(());
    }
    if let Err(error) = silence(graph, id, Some(token)).await {
        tracing::warn!(%error, "a page that has ended was subscribed and is not unsubscribed");
        let failure = Failure::of(&error).code();
        line("page.not_unsubscribed", page)
            .with("failure", failure)
            .count(Metric::PageNotUnsubscribed, 1)
            .emit();
    }
    put_back(pages, &subject).await
}
