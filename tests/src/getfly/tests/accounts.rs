use serde_json::json;

use super::*;
use crate::getfly::{DuplicateRule, SeedAccount, SourceMode, User};

#[tokio::test]
async fn codes_count_up_within_the_year() {
    let crm = Crm::at("2026-12-31T18:00:00Z", Settings::default()).await;
    for (number, expected) in [(1, "KH/2027/000412"), (2, "KH/2027/000413")] {
        let created =
            crm.create_account(json!({"account_name": format!("Khách {number}")})).await.expect(200);
        assert_eq!(created["data"]["account_code"], expected);
    }
}

#[tokio::test]
async fn a_code_stays_taken_after_its_customer_is_deleted() {
    let crm = Crm::start().await;
    let body = json!({"account_name": "Khách", "account_code": "HRV-C-1"});
    crm.create_account(body.clone()).await.expect(200);
    crm.delete("/api/v6.1/account", &json!({"account_code": "HRV-C-1"})).await.expect(200);
    let text = crm.create_account(body).await.refusal(400, "account_code");
    assert!(text.contains("không cho phép trùng"), "{text}");
}

#[tokio::test]
async fn a_duplicate_is_refused_only_when_checked_and_not_allowed() {
    for (check, allow, status) in
        [(true, false, 400), (true, true, 200), (false, false, 200), (false, true, 200)]
    {
        let crm = Crm::start().await;
        crm.sim.settings_mut(|settings| settings.duplicates.email = DuplicateRule { check, allow });
        let body = json!({"account_name": "Khách", "email": "a@example.com"});
        crm.create_account(body.clone()).await.expect(200);
        assert_eq!(crm.create_account(body).await.status.as_u16(), status, "check {check}, allow {allow}");
    }
}

#[tokio::test]
async fn deleted_customers_keep_their_phone_and_email() {
    let crm = Crm::start().await;
    let body = json!({"account_name": "Khách", "phone_office": "0903555018", "email": "a@example.com"});
    crm.create_account(body.clone()).await.expect(200);
    assert!(crm.sim.delete_account("KH/2026/000412"));
    let refused = crm.create_account(body).await;
    assert_eq!(refused.refusal(400, "phone_office"), "Số điện thoại 0903555018 không cho phép trùng");
    assert_eq!(refused.refusal(400, "email"), "Email a@example.com không cho phép trùng");
    assert_eq!(refused.json()["message"], "Số điện thoại 0903555018 không cho phép trùng");
}

#[tokio::test]
async fn phones_and_emails_are_compared_as_typed_unless_the_tenant_normalises() {
    let crm = Crm::start().await;
    crm.create_account(json!({"account_name": "A", "phone_office": "0903555018", "email": "a@example.com"}))
        .await
        .expect(200);
    let other = json!({"account_name": "B", "phone_office": "+84 903 555 018", "email": "A@example.com"});
    crm.sim.settings_mut(|settings| settings.normalise_phones = true);
    crm.create_account(other.clone()).await.refusal(400, "phone_office");
    crm.sim.settings_mut(|settings| {
        settings.normalise_phones = false;
        settings.ignore_case = true;
    });
    crm.create_account(other.clone()).await.refusal(400, "email");
    crm.sim.settings_mut(|settings| settings.ignore_case = false);
    crm.create_account(other).await.expect(200);
}

#[tokio::test]
async fn required_fields_may_not_be_absent_null_or_empty() {
    let crm = Crm::start().await;
    crm.sim
        .settings_mut(|settings| settings.required = vec!["phone_office".to_owned(), "nhan_tin".to_owned()]);
    for phone in [json!(null), json!(""), json!(" ")] {
        let refused = crm
            .create_account(
                json!({"account_name": "A", "phone_office": phone, "custom_fields": {"nhan_tin": 1}}),
            )
            .await;
        assert_eq!(refused.refusal(422, "phone_office"), "Số điện thoại không được để trống");
    }
    crm.create_account(json!({"account_name": "A", "phone_office": "09"})).await.refusal(422, "nhan_tin");
    let code = crm
        .create_account(json!({"account_name": "A", "phone_office": "09", "custom_fields": {"nhan_tin": 1}}))
        .await
        .expect(200)["data"]["account_code"]
        .clone();
    crm.put("/api/v6.1/account", &json!({"current_account_code": code, "description": "x"}))
        .await
        .expect(200);
    crm.put("/api/v6.1/account", &json!({"current_account_code": code, "phone_office": ""}))
        .await
        .refusal(422, "phone_office");
}

#[tokio::test]
async fn an_unknown_source_is_added_refused_or_clashes_as_the_tenant_is_set() {
    let body = json!({"account_name": "A", "account_source_names": ["Đối tác"]});
    let crm = Crm::start().await;
    crm.sim.settings_mut(|settings| settings.source_mode = SourceMode::Strict);
    crm.create_account(body.clone()).await.refusal(422, "account_source_names");
    crm.sim.settings_mut(|settings| settings.source_mode = SourceMode::Conflict);
    crm.create_account(body.clone()).await.refusal(400, "source_code");
    assert_eq!(crm.sim.account_sources().len(), 2);
    crm.sim.settings_mut(|settings| settings.source_mode = SourceMode::Create);
    crm.create_account(body).await.expect(200);
    let added = crm.sim.account_sources().pop().unwrap();
    assert_eq!((added.source_name.as_str(), added.source_code.as_str()), ("Đối tác", "doi_tac"));
    assert_eq!(crm.sim.accounts()[0].account_source, [added.id]);
}

