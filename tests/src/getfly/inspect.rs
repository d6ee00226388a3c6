//! The inspection routes under `/__sim`, for tests over HTTP and for the local page (getfly.md §11, row "Inspection").
//! They need no key, meet no faults and are not recorded.

use axum::Router;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Simulator;
use super::faults::{Fault, QueuedFault, check_route};
use super::reply::Reply;

/// `state`, `requests`, `faults`, `reset`, `settings`, `accounts`.
pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/__sim/state", get(state))
        .route("/__sim/requests", get(requests).delete(forget_requests))
        .route("/__sim/faults", get(faults).post(push_fault).delete(clear_faults))
        .route("/__sim/reset", post(reset))
        .route("/__sim/accounts", post(change_account))
        .route("/__sim/settings", get(settings).post(change_settings).patch(change_settings))
}

async fn state(Shared(simulator): Shared<Simulator>) -> Response {
    Reply::ok(simulator.lock(|state| state.inspect())).into_response()
}

async fn requests(Shared(simulator): Shared<Simulator>) -> Response {
    Reply::ok(json!({ "requests": simulator.requests() })).into_response()
}

async fn forget_requests(Shared(simulator): Shared<Simulator>) -> Response {
    simulator.forget_requests();
    Reply::ok(json!({ "requests": [] })).into_response()
}

async fn faults(Shared(simulator): Shared<Simulator>) -> Response {
    queued(&simulator)
}

fn queued(simulator: &Simulator) -> Response {
    Reply::ok(json!({ "faults": simulator.faults() })).into_response()
}

/// One fault as posted: `{"route":"POST /api/v6.1/sale_order","fault":{"status":503},"times":2}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pushed {
    route: String,
    fault: Fault,
    #[serde(default = "once")]
    times: u16,
}

fn once() -> u16 {
    1
}

async fn push_fault(Shared(simulator): Shared<Simulator>, body: Bytes) -> Response {
    let pushed = match serde_json::from_slice::<Pushed>(&body) {
        Ok(pushed) => pushed,
        Err(error) => return refused(&format!("fault refused: {error}")),
    };
    if let Err(text) = check_route(&pushed.route).and_then(|()| pushed.fault.check()) {
        return refused(&format!("fault refused: {text}"));
    }
    simulator.lock(|state| {
        for _ in 0..pushed.times {
            state.faults.push(QueuedFault { route: pushed.route.clone(), fault: pushed.fault.clone() });
        }
    });
    queued(&simulator)
}

/// What a person does to a customer: `{"rename":"HRV-1","to":"KH-1"}`, `{"merge":"HRV-1","into":"KH-2","answers":true}`,
/// `{"delete":"HRV-1"}`, and for good `{"purge":"HRV-1"}`.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum ByHand {
    Rename {
        rename: String,
        to: String,
    },
    Merge {
        merge: String,
        into: String,
        #[serde(default)]
        answers: bool,
    },
    Delete {
        delete: String,
    },
    Purge {
        purge: String,
    },
}

async fn change_account(Shared(simulator): Shared<Simulator>, body: Bytes) -> Response {
    let done = match serde_json::from_slice::<ByHand>(&body) {
        Ok(ByHand::Rename { rename, to }) => simulator.rename_account(&rename, &to),
        Ok(ByHand::Merge { merge, into, answers }) => simulator.merge_account(&merge, &into, answers),
        Ok(ByHand::Delete { delete }) => simulator.delete_account(&delete),
        Ok(ByHand::Purge { purge }) => simulator.purge_account(&purge),
        Err(error) => return refused(&format!("change refused: {error}")),
    };
    if done { Reply::ok(json!({"message": "changed"})).into_response() } else { refused("no such customer") }
}

async fn clear_faults(Shared(simulator): Shared<Simulator>) -> Response {
    simulator.clear_faults();
    queued(&simulator)
}

async fn reset(Shared(simulator): Shared<Simulator>) -> Response {
    simulator.reset();
    Reply::ok(json!({ "message": "reset" })).into_response()
}

async fn settings(Shared(simulator): Shared<Simulator>) -> Response {
    Reply::ok(json!(simulator.settings())).into_response()
}

async fn change_settings(Shared(simulator): Shared<Simulator>, body: Bytes) -> Response {
    let patch = match serde_json::from_slice::<Value>(&body) {
        Ok(patch) => patch,
        Err(error) => return refused(&format!("settings refused: {error}")),
    };
    match simulator.patch_settings(&patch) {
        Ok(settings) => Reply::ok(json!(settings)).into_response(),
        Err(text) => refused(&text),
    }
}

fn refused(text: &str) -> Response {
    Reply::message(StatusCode::BAD_REQUEST, text).into_response()
}
