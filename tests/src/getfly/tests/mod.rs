//! The simulator held against getfly.md, over HTTP as a client sees it.

mod accounts;
mod faults;
mod fixtures;
mod garbage;
mod inspection;
mod lists;
mod older_versions;
mod orders;
mod payments;
mod restart;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{Served, Settings, Simulator};

/// A served tenant and a client with its key, which speak in verbs.
struct Crm {
    sim: Simulator,
    served: Served,
    client: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    retry_after: Option<String>,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// The refused field's first text; the status must be this one.
    #[track_caller]
    fn refusal(&self, status: u16, field: &str) -> String {
        let body = self.expect(status);
        body["errors"][field][0].as_str().unwrap_or_else(|| panic!("no {field} in {body}")).to_owned()
    }
}

impl Crm {
    async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        Self::at("2026-06-12T08:14:05Z", settings).await
    }

    /// A tenant whose clock stands still.
    async fn at(time: &str, settings: Settings) -> Self {
        let now: jiff::Timestamp = time.parse().unwrap();
        Self::of(Simulator::with_clock(settings, move || now)).await
    }

    async fn of(sim: Simulator) -> Self {
        let served = sim.serve().await.unwrap();
        Self { sim, served, client: reqwest::Client::new() }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.served.base_url()))
            .header("X-API-KEY", self.sim.settings().api_key)
    }

    async fn send(request: reqwest::RequestBuilder) -> Answer {
        Self::try_send(request).await.unwrap()
    }

    async fn try_send(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        let response = request.send().await?;
        let status = response.status();
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Answer { status, retry_after, text: response.text().await? })
    }

    async fn get(&self, path: &str) -> Answer {
        Self::send(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        Self::send(self.request(Method::POST, path).json(body)).await
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        Self::send(self.request(Method::PUT, path).json(body)).await
    }

    async fn delete(&self, path: &str, body: &Value) -> Answer {
        Self::send(self.request(Method::DELETE, path).json(body)).await
    }

    async fn create_account(&self, body: Value) -> Answer {
        self.post("/api/v6.1/account", &body).await
    }

    async fn create_order(&self, body: Value) -> Answer {
        self.post("/api/v6.1/sale_order", &body).await
    }

    async fn order(&self, code: &str) -> Answer {
        let code: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
        self.get(&format!("/api/v6.1/sale_order?order_code={code}")).await
    }
}

/// One of the protocol's example bodies.
fn fixture(name: &str) -> Value {
    let path = format!("{}/fixtures/getfly_{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A small order for the customer with this code.
fn small_order(account_code: &str, order_code: &str) -> Value {
    serde_json::json!({
        "account": {"account_code": account_code, "account_name": "Lê Đăng Khoa", "account_phone": "0918222407"},
        "order_code": order_code,
        "order_date": "2026-06-12",
        "saved_order_details": [
            {"product_code": "BQ-SV-06", "product_name": "Bộ quà", "unit_name": "Hộp", "quantity": 3, "price": 420000}
        ],
    })
}
