//! The CRM's part in opening the admin pages: it asks for a link on behalf of its admin and sends the browser there.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use common::wire::egress::Reach;
use serde::Deserialize;
use serde_json::json;

use super::Page;

/// Opens a session for the CRM's demo admin, as the CRM's server would.
pub async fn open(State(page): State<Page>) -> Response {
    match link(&page).await {
        Ok(link) => Redirect::to(&link).into_response(),
        Err(error) => {
            tracing::warn!(%error, "no link to the admin pages");
            (StatusCode::BAD_GATEWAY, "Không mở được trang quản trị. · The admin pages do not open.")
                .into_response()
        }
    }
}

async fn link(page: &Page) -> anyhow::Result<String> {
    #[derive(Deserialize)]
    struct Opened {
        url: String,
    }
    let admin = json!({"id": "11", "name": "Lê Minh Anh", "email": "minhanh@example.com"});
    let request = Reach::Loopback.client()?.post(format!("{}/api/sessions", page.addresses.base_url));
    let answer = request.bearer_auth(&page.addresses.api_key).json(&json!({"admin": admin})).send().await?;
    Ok(answer.error_for_status()?.json::<Opened>().await?.url)
}
