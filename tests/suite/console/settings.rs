//! How things are done, and who changes it.

use common::settings::{ResponseMode, Settings};
use connect_tests::getfly::{Fault, MissingVersion};
use reqwest::Method;
use serde_json::json;

use super::{Answer, Browser};
use crate::harness::{World, fixture};
use crate::verbs::*;

const USERS: &str = "GET /api/v6.1/users";

async fn settings(world: &World) -> Settings {
    world.stack.store.tenants.get(&world.tenant()).await.unwrap().unwrap().settings
}

/// The fields of the form as they stand on the page.
fn fields(page: &Answer) -> Vec<(String, String)> {
    let (_, html) = page.html.split_once("action=\"/console/settings\"").unwrap();
    let mut fields = Vec::new();
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        Some(value.replace("&#61;", "=").replace("&#38;", "&"))
    };
    for (at, _) in html.match_indices(" name=\"") {
        let start = html[..at].rfind('<').unwrap();
        let (tag, rest) = html[start..].split_once('>').unwrap();
        let name = attribute(tag, "name").unwrap();
        let value = match tag.split(' ').next().unwrap() {
            "<textarea" => Some(rest.split("</textarea>").next().unwrap().trim_start().to_owned()),
            "<select" => {
                let options = rest.split("</select>").next().unwrap();
                let chosen = options.split("<option").find(|option| option.contains(" selected"));
                chosen.and_then(|option| attribute(option, "value"))
            }
            _ if tag.contains("type=\"checkbox\"") => tag.contains(" checked").then(|| "on".to_owned()),
            _ => attribute(tag, "value"),
        };
        if let Some(value) = value.filter(|_| name != "csrf") {
            fields.push((name, value));
        }
    }
    fields
}

/// Opens the page and sends its form with some fields changed.
async fn change(browser: &mut Browser, changes: &[(&str, &str)]) -> Answer {
    let page = browser.open("/console/settings").await;
    send(browser, fields(&page), changes).await
}

async fn send(browser: &mut Browser, mut fields: Vec<(String, String)>, changes: &[(&str, &str)]) -> Answer {
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.submit("/console/settings", &fields).await
}

#[tokio::test]
async fn a_form_sent_as_it_is_changes_nothing() {
    let world = World::start().await;
    world
        .settings(|settings| {
            settings.source_map.insert("Facebook".to_owned(), "Mạng xã hội".to_owned());
            settings.staff_map.insert("7".to_owned(), "thao.vo".to_owned());
            settings.orders = false;
        })
        .await;
    let before = settings(&world).await;
    let mut browser = world.admin().await;
    assert_eq!(change(&mut browser, &[]).await.leads_to(), "/console/settings?done=saved");
    assert_eq!(settings(&world).await, before);
}

