//! The authorize endpoint for browsers: one page per question, and every post answered by a redirect to the same query
//! until the app is answered.

use axum::extract::{RawQuery, State as Extracted};
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::answer::{Answer, answer};
use super::errors::PageError;
use super::flow::{self, Step, next};
use super::pages;
use super::request::AuthorizeRequest;
use super::sso;
use crate::haravan::ids::OrgId;
use crate::haravan::refusal::Refusal;
use crate::haravan::simulator::Simulator;
use crate::haravan::state::State;

pub(super) async fn open(
    Extracted(simulator): Extracted<Simulator>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut state = simulator.state();
    let request = match AuthorizeRequest::read(&state, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(error) => return pages::stop(&error),
    };
    let cookie = sso::cookie(&state, &headers);
    show(&mut state, &request, cookie.as_deref(), None)
}

pub(super) async fn go_on(
    Extracted(simulator): Extracted<Simulator>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut state = simulator.state();
    let mut request = match AuthorizeRequest::read(&state, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(error) => return pages::stop(&error),
    };
    let form: Vec<_> = url::form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| {
        let found = form.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let cookie = sso::cookie(&state, &headers);
    let orgid = field("orgid").parse().ok().map(OrgId);
    match field("step") {
        "sign_in" => signed_in(&mut state, &request, field("email"), field("password")),
        "sign_out" => {
            cookie.map(|cookie| state.accounts.sessions.remove(&cookie));
            let mut response = once_more(&request);
            sso::forget(&state, &mut response);
            response
        }
        "shop" => {
            if let Some(session) = cookie.and_then(|cookie| state.accounts.sessions.get_mut(&cookie)) {
                session.orgid = orgid;
            }
            once_more(&request)
        }
        "consent" => {
            request.orgid = orgid.or(request.orgid);
            let accepted = field("decision") == "accept";
            show(&mut state, &request, cookie.as_deref(), Some(accepted))
        }
        _ => pages::stop(&PageError::new("invalid_request", "Biểu mẫu không hợp lệ.")),
    }
}

fn signed_in(state: &mut State, request: &AuthorizeRequest, email: &str, password: &str) -> Response {
    let person = state.accounts.person_by_email(email);
    if person.is_none_or(|person| person.password != password) {
        return pages::sign_in(state, request, Some(email));
    }
    match flow::sign_in(state, email) {
        Ok(cookie) => {
            let mut response = once_more(request);
            sso::keep(state, &mut response, &cookie);
            response
        }
        Err(refusal) => broken(&refusal),
    }
}

/// The page or the answer of the next step.
fn show(
    state: &mut State,
    request: &AuthorizeRequest,
    cookie: Option<&str>,
    accepted: Option<bool>,
) -> Response {
    let session = cookie.and_then(|cookie| state.accounts.sessions.get(cookie)).cloned();
    let step = next(state, request, session.as_ref(), accepted);
    match &step {
        Step::SignIn => return pages::sign_in(state, request, None),
        Step::ChooseShop(shops) => return pages::choose_shop(state, request, shops),
        Step::Stop(error) => return pages::stop(error),
        Step::Consent(org) => {
            let person = session.as_ref().and_then(|session| state.accounts.person(session.sub));
            let email = person.map_or("", |person| person.email.as_str());
            return pages::consent(state, request, email, *org);
        }
        Step::Grant(org) => {
            // The next login in this browser takes the same shop (haravan.md §1.16).
            if let Some(session) = cookie.and_then(|key| state.accounts.sessions.get_mut(&key.to_owned())) {
                session.orgid = Some(*org);
            }
        }
        Step::Deny => {}
    }
    match answer(state, request, session.as_ref(), &step) {
        Ok(Some(Answer::FormPost { action, fields })) => pages::form_post(&action, &fields),
        Ok(Some(Answer::Redirect { location, .. })) => redirect(StatusCode::FOUND, &location),
        // What ends on a page or is asked has been shown above.
        Ok(Some(Answer::Page { .. }) | None) => pages::sign_in(state, request, None),
        Err(refusal) => broken(&refusal),
    }
}

/// Back to the same query, now that the browser has another cookie or its session another shop.
fn once_more(request: &AuthorizeRequest) -> Response {
    redirect(StatusCode::SEE_OTHER, &format!("authorize?{}", request.query))
}

fn redirect(status: StatusCode, location: &str) -> Response {
    (status, [(LOCATION, location), (CACHE_CONTROL, "no-store")]).into_response()
}

fn broken(refusal: &Refusal) -> Response {
    tracing::error!(%refusal, "the simulated accounts server could not answer");
    (StatusCode::INTERNAL_SERVER_ERROR, refusal.to_string()).into_response()
}
