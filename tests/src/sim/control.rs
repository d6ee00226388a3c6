//! What control APIs have in common: JSON in, JSON out; what makes no sense is answered 400 with `{"error": "…"}`.

use axum::extract::State as Extracted;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::faults::Switch;
use super::sender::Sends;
use super::simulator::{Faulty, Party, Recorded, Simulator};

/// A body that is not understood, for this reason.
#[derive(Debug)]
pub struct Invalid(pub(crate) String);

impl IntoResponse for Invalid {
    fn into_response(self) -> Response {
        refused(StatusCode::BAD_REQUEST, &self.0)
    }
}

/// The answer to a control call that is refused.
pub(crate) fn refused(status: StatusCode, reason: &str) -> Response {
    (status, Json(json!({"error": reason}))).into_response()
}

/// Reads a body, an object; nothing at all is read as `{}`.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Invalid> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    let object: Map<String, Value> = serde_json::from_slice(body).map_err(not_understood)?;
    serde_json::from_value(Value::Object(object)).map_err(not_understood)
}

pub(crate) fn not_understood(error: serde_json::Error) -> Invalid {
    Invalid(format!("the body is not understood: {error}"))
}

/// `POST /reset`, and `/faults`: what is switched on, one more, none.
pub(crate) fn faults<S: Faulty>() -> Router<Simulator<S>>
where
    S::Fault: Serialize + DeserializeOwned,
{
    Router::new()
        .route("/faults", get(list_faults::<S>).post(switch::<S>).delete(clear_faults::<S>))
        .route("/reset", post(reset::<S>))
}

async fn list_faults<S: Faulty>(Extracted(simulator): Extracted<Simulator<S>>) -> Json<Value>
where
    S::Fault: Serialize,
{
    Json(json!({"faults": simulator.faults()}))
}

async fn switch<S: Faulty>(
    Extracted(simulator): Extracted<Simulator<S>>,
    body: Bytes,
) -> Result<Json<Value>, Invalid>
where
    S::Fault: Serialize + DeserializeOwned,
{
    simulator.switch(read::<Switch<S::Fault>>(&body)?);
    Ok(Json(json!({"faults": simulator.faults()})))
}

async fn clear_faults<S: Faulty>(Extracted(simulator): Extracted<Simulator<S>>) -> Json<Value> {
    simulator.clear_faults();
    Json(json!({"faults": []}))
}

async fn reset<S: Party>(Extracted(simulator): Extracted<Simulator<S>>) -> Json<Value> {
    simulator.reset();
    Json(json!({"reset": true}))
}

/// `/requests`: the log, and forgetting it.
pub(crate) fn requests<S: Recorded>() -> Router<Simulator<S>>
where
    S::Request: Serialize,
{
    Router::new().route("/requests", get(list_requests::<S>).delete(forget_requests::<S>))
}

async fn list_requests<S: Recorded>(Extracted(simulator): Extracted<Simulator<S>>) -> Json<Value>
where
    S::Request: Serialize,
{
    Json(json!({"requests": simulator.requests()}))
}

async fn forget_requests<S: Recorded>(Extracted(simulator): Extracted<Simulator<S>>) -> Json<Value> {
    simulator.forget_requests();
    Json(json!({"requests": []}))
}

/// `POST /deliver_due`: one round of deliveries.
pub(crate) fn deliver_due<S: Sends>() -> Router<Simulator<S>> {
    Router::new().route("/deliver_due", post(deliver_what_is_due::<S>))
}

async fn deliver_what_is_due<S: Sends>(Extracted(simulator): Extracted<Simulator<S>>) -> Response {
    Json(simulator.deliver_due().await).into_response()
}
