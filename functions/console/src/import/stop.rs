//! `POST /console/import/{org}/stop`: stops an import; what it stored stays.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use common::import::cancel_import;
use common::store::connections::ShopConnection;
use common::telemetry::Line;

use crate::haravan::subscribe::shop_of;
use crate::refusal::{Trouble, not_found};
use crate::session::Submission;
use crate::{Console, FUNCTION};

/// Stops and leads back.
pub(crate) async fn submit(
    State(console): State<Arc<Console>>,
    Path(org): Path<String>,
    Submission { visitor, .. }: Submission,
) -> Result<Response, Trouble> {
    let Some(shop) = shop_of(&console, &visitor.record.id, &org).await? else {
        return Ok(not_found(visitor.lang));
    };
    let done = if stop(&console, &shop).await? { "stopped" } else { "not_running" };
    Ok(Redirect::to(&format!("/console/import?done={done}")).into_response())
}

/// Stops a shop's import. `false` when none runs.
pub(crate) async fn stop(console: &Console, shop: &ShopConnection) -> Result<bool, Trouble> {
    let stopped = cancel_import(&console.store, &shop.tenant, shop.org, console.clock.now()).await?;
    if stopped {
        Line::new(FUNCTION, "import.cancelled")
            .with("tenant", shop.tenant.as_str())
            .with("org", shop.org.0)
            .emit();
    }
    Ok(stopped)
}
