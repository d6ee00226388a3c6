//! Errors of the API, as `application/problem+json`.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use common::seal::SealError;
use common::store::StoreError;
use serde::Serialize;

use crate::form::{Fault, Said};
use crate::refusal::Trouble;

/// Why a call was not done.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem {
    /// A stable word for programs.
    code: &'static str,
    /// In a few words of English.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// In words for people.
    detail: Box<Said>,
    /// The fields it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// The id in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
}

impl Problem {
    /// A problem without fields.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        vi: &str,
        en: &str,
    ) -> Self {
        let detail = Box::new(Said::new(vi, en));
        Self { code, title, status: status.as_u16(), detail, errors: Vec::new(), instance: None }
    }

    /// A field that is wrong.
    pub(crate) fn field(field: &str, vi: &str, en: &str) -> Self {
        Self::fields(vec![Fault::new(field, vi, en)])
    }

    /// Fields that are wrong.
    pub(crate) fn fields(errors: Vec<Fault>) -> Self {
        let (vi, en) =
            ("Có trường chưa đúng; không có gì được lưu.", "Some fields are wrong; nothing was saved.");
        Self {
            errors,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", "Some fields are wrong", vi, en)
        }
    }

    /// The key opens nothing.
    pub(crate) fn unauthorized() -> Self {
        let (vi, en) =
            ("Thiếu khóa API của tenant, hoặc khóa không đúng.", "The tenant's API key is missing or wrong.");
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized", vi, en)
    }

    /// There is no such thing in this tenant.
    pub(crate) fn not_found(what: &'static str) -> Self {
        let (vi, en) = ("Không có mục này.", "There is no such thing.");
        Self::new(StatusCode::NOT_FOUND, what, "Not found", vi, en)
    }

    /// It is not as the call supposes.
    pub(crate) fn conflict(code: &'static str, vi: &str, en: &str) -> Self {
        Self::new(StatusCode::CONFLICT, code, "Conflict", vi, en)
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        let (vi, en) =
            ("Hệ thống chưa trả lời, hãy thử lại.", "The system did not answer, please try again.");
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable", vi, en);
        Self { instance: Some(trouble.logged()), ..problem }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Trouble::from(error).into()
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        Trouble::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers =
            [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, Json(self)).into_response();
        // `Json` sets its own, which the tuple's headers then replace.
        if status == StatusCode::UNAUTHORIZED {
            let bearer = header::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}
