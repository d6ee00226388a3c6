//! `POST /local/events/retry`: a second try for an event that was set aside.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use common::store::inbox::EventKey;
use serde::Deserialize;
use serde_json::json;

use super::Page;

/// Which event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    key: String,
    digest: String,
}

/// Makes a parked event ready again; one that is not parked is left as it is.
pub(super) async fn retry(State(page): State<Page>, which: Result<Json<Which>, JsonRejection>) -> Response {
    let Ok(Json(Which { key, digest })) = which else {
        return refused(StatusCode::BAD_REQUEST, "Yêu cầu không đọc được.", "The request cannot be read.");
    };
    match page.store.inbox.retry(&EventKey { entity: key, digest }, page.clock.now()).await {
        Ok(true) => Json(json!({"retried": true})).into_response(),
        Ok(false) => refused(
            StatusCode::CONFLICT,
            "Sự kiện này không còn chờ người xem, nên không cần thử lại.",
            "This event is no longer set aside, so there is nothing to retry.",
        ),
        Err(error) => {
            tracing::warn!(%error, "an event was not made ready again");
            refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "Kho dữ liệu chưa trả lời. Hãy bấm lại sau ít giây.",
                "The store did not answer. Please try again in a few seconds.",
            )
        }
    }
}

fn refused(status: StatusCode, vi: &str, en: &str) -> Response {
    (status, Json(json!({"error": {"vi": vi, "en": en}}))).into_response()
}
