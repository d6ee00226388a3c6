//! `/console/preview`: how the newest order would look in the CRM, drafted by the very code that carries orders over,
//! and not sent.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use common::body;
use common::clock::vietnam_date;
use common::fault::Said;
use common::getfly::account::NewAccount;
use common::getfly::order::{NewOrder, OrderLine};
use common::getfly::user::find_by_email;
use common::haravan::order::Order;
use common::haravan::webhook::{Entity, unwrapped};
use common::id::{OrderId, OrgId, StaffId};
use common::intake::assignee::{Wanted, wanted};
use common::intake::buyer::Buyer;
use common::intake::draft;
use common::money::{Currency, Money};
use common::page::{Lang, Page, respond};
use common::store::connections::{ConnectionStatus, ShopConnection};
use common::store::inbox::listing::Which;
use common::store::tenants::TenantRecord;
use common::wire::lenient;
use common::words;
use jiff::Timestamp;
use serde::Serialize;

use crate::Console;
use crate::refusal::Trouble;
use crate::screen::{Screen, Tab, Told};
use crate::session::Visitor;

/// Events among which an order is looked for.
const MOST: usize = 50;

#[derive(Template)]
#[template(path = "preview.html")]
struct Shown {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    preview: Option<Preview>,
}

/// Shows the page.
pub(crate) async fn show(State(console): State<Arc<Console>>, visitor: Visitor) -> Result<Response, Trouble> {
    let preview = preview(&console, &visitor.record).await?;
    let (page, screen) = Screen::new(&visitor, Tab::Preview, "/console/preview");
    let shown = Shown { page, screen, told: None, preview };
    Ok(respond(StatusCode::OK, &shown, &console.policy(&visitor.record)))
}

/// An order as it would be made.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Preview {
    /// The order's visible code at Haravan.
    pub haravan_order: String,
    /// `received` when it came by webhook, `asked` when Haravan was asked for it.
    pub found: &'static str,
    /// The customer, unless the CRM has them already.
    pub customer: NewAccount,
    /// The order; nothing when it cannot be drafted.
    pub order: Option<NewOrder>,
    /// Why it cannot be drafted.
    pub missing: Option<String>,
    /// The same in both languages.
    pub missing_words: Option<Said>,
    /// What the CRM will make of the amounts.
    pub expected_total: Option<Money>,
    /// What the CRM would count in.
    pub crm_currency: Currency,
    /// Haravan's total.
    pub haravan_total: Option<Money>,
    /// What Haravan counts in.
    pub haravan_currency: Currency,
    /// What a person should know, codes.
    pub warnings: Vec<&'static str>,
}

/// The tenant's newest order, drafted. `None` when there is none to be had.
pub(crate) async fn preview(console: &Console, record: &TenantRecord) -> Result<Option<Preview>, Trouble> {
    let Some(newest) = newest(console, record).await? else { return Ok(None) };
    let Newest { order, id, org, found, received_at } = newest;
    let shop = console.store.connections.shop(&record.id, org).await?;
    let settings = &record.settings;
    let buyer = Buyer::of_order(&order, id);
    let (assignee, unassigned) = assignee(console, record, shop.as_ref(), &order).await?;
    let domain = shop.as_ref().and_then(|shop| shop.shop_domain.as_deref());
    let drafted = draft::order(&order, id, &buyer, settings, domain, received_at);
    let customer = buyer.new_account(settings, assignee.as_deref(), vietnam_date(console.clock.now()));
    let (drafted, missing) = match drafted {
        Ok(draft) => (Some(draft), None),
        Err(missing) => (None, Some(missing.said())),
    };
    let mut warnings: Vec<&'static str> = unassigned.into_iter().collect();
    warnings.extend(drafted.iter().flat_map(|draft| draft.warnings.iter().copied()));
    let crm_currency = drafted.as_ref().map_or(Currency::Dong, |draft| draft.currency.clone());
    let order_made =
        drafted.map(|draft| draft.order.for_account(customer.account_code.clone()).assigned_to(assignee));
    Ok(Some(Preview {
        haravan_order: order.name.clone().unwrap_or_else(|| id.to_string()),
        found,
        expected_total: order_made.as_ref().map(NewOrder::expected_total),
        crm_currency,
        haravan_total: order.total_price,
        haravan_currency: order.currency(),
        customer,
        order: order_made,
        missing: missing.as_ref().map(|said| said.en.clone()),
        missing_words: missing,
        warnings,
    }))
}

struct Newest {
    order: Order,
    id: OrderId,
    org: OrgId,
    found: &'static str,
    received_at: Timestamp,
}

/// The newest order that arrived, else the newest one of a connected shop.
async fn newest(console: &Console, record: &TenantRecord) -> Result<Option<Newest>, Trouble> {
    let inbox = &console.store.inbox;
    for event in inbox.newest(&record.id, Which::All, None, MOST).await?.events {
        if event.topic.entity() != Entity::Order || event.topic.is_delete() {
            continue;
        }
        let Ok(bytes) = body::unpack(&inbox.whole_body(&event).await?) else { continue };
        if let Some((order, id)) = unwrapped(&bytes).and_then(|text| readable(&text)) {
            let received_at = event.received_at;
            return Ok(Some(Newest { order, id, org: event.org, found: "received", received_at }));
        }
    }
    for shop in console.store.connections.shops(&record.id).await? {
        if shop.status != ConnectionStatus::Connected {
            continue;
        }
        let Some(token) = console.token(&shop).await? else { continue };
        let rows = console.admin.recent_orders(&token, 1).await.unwrap_or_default();
        if let Some((order, id)) = rows.first().and_then(|row| readable(row.get())) {
            let received_at = console.clock.now();
            return Ok(Some(Newest { order, id, org: shop.org, found: "asked", received_at }));
        }
    }
    Ok(None)
}

