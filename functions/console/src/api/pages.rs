//! Pages of Facebook and Zalo.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use common::page::Lang;
use common::pages::ticket::Act;
use common::store::connections::{PageConnection, Person};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::caller::Caller;
use super::problem::Problem;
use crate::Console;
use crate::form::Said;
use crate::pages::allowance::Allowance;
use crate::pages::report::PageReport;
use crate::pages::{disconnect, list, page_of, ticketed};

/// Longest name of an admin, in characters.
const MOST: usize = 200;

/// The pages, and how many there may be.
#[derive(Serialize)]
pub(super) struct Overview {
    is_set_up: bool,
    #[serde(flatten)]
    allowance: Allowance,
    blocked: Option<Said>,
    pages: Vec<PageReport>,
}

pub(super) async fn read(
    State(console): State<Arc<Console>>,
    caller: Caller,
) -> Result<Json<Overview>, Problem> {
    let allowance = Allowance::of(&console, &caller.record, &caller.admin_id).await?;
    let (mut pages, past) = list::pages(&console, &caller.record).await?;
    pages.extend(past);
    let (is_set_up, blocked) = (console.pages_url.is_some(), allowance.blocked());
    Ok(Json(Overview { is_set_up, allowance, blocked, pages }))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    admin_name: Option<String>,
    #[serde(default)]
    page_id: Option<String>,
    #[serde(default)]
    lang: Option<String>,
}

fn admin(id: String, name: Option<String>) -> Person {
    let name = name.map(|name| name.trim().chars().take(MOST).collect::<String>());
    Person { id, name: name.filter(|name| !name.is_empty()), email: None }
}

async fn page(console: &Console, caller: &Caller, slug: &str) -> Result<PageConnection, Problem> {
    page_of(console, &caller.record, slug).await?.ok_or(Problem::not_found("no_such_page"))
}

/// What an admin's browser has to post, and where.
#[derive(Serialize)]
struct Start {
    url: String,
    ticket: String,
    expires_at: Timestamp,
}

pub(super) async fn connect(
    State(console): State<Arc<Console>>,
    caller: Caller,
    body: Body,
) -> Result<Response, Problem> {
    let Asked { admin_name, page_id, lang } = body.read()?;
    let Some(pages_url) = &console.pages_url else {
        let (vi, en) = (
            "Người vận hành chưa thiết lập kết nối trang.",
            "The operator has not set up the connecting of pages.",
        );
        return Err(Problem::conflict("pages_not_set_up", vi, en));
    };
    let again = match &page_id {
        Some(slug) => Some(page(&console, &caller, slug).await?),
        None => None,
    };
    if !again.as_ref().is_some_and(PageConnection::is_live) {
        let allowance = Allowance::of(&console, &caller.record, &caller.admin_id).await?;
        if let Some(said) = allowance.blocked() {
            return Err(Problem::conflict("limit_reached", &said.vi, &said.en));
        }
    }
    let lang = lang.as_deref().and_then(Lang::read).unwrap_or_default();
    let admin = admin(caller.admin_id, admin_name);
    let act = Act::Connect(again.map(|page| page.page));
    let issued = ticketed::issue(&console, pages_url, &caller.record, admin, lang, act).await?;
    let start = Start { url: issued.action, ticket: issued.ticket, expires_at: issued.expires_at };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(start)).into_response())
}

#[derive(Deserialize)]
struct Who {
    #[serde(default)]
    admin_name: Option<String>,
}

pub(super) async fn end(
    State(console): State<Arc<Console>>,
    Path(slug): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<PageReport>, Problem> {
    let Who { admin_name } = body.read()?;
    let page = page(&console, &caller, &slug).await?;
    if !page.is_live() {
        let (vi, en) = ("Trang đã ngắt kết nối từ trước.", "The page was disconnected before.");
        return Err(Problem::conflict("not_connected", vi, en));
    }
    let by = admin(caller.admin_id, admin_name);
    disconnect::end(&console, &page, &by).await?.map(Json).ok_or_else(|| {
        let (vi, en) = (
            "Kết nối vừa được thay đổi, hãy xem lại.",
            "The connection has just been changed; please look at it again.",
        );
        Problem::conflict("changed", vi, en)
    })
}
