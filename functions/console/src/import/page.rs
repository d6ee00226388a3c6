//! `/console/import`: what to import of each shop, and how far an import is.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use common::haravan::webhook::Entity;
use common::id::OrgId;
use common::import::{STEP, import_state, room};
use common::money::grouped;
use common::page::{Lang, Page, respond};
use common::settings::Settings;
use jiff::Timestamp;
use serde::Deserialize;

use super::entered::{Entered, field};
use super::report::ImportReport;
use crate::Console;
use crate::form::{Fault, Field, Kind};
use crate::haravan::report::ShopReport;
use crate::refusal::Trouble;
use crate::screen::{Screen, Tab, Told};
use crate::session::Visitor;
use crate::when::day_of;

const HERE: &str = "/console/import";

/// Seconds after which the page is loaded again while an import runs, where that was asked for: a page that moves by
/// itself loses whoever reads it slowly or has it read out.
const REFRESH: u32 = 5;

/// A shop, its last import, and the fields of a new one.
struct ShopImport {
    shop: ShopReport,
    import: Option<ImportReport>,
    fields: Vec<Field>,
}

impl ShopImport {
    fn is_running(&self) -> bool {
        self.import.as_ref().is_some_and(ImportReport::is_running)
    }

    fn can_start(&self) -> bool {
        self.shop.is_connected() && !self.is_running()
    }
}

#[derive(Template)]
#[template(path = "import.html")]
struct Shown {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    shops: Vec<ShopImport>,
    writes_per_second: f64,
    now: Timestamp,
}

impl Shown {
    /// Whether the page stays as it is, so that a form can be filled in.
    fn is_still(&self) -> bool {
        self.page.refresh.is_none()
    }

    /// How fast an import is, in words.
    fn speed(&self) -> String {
        let steps = 3600_u64.checked_div(STEP.as_secs()).unwrap_or_default();
        let hourly = |entity| u64::try_from(room(self.writes_per_second, entity)).unwrap_or_default() * steps;
        let mark = if self.screen.lang == Lang::Vi { '.' } else { ',' };
        let [orders, customers] =
            [Entity::Order, Entity::Customer].map(|entity| grouped(&hourly(entity).to_string(), mark));
        match self.screen.lang {
            Lang::Vi => format!(
                "Với tốc độ ghi trong cài đặt, mỗi giờ nhập được khoảng {orders} đơn hàng hoặc {customers} khách hàng."
            ),
            Lang::En => format!(
                "At the write rate of the settings about {orders} orders or {customers} customers are imported in an hour."
            ),
        }
    }
}

/// What was done before, and whether the page is to load itself again.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    done: String,
    #[serde(default)]
    auto: String,
}

/// Shows the page.
pub(crate) async fn show(
    State(console): State<Arc<Console>>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    let mut shown = shown(&console, &visitor, None).await?;
    let runs = shown.shops.iter().any(ShopImport::is_running);
    shown.page.refresh = (runs && !asked.auto.is_empty()).then_some(REFRESH);
    shown.told = told(&asked.done, runs, visitor.lang);
    Ok(respond(StatusCode::OK, &shown, &console.policy(&visitor.record)))
}

/// Shows the page with what was entered for a shop and what is wrong with it.
pub(super) async fn with_faults(
    console: &Console,
    visitor: &Visitor,
    org: OrgId,
    entered: &Entered,
    faults: &[Fault],
) -> Result<Response, Trouble> {
    let mut shown = shown(console, visitor, Some((org, entered, faults))).await?;
    shown.told =
        Some(Told::bad(visitor.lang.of(
            "Chưa bắt đầu: hãy sửa các ô được đánh dấu.",
            "Not started: please correct the marked fields.",
        )));
    Ok(respond(StatusCode::UNPROCESSABLE_ENTITY, &shown, &console.policy(&visitor.record)))
}

async fn shown(
    console: &Console,
    visitor: &Visitor,
    wrong: Option<(OrgId, &Entered, &[Fault])>,
) -> Result<Shown, Trouble> {
    let (record, now) = (&visitor.record, console.clock.now());
    let mut shops = Vec::new();
    for shop in console.store.connections.shops(&record.id).await? {
        let import = import_state(&console.store, &record.id, shop.org).await?.map(ImportReport::of);
        let nothing = Entered::nothing(now);
        let (entered, faults) = match wrong {
            Some((org, entered, faults)) if org == shop.org => (entered, faults),
            _ => (&nothing, &[][..]),
        };
        let fields = fields(visitor.lang, &record.settings, now, entered, faults);
        let fields = fields.into_iter().map(|field| field.of(shop.org)).collect();
        let shop = ShopReport::of(&shop);
        if shop.is_live() || import.is_some() {
            shops.push(ShopImport { shop, import, fields });
        }
    }
    shops.sort_by_key(|shop| !shop.shop.is_live());
    let (page, screen) = Screen::new(visitor, Tab::Import, HERE);
    let writes_per_second = record.settings.writes_per_second;
    Ok(Shown { page, screen, told: None, shops, writes_per_second, now })
}

fn fields(
    lang: Lang,
    settings: &Settings,
    now: Timestamp,
    entered: &Entered,
    faults: &[Fault],
) -> Vec<Field> {
    let date = |value: &str| Kind::Date { value: value.to_owned(), last: day_of(now).to_string() };
    let tick = |name, label, on, carried: bool| {
        let field = Field::new(name, label, Kind::Tick { on });
        if carried {
            return field;
        }
        field.hint(lang.of(
            "Loại này đang tắt trong Cài đặt nên sẽ không sang CRM.",
            "This kind is switched off in the settings and will not reach the CRM.",
        ))
    };
    let fields = [
        Field::new(field::FROM, lang.of("Từ ngày", "From"), date(&entered.from)),
        Field::new(field::TO, lang.of("Đến hết ngày", "To, that day included"), date(&entered.to)),
        tick(field::ORDERS, lang.of("Đơn hàng", "Orders"), entered.orders, settings.orders),
        tick(field::CUSTOMERS, lang.of("Khách hàng", "Customers"), entered.customers, settings.customers),
    ];
    fields.into_iter().map(|field| field.with(lang, faults)).collect()
}

/// What was done before; a page that is loaded again and again says no longer that something began when it has ended.
fn told(done: &str, runs: bool, lang: Lang) -> Option<Told> {
    let (tone, vi, en): (fn(&str) -> Told, _, _) = match done {
        "started" if runs => (Told::good, "Đã bắt đầu nhập.", "The import has begun."),
        "running" if runs => (
            Told::warn,
            "Cửa hàng này đang nhập rồi. Hãy chờ xong hoặc bấm Dừng trước.",
            "An import of this shop is running already. Wait for its end or press Stop first.",
        ),
        "stopped" => {
            (Told::good, "Đã dừng. Những gì đã nhập vẫn giữ nguyên.", "Stopped. What was imported stays.")
        }
        "not_running" => (Told::warn, "Không có lần nhập nào đang chạy.", "No import is running."),
        "not_connected" => (
            Told::warn,
            "Cửa hàng chưa kết nối. Hãy kết nối lại ở phần Kết nối Haravan trước.",
            "The shop is not connected. Please connect it again under Haravan first.",
        ),
        _ => return None,
    };
    Some(tone(lang.of(vi, en)))
}
