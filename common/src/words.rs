//! Codes in words people read, Vietnamese and English: the one table of them.

use crate::fault::Said;
use crate::haravan::webhook::Topic;
use crate::reason;
use crate::store::connections::reason as shop;
use crate::store::imports::reason as import;
use crate::store::inbox::Status;
use crate::store::inbox::pages::PageTopic;
use serde_json::{Map, Value, json};

/// A code, and how it is said in Vietnamese and in English.
type Row = (&'static str, &'static str, &'static str);

/// Why an event waits, is set aside, or needed nothing done.
const REASONS: &[Row] = &[
    (reason::UNREADABLE, "Không đọc được nội dung Haravan gửi tới", "What Haravan sent cannot be read"),
    (
        reason::TENANT_GONE,
        "Tài khoản CRM này không còn trong hệ thống",
        "This CRM account is no longer in the system",
    ),
    (
        reason::SUSPENDED,
        "Dịch vụ đang tạm ngưng; sự kiện được giữ lại và sẽ chạy khi mở lại",
        "The service is suspended; the event is kept and goes on when it is resumed",
    ),
    (
        reason::DISCONNECTED,
        "Cửa hàng đã ngắt kết nối nên không chuyển",
        "The shop is disconnected, so nothing is carried over",
    ),
    (
        reason::SWITCHED_OFF,
        "Loại dữ liệu này đang tắt trong cài đặt",
        "This kind of data is switched off in the settings",
    ),
    (
        reason::DELETES_NOT_CARRIED,
        "Xóa bên Haravan không được chuyển sang CRM",
        "Deletions on Haravan are not carried over to the CRM",
    ),
    (
        reason::CHANGES_NOT_CARRIED,
        "Đã có trong CRM; thay đổi về sau chưa được chuyển",
        "In the CRM already; later changes are not carried over yet",
    ),
    (
        reason::ALREADY_IN_CRM,
        "Đã có trong CRM nên không tạo lần nữa",
        "In the CRM already, so it is not created again",
    ),
    (
        reason::SUPERSEDED,
        "Bản mới hơn đã được xử lý, bỏ qua bản này",
        "A newer version was handled, this one is skipped",
    ),
    (
        reason::NOBODY,
        "Khách không có tên, số điện thoại hay email (khách vãng lai hoặc bị sàn che) nên không tạo",
        "The customer has no name, phone or e-mail (a guest, or masked by a marketplace), so it is not created",
    ),
    (
        reason::CANCELLED_BEFORE,
        "Đơn bị hủy, hoặc bị hủy thanh toán, trước khi sang CRM nên không tạo",
        "The order was cancelled or voided before it reached the CRM, so it is not created",
    ),
    (
        reason::VOIDED_BEFORE,
        "Thanh toán của đơn bị hủy trước khi sang CRM nên không tạo đơn",
        "The order's payment was voided before it reached the CRM, so it is not created",
    ),
    (
        reason::INCOMPLETE,
        "Đơn thiếu dòng hàng, giá hoặc số lượng",
        "The order lacks lines, a price or a quantity",
    ),
    (
        reason::FOREIGN_CURRENCY,
        "Đơn không tính bằng đồng và cài đặt chưa có tỷ giá",
        "The order is not in dong and the settings have no rate for it",
    ),
    (
        reason::SECRETS,
        "Không mở được khóa bí mật của hệ thống; người vận hành cần xem",
        "Our own secrets do not open; the operator must look",
    ),
    (reason::STORE, "Kho dữ liệu của hệ thống chưa trả lời", "Our own store did not answer"),
    (
        reason::BUSY,
        "Một sự kiện khác đang xử lý chính khách hoặc đơn này; hệ thống chờ nó xong",
        "Another event is at work on this customer or order; this one waits for it",
    ),
    (
        reason::MAKING_SURE,
        "Lần trước CRM chưa trả lời; hệ thống chờ cho chắc là CRM chưa ghi rồi mới gửi lại",
        "The CRM did not answer the last try; we wait until we can be sure that it has not booked it",
    ),
    (
        reason::PRODUCTS,
        "Đơn có nhiều sản phẩm CRM chưa có; hệ thống đang tạo dần rồi sẽ tạo đơn",
        "The order has many products that the CRM lacks; they are being made, then the order",
    ),
    (reason::PACED, "Đang chờ tới lượt ghi vào CRM", "Waiting for its turn to write to the CRM"),
    (
        reason::BREAKER,
        "CRM lỗi liên tiếp nên tạm ngừng gọi một lúc",
        "The CRM failed repeatedly and is left alone for a while",
    ),
    (reason::CRM_UNAVAILABLE, "CRM không cho câu trả lời dùng được", "The CRM gave no usable answer"),
    (reason::TOOK_TOO_LONG, "Xử lý quá lâu nên dừng lại", "The work took too long and was stopped"),
    (reason::CRM_RATE, "CRM yêu cầu gửi chậm lại", "The CRM asks to slow down"),
    (
        reason::CRM_KEY,
        "CRM từ chối khóa API; hãy kiểm tra khóa",
        "The CRM refuses the API key; please check it",
    ),
    (
        reason::CRM_VERSION,
        "CRM chưa có API v6.1; nâng cấp CRM rồi bấm Thử lại",
        "The CRM has no API v6.1; upgrade it, then press Retry",
    ),
    (
        reason::CRM_ADDRESS,
        "Địa chỉ CRM không được phép gọi; sửa địa chỉ rồi bấm Thử lại",
        "The CRM's address may not be called; correct it, then press Retry",
    ),
    (
        reason::CRM_REFUSED,
        "CRM từ chối dữ liệu; sửa bên CRM rồi bấm Thử lại",
        "The CRM refuses the data; put it right there, then press Retry",
    ),
    (
        reason::CUSTOMER_DELETED,
        "CRM báo trùng với một khách mà hệ thống không thấy, thường là khách đã xóa; khôi phục khách đó trong CRM rồi bấm Thử lại",
        "The CRM says that it has this customer but does not show them, as when they were deleted; restore them there, then press Retry",
    ),
    (reason::HARAVAN_UNAVAILABLE, "Haravan chưa trả lời", "Haravan did not answer"),
];

/// What a person should know about an event that is done.
const WARNINGS: &[Row] = &[
    (
        "staff_unknown",
        "Không biết nhân viên Haravan nào lên đơn, nên chưa giao cho ai",
        "It is not known who on Haravan took the order, so it is assigned to nobody",
    ),
    (
        "staff_without_email",
        "Nhân viên Haravan không có email, nên chưa giao cho ai",
        "The Haravan user has no e-mail address, so the order is assigned to nobody",
    ),
    (
        "no_crm_user_with_this_email",
        "CRM không có người dùng nào trùng email với nhân viên Haravan",
        "No CRM user has the Haravan user's e-mail address",
    ),
    (
        "products_created_in_crm",
        "Đã tạo sản phẩm còn thiếu trong CRM",
        "Missing products were created in the CRM",
    ),
    (
        "customer_restored_in_crm",
        "Khách từng bị xóa trong CRM, đã khôi phục",
        "The customer had been deleted in the CRM and was brought back",
    ),
    (
        "customer_link_renewed",
        "Khách đã bị đổi mã, gộp hoặc xóa hẳn trong CRM; đã tìm hoặc tạo lại khách cho đơn này",
        "The customer was renamed, merged or deleted for good in the CRM; they were found or created anew",
    ),
    (
        "order_under_another_customer",
        "CRM ghi đơn cho một khách khác với khách hệ thống gửi; hãy kiểm tra khách của đơn",
        "The CRM booked the order for another customer than the one we named; please check whose it is",
    ),
    ("total_unknown", "Haravan không cho biết tổng tiền", "Haravan did not tell the total"),
    (
        "currency_converted",
        "Đơn tính bằng ngoại tệ đã được quy đổi ra đồng theo tỷ giá trong cài đặt",
        "The order is in a foreign currency and was converted to dong at the rate in the settings",
    ),
    (
        "currency_not_converted",
        "Đơn tính bằng ngoại tệ và được ghi nguyên số, như cài đặt cho phép",
        "The order is in a foreign currency and its figures went over as they are, as the settings allow",
    ),
    (
        "line_without_quantity",
        "Có dòng hàng số lượng 0 nên không chuyển sang CRM",
        "A line with a quantity of 0 was left out",
    ),
    (
        "line_price_derived",
        "Có dòng hàng không ghi giá; giá được tính từ giá gốc hoặc tổng tiền hàng, hãy kiểm tra",
        "A line had no price; it was derived from the list price or the lines' sum, please check it",
    ),
    (
        "negative_line_in_discount",
        "Có dòng hàng giá âm, được ghi vào phần giảm giá của đơn",
        "A line below zero became a part of the order's discount",
    ),
    (
        "total_differs_in_crm",
        "Tổng tiền trong CRM khác Haravan; hãy kiểm tra đơn",
        "The total in the CRM differs from Haravan's; please check the order",
    ),
    (
        "payment_not_counted_in_crm",
        "CRM chưa tính khoản đã thanh toán",
        "The CRM does not count the payment yet",
    ),
    (
        "not_read_back",
        "Đơn đã tạo nhưng chưa đọc lại được để đối chiếu",
        "The order was created but could not be read back for comparison",
    ),
    (
        "paid_amount_unknown",
        "Đơn đã trả tiền nhưng không rõ đã trả bao nhiêu nên chưa ghi khoản thu",
        "Money was paid, but it is not known how much, so no payment was recorded",
    ),
    (
        "payment_date_unknown",
        "Không rõ ngày thanh toán nên ghi theo ngày đơn thay đổi gần nhất; hãy kiểm tra",
        "The payment date is not known, so the day the order last changed was recorded; please check it",
    ),
    (
        "payment_status_unknown",
        "Có giao dịch không rõ đã thành công hay chưa nên không tính; hãy kiểm tra bên Haravan",
        "It is not clear whether a transaction went through, so it was not counted; please check it at Haravan",
    ),
    (
        "payment_unlike_status",
        "Haravan không báo đơn đã thanh toán nhưng lại có giao dịch đã thu tiền; chưa ghi khoản thu",
        "Haravan does not call the order paid, yet a transaction brought money; no payment was recorded",
    ),
    (
        "payment_without_transaction",
        "Haravan báo đã thanh toán nhưng các giao dịch không đủ; phần thiếu được ghi thành một khoản thu, hãy kiểm tra",
        "Haravan calls the order paid, but its transactions do not add up; the rest was recorded as one payment, please check it",
    ),
    (
        "paid_more_than_total",
        "Số tiền đã thu lớn hơn tổng đơn; hãy kiểm tra",
        "More was received than the order's total; please check it",
    ),
    (
        "refunded_in_haravan",
        "Đơn có hoàn tiền: chỉ ghi phần đã thu trừ phần đã hoàn",
        "Money went back to the buyer: only what was received minus what was refunded was recorded",
    ),
    (
        "refunded_amount_unknown",
        "Đơn hoàn tiền một phần nhưng không rõ đã hoàn bao nhiêu nên chưa ghi khoản thu",
        "Partly refunded, but it is not known how much, so no payment was recorded",
    ),
    (
        "order_date_unknown",
        "Không rõ ngày đặt hàng nên ghi theo ngày đơn thay đổi gần nhất hoặc ngày nhận được; hãy kiểm tra",
        "The order's date is not known, so the day it last changed or arrived was recorded; please check it",
    ),
    (
        "phone_not_readable",
        "Không đọc được số điện thoại nên không dùng để tìm khách; hãy kiểm tra",
        "The phone number cannot be read and is not used to find the customer; please check it",
    ),
    (
        "email_not_readable",
        "Không đọc được email nên không dùng để tìm khách; hãy kiểm tra",
        "The e-mail address cannot be read and is not used to find the customer; please check it",
    ),
    (
        "several_customers_match",
        "Nhiều khách trong CRM trùng số điện thoại hoặc email; đã chọn khách cũ nhất",
        "Several CRM customers match; the oldest was taken",
    ),
    (
        "email_belongs_to_another_customer",
        "Email này thuộc về khách khác trong CRM; đã chọn theo số điện thoại",
        "The e-mail address belongs to another CRM customer; the phone number decided",
    ),
    (
        "crm_forbids_duplicates_unlike_settings",
        "CRM cấm trùng khách, khác với cài đặt ở đây",
        "The CRM forbids duplicates, unlike the settings here",
    ),
    (
        "customer_without_source",
        "Khách được tạo thiếu nguồn: CRM từ chối",
        "The customer was created without its source: the CRM refused it",
    ),
    (
        "customer_without_manager",
        "Khách được tạo thiếu người phụ trách: CRM từ chối",
        "The customer was created without a person in charge: the CRM refused it",
    ),
    (
        "customer_without_gender",
        "Khách được tạo thiếu giới tính: CRM từ chối",
        "The customer was created without gender: the CRM refused it",
    ),
    (
        "customer_without_birthday",
        "Khách được tạo thiếu ngày sinh: CRM từ chối",
        "The customer was created without birthday: the CRM refused it",
    ),
    (
        "customer_without_region",
        "Khách được tạo thiếu tỉnh, huyện: CRM từ chối",
        "The customer was created without province and district: the CRM refused them",
    ),
    (
        "customer_without_contacts",
        "Khách được tạo thiếu người liên hệ: CRM từ chối",
        "The customer was created without contact people: the CRM refused them",
    ),
    (
        "customer_without_email",
        "Khách được tạo thiếu email: CRM từ chối",
        "The customer was created without e-mail address: the CRM refused it",
    ),
    (
        "order_without_assignee",
        "Đơn được tạo chưa giao cho ai: CRM từ chối người phụ trách",
        "The order was created without assignee: the CRM refused them",
    ),
    (
        "order_without_source",
        "Đơn được tạo thiếu nguồn: CRM từ chối",
        "The order was created without its source: the CRM refused it",
    ),
    (
        "order_without_payment_method",
        "Đơn được tạo thiếu hình thức thanh toán: CRM từ chối",
        "The order was created without payment method: the CRM refused it",
    ),
];

/// What is told of a call or a body beyond the reason's code, by the words of the error; `{}` is a number.
const TROUBLES: &[Row] = &[
    ("no list", "CRM không trả về danh sách", "the CRM gave no list"),
    ("no such address", "Địa chỉ không gọi được", "there is no such address"),
    ("time-out", "CRM không trả lời kịp", "the CRM did not answer in time"),
    ("no connection", "Không kết nối được tới CRM", "the CRM cannot be reached"),
    ("broken answer", "Câu trả lời của CRM bị đứt giữa chừng", "the CRM's answer broke off"),
    (
        "an answer that is not JSON; its release may lack v6.1",
        "CRM trả lời không phải JSON; bản CRM này có thể chưa có v6.1",
        "an answer that is not JSON; its release may lack v6.1",
    ),
    ("a redirect", "CRM chuyển hướng sang địa chỉ khác", "the CRM redirects to another address"),
    ("an error", "CRM báo lỗi", "the CRM answered with an error"),
    ("not a URL with a host", "Địa chỉ không phải URL có tên máy chủ", "not a URL with a host"),
    ("only https is allowed", "Chỉ được dùng https", "only https is allowed"),
    (
        "a base URL has no credentials, query or fragment",
        "Địa chỉ không được có tài khoản, tham số hay dấu #",
        "a base URL has no credentials, query or fragment",
    ),
    ("the address is not public", "Địa chỉ không thuộc mạng công cộng", "the address is not public"),
];

/// What is told of a call or a body, from the words of the error; other words stay as they are.
pub fn of_trouble(words: &str) -> Said {
    match find(TROUBLES, words) {
        Some((vi, en)) => Said::new(vi, en),
        None => Said::new(words, words),
    }
}

/// Where an event stands, in Vietnamese and English.
pub fn of_status(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Ready => ("Sẵn sàng", "Ready"),
        Status::Working => ("Đang làm", "Working"),
        Status::Waiting => ("Chờ thử lại", "Waiting"),
        Status::Done => ("Xong", "Done"),
        Status::Parked => ("Cần người xem", "Needs a person"),
        Status::Kept => ("Đã lưu cho CRM", "Kept for the CRM"),
    }
}

