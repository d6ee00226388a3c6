//! Text into HTML.

use axum::http::StatusCode;
use axum::response::Response;

use crate::sim::html::Look;
pub(crate) use crate::sim::html::{escaped, hidden};

const LOOK: Look = Look { party: "Haravan", style: STYLE };

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

/// A whole page; `title` is escaped here, `body` is HTML. A form of the page sends its `Origin` to this server.
pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    page_with(status, title, body, "same-origin")
}

pub(super) fn page_with(status: StatusCode, title: &str, body: &str, referrer: &'static str) -> Response {
    LOOK.page_with(status, &escaped(title), body, "", referrer)
}
