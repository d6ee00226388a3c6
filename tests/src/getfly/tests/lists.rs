use serde_json::json;

use super::*;
use crate::getfly::SeedAccount;

async fn three() -> Crm {
    let crm = Crm::start().await;
    for (name, phone, email) in [
        ("An", "0903555018", "an@example.com"),
        ("Bình", "+84903555018", "Binh@example.com"),
        ("Chi", "0918222407", ""),
    ] {
        crm.sim.add_account(SeedAccount {
            account_name: name.to_owned(),
            phone_office: phone.to_owned(),
            email: email.to_owned(),
            ..SeedAccount::default()
        });
    }
    crm
}

async fn names(crm: &Crm, query: &str) -> Vec<String> {
    let list = crm.get(&format!("/api/v6.1/accounts?fields=account_name&{query}")).await.expect(200);
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["account_name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_customer_list_breaks_without_fields_unless_the_tenant_tolerates_it() {
    let crm = three().await;
    for path in ["/api/v6.1/accounts", "/api/v6.1/accounts?fields=", "/api/v6.1/accounts?fields=,"] {
        let broken = crm.get(path).await.expect(500);
        assert!(broken["message"].as_str().unwrap().contains("custom_fields"));
    }
    crm.get("/api/v6/accounts").await.expect(200);
    crm.sim.settings_mut(|settings| settings.fields_optional = true);
    crm.get("/api/v6.1/accounts").await.expect(200);
}

#[tokio::test]
async fn only_the_asked_columns_and_the_id_come_back() {
    let crm = three().await;
    let list = crm.get("/api/v6.1/accounts?fields=email,khong_co&limit=1").await.expect(200);
    assert_eq!(list["data"][0], json!({"id": 9003, "email": ""}));
}

#[tokio::test]
async fn filters_narrow_the_list_and_brackets_may_be_encoded() {
    let crm = three().await;
    for (query, expected) in [
        ("", vec!["Chi", "Bình", "An"]),
        ("filtering[phone_office:eq]=0903555018", vec!["An"]),
        ("filtering%5Bphone_office%3Acontains%5D=903555018", vec!["Bình", "An"]),
        ("filtering[email]=an@example.com", vec!["An"]),
        ("filtering[email:eq]=binh@example.com", vec![]),
        ("filtering[id:in][0]=9001&filtering[id:in][1]=9003", vec!["Chi", "An"]),
        ("filtering[id:in]=9001,9002", vec!["Bình", "An"]),
        ("filtering[id:not_in][]=9001", vec!["Chi", "Bình"]),
        ("filtering[created_at:gte]=1781252045", vec!["Chi", "Bình", "An"]),
        ("filtering[created_at:gte]=1781252046", vec![]),
        ("filtering[created_at:lte]=1781252045", vec!["Chi", "Bình", "An"]),
        ("filtering[created_at:between][0]=1&filtering[created_at:between][1]=2", vec![]),
        ("filtering[created_at:gte]=h%C3%B4m%20nay", vec![]),
        ("filtering[nickname:eq]=x", vec!["Chi", "Bình", "An"]),
        ("filtering[account_name:contains]=x", vec!["Chi", "Bình", "An"]),
        ("search=chi", vec!["Chi"]),
        ("sorting[account_name]=asc", vec!["An", "Bình", "Chi"]),
        ("limit=1&offset=1", vec!["Bình"]),
    ] {
        assert_eq!(names(&crm, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_strict_tenant_refuses_filters_it_does_not_know() {
    let crm = three().await;
    crm.sim.settings_mut(|settings| settings.strict_filters = true);
    let refused = crm.get("/api/v6.1/accounts?fields=id&filtering[nickname:eq]=x").await;
    assert!(refused.refusal(422, "nickname:eq").contains("nickname"));
    crm.get("/api/v6.1/sale_orders?filtering[order_code:eq]=HRV-1").await.expect(422);
    assert_eq!(names(&crm, "filtering[phone_office:eq]=0918222407").await, ["Chi"]);
}

#[tokio::test]
async fn normalising_tenants_find_every_spelling_of_a_phone() {
    let crm = three().await;
    crm.sim.settings_mut(|settings| settings.normalise_phones = true);
    assert_eq!(names(&crm, "filtering[phone_office:eq]=0903555018").await, ["Bình", "An"]);
    crm.sim.settings_mut(|settings| settings.ignore_case = true);
    assert_eq!(names(&crm, "filtering[email:eq]=binh@example.com").await, ["Bình"]);
}

#[tokio::test]
async fn pages_are_capped_and_say_whether_there_is_more() {
    let crm = Crm::start().await;
    for _ in 0..130 {
        crm.sim.add_account(SeedAccount::default());
    }
    for (query, rows, more, limited) in [
        ("", 20, true, 20),
        ("&limit=1000", 100, true, 100),
        ("&limit=1000&offset=100", 30, false, 100),
        ("&limit=10&offset=120", 10, false, 10),
        ("&offset=500", 0, false, 20),
        ("&limit=abc&offset=-1", 20, true, 20),
        ("&offset=18446744073709551615", 0, false, 20),
    ] {
        let list = crm.get(&format!("/api/v6.1/accounts?fields=id{query}")).await.expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), rows, "{query}");
        assert_eq!((&list["has_more"], &list["limited"]), (&json!(more), &json!(limited)), "{query}");
    }
}

#[tokio::test]
async fn users_are_found_by_filter() {
    let crm = Crm::start().await;
    let active = crm.get("/api/v6.1/users?fields=user_id,email&filtering[valid:eq]=1").await.expect(200);
    assert_eq!(active["data"].as_array().unwrap().len(), 3);
    assert_eq!(active["data"][0], json!({"user_id": 7, "email": "Thao.Vo@hatmam.example"}));
}
