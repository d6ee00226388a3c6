//! What is known of a connected shop, in facts and in words.

use common::haravan::api::ApiError;
use common::haravan::subscription::missing;
use common::id::OrgId;
use common::page::Lang;
use common::store::connections::{ConnectionStatus, ShopConnection};
use common::words;
use jiff::Timestamp;
use serde::Serialize;

use crate::form::Said;
use crate::when::{moment, time_left};

/// A shop's connection.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ShopReport {
    /// Organisation id.
    pub org_id: OrgId,
    /// Name.
    pub name: Option<String>,
    /// Domain.
    pub domain: Option<String>,
    /// `connected`, `needs_reconnect` or `disconnected`.
    pub status: &'static str,
    /// Why it is not connected, a code.
    pub reason: Option<String>,
    /// Who connected it: name, else e-mail, else id at Haravan.
    pub connected_by: Option<String>,
    /// When.
    pub connected_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// When the token ends, where Haravan said so.
    pub token_expires_at: Option<Timestamp>,
    /// Whether it is renewed by itself before that.
    pub token_renews_itself: bool,
    /// Topics that Haravan said it sends; nothing when never asked.
    pub topics: Option<Vec<String>>,
    /// Wanted topics that are not among them.
    pub missing_topics: Option<Vec<&'static str>>,
    /// When Haravan was asked.
    pub topics_checked_at: Option<Timestamp>,
}

impl ShopReport {
    /// The facts of a connection.
    pub(crate) fn of(shop: &ShopConnection) -> Self {
        let by = shop.connected_by.as_ref();
        let tokens = shop.tokens.as_ref();
        Self {
            org_id: shop.org,
            name: shop.shop_name.clone(),
            domain: shop.shop_domain.clone(),
            status: shop.status.as_str(),
            reason: shop.reason.clone(),
            connected_by: by
                .map(|by| by.name.clone().or_else(|| by.email.clone()).unwrap_or_else(|| by.id.clone())),
            connected_at: shop.connected_at,
            ended_at: shop.ended_at,
            scopes: shop.scopes.clone(),
            token_expires_at: tokens.and_then(|tokens| tokens.expires_at),
            token_renews_itself: tokens.is_some_and(|tokens| tokens.refresh.is_some()),
            missing_topics: shop.topics.as_deref().map(missing),
            topics: shop.topics.clone(),
            topics_checked_at: shop.topics_at,
        }
    }

    /// Name, else domain, else id.
    pub(crate) fn title(&self) -> String {
        self.name.clone().or_else(|| self.domain.clone()).unwrap_or_else(|| self.org_id.to_string())
    }

    /// Whether its events are worked on.
    pub(crate) fn is_live(&self) -> bool {
        self.status != ConnectionStatus::Disconnected.as_str()
    }

    /// Whether Haravan takes our calls.
    pub(crate) fn is_connected(&self) -> bool {
        self.status == ConnectionStatus::Connected.as_str()
    }

    /// Tone and words of its state.
    pub(crate) fn state(&self, lang: Lang) -> (&'static str, &'static str) {
        match self.status {
            "connected" => ("good", lang.of("Đang kết nối", "Connected")),
            "needs_reconnect" => ("bad", lang.of("Cần kết nối lại", "Needs to be connected again")),
            _ => ("warn", lang.of("Đã ngắt kết nối", "Disconnected")),
        }
    }

    /// Why it is not connected, in words.
    pub(crate) fn why(&self, lang: Lang) -> Option<String> {
        let reason = self.reason.as_deref()?;
        Some(words::of_shop_reason(reason).map_or(reason, |(vi, en)| lang.of(vi, en)).to_owned())
    }

    /// Who connected it and when, in words.
    pub(crate) fn by_whom(&self, lang: Lang) -> String {
        let by = self.connected_by.as_deref().unwrap_or(lang.of("không rõ", "not known"));
        match self.connected_at {
            None => by.to_owned(),
            Some(at) => format!("{by}, {}", moment(at)),
        }
    }

    /// When Haravan was asked for the topics, in words.
    pub(crate) fn checked(&self) -> Option<String> {
        self.topics_checked_at.map(moment)
    }

    /// When it ended, in words.
    pub(crate) fn ended(&self) -> Option<String> {
        self.ended_at.map(moment)
    }

    /// How long the token is good, in words.
    pub(crate) fn token_forecast(&self, lang: Lang, now: Timestamp) -> String {
        let left = self.token_expires_at.map(|end| (end, time_left(lang, now, end)));
        match (left, self.token_renews_itself) {
            (None, _) => lang
                .of(
                    "Haravan không nêu thời hạn; dùng đến khi bị thu hồi.",
                    "Haravan names no end; good until it is withdrawn.",
                )
                .to_owned(),
            (Some((end, Some(left))), true) => match lang {
                Lang::Vi => format!("Hết hạn sau {left} ({}), hệ thống tự gia hạn trước đó.", moment(end)),
                Lang::En => format!("Ends in {left} ({}), renewed by itself before.", moment(end)),
            },
            (Some((end, Some(left))), false) => match lang {
                Lang::Vi => {
                    format!("Hết hạn sau {left} ({}). Cần bấm Kết nối lại trước lúc đó.", moment(end))
                }
                Lang::En => format!("Ends in {left} ({}). Please connect again before that.", moment(end)),
            },
            (Some((_, None)), true) => {
                lang.of("Đã quá hạn, đang chờ gia hạn.", "Past its end, waiting to be renewed.").to_owned()
            }
            (Some((_, None)), false) => {
                lang.of("Đã hết hạn. Hãy bấm Kết nối lại.", "It has ended. Please connect again.").to_owned()
            }
        }
    }
}

/// What Haravan said when a call did not work, and what to do.
pub(crate) fn failure(error: &ApiError) -> Said {
    match error {
        ApiError::Transient { .. } => Said::new(
            "Haravan chưa trả lời. Hãy thử lại sau ít phút.",
            "Haravan did not answer. Please try again in a few minutes.",
        ),
        ApiError::Unauthorized => Said::new(
            "Haravan từ chối quyền truy cập: có thể ứng dụng đã bị gỡ. Hãy bấm Kết nối lại.",
            "Haravan refuses our access: the app may have been removed. Please connect again.",
        ),
        ApiError::Forbidden => Said::new(
            "Haravan không cho phép. Hãy đăng ký webhook và tích đủ quyền ở trang ứng dụng, rồi kết nối lại bằng tài khoản chủ cửa hàng.",
            "Haravan does not allow this. Register the webhook and tick all scopes on the app's page, then connect again as the shop's owner.",
        ),
        ApiError::NotFound => Said::new(
            "Haravan không tìm thấy webhook của ứng dụng. Hãy khai báo webhook ở trang ứng dụng trước.",
            "Haravan finds no webhook of the app. Please register the webhook on the app's page first.",
        ),
        ApiError::Refused { detail, .. } => {
            Said::new(format!("Haravan từ chối: {detail}"), format!("Haravan refuses: {detail}"))
        }
    }
}
