//! Plain pages for people: what the CRM's own screens show of customers and orders, far simpler.
//!
//! The real screens are one page whose addresses lie behind a `#`: `/#/orders` and `/#/crm/view_account/{id}`. Here that
//! page has a section of each such name, so that a browser goes to it. `/orders/{code}` and `/accounts/{code}` show one
//! record alone. They need no key, meet no faults and are not recorded.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};

use super::Simulator;
use super::records::{Account, Order};
use super::state::State;
use super::text::local_time;
use crate::sim::html::escaped;

/// Most records of a kind on the page of all, the newest first.
const MOST: usize = 500;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:0;background:#f3f5f7;color:#1d2731}\
header{background:#0b6e4f;color:#fff;padding:10px 16px;font-weight:600}\
header small{font-weight:400;opacity:.85}header a{color:#fff}\
main{max-width:52rem;margin:0 auto;padding:12px}\
section{background:#fff;border-radius:8px;padding:12px;margin:12px 0;overflow-x:auto}\
section:target{outline:3px solid #0b6e4f}\
h1{font-size:1.25rem}h2{font-size:1.05rem;margin:0 0 6px}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:4px 8px;border-bottom:1px solid #dde3e8}\
.sum{text-align:right;white-space:nowrap}dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 12px;margin:0}\
dt{color:#5a6873}dd{margin:0;overflow-wrap:anywhere}";

/// The pages.
pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/", home())
        .route("/orders/{*code}", get(one_order))
        .route("/accounts/{*code}", get(one_account))
}

/// The page of everything.
pub(super) fn home() -> MethodRouter<Simulator> {
    get(everything)
}

async fn everything(Shared(simulator): Shared<Simulator>) -> Response {
    let body = simulator.lock(|state| {
        let mut body = String::from("<h1 id=\"/orders\">Đơn hàng</h1>");
        let orders: Vec<&Order> = state.orders.values().rev().take(MOST).collect();
        if orders.is_empty() {
            body.push_str("<p>Chưa có đơn hàng.</p>");
        }
        orders.into_iter().for_each(|order| order_section(state, order, &mut body));
        body.push_str("<h1 id=\"/crm/accounts\">Khách hàng</h1>");
        let accounts: Vec<&Account> = state.accounts.values().rev().take(MOST).collect();
        if accounts.is_empty() {
            body.push_str("<p>Chưa có khách hàng.</p>");
        }
        accounts.into_iter().for_each(|account| account_section(state, account, &mut body));
        body
    });
    page(StatusCode::OK, "Getfly", &body)
}

async fn one_order(Shared(simulator): Shared<Simulator>, Path(code): Path<String>) -> Response {
    let found = simulator.lock(|state| {
        let order = state.order_coded(&code)?;
        let mut body = String::new();
        order_section(state, order, &mut body);
        Some(body)
    });
    found_or_not(&code, found)
}

async fn one_account(Shared(simulator): Shared<Simulator>, Path(code): Path<String>) -> Response {
    let found = simulator.lock(|state| {
        let account = state.accounts.get(state.account_codes.get(&code)?)?;
        let mut body = String::new();
        account_section(state, account, &mut body);
        let theirs = state.orders.values().rev().filter(|order| order.account_id == account.id);
        theirs.take(MOST).for_each(|order| order_section(state, order, &mut body));
        Some(body)
    });
    found_or_not(&code, found)
}

fn found_or_not(code: &str, found: Option<String>) -> Response {
    match found {
        Some(body) => page(StatusCode::OK, code, &body),
        None => page(StatusCode::NOT_FOUND, code, "<p>Không có bản ghi nào với mã này.</p>"),
    }
}

fn order_section(state: &State, order: &Order, out: &mut String) {
    let order = state.settled(order);
    let code = escaped(&order.order_code);
    let _ = write!(out, "<section id=\"/orders/{code}\"><h2>{code} · {}</h2>", order.status_label());
    let assignee = state.users.get(&order.assigned_user).map_or("", |user| user.contact_name.as_str());
    facts(
        out,
        &[
            ("Khách hàng", &format!("{} ({})", order.account_name, order.account_code)),
            ("Người liên hệ", &order.contact_name),
            ("Điện thoại", &order.account_phone),
            ("Email", &order.account_email),
            ("Địa chỉ", &order.account_address),
            ("Ngày đặt", &order.order_date),
            ("Người phụ trách", assignee),
            ("Nguồn", &order.order_source_name),
            ("Hình thức thanh toán", &order.payment_method_name),
            ("Tạo lúc", &local_time(order.created_at)),
        ],
    );
    out.push_str("<table><thead><tr><th>Sản phẩm</th><th class=\"sum\">SL</th><th class=\"sum\">Đơn giá</th><th class=\"sum\">Thành tiền</th></tr></thead><tbody>");
    for line in &order.lines {
        let _ = write!(
            out,
            "<tr><td>{} ({})</td><td class=\"sum\">{}</td><td class=\"sum\">{}</td><td class=\"sum\">{}</td></tr>",
            escaped(&line.product_name),
            escaped(&line.product_code),
            line.quantity.normalize(),
            line.price.normalize(),
            line.amount.normalize(),
        );
    }
    for (name, amount) in [
        ("Giảm giá", order.discount_amount),
        ("VAT", order.vat_amount),
        ("Vận chuyển", order.transport_amount),
        ("Tổng cộng", order.real_amount),
        ("Đã thanh toán", order.f_amount),
    ] {
        let _ = write!(
            out,
            "<tr><td colspan=\"3\">{name}</td><td class=\"sum\">{}</td></tr>",
            amount.normalize()
        );
    }
    out.push_str("</tbody></table>");
    for payment in order.payment_ids.iter().filter_map(|id| state.payments.get(id)) {
        let _ = write!(
            out,
            "<p>{}: {} · {} · {}</p>",
            escaped(&payment.pay_date),
            payment.amount.normalize(),
            escaped(&payment.method_name),
            escaped(&payment.description),
        );
    }
    if !order.terms.is_empty() {
        out.push_str("<ul>");
        for term in &order.terms {
            let _ = write!(out, "<li>{}</li>", escaped(term));
        }
        out.push_str("</ul>");
    }
    out.push_str("</section>");
}

fn account_section(state: &State, account: &Account, out: &mut String) {
    let _ = write!(
        out,
        "<section id=\"/crm/view_account/{}\"><h2>{}{}</h2>",
        account.id,
        escaped(&account.account_name),
        if account.is_live() { "" } else { " · đã xóa" },
    );
    let manager = state.users.get(&account.account_manager).map_or("", |user| user.contact_name.as_str());
    let gender = match account.gender {
        Some(1) => "Nữ",
        Some(2) => "Nam",
        _ => "",
    };
    facts(
        out,
        &[
            ("Mã", &account.account_code),
            ("Điện thoại", &account.phone_office),
            ("Email", &account.email),
            ("Địa chỉ", &account.billing_address_street),
            ("Ngày sinh", account.birthday.as_deref().unwrap_or_default()),
            ("Giới tính", gender),
            ("Người phụ trách", manager),
            ("Ghi chú", &account.description),
            ("Tạo lúc", &local_time(account.created_at)),
        ],
    );
    out.push_str("</section>");
}

/// Names and values; blank ones are left out.
fn facts(out: &mut String, facts: &[(&str, &str)]) {
    out.push_str("<dl>");
    for (name, value) in facts.iter().filter(|(_, value)| !value.trim().is_empty()) {
        let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", escaped(value));
    }
    out.push_str("</dl>");
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!DOCTYPE html><html lang=\"vi\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} – Getfly giả lập</title><style>{STYLE}</style></head><body>\
         <header>Getfly giả lập <small>· chỉ để thử nghiệm</small></header><main>{body}</main></body></html>"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (status, headers, html).into_response()
}
