//! The one page of this function that is no refusal.

use axum::http::StatusCode;
use axum::response::Response;
use common::attempt::Attempt;
use common::connect::refusal::back;
use common::page::{Action, Notice, Page, Policy, Tone, respond, with_cookies};
use common::store::connections::NewShop;

/// The shop is connected; its webhooks are to be switched on once more.
pub(crate) fn connected_without_webhooks(attempt: &Attempt, shop: &NewShop, id: String) -> Response {
    let lang = attempt.lang;
    let name = shop.shop_name.clone().unwrap_or_else(|| shop.org.to_string());
    let notice = Notice {
        page: Page::new(lang),
        tone: Tone::Warn,
        title: lang.of("Đã kết nối, chưa đăng ký được webhook", "Connected, but webhooks are not on yet").to_owned(),
        text: vec![
            name,
            lang.of(
                "Đơn hàng và khách hàng mới chưa được gửi sang. Hãy quay lại và bấm Đăng ký webhook; hệ thống cũng sẽ tự thử lại.",
                "New orders and customers do not come over yet. Go back and press Register webhook; we will try again by ourselves, too.",
            )
            .to_owned(),
        ],
        action: Some(Action { href: format!("{}?connected={}", back(attempt).href, shop.org), ..back(attempt) }),
        id: Some(id),
    };
    with_cookies(respond(StatusCode::OK, &notice, &Policy::default()), attempt.forget.clone())
}
