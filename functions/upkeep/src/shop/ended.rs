//! Shops that have ended, or are said to have.
//!
//! **Ended.** A disconnect first counts up the generation, so that nothing is worked on any more, and then has two steps
//! left: webhooks are switched off at Haravan, tokens are wiped and the shop is free for other tenants. Whoever
//! disconnects tries both at once; what was cut off is found here. Haravan not answering holds the wiping up for a day at
//! most.
//!
//! **Said to have ended.** `app/uninstalled` names a shop and not an installation, may come late, and its topic is not
//! signed (haravan.md §2.5, §2.9): a shop that was installed again a minute ago must not die of the uninstall before it.
//! So it is only a suspicion, and the token is the judge: one that works means that the hint was about an older
//! installation; a 401 that no refresh mends means that the app is gone.

use std::time::Duration;

use common::clock::{later, until};
use common::haravan::api::ApiError;
use common::store::connections::{ConnectionRef, ShopConnection, reason};
use common::telemetry::{Line, Metric};
use secrecy::SecretString;

use super::token::{Rejected, open, replace};
use crate::visit::{Next, Trouble};
use crate::{FUNCTION, Upkeep};

/// After this long an ended shop's tokens are wiped though Haravan never confirmed.
const GIVE_UP: Duration = Duration::from_secs(24 * 3600);

/// The shortest and the longest pause between tries to unsubscribe.
const PAUSE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// Goes on with an end that was cut off.
pub(crate) async fn go_on(upkeep: &Upkeep, shop: &ShopConnection) -> Result<Next, Trouble> {
    let now = upkeep.clock.now();
    let since = shop.ended_at.map_or(GIVE_UP, |ended| until(ended, now));
    // A token of an app that was removed is dead, and so is the subscription.
    let token = match shop.reason.as_deref() {
        Some(reason::UNINSTALLED) => None,
        _ => open(upkeep, shop).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a token does not open: a shop is not unsubscribed");
            None
        }),
    };
    if let Some(token) = token
        && let Err(error) = upkeep.subscription.unsubscribe(&token).await
    {
        if error.is_transient() && since < GIVE_UP {
            let due = later(now, (since / 2).clamp(PAUSE.0, PAUSE.1));
            return Ok(Next::At { shop: shop.this(), seen: shop.suspected_at, due });
        }
        // A 401 is as good as done; after any other answer nothing more can be said to Haravan.
        if error != ApiError::Unauthorized {
            tracing::warn!(%error, "a shop was not unsubscribed");
        }
    }
    upkeep.store.connections.finish_end(&shop.this()).await?;
    Line::new(FUNCTION, "shop.ended").with("tenant", shop.tenant.as_str()).with("org", shop.org.0).emit();
    Ok(Next::AsItStands)
}

/// What a suspicion came to.
pub(crate) enum Suspicion {
    /// The app is there. The connection as it is now, with the token that works.
    Unfounded(Box<ShopConnection>, SecretString),
    /// The shop was ended, or nobody knows yet and it stays due.
    Settled,
}

/// Asks Haravan whether the app is still in the shop.
pub(crate) async fn look_into(
    upkeep: &Upkeep,
    shop: ShopConnection,
    token: Option<SecretString>,
) -> Result<Suspicion, Trouble> {
    let Some(token) = token else { return end(upkeep, &shop).await };
    match upkeep.subscription.topics(&token).await {
        Err(ApiError::Unauthorized) => {}
        Err(error) if error.is_transient() => return Ok(Suspicion::Settled),
        // Any other answer was given to a token that counts.
        Ok(_) | Err(_) => return Ok(Suspicion::Unfounded(Box::new(shop), token)),
    }
    match Box::pin(replace(upkeep, shop)).await? {
        Rejected::Dead(shop) => end(upkeep, &shop).await,
        Rejected::Unclear => Ok(Suspicion::Settled),
        Rejected::Renewed(shop, token) => match upkeep.subscription.topics(&token).await {
            Err(ApiError::Unauthorized) => end(upkeep, &shop).await,
            Err(error) if error.is_transient() => Ok(Suspicion::Settled),
            Ok(_) | Err(_) => Ok(Suspicion::Unfounded(Box::new(shop), token)),
        },
    }
}

/// The app is gone: nothing is worked on any more, the tokens are wiped, the shop is free.
async fn end(upkeep: &Upkeep, shop: &ShopConnection) -> Result<Suspicion, Trouble> {
    let shops = &upkeep.store.connections;
    if shops.end(&shop.this(), reason::UNINSTALLED, upkeep.clock.now()).await? {
        Line::new(FUNCTION, "shop.uninstalled")
            .with("tenant", shop.tenant.as_str())
            .with("org", shop.org.0)
            .count(Metric::ShopUninstalled, 1)
            .emit();
        let ended = ConnectionRef { generation: shop.generation.saturating_add(1), ..shop.this() };
        shops.finish_end(&ended).await?;
    }
    Ok(Suspicion::Settled)
}
