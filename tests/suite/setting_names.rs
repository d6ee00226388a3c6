//! Names in the settings' maps, however they are spelled and whoever set them.

use common::settings::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{World, fixture};
use crate::verbs::*;

async fn settings(world: &World) -> Settings {
    world.stack.store.tenants.get(&world.tenant()).await.unwrap().unwrap().settings
}

/// A paid order of a channel, paid through a gateway.
fn order(channel: &str, code: &str, name: &str) -> Vec<u8> {
    edited(&paid_order(), |body| {
        body["source_name"] = channel.into();
        body["source"] = channel.into();
        body["gateway_code"] = code.into();
        body["gateway"] = name.into();
        if let Some(transactions) = body["transactions"].as_array_mut() {
            transactions.iter_mut().for_each(|transaction| transaction["gateway"] = name.into());
        }
    })
}

#[tokio::test]
async fn a_gateway_and_a_channel_set_by_form_api_or_operator_match_whatever_haravan_writes() {
    for (by, typed, written) in [
        ("operator", "COD", "cod"),
        ("api", "Vi\u{301}  MoMo ", "ví momo"),
        ("form", "ＶＮＰＡＹ", "VNPay"),
        ("operator", "thanh toán khi nhận hàng", "Thanh toa\u{301}n khi nhận ha\u{300}ng"),
    ] {
        let world = World::start().await;
        world.getfly().add_payment_method("Của tôi");
        let map = json!({typed: "Của tôi"});
        match by {
            "operator" => {
                for name in ["gateway_map", "source_map"] {
                    let setting = format!("{name}={map}");
                    let set = ["tenants", "set", "hat-mam", "--setting", &setting];
                    assert_eq!(world.operate(&set).await.code, 0, "{typed}");
                }
            }
            "api" => {
                let (_, read) = world.call(Method::GET, "/api/v1/settings", None).await;
                let change =
                    json!({"version": read["version"], "settings": {"gateway_map": map, "source_map": map}});
                assert_eq!(world.call(Method::PUT, "/api/v1/settings", Some(change)).await.0, 200, "{typed}");
            }
            _ => {
                let mut settings = settings(&world).await;
                let change = common::settings::change::SettingsChange::new();
                let text = common::settings::change::Given::Text(format!("{typed} = Của tôi"));
                let change = change.with("gateway_map", text.clone()).with("source_map", text);
                settings = change.apply(&settings, None).unwrap();
                world.settings(|stored| *stored = settings).await;
            }
        }
        world.clock.advance(common::tenant::FRESH);
        let event = world.carry("orders/create", &order(written, "", written)).await;
        let order = world.order_of(&event);
        assert_eq!(order.payment_method_name, "Của tôi", "{by}: {typed} and {written}");
        assert_eq!(order.order_source_name, "Của tôi", "{by}: {typed} and {written}");
    }
}

#[tokio::test]
async fn two_spellings_of_one_name_are_refused_by_form_api_and_operator_in_the_same_words() {
    let world = World::start().await;
    let before = settings(&world).await;
    let map = json!({"COD": "a", "cod": "b"});
    let words = "the same name";
    let setting = format!("gateway_map={map}");
    world.operate(&["tenants", "set", "hat-mam", "--setting", &setting]).await.fails_saying(words);
    let (_, read) = world.call(Method::GET, "/api/v1/settings", None).await;
    let change = json!({"version": read["version"], "settings": {"gateway_map": map}});
    let (status, problem) = world.call(Method::PUT, "/api/v1/settings", Some(change)).await;
    assert_eq!(status, 422);
    assert!(problem["errors"][0]["message"]["en"].as_str().unwrap().contains(words), "{problem}");
    let mut browser = world.admin().await;
    browser.speak("en").await;
    let page = browser.open("/console/settings").await;
    let version = page.field("version").unwrap();
    let fields = [("version", version.as_str()), ("gateway_map", "COD = a\ncod = b")];
    browser.submit("/console/settings", &fields).await.says(words);
    assert_eq!(settings(&world).await, before);
}

#[tokio::test]
async fn settings_that_were_stored_with_any_spelling_match_and_come_back_as_they_were() {
    let world = World::start().await;
    let stored: Value = json!({"COD": "Thu hộ", "Web": "x"});
    world.getfly().add_payment_method("Thu hộ");
    world.settings(|settings| settings.gateway_map = serde_json::from_value(stored.clone()).unwrap()).await;
    let event = world.carry("orders/create", &order("web", "cod", "Thanh toán khi giao hàng")).await;
    assert_eq!(world.order_of(&event).payment_method_name, "Thu hộ");
    let (_, read) = world.call(Method::GET, "/api/v1/settings", None).await;
    assert_eq!(read["settings"]["gateway_map"], stored);
    assert_carried_over(&world.carry("customers/create", fixture::CUSTOMER).await);
}
