//! Importing a period of history, from the page and by the API.

use std::time::Duration;

use common::store::imports::{Counts, Import, ImportStatus};
use local::seed::ORG;
use reqwest::Method;
use serde_json::{Value, json};

use super::Browser;
use crate::harness::World;

const WHOLE_JUNE: [(&str, &str); 4] =
    [("from", "2026-06-01"), ("to", "2026-06-10"), ("orders", "on"), ("customers", "on")];

const RELOADS: &str = "<meta http-equiv=\"refresh\" content=\"5\">";

fn place(rest: &str) -> String {
    format!("/console/import/{ORG}{rest}")
}

fn twin() -> String {
    format!("/api/v1/haravan/shops/{ORG}/import")
}

async fn stored(world: &World) -> Option<Import> {
    common::import::import_state(&world.stack.store, &world.tenant(), ORG).await.unwrap()
}

async fn running(world: &World) -> Browser {
    let mut browser = world.admin().await;
    browser.open("/console/import").await;
    let led = browser.submit(&place(""), &WHOLE_JUNE).await;
    assert_eq!(led.leads_to(), "/console/import?done=started");
    browser
}

#[tokio::test]
async fn an_import_is_started_with_whole_days_of_vietnam_and_who_asked() {
    let world = World::start().await;
    world.settings(|settings| settings.writes_per_second = 1.0).await;
    let mut browser = world.admin().await;
    let page = browser.open("/console/import").await;
    page.says("<a href=\"/console/import\" aria-current=\"page\">Nhập lịch sử</a>")
        .says("Hạt Mầm")
        .says("Bắt đầu nhập")
        .says("đơn hàng mới không bao giờ phải chờ")
        .says("khoảng 900 đơn hàng hoặc 1.800 khách hàng")
        .says("type=\"date\"")
        .hides(RELOADS)
        .hides("<progress");
    let led = browser.submit(&place(""), &WHOLE_JUNE).await;
    assert_eq!(led.leads_to(), "/console/import?done=started");
    let import = stored(&world).await.unwrap();
    assert_eq!(import.from, "2026-05-31T17:00:00Z".parse().unwrap());
    assert_eq!(import.to, "2026-06-10T17:00:00Z".parse().unwrap());
    assert!(import.orders && import.customers);
    let by = import.started_by.unwrap();
    assert_eq!((by.id.as_str(), by.name.as_deref()), ("7", Some("Lan <b>Anh</b>")));
}

#[tokio::test]
async fn a_running_import_shows_how_far_it_is_and_the_page_reloads_by_itself_if_asked() {
    let world = World::start().await;
    let mut browser = running(&world).await;
    browser.open("/console/import?auto=1").await.says(RELOADS).says("Thôi tự tải lại");
    let page = browser.open("/console/import?done=started").await;
    page.hides(RELOADS)
        .says("Tự tải lại mỗi 5 giây")
        .says("Đã bắt đầu nhập.")
        .says("Đang nhập")
        .says("01/06/2026 – 10/06/2026")
        .says("đơn hàng, khách hàng")
        .says("Lan &#60;b&#62;Anh&#60;/b&#62;, 12/06/2026 15:3")
        .says("0/? đã xem")
        .says("Dừng")
        .hides("Bắt đầu nhập");

    let (imports, import) = (&world.stack.store.imports, stored(&world).await.unwrap());
    assert!(imports.note_total(&import, 120).await.unwrap());
    let counts = Counts { seen: 45, stored: 40, skipped: 5 };
    assert!(imports.advance(&import, import.stage, 9, counts).await.unwrap());
    browser
        .open("/console/import")
        .await
        .says(" value=\"45\" max=\"120\"></progress>")
        .says("45/120 đã xem · 40 đã lưu · 5 bỏ qua")
        .says("Còn tối đa khoảng")
        .hides("Đã bắt đầu nhập.");
    browser.speak("en").await;
    let page = browser.open("/console/import").await;
    page.says("45/120 seen · 40 stored · 5 skipped").says("Running").says("live orders are never held up");
}

