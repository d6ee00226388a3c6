//! The cookies by which a simulated party knows a browser again.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use url::Url;

/// The values a browser sent under this name.
pub(crate) fn sent<'h>(headers: &'h HeaderMap, name: &'h str) -> impl Iterator<Item = &'h str> {
    let sent = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(|pairs| pairs.split(';')).filter_map(move |pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// Lets the browser keep a value for everything below the base URL of the party; nothing lets it forget the cookie.
pub(crate) fn set(response: &mut Response, base: &str, name: &str, value: Option<&str>) {
    let path = Url::parse(base).map_or_else(|_| "/".to_owned(), |url| url.path().to_owned());
    let (value, more) = value.map_or(("", "; Max-Age=0"), |value| (value, ""));
    let text = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax{more}");
    if let Ok(text) = HeaderValue::try_from(text) {
        response.headers_mut().append(SET_COOKIE, text);
    }
}
