//! Importing a period of a shop's history.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use common::import::import_state;
use common::store::connections::{Person, ShopConnection};
use serde::Deserialize;

use super::body::Body;
use super::caller::Caller;
use super::problem::Problem;
use crate::Console;
use crate::haravan::subscribe::shop_of;
use crate::import::entered::Entered;
use crate::import::report::ImportReport;
use crate::import::start::{Begun, begin};
use crate::import::stop;

/// Longest name of an admin, in characters.
const MOST: usize = 200;

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    orders: bool,
    #[serde(default)]
    customers: bool,
    #[serde(default)]
    admin_name: Option<String>,
}

async fn shop(console: &Console, caller: &Caller, org: &str) -> Result<ShopConnection, Problem> {
    shop_of(console, &caller.record.id, org).await?.ok_or(Problem::not_found("no_such_shop"))
}

async fn report(console: &Console, shop: &ShopConnection) -> Result<Json<ImportReport>, Problem> {
    let import = import_state(&console.store, &shop.tenant, shop.org).await?;
    import.map(|import| Json(ImportReport::of(import))).ok_or(Problem::not_found("no_import_yet"))
}

pub(super) async fn start(
    State(console): State<Arc<Console>>,
    Path(org): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<ImportReport>), Problem> {
    let shop = shop(&console, &caller, &org).await?;
    let Asked { from, to, orders, customers, admin_name } = body.read()?;
    let name = admin_name.map(|name| name.trim().chars().take(MOST).collect::<String>());
    let by = Person { id: caller.admin_id, name: name.filter(|name| !name.is_empty()), email: None };
    match begin(&console, &shop, &Entered { from, to, orders, customers }, by).await? {
        Begun::Yes => Ok((StatusCode::ACCEPTED, report(&console, &shop).await?)),
        Begun::Wrong(faults) => Err(Problem::fields(faults)),
        Begun::Running => {
            let (vi, en) = ("Cửa hàng này đang nhập rồi.", "An import of this shop is running already.");
            Err(Problem::conflict("import_running", vi, en))
        }
        Begun::NotConnected => {
            let (vi, en) = ("Cửa hàng chưa kết nối.", "The shop is not connected.");
            Err(Problem::conflict("not_connected", vi, en))
        }
    }
}

pub(super) async fn read(
    State(console): State<Arc<Console>>,
    Path(org): Path<String>,
    caller: Caller,
) -> Result<Json<ImportReport>, Problem> {
    let shop = shop(&console, &caller, &org).await?;
    report(&console, &shop).await
}

pub(super) async fn stop(
    State(console): State<Arc<Console>>,
    Path(org): Path<String>,
    caller: Caller,
) -> Result<Json<ImportReport>, Problem> {
    let shop = shop(&console, &caller, &org).await?;
    if !stop::stop(&console, &shop).await? {
        let (vi, en) = ("Không có lần nhập nào đang chạy.", "No import is running.");
        return Err(Problem::conflict("not_running", vi, en));
    }
    report(&console, &shop).await
}