#[tokio::test]
async fn an_ended_import_says_how_it_ended_and_another_can_be_started() {
    for (why, words) in
        [(None, "Đã nhập xong"), (Some("not_allowed"), "Haravan không cho đọc loại dữ liệu này")]
    {
        let world = World::start().await;
        let mut browser = running(&world).await;
        let import = stored(&world).await.unwrap();
        let now = common::clock::Clock::now(&*world.clock);
        assert!(world.stack.store.imports.finish(&import, why, now).await.unwrap());
        let page = browser.open("/console/import?done=started").await;
        page.says(words).says("Kết thúc").says("Bắt đầu nhập").hides(RELOADS).hides("Đã bắt đầu nhập.");
        assert_eq!(browser.submit(&place(""), &WHOLE_JUNE).await.leads_to(), "/console/import?done=started");
    }
}

#[tokio::test]
async fn an_import_is_stopped_and_what_it_stored_stays() {
    let world = World::start().await;
    let mut browser = running(&world).await;
    browser.open("/console/import").await;
    assert_eq!(browser.submit(&place("/stop"), &[]).await.leads_to(), "/console/import?done=stopped");
    assert_eq!(stored(&world).await.unwrap().status, ImportStatus::Cancelled);
    let page = browser.open("/console/import?done=stopped").await;
    page.says("Những gì đã nhập vẫn giữ nguyên.").says("Đã dừng").says("Bắt đầu nhập").hides(RELOADS);
    assert_eq!(browser.submit(&place("/stop"), &[]).await.leads_to(), "/console/import?done=not_running");
    browser.open("/console/import?done=not_running").await.says("Không có lần nhập nào đang chạy.");
}

#[tokio::test]
async fn wrong_days_are_told_beside_the_fields_and_what_was_entered_stays() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    browser.open("/console/import").await;
    for (from, to, wrong) in [
        ("", "2026-06-10", "from"),
        ("2026-06-01", "", "to"),
        ("2026-02-30", "2026-06-10", "from"),
        ("10/06/2026\"<b>", "2026-06-10", "from"),
        ("2026-06-10", "2026-06-09", "to"),
        ("2026-06-10", "2026-06-13", "to"),
        ("2021-06-01", "2026-06-10", "from"),
    ] {
        let page = browser.submit(&place(""), &[("from", from), ("to", to), ("customers", "on")]).await;
        assert_eq!(page.status, 422, "{from} {to}");
        page.says(&format!("id=\"{wrong}-{ORG}-error\"")).says("aria-invalid=\"true\"").hides("<b>");
        assert_eq!(page.field("to").unwrap(), to);
        if !from.contains('"') {
            assert_eq!(page.field("from").unwrap(), from);
        }
        page.says("name=\"customers\" value=\"on\" checked").hides("name=\"orders\" value=\"on\" checked");
    }
    let page = browser.submit(&place(""), &WHOLE_JUNE[..2]).await;
    page.says(&format!("id=\"orders-{ORG}-error\"")).says("Hãy chọn ít nhất một loại");
    assert!(stored(&world).await.is_none());
}

#[tokio::test]
async fn a_second_start_while_one_runs_is_told_and_changes_nothing() {
    let world = World::start().await;
    let mut browser = running(&world).await;
    let first = stored(&world).await.unwrap();
    let led = browser.submit(&place(""), &WHOLE_JUNE).await;
    assert_eq!(led.leads_to(), "/console/import?done=running");
    browser.open("/console/import?done=running").await.says("Cửa hàng này đang nhập rồi.");
    assert_eq!(stored(&world).await.unwrap().run, first.run);
}

