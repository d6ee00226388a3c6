use serde_json::json;

use super::*;
use crate::getfly::{OrderAnswer, OrderDupMode, ProductMode, SeedAccount, SourceMode};

async fn shop() -> Crm {
    let crm = Crm::start().await;
    crm.sim.add_account(SeedAccount {
        account_code: Some("KH-1".to_owned()),
        account_name: "Lê Đăng Khoa".to_owned(),
        phone_office: "0918222407".to_owned(),
        ..SeedAccount::default()
    });
    crm
}

#[tokio::test]
async fn an_order_without_a_code_gets_one_from_the_counter() {
    let crm = shop().await;
    let mut body = small_order("KH-1", "");
    for code in ["DH00001", "DH00002"] {
        body.as_object_mut().unwrap().remove("order_code");
        let created = crm.create_order(body.clone()).await.expect(200);
        assert_eq!(created["data"]["order_code"], code);
    }
}

#[tokio::test]
async fn the_same_order_code_is_refused_or_made_twice_as_the_tenant_is_set() {
    let crm = shop().await;
    crm.create_order(small_order("KH-1", "HRV-1")).await.expect(200);
    crm.put("/api/v6.1/sale_order/cancel", &json!({"order_code": "HRV-1"})).await.expect(200);
    crm.create_order(small_order("KH-1", "HRV-1")).await.refusal(400, "order_code");
    crm.sim.settings_mut(|settings| settings.order_dup_mode = OrderDupMode::CreateSecond);
    crm.create_order(small_order("KH-1", "HRV-1")).await.expect(200);
    assert_eq!(crm.sim.orders_coded("HRV-1").len(), 2);
    assert_eq!(crm.order("HRV-1").await.expect(200)["id"], 5502);
}

#[tokio::test]
async fn the_customer_is_found_by_code_then_by_phone_and_else_made() {
    let crm = shop().await;
    crm.create_order(small_order("KH-2", "HRV-1")).await.refusal(422, "account.account_code");

    let mut by_phone = small_order("", "HRV-2");
    by_phone["account"].as_object_mut().unwrap().remove("account_code");
    crm.create_order(by_phone.clone()).await.expect(200);
    assert_eq!((crm.sim.accounts().len(), crm.sim.orders()[0].account_code.as_str()), (1, "KH-1"));

    by_phone["order_code"] = json!("HRV-3");
    by_phone["account"]["account_phone"] = json!("0900000009");
    crm.create_order(by_phone.clone()).await.expect(200);
    assert_eq!(crm.sim.accounts()[1].phone_office, "0900000009");

    crm.sim.delete_account("KH-1");
    crm.create_order(small_order("KH-1", "HRV-4")).await.refusal(422, "account.account_code");
    by_phone["order_code"] = json!("HRV-5");
    by_phone["account"] = json!({});
    crm.create_order(by_phone).await.refusal(422, "account.account_name");
    assert_eq!(crm.sim.accounts().len(), 2);
}

#[tokio::test]
async fn an_unknown_product_is_made_or_refused_as_the_tenant_is_set() {
    let crm = shop().await;
    crm.sim.settings_mut(|settings| settings.product_mode = ProductMode::Strict);
    crm.create_order(small_order("KH-1", "HRV-1")).await.refusal(422, "saved_order_details.0.product_code");
    crm.sim.settings_mut(|settings| settings.product_mode = ProductMode::Create);
    crm.create_order(small_order("KH-1", "HRV-1")).await.expect(200);
    crm.sim.settings_mut(|settings| settings.product_mode = ProductMode::Strict);
    crm.create_order(small_order("KH-1", "HRV-2")).await.expect(200);
    assert_eq!(crm.sim.products().len(), 1);
}

#[tokio::test]
async fn two_lines_may_share_a_product() {
    let crm = shop().await;
    let mut body = small_order("KH-1", "HRV-1");
    let line = body["saved_order_details"][0].clone();
    body["saved_order_details"].as_array_mut().unwrap().push(line);
    crm.create_order(body).await.expect(200);
    assert_eq!((crm.sim.products().len(), crm.sim.orders()[0].lines.len()), (1, 2));
}

