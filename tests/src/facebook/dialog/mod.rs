//! The login dialog (pages.md §1.2, §1.3): one page per question, every post but the last answered by a redirect to the same
//! query, and at the end a redirect to the app. No page needs scripts.

mod flow;
mod pages;
mod request;

use std::collections::BTreeSet;

use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::call::Call;
use super::faults::Fault;
use super::ids::PersonId;
use super::simulator::Simulator;
use super::state::State;
use crate::sim::cookie;
pub use flow::{Answer, Choice};
pub(super) use flow::{Step, answer, next, reuse};
pub(super) use request::DialogRequest;

const COOKIE_NAME: &str = "facebook_sim_session";

pub(super) fn serve(simulator: &Simulator, call: &Call, headers: &HeaderMap) -> Response {
    let mut state = simulator.state();
    let request = match DialogRequest::read(&state, &call.query) {
        Ok(request) => request,
        Err(reason) => return pages::stop(&reason),
    };
    let cookie = cookie(&state, headers);
    let person = cookie.as_deref().and_then(|cookie| state.sessions.get(cookie)).copied();
    if call.method != "POST" {
        return show(&mut state, &request, person, None);
    }
    match call.param("step") {
        Some("log_in") => {
            let chosen = call.param("person").and_then(|id| id.parse().ok());
            let Some(chosen) = chosen.filter(|person| state.people.contains_key(person)) else {
                return pages::log_in(&state, &request);
            };
            let value = state.letters(40);
            state.sessions.insert(value.clone(), chosen);
            let mut response = once_more(&request.query_when_logged_in());
            cookie::set(&mut response, &state.base(), COOKIE_NAME, Some(&value));
            response
        }
        Some("log_out") => {
            if let Some(cookie) = cookie {
                state.sessions.remove(&cookie);
            }
            let mut response = once_more(&call.query);
            cookie::set(&mut response, &state.base(), COOKIE_NAME, None);
            response
        }
        Some("consent") => {
            let asked = person.map(|person| flow::asked(&state, &request, person)).unwrap_or_default();
            let choice = choice(call, &asked);
            show(&mut state, &request, person, Some(&choice))
        }
        _ => pages::stop("Biểu mẫu không hợp lệ."),
    }
}

/// What the form of the consent says.
fn choice(call: &Call, asked: &[String]) -> Choice {
    let kept: BTreeSet<_> = call.all("permission").collect();
    Choice {
        accept: call.param("decision") == Some("accept"),
        pages: Some(call.all("page").filter_map(|id| id.parse().ok()).collect()),
        businesses: Some(call.all("business").filter_map(|id| id.parse().ok()).collect()),
        declined: asked.iter().filter(|scope| !kept.contains(scope.as_str())).cloned().collect(),
    }
}

/// The page or the answer that comes next.
fn show(
    state: &mut State,
    request: &DialogRequest,
    person: Option<PersonId>,
    choice: Option<&Choice>,
) -> Response {
    let step = next(state, request, person);
    let asks = step != Step::LogIn && choice.is_none();
    let refused = asks && state.faults.take_one(&Fault::UserDenied);
    let answered = match (&step, choice, person) {
        (Step::LogIn, _, _) | (_, _, None) => return pages::log_in(state, request),
        (_, _, Some(person)) if refused => answer(state, request, person, &Choice::cancel()),
        (Step::Ask, None, Some(person)) => return pages::consent(state, request, person),
        (Step::Ask, Some(choice), Some(person)) => answer(state, request, person, choice),
        (Step::Reuse, _, Some(person)) => reuse(state, request, person),
    };
    match answered {
        Answer::Page { reason } => pages::stop(&reason),
        Answer::Redirect { location, .. } => {
            if state.faults.take_one(&Fault::DuplicateCallback) {
                return pages::twice(&location);
            }
            redirect(StatusCode::FOUND, &location)
        }
    }
}

fn once_more(query: &str) -> Response {
    redirect(StatusCode::SEE_OTHER, &format!("oauth?{query}"))
}

fn redirect(status: StatusCode, location: &str) -> Response {
    (status, [(LOCATION, location), (CACHE_CONTROL, "no-store")]).into_response()
}

/// The session cookie a browser sent.
fn cookie(state: &State, headers: &HeaderMap) -> Option<String> {
    let mut values = cookie::sent(headers, COOKIE_NAME);
    values.find(|value| state.sessions.contains_key(*value)).map(str::to_owned)
}