#[tokio::test]
async fn a_shop_that_is_not_connected_imports_nothing() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    browser.open("/console/import").await;
    let (_, receipt) = world.call(Method::DELETE, &format!("/api/v1/haravan/shops/{ORG}"), None).await;
    assert_eq!(receipt["ended"], true);
    assert_eq!(
        browser.submit(&place(""), &WHOLE_JUNE).await.leads_to(),
        "/console/import?done=not_connected"
    );
    let page = browser.open("/console/import?done=not_connected").await;
    page.says("Cửa hàng chưa kết nối.").hides("Bắt đầu nhập");
    let wish = json!({"from": "2026-06-01", "to": "2026-06-02", "orders": true});
    let (status, problem) = world.call(Method::POST, &twin(), Some(wish)).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("not_connected")));
}

#[tokio::test]
async fn a_form_of_another_page_starts_and_stops_nothing() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    browser.open("/console/import").await;
    assert_eq!(browser.post(&place(""), &WHOLE_JUNE, &[]).await.status, 403);
    assert!(stored(&world).await.is_none());
    let mut browser = running(&world).await;
    assert_eq!(browser.post(&place("/stop"), &[("csrf", "guessed")], &[]).await.status, 403);
    assert_eq!(stored(&world).await.unwrap().status, ImportStatus::Running);
}

#[tokio::test]
async fn a_shop_of_another_tenant_is_not_found() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    browser.open("/console/import").await;
    for org in ["200000000001", "x", "0"] {
        for rest in ["", "/stop"] {
            let page = browser.submit(&format!("/console/import/{org}{rest}"), &WHOLE_JUNE).await;
            assert_eq!(page.status, 404, "{org}{rest}");
            browser.open("/console/import").await;
        }
        for method in [Method::POST, Method::GET, Method::DELETE] {
            let path = format!("/api/v1/haravan/shops/{org}/import");
            let (status, problem) = world.call(method, &path, None).await;
            assert_eq!((status.as_u16(), problem["code"].as_str()), (404, Some("no_such_shop")));
        }
    }
}

#[tokio::test]
async fn the_api_starts_shows_and_stops_as_the_page_does() {
    let world = World::start().await;
    let (status, problem) = world.call(Method::GET, &twin(), None).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (404, Some("no_import_yet")));
    let (status, problem) = world.call(Method::DELETE, &twin(), None).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("not_running")));
    let (status, problem) = world.call(Method::POST, &twin(), Some(json!({"from": "2026-06-01"}))).await;
    let fields: Vec<&Value> =
        problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!((status.as_u16(), fields), (422, vec![&json!("to"), &json!("orders")]));

    let wish = json!({"from": "2026-06-01", "to": "2026-06-10", "orders": true, "admin_name": "Lan"});
    let (status, begun) = world.call(Method::POST, &twin(), Some(wish.clone())).await;
    assert_eq!((status.as_u16(), &begun["status"]), (202, &json!("running")), "{begun}");
    assert_eq!((&begun["from"], &begun["to"]), (&json!("2026-06-01"), &json!("2026-06-10")));
    assert_eq!((&begun["started_by"], &begun["total"]), (&json!("Lan"), &Value::Null));
    let (status, problem) = world.call(Method::POST, &twin(), Some(wish)).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("import_running")));

    world.visits_after(Duration::from_secs(5)).await;
    let (status, shown) = world.call(Method::GET, &twin(), None).await;
    assert_eq!((status.as_u16(), shown["total"].is_number()), (200, true), "{shown}");
    let mut browser = world.admin().await;
    browser.open("/console/import").await.says("Lan, 12/06/2026");
}

#[tokio::test]
async fn the_api_stops_a_running_import() {
    let world = World::start().await;
    let _browser = running(&world).await;
    let (status, stopped) = world.call(Method::DELETE, &twin(), None).await;
    assert_eq!((status.as_u16(), &stopped["status"]), (200, &json!("cancelled")), "{stopped}");
    assert!(stopped["ended_at"].is_string());
}
