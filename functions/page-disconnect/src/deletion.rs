//! Where a person looks whether they were forgotten. The code is all that is asked for, and nothing about anybody is shown.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use common::page::{Lang, Notice, Page, Policy, Tone, respond};
use common::seal::{SealError, random};
use common::store::ephemeral::Kind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::PageDisconnect;

/// How long the code can be looked up.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// A deletion that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deletion {
    /// When.
    pub done_at: Timestamp,
}

/// A code nobody can guess: 32 hexadecimal digits.
pub(crate) fn new_code() -> Result<String, SealError> {
    let bytes: [u8; 16] = random()?;
    Ok(bytes.iter().fold(String::new(), |mut code, byte| {
        // Writing to a string does not fail.
        let _ = write!(code, "{byte:02x}");
        code
    }))
}

/// Until when the code of a deletion made now can be looked up.
pub(crate) fn until(now: Timestamp) -> Timestamp {
    now.saturating_add(KEPT).unwrap_or(Timestamp::MAX)
}

/// Shows what became of a deletion, in both languages: whoever comes was sent by Facebook and has chosen none.
pub(crate) async fn show(State(function): State<Arc<PageDisconnect>>, Path(code): Path<String>) -> Response {
    let (pages, now) = (&function.pages, function.pages.clock.now());
    let found = pages.store.ephemeral.get::<Deletion>(Kind::Deletion, &code, now).await;
    let (status, tone, title, text) = match found {
        Ok(Some(deletion)) => {
            let day = deletion.done_at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%d/%m/%Y %H:%M UTC");
            let vi = format!(
                "Ngày {day}, thông tin của bạn do Facebook cung cấp và quyền bạn đã cấp cho chúng tôi đã được xoá. Bạn không cần làm gì thêm."
            );
            let en = format!(
                "On {day} what Facebook had told us about you, and the right you had given us, were erased. There is nothing more to do."
            );
            (StatusCode::OK, Tone::Good, "Dữ liệu đã được xoá · Data deleted", [vi, en])
        }
        Ok(None) => (
            StatusCode::NOT_FOUND,
            Tone::Warn,
            "Không tìm thấy mã · Code not found",
            [
                "Hãy kiểm tra lại mã xác nhận. Mã được giữ 90 ngày sau khi xoá.".to_owned(),
                "Please check the confirmation code. It is kept for 90 days after the deletion.".to_owned(),
            ],
        ),
        Err(error) => {
            tracing::error!(%error, "a deletion is not shown");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Tone::Bad,
                "Hệ thống đang bận · Our system is busy",
                ["Hãy thử lại sau một phút.".to_owned(), "Please try again in a minute.".to_owned()],
            )
        }
    };
    let page = Page::new(Lang::Vi);
    let notice = Notice { page, tone, title: title.to_owned(), text: text.into(), action: None, id: None };
    respond(status, &notice, &Policy::default())
}
