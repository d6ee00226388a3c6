//! `/console/settings`.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use common::getfly::user::User;
use common::page::{Page, respond};
use serde::Deserialize;

use super::entered::Entered;
use super::fields::{Group, groups};
use super::save::{Saved, save, version};
use super::seen::Seen;
use crate::Console;
use crate::form::Fault;
use crate::refusal::Trouble;
use crate::screen::{Screen, Tab, Told};
use crate::session::{Submission, Visitor};

const HERE: &str = "/console/settings";

#[derive(Template)]
#[template(path = "settings.html")]
struct Shown {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    version: String,
    groups: Vec<Group>,
    crm_url: String,
}

/// What was done before the page was led back to.
#[derive(Deserialize)]
pub(crate) struct Before {
    #[serde(default)]
    done: String,
}

/// Shows the page.
pub(crate) async fn show(
    State(console): State<Arc<Console>>,
    Query(before): Query<Before>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    let told =
        (before.done == "saved").then(|| Told::good(visitor.lang.of("Đã lưu cài đặt.", "Settings saved.")));
    told_on(&console, &visitor, StatusCode::OK, told).await
}

/// Shows the page with something told at its top.
pub(super) async fn told_on(
    console: &Console,
    visitor: &Visitor,
    status: StatusCode,
    told: Option<Told>,
) -> Result<Response, Trouble> {
    let seen = Seen::of(&console.store.inbox, &visitor.record.id).await?;
    let entered = Entered::of(&visitor.record.settings, &seen);
    let users = console.users(&visitor.record).await?;
    let around = Around { console, visitor, seen: &seen, users: users.as_deref() };
    Ok(around.draw(&entered, &[], status, told))
}

/// Saves, and leads back; shows what is wrong otherwise.
pub(crate) async fn submit(
    State(console): State<Arc<Console>>,
    Submission { visitor, form }: Submission,
) -> Result<Response, Trouble> {
    let mut entered = Entered::read(&form);
    let before = &visitor.record.settings;
    let users = console.users(&visitor.record).await?;
    let (change, mut faults) = entered.change();
    let changed = change.apply(before, users.as_deref()).map_err(|found| faults.extend(found));
    let (status, told) = if let (Ok(settings), true) = (changed, faults.is_empty()) {
        match save(&console, &visitor.record, &entered.version, &settings).await? {
            Saved::Done(_) => return Ok(Redirect::to("/console/settings?done=saved").into_response()),
            Saved::Changed(now) => {
                // Sent once more, it is meant to replace what the other one saved.
                entered.version = version(&now.settings);
                let (vi, en) = (
                    "Chưa lưu: có người khác vừa đổi cài đặt. Bên dưới là những gì bạn đã nhập; bấm Lưu lần nữa để ghi đè, hoặc mở lại trang để xem cài đặt mới.",
                    "Not saved: somebody else has changed the settings. Below is what you entered; press Save again to overwrite theirs, or open the page again to see the new settings.",
                );
                (StatusCode::CONFLICT, Told::bad(visitor.lang.of(vi, en)))
            }
        }
    } else {
        let (vi, en) =
            ("Chưa lưu: hãy sửa các ô được đánh dấu.", "Not saved: please correct the marked fields.");
        (StatusCode::UNPROCESSABLE_ENTITY, Told::bad(visitor.lang.of(vi, en)))
    };
    let seen = Seen::of(&console.store.inbox, &visitor.record.id).await?;
    let around = Around { console: &console, visitor: &visitor, seen: &seen, users: users.as_deref() };
    Ok(around.draw(&entered, &faults, status, Some(told)))
}

/// What the page is drawn from besides what was entered.
struct Around<'a> {
    console: &'a Console,
    visitor: &'a Visitor,
    seen: &'a Seen,
    users: Option<&'a [User]>,
}

impl Around<'_> {
    fn draw(&self, entered: &Entered, faults: &[Fault], status: StatusCode, told: Option<Told>) -> Response {
        let (page, screen) = Screen::new(self.visitor, Tab::Settings, HERE);
        let groups = groups(self.visitor.lang, entered, self.seen, self.users, faults);
        let record = &self.visitor.record;
        let (version, crm_url) = (entered.version.clone(), record.crm_url.clone());
        let shown = Shown { page, screen, told, version, groups, crm_url };
        respond(status, &shown, &self.console.policy(record))
    }
}
