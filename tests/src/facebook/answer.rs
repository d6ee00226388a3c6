//! How Graph answers: bodies, and the headers that go with each (pages.md §1.1, §1.17, §1.18).

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::GraphError;

/// What the headers of an answer say.
pub(super) struct About {
    pub(super) version: String,
    /// The page the call was about, of calls with a page token.
    pub(super) page: Option<String>,
    pub(super) usage_percent: u8,
    pub(super) trace: String,
}

pub(super) fn respond(about: &About, outcome: &Result<Value, GraphError>) -> Response {
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body.clone()),
        Err(error) => {
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, error.body(&about.trace))
        }
    };
    let kind =
        [(CONTENT_TYPE, "application/json; charset=UTF-8"), (CACHE_CONTROL, "private, no-cache, no-store")];
    let mut response = (status, kind, body.to_string()).into_response();
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set("facebook-api-version", about.version.clone());
    set("x-fb-trace-id", about.trace.clone());
    let error = outcome.as_ref().err();
    let (name, usage) = usage(about, error);
    set(name, usage.to_string());
    if let Some(error) = error {
        set(WWW_AUTHENTICATE.as_str(), error.challenge());
    }
    response
}

/// `X-Business-Use-Case-Usage` of pages, `X-App-Usage` of everything else.
fn usage(about: &About, error: Option<&GraphError>) -> (&'static str, Value) {
    let limited = error.is_some_and(|error| matches!(error.code, 4 | 17 | 32 | 613 | 80_001 | 80_006));
    let used = if limited { 100 } else { about.usage_percent };
    let family = error.map(|error| error.code).filter(|code| matches!(code, 80_001 | 80_006));
    let page = about.page.clone().or_else(|| family.map(|_| "0".to_owned()));
    let Some(page) = page.filter(|_| !limited || family.is_some()) else {
        return ("x-app-usage", json!({"call_count": used, "total_time": used, "total_cputime": used}));
    };
    let wait = error.and_then(|error| error.wait_minutes).unwrap_or_default();
    let row = json!({
        "type": if family == Some(80_006) { "messenger" } else { "pages" },
        "call_count": used,
        "total_cputime": used,
        "total_time": used,
        "estimated_time_to_regain_access": wait,
    });
    ("x-business-use-case-usage", json!({page: [row]}))
}

pub(super) fn server_error() -> Response {
    let page =
        "<!DOCTYPE html><html lang=\"en\"><title>Error</title><h1>Sorry, something went wrong.</h1></html>";
    (StatusCode::INTERNAL_SERVER_ERROR, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// A square with two digits of the id, for pages and people alike.
pub(super) fn picture(name: &str) -> Response {
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let Ok(number) = digits.parse::<u64>() else { return StatusCode::NOT_FOUND.into_response() };
    let (hue, mark) = (number % 12 * 30, number % 100);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 50 50\" width=\"50\" height=\"50\">\
         <rect width=\"50\" height=\"50\" fill=\"hsl({hue},45%,40%)\"/>\
         <text x=\"25\" y=\"32\" font-family=\"sans-serif\" font-size=\"20\" fill=\"#fff\" text-anchor=\"middle\">\
         {mark:02}</text></svg>"
    );
    ([(CONTENT_TYPE, "image/svg+xml")], svg).into_response()
}
