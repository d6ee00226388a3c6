//! `/console/pages`: the pages in use and how many more may be, those that once were, and what was done before.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use common::page::{Lang, Page, Policy, respond};
use common::store::connections::PageKey;
use common::store::tenants::TenantRecord;
use jiff::Timestamp;
use serde::Deserialize;

use super::allowance::Allowance;
use super::report::PageReport;
use super::{HERE, failure};
use crate::Console;
use crate::refusal::Trouble;
use crate::screen::{Screen, Tab, Told};
use crate::session::Visitor;

#[derive(Template)]
#[template(path = "pages.html")]
struct Shown {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    is_set_up: bool,
    allowance: Allowance,
    account: String,
    /// Just ended.
    ended: Option<PageReport>,
    live: Vec<PageReport>,
    past: Vec<PageReport>,
    now: Timestamp,
}

/// What was done before the page was led back to.
#[derive(Deserialize)]
pub(crate) struct Before {
    #[serde(default)]
    connected: String,
    #[serde(default)]
    disconnected: String,
    #[serde(default)]
    failed: String,
}

/// Shows the page.
pub(crate) async fn show(
    State(console): State<Arc<Console>>,
    Query(before): Query<Before>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    let (record, lang) = (&visitor.record, visitor.lang);
    let account = visitor.session.admin.id.clone();
    let (live, past) = pages(&console, record).await?;
    let (page, screen) = Screen::new(&visitor, Tab::Pages, HERE);
    let shown = Shown {
        page,
        screen,
        told: told(&before, &live, lang),
        is_set_up: console.pages_url.is_some(),
        allowance: Allowance::of(&console, record, &account).await?,
        account,
        ended: named(&past, &before.disconnected).cloned(),
        live,
        past,
        now: console.clock.now(),
    };
    let policy = Policy { pictures: true, ..console.policy(record) };
    Ok(respond(StatusCode::OK, &shown, &policy))
}

/// The tenant's pages: those in use, those that need somebody first, then by name; and those that ended, the last first.
pub(crate) async fn pages(
    console: &Console,
    record: &TenantRecord,
) -> Result<(Vec<PageReport>, Vec<PageReport>), Trouble> {
    let pages = console.store.connections.pages(&record.id).await?;
    let (mut live, mut past): (Vec<_>, Vec<_>) =
        pages.iter().map(PageReport::of).partition(PageReport::is_live);
    live.sort_by_cached_key(|page| (page.is_connected(), page.name.to_lowercase(), page.id.clone()));
    past.sort_by_key(|page| std::cmp::Reverse(page.ended_at));
    Ok((live, past))
}

fn named<'p>(pages: &'p [PageReport], slug: &str) -> Option<&'p PageReport> {
    let id = PageKey::of_slug(slug)?.slug();
    pages.iter().find(|page| page.id == id)
}

/// What happened, as far as the store agrees.
fn told(before: &Before, live: &[PageReport], lang: Lang) -> Option<Told> {
    if !before.failed.is_empty() {
        return Some(Told::bad(failure::said(&before.failed).of(lang)));
    }
    let page = named(live, &before.connected).filter(|page| page.is_connected())?;
    Some(Told::good(&format!("{} {}.", lang.of("Kết nối thành công với", "Connected with"), page.name)))
}
