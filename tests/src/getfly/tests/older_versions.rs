use serde_json::json;

use super::*;
use crate::getfly::{MissingVersion, OrderDupMode, SeedAccount, SourceMode};

#[tokio::test]
async fn a_release_without_v61_says_so_in_either_way() {
    let crm = Crm::start().await;
    crm.sim.settings_mut(|settings| settings.no_v61 = MissingVersion::NotFound);
    let missing = crm.get("/api/v6.1/users").await.expect(404);
    assert!(missing["message"].as_str().unwrap().contains("could not be found"));
    crm.sim.settings_mut(|settings| settings.no_v61 = MissingVersion::Html200);
    let html = crm.create_account(json!({"account_name": "A"})).await;
    assert!(html.status.is_success() && html.text.contains("<html>"));
    assert!(crm.sim.accounts().is_empty());
    crm.get("/api/v6/payment_methods").await.expect(200);
}

#[tokio::test]
async fn v3_is_there_only_when_switched_on_and_v6_unless_switched_off() {
    let crm = Crm::start().await;
    let body = fixture("v3_account_create_request");
    crm.post("/api/v3/account", &body).await.expect(404);
    crm.sim.settings_mut(|settings| {
        settings.v3_on = true;
        settings.v6_on = false;
    });
    crm.post("/api/v3/account", &body).await.expect(200);
    crm.get("/api/v6/payment_methods").await.expect(404);
}

#[tokio::test]
async fn a_source_of_a_v3_order_is_free_text_also_for_a_strict_tenant() {
    let crm = Crm::with(Settings { v3_on: true, ..Settings::default() }).await;
    crm.sim.settings_mut(|settings| settings.order_source_mode = SourceMode::Strict);
    crm.sim.add_account(SeedAccount {
        account_code: Some("KH/2025/003377".to_owned()),
        ..SeedAccount::default()
    });
    let mut body = fixture("v3_order_create_request");
    body["order_info"]["source_name"] = json!("nguồn tự do");
    crm.post("/api/v3/orders", &body).await.expect(200);
    let order = &crm.sim.orders()[0];
    assert_eq!((order.order_source_name.as_str(), order.order_date.as_str()), ("nguồn tự do", "2026-06-12"));
    assert_eq!(order.terms, ["Đơn Haravan #100132"]);
}

#[tokio::test]
async fn v6_needs_ids_that_exist() {
    let crm = Crm::start().await;
    let refused = crm.post("/api/v6/sale_orders", &fixture("v6_sale_order_create_request")).await;
    refused.refusal(422, "account_id");
    refused.refusal(422, "saved_order_details.0.product_id");
}

#[tokio::test]
async fn v6_lists_hide_the_payment_status() {
    let crm = Crm::start().await;
    crm.sim.settings_mut(|settings| settings.order_dup_mode = OrderDupMode::CreateSecond);
    crm.sim.add_account(SeedAccount { account_code: Some("KH-1".to_owned()), ..SeedAccount::default() });
    crm.create_order(small_order("KH-1", "HRV-1")).await.expect(200);
    let pay = json!({"order_code": "HRV-1", "amount": 1_260_000});
    crm.post("/api/v6.1/sale_order_payment/direct", &pay).await.expect(200);
    for (fields, label) in [("payment_status", ""), ("payment_status,has_pay_off", "Đã thanh toán")] {
        let list = crm.get(&format!("/api/v6/sale_orders?fields={fields}")).await.expect(200);
        assert_eq!(list["data"][0]["payment_status"], label);
    }
}