/// What an event is, in Vietnamese and English.
pub fn of_topic(topic: Topic) -> (&'static str, &'static str) {
    match topic {
        Topic::OrderCreate => ("Đơn hàng mới", "New order"),
        Topic::OrderUpdated => ("Đơn hàng thay đổi", "Order changed"),
        Topic::OrderPaid => ("Đơn đã thanh toán", "Order paid"),
        Topic::OrderCancelled => ("Đơn bị hủy", "Order cancelled"),
        Topic::OrderFulfilled => ("Đơn đã giao hàng", "Order fulfilled"),
        Topic::OrderDelete => ("Đơn bị xóa", "Order deleted"),
        Topic::CustomerCreate => ("Khách hàng mới", "New customer"),
        Topic::CustomerUpdate => ("Khách hàng thay đổi", "Customer changed"),
        Topic::CustomerEnable => ("Khách mở tài khoản", "Customer enabled"),
        Topic::CustomerDisable => ("Khách khóa tài khoản", "Customer disabled"),
        Topic::CustomerDelete => ("Khách bị xóa", "Customer deleted"),
    }
}

/// What a page's event is, in Vietnamese and English, by the beginning of its topic.
const PAGE_TOPICS: &[Row] = &[
    ("facebook/messaging", "Tin nhắn Facebook", "Facebook message"),
    (
        "facebook/standby",
        "Tin nhắn Facebook do ứng dụng khác xử lý",
        "Facebook message that another app handles",
    ),
    ("facebook/changes", "Hoạt động trên trang Facebook", "Activity on the Facebook page"),
    ("zalo/user_send_", "Tin nhắn Zalo của khách", "Zalo message from a customer"),
    ("zalo/oa_send_", "Tin nhắn Zalo gửi cho khách", "Zalo message to a customer"),
    ("zalo/follow", "Khách quan tâm trang Zalo", "A customer follows the Zalo page"),
    ("zalo/unfollow", "Khách bỏ quan tâm trang Zalo", "A customer no longer follows the Zalo page"),
    ("zalo/", "Hoạt động khác trên Zalo", "Other activity on Zalo"),
];

