//! What went wrong at the pages' functions, by the code they lead back with.

use crate::form::Said;

/// The codes and what they say; a code that is not known says that it did not work.
pub(crate) fn said(code: &str) -> Said {
    let (vi, en) = match code {
        "consent" => {
            ("Hãy tích vào ô đồng ý trước khi sang Zalo.", "Please tick the box before going on to Zalo.")
        }
        "limit" => (
            "Chưa kết nối: tài khoản quản trị của bạn đã dùng hết số trang.",
            "Not connected: your admin account uses all its pages.",
        ),
        "ticket" => (
            "Biểu mẫu đã cũ hoặc đã dùng. Đây là biểu mẫu mới, hãy gửi lại.",
            "The form was old or had been used. This is a new one, please send it again.",
        ),
        "refused" => (
            "Chưa kết nối: Facebook hoặc Zalo không trao quyền. Hãy thử lại và đồng ý với mọi quyền được hỏi; nếu vẫn vậy, báo cho người vận hành.",
            "Not connected: Facebook or Zalo did not give the right. Please try again and agree to all permissions; if it stays so, tell the operator.",
        ),
        "scope" => (
            "Chưa kết nối: còn thiếu quyền cần thiết. Hãy thử lại và giữ nguyên mọi quyền được hỏi.",
            "Not connected: a permission that is needed is missing. Please try again and leave all permissions ticked.",
        ),
        "no_pages" => (
            "Chưa kết nối: tài khoản Facebook này không có trang nào mà bạn là Biên tập viên hoặc cao hơn. Hãy nhờ quản trị viên của trang cấp quyền, rồi thử lại và tích chọn trang.",
            "Not connected: this Facebook account has no page of which you are Editor or higher. Ask the page's admin for the role, then try again and tick the page.",
        ),
        "elsewhere" => (
            "Chưa kết nối: trang này đang được kết nối ở một tài khoản CRM khác. Hãy ngắt kết nối ở đó trước.",
            "Not connected: this page is connected to another CRM account. Please disconnect it there first.",
        ),
        "other_page" => (
            "Chưa kết nối: trang vừa chọn không phải trang cần kết nối lại. Hãy chọn đúng trang, hoặc dùng Thêm kết nối.",
            "Not connected: the page that was chosen is not the one to be connected again. Choose that one, or add a connection.",
        ),
        "changed" => (
            "Kết nối vừa được người khác thay đổi. Hãy xem lại rồi thử lại.",
            "Somebody else has just changed the connection. Please look at it and try again.",
        ),
        "unavailable" => (
            "Facebook hoặc Zalo chưa trả lời. Hãy thử lại sau ít phút.",
            "Facebook or Zalo did not answer. Please try again in a few minutes.",
        ),
        _ => (
            "Chưa làm xong. Hãy thử lại; nếu vẫn vậy, báo cho người vận hành.",
            "It was not done. Please try again; if it stays so, tell the operator.",
        ),
    };
    Said::new(vi, en)
}