#[tokio::test]
async fn every_setting_can_be_changed_and_is_heeded() {
    let world = World::start().await;
    world.getfly().add_user(crm_user("huy.ngo", "huy@example.com"));
    // Placed by staff whom nobody knows yet.
    let staff = world.carry("orders/create", fixture::PAID_ORDER).await;
    let id = serde_json::from_slice::<serde_json::Value>(fixture::PAID_ORDER).unwrap()["user_id"].to_string();
    drop(staff);
    let mut browser = world.admin().await;
    let page = browser.open("/console/settings").await;
    page.says(&format!("Nhân viên Haravan {id} (lên đơn"))
        .says("Thấy trong các đơn gần đây")
        .says("huy.ngo (huy@example.com)");
    let staff = format!("staff.{id}");
    let saved = change(
        &mut browser,
        &[
            ("unique_email", ""),
            ("customers", ""),
            ("auto_approve", "on"),
            ("default_manager", "huy.ngo"),
            ("customer_source", "Haravan shop"),
            ("source_map", "web = Website\r\nFacebook = Mạng xã hội\r\n"),
            ("gateway_map", "COD = Thu hộ"),
            (&staff, "huy.ngo"),
            ("other_staff_id", "77"),
            ("other_staff_login", "huy.ngo"),
            ("currency_rates", "USD = 25400"),
            ("foreign_currency_as_written", "on"),
            ("cash_method", "Tiền"),
            ("transfer_method", "CK"),
            ("unit_name", "Hộp"),
            ("product_category", "Shop"),
            ("product_origin", "VN"),
            ("product_manufacturer", "Xưởng"),
            ("writes_per_second", "2,5"),
            ("response_mode", "query"),
        ],
    )
    .await;
    assert_eq!(saved.leads_to(), "/console/settings?done=saved");
    browser.open("/console/settings?done=saved").await.says("Đã lưu cài đặt.").says("Facebook = Mạng xã hội");
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let expected = Settings {
        unique_phone: true,
        unique_email: false,
        customers: false,
        orders: true,
        default_manager: Some("huy.ngo".to_owned()),
        customer_source: "Haravan shop".to_owned(),
        source_map: [pair("web", "Website"), pair("Facebook", "Mạng xã hội")].into(),
        gateway_map: [pair("cod", "Thu hộ")].into(),
        currency_rates: [pair("USD", "25400")].into(),
        foreign_currency_as_written: true,
        cash_method: "Tiền".to_owned(),
        transfer_method: "CK".to_owned(),
        staff_map: [pair(&id, "huy.ngo"), pair("77", "huy.ngo")].into(),
        unit_name: "Hộp".to_owned(),
        product_category: "Shop".to_owned(),
        product_origin: "VN".to_owned(),
        product_manufacturer: "Xưởng".to_owned(),
        auto_approve: true,
        writes_per_second: 2.5,
        response_mode: ResponseMode::Query,
    };
    assert_eq!(settings(&world).await, expected);
}

#[tokio::test]
async fn every_wrong_value_is_told_beside_its_field_and_what_was_entered_stays() {
    let world = World::start().await;
    let before = settings(&world).await;
    let mut browser = world.admin().await;
    let long = "x".repeat(256);
    let cases: Vec<(&str, &str)> = vec![
        ("writes_per_second", "fast"),
        ("writes_per_second", "0"),
        ("writes_per_second", "1001"),
        ("writes_per_second", "NaN"),
        ("writes_per_second", ""),
        ("customer_source", ""),
        ("customer_source", &long),
        ("cash_method", ""),
        ("transfer_method", " "),
        ("unit_name", &long),
        ("product_category", ""),
        ("product_origin", ""),
        ("product_manufacturer", ""),
        ("source_map", "no pair"),
        ("source_map", "= to"),
        ("gateway_map", "from ="),
        ("default_manager", "no.such.user"),
        ("staff.7", "no.such.user"),
        ("other_staff_id", "abc"),
    ];
    for (field, value) in cases {
        let page = change(&mut browser, &[(field, value)]).await;
        assert_eq!(page.status, 422, "{field}={value}");
        page.says(&format!("id=\"{field}-error\"")).says("Chưa lưu");
        let value = value.trim();
        assert!(value.is_empty() || page.html.contains(value), "{field}={value} is lost");
    }
    let page = change(&mut browser, &[("other_staff_id", "77")]).await;
    page.says("id=\"other_staff_login-error\"");
    assert_eq!(settings(&world).await, before);
}

#[tokio::test]
async fn settings_that_somebody_else_changed_are_not_overwritten_unawares() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let page = browser.open("/console/settings").await;
    let old = fields(&page);
    world.settings(|settings| settings.unit_name = "Hộp".to_owned()).await;

    let conflict = send(&mut browser, old, &[("customer_source", "mine")]).await;
    assert_eq!(conflict.status, 409);
    conflict.says("có người khác vừa đổi cài đặt").says("mine");
    assert_eq!(
        (settings(&world).await.unit_name.as_str(), settings(&world).await.customer_source.as_str()),
        ("Hộp", "haravan")
    );
    // Sent once more, knowingly, it replaces what the other one saved.
    let again = send(&mut browser, fields(&conflict), &[]).await;
    assert_eq!(again.leads_to(), "/console/settings?done=saved");
    assert_eq!(
        (settings(&world).await.unit_name.as_str(), settings(&world).await.customer_source.as_str()),
        ("Cái", "mine")
    );
}