/// What an event of a page is, in Vietnamese and English.
pub fn of_page_topic(topic: &PageTopic) -> (&'static str, &'static str) {
    let known = PAGE_TOPICS.iter().find(|(beginning, ..)| topic.as_str().starts_with(beginning));
    known.map_or(("Sự kiện của trang", "Event of a page"), |(_, vi, en)| (*vi, *en))
}

/// Why a shop is not connected.
const SHOP_REASONS: &[Row] = &[
    (shop::BY_ADMIN, "Quản trị viên đã ngắt kết nối.", "An admin disconnected it."),
    (
        shop::BY_OPERATOR,
        "Đơn vị vận hành dịch vụ đã ngắt kết nối. Hãy hỏi họ trước khi kết nối lại.",
        "The operator of this service disconnected it. Ask them before you connect again.",
    ),
    (
        shop::UNINSTALLED,
        "Cửa hàng đã gỡ ứng dụng trên Haravan. Bấm Kết nối lại nếu muốn dùng tiếp.",
        "The shop removed the app at Haravan. Connect again to go on.",
    ),
    (
        shop::TOKEN_REFUSED,
        "Haravan từ chối quyền truy cập. Hãy kết nối lại.",
        "Haravan refuses our access. Please connect again.",
    ),
    (
        shop::REFRESH_REFUSED,
        "Haravan không gia hạn quyền truy cập. Hãy kết nối lại.",
        "Haravan does not renew our access. Please connect again.",
    ),
    (
        shop::REFRESH_LOST,
        "Lần gia hạn quyền truy cập bị đứt giữa chừng. Hãy kết nối lại.",
        "Renewing our access was cut off half-way. Please connect again.",
    ),
    (
        shop::TOKEN_ENDED,
        "Quyền truy cập đã hết hạn. Hãy kết nối lại.",
        "Our access has ended. Please connect again.",
    ),
];

