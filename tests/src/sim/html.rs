//! The pages people see: forms without scripts.

use std::fmt::Write as _;

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};

/// How the pages of a simulated party look.
pub(crate) struct Look {
    pub(crate) party: &'static str,
    pub(crate) style: &'static str,
}

impl Look {
    /// A whole page; `title`, `body` and `head` are HTML. A form of the page sends its `Origin` to this server.
    pub(crate) fn page(&self, title: &str, body: &str, head: &str) -> Response {
        self.page_with(StatusCode::OK, title, body, head, "same-origin")
    }

    pub(crate) fn page_with(
        &self,
        status: StatusCode,
        title: &str,
        body: &str,
        head: &str,
        referrer: &'static str,
    ) -> Response {
        let Self { party, style } = self;
        let text = format!(
            "<!DOCTYPE html><html lang=\"vi\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">{head}\
             <title>{title} – {party} giả lập</title><style>{style}</style></head><body>\
             <header>{party} giả lập <small>· chỉ để thử nghiệm</small></header>\
             <main><h1>{title}</h1>{body}</main></body></html>"
        );
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (REFERRER_POLICY, referrer),
        ];
        (status, headers, text).into_response()
    }
}

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
