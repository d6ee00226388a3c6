//! The single sign-on cookie (haravan.md §1.16).

use axum::extract::State as Extracted;
use axum::http::HeaderMap;
use axum::response::Response;

use super::pages;
use crate::haravan::simulator::Simulator;
use crate::haravan::state::State;
use crate::sim::cookie;

const NAME: &str = "haravan_sim_sso";

/// The cookie a browser sent, if it has a session.
pub(super) fn cookie(state: &State, headers: &HeaderMap) -> Option<String> {
    let mut values = cookie::sent(headers, NAME);
    values.find(|value| state.accounts.sessions.contains_key(*value)).map(str::to_owned)
}

/// Lets the browser keep this session.
pub(super) fn keep(state: &State, response: &mut Response, value: &str) {
    cookie::set(response, &state.accounts.issuer(), NAME, Some(value));
}

/// Lets the browser forget its session.
pub(super) fn forget(state: &State, response: &mut Response) {
    cookie::set(response, &state.accounts.issuer(), NAME, None);
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
