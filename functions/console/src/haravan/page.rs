//! `/console/haravan`: what to paste at Haravan, the app's client id and secret, and the shops.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use common::haravan::subscription::WANTED;
use common::page::{Lang, Page, respond};
use jiff::Timestamp;
use serde::Deserialize;

use super::entered::{Entered, OLD_SECRET, field};
use super::report::ShopReport;
use super::setup::Setup;
use crate::Console;
use crate::form::{Fault, Field, Kind};
use crate::refusal::Trouble;
use crate::screen::{Screen, Tab, Told};
use crate::session::Visitor;
use crate::when::moment;

const HERE: &str = "/console/haravan";

#[derive(Template)]
#[template(path = "haravan.html")]
struct Shown {
    page: Page,
    screen: Screen,
    told: Option<Told>,
    setup: Setup,
    fields: Vec<Field>,
    shops: Vec<ShopReport>,
    now: Timestamp,
}

impl Shown {
    fn pasted(&self) -> [(&'static str, &str); 4] {
        [
            (
                self.screen.of("Redirect URL thứ nhất (đăng nhập)", "First redirect URL (login)"),
                &self.setup.login_url,
            ),
            (
                self.screen.of("Redirect URL thứ hai (cài đặt)", "Second redirect URL (install)"),
                &self.setup.install_url,
            ),
            (self.screen.of("Callback URL của webhook", "Webhook callback URL"), &self.setup.webhook_url),
            (self.screen.of("Verify Token của webhook", "Webhook verify token"), &self.setup.verify_token),
        ]
    }

    fn wanted(&self) -> [&'static str; 7] {
        WANTED
    }
}

/// What was done before the page was led back to.
#[derive(Deserialize)]
pub(crate) struct Before {
    #[serde(default)]
    done: String,
    #[serde(default)]
    connected: String,
}

/// Shows the page.
pub(crate) async fn show(
    State(console): State<Arc<Console>>,
    Query(before): Query<Before>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    let entered = Entered {
        client_id: visitor.record.client_id.clone().unwrap_or_default(),
        secret: String::new(),
        old_secret: "7_days".to_owned(),
    };
    let mut shown = shown(&console, &visitor, &entered, &[]).await?;
    shown.told = words_for(&before, &shown.shops, visitor.lang);
    Ok(respond(StatusCode::OK, &shown, &console.policy(&visitor.record)))
}

/// Shows the page with what was entered and what is wrong with it.
pub(super) async fn with_faults(
    console: &Console,
    visitor: &Visitor,
    entered: &Entered,
    faults: &[Fault],
) -> Result<Response, Trouble> {
    let mut shown = shown(console, visitor, entered, faults).await?;
    let (vi, en) = ("Chưa lưu: hãy sửa các ô được đánh dấu.", "Not saved: please correct the marked fields.");
    shown.told = Some(Told::bad(visitor.lang.of(vi, en)));
    Ok(respond(StatusCode::UNPROCESSABLE_ENTITY, &shown, &console.policy(&visitor.record)))
}

/// Shows the page with something told at its top.
pub(super) async fn told(
    console: &Console,
    visitor: &Visitor,
    status: StatusCode,
    told: Told,
) -> Result<Response, Trouble> {
    let entered = Entered {
        client_id: visitor.record.client_id.clone().unwrap_or_default(),
        secret: String::new(),
        old_secret: "7_days".to_owned(),
    };
    let mut shown = shown(console, visitor, &entered, &[]).await?;
    shown.told = Some(told);
    Ok(respond(status, &shown, &console.policy(&visitor.record)))
}

async fn shown(
    console: &Console,
    visitor: &Visitor,
    entered: &Entered,
    faults: &[Fault],
) -> Result<Shown, Trouble> {
    let setup = Setup::of(console, &visitor.record).await?;
    let shops = console.store.connections.shops(&visitor.record.id).await?;
    let mut shops: Vec<ShopReport> = shops.iter().map(ShopReport::of).collect();
    shops.sort_by_key(|shop| !shop.is_live());
    let (page, screen) = Screen::new(visitor, Tab::Haravan, HERE);
    let fields = fields(visitor.lang, &setup, entered, faults);
    Ok(Shown { page, screen, told: None, setup, fields, shops, now: console.clock.now() })
}

fn fields(lang: Lang, setup: &Setup, entered: &Entered, faults: &[Fault]) -> Vec<Field> {
    let id = Kind::Line { value: entered.client_id.clone() };
    let kept = match (setup.has_secret, setup.previous_secret_until) {
        (false, _) => lang
            .of("Dán từ trang ứng dụng của Haravan.", "Paste it from the app's page at Haravan.")
            .to_owned(),
        (true, None) => lang
            .of(
                "Đã lưu, không hiện lại. Để trống nếu không đổi.",
                "Saved and never shown again. Leave it empty to keep it.",
            )
            .to_owned(),
        (true, Some(until)) => format!(
            "{} {}.",
            lang.of(
                "Đã lưu, không hiện lại. Để trống nếu không đổi. Secret cũ còn được nhận đến",
                "Saved and never shown again. Leave it empty to keep it. The old secret is accepted until",
            ),
            moment(until)
        ),
    };
    let mut fields = vec![
        Field::new(field::CLIENT_ID, "Client ID (App Id)", id),
        Field::new(field::SECRET, "Client Secret (App Secret)", Kind::Secret).hint(&kept),
    ];
    if setup.has_secret {
        let option = |(word, days): &(&str, u64)| {
            let label = match (days, lang) {
                (0, Lang::Vi) => "Không nhận nữa, ngay bây giờ".to_owned(),
                (0, Lang::En) => "Not at all, from now on".to_owned(),
                (days, Lang::Vi) => format!("Thêm {days} ngày"),
                (1, Lang::En) => "For 1 more day".to_owned(),
                (days, Lang::En) => format!("For {days} more days"),
            };
            ((*word).to_owned(), label)
        };
        let kind = Kind::Choice {
            value: entered.old_secret.clone(),
            options: OLD_SECRET.iter().map(option).collect(),
        };
        let label =
            lang.of("Khi đổi secret, còn nhận secret cũ", "When the secret changes, accept the old one");
        fields.push(Field::new(field::OLD_SECRET, label, kind).hint(lang.of(
            "Haravan có thể còn ký bằng secret cũ một thời gian.",
            "Haravan may sign with the old secret for a while.",
        )));
    }
    fields.into_iter().map(|field| field.with(lang, faults)).collect()
}

fn words_for(before: &Before, shops: &[ShopReport], lang: Lang) -> Option<Told> {
    if !before.connected.is_empty() {
        let shop = shops.iter().find(|shop| shop.org_id.to_string() == before.connected)?;
        let (vi, en) = ("Kết nối thành công với", "Connected with");
        let then = if shop.missing_topics.is_none() {
            lang.of(" Bước cuối: bấm Đăng ký webhook.", " One last step: press Register webhook.")
        } else {
            ""
        };
        return shop
            .is_connected()
            .then(|| Told::good(&format!("{} {}.{then}", lang.of(vi, en), shop.title())));
    }
    let (tone, vi, en): (fn(&str) -> Told, _, _) = match before.done.as_str() {
        "saved" => (Told::good, "Đã lưu.", "Saved."),
        "app_first" => (
            Told::warn,
            "Hãy nhập Client ID và Client Secret trước khi kết nối.",
            "Please enter Client ID and Client Secret before connecting.",
        ),
        "subscribed" => (
            Told::good,
            "Đã đăng ký webhook. Haravan sẽ gửi đủ các sự kiện cần thiết.",
            "Webhook registered. Haravan will send all events that are needed.",
        ),
        "topics_missing" => (
            Told::warn,
            "Đã đăng ký webhook, nhưng Haravan chưa gửi đủ các sự kiện cần thiết: xem phần còn thiếu bên dưới, tích thêm quyền ở trang ứng dụng rồi kết nối lại.",
            "Webhook registered, but Haravan does not send all events that are needed: see what is missing below, tick the scopes on the app's page and connect again.",
        ),
        "not_connected" => (
            Told::warn,
            "Cửa hàng chưa kết nối. Hãy bấm Kết nối lại trước.",
            "The shop is not connected. Please connect it again first.",
        ),
        _ => return None,
    };
    Some(tone(lang.of(vi, en)))
}
