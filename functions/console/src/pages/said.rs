//! A page's connection in words.

use common::page::Lang;
use common::words;
use jiff::Timestamp;

use super::report::{PageReport, Step};
use crate::when::{moment, time_left};

fn by_at(lang: Lang, by: Option<&str>, at: Option<Timestamp>) -> String {
    let by = by.unwrap_or(lang.of("không rõ", "not known"));
    at.map_or_else(|| by.to_owned(), |at| format!("{by}, {}", moment(at)))
}

impl Step {
    /// What was done.
    pub(super) fn words(&self, lang: Lang) -> &str {
        match self.what.as_str() {
            "connected" => lang.of("Kết nối", "Connected"),
            "reconnected" => lang.of("Kết nối lại", "Connected again"),
            "disconnected" => lang.of("Ngắt kết nối", "Disconnected"),
            other => other,
        }
    }

    /// Who did it and when.
    pub(super) fn by_whom(&self, lang: Lang) -> String {
        let nobody = lang.of("hệ thống", "the system");
        by_at(lang, Some(self.by.as_deref().unwrap_or(nobody)), Some(self.at))
    }
}

impl PageReport {
    /// The provider's name.
    pub(super) fn provider_name(&self) -> &'static str {
        if self.is_zalo() { "Zalo" } else { "Facebook" }
    }

    /// What kind of page it is.
    pub(super) fn kind(&self) -> &'static str {
        if self.is_zalo() { "Zalo OA" } else { "Facebook Fanpage" }
    }

    /// Tone and words of its state.
    pub(super) fn state(&self, lang: Lang) -> (&'static str, &'static str) {
        match self.status {
            "connected" => ("good", lang.of("Đang kết nối", "Connected")),
            "needs_reconnect" => ("bad", lang.of("Cần kết nối lại", "Needs to be connected again")),
            "revoked_by_provider" if self.is_zalo() => {
                ("bad", lang.of("Zalo đã thu hồi quyền", "Revoked by Zalo"))
            }
            "revoked_by_provider" => ("bad", lang.of("Facebook đã thu hồi quyền", "Revoked by Facebook")),
            _ => ("warn", lang.of("Đã ngắt kết nối", "Disconnected")),
        }
    }

    /// Why it is not connected and what to do.
    pub(super) fn why(&self, lang: Lang) -> Option<&str> {
        let reason = self.reason.as_deref().filter(|_| !self.is_connected())?;
        Some(words::of_page_reason(reason).map_or(reason, |(vi, en)| lang.of(vi, en)))
    }

    /// What is not as it should be.
    pub(super) fn warned(&self, lang: Lang) -> impl Iterator<Item = &str> {
        let said = move |code| words::of_page_warning(code).map_or(code, |(vi, en)| lang.of(vi, en));
        self.warnings.iter().map(String::as_str).map(said)
    }

    /// Who connected it and when.
    pub(super) fn by_whom(&self, lang: Lang) -> String {
        by_at(lang, self.connected_by.as_deref(), self.connected_at)
    }

    /// Who ended it and when.
    pub(super) fn ended_by_whom(&self, lang: Lang) -> String {
        let nobody = lang.of("hệ thống", "the system");
        by_at(lang, Some(self.ended_by.as_deref().unwrap_or(nobody)), self.ended_at)
    }

    /// To whose pages it counts, when not to those of the admin who looks.
    pub(super) fn counted_elsewhere(&self, account: &str) -> Option<&str> {
        (self.account != account).then_some(&self.account)
    }

    /// How long our access is good.
    pub(super) fn forecast(&self, lang: Lang, now: Timestamp) -> String {
        if !self.is_connected() {
            return lang
                .of("Không dùng được cho đến khi kết nối lại.", "Not usable until it is connected again.")
                .to_owned();
        }
        let Some(end) = self.token_expires_at else {
            return lang
                .of(
                    "Không có thời hạn; dùng đến khi người cấp quyền đổi mật khẩu, mất vai trò hoặc gỡ ứng dụng.",
                    "No end; good until the person who gave the right changes their password, loses the role or removes the app.",
                )
                .to_owned();
        };
        match (time_left(lang, now, end), self.token_renews_itself, lang) {
            (Some(left), true, Lang::Vi) => {
                format!("Hết hạn sau {left} ({}), hệ thống tự gia hạn trước đó.", moment(end))
            }
            (Some(left), true, Lang::En) => {
                format!("Ends in {left} ({}), renewed by itself before.", moment(end))
            }
            (Some(left), false, Lang::Vi) => {
                format!("Hết hạn sau {left} ({}). Cần bấm Kết nối lại trước lúc đó.", moment(end))
            }
            (Some(left), false, Lang::En) => {
                format!("Ends in {left} ({}). Please connect again before that.", moment(end))
            }
            (None, true, _) => {
                lang.of("Đã quá hạn, đang chờ gia hạn.", "Past its end, waiting to be renewed.").to_owned()
            }
            (None, false, _) => {
                lang.of("Đã hết hạn. Hãy bấm Kết nối lại.", "It has ended. Please connect again.").to_owned()
            }
        }
    }

    /// What the provider sends.
    pub(super) fn sends(&self, lang: Lang) -> String {
        match &self.topics {
            Some(topics) if topics.is_empty() => {
                lang.of("Không gửi gì: hãy kết nối lại.", "Nothing: please connect again.").to_owned()
            }
            Some(topics) => topics.join(", "),
            None if self.is_zalo() => lang
                .of(
                    "Các sự kiện đã bật cho ứng dụng ở Zalo.",
                    "The events that are switched on for the app at Zalo.",
                )
                .to_owned(),
            None => lang.of("Chưa hỏi Facebook.", "Facebook was not asked yet.").to_owned(),
        }
    }

    /// When it was asked what it sends.
    pub(super) fn checked(&self) -> Option<String> {
        self.topics_checked_at.map(moment)
    }

    /// After an end: whether the provider knows.
    pub(super) fn told(&self, lang: Lang) -> &'static str {
        match (self.provider_told, self.is_zalo()) {
            (Some(false), false) => lang.of(
                "Chưa báo xong cho Facebook; hệ thống tự thử lại, bạn không cần làm gì.",
                "Facebook was not told yet; this is tried again by itself, there is nothing you have to do.",
            ),
            (Some(false), true) => lang.of(
                "Quyền truy cập đã lưu đang được xóa; hệ thống tự làm tiếp, bạn không cần làm gì.",
                "The stored access is being wiped; this goes on by itself, there is nothing you have to do.",
            ),
            (_, false) => lang.of(
                "Facebook không còn gửi tin nhắn của trang, quyền truy cập đã lưu được xóa.",
                "Facebook sends no more messages of the page, and the stored access is wiped.",
            ),
            (_, true) => lang.of(
                "Quyền truy cập đã lưu được xóa; tin nhắn Zalo còn gửi tới bị bỏ qua.",
                "The stored access is wiped; messages that Zalo still sends are dropped.",
            ),
        }
    }

    /// What is left to do at the provider after an end (pages.md §2.11: Zalo has no way for an app to leave an OA).
    pub(super) fn removal(&self, lang: Lang) -> Option<&'static str> {
        self.is_zalo().then_some(lang.of(
            "Để Zalo ngừng gửi hẳn: đăng nhập trang quản trị OA (oa.zalo.me/manage) bằng tài khoản quản trị của OA, tìm ứng dụng này trong các ứng dụng được OA cấp quyền, rồi gỡ nó.",
            "To make Zalo stop sending: log in to the OA Manager (oa.zalo.me/manage) as the OA's admin, find this app among those the OA gave rights to, and remove it.",
        ))
    }
}
