//! Facebook pages that send events although no tenant has connected them. Upkeep unsubscribes them with the app's own
//! token (pages.md §1.16).
//!
//! There is one subscription per app and page. A tenant who connects the page at the same time must not lose it. So upkeep
//! reads the page's owner before the call and after it. A connect claims the page before it subscribes: if the second read
//! does not find the owner, the connect subscribes after our call; if it does, the page's visit is due at once and
//! subscribes again.

use std::time::Duration;

use common::channel::NoProvider;
use common::clock::later;
use common::facebook::app::Caller;
use common::facebook::error::{Action, GraphError};
use common::id::PageId;
use common::store::StoreError;
use common::store::connections::{PageKey, Subject};
use common::telemetry::{Line, Metric};

use crate::{FUNCTION, Upkeep};

/// Pause if Facebook does not answer, or our apps cannot be read.
const SOON: Duration = Duration::from_secs(300);

/// Unsubscribes one page, unless a tenant owns it.
pub(crate) async fn visit(upkeep: &Upkeep, page: &PageId) {
    if let Err(error) = unsubscribe(upkeep, page).await {
        tracing::warn!(%error, "a page that no tenant owns stays due");
    }
}

async fn unsubscribe(upkeep: &Upkeep, page: &PageId) -> Result<(), StoreError> {
    let connections = &upkeep.store.connections;
    let subject = Subject::Page(PageKey::Facebook(page.clone()));
    if connections.owner(&subject).await?.is_some() {
        return connections.settle_orphan(page).await;
    }
    let now = upkeep.clock.now();
    let graph = match upkeep.pages.providers.facebook().await {
        Ok(graph) => graph,
        Err(NoProvider::NotSetUp(_)) => return connections.settle_orphan(page).await,
        Err(NoProvider::Secret(error)) => {
            tracing::error!(%error, "the apps at Facebook and Zalo cannot be read");
            return connections.put_off_orphan(page, later(now, SOON)).await;
        }
    };
    let answer = graph.unsubscribe(page, Caller::App).await;
    if let Some(tenant) = connections.owner(&subject).await? {
        connections.suspect(&tenant, &subject, upkeep.clock.now()).await?;
        return connections.settle_orphan(page).await;
    }
    match answer {
        Err(error) if !error.is_nothing_left() => {
            let again = matches!(error.action(), Action::Retry { .. });
            Line::new(FUNCTION, "orphan.not_unsubscribed")
                .with("page", page.as_str())
                .with("error", error.to_string())
                .with("again", again)
                .emit();
            match again {
                true => connections.put_off_orphan(page, later(now, retry_after(&error))).await,
                false => connections.settle_orphan(page).await,
            }
        }
        _ => {
            Line::new(FUNCTION, "orphan.unsubscribed")
                .with("page", page.as_str())
                .count(Metric::OrphanUnsubscribed, 1)
                .emit();
            connections.settle_orphan(page).await
        }
    }
}

fn retry_after(error: &GraphError) -> Duration {
    match error.action() {
        Action::Retry { after: Some(after) } => after.max(SOON),
        _ => SOON,
    }
}
