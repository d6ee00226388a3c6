//! The single sign-on cookie (haravan.md §1.16).

use axum::extract::State as Extracted;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use super::pages;
use crate::haravan::simulator::Simulator;
use crate::haravan::state::State;

const NAME: &str = "haravan_sim_sso";

/// The cookie a browser sent, if it has a session.
pub(super) fn cookie(state: &State, headers: &HeaderMap) -> Option<String> {
    let sent = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut values = sent.flat_map(|pairs| pairs.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == NAME).then_some(value)
    });
    values.find(|value| state.accounts.sessions.contains_key(*value)).map(str::to_owned)
}

/// Lets the browser keep this session.
pub(super) fn keep(state: &State, response: &mut Response, cookie: &str) {
    set(state, response, cookie, "");
}

/// Lets the browser forget its session.
pub(super) fn forget(state: &State, response: &mut Response) {
    set(state, response, "", "; Max-Age=0");
}

fn set(state: &State, response: &mut Response, value: &str, more: &str) {
    let issuer = url::Url::parse(&state.accounts.issuer());
    let path = issuer.map_or_else(|_| "/".to_owned(), |url| url.path().to_owned());
    let text = format!("{NAME}={value}; Path={path}; HttpOnly; SameSite=Lax{more}");
    if let Ok(text) = HeaderValue::try_from(text) {
        response.headers_mut().append(SET_COOKIE, text);
    }
}

pub(super) async fn logout(Extracted(simulator): Extracted<Simulator>, headers: HeaderMap) -> Response {
    let mut state = simulator.state();
    if let Some(cookie) = cookie(&state, &headers) {
        state.accounts.sessions.remove(&cookie);
    }
    let mut response = pages::logged_out();
    forget(&state, &mut response);
    response
}