#[tokio::test]
async fn another_change_of_the_record_is_no_conflict() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let page = browser.open("/console/settings").await;
    let old = fields(&page);
    world.rotate_client_secret("another").await;
    let saved = send(&mut browser, old, &[("unit_name", "Hộp")]).await;
    assert_eq!(saved.leads_to(), "/console/settings?done=saved");
    world.clock.advance(common::tenant::FRESH);
    let org = local::seed::ORG.to_string();
    assert_eq!(
        world.post_as("another", "orders/create", &org, fixture::ORDER).await,
        200,
        "the secret is kept"
    );
}

#[tokio::test]
async fn without_the_crms_users_a_login_is_typed_in() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    world.getfly().settings_mut(|settings| settings.unauthorised_until_cleared = true);
    let page = browser.open("/console/settings").await;
    page.says("CRM chưa cho biết danh sách người dùng").says("<input id=\"default_manager\"");
    let saved = change(&mut browser, &[("default_manager", "somebody.new")]).await;
    saved.leads_to();
    assert_eq!(settings(&world).await.default_manager.as_deref(), Some("somebody.new"));
}

#[tokio::test]
async fn the_test_of_the_crm_key_says_what_happened() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let test = "/console/settings/crm";
    browser.submit(test, &[]).await.says("CRM trả lời và nhận khóa API.");
    world.getfly().settings_mut(|settings| settings.unauthorised_until_cleared = true);
    browser.submit(test, &[]).await.says("CRM từ chối khóa API (mã 401)");
    world.getfly().settings_mut(|settings| settings.unauthorised_until_cleared = false);
    world.getfly().settings_mut(|settings| settings.no_v61 = MissingVersion::Html200);
    browser.submit(test, &[]).await.says("Không gọi được CRM hoặc CRM trả lời không đúng.");
    world.getfly().settings_mut(|settings| settings.no_v61 = MissingVersion::Off);
    world.getfly().push_fault(USERS, Fault::Status(404));
    browser.submit(test, &[]).await.says("CRM chưa có API v6.1.");
    let mut record = world.stack.store.tenants.get(&world.tenant()).await.unwrap().unwrap();
    record.crm_url = "http://10.0.0.1/".to_owned();
    assert!(world.stack.store.tenants.put(&record).await.unwrap());
    browser.submit(test, &[]).await.says("Địa chỉ CRM không được phép gọi");
    let (_, tested) = world.call(Method::POST, "/api/v1/crm/test", None).await;
    assert_eq!(
        (tested["works"].as_bool(), tested["code"].as_str()),
        (Some(false), Some("address_not_allowed"))
    );
}

#[tokio::test]
async fn the_api_changes_what_it_is_given_and_names_what_is_wrong() {
    let world = World::start().await;
    let (_, read) = world.call(Method::GET, "/api/v1/settings", None).await;
    let put = |version: &str, settings: serde_json::Value| {
        let body = json!({"version": version, "settings": settings});
        let world = &world;
        async move { world.call(Method::PUT, "/api/v1/settings", Some(body)).await }
    };
    let version = read["version"].as_str().unwrap().to_owned();
    let (status, problem) =
        put(&version, json!({"writes_per_second": 0, "orders": false, "unit_name": ""})).await;
    assert_eq!(status, 422);
    let wrong: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(wrong, ["unit_name", "writes_per_second"]);
    let (status, problem) = put(&version, json!({"colour": "red"})).await;
    assert_eq!((status.as_u16(), problem["errors"][0]["field"].as_str()), (422, Some("colour")));
    let (status, changed) = put(&version, json!({"orders": false})).await;
    assert_eq!((status.as_u16(), changed["settings"]["orders"].as_bool()), (200, Some(false)));
    let (status, problem) = put(&version, json!({"orders": true})).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("settings_changed")));
    assert!(!settings(&world).await.orders);
}
