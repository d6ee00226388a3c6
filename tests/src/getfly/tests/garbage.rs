//! Nothing a client sends makes the simulator panic, hang or answer 500.

use serde_json::json;

use super::*;

const PATHS: &[&str] = &[
    "/api/v6.1/account",
    "/api/v6.1/account/restore",
    "/api/v6.1/account/change_account_manager",
    "/api/v6.1/account/custom_fields",
    "/api/v6.1/accounts?fields=id",
    "/api/v6.1/account_sources",
    "/api/v6.1/account_types",
    "/api/v6.1/users",
    "/api/v6.1/product",
    "/api/v6.1/products",
    "/api/v6.1/sale_order",
    "/api/v6.1/sale_order/approve",
    "/api/v6.1/sale_order/cancel",
    "/api/v6.1/sale_orders",
    "/api/v6.1/sale_order_payment/direct",
    "/api/v6.1/sale_order_payment/fund",
    "/api/v6/accounts",
    "/api/v6/sale_orders",
    "/api/v6/payment_methods",
    "/api/v3/account",
    "/api/v3/orders",
];

async fn open() -> Crm {
    Crm::with(Settings { v3_on: true, ..Settings::default() }).await
}

#[tokio::test]
async fn bodies_that_are_no_json_objects_are_refused_with_400() {
    let crm = open().await;
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{".to_vec(),
        b"account_name=A".to_vec(),
        b"[]".to_vec(),
        b"\"x\"".to_vec(),
        b"null".to_vec(),
        vec![0xff, 0xfe, 0x00],
        deep.into_bytes(),
    ];
    for body in bodies {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let request = crm.request(method, "/api/v6.1/account").header("content-type", "application/json");
            Crm::send(request.body(body.clone())).await.expect(400);
        }
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let request = crm.request(Method::POST, "/api/v6.1/account").header("content-type", kind);
        Crm::send(request.body(r#"{"account_name":"A"}"#)).await.expect(400);
    }
    let request = crm.request(Method::POST, "/api/v6.1/account");
    let request = request.header("content-type", "Application/JSON; charset=utf-8");
    Crm::send(request.body(r#"{"account_name":"A"}"#)).await.expect(200);
}

#[tokio::test]
async fn every_route_survives_members_of_every_type() {
    let crm = open().await;
    let templates = [
        fixture("account_create_request"),
        fixture("sale_order_create_paid_request"),
        fixture("sale_order_update_request"),
        fixture("sale_order_payment_direct_request"),
        fixture("account_update_request"),
        fixture("product_create_request"),
        fixture("v3_account_create_request"),
        fixture("v3_order_create_request"),
        fixture("v6_sale_order_create_request"),
        json!({}),
    ];
    let junk = [json!(null), json!([]), json!({}), json!([[]]), json!(-1e308), json!("\u{0}🙂"), json!(true)];
    for path in PATHS {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            if Crm::send(crm.request(method.clone(), path)).await.status.as_u16() == 405 {
                continue;
            }
            for (template, junk) in templates.iter().flat_map(|t| junk.iter().map(move |j| (t, j))) {
                let mut body = template.clone();
                for (_, value) in body.as_object_mut().unwrap() {
                    *value = junk.clone();
                }
                let answer = Crm::send(crm.request(method.clone(), path).json(&body)).await;
                assert!(answer.status.as_u16() < 500, "{path} {body}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn every_route_survives_one_wrong_member_at_a_time() {
    let crm = open().await;
    for (path, name) in [
        ("/api/v6.1/account", "account_create_request"),
        ("/api/v6.1/sale_order", "sale_order_create_unpaid_request"),
        ("/api/v6.1/product", "product_create_request"),
        ("/api/v3/account", "v3_account_create_request"),
        ("/api/v3/orders", "v3_order_create_request"),
        ("/api/v6/sale_orders", "v6_sale_order_create_request"),
    ] {
        let template = fixture(name);
        for key in template.as_object().unwrap().keys() {
            for junk in
                [json!([1, "x", null]), json!({"a": {"b": []}}), json!(1e30), json!("x".repeat(100_000))]
            {
                let mut body = template.clone();
                body[key] = junk;
                let answer = crm.post(path, &body).await;
                assert!(answer.status.as_u16() < 500, "{path} {key}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn wrong_methods_and_unknown_paths_are_answered() {
    let crm = open().await;
    crm.put("/api/v6.1/users", &json!({})).await.expect(405);
    Crm::send(crm.request(Method::PATCH, "/api/v6.1/account")).await.expect(405);
    for path in
        ["/nothing", "/api", "/api/", "/api/v6.1", "/api/v6.1/payment_methods", "/api/v9/users", "/%00%ff"]
    {
        crm.get(path).await.expect(404);
    }
    assert_eq!(Crm::send(crm.request(Method::OPTIONS, "/api/v6.1/users")).await.status.as_u16(), 405);
}

#[tokio::test]
async fn strange_queries_are_answered() {
    let crm = open().await;
    crm.create_account(json!({"account_name": "A"})).await.expect(200);
    for query in [
        "filtering[",
        "filtering[]=1",
        "filtering[:]=1",
        "filtering[id:in][0][1]=x",
        "filtering[id:between]=1",
        "sorting[]=x",
        "sorting=x",
        "limit=0",
        "limit=99999999999999999999",
        "offset=1e3",
        "%ff=%fe",
        "search=%00",
        "fields=id&fields=",
        "filtering[id:eq]=%F0%9F%99%82",
        "&&&===",
    ] {
        let answer = crm.get(&format!("/api/v6/accounts?{query}")).await;
        assert_eq!(answer.status.as_u16(), 200, "{query}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_a_large_one_is_not_logged() {
    let crm = open().await;
    let large = json!({"account_name": "A", "description": "x".repeat(300_000)});
    crm.create_account(large).await.expect(200);
    assert_eq!(crm.sim.requests()[0].body, None);
    let huge = vec![b'x'; 9 * 1024 * 1024];
    let request = crm.request(Method::POST, "/api/v6.1/account").header("content-type", "application/json");
    match Crm::try_send(request.body(huge)).await {
        Ok(answer) => assert_eq!(answer.status.as_u16(), 413),
        Err(error) => assert!(error.is_request() || error.is_body(), "{error}"),
    }
    crm.get("/api/v6.1/users").await.expect(200);
}
