//! `/console/activity`: what arrived, the newest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use common::page::{Lang, Page, respond};
use common::store::inbox::listing::{Place, Which};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::cursor::{cursor, place};
use super::messages::{self, MessageReport};
use super::report::EventReport;
use super::search::{Found, search};
use crate::Console;
use crate::refusal::Trouble;
use crate::screen::{Screen, Tab, Told};
use crate::session::Visitor;
use crate::when::moment;

/// Events on a page.
const ROWS: usize = 25;

/// The filters and their words in addresses.
pub(crate) const FILTERS: [(&str, Which); 5] = [
    ("all", Which::All),
    ("failed", Which::Failed),
    ("waiting", Which::Waiting),
    ("done", Which::Done),
    ("warned", Which::Warned),
];

/// The filter that a word names.
pub(crate) fn filter(word: &str) -> Option<Which> {
    if word.is_empty() {
        return Some(Which::All);
    }
    FILTERS.into_iter().find(|(known, _)| *known == word).map(|(_, which)| which)
}

#[derive(Template)]
#[template(path = "activity.html")]
struct Shown {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    filter: &'static str,
    query: String,
    events: Vec<EventReport>,
    /// What pages sent; nothing unless that is what was asked for.
    messages: Vec<MessageReport>,
    /// How far a search went.
    searched: Option<String>,
    /// The older events.
    next: Option<String>,
}

impl Shown {
    fn filters(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let lang = self.screen.lang;
        let pages = (messages::FILTER, lang.of("Tin nhắn trang", "Page messages"));
        let shops = FILTERS.into_iter().map(move |(word, which)| {
            let name = match which {
                Which::All => lang.of("Tất cả", "All"),
                Which::Failed => lang.of("Cần xem", "Failed"),
                Which::Waiting => lang.of("Đang chờ", "Waiting"),
                Which::Done => lang.of("Xong", "Done"),
                Which::Warned => lang.of("Có lưu ý", "With warnings"),
            };
            (word, name)
        });
        shops.chain([pages])
    }
}

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    filter: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    retried: String,
}

/// Shows the page.
pub(crate) async fn show(
    State(console): State<Arc<Console>>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    let (inbox, tenant, lang) = (&console.store.inbox, &visitor.record.id, visitor.lang);
    let which = filter(&asked.filter).unwrap_or_default();
    let word = FILTERS.into_iter().find(|(_, known)| *known == which).map_or("all", |(word, _)| word);
    let query: String = asked.q.trim().chars().take(100).collect();
    if query.is_empty() && asked.filter == messages::FILTER {
        return of_pages(&console, &visitor, &asked.after).await;
    }
    let (events, searched, next) = if query.is_empty() {
        let after = place(tenant, &asked.after);
        let listed = inbox.newest(tenant, which, after.as_ref(), ROWS).await?;
        let next =
            listed.events.last().filter(|_| listed.more).map(|last| address(word, &cursor(&Place::of(last))));
        (listed.events, None, next)
    } else {
        let found = search(inbox, tenant, &query).await?;
        let said = how_far(lang, &found);
        (found.events, said, None)
    };
    let events = EventReport::all(inbox, &events).await?;
    let here = if query.is_empty() {
        address(word, &asked.after)
    } else {
        format!("/console/activity?{}", Serializer::new(String::new()).append_pair("q", &query).finish())
    };
    let (page, screen) = Screen::new(&visitor, Tab::Activity, &here);
    let told = told(lang, &asked.retried);
    let messages = Vec::new();
    let shown = Shown { page, screen, told, filter: word, query, events, messages, searched, next };
    Ok(respond(StatusCode::OK, &shown, &console.policy(&visitor.record)))
}

async fn of_pages(console: &Console, visitor: &Visitor, after: &str) -> Result<Response, Trouble> {
    let (messages, last) = messages::newest(&console.store, &visitor.record.id, after, ROWS).await?;
    let (page, screen) = Screen::new(visitor, Tab::Activity, &address(messages::FILTER, after));
    let shown = Shown {
        page,
        screen,
        told: None,
        filter: messages::FILTER,
        query: String::new(),
        events: Vec::new(),
        messages,
        searched: None,
        next: last.map(|last| address(messages::FILTER, &last)),
    };
    Ok(respond(StatusCode::OK, &shown, &console.policy(&visitor.record)))
}

fn address(filter: &str, after: &str) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("filter", filter);
    if !after.is_empty() {
        query.append_pair("after", after);
    }
    format!("/console/activity?{}", query.finish())
}

fn how_far(lang: Lang, found: &Found) -> Option<String> {
    let searched = found.searched?;
    Some(match (lang, found.back_to) {
        (Lang::Vi, None) => format!("Đã tìm trong toàn bộ {searched} sự kiện đang lưu."),
        (Lang::En, None) => format!("All {searched} events that are kept were searched."),
        (Lang::Vi, Some(back)) => format!(
            "Đã tìm trong {searched} sự kiện mới nhất, từ {}. Để tìm xa hơn, nhập mã đơn hoặc mã khách của Haravan (chỉ gồm số).",
            moment(back)
        ),
        (Lang::En, Some(back)) => format!(
            "The newest {searched} events were searched, back to {}. To look further, enter Haravan's id of the order or customer (digits only).",
            moment(back)
        ),
    })
}

fn told(lang: Lang, retried: &str) -> Option<Told> {
    match retried {
        "" => None,
        "none" => Some(Told::warn(lang.of(
            "Sự kiện này không còn chờ người xem, hoặc thử lại cũng không có ích.",
            "This event is no longer set aside, or another try cannot help it.",
        ))),
        "more" => Some(Told::good(lang.of(
            "Đã đưa một phần vào làm lại. Còn nữa: hãy bấm lần nữa khi các sự kiện này xong.",
            "Part of them is being worked on again. There are more: press again when these are done.",
        ))),
        count => {
            let count: u32 = count.parse().ok()?;
            Some(Told::good(&match lang {
                Lang::Vi => format!("Đã đưa {count} sự kiện vào làm lại."),
                Lang::En => format!("Events being worked on again: {count}."),
            }))
        }
    }
}
