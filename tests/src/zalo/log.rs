//! What is kept of each request; no token, code, secret or query is.

use axum::extract::{Request, State as Extracted};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;

use super::faults::Fault;
use super::ids::OaId;
use super::simulator::Simulator;

const KEPT_AT_MOST: usize = 10_000;

/// A request the simulator received, those struck by a fault included; control calls are not recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedRequest {
    /// runs from 0
    pub sequence: u64,
    /// when it came
    pub at: Timestamp,
    /// method
    pub method: String,
    /// path, without the query and the place where the router is mounted
    pub path: String,
    /// of the token endpoint: `authorization_code`, `refresh_token` or `other`
    pub grant_type: Option<&'static str>,
    /// the account whose token or code it carried, if that was known
    pub oa: Option<OaId>,
    /// the fault that struck it
    pub fault: Option<Fault>,
    /// the status answered; none while it is handled, and when the client went away
    pub status: Option<u16>,
    /// the application error answered, whatever its shape
    pub error: Option<i64>,
}

/// What a handler tells the log, beside its answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    pub grant_type: Option<&'static str>,
    pub oa: Option<OaId>,
    pub fault: Option<Fault>,
    pub error: Option<i64>,
}

/// Records a request when it comes, and its outcome when it is answered.
pub(super) async fn record(
    Extracted(simulator): Extracted<Simulator>,
    request: Request,
    next: Next,
) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let sequence = {
        let mut state = simulator.state();
        let at = state.now();
        state.log.add(KEPT_AT_MOST, |sequence| RecordedRequest {
            sequence,
            at,
            method,
            path,
            grant_type: None,
            oa: None,
            fault: None,
            status: None,
            error: None,
        })
    };
    let mut response = next.run(request).await;
    let note = response.extensions_mut().remove::<Note>().unwrap_or_default();
    if let Some(request) = simulator.state().log.find(sequence) {
        request.status = Some(response.status().as_u16());
        (request.grant_type, request.oa) = (note.grant_type, note.oa);
        (request.fault, request.error) = (note.fault, note.error);
    }
    response
}
