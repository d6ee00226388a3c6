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
    crm.get("/api/v6/users").await.expect(200);
}

#[tokio::test]
async fn v3_is_there_only_when_switched_on_and_v6_unless_switched_off() {
    let crm = Crm::start().await;
    crm.get("/api/v3/accounts").await.expect(404);
    crm.sim.settings_mut(|settings| {
        settings.v3_on = true;
        settings.v6_on = false;
    });
    assert_eq!(crm.get("/api/v3/accounts").await.expect(200)["pagination"]["total_record"], 0);
    crm.get("/api/v6/users").await.expect(404);
}

#[tokio::test]
async fn v3_reads_what_v3_wrote() {
    let crm = Crm::with(Settings { v3_on: true, ..Settings::default() }).await;
    crm.sim.settings_mut(|settings| settings.order_source_mode = SourceMode::Strict);
    crm.sim.add_account(SeedAccount {
        account_code: Some("KH/2025/003377".to_owned()),
        ..SeedAccount::default()
    });
    let mut body = fixture("v3_order_create_request");
    body["order_info"]["source_name"] = json!("nguồn tự do");
    body["order_info"]["order_code"] = json!("A+B/1");
    crm.post("/api/v3/orders", &body).await.expect(200);
    let read = crm.get("/api/v3/orders/A+B%2F1").await.expect(200);
    assert_eq!(read["order_info"]["source_name"], "nguồn tự do");
    assert_eq!(read["order_info"]["payment_status"], "paid");
    assert_eq!(read["order_info"]["order_date"], "12/06/2026");
    assert_eq!(read["terms"], json!(["Đơn Haravan #100132"]));
    assert_eq!(crm.get("/api/v3/orders/detail?order_id=5501").await.expect(200), read);
    let pay = json!({"order_code": "A+B/1", "payment_info": {"amount": 5, "pay_date": "13/06/2026"}});
    crm.post("/api/v3/orders/paid", &pay).await.expect(200);
    assert_eq!(crm.sim.payments()[1].pay_date, "2026-06-13");
    crm.post("/api/v3/orders/approve", &json!({"order_code": "A+B/1"})).await.expect(200);
    let list = crm.get("/api/v3/orders?order_type=2&page=1&per_page=1").await.expect(200);
    assert_eq!(list["records"][0]["order_status"], 2);
    assert_eq!(crm.get("/api/v3/orders?order_type=1").await.expect(200)["records"], json!([]));
    crm.get("/api/v3/orders/khong-co").await.expect(404);
}

#[tokio::test]
async fn v3_customers_are_read_deleted_and_restored_by_id() {
    let crm = Crm::with(Settings { v3_on: true, ..Settings::default() }).await;
    crm.post("/api/v3/account", &fixture("v3_account_create_request")).await.expect(200);
    let read = crm.get("/api/v3/account/9001").await.expect(200);
    assert_eq!((&read["info"]["id"], &read["info"]["birthday"]), (&json!("9001"), &json!("02/09/1994")));
    assert_eq!(read["contacts"][0]["phone_home"], "0975666231");
    assert_eq!(crm.get("/api/v3/account?account_code=KH/2026/000412").await.expect(200), read);
    crm.sim.delete_account("KH/2026/000412");
    crm.get("/api/v3/account/9001").await.expect(404);
    crm.post("/api/v3/account/9001/restore", &json!({})).await.expect(200);
    crm.get("/api/v3/account/9001").await.expect(200);
}

#[tokio::test]
async fn v6_needs_ids_that_exist() {
    let crm = Crm::start().await;
    let refused = crm.post("/api/v6/sale_orders", &fixture("v6_sale_order_create_request")).await;
    refused.refusal(422, "account_id");
    refused.refusal(422, "saved_order_details.0.product_id");
    let created = crm
        .post("/api/v6/accounts", &json!({"account_name": "A", "account_manager": 7, "account_source": [12]}))
        .await
        .expect(200);
    assert_eq!(created, json!({"message": "Thêm mới thành công", "id": 9001}));
    assert_eq!((crm.sim.accounts()[0].account_manager, crm.sim.accounts()[0].account_source[0]), (7, 12));
}

#[tokio::test]
async fn v6_pays_by_id_and_lists_hide_the_payment_status() {
    let crm = Crm::start().await;
    crm.sim.settings_mut(|settings| settings.order_dup_mode = OrderDupMode::CreateSecond);
    crm.sim.add_account(SeedAccount { account_code: Some("KH-1".to_owned()), ..SeedAccount::default() });
    crm.create_order(small_order("KH-1", "HRV-1")).await.expect(200);
    let pay = json!({"amount": 1_260_000, "method_id": 2, "pay_date": "2026-06-12"});
    crm.post("/api/v6/sale_orders/5501/paid", &pay).await.expect(200);
    crm.post("/api/v6/sale_orders/9/paid", &pay).await.expect(404);
    assert_eq!(crm.sim.payments()[0].method_name, "Chuyển khoản");
    for (fields, label) in [("payment_status", ""), ("payment_status,has_pay_off", "Đã thanh toán")] {
        let list = crm.get(&format!("/api/v6/sale_orders?fields={fields}")).await.expect(200);
        assert_eq!(list["data"][0]["payment_status"], label);
    }
}
