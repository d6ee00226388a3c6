//! The pages a person sees: forms without scripts, with actions relative to `/v4/oa/permission`.

use axum::response::Response;

use super::errors::{REDIRECT_URI, oauth_name};
use super::ids::OaId;
use super::permission::PermissionRequest;
use super::seed::AdminSeed;
use super::state::State;
use crate::sim::html::{Look, escaped};

/// What the box says (pages.md §2.1).
pub(super) const CONSENT: &str = "Đồng ý cho phép ứng dụng quản lý Official Account";

const LOOK: Look = Look { party: "Zalo", style: STYLE };

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#eef3fb;color:#16233a}\
header{background:#0068ff;color:#fff;padding:10px 16px;font-weight:600}\
header small{font-weight:400}\
main{max-width:26rem;margin:24px auto;padding:20px;background:#fff;border-radius:10px;box-shadow:0 1px 4px #0002}\
h1{font-size:1.25rem;margin:0 0 12px}p{margin:8px 0}\
label{display:flex;gap:10px;align-items:center;padding:10px;margin:8px 0;border:1px solid #c6d2e6;border-radius:6px}\
label img{width:36px;height:36px;border-radius:50%}\
button{font:inherit;width:100%;min-height:44px;margin-top:10px;border:1px solid #0068ff;border-radius:6px;\
background:#0068ff;color:#fff;cursor:pointer}\
button.second{background:#fff;color:#0068ff}\
.wrong{color:#a4161a}code{overflow-wrap:anywhere}";

/// Who are you?
pub(super) fn log_in(state: &State, request: &PermissionRequest, wrong: Option<&str>) -> Response {
    let people: String = state
        .admins
        .iter()
        .map(|admin| {
            format!(
                "<button type=\"submit\" name=\"admin\" value=\"{}\">{}</button>",
                escaped(admin.admin_id.as_str()),
                escaped(&admin.name)
            )
        })
        .collect();
    let body = format!(
        "{}<p>Chọn tài khoản Zalo để tiếp tục.</p><form method=\"post\" action=\"{}\">{people}</form>",
        wrong_line(wrong),
        action(request)
    );
    LOOK.page("Đăng nhập Zalo", &body, "")
}

/// Which account, and may the app manage it?
pub(super) fn choose(
    state: &State,
    request: &PermissionRequest,
    admin: &AdminSeed,
    chosen: Option<&OaId>,
    wrong: Option<&str>,
) -> Response {
    let rows: String = state
        .offered_to(admin)
        .into_iter()
        .map(|oa| {
            let id = escaped(oa.oa_id.as_str());
            let checked = if chosen == Some(&oa.oa_id) { " checked" } else { "" };
            format!(
                "<label><input type=\"radio\" name=\"oa_id\" value=\"{id}\"{checked}>\
                 <img src=\"../../oa/{id}/avatar.svg\" alt=\"\">{}</label>",
                escaped(&oa.name)
            )
        })
        .collect();
    let rows = if rows.is_empty() {
        "<p>Bạn không quản lý Official Account nào.</p>".to_owned()
    } else {
        rows
    };
    let action = action(request);
    let body = format!(
        "{wrong}<p>Ứng dụng <code>{app}</code> xin quyền quản lý Official Account của bạn.</p>\
         <form method=\"post\" action=\"{action}\">{rows}\
         <label><input type=\"checkbox\" name=\"consent\" value=\"yes\">{CONSENT}</label>\
         <button type=\"submit\" name=\"decision\" value=\"allow\">Cho phép</button>\
         <button type=\"submit\" name=\"decision\" value=\"cancel\" class=\"second\">Huỷ</button></form>\
         <form method=\"post\" action=\"{action}\"><p>Bạn đang đăng nhập là {name}.</p>\
         <button type=\"submit\" name=\"log_out\" value=\"yes\" class=\"second\">Dùng tài khoản khác</button></form>",
        wrong = wrong_line(wrong),
        app = escaped(&state.app.app_id),
        name = escaped(&admin.name),
    );
    LOOK.page("Cấp quyền cho ứng dụng", &body, "")
}

/// The end for a person whose app hears nothing.
pub(super) fn stop(code: i64) -> Response {
    let reason = match code {
        REDIRECT_URI => "Địa chỉ quay lại của ứng dụng chưa được đăng ký.",
        _ => "Ứng dụng chưa được cấu hình đúng.",
    };
    let body = format!(
        "<p class=\"wrong\">{reason}</p><p>{}</p><p>Mã lỗi: <code>error_code={code}</code></p>",
        oauth_name(code)
    );
    LOOK.page("Không thể tiếp tục", &body, "")
}

/// A way back that the browser takes twice.
pub(super) fn twice(location: &str) -> Response {
    let location = escaped(location);
    let body = format!(
        "<meta http-equiv=\"refresh\" content=\"1;url={location}\"><img src=\"{location}\" alt=\"\" hidden>\
         <p><a href=\"{location}\">Quay lại ứng dụng</a></p>"
    );
    LOOK.page("Đang quay lại ứng dụng", &body, "")
}

fn wrong_line(wrong: Option<&str>) -> String {
    wrong.map_or_else(String::new, |text| format!("<p class=\"wrong\">{}</p>", escaped(text)))
}

fn action(request: &PermissionRequest) -> String {
    escaped(&format!("permission?{}", request.query))
}
