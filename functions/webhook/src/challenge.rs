//! The `GET` with which Haravan checks a callback URL at registration (haravan.md §2.2).

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use common::id::TenantId;
use common::telemetry::{Line, Metric};
use secrecy::ExposeSecret;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::{FUNCTION, Webhook};

/// The query; its keys hold dots.
#[derive(Deserialize)]
pub(crate) struct Challenge {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// Longest challenge echoed, in bytes.
const MAX_CHALLENGE: usize = 1024;

/// Echoes the challenge when the token is the tenant's; otherwise 401. A tenant without a token matches nothing.
pub(crate) async fn answer(
    State(webhook): State<Arc<Webhook>>,
    Path(tenant): Path<String>,
    query: Result<Query<Challenge>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else { return StatusCode::BAD_REQUEST.into_response() };
    let refused = |why: &'static str| {
        Line::new(FUNCTION, "challenge.refused").with("reason", why).count(Metric::WebhookRefused, 1).emit();
        StatusCode::UNAUTHORIZED.into_response()
    };
    let Ok(id) = tenant.parse::<TenantId>() else { return refused("unknown_tenant") };
    let tenant = match webhook.directory.tenant(&id).await {
        Ok(Some(tenant)) => tenant,
        Ok(None) => return refused("unknown_tenant"),
        Err(error) => {
            tracing::error!(%error, "a challenge could not be answered");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let expected = tenant.verify_token.expose_secret().as_bytes();
    let given = query.token.unwrap_or_default();
    let token_fits = !expected.is_empty() && bool::from(expected.ct_eq(given.as_bytes()));
    let mode_fits = query.mode.is_none_or(|mode| mode == "subscribe");
    match query.challenge.filter(|challenge| challenge.len() <= MAX_CHALLENGE) {
        Some(challenge) if token_fits && mode_fits => {
            Line::new(FUNCTION, "challenge.answered").with("tenant", id.as_str()).emit();
            (
                [
                    (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
                    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                ],
                challenge,
            )
                .into_response()
        }
        Some(_) => refused("wrong_token"),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}