/// Why a page is not connected, and what to do (pages.md §1.17, §2.8).
const PAGE_REASONS: &[Row] = &[
    (shop::BY_ADMIN, "Quản trị viên đã ngắt kết nối.", "An admin disconnected it."),
    (
        shop::BY_OPERATOR,
        "Đơn vị vận hành dịch vụ đã ngắt kết nối. Hãy hỏi họ trước khi kết nối lại.",
        "The operator of this service disconnected it. Ask them before you connect again.",
    ),
    (
        shop::TOKEN_REFUSED,
        "Quyền truy cập không còn hiệu lực. Hãy kết nối lại.",
        "Our access is no longer valid. Please connect again.",
    ),
    (
        shop::REFRESH_REFUSED,
        "Quyền truy cập không gia hạn được nữa. Hãy kết nối lại.",
        "Our access can no longer be renewed. Please connect again.",
    ),
    (
        shop::REFRESH_LOST,
        "Lần gia hạn quyền truy cập bị đứt giữa chừng. Hãy kết nối lại.",
        "Renewing our access was cut off half-way. Please connect again.",
    ),
    (
        shop::TOKEN_ENDED,
        "Quyền truy cập đã hết hạn. Hãy kết nối lại.",
        "Our access has ended. Please connect again.",
    ),
    (
        shop::NOT_SUBSCRIBED,
        "Trang chưa gửi tin nhắn về hệ thống. Hãy kết nối lại; nếu vẫn vậy, báo cho người vận hành.",
        "The page does not send us its messages. Please connect again; if it stays so, tell the operator.",
    ),
    (
        shop::PASSWORD_CHANGED,
        "Người cấp quyền đã đổi mật khẩu hoặc đăng xuất khỏi mọi thiết bị. Hãy kết nối lại.",
        "The person who gave the right changed their password or logged out everywhere. Please connect again.",
    ),
    (
        shop::CHECKPOINT,
        "Facebook đang yêu cầu người cấp quyền xác minh tài khoản. Hãy mở facebook.com làm theo yêu cầu, rồi kết nối lại.",
        "Facebook wants the person who gave the right to confirm their account. Do so at facebook.com, then connect again.",
    ),
    (
        shop::ROLE_LOST,
        "Người cấp quyền không còn là Biên tập viên của trang. Hãy cấp lại vai trò cho họ, hoặc kết nối lại bằng người khác có vai trò này.",
        "The person who gave the right is no longer Editor of the page. Give them the role again, or connect again as someone who has it.",
    ),
    (
        shop::SCOPE,
        "Thiếu một quyền cần thiết. Hãy kết nối lại và giữ nguyên mọi quyền được hỏi.",
        "A permission that is needed is missing. Please connect again and leave all permissions ticked.",
    ),
    (
        shop::REVOKED,
        "Ứng dụng đã bị gỡ khỏi trang hoặc khỏi tài khoản của người cấp quyền. Hãy kết nối lại nếu muốn dùng tiếp.",
        "The app was removed from the page or from the account of the person who gave the right. Connect again to go on.",
    ),
    (
        shop::DELETED,
        "Trang không còn tồn tại ở nhà cung cấp. Hãy ngắt kết nối; nếu trang được khôi phục, hãy kết nối lại.",
        "The page no longer exists at the provider. Please disconnect it; if it is restored, connect it again.",
    ),
];

