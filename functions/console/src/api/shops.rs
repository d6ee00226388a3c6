//! The app and the shops.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use common::connect::StartTicket;
use common::haravan::subscription::missing;
use common::id::OrgId;
use common::page::Lang;
use common::store::connections::ConnectionStatus;
use common::store::tenants::TenantRecord;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::caller::Caller;
use super::problem::Problem;
use crate::Console;
use crate::haravan::app::save;
use crate::haravan::connect::start;
use crate::haravan::disconnect::{self, Receipt};
use crate::haravan::entered::Entered;
use crate::haravan::report::{ShopReport, failure};
use crate::haravan::setup::Setup;
use crate::haravan::subscribe::{self, Subscribed, shop_of};

/// What is set up.
#[derive(Serialize)]
pub(super) struct Overview {
    #[serde(flatten)]
    setup: Setup,
    shops: Vec<ShopReport>,
}

async fn overview(console: &Console, record: &TenantRecord) -> Result<Json<Overview>, Problem> {
    let setup = Setup::of(console, record).await?;
    let shops = console.store.connections.shops(&record.id).await?;
    Ok(Json(Overview { setup, shops: shops.iter().map(ShopReport::of).collect() }))
}

pub(super) async fn setup(
    State(console): State<Arc<Console>>,
    caller: Caller,
) -> Result<Json<Overview>, Problem> {
    overview(&console, &caller.record).await
}

#[derive(Deserialize)]
struct App {
    client_id: String,
    #[serde(default)]
    client_secret: String,
    #[serde(default)]
    old_secret: String,
}

pub(super) async fn set_app(
    State(console): State<Arc<Console>>,
    caller: Caller,
    body: Body,
) -> Result<Json<Overview>, Problem> {
    let App { client_id, client_secret, old_secret } = body.read()?;
    let entered = Entered {
        client_id: client_id.trim().to_owned(),
        secret: client_secret.trim().to_owned(),
        old_secret,
    };
    match save(&console, &caller.record, &entered).await? {
        Ok(record) => overview(&console, &record).await,
        Err(faults) => Err(Problem::fields(faults)),
    }
}

#[derive(Deserialize)]
struct Who {
    #[serde(default)]
    admin_name: Option<String>,
    #[serde(default)]
    org_id: Option<OrgId>,
    #[serde(default)]
    lang: Option<String>,
}

/// Where an admin's browser has to go.
#[derive(Serialize)]
pub(super) struct Start {
    url: String,
    expires_at: Timestamp,
}

pub(super) async fn connect(
    State(console): State<Arc<Console>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Start>), Problem> {
    let Who { admin_name, org_id, lang } = body.read()?;
    let record = &caller.record;
    if record.client_id.is_none() || record.secret.is_none() {
        let (vi, en) = (
            "Hãy nhập Client ID và Client Secret trước khi kết nối.",
            "Please enter Client ID and Client Secret before connecting.",
        );
        return Err(Problem::conflict("app_first", vi, en));
    }
    let ticket = StartTicket {
        tenant: record.id.clone(),
        admin_id: caller.admin_id,
        admin_name,
        org: org_id,
        lang: lang.as_deref().and_then(Lang::read).unwrap_or_default().code().to_owned(),
    };
    let (url, expires_at) = start(&console, record, &ticket).await?;
    Ok((StatusCode::CREATED, Json(Start { url, expires_at })))
}

/// What Haravan sends.
#[derive(Serialize)]
pub(super) struct Topics {
    topics: Vec<String>,
    missing_topics: Vec<&'static str>,
}

pub(super) async fn subscribe(
    State(console): State<Arc<Console>>,
    Path(org): Path<String>,
    caller: Caller,
) -> Result<Json<Topics>, Problem> {
    let shop = shop_of(&console, &caller.record.id, &org).await?.ok_or(Problem::not_found("no_such_shop"))?;
    match subscribe::subscribe(&console, &shop).await? {
        Subscribed::On(topics) => Ok(Json(Topics { missing_topics: missing(&topics), topics })),
        Subscribed::NotConnected => {
            let (vi, en) = ("Cửa hàng chưa kết nối.", "The shop is not connected.");
            Err(Problem::conflict("not_connected", vi, en))
        }
        Subscribed::Failed(error) => {
            tracing::warn!(%error, "a shop was not subscribed");
            let said = failure(&error);
            Err(Problem::new(StatusCode::BAD_GATEWAY, "haravan_failed", "Bad gateway", &said.vi, &said.en))
        }
    }
}

pub(super) async fn disconnect(
    State(console): State<Arc<Console>>,
    Path(org): Path<String>,
    caller: Caller,
) -> Result<Json<Receipt>, Problem> {
    let shop = shop_of(&console, &caller.record.id, &org).await?.ok_or(Problem::not_found("no_such_shop"))?;
    if shop.status == ConnectionStatus::Disconnected && shop.tokens.is_none() {
        let (vi, en) = ("Cửa hàng đã ngắt kết nối từ trước.", "The shop was disconnected before.");
        return Err(Problem::conflict("not_connected", vi, en));
    }
    Ok(Json(disconnect::disconnect(&console, &shop).await?))
}
