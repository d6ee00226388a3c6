//! A shop whose disconnect was interrupted.
//!
//! A disconnect first increases the generation, so that no event of the shop is worked on any more. Two steps are left:
//! unsubscribe at Haravan; wipe the tokens and free the shop for other tenants. The console tries both at once. If it was
//! interrupted, a visit does what is left. If Haravan does not answer, the tokens are kept for a day at most.

use std::time::Duration;

use common::clock::later;
use common::clock::until;
use common::haravan::api::ApiError;
use common::store::connections::reason;
use common::telemetry::Line;
use jiff::Timestamp;

use super::token;
use super::visit::{Stop, Visit};
use crate::FUNCTION;

/// The tokens are wiped after this time, even if Haravan never confirmed the unsubscribe.
const GIVE_UP: Duration = Duration::from_secs(24 * 3600);

/// The shortest and the longest pause between two tries to unsubscribe.
const PAUSE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// Resumes an interrupted disconnect; gives the time of the next try if Haravan did not answer.
///
/// # Errors
/// [`Stop::AsItStands`] when the disconnect is complete.
pub(crate) async fn finish(visit: &Visit<'_>) -> Result<Timestamp, Stop> {
    let (upkeep, shop) = (visit.upkeep, &visit.shop);
    let now = visit.now();
    let since = shop.ended_at.map_or(GIVE_UP, |ended| until(ended, now));
    // After an uninstall neither the token works nor is there a subscription.
    let token = match shop.reason.as_deref() {
        Some(reason::UNINSTALLED) => None,
        _ => token::open(upkeep, shop).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a shop is not unsubscribed: its token does not open");
            None
        }),
    };
    if let Some(token) = token
        && let Err(error) = upkeep.subscription.unsubscribe(&token).await
    {
        if error.is_transient() && since < GIVE_UP {
            return Ok(later(now, (since / 2).clamp(PAUSE.0, PAUSE.1)));
        }
        // A 401 is as good as success. After any other refusal another try would bring the same.
        if error != ApiError::Unauthorized {
            tracing::warn!(%error, "a shop was not unsubscribed");
        }
    }
    upkeep.store.connections.finish_end(&shop.this()).await?;
    Line::new(FUNCTION, "shop.ended").with("tenant", shop.tenant.as_str()).with("org", shop.org.0).emit();
    Err(Stop::AsItStands)
}
