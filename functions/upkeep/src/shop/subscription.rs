//! Does Haravan still send webhooks for the shop?
//!
//! After 19 failures in a row Haravan deletes a shop's subscription and only writes an e-mail about it (haravan.md §2.8).
//! So upkeep asks about every shop once an hour, and subscribes again if topics are missing. Topics may still be missing
//! then, because the dashboard or the scopes decide (haravan.md §2.1). They are noted on the connection, for the admin to
//! see, and counted. Subscribing is tried once an hour and no more often, whatever comes of it.
//!
//! A dead token is noticed here, too: after a 401 that a refresh does not mend, an admin has to connect the shop again.

use std::time::Duration;

use common::clock::later;
use common::clock::until;
use common::haravan::api::ApiError;
use common::haravan::subscription::missing;
use common::refresh;
use common::store::connections::{ShopConnection, reason};
use common::telemetry::{Line, Metric};
use jiff::Timestamp;

use super::token;
use super::visit::{Stop, Visit};
use crate::FUNCTION;

/// How often upkeep asks about a shop.
const EVERY: Duration = Duration::from_secs(3600);

/// Pause if Haravan does not answer.
const NO_ANSWER: Duration = Duration::from_secs(5 * 60);

/// Pause before the same token is tried again after a 401, if there is no other.
const DOUBT: Duration = Duration::from_secs(1);

/// Whether it is time to ask.
pub(crate) fn is_due(shop: &ShopConnection, now: Timestamp) -> bool {
    shop.topics_at.is_none_or(|asked| until(asked, now) >= EVERY)
}

/// When it will be time to ask.
pub(crate) fn next(shop: &ShopConnection, now: Timestamp) -> Timestamp {
    match shop.topics_at {
        Some(asked) if until(asked, now) < EVERY => later(asked, EVERY),
        _ => later(now, EVERY),
    }
}

/// Asks Haravan which topics it sends, and subscribes again if some are missing; gives the time to ask again. Takes the
/// token from the visit if Haravan refuses it for good.
///
/// # Errors
/// [`Stop::AsItStands`] if the connection has changed, or if another worker has replaced the refused token.
pub(crate) async fn watch(visit: &mut Visit<'_>) -> Result<Timestamp, Stop> {
    let began = visit.now();
    let topics = match Box::pin(ask(visit)).await? {
        Ok(topics) => topics,
        Err(ApiError::Unauthorized) => {
            let (store, state) = (&visit.upkeep.store, visit.shop.token_state());
            if !refresh::give_up(store, &state, reason::TOKEN_REFUSED, true).await? {
                return Err(Stop::AsItStands);
            }
            visit.token = None;
            return Ok(later(began, EVERY));
        }
        Err(error) if error.is_transient() => return Ok(later(began, NO_ANSWER)),
        Err(error) => {
            tracing::warn!(%error, "Haravan does not say what it sends");
            Vec::new()
        }
    };
    let (connections, now) = (&visit.upkeep.store.connections, visit.now());
    if !connections.note_topics(&visit.shop.this(), &topics, now).await? {
        return Err(Stop::AsItStands);
    }
    visit.shop.topics_at = Some(now);
    let lacking = missing(&topics);
    if !lacking.is_empty() {
        report(&visit.shop, "subscription.lost", &lacking, Metric::SubscriptionLost);
        let lacking = subscribe(visit, now).await?.unwrap_or(lacking);
        if !lacking.is_empty() {
            report(&visit.shop, "subscription.incomplete", &lacking, Metric::TopicsMissing);
        }
    }
    Ok(later(now, EVERY))
}

/// Asks which topics Haravan sends. After a 401 it asks once more before that is believed: with a new token, or with the
/// same after a moment.
async fn ask(visit: &mut Visit<'_>) -> Result<Result<Vec<String>, ApiError>, Stop> {
    let answer = visit.topics().await;
    if answer != Err(ApiError::Unauthorized) {
        return Ok(answer);
    }
    if visit.can_refresh() {
        token::replace(visit).await?;
    } else {
        visit.upkeep.clock.sleep(DOUBT).await;
    }
    Ok(visit.topics().await)
}

/// Subscribes, and notes what Haravan sends then; gives the topics that are still missing, if Haravan says so.
async fn subscribe(visit: &Visit<'_>, now: Timestamp) -> Result<Option<Vec<&'static str>>, Stop> {
    if let Some(token) = &visit.token
        && let Err(error) = visit.upkeep.subscription.subscribe(token).await
    {
        tracing::warn!(%error, "a shop was not subscribed");
    }
    let Ok(topics) = visit.topics().await else { return Ok(None) };
    visit.upkeep.store.connections.note_topics(&visit.shop.this(), &topics, now).await?;
    Ok(Some(missing(&topics)))
}

fn report(shop: &ShopConnection, what: &'static str, lacking: &[&'static str], metric: Metric) {
    Line::new(FUNCTION, what)
        .with("tenant", shop.tenant.as_str())
        .with("org", shop.org.0)
        .with("missing", lacking.join(" "))
        .count(metric, 1)
        .emit();
}