#[tokio::test]
async fn the_documented_example_pair_is_reproduced_to_the_cent() {
    let crm = shop().await;
    let mut body = small_order("KH-1", "HRV-1");
    body["saved_order_details"] = json!([
        {"product_code": "P", "quantity": 1, "price": 65000, "product_sale_off": 1, "cash_discount": 10000}
    ]);
    for (key, value) in [
        ("discount", 10),
        ("discount_amount", 11000),
        ("vat", 10),
        ("vat_amount", 4400),
        ("transport_amount", 10000),
        ("installation_amount", 10000),
    ] {
        body[key] = json!(value);
    }
    crm.create_order(body).await.expect(200);
    let read = crm.order("HRV-1").await.expect(200);
    assert_eq!(read["real_amount"], json!(83706.5));
    assert_eq!((&read["discount_amount"], &read["vat_amount"]), (&json!(6435), &json!(5791.5)));
    assert_eq!(read["order_details"][0]["cash_discount"], json!(650));
}

#[tokio::test]
async fn an_order_source_is_added_refused_or_clashes_as_the_tenant_is_set() {
    let crm = shop().await;
    let mut body = small_order("KH-1", "HRV-1");
    body["order_source_name"] = json!("tiktok");
    crm.sim.settings_mut(|settings| settings.order_source_mode = SourceMode::Strict);
    crm.create_order(body.clone()).await.refusal(422, "order_source_name");
    crm.sim.settings_mut(|settings| settings.order_source_mode = SourceMode::Conflict);
    crm.create_order(body.clone()).await.refusal(400, "source_code");
    crm.sim.settings_mut(|settings| settings.order_source_mode = SourceMode::Create);
    crm.create_order(body).await.expect(200);
    assert_eq!(crm.sim.order_sources().pop().unwrap().name, "tiktok");
}

#[tokio::test]
async fn an_unknown_assignee_is_refused_or_ignored_as_the_tenant_is_set() {
    let crm = shop().await;
    let mut body = small_order("KH-1", "HRV-1");
    body["assigned_username"] = json!("nghiviec.cu");
    crm.create_order(body.clone()).await.refusal(422, "assigned_username");
    crm.sim.settings_mut(|settings| settings.ignore_unknown_user = true);
    crm.create_order(body).await.expect(200);
    assert_eq!(crm.sim.orders()[0].assigned_user, 0);
}

#[tokio::test]
async fn approval_and_cancellation_move_the_status() {
    let crm = shop().await;
    let mut body = small_order("KH-1", "HRV-1");
    body["is_auto_approve"] = json!(1);
    crm.create_order(body).await.expect(200);
    assert_eq!(crm.order("HRV-1").await.expect(200)["status"], 2);
    crm.create_order(small_order("KH-1", "HRV-2")).await.expect(200);
    let code = json!({"order_code": "HRV-2"});
    crm.put("/api/v6.1/sale_order/approve", &code).await.expect(200);
    assert_eq!(crm.order("HRV-2").await.expect(200)["status_label"], "Đã duyệt");
    crm.put("/api/v6.1/sale_order/cancel", &code).await.expect(200);
    assert_eq!(crm.order("HRV-2").await.expect(200)["status"], 5);
    crm.put("/api/v6.1/sale_order/cancel", &code).await.expect(400);
    crm.put("/api/v6.1/sale_order/approve", &code).await.expect(400);
    for verb in ["approve", "cancel"] {
        crm.put(&format!("/api/v6.1/sale_order/{verb}"), &json!({"order_code": "?"})).await.expect(404);
    }
}

#[tokio::test]
async fn a_deleted_order_is_gone_with_its_code() {
    let crm = shop().await;
    crm.create_order(small_order("KH-1", "HRV-1")).await.expect(200);
    crm.delete("/api/v6.1/sale_order", &json!({"order_code": "HRV-1"})).await.expect(200);
    crm.order("HRV-1").await.expect(404);
    crm.create_order(small_order("KH-1", "HRV-1")).await.expect(200);
}

#[tokio::test]
async fn an_unknown_order_is_404_or_an_empty_200_as_the_tenant_is_set() {
    let crm = shop().await;
    crm.order("HRV-1").await.expect(404);
    crm.sim.settings_mut(|settings| settings.empty_200 = true);
    assert_eq!(crm.order("HRV-1").await.expect(200), json!({"data": []}));
}

