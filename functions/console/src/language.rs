//! `GET /console/language`: the other language, kept in a cookie.

use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use common::page::Lang;
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;

/// The choice lasts a year, in seconds.
const YEAR: u32 = 365 * 24 * 3600;

#[derive(Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    to: String,
    #[serde(default)]
    back: String,
}

/// Keeps the choice and leads back.
pub(crate) async fn choose(Query(choice): Query<Choice>) -> Response {
    let lang = Lang::read(&choice.to).unwrap_or_default();
    let back = Some(choice.back.as_str()).filter(|back| is_ours(back)).unwrap_or("/console/haravan");
    let Ok(back) = HeaderValue::from_str(back) else { return StatusCode::BAD_REQUEST.into_response() };
    let headers = [(header::LOCATION, back), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let mut response = (StatusCode::SEE_OTHER, headers).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie(lang)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The cookie that keeps a choice. It says nothing about anybody and is also good over plain http.
pub(crate) fn cookie(lang: Lang) -> String {
    format!("{}={}; Path=/; Max-Age={YEAR}; SameSite=Lax", Lang::COOKIE, lang.code())
}

/// The address that shows `here` in the other language.
pub(crate) fn switch(lang: Lang, here: &str) -> String {
    let back: String = byte_serialize(here.as_bytes()).collect();
    format!("/console/language?to={}&back={back}", lang.other().code())
}

/// Whether an address is a page of the console, so that nobody uses us to lead people elsewhere.
fn is_ours(back: &str) -> bool {
    let rest = back.strip_prefix("/console");
    let plain = back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    plain && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) && !back.contains("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_console_are_led_back_to() {
        for ours in ["/console", "/console/haravan", "/console/activity?filter=failed&q=%23100"] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "/console//evil.example",
            "/consoles",
            "/console.evil.example",
            "https://evil.example/console/",
            "/console/\\evil",
            "/console/\r\nSet-Cookie: a=b",
            "/api/v1/events",
        ] {
            assert!(!is_ours(other), "{other:?}");
        }
    }

    #[test]
    fn a_switch_leads_back_to_where_it_was_pressed() {
        let href = switch(Lang::Vi, "/console/activity?filter=failed&q=a b");
        assert_eq!(href, "/console/language?to=en&back=%2Fconsole%2Factivity%3Ffilter%3Dfailed%26q%3Da+b");
    }
}
