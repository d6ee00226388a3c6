//! What a page says when it cannot do what was asked.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::page::{Lang, Notice, Page, Policy, Tone, respond};
use common::seal::{SealError, random};
use common::store::StoreError;

/// Our own side failed; nothing the admin did.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The tenant is no longer there.
    #[error("the tenant is gone")]
    Gone,
    /// Others kept changing the same record.
    #[error("the record is being changed by others")]
    Contended,
}

impl Trouble {
    /// Logs it and gives the id under which it is found again.
    pub(crate) fn logged(&self) -> String {
        let id = support_id();
        tracing::error!(error = %self, id, "a request of an admin failed");
        id
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let page = Notice {
            page: Page::new(Lang::default()),
            tone: Tone::Bad,
            title: "Hệ thống chưa trả lời · The system did not answer".to_owned(),
            text: vec![
                "Hãy thử lại sau ít phút. Nếu vẫn vậy, gửi mã hỗ trợ này cho người vận hành.".to_owned(),
                "Please try again in a few minutes. If it stays so, give the operator this support id."
                    .to_owned(),
            ],
            action: None,
            id: Some(self.logged()),
        };
        respond(StatusCode::SERVICE_UNAVAILABLE, &page, &anywhere_of_ours())
    }
}

/// There is no session, or no longer: the CRM opens another.
pub(crate) fn no_session(lang: Lang) -> Response {
    notice(
        lang,
        StatusCode::UNAUTHORIZED,
        ("Phiên làm việc đã hết", "The session has ended"),
        ("Hãy mở lại trang này từ CRM của bạn.", "Please open this page again from your CRM."),
    )
}

/// The link was used before or is too old.
pub(crate) fn no_link(lang: Lang) -> Response {
    notice(
        lang,
        StatusCode::GONE,
        ("Liên kết không còn dùng được", "The link no longer works"),
        (
            "Mỗi liên kết chỉ dùng một lần, trong năm phút. Hãy mở lại trang này từ CRM của bạn.",
            "Each link works once, for five minutes. Please open this page again from your CRM.",
        ),
    )
}

/// The form did not come from our own page.
pub(crate) fn foreign_form(lang: Lang) -> Response {
    notice(
        lang,
        StatusCode::FORBIDDEN,
        ("Không nhận yêu cầu này", "This request is refused"),
        (
            "Biểu mẫu đã cũ hoặc đến từ trang khác. Hãy mở lại trang rồi gửi lại.",
            "The form is old or comes from another page. Please open the page again and send it anew.",
        ),
    )
}

/// There is nothing of that name in this tenant.
pub(crate) fn not_found(lang: Lang) -> Response {
    notice(
        lang,
        StatusCode::NOT_FOUND,
        ("Không tìm thấy", "Not found"),
        ("Mục này không có, hoặc đã hết thời gian lưu.", "There is no such thing, or it is no longer kept."),
    )
}

fn notice(lang: Lang, status: StatusCode, title: (&str, &str), text: (&str, &str)) -> Response {
    let page = Notice {
        page: Page::new(lang),
        tone: Tone::Warn,
        title: lang.of(title.0, title.1).to_owned(),
        text: vec![lang.of(text.0, text.1).to_owned()],
        action: None,
        id: None,
    };
    respond(status, &page, &anywhere_of_ours())
}

/// Whose page it is, is not known here: it may be framed by pages of our own address, which is the CRM's as a rule.
fn anywhere_of_ours() -> Policy {
    Policy { frame_ancestors: vec!["'self'".to_owned()], ..Policy::default() }
}

/// A short random id for the log and the person who asks about it.
pub(crate) fn support_id() -> String {
    random::<9>().map_or_else(|_| "none".to_owned(), |bytes| URL_SAFE_NO_PAD.encode(bytes))
}
