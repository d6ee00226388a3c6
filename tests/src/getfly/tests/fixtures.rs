//! Every example answer of getfly.md §14 comes out of the simulator, value for value where the fixture fits one story.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::getfly::{Counters, Fault, SeedAccount, SourceMode};

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

fn seed(id: u64, code: &str) -> SeedAccount {
    SeedAccount { id: Some(id), account_code: Some(code.to_owned()), ..SeedAccount::default() }
}

#[tokio::test]
async fn a_customers_life_gives_the_account_fixtures() {
    let crm = Crm::start().await;
    let created = crm.create_account(fixture("account_create_request")).await.expect(200);
    assert_eq!(created, fixture("account_create_response"));
    let read = crm.get("/api/v6.1/account?account_code=KH%2F2026%2F000412").await.expect(200);
    assert_eq!(read, fixture("account_get_response"));

    let updated = crm.put("/api/v6.1/account", &fixture("account_update_request")).await.expect(200);
    assert_eq!(updated, fixture("account_update_response"));
    assert_eq!(crm.sim.accounts()[0].email, "thumai.moi@example.com");

    let managed = crm
        .put("/api/v6.1/account/change_account_manager", &fixture("account_change_manager_request"))
        .await
        .expect(200);
    assert_eq!(managed, fixture("account_change_manager_response"));
}

#[tokio::test]
async fn refused_customers_give_the_refusal_fixtures() {
    let crm = Crm::start().await;
    let again = json!({"account_name": "Ai đó", "phone_office": "0975666231"});
    crm.create_account(again.clone()).await.expect(200);
    assert_eq!(crm.create_account(again).await.expect(400), fixture("account_create_duplicate_400"));
    let nameless = crm.create_account(json!({"phone_office": "0900000001"})).await;
    assert_eq!(nameless.expect(422), fixture("account_validation_422"));
    crm.sim.settings_mut(|settings| settings.source_mode = SourceMode::Conflict);
    let clash = crm.create_account(fixture("account_create_minimal_request")).await;
    assert_eq!(clash.expect(400), fixture("account_create_source_conflict_400"));
    assert_eq!(crm.sim.accounts().len(), 1);
}

#[tokio::test]
async fn a_restore_gives_the_restore_fixture() {
    let crm = Crm::start().await;
    crm.sim.add_account(seed(120, "KH/2026/000120"));
    assert!(crm.sim.delete_account("KH/2026/000120"));
    let restored = crm.post("/api/v6.1/account/restore", &fixture("account_restore_request")).await;
    assert_eq!(restored.expect(200), fixture("account_restore_response"));
}

#[tokio::test]
async fn the_tenants_own_lists_are_the_fixtures() {
    let crm = Crm::start().await;
    for (path, name) in [
        ("/api/v6.1/account_sources", "account_sources_response"),
        ("/api/v6.1/account/custom_fields", "custom_fields_response"),
        ("/api/v6.1/users?limit=100", "users_list_response"),
        ("/api/v6/payment_methods?fields=method_name", "payment_methods_response"),
        ("/api/v6.1/accounts?fields=id", "accounts_list_empty_response"),
    ] {
        assert_eq!(crm.get(path).await.expect(200), fixture(name), "{path}");
    }
}

#[tokio::test]
async fn customer_lists_have_the_fixtures_shape() {
    let crm = Crm::start().await;
    for id in 9001..=9003_u64 {
        crm.sim.add_account(SeedAccount {
            account_name: format!("Khách thử {id}"),
            phone_office: format!("090000{id}"),
            email: format!("khach{id}@example.com"),
            ..seed(id, &format!("KH/2026/000{}", id - 8589))
        });
    }
    let page = crm
        .get("/api/v6.1/accounts?fields=account_code,account_name,phone_office,email&limit=2")
        .await
        .expect(200);
    assert_eq!(page, fixture("accounts_list_page1_response"));

    crm.sim.settings_mut(|settings| settings.fields_optional = true);
    let sorted = crm.get("/api/v6.1/accounts?sorting[id]=desc").await.expect(200);
    let expected = fixture("accounts_list_response");
    assert_eq!(keys(&sorted), keys(&expected));
    assert_eq!(sorted["sorted"], expected["sorted"]);
    assert_eq!(keys(&sorted["data"][0]), keys(&expected["data"][0]));
}

#[tokio::test]
async fn a_product_create_gives_the_product_fixture() {
    let crm = Crm::start().await;
    let created = crm.post("/api/v6.1/product", &fixture("product_create_request")).await.expect(200);
    assert_eq!(created, fixture("product_create_response"));
    let read = crm.get("/api/v6.1/product?product_code=ST-LS-A5-XR").await.expect(200);
    assert_eq!(read["unit_name"], "Cái");
}

