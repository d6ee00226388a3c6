//! `/console/enter/{token}`: from the link to a session.
//!
//! Mail programs and chats open links to show a preview. Opening therefore shows a button; pressing it takes the link.

use std::sync::Arc;

use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use common::page::{Lang, Page, respond};
use common::store::ephemeral::Kind;
use common::telemetry::Line;

use super::{Link, SESSION, Session, is_from_us, random_secret, session_cookie};
use crate::refusal::{Trouble, foreign_form, no_link};
use crate::{Console, FUNCTION, language};

#[derive(Template)]
#[template(path = "enter.html")]
struct Door {
    page: Page,
    action: String,
    name: Option<String>,
}

/// Shows the button.
pub(crate) async fn ask(
    State(console): State<Arc<Console>>,
    Path(token): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let found: Option<Link> = console.store.ephemeral.get(Kind::Link, &token, console.clock.now()).await?;
    let Some(link) = found else { return Ok(no_link(Lang::of_request(&headers))) };
    let Some(record) = console.record(&link.tenant).await? else {
        return Ok(no_link(Lang::of_request(&headers)));
    };
    let page = Page::new(lang(&headers, &link));
    let door = Door { page, action: uri.path().to_owned(), name: link.admin.name };
    Ok(respond(StatusCode::OK, &door, &console.policy(&record)))
}

/// Takes the link and begins a session.
pub(crate) async fn enter(
    State(console): State<Arc<Console>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let now = console.clock.now();
    let known: Option<Link> = console.store.ephemeral.get(Kind::Link, &token, now).await?;
    let Some(known) = known else { return Ok(no_link(Lang::of_request(&headers))) };
    let Some(record) = console.record(&known.tenant).await? else {
        return Ok(no_link(Lang::of_request(&headers)));
    };
    let lang = lang(&headers, &known);
    if !is_from_us(&headers, &record.public_url) {
        return Ok(foreign_form(lang));
    }
    let taken: Option<Link> = console.store.ephemeral.take(Kind::Link, &token, now).await?;
    let Some(link) = taken else { return Ok(no_link(lang)) };
    let secret = random_secret()?;
    let session = Session { tenant: link.tenant, admin: link.admin, csrf: random_secret()? };
    let expires = now.saturating_add(SESSION).unwrap_or(now);
    console.store.ephemeral.put(Kind::Session, &secret, &session, expires).await?;
    Line::new(FUNCTION, "session.begun").with("tenant", session.tenant.as_str()).emit();
    let cookies = [session_cookie(&record.public_url, &secret), language::cookie(lang)];
    let mut response = (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, "/console/haravan"), (header::CACHE_CONTROL, "no-store")],
    )
        .into_response();
    for cookie in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The CRM knows in which language its admin works.
fn lang(headers: &HeaderMap, link: &Link) -> Lang {
    link.lang.as_deref().and_then(Lang::read).unwrap_or_else(|| Lang::of_request(headers))
}
