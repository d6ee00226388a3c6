//! `GET /local/admin`: to the admin pages, by the way a CRM takes: with the tenant's API key and a link for one admin.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use common::egress::Reach;
use serde::Deserialize;
use serde_json::json;

use super::Page;

#[derive(Deserialize)]
struct Link {
    url: String,
}

/// Asks for a link and leads there.
pub(super) async fn open(State(page): State<Page>) -> Response {
    match link(&page).await {
        Some(Link { url }) => Redirect::to(&url).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn link(page: &Page) -> Option<Link> {
    let admin = json!({"admin": {"id": "local", "name": "Quản trị viên"}}).to_string();
    let request = Reach::Loopback.client().ok()?.post(format!("{}/api/sessions", page.addresses.base_url));
    let answer = request.bearer_auth(&page.addresses.api_key).body(admin).send().await.ok()?;
    serde_json::from_slice(&answer.bytes().await.ok()?).ok()
}
