//! What a refusal says to the person, in both languages, and where it leads.

use axum::http::StatusCode;
use common::facebook::role::Pickable;
use common::page::{Lang, Tone};

use crate::refusal::{Refusal, To};

/// A refusal in words.
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) tone: Tone,
    pub(crate) title: String,
    pub(crate) text: Vec<String>,
    pub(crate) to: To,
}

/// What a permission is for; their names mean nothing to people.
fn permission(name: &str, lang: Lang) -> &'static str {
    match name {
        "pages_show_list" => lang.of("xem danh sách trang của bạn", "see the list of your pages"),
        "pages_read_engagement" => lang.of("đọc nội dung của trang", "read the page's content"),
        "pages_manage_metadata" => {
            lang.of("nhận thông báo từ trang", "be notified of what happens on the page")
        }
        "pages_messaging" => lang.of("nhắn tin trên trang", "answer messages of the page"),
        _ => lang.of("một quyền khác", "another permission"),
    }
}

/// How to get the right to a page: whom to ask, for what (pages.md §1.8).
pub(crate) fn ask_for_the_right(lang: Lang) -> &'static str {
    lang.of(
        "Hãy nhờ quản trị viên của trang mở Cài đặt trang → Quyền truy cập trang trên Facebook và cấp cho bạn vai trò Biên tập viên hoặc cao hơn (với trang kiểu mới: quyền truy cập Facebook, gồm Nội dung), rồi thử lại.",
        "Ask an admin of the page to open Page settings → Page access at Facebook and to give you the role Editor or higher (on new pages: Facebook access, with Content), then try again.",
    )
}