/// What a person should know about a page that is connected, and what to do.
const PAGE_WARNINGS: &[Row] = &[
    (
        "no_messaging_role",
        "Người cấp quyền không có quyền nhắn tin của trang, nên có thể không trả lời được khách. Hãy cấp quyền Tin nhắn cho họ.",
        "The person who gave the right may not answer messages of the page. Give them the right to messages.",
    ),
    (
        "data_access_ends",
        "Quyền đọc dữ liệu của người cấp quyền sắp hết hạn. Hãy kết nối lại để gia hạn.",
        "The right to data that was given ends soon. Please connect again to renew it.",
    ),
    (
        "oa_unverified",
        "OA chưa được xác thực nên Zalo hạn chế tính năng. Hãy xác thực OA trong trang quản trị OA.",
        "The OA is not verified, so Zalo limits what it may do. Please verify it in the OA Manager.",
    ),
    (
        "oa_package_too_low",
        "Gói dịch vụ của OA chưa đủ để nhắn tin qua ứng dụng. Hãy nâng gói trong trang quản trị OA.",
        "The OA's package does not include messages through an app. Please upgrade it in the OA Manager.",
    ),
    (
        "not_subscribed",
        "Chưa đăng ký nhận tin nhắn được; hệ thống đang thử lại. Nếu vẫn vậy, hãy kết nối lại.",
        "Messages could not be subscribed to; this is being tried again. If it stays so, connect again.",
    ),
];

