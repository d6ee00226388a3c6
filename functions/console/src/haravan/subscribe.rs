//! `POST /console/haravan/{org}/subscribe`: switches the shop's webhooks on and notes what Haravan will send.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use common::haravan::api::ApiError;
use common::haravan::subscription::missing;
use common::id::{OrgId, TenantId};
use common::store::connections::{ConnectionStatus, ShopConnection, Subject};
use common::telemetry::Line;

use super::{page, report};
use crate::refusal::{Trouble, not_found, support_id};
use crate::screen::Told;
use crate::session::Submission;
use crate::{Console, FUNCTION};

/// What came of it.
#[derive(Debug)]
pub(crate) enum Subscribed {
    /// It is on; these topics are sent.
    On(Vec<String>),
    /// The shop is not connected.
    NotConnected,
    /// Haravan did not do it.
    Failed(ApiError),
}

/// Subscribes and leads back; shows what went wrong otherwise.
pub(crate) async fn submit(
    State(console): State<Arc<Console>>,
    Path(org): Path<String>,
    Submission { visitor, .. }: Submission,
) -> Result<Response, Trouble> {
    let Some(shop) = shop_of(&console, &visitor.record.id, &org).await? else {
        return Ok(not_found(visitor.lang));
    };
    let told = match subscribe(&console, &shop).await? {
        Subscribed::On(topics) if missing(&topics).is_empty() => {
            return Ok(Redirect::to("/console/haravan?done=subscribed").into_response());
        }
        Subscribed::On(_) => return Ok(Redirect::to("/console/haravan?done=topics_missing").into_response()),
        Subscribed::NotConnected => {
            return Ok(Redirect::to("/console/haravan?done=not_connected").into_response());
        }
        Subscribed::Failed(error) => {
            let id = support_id();
            tracing::warn!(%error, id, "a shop was not subscribed");
            Told { id: Some(id), ..Told::bad(report::failure(&error).of(visitor.lang)) }
        }
    };
    page::told(&console, &visitor, StatusCode::BAD_GATEWAY, told).await
}

/// The tenant's shop that an address names.
pub(crate) async fn shop_of(
    console: &Console,
    tenant: &TenantId,
    org: &str,
) -> Result<Option<ShopConnection>, Trouble> {
    match org.parse::<OrgId>() {
        Ok(org) => Ok(console.store.connections.shop(tenant, org).await?),
        Err(_) => Ok(None),
    }
}

/// Switches the webhooks on and asks what is sent.
pub(crate) async fn subscribe(console: &Console, shop: &ShopConnection) -> Result<Subscribed, Trouble> {
    let token = match shop.status {
        ConnectionStatus::Connected => console.token(shop).await?,
        ConnectionStatus::NeedsReconnect | ConnectionStatus::Disconnected => None,
    };
    let Some(token) = token else { return Ok(Subscribed::NotConnected) };
    if let Err(error) = console.subscription.subscribe(&token).await {
        if error == ApiError::Unauthorized {
            console
                .store
                .connections
                .suspect(&shop.tenant, &Subject::Shop(shop.org), console.clock.now())
                .await?;
        }
        return Ok(Subscribed::Failed(error));
    }
    let topics = match console.subscription.topics(&token).await {
        Ok(topics) => topics,
        Err(error) => return Ok(Subscribed::Failed(error)),
    };
    console.store.connections.note_topics(&shop.this(), &topics, console.clock.now()).await?;
    Line::new(FUNCTION, "haravan.subscribed")
        .with("tenant", shop.tenant.as_str())
        .with("org", shop.org.0)
        .with("topics", topics.len())
        .emit();
    Ok(Subscribed::On(topics))
}