/// Why a page cannot be picked, and what to do about it.
pub(crate) fn role(why: Pickable, lang: Lang) -> &'static str {
    match why {
        Pickable::NotTicked => lang.of(
            "Trang chưa được tích trong cửa sổ Facebook. Hãy thử lại và tích chọn trang này.",
            "The page was not ticked in the Facebook window. Try again and tick this page.",
        ),
        Pickable::RoleUnknown => lang.of(
            "Facebook không cho biết vai trò của bạn. Hãy nhờ quản trị viên cấp vai trò Biên tập viên trực tiếp trên trang.",
            "Facebook does not tell your role. Ask an admin for the role Editor on the page itself.",
        ),
        Pickable::NoEditorRole | Pickable::Ok => lang.of(
            "Bạn chưa phải Biên tập viên của trang.",
            "You are not Editor of the page.",
        ),
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unreadable | Self::UnknownTicket | Self::NoState | Self::UnknownState => {
                StatusCode::BAD_REQUEST
            }
            Self::UnknownChoice | Self::NothingPicked | Self::CodeRefused | Self::NoAccount => {
                StatusCode::BAD_REQUEST
            }
            Self::ForeignTicket | Self::OtherAct | Self::OtherProvider | Self::OtherBrowser => {
                StatusCode::FORBIDDEN
            }
            Self::ForeignForm | Self::Denied | Self::GrantLost | Self::Checkpoint => StatusCode::FORBIDDEN,
            Self::Permissions(_) | Self::Blocked | Self::Role(_) => StatusCode::FORBIDDEN,
            Self::Silent | Self::Unexpected | Self::Token(_) | Self::NotSubscribed { .. } => {
                StatusCode::BAD_GATEWAY
            }
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoTenant | Self::NotSetUp | Self::Misconfigured | Self::Gone => StatusCode::CONFLICT,
            Self::OtherPage | Self::Here | Self::Elsewhere | Self::LimitReached => StatusCode::CONFLICT,
            Self::Changed | Self::OtherAccount | Self::OaUnverified | Self::OaPackageTooLow => {
                StatusCode::CONFLICT
            }
        }
    }

    fn tone(&self) -> Tone {
        match self {
            Self::UnknownTicket | Self::UnknownState | Self::UnknownChoice | Self::NothingPicked => {
                Tone::Warn
            }
            Self::Denied | Self::Permissions(_) | Self::Role(_) | Self::OtherPage => Tone::Warn,
            Self::Here | Self::LimitReached | Self::Changed => Tone::Warn,
            _ => Tone::Bad,
        }
    }

    fn to(&self) -> To {
        match self {
            Self::OtherPage | Self::LimitReached => To::Add,
            Self::Here | Self::Elsewhere | Self::Changed | Self::Unavailable(_) => To::List,
            Self::NoTenant | Self::NotSetUp | Self::OtherAct => To::List,
            _ => To::TryAgain,
        }
    }

    /// All of it; `provider` is the provider's name.
    pub(crate) fn said(&self, lang: Lang, provider: &str) -> Said {
        let (title, text) = self.words(lang);
        let mut text = vec![text.replace("{provider}", provider)];
        match self {
            Self::Permissions(missing) if !missing.is_empty() => {
                let names: Vec<&str> = missing.iter().map(|name| permission(name, lang)).collect();
                text.push(format!("{} {}.", lang.of("Còn thiếu quyền:", "Missing:"), names.join(", ")));
            }
            Self::Role(Pickable::NoEditorRole | Pickable::RoleUnknown) => {
                text.push(ask_for_the_right(lang).to_owned());
            }
            _ => {}
        }
        Said {
            status: self.status(),
            tone: self.tone(),
            title: title.replace("{provider}", provider),
            text,
            to: self.to(),
        }
    }

    fn words(&self, lang: Lang) -> (&'static str, &'static str) {
        let of =
            |[title_vi, title_en, vi, en]: [&'static str; 4]| (lang.of(title_vi, title_en), lang.of(vi, en));
        of(match self {
            Self::Unreadable | Self::OtherAct | Self::NothingPicked => [
                "Yêu cầu chưa đầy đủ",
                "The request is not complete",
                "Chưa có gì thay đổi. Hãy bắt đầu lại từ mục Trang trong CRM; nếu vẫn lỗi, hãy gửi mã hỗ trợ cho chúng tôi.",
                "Nothing was changed. Start again from Pages in your CRM; if it fails again, send us the support id.",
            ],
            Self::UnknownTicket | Self::NoState | Self::UnknownState | Self::UnknownChoice => [
                "Bước này đã dùng hoặc đã hết hạn",
                "This step was used or has expired",
                "Trang có thể đã kết nối rồi. Hãy mở mục Trang trong CRM để xem; nếu chưa, hãy bấm Thêm kết nối lần nữa.",
                "The page may be connected already. Open Pages in your CRM and look; if it is not, press Add a connection once more.",
            ],
            Self::ForeignTicket | Self::OtherProvider | Self::OtherBrowser | Self::ForeignForm => [
                "Yêu cầu không bắt đầu từ trình duyệt này",
                "This was not started in this browser",
                "Hãy mở mục Trang trong CRM, bấm Thêm kết nối, rồi làm hết các bước trong cùng một trình duyệt.",
                "Open Pages in your CRM, press Add a connection, and take all steps in the same browser.",
            ],
            Self::NoTenant | Self::NotSetUp | Self::Misconfigured => [
                "Chưa kết nối được với {provider}",
                "{provider} cannot be connected yet",
                "Ứng dụng của nhà cung cấp CRM tại {provider} chưa được thiết lập đúng. Hãy gửi mã hỗ trợ cho nhà cung cấp CRM.",
                "The CRM provider's app at {provider} is not set up rightly. Send the support id to your CRM's provider.",
            ],
            Self::Denied => [
                "{provider} chưa trao quyền",
                "{provider} did not give the right",
                "Chưa có gì thay đổi. Hãy thử lại và đồng ý ở bước cuối; nếu bạn đã đồng ý mà vẫn thấy trang này, hãy gửi mã hỗ trợ cho nhà cung cấp CRM.",
                "Nothing was changed. Try again and agree at the last step; if you did agree and still see this, send the support id to your CRM's provider.",
            ],
            Self::CodeRefused | Self::GrantLost => [
                "{provider} không còn nhận lần đăng nhập này",
                "{provider} does not take this log-in any more",
                "Chưa có trang nào được kết nối. Hãy thử lại từ đầu.",
                "No page was connected. Try again from the start.",
            ],
            Self::Checkpoint => [
                "Facebook cần bạn xác minh tài khoản",
                "Facebook wants you to confirm your account",
                "Hãy mở facebook.com, làm theo yêu cầu xác minh ở đó, rồi thử lại.",
                "Open facebook.com, do what it asks for there, then try again.",
            ],
            Self::Permissions(_) => [
                "Còn thiếu quyền",
                "A permission is missing",
                "Chưa có trang nào được kết nối. Hãy thử lại và giữ nguyên mọi quyền mà Facebook hỏi.",
                "No page was connected. Try again and leave all permissions that Facebook asks for ticked.",
            ],
            Self::Silent => [
                "{provider} chưa trả lời",
                "{provider} did not answer",
                "Hãy đợi một phút rồi thử lại.",
                "Wait a minute, then try again.",
            ],
            Self::Blocked => [
                "Facebook đang chặn thao tác này",
                "Facebook blocks this",
                "Facebook chặn vì lý do chính sách. Hãy xem thông báo trong tài khoản Facebook của bạn, rồi thử lại sau.",
                "Facebook blocks it for a matter of policy. Look at the notices in your Facebook account, then try again later.",
            ],
            Self::Unexpected | Self::Token(_) | Self::NoAccount => [
                "Không xác minh được câu trả lời của {provider}",
                "{provider}'s answer could not be verified",
                "Chưa có trang nào được kết nối. Hãy thử lại; nếu vẫn lỗi, hãy gửi mã hỗ trợ cho chúng tôi.",
                "No page was connected. Try again; if it fails again, send us the support id.",
            ],
            Self::Gone => [
                "Không còn thấy trang này",
                "The page is no longer to be seen",
                "Trang đã bị xóa, hoặc tài khoản của bạn không còn quyền xem. Hãy kiểm tra trên {provider}, rồi thử lại.",
                "It was deleted, or your account may not see it any more. Look at {provider}, then try again.",
            ],
            Self::Role(why) => {
                let title = lang.of("Chưa chọn được trang này", "This page cannot be picked yet");
                return (title, role(*why, lang));
            }
            Self::OtherPage => [
                "Không phải trang cần kết nối lại",
                "Not the page to be connected again",
                "Chưa có gì thay đổi. Trang vừa chọn là trang khác; muốn kết nối trang đó, hãy dùng Thêm kết nối.",
                "Nothing was changed. You chose another page; to connect that one, add a connection.",
            ],
            Self::Here => [
                "Trang đã được kết nối tại đây",
                "The page is connected here already",
                "Chưa có gì thay đổi. Nếu trang không hoạt động, hãy bấm Kết nối lại ở danh sách trang.",
                "Nothing was changed. If the page does not work, press Connect again in the list of pages.",
            ],
            Self::Elsewhere => [
                "Trang đang được kết nối ở một cửa hàng khác",
                "The page is connected to another shop",
                "Trang này đang được kết nối ở một cửa hàng khác; hãy ngắt kết nối ở đó trước. Nếu không vào được nơi đó, hãy gửi mã hỗ trợ cho nhà cung cấp CRM.",
                "The page is connected to another shop's CRM; disconnect it there first. If you cannot get in there, send the support id to your CRM's provider.",
            ],
            Self::LimitReached => [
                "Đã dùng hết số trang",
                "All pages are in use",
                "Chưa có gì thay đổi. Tài khoản quản trị của bạn đã dùng hết số trang được kết nối; trang Thêm kết nối cho biết cách có thêm.",
                "Nothing was changed. Your admin account uses all the pages it may connect; Add a connection says how to get more.",
            ],
            Self::Changed => [
                "Kết nối vừa được người khác thay đổi",
                "Somebody has just changed the connection",
                "Hãy xem lại danh sách trang, rồi thử lại nếu cần.",
                "Look at the list of pages, then try again if need be.",
            ],
            Self::NotSubscribed { kept: false } => [
                "Chưa nhận được tin nhắn của trang",
                "The page's messages do not come in",
                "Facebook chưa cho nhận tin nhắn của trang, nên trang chưa được kết nối. Hãy thử lại; nếu vẫn lỗi, hãy gửi mã hỗ trợ cho chúng tôi.",
                "Facebook does not send us the page's messages, so it was not connected. Try again; if it fails again, send us the support id.",
            ],
            Self::NotSubscribed { kept: true } => [
                "Trang cần được kết nối lại",
                "The page has to be connected again",
                "Facebook chưa cho nhận tin nhắn của trang. Lịch sử vẫn còn. Hãy thử lại; nếu vẫn lỗi, hãy gửi mã hỗ trợ cho chúng tôi.",
                "Facebook does not send us the page's messages. Its history stays. Try again; if it fails again, send us the support id.",
            ],
            Self::OtherAccount => [
                "Zalo trả về một OA khác",
                "Zalo gave another OA",
                "Chưa có OA nào được kết nối. Hãy thử lại và chọn đúng OA.",
                "No OA was connected. Try again and choose the right OA.",
            ],
            Self::OaUnverified => [
                "OA chưa được xác thực",
                "The OA is not verified",
                "Zalo chỉ cho kết nối OA đã xác thực. Hãy xác thực OA trong trang quản trị OA, rồi thử lại.",
                "Zalo lets only verified OAs be connected. Verify it in the OA Manager, then try again.",
            ],
            Self::OaPackageTooLow => [
                "Gói dịch vụ của OA chưa đủ",
                "The OA's package is too small",
                "Hãy nâng gói dịch vụ trong trang quản trị OA, rồi thử lại.",
                "Upgrade the package in the OA Manager, then try again.",
            ],
            Self::Unavailable(_) => [
                "Hệ thống đang bận",
                "Our system is busy",
                "Hãy đợi một phút, xem danh sách trang đã có trang này chưa; nếu chưa, hãy thử lại.",
                "Wait a minute and look whether the page is in the list of pages; if it is not, try again.",
            ],
        })
    }
}
