//! The way of one request: recorded, struck by a fault or not, admitted, answered.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State as Shared;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;

use super::Simulator;
use super::call::Call;
use super::faults::Fault;
use super::reply::Reply;
use super::request_log::RecordedRequest;
use super::routes::{self, Handler, Route};
use super::settings::MissingVersion;
use super::state::State;
use super::webhooks;

/// Larger bodies are answered with 413.
const BODY_LIMIT: usize = 8 * 1024 * 1024;
/// Larger bodies are handled but not kept in the log.
const LOGGED_BODY: usize = 256 * 1024;

/// Answers everything under `/api` and every unknown path.
pub(super) async fn answer(Shared(simulator): Shared<Simulator>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Reply::for_status(StatusCode::PAYLOAD_TOO_LARGE).into_response();
    };
    let call = Call::new(&parts, &body);
    let (sequence, fault) = simulator.lock(|state| receive(state, &call));
    let route = format!("{} {}", call.method, call.path);
    let reply = match fault {
        // What a client that left did not wait for still happens, as on a server that does not notice.
        Some(Fault::Delay(_) | Fault::DelayAfterCommit(_)) => {
            let simulator = simulator.clone();
            tokio::spawn(async move { strike(&simulator, &call, fault).await })
                .await
                .unwrap_or_else(|_| Reply::for_status(StatusCode::INTERNAL_SERVER_ERROR))
        }
        fault => strike(&simulator, &call, fault).await,
    };
    let status = reply.visible_status();
    tracing::debug!(%route, status, "simulated Getfly answered");
    simulator.lock(|state| note_answer(state, sequence, status));
    reply.into_response()
}

/// Records the request and picks its fault.
fn receive(state: &mut State, call: &Call) -> (u64, Option<Fault>) {
    let State { faults, settings, .. } = state;
    let fault = faults.take(settings.random_faults.as_ref(), &call.method, &call.path);
    let request = RecordedRequest {
        sequence: 0,
        at: state.instant(),
        method: call.method.to_string(),
        path: call.path_and_query.clone(),
        body: call.json.clone().filter(|_| call.body_len <= LOGGED_BODY),
        traceparent: call.traceparent.clone(),
        headers: call.headers.clone(),
        key_ok: key_ok(state, call),
        fault: fault.clone(),
        status: None,
    };
    let most = state.settings.keep_requests;
    (state.log.add(most, |sequence| RecordedRequest { sequence, ..request }), fault)
}

fn note_answer(state: &mut State, sequence: u64, status: Option<u16>) {
    if let Some(request) = state.log.find(sequence) {
        request.status = status;
    }
}

async fn strike(simulator: &Simulator, call: &Call, fault: Option<Fault>) -> Reply {
    match fault {
        None => handle(simulator, call),
        Some(Fault::Status(code)) => Reply::for_status(served(code)),
        Some(Fault::StatusAfterCommit(code)) => {
            handle(simulator, call);
            Reply::for_status(served(code))
        }
        Some(Fault::TooManyRequests { retry_after }) => Reply::too_many(retry_after),
        Some(Fault::Html200) => Reply::html(),
        Some(Fault::ErrorIn200) => Reply::error_in_200(),
        Some(Fault::Delay(milliseconds)) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            handle(simulator, call)
        }
        Some(Fault::DelayAfterCommit(milliseconds)) => {
            let reply = handle(simulator, call);
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            reply
        }
        Some(Fault::DropBefore) => Reply::closed(),
        Some(Fault::DropAfterCommit) => {
            handle(simulator, call);
            Reply::closed()
        }
    }
}

/// A status that can end an answer; the queue refuses others, a test's own code may not have asked.
fn served(code: u16) -> StatusCode {
    StatusCode::from_u16(code)
        .ok()
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Runs the handler on the locked state, writes the books and sends the webhooks it caused.
fn handle(simulator: &Simulator, call: &Call) -> Reply {
    let mut state = simulator.state();
    let reply = admit(&mut state, call)
        .and_then(|handler| handler(&mut state, call))
        .unwrap_or_else(|refusal: Reply| refusal);
    let bodies = webhooks::drain(&mut state);
    // An answer promises that the write outlives the process.
    let reply = if state.save() { reply } else { Reply::for_status(StatusCode::INTERNAL_SERVER_ERROR) };
    drop(state);
    simulator.post_webhooks(bodies);
    reply
}

/// The checks before any handler: version, route, key, right, rate, content type.
fn admit(state: &mut State, call: &Call) -> Result<Handler, Reply> {
    let settings = &state.settings;
    let v61 = call.path.starts_with("/api/v6.1/");
    match settings.no_v61 {
        MissingVersion::NotFound if v61 => return Err(route_missing(call)),
        MissingVersion::Html200 if v61 => return Err(Reply::html()),
        _ => {}
    }
    if (!settings.v6_on && call.path.starts_with("/api/v6/"))
        || (!settings.v3_on && call.path.starts_with("/api/v3/"))
    {
        return Err(route_missing(call));
    }
    let handler = match routes::find(&call.method, &call.path) {
        Route::Found(handler) => handler,
        Route::WrongMethod => return Err(Reply::for_status(StatusCode::METHOD_NOT_ALLOWED)),
        Route::Missing => return Err(route_missing(call)),
    };
    if settings.unauthorised_until_cleared || !key_ok(state, call) {
        return Err(Reply::for_status(StatusCode::UNAUTHORIZED));
    }
    if settings.key_forbidden {
        return Err(Reply::for_status(StatusCode::FORBIDDEN));
    }
    let now = state.instant();
    if !state.limiter.allow(state.settings.rps, now) {
        return Err(Reply::too_many(state.settings.retry_after.clone()));
    }
    if call.method != Method::GET {
        call.object()?;
    }
    Ok(handler)
}

fn key_ok(state: &State, call: &Call) -> bool {
    call.key.as_deref() == Some(state.settings.api_key.as_bytes())
}

fn route_missing(call: &Call) -> Reply {
    let text = format!("The route {} could not be found.", call.path.trim_start_matches('/'));
    Reply::message(StatusCode::NOT_FOUND, &text)
}