/// Why an import failed.
const IMPORT_REASONS: &[Row] = &[
    (
        import::DISCONNECTED,
        "Cửa hàng đã ngắt kết nối. Hãy kết nối lại rồi nhập tiếp.",
        "The shop was disconnected. Connect it again and start anew.",
    ),
    (
        import::FORBIDDEN,
        "Haravan không cho đọc loại dữ liệu này: hãy tích đủ quyền ở trang ứng dụng rồi kết nối lại.",
        "Haravan does not let us read this kind of data: tick all scopes on the app's page and connect again.",
    ),
    (
        import::REFUSED,
        "Haravan từ chối yêu cầu. Hãy thử lại; nếu vẫn vậy, báo cho người vận hành.",
        "Haravan refuses the request. Please try again; if it stays so, tell the operator.",
    ),
];

fn find(rows: &[Row], code: &str) -> Option<(&'static str, &'static str)> {
    rows.iter().find(|(known, ..)| *known == code).map(|(_, vi, en)| (*vi, *en))
}

/// A reason of [`crate::reason`] in Vietnamese and English.
pub fn of_reason(code: &str) -> Option<(&'static str, &'static str)> {
    find(REASONS, code)
}

/// A warning in Vietnamese and English.
pub fn of_warning(code: &str) -> Option<(&'static str, &'static str)> {
    find(WARNINGS, code)
}

