//! The CRM: its users, whether it takes our key, how an order would look in it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::caller::Caller;
use super::problem::Problem;
use crate::Console;
use crate::preview::{self, Preview};
use crate::settings::crm::{self, Tested};

/// The CRM's active users.
#[derive(Serialize)]
pub(super) struct Users {
    users: Vec<User>,
}

#[derive(Serialize)]
struct User {
    login: String,
    email: Option<String>,
}

pub(super) async fn users(
    State(console): State<Arc<Console>>,
    caller: Caller,
) -> Result<Json<Users>, Problem> {
    let users = console.users(&caller.record).await?.ok_or_else(|| {
        let (vi, en) = ("CRM chưa cho biết người dùng.", "The CRM did not tell its users.");
        Problem::new(StatusCode::BAD_GATEWAY, "crm_failed", "Bad gateway", vi, en)
    })?;
    let users = users.into_iter().map(|user| User { login: user.user_name, email: user.email }).collect();
    Ok(Json(Users { users }))
}

pub(super) async fn test(
    State(console): State<Arc<Console>>,
    caller: Caller,
) -> Result<Json<Tested>, Problem> {
    Ok(Json(crm::test(&console, &caller.record).await?))
}

pub(super) async fn preview(
    State(console): State<Arc<Console>>,
    caller: Caller,
) -> Result<Json<Preview>, Problem> {
    let preview = preview::preview(&console, &caller.record).await?;
    preview.map(Json).ok_or(Problem::not_found("no_order_yet"))
}