#[tokio::test]
async fn every_answer_to_a_create_seen_in_the_wild_can_be_given() {
    let crm = shop().await;
    for (at, (answer, expected)) in [
        (OrderAnswer::Id, json!({"message": "Thêm mới thành công", "id": 5501})),
        (OrderAnswer::Bare, json!(5502)),
        (OrderAnswer::MessageOnly, json!({"message": "Thêm mới thành công"})),
    ]
    .into_iter()
    .enumerate()
    {
        crm.sim.settings_mut(|settings| settings.order_answer = answer);
        let created = crm.create_order(small_order("KH-1", &format!("HRV-{at}"))).await;
        assert_eq!(created.expect(200), expected);
    }
    crm.sim.settings_mut(|settings| {
        settings.created_201 = true;
        settings.english = true;
        settings.wrap_single = true;
    });
    let created = crm.create_order(small_order("KH-1", "HRV-9")).await.expect(201);
    assert_eq!(created["message"], "Successfully added");
    assert_eq!(crm.order("HRV-9").await.expect(200)["data"]["order_code"], "HRV-9");
}

#[tokio::test]
async fn an_edit_keeps_the_amounts_and_may_be_refused_after_approval() {
    let crm = shop().await;
    let mut body = small_order("KH-1", "HRV-1");
    body["discount_amount"] = json!(60000);
    crm.create_order(body).await.expect(200);
    let edit = json!({"current_order_code": "HRV-1", "lading_code": "GHN1", "transport_amount": 30000});
    crm.put("/api/v6.1/sale_order", &edit).await.expect(200);
    assert_eq!(crm.order("HRV-1").await.expect(200)["real_amount"], 1_230_000);
    crm.put("/api/v6.1/sale_order/approve", &json!({"order_code": "HRV-1"})).await.expect(200);
    crm.put("/api/v6.1/sale_order", &edit).await.expect(200);
    crm.sim.settings_mut(|settings| settings.approved_refuses_edits = true);
    crm.put("/api/v6.1/sale_order", &edit).await.expect(400);
    crm.put("/api/v6.1/sale_order", &json!({"current_order_code": "?"})).await.expect(404);
}

#[tokio::test]
async fn a_refused_order_leaves_no_trace() {
    let crm = shop().await;
    let mut body = small_order("", "HRV-1");
    body["account"] = json!({"account_name": "Khách mới", "account_phone": "0900000009"});
    body["order_source_name"] = json!("tiktok");
    body["saved_sale_order_payments"] = json!([{"method_name": "Vàng", "amount": 1}]);
    crm.create_order(body).await.refusal(422, "saved_sale_order_payments.0.method_name");
    assert_eq!(crm.sim.accounts().len(), 1);
    assert!(crm.sim.products().is_empty() && crm.sim.payments().is_empty() && crm.sim.orders().is_empty());
    assert_eq!(crm.sim.order_sources().len(), 5);
}

#[tokio::test]
async fn orders_that_say_too_little_or_too_much_are_refused() {
    let crm = shop().await;
    for (key, value, field) in [
        ("saved_order_details", json!([]), "saved_order_details"),
        ("saved_order_details", json!({}), "saved_order_details"),
        ("saved_order_details", json!([{"quantity": 1, "price": 1}]), "saved_order_details.0.product_code"),
        ("saved_order_details", json!([{"product_code": "A", "price": 1}]), "saved_order_details.0.quantity"),
        (
            "saved_order_details",
            json!([{"product_code": "A", "quantity": 1, "price": -1}]),
            "saved_order_details.0.price",
        ),
        (
            "saved_order_details",
            json!([{"product_code": "A", "quantity": 999_999_999_999_999_u64, "price": 999_999_999_999_999_u64}]),
            "saved_order_details",
        ),
        ("order_date", json!("12/06/2026"), "order_date"),
        ("order_date", json!("2026-06-12T18:30:00Z"), "order_date"),
        ("store_name", json!("Kho lạ"), "store_name"),
        ("payment_method_name", json!("Vàng"), "payment_method_name"),
        ("account", json!(null), "account"),
        ("account", json!("KH-1"), "account"),
    ] {
        let mut body = small_order("KH-1", "HRV-1");
        body[key] = value.clone();
        let refused = crm.create_order(body).await;
        assert!(!refused.refusal(422, field).is_empty(), "{key} {value}");
    }
    assert!(crm.sim.orders().is_empty());
}