/// A reason of [`crate::store::connections::reason`] in Vietnamese and English.
pub fn of_shop_reason(code: &str) -> Option<(&'static str, &'static str)> {
    find(SHOP_REASONS, code)
}

/// Why a page is not connected, a reason of [`crate::store::connections::reason`], in Vietnamese and English.
pub fn of_page_reason(code: &str) -> Option<(&'static str, &'static str)> {
    find(PAGE_REASONS, code)
}

/// A warning about a page, in Vietnamese and English.
pub fn of_page_warning(code: &str) -> Option<(&'static str, &'static str)> {
    find(PAGE_WARNINGS, code)
}

/// Why an import failed.
pub fn of_import_reason(code: &str) -> Option<(&'static str, &'static str)> {
    find(IMPORT_REASONS, code)
}

/// Everything, as `{kind: {code: {vi, en}}}`.
pub fn all() -> Value {
    let statuses = Status::ALL.map(|status| {
        let (vi, en) = of_status(status);
        (status.as_str(), vi, en)
    });
    let topics = Topic::ALL.map(|topic| {
        let (vi, en) = of_topic(topic);
        (topic.as_str(), vi, en)
    });
    json!({
        "reasons": object(REASONS),
        "warnings": object(WARNINGS),
        "statuses": object(&statuses),
        "topics": object(&topics),
    })
}

