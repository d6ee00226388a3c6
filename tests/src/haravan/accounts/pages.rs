//! The pages a person sees. Form actions are relative to `/connect/authorize`, so they work below any path prefix.

use axum::http::StatusCode;
use axum::response::Response;

use super::errors::PageError;
use super::html::{escaped, hidden, page, page_with};
use super::request::AuthorizeRequest;
use super::seed::AccountSeed;
use crate::haravan::ids::OrgId;
use crate::haravan::state::State;

/// Who are you? `failed` is the e-mail of a failed attempt.
pub(super) fn sign_in(state: &State, request: &AuthorizeRequest, failed: Option<&str>) -> Response {
    let wrong = failed.map_or("", |_| "<p class=\"wrong\">E-mail hoặc mật khẩu không đúng.</p>");
    let people: String = state.accounts.people.iter().map(|person| demo_row(state, person)).collect();
    let body = format!(
        "<p>Ứng dụng <code>{app}</code> muốn biết bạn là ai.</p>{wrong}\
         <form method=\"post\" action=\"{action}\">{step}\
         <label>E-mail<input type=\"email\" name=\"email\" value=\"{email}\" autocomplete=\"username\" required></label>\
         <label>Mật khẩu<input type=\"password\" name=\"password\" autocomplete=\"current-password\" required></label>\
         <button type=\"submit\">Đăng nhập</button></form>\
         <div class=\"demo\"><b>Tài khoản dùng thử</b><ul>{people}</ul></div>",
        app = escaped(&request.client_id),
        action = action(request),
        step = hidden([("step", "sign_in")]),
        email = escaped(failed.unwrap_or_default()),
    );
    page(StatusCode::OK, "Đăng nhập", &body)
}

fn demo_row(state: &State, person: &AccountSeed) -> String {
    let places: Vec<_> = person
        .memberships
        .iter()
        .map(|place| format!("{} ({})", shop_name(state, place.orgid), place.roles.join(", ")))
        .collect();
    format!(
        "<li><code>{}</code> / <code>{}</code><br>{}</li>",
        escaped(&person.email),
        escaped(&person.password),
        escaped(&places.join(" · "))
    )
}

/// Which shop?
pub(super) fn choose_shop(state: &State, request: &AuthorizeRequest, shops: &[OrgId]) -> Response {
    let action = action(request);
    let step = hidden([("step", "shop")]);
    let buttons: String = shops
        .iter()
        .map(|org| {
            let name = escaped(&shop_name(state, *org));
            format!("<button type=\"submit\" name=\"orgid\" value=\"{org}\">{name}</button>")
        })
        .collect();
    let body = format!(
        "<p>Bạn thuộc nhiều cửa hàng.</p><form method=\"post\" action=\"{action}\">{step}{buttons}</form>{}",
        another_account(request)
    );
    page(StatusCode::OK, "Chọn cửa hàng", &body)
}

/// May the app have these scopes?
pub(super) fn consent(state: &State, request: &AuthorizeRequest, email: &str, org: OrgId) -> Response {
    let scopes: String = request
        .scopes
        .iter()
        .map(|scope| format!("<li>{} <code>{}</code></li>", meaning(scope), escaped(scope)))
        .collect();
    let body = format!(
        "<p>Ứng dụng <code>{app}</code> xin các quyền sau tại cửa hàng <b>{shop}</b>:</p><ul>{scopes}</ul>\
         <p>Bạn đang đăng nhập bằng {email}.</p>\
         <form method=\"post\" action=\"{action}\">{step}\
         <button type=\"submit\" name=\"decision\" value=\"accept\">Đồng ý</button>\
         <button type=\"submit\" name=\"decision\" value=\"refuse\" class=\"second\">Từ chối</button></form>{other}",
        app = escaped(&request.client_id),
        shop = escaped(&shop_name(state, org)),
        email = escaped(email),
        action = action(request),
        // The shop as it was shown, should the session choose another one meanwhile.
        step = hidden([("step", "consent"), ("orgid", org.to_string().as_str())]),
        other = another_account(request),
    );
    page(StatusCode::OK, "Cài đặt ứng dụng", &body)
}

/// The end for a person whose app hears nothing.
pub(super) fn stop(error: &PageError) -> Response {
    let body = format!(
        "<p class=\"wrong\">{}</p><p>Mã lỗi: <code>{}</code></p>\
         <p><a href=\"../account/logout\">Đăng xuất khỏi Haravan giả lập</a></p>",
        escaped(&error.reason),
        escaped(error.code)
    );
    page(StatusCode::BAD_REQUEST, "Không thể tiếp tục", &body)
}

/// Signed out.
pub(super) fn logged_out() -> Response {
    page(StatusCode::OK, "Đã đăng xuất", "<p>Bạn đã đăng xuất khỏi Haravan giả lập.</p>")
}

/// The form that submits itself to the app; the browser sends no address of this page along.
pub(super) fn form_post(action: &str, fields: &[(String, String)]) -> Response {
    let inputs = hidden(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let body = format!(
        "<form method=\"post\" action=\"{}\">{inputs}\
         <noscript><button type=\"submit\">Tiếp tục</button></noscript></form>\
         <script>document.forms[0].submit()</script>",
        escaped(action)
    );
    page_with(StatusCode::OK, "Đang quay lại ứng dụng", &body, "no-referrer")
}

fn another_account(request: &AuthorizeRequest) -> String {
    format!(
        "<form method=\"post\" action=\"{}\">{}\
         <button type=\"submit\" class=\"second\">Dùng tài khoản khác</button></form>",
        action(request),
        hidden([("step", "sign_out")])
    )
}

fn action(request: &AuthorizeRequest) -> String {
    escaped(&format!("authorize?{}", request.query))
}

fn shop_name(state: &State, org: OrgId) -> String {
    state.shop(org).map_or_else(|_| org.to_string(), |shop| shop.facts.orgname.clone())
}

fn meaning(scope: &str) -> &'static str {
    match scope {
        "openid" => "Xác nhận bạn là ai",
        "profile" => "Tên của bạn",
        "email" => "E-mail của bạn",
        "org" => "Tên và mã cửa hàng",
        "userinfo" => "Thông tin tài khoản",
        "offline_access" => "Truy cập cả khi bạn không mở ứng dụng",
        "grant_service" => "Cài ứng dụng vào cửa hàng",
        "wh_api" => "Nhận thông báo khi dữ liệu thay đổi",
        "com.read_orders" => "Xem đơn hàng",
        "com.write_orders" => "Sửa đơn hàng",
        "com.read_customers" => "Xem khách hàng",
        "com.write_customers" => "Sửa khách hàng",
        "com.read_products" => "Xem sản phẩm",
        "com.read_shop" => "Xem thông tin cửa hàng",
        _ => "Quyền khác",
    }
}
