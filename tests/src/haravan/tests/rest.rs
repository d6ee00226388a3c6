//! The Admin REST API and the subscribe API, over HTTP.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::Value;

use super::*;

struct Caller {
    client: reqwest::Client,
    server: Server,
    token: String,
}

impl Caller {
    async fn of(sim: &Simulator) -> Self {
        let token = sim.grant_token(ORG, APP, &INSTALL_SCOPES).unwrap();
        Self { client: reqwest::Client::new(), server: sim.serve().await.unwrap(), token }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.server.url())).bearer_auth(&self.token);
        request.header(CONTENT_TYPE, "application/json").send().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    async fn ids(&self, path: &str, list: &str) -> Vec<i64> {
        let page = self.json(path).await;
        page[list].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }

    async fn subscribe(&self, method: reqwest::Method) -> (u16, Value) {
        let url = format!("{}/api/subscribe", self.server.url());
        let answer = self.client.request(method, url).bearer_auth(&self.token).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }
}

fn fill(world: &World, orders: usize) {
    for _ in 0..orders {
        world.sim.create_order(OrderSpec::default()).unwrap();
        world.clock.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn resources_are_wrapped_and_keep_their_digits() {
    let world = World::start().await;
    let id = world.sim.create_order(OrderSpec::paid().staff(UserId(200_001_038_421))).unwrap();
    let caller = Caller::of(&world.sim).await;
    let text = caller.get(&format!("/com/orders/{id}.json")).await.text().await.unwrap();
    assert!(text.starts_with(r#"{"order":{"billing_address":{"#), "{text}");
    assert!(
        text.contains(".0000,")
            && text.contains(r#""total_paid":0.0,"#)
            && text.contains(r#""latitude":0.00000000"#)
    );
    let order: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(order["order"]["transactions"][0]["kind"], "capture", "REST lists the newest first");
    let transactions = caller.json(&format!("/com/orders/{id}/transactions.json")).await;
    assert_eq!(transactions["transactions"][0]["kind"], "Capture");
    assert_eq!(transactions["transactions"][0]["status"], "success");
    let buyer = &order["order"]["customer"]["id"];
    assert_eq!(&caller.json(&format!("/com/customers/{buyer}.json")).await["customer"]["id"], buyer);
    assert_eq!(caller.json("/com/shop.json").await["shop"]["id"], ORG.0);
    assert_eq!(caller.json("/com/users.json").await["users"][0]["email"], "minhanh@example.com");
    assert_eq!(caller.json("/com/users/200001038421.json").await["user"]["account_owner"], true);
    assert_eq!(caller.json("/com/locations.json").await["locations"][0]["is_primary"], true);
    for path in
        ["/com/orders/1.json", "/com/orders/x", "/com/customers/9.json", "/com/users/5.json", "/com/nothing"]
    {
        assert_eq!(caller.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn lists_are_paged_by_fifty_at_most() {
    let world = World::start().await;
    fill(&world, 60);
    let caller = Caller::of(&world.sim).await;
    assert_eq!(caller.json("/com/orders/count.json?status=any").await["count"], 60);
    assert_eq!(caller.ids("/com/orders.json?status=any&limit=250", "orders").await.len(), 50);
    let second = caller.ids("/com/orders.json?status=any&page=2", "orders").await;
    assert_eq!(second.len(), 10);
    let since = caller.ids(&format!("/com/orders.json?since_id={}", second[0]), "orders").await;
    assert!(since.is_sorted() && since.iter().all(|id| *id > second[0]));
    assert_eq!(caller.ids("/com/customers.json?limit=20&page=3", "customers").await.len(), 20);
    let rows = caller.json("/com/orders.json?fields=id,name&limit=1").await;
    assert_eq!(rows["orders"][0].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn filters_choose_by_state_id_and_shop_time() {
    let world = World::start().await;
    fill(&world, 3);
    let ids = world.sim.order_ids(ORG);
    world.sim.cancel_order(ids[0], CancelSpec::default()).unwrap();
    world.sim.pay_order(ids[1], PaymentSpec::default()).unwrap();
    let caller = Caller::of(&world.sim).await;
    assert_eq!(
        caller.ids("/com/orders.json", "orders").await.len(),
        2,
        "closed and cancelled ones are hidden"
    );
    assert_eq!(caller.ids("/com/orders.json?status=cancelled", "orders").await, [ids[0].0]);
    assert_eq!(caller.ids("/com/orders.json?financial_status=paid", "orders").await, [ids[1].0]);
    assert_eq!(caller.ids(&format!("/com/orders.json?ids={},{}", ids[1], ids[2]), "orders").await.len(), 2);
    let updated = caller.ids("/com/orders.json?status=any&order=updated_at%20asc", "orders").await;
    assert_eq!(updated, [ids[2].0, ids[0].0, ids[1].0]);
    // The orders were placed from 03:25:41 UTC on, 10:25:41 in the shop.
    let since = |text: &str| format!("/com/orders.json?status=any&created_at_min={text}");
    assert_eq!(caller.ids(&since("2026-06-12T10:26:00"), "orders").await.len(), 2);
    assert_eq!(caller.ids(&since("2026-06-12T03:26:00Z"), "orders").await.len(), 3, "the Z is ignored");
    world.sim.once(Fault::RestDatesInUtc);
    assert_eq!(caller.ids(&since("2026-06-12T03:26:00Z"), "orders").await.len(), 2);
    assert_eq!(caller.get("/com/orders.json?limit=lots").await.status(), 422);
}

#[tokio::test]
async fn customers_are_found_by_phone_and_name() {
    let world = World::start().await;
    let person = CustomerSpec::person("Trần Ngọc", "Thảo", "0903555018", "thao@example.com");
    let id = world.sim.create_customer(person).unwrap();
    world.sim.create_customer(CustomerSpec::default()).unwrap();
    let caller = Caller::of(&world.sim).await;
    assert_eq!(caller.ids("/com/customers/search.json?query=0903555018", "customers").await, [id.0]);
    assert_eq!(
        caller.ids("/com/customers/search.json?query=ng%E1%BB%8Dc+th%E1%BA%A3o", "customers").await,
        [id.0]
    );
    assert_eq!(caller.json("/com/customers/count.json").await["count"], 2);
}

#[tokio::test]
async fn the_bucket_is_told_on_every_answer_and_overflows() {
    let world = World::start().await;
    let caller = Caller::of(&world.sim).await;
    assert_eq!(caller.get("/com/shop.json").await.headers()["x-haravan-api-call-limit"], "1/80");
    for _ in 0..79 {
        assert_eq!(caller.get("/com/orders/count.json").await.status(), 200);
    }
    let refused = caller.get("/com/shop.json").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()[RETRY_AFTER], "2.0");
    assert_eq!(refused.headers()["x-haravan-api-call-limit"], "80/80");
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(caller.get("/com/shop.json").await.status(), 200);
}

#[tokio::test]
async fn tokens_scopes_plans_and_content_types_are_checked() {
    let mut seed = Seed::demo();
    seed.orgs[0].plan = Plan::Standard;
    let sim = Simulator::new(seed);
    let mut caller = Caller::of(&sim).await;
    assert_eq!(caller.get("/com/users.json").await.status(), 403, "users are for Plus shops");
    let install_token = caller.token.clone();
    caller.token = sim.grant_token(ORG, APP, &["com.write_customers"]).unwrap();
    assert_eq!(caller.get("/com/customers.json").await.status(), 200, "writing includes reading");
    assert_eq!(caller.get("/com/orders.json").await.status(), 403);
    assert_eq!(caller.subscribe(reqwest::Method::POST).await.0, 401, "wh_api is needed");
    caller.token = install_token;
    let url = format!("{}/com/shop.json", caller.server.url());
    assert_eq!(caller.client.get(url).bearer_auth(&caller.token).send().await.unwrap().status(), 400);
    sim.revoke_token(&caller.token);
    let dead = caller.get("/com/shop.json").await;
    assert_eq!(dead.status(), 401);
    assert!(dead.headers().contains_key("x-haravan-api-call-limit"));
    assert!(dead.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn faults_of_rest_happen_when_the_call_comes() {
    let world = World::start().await;
    let caller = Caller::of(&world.sim).await;
    world.sim.once(Fault::Rest502Html);
    let broken = caller.get("/com/shop.json").await;
    assert_eq!(
        (broken.status().as_u16(), &broken.headers()[CONTENT_TYPE]),
        (502, &"text/html".parse().unwrap())
    );
    world.sim.once(Fault::Rest429);
    assert_eq!(caller.get("/com/shop.json").await.headers()[RETRY_AFTER], "2.0");
    world.sim.once(Fault::Rest401Empty);
    assert_eq!(caller.get("/com/shop.json").await.status(), 401);
    assert_eq!(caller.get("/com/shop.json").await.status(), 200);
}

#[tokio::test]
async fn pages_drift_while_they_are_read() {
    let world = World::start().await;
    fill(&world, 6);
    let caller = Caller::of(&world.sim).await;
    world.sim.once(Fault::RestPageDrift);
    let first = caller.ids("/com/orders.json?limit=3", "orders").await;
    let second = caller.ids("/com/orders.json?limit=3&page=2", "orders").await;
    assert_eq!(first.last(), second.first(), "a row is repeated");
    world.sim.once(Fault::RestPageDrift);
    let path = "/com/orders.json?limit=3&order=updated_at%20asc";
    let first = caller.ids(path, "orders").await;
    let second = caller.ids(&format!("{path}&page=2"), "orders").await;
    let all: Vec<_> = first.into_iter().chain(second).collect();
    let missed = world.sim.order_ids(ORG).into_iter().filter(|id| !all.contains(&id.0)).count();
    assert!(missed > 0, "a row is missed");
}

#[tokio::test]
async fn a_shop_is_subscribed_listed_and_unsubscribed() {
    let world = World::unsubscribed().await;
    let caller = Caller::of(&world.sim).await;
    let (status, refusal) = caller.subscribe(reqwest::Method::POST).await;
    assert_eq!((status, &refusal["error"]), (400, &true.into()), "the webhook is not registered yet");
    world.sim.register_webhook(None, &world.callback_url, "hrv_test_verify_token").await.unwrap();
    world.sim.once(Fault::SubscribeErrorIn200);
    let (status, refusal) = caller.subscribe(reqwest::Method::POST).await;
    assert_eq!((status, &refusal["error"]), (200, &true.into()));
    assert!(!world.sim.is_subscribed(ORG, APP));
    for _ in 0..2 {
        let (status, done) = caller.subscribe(reqwest::Method::POST).await;
        assert_eq!((status, &done["message"]), (200, &"Đăng ký webhook thành công.".into()));
        assert!(done["error_Code"].is_null() && done.as_object().unwrap().contains_key("error_Code"));
    }
    let (_, listed) = caller.subscribe(reqwest::Method::GET).await;
    let records = listed["data"].as_array().unwrap();
    assert_eq!(records.len(), TOPICS.len());
    assert_eq!(records[0]["id"].as_str().unwrap().len(), 24);
    assert_eq!(records[0]["url"], world.callback_url);
    caller.subscribe(reqwest::Method::DELETE).await;
    assert_eq!(caller.subscribe(reqwest::Method::GET).await.1["data"], Value::Array(vec![]));
}

#[tokio::test]
async fn only_topics_whose_scope_was_granted_are_subscribed() {
    let world = World::start().await;
    let mut caller = Caller::of(&world.sim).await;
    caller.token = world.sim.grant_token(ORG, APP, &["wh_api", "com.read_customers"]).unwrap();
    caller.subscribe(reqwest::Method::POST).await;
    let (_, listed) = caller.subscribe(reqwest::Method::GET).await;
    let events: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|one| one["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["customers/create", "customers/update", "app/uninstalled"]);
}