fn readable(text: &str) -> Option<(Order, OrderId)> {
    let order: Order = lenient::read(text)?;
    let id = OrderId(order.id?);
    Some((order, id))
}

/// The CRM login of the person responsible, and a warning when one was to be found and was not.
async fn assignee(
    console: &Console,
    record: &TenantRecord,
    shop: Option<&ShopConnection>,
    order: &Order,
) -> Result<(Option<String>, Option<&'static str>), Trouble> {
    let Some(staff) = order.user_id.map(StaffId) else { return Ok((None, None)) };
    let email = match wanted(&record.settings, staff) {
        Wanted::Login(login) => return Ok((Some(login), None)),
        Wanted::Email(email) => Some(email),
        Wanted::AskHaravan => {
            let token = match shop {
                Some(shop) => console.token(shop).await?,
                None => None,
            };
            let Some(token) = token else { return Ok((None, Some("staff_unknown"))) };
            match console.admin.staff_email(&token, staff).await {
                Ok(email) => email,
                Err(_) => return Ok((None, Some("staff_unknown"))),
            }
        }
    };
    let Some(email) = email else { return Ok((None, Some("staff_without_email"))) };
    let users = console.users(record).await?.unwrap_or_default();
    match find_by_email(&users, &email) {
        Some(user) => Ok((Some(user.user_name.clone()), None)),
        None => Ok((None, Some("no_crm_user_with_this_email"))),
    }
}

impl Preview {
    /// The customer's fields, label and value.
    fn customer_rows(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let customer = &self.customer;
        let gender = customer.gender.map(|gender| {
            if gender == 1 { lang.of("Nữ", "Female") } else { lang.of("Nam", "Male") }.to_owned()
        });
        let rows = [
            (lang.of("Mã", "Code"), Some(customer.account_code.clone())),
            (lang.of("Tên", "Name"), Some(customer.account_name.clone())),
            (lang.of("Điện thoại", "Phone"), customer.phone_office.clone()),
            ("Email", customer.email.clone()),
            (lang.of("Giới tính", "Gender"), gender),
            (lang.of("Ngày sinh", "Birthday"), customer.birthday.clone()),
            (lang.of("Mô tả", "Description"), customer.description.clone()),
            (lang.of("Địa chỉ", "Address"), customer.billing_address_street.clone()),
            (lang.of("Quận/Huyện", "District"), customer.district_name.clone()),
            (lang.of("Tỉnh/Thành", "Province"), customer.province_name.clone()),
            (lang.of("Nguồn", "Source"), Some(customer.account_source_names.join(", "))),
            (lang.of("Người phụ trách", "Person in charge"), customer.account_manager_username.clone()),
        ];
        rows.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
    }

    /// The order's fields, label and value.
    fn order_rows(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let Some(order) = &self.order else { return Vec::new() };
        let payments = order.saved_sale_order_payments.iter().map(|payment| {
            format!(
                "{}, {}, {}",
                payment.amount.said(&self.crm_currency),
                payment.method_name,
                payment.pay_date
            )
        });
        let paid = Some(payments.collect::<Vec<String>>().join("; ")).filter(|paid| !paid.is_empty());
        let crm = |amount: Option<Money>| amount.map(|amount| amount.said(&self.crm_currency));
        let unpaid = lang.of("chưa thanh toán", "not paid yet");
        let rows = [
            (lang.of("Mã đơn", "Order code"), Some(order.order_code.clone())),
            (lang.of("Ngày", "Date"), Some(order.order_date.clone())),
            (lang.of("Nguồn đơn hàng", "Order source"), order.order_source_name.clone()),
            (lang.of("Người phụ trách", "Assignee"), order.assigned_username.clone()),
            (lang.of("Hình thức thanh toán", "Payment method"), order.payment_method_name.clone()),
            (lang.of("Đã thanh toán", "Payment"), Some(paid.unwrap_or_else(|| unpaid.to_owned()))),
            (lang.of("Giảm giá", "Discount"), crm(order.discount_amount)),
            (lang.of("Phí vận chuyển", "Shipping"), crm(order.transport_amount)),
            (lang.of("Thuế", "Tax"), crm(order.vat_amount)),
            (lang.of("Phụ thu", "Surcharge"), crm(order.installation_amount)),
            (lang.of("Tổng tiền trong CRM", "Total in the CRM"), crm(self.expected_total)),
            (
                lang.of("Tổng tiền ở Haravan", "Total at Haravan"),
                self.haravan_total.map(|total| total.said(&self.haravan_currency)),
            ),
        ];
        rows.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
    }

    fn price(&self, line: &OrderLine) -> String {
        line.price.said(&self.crm_currency)
    }

    fn notes(&self, lang: Lang) -> Vec<&'static str> {
        let said = |code: &&'static str| words::of_warning(code).map_or(*code, |(vi, en)| lang.of(vi, en));
        self.warnings.iter().map(said).collect()
    }
}