#[tokio::test]
async fn a_paid_order_gives_the_order_fixtures() {
    let counters = Counters { product_id: 2514, ..Counters::default() };
    let crm = Crm::at("2026-06-12T07:02:50Z", Settings { counters, ..Settings::default() }).await;
    crm.sim.add_account(seed(7377, "KH/2025/003377"));
    let request = fixture("sale_order_create_paid_request");
    assert_eq!(crm.create_order(request.clone()).await.expect(200), fixture("sale_order_create_response"));
    let expected = fixture("sale_order_get_response");
    let fields: Vec<String> = keys(&expected).into_iter().collect();
    let path = format!("/api/v6.1/sale_order?order_code=HRV-1791400077&fields={}", fields.join(","));
    assert_eq!(crm.get(&path).await.expect(200), expected);
    assert_eq!(crm.create_order(request).await.expect(400), fixture("sale_order_create_duplicate_400"));
    let approved = crm.put("/api/v6.1/sale_order/approve", &fixture("sale_order_approve_request")).await;
    assert_eq!(approved.expect(200), fixture("sale_order_approve_response"));
    let list = crm.get("/api/v6.1/sale_orders").await.expect(200);
    let expected = fixture("sale_orders_list_response");
    assert_eq!(keys(&list), keys(&expected));
    assert_eq!(keys(&list["data"][0]), keys(&expected["data"][0]));
    assert_eq!(keys(&list["data"][0]["order_details"][0]), keys(&expected["data"][0]["order_details"][0]));
}

#[tokio::test]
async fn an_unpaid_order_gives_the_order_fixtures() {
    let counters = Counters { order_id: 5500, line_id: 299, payment_id: 802, ..Counters::default() };
    let crm = Crm::at("2026-06-12T03:25:47Z", Settings { counters, ..Settings::default() }).await;
    crm.sim.add_account(seed(8990, "KH/2026/000401"));
    crm.create_order(fixture("sale_order_create_unpaid_request")).await.expect(200);
    let code = "HRV-1791400031";
    assert_eq!(crm.order(code).await.expect(200), fixture("sale_order_get_unpaid_response"));

    let updated = crm.put("/api/v6.1/sale_order", &fixture("sale_order_update_request")).await.expect(200);
    assert_eq!(updated["data"], json!({"order_id": 5500, "order_code": code}));
    let read = crm.order(code).await.expect(200);
    assert_eq!((read["assigned_user"].as_u64(), &read["real_amount"]), (Some(7), &json!(333_000)));
    assert_eq!(read["lading_code"], "GHN900123456");

    let request = fixture("sale_order_payment_direct_request");
    let paid = crm.post("/api/v6.1/sale_order_payment/direct", &request).await.expect(200);
    assert_eq!(paid, fixture("sale_order_payment_direct_response"));
    assert_eq!(crm.order(code).await.expect(200)["payment_status"], "Đã thanh toán");

    let cancelled = crm.put("/api/v6.1/sale_order/cancel", &fixture("sale_order_cancel_request")).await;
    assert_eq!(cancelled.expect(200), fixture("sale_order_cancel_response"));
}

#[tokio::test]
async fn errors_have_the_bodies_of_the_error_fixtures() {
    let crm = Crm::start().await;
    let path = "/api/v6.1/users?fields=user_id";
    let stranger = crm.client.get(format!("{}{path}", crm.served.base_url()));
    assert_eq!(Crm::send(stranger.try_clone().unwrap()).await.expect(401), fixture("error_401"));
    assert_eq!(Crm::send(stranger.header("X-API-KEY", "khac")).await.expect(401), fixture("error_401"));
    crm.sim.settings_mut(|settings| settings.key_forbidden = true);
    assert_eq!(crm.get(path).await.expect(403), fixture("error_403"));
    crm.sim.settings_mut(|settings| settings.key_forbidden = false);
    assert_eq!(crm.order("HRV-0").await.expect(404), fixture("error_404"));
    crm.sim.push_fault("*", Fault::Status(429));
    assert_eq!(crm.get(path).await.expect(429), fixture("error_429"));
    crm.sim.push_fault("*", Fault::ErrorIn200);
    assert_eq!(crm.get(path).await.expect(200), fixture("error_in_200"));
}

#[tokio::test]
async fn the_older_forms_give_their_fixtures() {
    let counters = Counters { product_id: 2514, ..Counters::default() };
    let crm = Crm::with(Settings { counters, v3_on: true, ..Settings::default() }).await;
    let created = crm.post("/api/v3/account", &fixture("v3_account_create_request")).await.expect(200);
    assert_eq!(created, fixture("v3_account_create_response"));
    assert_eq!(crm.sim.accounts()[0].birthday.as_deref(), Some("1994-09-02"));

    crm.sim.add_account(seed(7377, "KH/2025/003377"));
    let created = crm.post("/api/v3/orders", &fixture("v3_order_create_request")).await.expect(200);
    assert_eq!(created, fixture("v3_order_create_response"));
    assert_eq!(crm.sim.orders()[0].f_amount, 1_260_000.into());

    crm.sim.settings_mut(|settings| settings.order_dup_mode = crate::getfly::OrderDupMode::CreateSecond);
    let created = crm.post("/api/v6/sale_orders", &fixture("v6_sale_order_create_request")).await.expect(200);
    assert_eq!(keys(&created), keys(&fixture("v6_sale_order_create_response")));
    let order = &crm.sim.orders()[1];
    assert_eq!(
        (order.order_source_name.as_str(), order.order_date.as_str()),
        ("haravan_draft_order", "2026-06-12")
    );
    assert_eq!((order.assigned_user, order.order_code.as_str()), (7, "DH00001"));
}
