//! Answers: the success and failure bodies of getfly.md §2.5 and what else may come back.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::faults::closed_connection;
use super::settings::Settings;

/// What a handler gives back; the error side is an answer too, one that stopped the handler early.
pub(super) type Outcome = Result<Reply, Reply>;

/// An answer on its way out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    pub(super) retry_after: Option<String>,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Json(Box<Value>),
    Html,
    /// No answer: the connection closes.
    Closed,
}

const HTML: &str =
    "<!doctype html><html><head><title>Getfly CRM</title></head><body>Getfly CRM</body></html>";

impl Reply {
    pub(super) fn json(status: StatusCode, value: Value) -> Self {
        Self { status, content: Content::Json(Box::new(value)), retry_after: None }
    }

    pub(super) fn ok(value: Value) -> Self {
        Self::json(StatusCode::OK, value)
    }

    pub(super) fn message(status: StatusCode, text: &str) -> Self {
        Self::json(status, json!({ "message": text }))
    }

    pub(super) fn html() -> Self {
        Self { status: StatusCode::OK, content: Content::Html, retry_after: None }
    }

    pub(super) fn closed() -> Self {
        Self { status: StatusCode::OK, content: Content::Closed, retry_after: None }
    }

    /// Success of a create.
    pub(super) fn created(settings: &Settings, value: Value) -> Self {
        let status = if settings.created_201 { StatusCode::CREATED } else { StatusCode::OK };
        Self::json(status, value)
    }

    /// A single record, at top level or under `data` as the tenant does it.
    pub(super) fn single(settings: &Settings, record: Value) -> Self {
        Self::ok(if settings.wrap_single { json!({ "data": record }) } else { record })
    }

    /// A refusal of one field whose text is also the message.
    pub(super) fn field_refused(status: StatusCode, field: &str, text: &str) -> Self {
        Self::json(status, json!({ "message": text, "errors": { field: [text] } }))
    }

    pub(super) fn not_found() -> Self {
        Self::for_status(StatusCode::NOT_FOUND)
    }

    /// The plain error body of a status, as in the `getfly_error_*` fixtures.
    pub(super) fn for_status(status: StatusCode) -> Self {
        let text = match status {
            StatusCode::BAD_REQUEST => "Yêu cầu không hợp lệ",
            StatusCode::UNAUTHORIZED => "Unauthorized",
            StatusCode::FORBIDDEN => "Không có quyền truy cập",
            StatusCode::NOT_FOUND => "Không tìm thấy dữ liệu",
            StatusCode::UNPROCESSABLE_ENTITY => INVALID,
            StatusCode::INTERNAL_SERVER_ERROR => "Server Error",
            other => other.canonical_reason().unwrap_or("Error"),
        };
        Self::message(status, text)
    }

    pub(super) fn too_many(retry_after: Option<String>) -> Self {
        Self { retry_after, ..Self::for_status(StatusCode::TOO_MANY_REQUESTS) }
    }

    /// The body of fixture `getfly_error_in_200.json`.
    pub(super) fn error_in_200() -> Self {
        Self::ok(json!({"message": "", "data": {"error": "Tên nguồn không tồn tại"}}))
    }

    /// The status the client will see; none when the connection closes instead.
    pub(super) fn visible_status(&self) -> Option<u16> {
        (self.content != Content::Closed).then_some(self.status.as_u16())
    }

    pub(super) fn into_response(self) -> Response {
        let (kind, body) = match self.content {
            Content::Closed => return closed_connection(),
            Content::Html => ("text/html; charset=utf-8", Body::from(HTML)),
            Content::Json(value) => ("application/json", Body::from(value.to_string())),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(wait) = self.retry_after.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response
    }
}

/// The message over the `errors` of a 422.
pub(super) const INVALID: &str = "Dữ liệu không hợp lệ";

/// The four success messages, in the tenant's language (getfly.md §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Added,
    Updated,
    Deleted,
    Restored,
}

impl Done {
    pub(super) fn text(self, settings: &Settings) -> &'static str {
        match (self, settings.english) {
            (Self::Added, false) => "Thêm mới thành công",
            (Self::Updated, false) => "Cập nhật thành công",
            (Self::Deleted, false) => "Xóa thành công",
            (Self::Restored, false) => "Khôi phục thành công",
            (Self::Added, true) => "Successfully added",
            (Self::Updated, true) => "Successfully updated",
            (Self::Deleted, true) => "Successfully deleted",
            (Self::Restored, true) => "Successfully restored",
        }
    }
}

/// The refusals of one request, field by field.
#[derive(Clone, Debug, Default)]
pub(super) struct Problems(pub(super) Map<String, Value>);

impl Problems {
    pub(super) fn one(field: &str, text: String) -> Self {
        let mut problems = Self::default();
        problems.add(field, text);
        problems
    }

    pub(super) fn add(&mut self, field: impl Into<String>, text: impl Into<String>) {
        if let Value::Array(texts) = self.0.entry(field).or_insert_with(|| json!([])) {
            texts.push(Value::String(text.into()));
        }
    }

    /// 422 with every problem, if there are any.
    pub(super) fn refuse(self) -> Result<(), Reply> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Reply::json(StatusCode::UNPROCESSABLE_ENTITY, json!({ "message": INVALID, "errors": self.0 })))
    }

    /// 400 with the problems under the general message: how a source clash is refused.
    pub(super) fn refuse_as_clash(self) -> Reply {
        Reply::json(StatusCode::BAD_REQUEST, json!({ "message": INVALID, "errors": self.0 }))
    }

    /// 400 whose message is the first problem's text, if there are any: how duplicates are refused.
    pub(super) fn refuse_as_duplicate(self) -> Result<(), Reply> {
        let first = self.0.values().next().and_then(|texts| texts.get(0)).cloned();
        match first {
            None => Ok(()),
            Some(text) => {
                Err(Reply::json(StatusCode::BAD_REQUEST, json!({ "message": text, "errors": self.0 })))
            }
        }
    }
}
