//! Who may call: this machine's own browser showing this very page, and programs on this machine.
//!
//! - A request that came through a tunnel or a proxy, or under another host name (DNS rebinding), is refused: webhooks
//!   may arrive that way, a person with all the switches may not.
//! - A write that another page asked the browser for is refused, one on another port of this machine too.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::json;

/// The routes, kept to this machine and to its own page.
pub(crate) fn guarded(routes: Router) -> Router {
    routes.layer(from_fn(check))
}

async fn check(request: Request, next: Next) -> Response {
    let asked = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let host = asked.or_else(|| text(request.headers(), "host").map(str::to_owned)).unwrap_or_default();
    if !is_this_machine(&host) || came_through_a_proxy(request.headers()) {
        return refused(
            "Trang này chỉ mở được trên chính máy đang chạy nó.",
            "This page opens only on the machine that runs it.",
        );
    }
    if !is_read(request.method()) && !is_from_this_page(request.headers(), &host) {
        return refused(
            "Yêu cầu đến từ một trang khác nên bị từ chối.",
            "The request comes from another page and is refused.",
        );
    }
    next.run(request).await
}

fn refused(vi: &str, en: &str) -> Response {
    (StatusCode::FORBIDDEN, Json(json!({"error": {"vi": vi, "en": en}}))).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn came_through_a_proxy(headers: &HeaderMap) -> bool {
    headers.contains_key(header::FORWARDED)
        || headers.contains_key("x-forwarded-for")
        || headers.contains_key("x-forwarded-host")
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// A program sends neither header; a browser sends at least one of them with every write.
fn is_from_this_page(headers: &HeaderMap, host: &str) -> bool {
    let site = text(headers, "sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = headers.get(header::ORIGIN).is_none_or(|origin| {
        let origin = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
        origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    });
    site && origin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_this_machine() {
        for host in ["127.0.0.1:8787", "localhost:8787", "LOCALHOST", "[::1]:8787", "127.0.0.1"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "haravan.example",
            "192.168.1.4:8787",
            "localhost.evil.example:80",
            "127.0.0.1.evil.example",
            "[::2]:1",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_write_of_another_page_is_told_from_ones_own() {
        let allowed = |pairs: &[(&'static str, &str)]| {
            let headers =
                pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            is_from_this_page(&headers, "127.0.0.1:8787")
        };
        assert!(allowed(&[]));
        assert!(allowed(&[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:8787")]));
        assert!(!allowed(&[("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:3000")]));
        assert!(!allowed(&[("origin", "http://127.0.0.1:3000")]));
        assert!(!allowed(&[("origin", "https://evil.example")]));
        assert!(!allowed(&[("origin", "null")]));
    }
}
