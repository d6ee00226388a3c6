//! The userinfo endpoint (haravan.md §1.11).

use axum::extract::State as Extracted;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::id_token::about_the_person;
use super::records::Grant;
use crate::haravan::rest::{bearer, json_text};
use crate::haravan::simulator::Simulator;

pub(super) async fn show(Extracted(simulator): Extracted<Simulator>, headers: HeaderMap) -> Response {
    let state = simulator.state();
    let Some(token) = bearer(&headers).and_then(|token| state.live_token(token)) else {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response();
    };
    let Some(sub) = token.sub.filter(|_| token.has("openid") && token.has("userinfo")) else {
        return (StatusCode::FORBIDDEN, [(WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"")])
            .into_response();
    };
    let grant = Grant {
        client_id: token.client_id.clone(),
        orgid: token.orgid,
        sub,
        scopes: token.scopes.clone(),
        nonce: None,
        sid: String::new(),
        auth_time: 0,
    };
    let known = about_the_person(&state, &grant);
    let mut body = Map::new();
    for name in ["orgid", "name", "email", "orgname", "role"] {
        if let Some(value) = known.get(name) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    body.insert("sub".to_owned(), sub.to_string().into());
    json_text(StatusCode::OK, Value::Object(body).to_string())
}