fn object(rows: &[Row]) -> Map<String, Value> {
    rows.iter().map(|(code, vi, en)| ((*code).to_owned(), json!({"vi": vi, "en": en}))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

    /// A Rust file without its tests.
    fn source(path: &Path) -> String {
        let text = std::fs::read_to_string(path).unwrap();
        text.split("#[cfg(test)]").next().unwrap().to_owned()
    }

    fn sources(folder: &str) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(sources(path.to_str().unwrap()));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = source(&path);
                found.push((path, text));
            }
        }
        assert!(!found.is_empty(), "{folder}");
        found
    }

    /// The texts that directly follow `before`, as far as they look like codes.
    fn codes<'a>(text: &'a str, before: &str) -> impl Iterator<Item = &'a str> {
        text.match_indices(before)
            .filter_map(move |(at, _)| text[at + before.len()..].split('"').next())
            .filter(|code| {
                code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            })
    }

    fn said(rows: &[Row]) -> BTreeSet<&'static str> {
        let said: BTreeSet<_> = rows.iter().map(|(code, ..)| *code).collect();
        assert_eq!(said.len(), rows.len(), "a code is there twice");
        said
    }

    #[test]
    fn every_reason_is_said_in_words() {
        let text = source(&Path::new(ROOT).join("common/src/reason.rs"));
        let known: BTreeSet<&str> = codes(&text, ": &str = \"").collect();
        assert_eq!(said(REASONS), known);
    }

    #[test]
    fn every_reason_of_a_shop_or_page_is_said_in_words() {
        let text = source(&Path::new(ROOT).join("common/src/store/connections/mod.rs"));
        let (_, reasons) = text.split_once("pub mod reason {").unwrap();
        let (reasons, _) = reasons.split_once("\n}").unwrap();
        let known: BTreeSet<&str> = codes(reasons, ": &str = \"").collect();
        assert!(known.len() > SHOP_REASONS.len(), "{known:?}");
        assert!(said(SHOP_REASONS).is_subset(&known));
        let of_pages: BTreeSet<&str> = known.into_iter().filter(|code| *code != shop::UNINSTALLED).collect();
        assert_eq!(said(PAGE_REASONS), of_pages);
    }

    #[test]
    fn what_is_said_of_a_page_is_said_in_both_languages() {
        said(PAGE_WARNINGS);
        for (code, vi, en) in PAGE_REASONS.iter().chain(PAGE_WARNINGS) {
            assert!(vi.ends_with('.') && en.ends_with('.') && vi != en, "{code}");
        }
    }

    #[test]
    fn what_is_told_of_an_error_is_said_in_both_languages() {
        let client = source(&Path::new(ROOT).join("common/src/getfly/client.rs"));
        let quoted = |text: &str, before: &str| -> Vec<String> {
            let told = text.match_indices(before).filter_map(|(at, _)| {
                let line = text[at + before.len()..].lines().next()?;
                Some(line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
            });
            told.flatten().collect()
        };
        let mut known = quoted(&client, "what:");
        known.extend(quoted(&client, "unusable("));
        let egress = source(&Path::new(ROOT).join("common/src/wire/egress.rs"));
        known.extend(quoted(&egress, "#[error("));
        assert!(known.len() > 10, "{known:?}");
        for words in &known {
            let said = of_trouble(words);
            assert_ne!(said.vi, said.en, "{words}");
        }
        let line = of_trouble("time-out");
        let theirs = of_trouble("Mã 7 sai");
        assert_eq!((theirs.vi.as_str(), theirs.en.as_str()), ("Mã 7 sai", "Mã 7 sai"));
        assert_eq!(Said::read(&line.stored()), line);
        assert_eq!(Said::read("Mã 7 sai"), theirs);
    }

    #[test]
    fn another_try_is_refused_only_for_reasons_that_there_are() {
        for reason in crate::reason::RETRY_CANNOT_HELP {
            assert!(of_reason(reason).is_some(), "{reason}");
            assert!(!crate::reason::retry_can_help(Some(reason)));
        }
        for helps in [reason::CRM_REFUSED, reason::CUSTOMER_DELETED, reason::CRM_VERSION, reason::CRM_ADDRESS]
        {
            assert!(crate::reason::retry_can_help(Some(helps)), "{helps}");
        }
    }

    #[test]
    fn every_warning_is_said_in_words() {
        let mut known = BTreeSet::new();
        for (_, text) in ["functions/order-intake/src", "functions/customer-intake/src", "common/src/intake"]
            .into_iter()
            .flat_map(sources)
        {
            for before in [
                ".warned(\"",
                ".warn(\"",
                "warn(&mut warnings, \"",
                ".push(\"",
                "Some(\"",
                "then_some(\"",
                "vec![\"",
            ] {
                // Field names and other single words are no codes.
                known.extend(codes(&text, before).filter(|code| code.contains('_')).map(str::to_owned));
            }
        }
        for (path, text) in sources("common/src/getfly") {
            // What is left out of a record is told with the record's name before it.
            let record = match path.file_stem().unwrap().to_str().unwrap() {
                "account" => "customer",
                other => other,
            };
            known.extend(codes(&text, "left_out.push(\"").map(|code| format!("{record}_{code}")));
        }
        let said: BTreeSet<String> = said(WARNINGS).into_iter().map(str::to_owned).collect();
        assert_eq!(said, known);
    }
}
