//! A proxy before the embedded DynamoDB that does what no emulator does: throttle, conflict, fail, and drop the
//! connection before or after a write took effect.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use local::embedded::Embedded;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Throttle,
    Conflict,
    InternalError,
    DropBefore,
    DropAfter,
}

#[derive(Default)]
struct Plan {
    operation: String,
    skip: usize,
    faults: VecDeque<Fault>,
}

#[derive(Clone)]
struct Proxy {
    target: String,
    http: reqwest::Client,
    plan: Arc<Mutex<Plan>>,
}

/// The running proxy.
pub struct FlakyDynamo {
    pub url: String,
    plan: Arc<Mutex<Plan>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for FlakyDynamo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FlakyDynamo {
    /// A proxy that behaves until told otherwise.
    pub async fn before(embedded: &Embedded) -> Self {
        let plan = Arc::<Mutex<Plan>>::default();
        let proxy = Proxy {
            target: format!("http://{}", embedded.address),
            http: reqwest::Client::new(),
            plan: Arc::clone(&plan),
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(pass).with_state(proxy);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, plan, task }
    }

    /// The next requests of this operation fail so.
    pub fn next(&self, operation: &str, faults: &[Fault]) {
        self.after(operation, 0, faults);
    }

    /// As [`FlakyDynamo::next`], after so many that pass.
    pub fn after(&self, operation: &str, skip: usize, faults: &[Fault]) {
        *self.plan.lock().unwrap() =
            Plan { operation: operation.to_owned(), skip, faults: faults.iter().copied().collect() };
    }
}

impl Proxy {
    fn fault(&self, operation: &str) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap();
        if plan.operation != operation {
            return None;
        }
        if plan.skip > 0 {
            plan.skip -= 1;
            return None;
        }
        plan.faults.pop_front()
    }
}

async fn pass(State(proxy): State<Proxy>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fault = proxy.fault(target.rsplit('.').next().unwrap_or_default());
    match fault {
        Some(Fault::Throttle) => {
            return refusal(StatusCode::BAD_REQUEST, "ProvisionedThroughputExceededException");
        }
        Some(Fault::Conflict) => return refusal(StatusCode::BAD_REQUEST, "TransactionConflictException"),
        Some(Fault::InternalError) => {
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError");
        }
        Some(Fault::DropBefore) => return dropped(),
        Some(Fault::DropAfter) | None => {}
    }
    let (status, content) = forward(&proxy.http, &proxy.target, &headers, body).await;
    if fault == Some(Fault::DropAfter) {
        return dropped();
    }
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], content).into_response()
}

/// What the engine behind a proxy answers.
pub async fn forward(
    http: &reqwest::Client,
    target: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> (StatusCode, Bytes) {
    let mut request = http.post(target).body(body);
    for (name, value) in headers {
        if name != header::HOST && name != header::CONTENT_LENGTH {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.bytes().await.unwrap())
}

fn refusal(status: StatusCode, code: &str) -> Response {
    let body = format!("{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\",\"message\":\"injected\"}}");
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}

/// A body that fails at once, so that the connection closes without an answer.
fn dropped() -> Response {
    let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("dropped"))]);
    ([(header::CONTENT_LENGTH, "64")], Body::from_stream(broken)).into_response()
}
