//! What stays the same while the stack runs: `GET /local/about`, and `GET /local/secrets`.

use axum::Json;
use axum::extract::State;
use common::words;
use serde_json::{Value, json};

use super::Page;
use crate::options::{GETFLY_PATH, HARAVAN_PATH};
use crate::pages::{FACEBOOK_PATH, ZALO_PATH};

/// Addresses without secrets, where the simulators' control routes are, and the words for every code.
pub(super) async fn about(State(page): State<Page>) -> Json<Value> {
    let addresses = &page.addresses;
    // All simulators run, or none.
    let simulated = |path: &str| page.haravan.is_some().then(|| path.to_owned());
    Json(json!({
        "shop": simulated(&format!("{HARAVAN_PATH}/__sim")),
        "crm": page.getfly.is_some().then(|| format!("{GETFLY_PATH}/__sim")),
        "providers": {
            "facebook": simulated(&format!("{FACEBOOK_PATH}/control")),
            "zalo": simulated(&format!("{ZALO_PATH}/control")),
        },
        "addresses": {
            "webhook_url": addresses.webhook_url,
            "haravan_url": addresses.haravan_url,
            "getfly_url": addresses.getfly_url,
            "dynamodb_url": addresses.dynamodb_url,
            "tenant_id": addresses.tenant_id,
            "org_id": addresses.org_id,
        },
        "words": words::all(),
    }))
}

/// The secrets of this machine's own tenant, for a person who opened the part that shows them.
pub(super) async fn secrets(State(page): State<Page>) -> Json<Value> {
    let addresses = page.addresses;
    Json(json!({
        "client_secret": addresses.client_secret,
        "verify_token": addresses.verify_token,
        "getfly_api_key": addresses.getfly_api_key,
    }))
}
