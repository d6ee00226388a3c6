//! The Graph API: a call is logged, struck by the faults that wait for it, handled under the lock, answered.

mod access;
mod debug_token;
mod fields;
mod lists;
mod node;
mod oauth;
mod paging;
mod permissions;
mod subscribed_apps;

use std::time::Duration;

use axum::response::Response;
use serde_json::Value;

use super::answer::{About, respond, server_error};
use super::call::Call;
use super::error::GraphError;
use super::faults::{Fault, take_for_call};
use super::request_log::{KEPT, RecordedRequest};
use super::simulator::Simulator;
use super::state::State;

/// The versions that answered in November 2026, oldest first (pages.md §1.1). Older ones are answered by the oldest.
const VERSIONS: [&str; 6] = ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"];

pub(super) async fn serve(simulator: &Simulator, call: Call) -> Response {
    let (sequence, faults) = {
        let mut state = simulator.state();
        let record = call.record(state.now(), state.token_kind(call.token()));
        let sequence = state.log.add(KEPT, |sequence| RecordedRequest { sequence, ..record });
        (sequence, take_for_call(&mut state.faults, &call.method, &call.path()))
    };
    let mut outcome = None;
    let mut broken = false;
    for fault in faults {
        match fault {
            Fault::Delay { millis } => tokio::time::sleep(Duration::from_millis(millis)).await,
            Fault::Graph { code, subcode, message } => {
                let error = GraphError::usual(code, subcode);
                let message = message.unwrap_or_else(|| error.message.clone());
                outcome = Some(Err(GraphError { message, ..error }));
            }
            Fault::Throttle { code, minutes } => {
                let error = GraphError::usual(code, None);
                outcome = Some(Err(GraphError { wait_minutes: Some(minutes), ..error }));
            }
            Fault::ServerError => (outcome, broken) = (Some(Ok(Value::Null)), true),
            Fault::ServerErrorAfter => broken = true,
            _ => {}
        }
    }
    let mut state = simulator.state();
    let about = about(&mut state, &call);
    let outcome = outcome.unwrap_or_else(|| handle(&mut state, &call));
    let response = if broken { server_error() } else { respond(&about, &outcome) };
    let error = outcome.as_ref().err().map(|error| (error.code, error.subcode));
    if let Some(call) = state.log.find(sequence) {
        (call.status, call.error) = (Some(response.status().as_u16()), error);
    }
    response
}

fn about(state: &mut State, call: &Call) -> About {
    let asked = call.version.clone().unwrap_or_else(|| state.app.default_version.clone());
    let version = state.settings.served_version.clone().unwrap_or_else(|| {
        let oldest = VERSIONS.first().copied().unwrap_or_default();
        if VERSIONS.contains(&asked.as_str()) { asked } else { oldest.to_owned() }
    });
    let of_token = call.token().and_then(|token| state.tokens.get(token)?.page).map(|page| page.to_string());
    let of_path = call.segments.first().filter(|_| call.segments.len() > 1);
    let of_path = of_path.filter(|first| first.parse().is_ok_and(|page| state.pages.contains_key(&page)));
    About {
        version,
        page: of_token.or_else(|| of_path.cloned()),
        usage_percent: state.settings.usage_percent,
        trace: format!("A{}", state.letters(22)),
    }
}

/// Whether a version is newer than any that exists.
fn is_from_the_future(version: &str) -> bool {
    let major = |version: &str| version.strip_prefix('v')?.split('.').next()?.parse::<u32>().ok();
    let newest = VERSIONS.last().and_then(|newest| major(newest));
    major(version) > newest
}

fn handle(state: &mut State, call: &Call) -> Result<Value, GraphError> {
    if let Some(version) = call.version.as_deref().filter(|version| is_from_the_future(version)) {
        let path = call.path();
        return Err(GraphError::new(2_500, format!("Unknown path components: /{version}{path}")));
    }
    let segments: Vec<_> = call.segments.iter().map(String::as_str).collect();
    match (call.method.as_str(), segments.as_slice()) {
        ("GET" | "POST", ["oauth", "access_token"]) => return oauth::access_token(state, call),
        ("GET", ["debug_token"]) => return debug_token::inspect(state, call),
        _ => {}
    }
    let access = state.access(call)?;
    match (call.method.as_str(), segments.as_slice()) {
        ("GET", []) => node::by_ids(state, call, &access),
        ("GET", [id]) => node::read(state, call, &access, id),
        ("GET", [id, "accounts"]) => lists::accounts(state, call, &access, id),
        ("GET", [id, "businesses"]) => lists::businesses(state, call, &access, id),
        ("GET", [id, edge @ ("owned_pages" | "client_pages")]) => {
            lists::business_pages(state, call, &access, id, edge)
        }
        ("GET", [id, "permissions"]) => permissions::list(state, &access, id),
        ("DELETE", [id, "permissions"]) => permissions::delete(state, &access, id, call.param("permission")),
        ("DELETE", [id, "permissions", one]) => permissions::delete(state, &access, id, Some(one)),
        ("POST", [id, "subscribed_apps"]) => subscribed_apps::subscribe(state, call, &access, id),
        ("GET", [id, "subscribed_apps"]) => subscribed_apps::list(state, &access, id),
        ("DELETE", [id, "subscribed_apps"]) => subscribed_apps::unsubscribe(state, &access, id),
        (_, [id, ..]) => Err(GraphError::unknown_object(id)),
        (_, []) => Err(GraphError::new(100, "Unsupported request").method()),
    }
}
