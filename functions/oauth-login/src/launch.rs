//! A person opens the app in their shop's admin (haravan.md §1.14).

use axum::http::StatusCode;
use axum::response::Response;
use common::attempt::Attempt;
use common::page::{self, Notice, Page, Policy, Tone};

use crate::FUNCTION;

/// Where Haravan shows apps in a frame (haravan.md §1.14).
const HARAVAN_ADMIN: &str = "https://*.myharavan.com";

/// A page that says where to go. What the query says is not looked at: it names no tenant, and a signature of the
/// shop's would prove neither a person nor a role.
pub(crate) fn opened(attempt: &Attempt) -> Response {
    let lang = attempt.lang;
    let notice = Notice {
        page: Page::new(lang),
        tone: Tone::Warn,
        title: lang.of("Hãy mở từ CRM", "Open this from your CRM").to_owned(),
        text: vec![
            lang.of(
                "Ứng dụng này nối cửa hàng Haravan với CRM. Hãy đăng nhập vào CRM, mở phần kết nối Haravan và bấm Kết nối.",
                "This app joins a Haravan shop to a CRM. Log in to your CRM, open its Haravan connection and press Connect.",
            )
            .to_owned(),
        ],
        action: None,
        id: None,
    };
    attempt.line(FUNCTION, "connect.opened_in_shop").emit();
    let policy = Policy { frame_ancestors: vec![HARAVAN_ADMIN.to_owned()], ..Policy::default() };
    page::respond(StatusCode::OK, &notice, &policy)
}
