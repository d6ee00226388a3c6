//! The pages of the dialog. Form actions are relative to `/dialog/oauth`, so they work below any path prefix.

use axum::http::StatusCode;
use axum::response::Response;

use super::flow::{asked, tickable};
use super::request::DialogRequest;
use crate::facebook::ids::PersonId;
use crate::facebook::state::State;
use crate::sim::html::{Look, escaped, hidden};

const LOOK: Look = Look { party: "Facebook", style: STYLE };

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f0f2f5;color:#1c1e21}\
header{background:#1b5fc1;color:#fff;padding:10px 16px;font-weight:600}header small{font-weight:400}\
main{max-width:28rem;margin:24px auto;padding:20px;background:#fff;border-radius:10px;box-shadow:0 1px 4px #0002}\
h1{font-size:1.25rem;margin:0 0 12px}p{margin:8px 0}fieldset{border:1px solid #ccd0d5;border-radius:8px;margin:12px 0}\
label{display:flex;gap:10px;align-items:center;min-height:44px}input{width:20px;height:20px;flex:none}\
img{border-radius:6px}small,code{color:#606770;overflow-wrap:anywhere}\
button{font:inherit;width:100%;min-height:44px;margin-top:10px;border:1px solid #1b5fc1;border-radius:6px;\
background:#1b5fc1;color:#fff;cursor:pointer}button small,header small{color:inherit}button.second{background:#fff;color:#1b5fc1}.wrong{color:#a4161a}";

/// Who are you?
pub(super) fn log_in(state: &State, request: &DialogRequest) -> Response {
    let people: String = state
        .order
        .iter()
        .filter_map(|id| state.people.get(id))
        .map(|person| {
            format!(
                "<button type=\"submit\" name=\"person\" value=\"{}\">{} <small>· {} trang</small></button>",
                person.id,
                escaped(&person.name),
                tickable(state, person.id).len(),
            )
        })
        .collect();
    let body = format!(
        "<p>Đăng nhập Facebook để tiếp tục với <b>{}</b>. Chọn một tài khoản dùng thử:</p>\
         <form method=\"post\" action=\"{}\">{}{people}</form>",
        escaped(&state.app.name),
        action(request),
        hidden([("step", "log_in")]),
    );
    LOOK.page("Đăng nhập", &body, "")
}

/// Which pages, portfolios and permissions?
pub(super) fn consent(state: &State, request: &DialogRequest, id: PersonId) -> Response {
    let grant = state.grants.get(&id);
    let person = state.people.get(&id);
    let pages: String = tickable(state, id)
        .into_iter()
        .map(|page| {
            let ticked = grant.is_none_or(|grant| grant.pages.contains(&page));
            let name = state.pages.get(&page).map_or("", |page| page.name.as_str());
            let picture = format!("<img src=\"../pictures/{page}.svg\" alt=\"\" width=\"32\" height=\"32\">");
            tick("page", &page.to_string(), ticked, &format!("{picture}<span>{}</span>", escaped(name)))
        })
        .collect();
    let pages = if pages.is_empty() { "<p>Bạn chưa quản lý trang nào.</p>".to_owned() } else { pages };
    let businesses: String = person
        .into_iter()
        .flat_map(|person| &person.businesses)
        .map(|business| {
            let ticked = grant.is_none_or(|grant| grant.businesses.contains(business));
            let name = state.businesses.get(business).map_or("", |business| business.name.as_str());
            tick("business", &business.to_string(), ticked, &format!("<span>{}</span>", escaped(name)))
        })
        .collect();
    let wants_businesses = request.scopes.iter().any(|scope| scope == "business_management");
    let businesses = group("Doanh nghiệp", if wants_businesses { businesses.as_str() } else { "" });
    let scopes: String = asked(state, request, id)
        .iter()
        .map(|scope| {
            let words = format!("<span>{}<br><code>{}</code></span>", meaning(scope), escaped(scope));
            tick("permission", scope, true, &words)
        })
        .collect();
    let body = format!(
        "<p><b>{app}</b> muốn truy cập các trang của bạn. Bạn đang đăng nhập bằng tên <b>{name}</b>.</p>\
         <form method=\"post\" action=\"{action}\">{step}{pages}{businesses}{scopes}\
         <button type=\"submit\" name=\"decision\" value=\"accept\">Tiếp tục</button>\
         <button type=\"submit\" name=\"decision\" value=\"cancel\" class=\"second\">Hủy</button></form>\
         <form method=\"post\" action=\"{action}\">{leave}\
         <button type=\"submit\" class=\"second\">Dùng tài khoản khác</button></form>",
        app = escaped(&state.app.name),
        name = escaped(person.map_or("", |person| person.name.as_str())),
        action = action(request),
        step = hidden([("step", "consent")]),
        pages = group("Trang", &pages),
        scopes = group("Quyền", &scopes),
        leave = hidden([("step", "log_out")]),
    );
    LOOK.page("Chọn trang và quyền", &body, "")
}

/// The end for a person whose app hears nothing.
pub(super) fn stop(reason: &str) -> Response {
    let body = format!("<p class=\"wrong\">{}</p>", escaped(reason));
    LOOK.page_with(StatusCode::BAD_REQUEST, "Không thể tiếp tục", &body, "", "same-origin")
}

/// Opens the callback in the background, then as the page itself.
pub(super) fn twice(location: &str) -> Response {
    let location = escaped(location);
    let body = format!(
        "<p>Đang quay lại ứng dụng…</p><img src=\"{location}\" alt=\"\" width=\"1\" height=\"1\">\
         <p><a href=\"{location}\">Tiếp tục</a></p>"
    );
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"1;url={location}\">");
    LOOK.page("Đang quay lại", &body, &refresh)
}

/// A titled box; nothing when it would be empty.
fn group(title: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    format!("<fieldset><legend>{title}</legend>{body}</fieldset>")
}

/// A box to tick; `words` is HTML.
fn tick(name: &str, value: &str, ticked: bool, words: &str) -> String {
    let checked = if ticked { " checked" } else { "" };
    let value = escaped(value);
    format!("<label><input type=\"checkbox\" name=\"{name}\" value=\"{value}\"{checked}>{words}</label>")
}

fn action(request: &DialogRequest) -> String {
    escaped(&format!("oauth?{}", request.query))
}

fn meaning(scope: &str) -> &'static str {
    match scope {
        "pages_show_list" => "Xem danh sách trang bạn quản lý",
        "pages_read_engagement" => "Đọc nội dung trên trang",
        "pages_manage_metadata" => "Quản lý cài đặt và webhook của trang",
        "pages_messaging" => "Quản lý và trả lời tin nhắn của trang",
        "business_management" => "Quản lý doanh nghiệp của bạn",
        "email" => "E-mail của bạn",
        _ => "Quyền khác",
    }
}
