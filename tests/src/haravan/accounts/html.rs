//! Text into HTML.

use std::fmt::Write as _;

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f2f4f7;color:#1c2733}\
header{background:#1f3c88;color:#fff;padding:10px 16px;font-weight:600}\
header small{font-weight:400;opacity:.85}\
main{max-width:26rem;margin:24px auto;padding:20px;background:#fff;border-radius:10px;box-shadow:0 1px 4px #0002}\
h1{font-size:1.25rem;margin:0 0 12px}p{margin:8px 0}ul{padding-left:20px}\
label{display:block;margin:10px 0}\
input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:10px;margin-top:4px;\
border:1px solid #a9b4c2;border-radius:6px}\
button{font:inherit;width:100%;min-height:44px;margin-top:10px;border:1px solid #1f3c88;border-radius:6px;\
background:#1f3c88;color:#fff;cursor:pointer}\
button.second{background:#fff;color:#1f3c88}\
.wrong{color:#a4161a}.demo{font-size:.9rem;background:#fff8e1;border-radius:6px;padding:10px;margin-top:16px}\
code{overflow-wrap:anywhere}";

/// The characters that mean something in HTML, text and attributes alike, written as references.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Hidden inputs, escaped.
pub(crate) fn hidden<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    pairs.into_iter().fold(String::new(), |mut out, (name, value)| {
        let _ =
            write!(out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", escaped(name), escaped(value));
        out
    })
}

/// A whole page; `title` is escaped here, `body` is HTML. A form of the page sends its `Origin` to this server.
pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    page_with(status, title, body, "same-origin")
}

pub(super) fn page_with(status: StatusCode, title: &str, body: &str, referrer: &'static str) -> Response {
    let title = escaped(title);
    let text = format!(
        "<!DOCTYPE html><html lang=\"vi\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} – Haravan giả lập</title><style>{STYLE}</style></head><body>\
         <header>Haravan giả lập <small>· chỉ để thử nghiệm</small></header>\
         <main><h1>{title}</h1>{body}</main></body></html>"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, referrer),
    ];
    (status, headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_an_attribute() {
        let input = hidden([("state", "\"><script>alert('1')</script>&")]);
        assert_eq!(
            input,
            "<input type=\"hidden\" name=\"state\" value=\"&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;\">"
        );
    }
}
