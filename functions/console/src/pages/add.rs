//! `/console/pages/add` and `/console/pages/{page}/reconnect`: the forms that lead to Facebook and Zalo.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use common::page::{Page, respond};
use common::pages::ticket::Act;
use common::store::connections::PageConnection;
use serde::Deserialize;

use super::allowance::Allowance;
use super::report::PageReport;
use super::ticketed::{Ticketed, admin, issue};
use super::{failure, page_of, policy};
use crate::Console;
use crate::form::Said;
use crate::refusal::{Trouble, not_found};
use crate::screen::{Screen, Tab, Told};
use crate::session::Visitor;

/// The code of a consent that is missing; it is told beside its box.
const CONSENT: &str = "consent";

#[derive(Template)]
#[template(path = "pages_add.html")]
struct Shown {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    is_set_up: bool,
    /// The page that is connected again.
    again: Option<PageReport>,
    allowance: Allowance,
    blocked: Option<Said>,
    facebook: Option<Ticketed>,
    zalo: Option<Ticketed>,
    consent_error: Option<String>,
}

/// What went wrong before.
#[derive(Deserialize)]
pub(crate) struct Before {
    #[serde(default)]
    error: String,
}

/// Shows the forms for any page.
pub(crate) async fn show(
    State(console): State<Arc<Console>>,
    Query(before): Query<Before>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    answer(&console, &visitor, &before, None).await
}

/// Shows the form for a certain page.
pub(crate) async fn again(
    State(console): State<Arc<Console>>,
    Path(slug): Path<String>,
    Query(before): Query<Before>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    match page_of(&console, &visitor.record, &slug).await? {
        Some(page) => answer(&console, &visitor, &before, Some(&page)).await,
        None => Ok(not_found(visitor.lang)),
    }
}

async fn answer(
    console: &Console,
    visitor: &Visitor,
    before: &Before,
    again: Option<&PageConnection>,
) -> Result<Response, Trouble> {
    let (record, lang) = (&visitor.record, visitor.lang);
    let allowance = Allowance::of(console, record, &visitor.session.admin.id).await?;
    // What is connected has its slot already.
    let blocked = if again.is_some_and(PageConnection::is_live) { None } else { allowance.blocked() };
    let (mut facebook, mut zalo) = (None, None);
    if let (Some(pages_url), None) = (&console.pages_url, &blocked) {
        let provider = again.map(|page| page.page.provider());
        for (name, form) in [("facebook", &mut facebook), ("zalo", &mut zalo)] {
            if provider.is_none_or(|provider| provider == name) {
                let act = Act::Connect(again.map(|page| page.page.clone()));
                *form = Some(issue(console, pages_url, record, admin(visitor), lang, act).await?);
            }
        }
    }
    let error = (!before.error.is_empty()).then(|| failure::said(&before.error).of(lang).to_owned());
    let at_consent = before.error == CONSENT && zalo.is_some();
    let (page, screen) = Screen::new(visitor, Tab::Pages, &visitor.here);
    let shown = Shown {
        page,
        screen,
        told: error.as_deref().filter(|_| !at_consent).map(Told::bad),
        is_set_up: console.pages_url.is_some(),
        again: again.map(PageReport::of),
        allowance,
        blocked,
        facebook,
        zalo,
        consent_error: error.filter(|_| at_consent),
    };
    Ok(respond(StatusCode::OK, &shown, &policy(console, record)))
}
