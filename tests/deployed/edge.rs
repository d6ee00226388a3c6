//! What a CRM's domain does: leads each path to its function's own address, as infra/nginx.conf
//! does.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use reqwest::redirect::Policy;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// The emulator's address and the stack's outputs, once it is deployed.
type Behind = Arc<OnceLock<(String, BTreeMap<String, String>)>>;

/// A reverse proxy on loopback.
pub(crate) struct Edge {
    pub url: String,
    behind: Behind,
    task: JoinHandle<()>,
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Edge {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let behind = Behind::default();
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let router = Router::new().fallback(lead).with_state((Arc::clone(&behind), http));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, behind, task }
    }

    pub fn lead_to(&self, emulator: String, outputs: BTreeMap<String, String>) {
        self.behind.set((emulator, outputs)).unwrap();
    }
}

/// The output that holds the address of a path's function.
fn output(path: &str) -> Option<&'static str> {
    let path = path.strip_prefix("/api/pages/").map_or(path, |page| match page {
        "facebook/webhook" | "zalo/webhook" => "/webhook",
        "disconnect" | "facebook/deauthorize" | "facebook/deletion" => "/disconnect",
        page if page.starts_with("facebook/deletion/") => "/disconnect",
        _ => "/connect",
    });
    match path {
        "/api/haravan/login" => Some("HaravanLoginUrl"),
        "/api/haravan/grandservice" => Some("HaravanGrantUrl"),
        "/webhook" => Some("WebhookUrl"),
        "/disconnect" => Some("PageDisconnectUrl"),
        "/connect" => Some("PageConnectUrl"),
        path if path.starts_with("/api/haravan/webhook/") => Some("WebhookUrl"),
        path if path.starts_with("/console") || path.starts_with("/api/") => Some("ConsoleUrl"),
        _ => None,
    }
}

async fn lead(
    State((behind, http)): State<(Behind, reqwest::Client)>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(address) = output(uri.path()) else { return StatusCode::NOT_FOUND.into_response() };
    let (emulator, outputs) = behind.get().unwrap();
    let function = Url::parse(&outputs[address]).unwrap();
    headers.insert(header::HOST, HeaderValue::from_str(function.host_str().unwrap()).unwrap());
    headers.remove(header::CONTENT_LENGTH);
    let request = http.request(method, format!("{emulator}{uri}")).headers(headers).body(body);
    match request.send().await {
        Ok(answer) => {
            let (status, mut headers) = (answer.status(), answer.headers().clone());
            headers.remove(header::TRANSFER_ENCODING);
            headers.remove(header::CONTENT_LENGTH);
            let body = answer.bytes().await.unwrap();
            (status, headers, Body::from(body)).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}
