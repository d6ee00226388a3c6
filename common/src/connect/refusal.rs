//! Why a connect ended without a shop: for the log a code per rule, for the person one thing to do.

use axum::http::StatusCode;
use axum::response::Response;

use super::Connecting;
use crate::attempt::{Attempt, support_id};
use crate::form::Unreadable;
use crate::haravan::api::ApiError;
use crate::haravan::id_token::IdTokenError;
use crate::haravan::token_endpoint::GrantError;
use crate::page::{self, Action, Lang, Notice, Page, Policy, Tone};
use crate::seal::SealError;
use crate::store::StoreError;
use crate::telemetry::Metric;
use crate::tenant::DirectoryError;

/// Where the admin pages for Haravan are, below a tenant's public address.
pub const CONSOLE: &str = "/console/haravan";

/// The same from the address of a callback, for who is nobody's yet.
const CONSOLE_FROM_HERE: &str = "../../console/haravan";

/// A rule that did not hold, or somebody who did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The request is no form, too long, or says something twice.
    Unreadable,
    /// The ticket is not there: used, expired or invented.
    UnknownTicket,
    /// The ticket was handed over by a page of somebody else's.
    ForeignTicket,
    /// The tenant has no app at Haravan yet, or is not there.
    NotSetUp,
    /// The callback has no state.
    NoState,
    /// The state is not there: used, expired or invented.
    UnknownState,
    /// The state is of the other step.
    OtherStep,
    /// The state is another browser's.
    OtherBrowser,
    /// The person said no at Haravan.
    Denied,
    /// Haravan said no, with this error code.
    AtHaravan(&'static str),
    /// The callback has no code.
    NoCode,
    /// There is no id token where there has to be one.
    NoIdToken,
    /// The id token breaks a rule.
    IdToken(IdTokenError),
    /// Haravan has no key of the name in the id token.
    UnknownKey,
    /// Haravan's keys could not be read.
    NoKeys,
    /// The code brought nothing.
    Grant(GrantError),
    /// The id token is about another person than the one before.
    OtherPerson,
    /// The id token is about another shop than the one before, or the one asked for.
    OtherShop,
    /// The person is no admin of the shop.
    NotAdmin,
    /// Haravan did not say which shop the new token is for.
    NoShop(ApiError),
    /// The new token is for another shop than it was given for.
    ForeignToken,
    /// The shop is connected to another tenant.
    Elsewhere,
    /// Our own part did not answer; the word says which.
    Unavailable(&'static str),
}

impl Refusal {
    /// A secret could not be sealed, opened or made.
    pub fn sealing(error: SealError) -> Self {
        tracing::error!(%error, "a connect came to a halt");
        Self::Unavailable("sealing_unavailable")
    }

    /// The code in the log.
    pub fn code(&self) -> &str {
        match self {
            Self::Unreadable => "request_unreadable",
            Self::UnknownTicket => "ticket_unknown",
            Self::ForeignTicket => "ticket_from_elsewhere",
            Self::NotSetUp => "not_set_up",
            Self::NoState => "state_missing",
            Self::UnknownState => "state_unknown",
            Self::OtherStep => "state_of_other_step",
            Self::OtherBrowser => "state_of_other_browser",
            Self::Denied => "access_denied",
            Self::AtHaravan(_) => "refused_at_haravan",
            Self::NoCode => "code_missing",
            Self::NoIdToken => "id_token_missing",
            Self::IdToken(error) => error.code(),
            Self::UnknownKey => "id_token_key_unknown",
            Self::NoKeys => "keys_unavailable",
            Self::Grant(GrantError::InvalidGrant) => "invalid_grant",
            Self::Grant(GrantError::InvalidClient) => "invalid_client",
            Self::Grant(GrantError::Refused(_)) => "grant_refused",
            Self::Grant(GrantError::NotSent | GrantError::Ambiguous) => "grant_unanswered",
            Self::OtherPerson => "other_person",
            Self::OtherShop => "other_shop",
            Self::NotAdmin => "not_admin",
            Self::NoShop(ApiError::Transient { .. }) => "shop_unanswered",
            Self::NoShop(_) => "shop_refused",
            Self::ForeignToken => "token_of_other_shop",
            Self::Elsewhere => "shop_connected_elsewhere",
            Self::Unavailable(word) => word,
        }
    }

    /// More for the log: a provider's error code, never its words.
    fn detail(&self) -> Option<String> {
        match self {
            Self::AtHaravan(word) => Some((*word).to_owned()),
            Self::Grant(GrantError::Refused(word)) => Some(word.clone()),
            Self::NoShop(ApiError::Refused { status, .. }) => Some(format!("status {status}")),
            _ => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownTicket | Self::UnknownState | Self::NoState => Kind::Spent,
            Self::Grant(GrantError::InvalidGrant) => Kind::Spent,
            Self::ForeignTicket | Self::OtherStep | Self::OtherBrowser => Kind::NotYours,
            Self::NotSetUp | Self::Grant(GrantError::InvalidClient) => Kind::Settings,
            Self::AtHaravan("invalid_scope" | "unauthorized_client" | "unsupported_response_type") => {
                Kind::Settings
            }
            Self::Grant(GrantError::Refused(_)) => Kind::Settings,
            Self::Denied => Kind::Denied,
            Self::NoKeys | Self::NoShop(ApiError::Transient { .. }) => Kind::HaravanSilent,
            Self::Grant(GrantError::NotSent | GrantError::Ambiguous) => Kind::HaravanSilent,
            Self::AtHaravan("server_error" | "temporarily_unavailable") => Kind::HaravanSilent,
            Self::Unreadable | Self::AtHaravan(_) | Self::NoCode | Self::NoIdToken => Kind::Unproven,
            Self::IdToken(_) | Self::UnknownKey | Self::NoShop(_) | Self::ForeignToken => Kind::Unproven,
            Self::OtherPerson => Kind::OtherPerson,
            Self::OtherShop => Kind::OtherShop,
            Self::NotAdmin => Kind::NotAdmin,
            Self::Elsewhere => Kind::Elsewhere,
            Self::Unavailable(_) => Kind::WeSilent,
        }
    }
}

impl From<Unreadable> for Refusal {
    fn from(_: Unreadable) -> Self {
        Self::Unreadable
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a connect came to a halt");
        Self::Unavailable("store_unavailable")
    }
}

impl From<DirectoryError> for Refusal {
    fn from(error: DirectoryError) -> Self {
        tracing::error!(%error, "a connect came to a halt");
        Self::Unavailable("tenant_unavailable")
    }
}

impl From<GrantError> for Refusal {
    fn from(error: GrantError) -> Self {
        Self::Grant(error)
    }
}

/// What it means for the person.
#[derive(Clone, Copy)]
enum Kind {
    Spent,
    NotYours,
    Settings,
    Denied,
    Unproven,
    OtherPerson,
    OtherShop,
    NotAdmin,
    Elsewhere,
    HaravanSilent,
    WeSilent,
}

impl Kind {
    fn status(self) -> StatusCode {
        match self {
            Self::Spent | Self::Unproven => StatusCode::BAD_REQUEST,
            Self::NotYours | Self::Denied | Self::NotAdmin => StatusCode::FORBIDDEN,
            Self::OtherPerson | Self::OtherShop | Self::Elsewhere | Self::Settings => StatusCode::CONFLICT,
            Self::HaravanSilent => StatusCode::BAD_GATEWAY,
            Self::WeSilent => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether the person has to be somebody else at Haravan first (haravan.md §1.16).
    fn needs_logout(self) -> bool {
        matches!(self, Self::OtherPerson | Self::OtherShop)
    }

    fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Spent => lang.of("Bước này đã dùng hoặc đã hết hạn", "This step was used or has expired"),
            Self::NotYours => {
                lang.of("Yêu cầu không bắt đầu từ trình duyệt này", "This was not started in this browser")
            }
            Self::Settings => {
                lang.of("Thông tin ứng dụng Haravan chưa đúng", "The Haravan app's details are not right")
            }
            Self::Denied => lang.of("Bạn đã từ chối trên Haravan", "You said no at Haravan"),
            Self::Unproven => lang
                .of("Không xác minh được câu trả lời của Haravan", "Haravan's answer could not be verified"),
            Self::OtherPerson => lang
                .of("Bạn đã đổi tài khoản Haravan giữa chừng", "You changed the Haravan account on the way"),
            Self::OtherShop => lang.of("Cửa hàng không đúng", "Another shop than expected"),
            Self::NotAdmin => lang.of("Cần quyền chủ cửa hàng", "Only the shop's owner can do this"),
            Self::Elsewhere => {
                lang.of("Cửa hàng đã kết nối với một CRM khác", "The shop is connected to another CRM")
            }
            Self::HaravanSilent => lang.of("Haravan chưa trả lời", "Haravan did not answer"),
            Self::WeSilent => lang.of("Hệ thống đang bận", "Our system is busy"),
        }
    }

    fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::Spent => lang.of(
                "Cửa hàng có thể đã kết nối rồi. Hãy quay lại để xem, nếu chưa thì bấm Kết nối lần nữa.",
                "The shop may be connected already. Go back and look; if it is not, press Connect once more.",
            ),
            Self::NotYours => lang.of(
                "Hãy quay lại và bấm Kết nối, rồi làm hết các bước trong cùng một trình duyệt.",
                "Go back, press Connect, and take all steps in the same browser.",
            ),
            Self::Settings => lang.of(
                "Hãy kiểm tra Client ID, Client Secret và các quyền đã chọn của ứng dụng trên Haravan, rồi bấm Kết nối lần nữa.",
                "Check the Client ID, the Client Secret and the scopes ticked for the app at Haravan, then press Connect once more.",
            ),
            Self::Denied => lang.of(
                "Chưa có gì thay đổi. Nếu bạn muốn kết nối, hãy bấm Kết nối lần nữa và chọn Đồng ý.",
                "Nothing was changed. To connect the shop, press Connect once more and accept.",
            ),
            Self::Unproven => lang.of(
                "Chưa có gì thay đổi. Hãy bấm Kết nối lần nữa; nếu vẫn lỗi, hãy gửi mã hỗ trợ cho chúng tôi.",
                "Nothing was changed. Press Connect once more; if it fails again, send us the support id.",
            ),
            Self::OtherPerson => lang.of(
                "Cả hai bước phải do cùng một người thực hiện. Hãy đăng xuất khỏi Haravan, rồi kết nối lại từ đầu.",
                "Both steps have to be taken by the same person. Log out of Haravan, then connect from the start.",
            ),
            Self::OtherShop => lang.of(
                "Haravan đang mở một cửa hàng khác. Hãy đăng xuất khỏi Haravan, rồi kết nối lại và chọn đúng cửa hàng.",
                "Haravan has another shop open. Log out of Haravan, then connect again and choose the right shop.",
            ),
            Self::NotAdmin => lang.of(
                "Tài khoản Haravan của bạn không có vai trò admin trong cửa hàng này. Hãy nhờ chủ cửa hàng kết nối.",
                "Your Haravan account does not have the role admin in this shop. Ask the shop's owner to connect it.",
            ),
            Self::Elsewhere => lang.of(
                "Hãy ngắt kết nối ở CRM kia trước, rồi kết nối lại tại đây. Ở cả hai nơi chưa có gì thay đổi.",
                "Disconnect it there first, then connect it here. Nothing was changed in either place.",
            ),
            Self::HaravanSilent => lang.of(
                "Chưa có gì thay đổi. Hãy đợi một phút rồi bấm Kết nối lần nữa.",
                "Nothing was changed. Wait a minute, then press Connect once more.",
            ),
            Self::WeSilent => lang.of(
                "Hãy đợi một phút, quay lại để xem cửa hàng đã kết nối chưa, nếu chưa thì bấm Kết nối lần nữa.",
                "Wait a minute, go back and look whether the shop is connected; if it is not, press Connect once more.",
            ),
        }
    }
}

