//! `/console/haravan/{org}/disconnect`: asks first, then ends the connection and gives a receipt.
//!
//! The order is what makes it safe against everything that runs beside it: first the end is written, after which no event
//! of the shop is worked on; then Haravan is told; only then are the tokens wiped and the shop freed. What is cut off in
//! between is on upkeep's list and is finished by it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use common::haravan::api::ApiError;
use common::page::{Page, respond};
use common::store::connections::{ConnectionRef, ConnectionStatus, ShopConnection, reason};
use common::telemetry::Line;
use serde::Serialize;

use super::report::{self, ShopReport};
use super::subscribe::shop_of;
use crate::form::Said;
use crate::refusal::{Trouble, not_found, support_id};
use crate::screen::{Screen, Tab, Told};
use crate::session::{Submission, Visitor};
use crate::{Console, FUNCTION};

#[derive(Template)]
#[template(path = "disconnect.html")]
struct Ask {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    shop: ShopReport,
}

/// Asks whether to.
pub(crate) async fn ask(
    State(console): State<Arc<Console>>,
    Path(org): Path<String>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    let Some(shop) = shop_of(&console, &visitor.record.id, &org).await? else {
        return Ok(not_found(visitor.lang));
    };
    let (page, screen) = Screen::new(&visitor, Tab::Haravan, &visitor.here);
    let ask = Ask { page, screen, told: None, shop: ShopReport::of(&shop) };
    Ok(respond(StatusCode::OK, &ask, &console.policy(&visitor.record)))
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct Handed {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    shop: ShopReport,
    receipt: Receipt,
}

/// Does it.
pub(crate) async fn submit(
    State(console): State<Arc<Console>>,
    Path(org): Path<String>,
    Submission { visitor, .. }: Submission,
) -> Result<Response, Trouble> {
    let Some(shop) = shop_of(&console, &visitor.record.id, &org).await? else {
        return Ok(not_found(visitor.lang));
    };
    let receipt = disconnect(&console, &shop).await?;
    let (page, screen) = Screen::new(&visitor, Tab::Haravan, "/console/haravan");
    let handed = Handed { page, screen, told: None, shop: ShopReport::of(&shop), receipt };
    Ok(respond(StatusCode::OK, &handed, &console.policy(&visitor.record)))
}

/// What was done.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Receipt {
    /// The id in the log.
    pub id: String,
    /// The connection ended now; it may have ended before.
    pub ended: bool,
    /// Haravan sends no more events.
    pub unsubscribed: bool,
    /// Our access is wiped and the shop is free for another tenant.
    pub tokens_wiped: bool,
    /// What Haravan said, where it did not do it; it is tried again by itself.
    pub failure: Option<Said>,
}

/// Ends a connection.
pub(crate) async fn disconnect(console: &Console, shop: &ShopConnection) -> Result<Receipt, Trouble> {
    let shops = &console.store.connections;
    // Opened first: a secret that does not open must not stop the end, only the telling.
    let token = console.token(shop).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a shop's token does not open");
        None
    });
    let was_live = shop.status != ConnectionStatus::Disconnected;
    let ended = was_live && shops.end(&shop.this(), reason::BY_ADMIN, console.clock.now()).await?;
    let generation = shop.generation.saturating_add(i64::from(ended));
    let this = ConnectionRef { generation, ..shop.this() };
    let told = match token {
        None => Ok(()),
        Some(token) => match console.subscription.unsubscribe(&token).await {
            // The app is gone from the shop, or it was not subscribed: nothing is sent any more.
            Err(ApiError::Unauthorized | ApiError::NotFound) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        },
    };
    let tokens_wiped = told.is_ok() && shops.finish_end(&this).await?;
    let id = support_id();
    if let Err(error) = &told {
        tracing::warn!(%error, id, "a shop was not unsubscribed; upkeep tries again");
    }
    Line::new(FUNCTION, "haravan.disconnected")
        .with("tenant", shop.tenant.as_str())
        .with("org", shop.org.0)
        .with("id", id.as_str())
        .with("unsubscribed", told.is_ok())
        .emit();
    Ok(Receipt {
        id,
        ended,
        unsubscribed: told.is_ok(),
        tokens_wiped,
        failure: told.err().map(|error| report::failure(&error)),
    })
}
