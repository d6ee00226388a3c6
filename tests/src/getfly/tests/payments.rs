use serde_json::json;

use super::*;
use crate::getfly::SeedAccount;

async fn shop() -> Crm {
    let crm = Crm::start().await;
    crm.sim.add_account(SeedAccount { account_code: Some("KH-1".to_owned()), ..SeedAccount::default() });
    crm
}

fn paid_order(amount: u64) -> Value {
    let mut body = small_order("KH-1", "HRV-1");
    body["saved_sale_order_payments"] = json!([
        {"method_name": "Chuyển khoản", "amount": amount, "description": "x", "pay_date": "2026-06-12"}
    ]);
    body
}

#[tokio::test]
async fn the_label_follows_the_paid_sum() {
    for (amount, label) in [
        (0, "Chưa thanh toán"),
        (1_259_999, "Thanh toán một phần"),
        (1_260_000, "Đã thanh toán"),
        (2_000_000, "Đã thanh toán"),
    ] {
        let crm = shop().await;
        crm.create_order(paid_order(amount)).await.expect(200);
        let read = crm.order("HRV-1").await.expect(200);
        assert_eq!((&read["f_amount"], &read["payment_status"]), (&json!(amount), &json!(label)));
        assert_eq!(crm.sim.orders()[0].payment_status, label);
    }
}

#[tokio::test]
async fn payments_may_count_only_after_approval() {
    let crm = shop().await;
    crm.sim.settings_mut(|settings| settings.payments_need_approval = true);
    crm.create_order(paid_order(1_260_000)).await.expect(200);
    let path = "/api/v6.1/sale_order?order_code=HRV-1&fields=f_amount,payment_status,payment_periods";
    let waiting = crm.get(path).await.expect(200);
    assert_eq!((&waiting["f_amount"], &waiting["payment_status"]), (&json!(0), &json!("Chưa thanh toán")));
    assert_eq!(waiting["payment_periods"][0]["amount"], 1_260_000);
    crm.put("/api/v6.1/sale_order/approve", &json!({"order_code": "HRV-1"})).await.expect(200);
    assert_eq!(crm.get(path).await.expect(200)["f_amount"], 1_260_000);
}

#[tokio::test]
async fn an_unknown_method_is_refused_or_ignored_as_the_tenant_is_set() {
    let crm = shop().await;
    let mut body = paid_order(1000);
    body["saved_sale_order_payments"][0]["method_name"] = json!("Vàng");
    crm.create_order(body.clone()).await.refusal(422, "saved_sale_order_payments.0.method_name");
    crm.sim.settings_mut(|settings| settings.ignore_unknown_method = true);
    crm.create_order(body).await.expect(200);
    assert_eq!(crm.sim.payments()[0].method_name, "");
    crm.sim.settings_mut(|settings| settings.ignore_unknown_method = false);
    crm.sim.add_payment_method("Vàng");
    let direct = json!({"order_code": "HRV-1", "method_name": "Vàng", "amount": 5, "pay_date": "2026-06-13"});
    crm.post("/api/v6.1/sale_order_payment/direct", &direct).await.expect(200);
    assert_eq!(crm.sim.payments()[1].method_name, "Vàng");
}

#[tokio::test]
async fn a_tenant_may_forget_payments_sent_inside_a_create() {
    let crm = shop().await;
    crm.sim.settings_mut(|settings| settings.drop_embedded_payments = true);
    crm.create_order(paid_order(1_260_000)).await.expect(200);
    assert!(crm.sim.payments().is_empty());
}

#[tokio::test]
async fn later_payments_add_up_and_say_how_they_came() {
    let crm = shop().await;
    crm.create_order(paid_order(1000)).await.expect(200);
    for way in ["direct", "fund"] {
        let body = json!({"order_code": "HRV-1", "fund_name": "Quỹ chính", "amount": 500});
        let paid = crm.post(&format!("/api/v6.1/sale_order_payment/{way}"), &body).await.expect(200);
        assert_eq!(paid["data"]["via"], way);
    }
    assert_eq!(crm.order("HRV-1").await.expect(200)["f_amount"], 2000);
    let direct = "/api/v6.1/sale_order_payment/direct";
    crm.post(direct, &json!({"order_code": "?", "amount": 1})).await.expect(404);
    crm.post(direct, &json!({"order_code": "HRV-1"})).await.refusal(422, "amount");
    crm.post(direct, &json!({"order_code": "HRV-1", "amount": 1, "pay_date": "15/06/2026"}))
        .await
        .refusal(422, "pay_date");
    crm.put("/api/v6.1/sale_order/cancel", &json!({"order_code": "HRV-1"})).await.expect(200);
    crm.post(direct, &json!({"order_code": "HRV-1", "amount": 1})).await.expect(400);
}