#[tokio::test]
async fn a_new_source_whose_slug_is_taken_clashes() {
    let crm = Crm::start().await;
    let clash = crm.create_account(json!({"account_name": "A", "account_source_names": ["Haravan"]})).await;
    assert!(clash.refusal(400, "source_code").contains("haravan"));
    assert!(crm.sim.accounts().is_empty());
}

#[tokio::test]
async fn unknown_and_gone_users_cannot_be_put_in_charge_unless_they_are_ignored() {
    let crm = Crm::start().await;
    for name in ["khong.co", "nghiviec.cu"] {
        let body = json!({"account_name": "A", "account_manager_username": name});
        crm.create_account(body).await.refusal(422, "account_manager_username");
    }
    crm.sim.settings_mut(|settings| settings.ignore_unknown_user = true);
    crm.create_account(json!({"account_name": "A", "account_manager_username": "khong.co"}))
        .await
        .expect(200);
    assert_eq!(crm.sim.accounts()[0].account_manager, 0);
    let added = crm.sim.add_user(User { user_name: "moi".to_owned(), valid: 1, ..User::default() });
    crm.create_account(json!({"account_name": "B", "account_manager_username": "moi"})).await.expect(200);
    assert_eq!((crm.sim.accounts()[1].account_manager, added.user_id), (10, 10));
}

#[tokio::test]
async fn a_deleted_customer_is_hidden_until_restored() {
    let crm = Crm::start().await;
    crm.create_account(json!({"account_name": "A", "account_code": "K/1"})).await.expect(200);
    let (one, body) = ("/api/v6.1/account?account_code=K%2F1", json!({"account_code": "K/1"}));
    crm.post("/api/v6.1/account/restore", &body).await.expect(404);
    assert_eq!(crm.delete("/api/v6.1/account", &body).await.expect(200)["message"], "Xóa thành công");
    crm.get(one).await.expect(404);
    assert_eq!(crm.get("/api/v6.1/accounts?fields=id").await.expect(200)["data"], json!([]));
    crm.delete("/api/v6.1/account", &body).await.expect(404);
    crm.put("/api/v6.1/account", &json!({"current_account_code": "K/1", "email": "x"})).await.expect(404);
    crm.post("/api/v6.1/account/restore", &body).await.expect(200);
    crm.get(one).await.expect(200);
}

#[tokio::test]
async fn an_update_changes_only_what_was_sent_and_minds_other_customers() {
    let crm = Crm::start().await;
    crm.create_account(fixture("account_create_request")).await.expect(200);
    crm.sim.add_account(SeedAccount { phone_office: "0900000001".to_owned(), ..SeedAccount::default() });
    let code = "KH/2026/000412";
    let before = crm.sim.account(code).unwrap();
    crm.put("/api/v6.1/account", &json!({"current_account_code": code, "phone_office": "0900000001"}))
        .await
        .refusal(400, "phone_office");
    crm.put("/api/v6.1/account", &json!({"current_account_code": code, "phone_office": before.phone_office}))
        .await
        .expect(200);
    crm.put("/api/v6.1/account", &json!({"current_account_id": 9001, "account_manager": 7}))
        .await
        .expect(200);
    let after = crm.sim.account(code).unwrap();
    assert_eq!(after.account_manager, 7);
    assert_eq!(crate::getfly::Account { account_manager: before.account_manager, ..after }, before);
    crm.put("/api/v6.1/account", &json!({"email": "x"})).await.refusal(422, "current_account_code");
}

#[tokio::test]
async fn what_the_protocol_writes_otherwise_is_refused() {
    let crm = Crm::start().await;
    for (field, value) in [
        ("birthday", json!("02/09/1994")),
        ("birthday", json!("1994-09-02T00:00:00Z")),
        ("gender", json!(0)),
        ("gender", json!("nữ")),
        ("account_name", json!("x".repeat(256))),
        ("account_source_names", json!("haravan")),
        ("contacts", json!(["Mai"])),
        ("custom_fields", json!("x")),
    ] {
        let mut body = json!({"account_name": "A"});
        body[field] = value;
        crm.create_account(body).await.refusal(422, field);
    }
    crm.create_account(json!({"account_name": "ă".repeat(255)})).await.expect(200);
}

#[tokio::test]
async fn keys_a_tenant_refuses_are_named_in_the_refusal() {
    let crm = Crm::start().await;
    crm.sim.settings_mut(|settings| settings.refused_keys = vec!["gender".to_owned()]);
    crm.create_account(json!({"account_name": "A", "gender": 1})).await.refusal(422, "gender");
    crm.create_account(json!({"account_name": "A"})).await.expect(200);
}

#[tokio::test]
async fn a_refused_customer_leaves_no_trace() {
    let crm = Crm::start().await;
    let before = crm.sim.inspect();
    crm.create_account(json!({
        "account_name": "A", "account_source_names": ["Nguồn mới"], "account_manager_username": "khong.co",
    }))
    .await
    .expect(422);
    let (mut before, mut after) = (before, crm.sim.inspect());
    for state in [&mut before, &mut after] {
        state.as_object_mut().unwrap().remove("requests_received");
    }
    assert_eq!(before, after);
}
