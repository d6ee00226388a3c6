//! The visit of one page of Facebook or Zalo.
//!
//! A visit resumes an interrupted disconnect ([`common::pages::end`]), or checks whether a connected page still works
//! ([`common::pages::verify`]). The next visit is a day later, or when the token has to be refreshed. If the provider does
//! not answer it is sooner, with pauses that grow with the time for which the answer is overdue. A visit has a time limit,
//! and a visit that fails affects no other.

use std::time::Duration;

use common::clock::later;
use common::clock::until;
use common::id::TenantId;
use common::pages::end::{self, Finished};
use common::pages::verify::{Verified, verify};
use common::pages::{Pages, Trouble};
use common::refresh;
use common::store::StoreError;
use common::store::connections::{PageConnection, PageKey, reason};
use jiff::Timestamp;

use crate::{Upkeep, VISIT};

/// Pause between two checks of a page that works.
const DAILY: Duration = Duration::from_secs(24 * 3600);

/// The shortest and the longest pause if the provider does not answer. The shortest leaves another process the time to end
/// its refresh.
const PAUSE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// Visits one page, and puts it on the watch list for its next visit.
pub(crate) async fn visit(upkeep: &Upkeep, tenant: &TenantId, key: &PageKey) {
    if let Err(error) = visit_and_schedule(&upkeep.pages, tenant, key).await {
        tracing::warn!(%error, "a page stays due");
    }
}

async fn visit_and_schedule(pages: &Pages, tenant: &TenantId, key: &PageKey) -> Result<(), StoreError> {
    let connections = &pages.store.connections;
    let Some(page) = connections.page(tenant, key).await? else { return Ok(()) };
    let (this, suspected_at) = (page.this(), page.suspected_at);
    let overdue = overdue(&page, pages.clock.now());
    let due = match tokio::time::timeout(VISIT, Box::pin(steps(pages, page))).await {
        Ok(Ok(Some(due))) => due,
        Ok(Ok(None)) => return Ok(()),
        failed => {
            match failed {
                Ok(Err(error)) => tracing::warn!(%error, "a visit of a page failed"),
                _ => tracing::warn!("a visit of a page took too long"),
            }
            later(pages.clock.now(), backoff(overdue))
        }
    };
    connections.look_again(&this, suspected_at, due).await?;
    Ok(())
}

/// Gives the time of the next visit; `None` if there is nothing more to write.
async fn steps(pages: &Pages, page: PageConnection) -> Result<Option<Timestamp>, Trouble> {
    if !page.is_live() {
        return Ok(match end::finish(pages, &page).await? {
            Finished::Later(due) => Some(due),
            Finished::Done | Finished::Changed => None,
        });
    }
    let overdue = overdue(&page, pages.clock.now());
    let verified = verify(pages, page).await?;
    let now = pages.clock.now();
    Ok(match verified {
        Verified::Well(page) => {
            let daily = later(now, DAILY.mul_f64(1.0 - 0.1 * fastrand::f64()));
            Some(refresh::due_at(&page.token_state()).map_or(daily, |due| due.min(daily)))
        }
        // A subscribe may work at any time. For everything else a person has to act.
        Verified::Lost(reason::NOT_SUBSCRIBED) => Some(later(now, PAUSE.1)),
        Verified::Lost(_) => Some(later(now, DAILY)),
        Verified::Later(after) => Some(later(now, after.unwrap_or_default().max(backoff(overdue)))),
        Verified::Gone => None,
    })
}

/// Half of the time for which the answer is overdue, within limits. A random part is added, so that pages are not visited
/// together.
fn backoff(overdue: Duration) -> Duration {
    (overdue / 2).clamp(PAUSE.0, PAUSE.1).mul_f64(1.0 + 0.2 * fastrand::f64())
}

/// For how long the provider's answer about a page is overdue.
fn overdue(page: &PageConnection, now: Timestamp) -> Duration {
    let wanted = match &page.page {
        PageKey::Facebook(_) => page.topics_at.map(|asked| later(asked, DAILY)),
        PageKey::Zalo(_) => refresh::due_at(&page.token_state()),
    };
    wanted.or(page.connected_at).map_or(Duration::ZERO, |wanted| until(wanted, now))
}
