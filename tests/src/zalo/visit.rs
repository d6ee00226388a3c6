//! The permission page for browsers. Each post is answered by a redirect to the same query, by the page once more with
//! what is missing, or by the way back to the app.

use axum::extract::{RawQuery, State as Extracted};
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::ids::{AdminId, OaId};
use super::pages;
use super::permission::{Answer, Choice, PermissionRequest};
use super::simulator::Simulator;
use super::state::State;
use crate::sim::cookie;

const COOKIE_NAME: &str = "zalo_sim_login";

pub(super) async fn open(
    Extracted(simulator): Extracted<Simulator>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let state = simulator.state();
    let request = match PermissionRequest::read(&state, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(code) => return stop(code),
    };
    match session(&state, &headers).and_then(|(_, admin)| state.admin(&admin).ok()) {
        Some(admin) => pages::choose(&state, &request, admin, None, None),
        None => pages::log_in(&state, &request, None),
    }
}

pub(super) async fn go_on(
    Extracted(simulator): Extracted<Simulator>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut state = simulator.state();
    let request = match PermissionRequest::read(&state, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(code) => return stop(code),
    };
    let form: Vec<_> = url::form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let session = session(&state, &headers);
    if let Some(admin) = field("admin") {
        return logged_in(&mut state, &request, &AdminId::from(admin));
    }
    if field("log_out").is_some() {
        if let Some((key, _)) = session {
            state.sessions.remove(&key);
        }
        return with_cookie(&state, once_more(&request), None);
    }
    let Some((_, admin)) = session else { return once_more(&request) };
    let choice = Choice {
        admin: None,
        oa: field("oa_id").map(OaId::from),
        consent: field("consent").is_some(),
        allow: field("decision") == Some("allow"),
    };
    match request.decide(&mut state, &admin, &choice) {
        Answer::Redirect { location, times: 1, .. } => redirect(StatusCode::FOUND, &location),
        Answer::Redirect { location, .. } => pages::twice(&location),
        Answer::Page { reason, .. } => match state.admin(&admin) {
            Ok(admin) => pages::choose(&state, &request, admin, choice.oa.as_ref(), Some(&reason)),
            Err(_) => once_more(&request),
        },
    }
}

/// The page a person stays on when the request itself is wrong.
pub(super) async fn error(RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let code = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "error_code");
    pages::stop(code.and_then(|(_, code)| code.parse().ok()).unwrap_or_default())
}

fn logged_in(state: &mut State, request: &PermissionRequest, admin: &AdminId) -> Response {
    if state.admin(admin).is_err() {
        return pages::log_in(state, request, Some("Không có tài khoản này."));
    }
    let key = state.invent("ZSIMSESSION", 48);
    state.sessions.insert(key.clone(), admin.clone());
    with_cookie(state, once_more(request), Some(&key))
}

/// The session of the browser, if it has one.
fn session(state: &State, headers: &HeaderMap) -> Option<(String, AdminId)> {
    let mut values = cookie::sent(headers, COOKIE_NAME);
    values.find_map(|key| Some((key.to_owned(), state.sessions.get(key)?.clone())))
}

fn with_cookie(state: &State, mut response: Response, value: Option<&str>) -> Response {
    cookie::set(&mut response, state.base(), COOKIE_NAME, value);
    response
}

/// Relative to `/v4/oa/permission`, so that it works below any prefix.
fn stop(code: i64) -> Response {
    redirect(StatusCode::FOUND, &format!("permission/error?error_code={code}"))
}

fn once_more(request: &PermissionRequest) -> Response {
    redirect(StatusCode::SEE_OTHER, &format!("permission?{}", request.query))
}

fn redirect(status: StatusCode, location: &str) -> Response {
    (status, [(LOCATION, location), (CACHE_CONTROL, "no-store")]).into_response()
}
