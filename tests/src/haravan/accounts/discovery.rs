//! The discovery document and the JWKS (haravan.md §1.12).

use axum::extract::State as Extracted;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::haravan::rest::json_text;
use crate::haravan::simulator::Simulator;

pub(super) async fn configuration(Extracted(simulator): Extracted<Simulator>) -> Response {
    let issuer = simulator.state().accounts.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let document = json!({
        "issuer": issuer,
        "jwks_uri": at("/.well-known/openid-configuration/jwks"),
        "authorization_endpoint": at("/connect/authorize"),
        "token_endpoint": at("/connect/token"),
        "userinfo_endpoint": at("/connect/userinfo"),
        "end_session_endpoint": at("/connect/endsession"),
        "check_session_iframe": at("/connect/checksession"),
        "revocation_endpoint": at("/connect/revocation"),
        "introspection_endpoint": at("/connect/introspect"),
        "scopes_supported": [
            "openid", "profile", "email", "org", "userinfo", "grant_service", "wh_api", "offline_access"
        ],
        "claims_supported": ["sub", "name", "email", "role", "orgid", "orgname"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "response_modes_supported": ["form_post", "query", "fragment"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
    });
    json_text(StatusCode::OK, document.to_string())
}

pub(super) async fn jwks(Extracted(simulator): Extracted<Simulator>) -> Response {
    let mut state = simulator.state();
    state.accounts.jwks_calls += 1;
    match state.accounts.signing_key() {
        Ok(key) => json_text(StatusCode::OK, json!({"keys": [key.jwk()]}).to_string()),
        Err(refusal) => (StatusCode::INTERNAL_SERVER_ERROR, refusal.to_string()).into_response(),
    }
}
