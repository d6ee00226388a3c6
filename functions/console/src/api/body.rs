//! JSON bodies.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::Console;

/// A body as it came; what is wrong with it is said when it is read.
pub(crate) struct Body(Bytes);

impl Body {
    /// Reads it.
    ///
    /// # Errors
    /// 400 that says at which line and column.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let read = serde_json::from_slice(if self.0.is_empty() { b"{}" } else { &self.0 });
        read.map_err(|error| {
            let place = format!("{}:{}", error.line(), error.column());
            Problem::new(
                StatusCode::BAD_REQUEST,
                "unreadable_body",
                "Bad request",
                &format!("Nội dung không đúng JSON mong đợi (dòng:cột {place})."),
                &format!("The body is not the expected JSON (line:column {place})."),
            )
        })
    }
}

impl FromRequest<Arc<Console>> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, console: &Arc<Console>) -> Result<Self, Problem> {
        Bytes::from_request(request, console).await.map(Self).map_err(|_| {
            let (vi, en) = ("Nội dung quá lớn.", "The body is too large.");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too large", vi, en)
        })
    }
}
