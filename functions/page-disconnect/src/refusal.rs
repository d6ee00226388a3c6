//! Why nothing was disconnected: for the log a code, for the person one thing to do and an id.

use axum::http::StatusCode;
use axum::response::Response;
use common::attempt::support_id;
use common::id::TenantId;
use common::page::{self, Action, Lang, Notice, Page, Policy, Tone};
use common::store::StoreError;
use common::telemetry::Line;

use crate::FUNCTION;

/// A rule that did not hold, or somebody who did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request is no form, too long, or says something twice.
    Unreadable,
    /// The ticket is not there: used, expired or invented.
    UnknownTicket,
    /// The ticket was handed over by a page of somebody else's.
    ForeignTicket,
    /// The ticket is for something else.
    OtherAct,
    /// The page was connected anew since the ticket was made, or is not there.
    Changed,
    /// Our own store did not answer.
    Unavailable,
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a disconnect came to a halt");
        Self::Unavailable
    }
}

impl Refusal {
    fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "request_unreadable",
            Self::UnknownTicket => "ticket_unknown",
            Self::ForeignTicket => "ticket_from_elsewhere",
            Self::OtherAct => "ticket_for_something_else",
            Self::Changed => "connection_changed",
            Self::Unavailable => "store_unavailable",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Unreadable | Self::UnknownTicket | Self::OtherAct => StatusCode::BAD_REQUEST,
            Self::ForeignTicket => StatusCode::FORBIDDEN,
            Self::Changed => StatusCode::CONFLICT,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Unreadable | Self::UnknownTicket | Self::OtherAct => {
                lang.of("Bước này đã dùng hoặc đã hết hạn", "This step was used or has expired")
            }
            Self::ForeignTicket => {
                lang.of("Yêu cầu không đến từ trang quản trị", "This was not sent by the admin pages")
            }
            Self::Changed => lang.of("Kết nối đã thay đổi", "The connection has changed"),
            Self::Unavailable => lang.of("Hệ thống đang bận", "Our system is busy"),
        }
    }

    fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::Unreadable | Self::UnknownTicket | Self::OtherAct => lang.of(
                "Trang có thể đã được ngắt kết nối rồi. Hãy quay lại để xem, nếu chưa thì bấm Ngắt kết nối lần nữa.",
                "The page may be disconnected already. Go back and look; if it is not, press Disconnect once more.",
            ),
            Self::ForeignTicket => lang.of(
                "Chưa có gì thay đổi. Hãy mở trang quản trị và bấm Ngắt kết nối ở đó.",
                "Nothing was changed. Open the admin pages and press Disconnect there.",
            ),
            Self::Changed => lang.of(
                "Trang đã được kết nối lại sau khi bạn bấm Ngắt kết nối, nên chưa có gì bị ngắt. Hãy quay lại để xem.",
                "The page was connected again after you pressed Disconnect, so nothing was disconnected. Go back and look.",
            ),
            Self::Unavailable => lang.of(
                "Hãy đợi một phút, quay lại để xem trang đã ngắt kết nối chưa, nếu chưa thì bấm Ngắt kết nối lần nữa.",
                "Wait a minute, go back and look whether the page is disconnected; if it is not, press Disconnect once more.",
            ),
        }
    }
}

/// What is known of an attempt so far.
#[derive(Debug, Default)]
pub(crate) struct Attempt {
    /// The language of its pages.
    pub lang: Lang,
    /// Whose it is.
    pub tenant: Option<TenantId>,
    /// Where the tenant's admin pages are.
    pub console: Option<String>,
}

impl Attempt {
    /// The page for a refusal, after it was put into the log. Nobody's attempt leads nowhere: which console it came from is
    /// not known, and the page says what to do there.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Response {
        let id = support_id();
        let mut line = Line::new(FUNCTION, "disconnect.refused");
        if let Some(tenant) = &self.tenant {
            line = line.with("tenant", tenant.as_str());
        }
        line.with("reason", refusal.code()).with("id", id.as_str()).emit();
        let label = self.lang.of("Quay lại", "Go back").to_owned();
        let notice = Notice {
            page: Page::new(self.lang),
            tone: if refusal == Refusal::Unavailable { Tone::Bad } else { Tone::Warn },
            title: refusal.title(self.lang).to_owned(),
            text: vec![refusal.text(self.lang).to_owned()],
            action: self.console.clone().map(|href| Action { href, label }),
            id: Some(id),
        };
        page::respond(refusal.status(), &notice, &Policy::default())
    }
}
