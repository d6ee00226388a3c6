//! Whether Haravan still sends.
//!
//! After 19 failures in a row Haravan deletes a shop's subscription and tells nobody but a mailbox (haravan.md §2.8).
//! So every shop is asked about once an hour. What is missing is switched on again, and what is missing even then (the
//! dashboard or the scopes decide, haravan.md §2.1) is noted on the connection, for the admin to see, and counted. That
//! is tried once an hour and no more often, whatever it brings.
//!
//! It is also how a dead token is noticed: a 401 that one refresh does not mend asks for the shop to be connected again.

use std::time::Duration;

use common::clock::{later, until};
use common::haravan::api::ApiError;
use common::haravan::subscription::missing;
use common::refresh;
use common::store::connections::{ShopConnection, reason};
use common::telemetry::{Line, Metric};
use jiff::Timestamp;
use secrecy::SecretString;

use super::token::{Rejected, replace};
use crate::visit::Trouble;
use crate::{FUNCTION, Upkeep};

/// How often a shop is asked about.
pub const EVERY: Duration = Duration::from_secs(3600);

/// Pause after no answer.
pub(crate) const NO_ANSWER: Duration = Duration::from_secs(5 * 60);

/// Pause before a 401 is believed where there is no other token to try.
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

/// What asking brought.
pub(crate) enum Watched {
    /// The token works. The connection as it is now, and its token.
    Alive(ShopConnection, SecretString),
    /// No answer; nothing was noted.
    NoAnswer(ShopConnection, SecretString),
    /// The token is dead; the connection says so.
    Rejected(ShopConnection),
    /// The connection has changed: it stays as it stands.
    Gone,
}

/// Asks what Haravan sends for the shop, and switches on what is missing.
pub(crate) async fn watch(
    upkeep: &Upkeep,
    shop: ShopConnection,
    token: SecretString,
) -> Result<Watched, Trouble> {
    let (shop, token, answer) = match upkeep.subscription.topics(&token).await {
        Err(ApiError::Unauthorized) => match Box::pin(second_opinion(upkeep, shop, token)).await? {
            Ok(asked) => asked,
            Err(watched) => return Ok(watched),
        },
        answer => (shop, token, answer),
    };
    let topics = match answer {
        Ok(topics) => topics,
        Err(error) if error.is_transient() => return Ok(Watched::NoAnswer(shop, token)),
        Err(error) => {
            tracing::warn!(%error, "Haravan does not tell what it sends");
            Vec::new()
        }
    };
    let now = upkeep.clock.now();
    if !upkeep.store.connections.note_topics(&shop.this(), &topics, now).await? {
        return Ok(Watched::Gone);
    }
    let mut lacking = missing(&topics);
    if !lacking.is_empty() {
        report(&shop, "subscription.lost", &lacking, Metric::SubscriptionLost);
        if let Err(error) = upkeep.subscription.subscribe(&token).await {
            tracing::warn!(%error, "a shop was not subscribed");
        }
        if let Ok(topics) = upkeep.subscription.topics(&token).await {
            upkeep.store.connections.note_topics(&shop.this(), &topics, now).await?;
            lacking = missing(&topics);
        }
        if !lacking.is_empty() {
            report(&shop, "subscription.incomplete", &lacking, Metric::TopicsMissing);
        }
    }
    Ok(Watched::Alive(ShopConnection { topics_at: Some(now), ..shop }, token))
}

type Asked = (ShopConnection, SecretString, Result<Vec<String>, ApiError>);

/// Asks once more before a shop has to be connected again: with a new token, or with the same after a moment.
async fn second_opinion(
    upkeep: &Upkeep,
    shop: ShopConnection,
    token: SecretString,
) -> Result<Result<Asked, Watched>, Trouble> {
    let can_refresh = shop.tokens.as_ref().is_some_and(|tokens| tokens.refresh.is_some());
    let (shop, token) = if can_refresh {
        match replace(upkeep, shop).await? {
            Rejected::Renewed(shop, token) => (shop, token),
            Rejected::Unclear => return Ok(Err(Watched::Gone)),
            Rejected::Dead(shop) => (shop, token),
        }
    } else {
        upkeep.clock.sleep(DOUBT).await;
        (shop, token)
    };
    match upkeep.subscription.topics(&token).await {
        Err(ApiError::Unauthorized) => {
            refresh::give_up(&upkeep.store, &shop.token_state(), reason::TOKEN_REFUSED, true).await?;
            Ok(Err(Watched::Rejected(shop)))
        }
        answer => Ok(Ok((shop, token, answer))),
    }
}

fn report(shop: &ShopConnection, what: &'static str, lacking: &[&'static str], metric: Metric) {
    Line::new(FUNCTION, what)
        .with("tenant", shop.tenant.as_str())
        .with("org", shop.org.0)
        .with("missing", lacking.join(" "))
        .count(metric, 1)
        .emit();
}
