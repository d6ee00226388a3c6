//! A shop that is reported as uninstalled: is the app really gone?
//!
//! `app/uninstalled` names a shop, not an installation. It may come late, and its topic is not signed (haravan.md §2.5,
//! §2.9). A shop that was installed again a minute ago must not be ended by the report of the uninstall before. So the
//! report is only a suspicion, and the token decides: if it works, the report was about an older installation. If Haravan
//! answers 401 and a refresh does not help, the app is gone.

use common::haravan::api::ApiError;
use common::store::connections::{ConnectionRef, reason};
use common::telemetry::{Line, Metric};

use super::token;
use super::visit::{Stop, Visit};
use crate::FUNCTION;

/// Asks Haravan whether the app is still installed in the shop. If it is, the visit goes on with a token that works.
///
/// # Errors
/// [`Stop::AsItStands`] if the app is gone and the connection was ended, or if Haravan did not answer.
pub(crate) async fn look_into(visit: &mut Visit<'_>) -> Result<(), Stop> {
    if is_installed(visit).await? || (Box::pin(token::replace(visit)).await? && is_installed(visit).await?) {
        return Ok(());
    }
    end(visit).await?;
    Err(Stop::AsItStands)
}

/// Whether Haravan accepts the visit's token.
async fn is_installed(visit: &Visit<'_>) -> Result<bool, Stop> {
    match visit.topics().await {
        Err(ApiError::Unauthorized) => Ok(false),
        Err(error) if error.is_transient() => Err(Stop::AsItStands),
        // Any other refusal is about the call; Haravan accepted the token.
        Ok(_) | Err(_) => Ok(true),
    }
}

/// Ends the connection: its events are no longer worked on, its tokens are wiped, and the shop is free for other tenants.
async fn end(visit: &Visit<'_>) -> Result<(), Stop> {
    let (shop, connections) = (&visit.shop, &visit.upkeep.store.connections);
    if connections.end(&shop.this(), reason::UNINSTALLED, visit.now()).await? {
        Line::new(FUNCTION, "shop.uninstalled")
            .with("tenant", shop.tenant.as_str())
            .with("org", shop.org.0)
            .count(Metric::ShopUninstalled, 1)
            .emit();
        let ended = ConnectionRef { generation: shop.generation.saturating_add(1), ..shop.this() };
        connections.finish_end(&ended).await?;
    }
    Ok(())
}
