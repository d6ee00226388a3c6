//! `/console/pages/{page}/disconnect` asks first; its form leads to the pages' functions, which end the connection. The API
//! ends it here.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use common::page::{Page, respond};
use common::pages::ticket::Act;
use common::store::connections::{PageConnection, Person, reason};
use common::telemetry::Line;

use super::report::PageReport;
use super::ticketed::{Ticketed, admin, issue};
use super::{HERE, page_of, policy};
use crate::refusal::{Trouble, not_found, support_id};
use crate::screen::{Screen, Tab, Told};
use crate::session::Visitor;
use crate::{Console, FUNCTION};

#[derive(Template)]
#[template(path = "pages_disconnect.html")]
struct Ask {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    asked: PageReport,
    form: Option<Ticketed>,
}

/// Asks whether to.
pub(crate) async fn ask(
    State(console): State<Arc<Console>>,
    Path(slug): Path<String>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    let record = &visitor.record;
    let Some(found) = page_of(&console, record, &slug).await? else {
        return Ok(not_found(visitor.lang));
    };
    if !found.is_live() {
        let there = format!("{HERE}?disconnected={}", found.page.slug());
        return Ok(Redirect::to(&there).into_response());
    }
    let form = match &console.pages_url {
        Some(pages_url) => {
            let act = Act::Disconnect { page: found.page.clone(), generation: found.generation };
            Some(issue(&console, pages_url, record, admin(&visitor), visitor.lang, act).await?)
        }
        None => None,
    };
    let (page, screen) = Screen::new(&visitor, Tab::Pages, &visitor.here);
    let ask = Ask { page, screen, told: None, asked: PageReport::of(&found), form };
    Ok(respond(StatusCode::OK, &ask, &policy(&console, record)))
}

/// Ends a connection; upkeep then tells the provider and wipes the tokens. `None` when it had ended or changed since it
/// was read.
pub(crate) async fn end(
    console: &Console,
    page: &PageConnection,
    by: &Person,
) -> Result<Option<PageReport>, Trouble> {
    let (pages, id) = (&console.store.connections, support_id());
    if !pages.end_page(page, reason::BY_ADMIN, Some(by), &id, console.clock.now()).await? {
        return Ok(None);
    }
    Line::new(FUNCTION, "pages.disconnected")
        .with("tenant", page.tenant.as_str())
        .with("page", page.page.slug())
        .with("id", id)
        .emit();
    Ok(pages.page(&page.tenant, &page.page).await?.as_ref().map(PageReport::of))
}
