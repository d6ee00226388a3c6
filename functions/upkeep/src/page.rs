//! Pages that are due: one visit each.
//!
//! An end that was cut off is gone on with ([`common::pages::end`]); a live page is looked at ([`common::pages::verify`]).
//! The next visit is a day later, or when the token is to be refreshed; after no answer it is sooner, with pauses that
//! grow with how long the answer is overdue. A visit has a time limit, and its failure is its own.

use std::time::Duration;

use common::clock::{later, until};
use common::id::TenantId;
use common::pages::end::{self, Finished};
use common::pages::verify::{Verified, verify};
use common::pages::{Pages, Trouble};
use common::refresh;
use common::store::StoreError;
use common::store::connections::{PageConnection, PageKey, reason};
use jiff::Timestamp;

use crate::Upkeep;
use crate::visit::VISIT;

/// Pause between two looks at a page that is well.
const DAILY: Duration = Duration::from_secs(24 * 3600);

/// The shortest and the longest pause after no answer; with time for a refresh that runs elsewhere to end.
const PAUSE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// Visits one page, and puts it on the watch list for its next time.
pub async fn look_after(upkeep: &Upkeep, tenant: &TenantId, key: &PageKey) {
    let pages = &upkeep.pages;
    let visited = async {
        let Some(page) = pages.store.connections.page(tenant, key).await? else { return Ok(()) };
        let (this, seen) = (page.this(), page.suspected_at);
        let overdue = overdue(&page, pages.clock.now());
        let due = match tokio::time::timeout(VISIT, Box::pin(visit(pages, page))).await {
            Ok(Ok(Some(due))) => due,
            Ok(Ok(None)) => return Ok(()),
            stopped => {
                match stopped {
                    Ok(Err(error)) => tracing::warn!(%error, "a visit of a page stopped short"),
                    _ => tracing::warn!("a visit of a page took too long"),
                }
                later(pages.clock.now(), backoff(overdue))
            }
        };
        pages.store.connections.look_again(&this, seen, due).await.map(drop)
    };
    if let Err::<(), StoreError>(error) = visited.await {
        tracing::warn!(%error, "a page stays due");
    }
}

/// When to come again; `None` when it stays as it stands.
async fn visit(pages: &Pages, page: PageConnection) -> Result<Option<Timestamp>, Trouble> {
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
        // Subscribing may work any time; the rest waits for a person.
        Verified::Lost(reason::NOT_SUBSCRIBED) => Some(later(now, PAUSE.1)),
        Verified::Lost(_) => Some(later(now, DAILY)),
        Verified::Later(after) => Some(later(now, after.unwrap_or_default().max(backoff(overdue)))),
        Verified::Gone => None,
    })
}

/// Half of what it is late, within limits; a little more, so that pages do not come back together.
fn backoff(overdue: Duration) -> Duration {
    (overdue / 2).clamp(PAUSE.0, PAUSE.1).mul_f64(1.0 + 0.2 * fastrand::f64())
}

/// For how long an answer about a page is missing.
fn overdue(page: &PageConnection, now: Timestamp) -> Duration {
    let wanted = match &page.page {
        PageKey::Facebook(_) => page.topics_at.map(|asked| later(asked, DAILY)),
        PageKey::Zalo(_) => refresh::due_at(&page.token_state()),
    };
    wanted.or(page.connected_at).map_or(Duration::ZERO, |wanted| until(wanted, now))
}