/// The way back to the admin pages.
pub fn back(attempt: &Attempt) -> Action {
    let href = match &attempt.public_url {
        Some(base) => format!("{base}{CONSOLE}"),
        None => CONSOLE_FROM_HERE.to_owned(),
    };
    Action { href, label: attempt.lang.of("Quay lại", "Go back").to_owned() }
}

impl Connecting {
    /// The page for a refusal, after it was put into the log.
    pub fn refuse(&self, attempt: &Attempt, refusal: &Refusal) -> Response {
        let (kind, lang, id) = (refusal.kind(), attempt.lang, support_id());
        let mut line = attempt
            .line(self.function, "connect.refused")
            .with("reason", refusal.code())
            .with("id", id.as_str())
            .count(Metric::ConnectRefused, 1);
        if let Some(detail) = refusal.detail() {
            line = line.with("detail", detail);
        }
        line.emit();
        let action = match self.accounts.base.join("account/logout") {
            Ok(logout) if kind.needs_logout() => Action {
                href: logout.into(),
                label: lang.of("Đăng xuất khỏi Haravan", "Log out of Haravan").to_owned(),
            },
            _ => back(attempt),
        };
        let notice = Notice {
            page: Page::new(lang),
            tone: if matches!(kind, Kind::Denied | Kind::Spent) { Tone::Warn } else { Tone::Bad },
            title: kind.title(lang).to_owned(),
            text: vec![kind.text(lang).to_owned()],
            action: Some(action),
            id: Some(id),
        };
        let response = page::respond(kind.status(), &notice, &Policy::default());
        let mut response = page::with_cookies(response, attempt.forget.clone());
        // For whoever wraps the router: the page does not say which rule it was.
        response.extensions_mut().insert(refusal.clone());
        response
    }
}
