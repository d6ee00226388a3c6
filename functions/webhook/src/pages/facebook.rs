//! `/api/pages/facebook/webhook` (pages.md §1.16).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header as names};
use axum::response::{IntoResponse, Response};
use common::facebook::signature::{SIGNATURE_HEADER, Signature};
use common::facebook::webhook::Challenge;
use common::store::connections::PageKey;
use common::store::inbox::pages::PageTopic;

use super::intake::{Item, Outcome, take};
use super::{Refusal, answer, header, read};
use crate::Webhook;

/// Time for the events of one delivery. How long Facebook waits is not documented; what is answered late comes again.
const WITHIN: Duration = Duration::from_secs(4);

/// Echoes the challenge to whoever knows the app's word; otherwise 403.
pub(super) async fn challenge(
    State(webhook): State<Arc<Webhook>>,
    query: Result<Query<Challenge>, QueryRejection>,
) -> Response {
    let app = match webhook.pages.apps.facebook().await {
        Ok(app) => app,
        Err(error) => return answer("facebook", Err(error.into())),
    };
    let query = query.map(|Query(query)| query).unwrap_or_default();
    match query.answer(&app) {
        Some(challenge) => {
            let plain = [
                (names::CONTENT_TYPE, "text/plain; charset=utf-8"),
                (names::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (plain, challenge.to_owned()).into_response()
        }
        None => StatusCode::FORBIDDEN.into_response(),
    }
}

/// Stores the events of a delivery.
pub(super) async fn receive(State(webhook): State<Arc<Webhook>>, headers: HeaderMap, body: Body) -> Response {
    answer("facebook", receive_from(&webhook, &headers, body).await)
}

async fn receive_from(webhook: &Webhook, headers: &HeaderMap, body: Body) -> Result<Outcome, Refusal> {
    let body = read(headers, body).await?;
    let app = webhook.pages.apps.facebook().await?;
    // The older `X-Hub-Signature` is SHA-1 and proves too little.
    let signature: Signature =
        header(headers, SIGNATURE_HEADER)?.parse().map_err(|_| Refusal::Unsigned("bad_signature"))?;
    let verified = signature.verify(&body, &app.secret).ok_or(Refusal::Unsigned("bad_signature"))?;
    let Ok(events) = verified.events() else { return Ok(Outcome::Unreadable) };
    let items: Vec<Item<'_>> = events
        .iter()
        .filter(|event| event.is_object())
        .map(|event| Item {
            page: PageKey::Facebook(event.page.clone()),
            topic: PageTopic::facebook(event.channel),
            raw: event.raw.get().as_bytes(),
            sent_at: event.sent_at(),
        })
        .collect();
    Ok(take(webhook, &items, WITHIN).await)
}
