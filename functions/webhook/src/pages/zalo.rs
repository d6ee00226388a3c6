//! `/api/pages/zalo/webhook` (pages.md §2.10).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header as names};
use axum::response::{IntoResponse, Response};
use common::store::connections::PageKey;
use common::store::inbox::pages::PageTopic;
use common::zalo::signature::{SIGNATURE_HEADER, Signature};

use super::intake::{Item, Outcome, take};
use super::{Refusal, answer, header, read};
use crate::Webhook;

/// Time for one event: Zalo wants its answer within 2 s, of which the way there and back takes some.
const WITHIN: Duration = Duration::from_millis(1500);

/// For whoever opens the address, such as Zalo's console when it is entered there.
pub(super) async fn checked(State(webhook): State<Arc<Webhook>>) -> Response {
    match webhook.pages.apps.zalo().await {
        Ok(_) => ([(names::CONTENT_TYPE, "text/plain; charset=utf-8")], "OK").into_response(),
        Err(error) => answer("zalo", Err(error.into())),
    }
}

/// Stores an event.
pub(super) async fn receive(State(webhook): State<Arc<Webhook>>, headers: HeaderMap, body: Body) -> Response {
    answer("zalo", receive_from(&webhook, &headers, body).await)
}

async fn receive_from(webhook: &Webhook, headers: &HeaderMap, body: Body) -> Result<Outcome, Refusal> {
    let body = read(headers, body).await?;
    let app = webhook.pages.apps.zalo().await?.app;
    let signature: Signature =
        header(headers, SIGNATURE_HEADER)?.parse().map_err(|_| Refusal::Unsigned("bad_signature"))?;
    let verified = signature.verify(&body, &app).ok_or(Refusal::Unsigned("bad_signature"))?;
    let Some(event) = verified.event() else { return Ok(Outcome::Unreadable) };
    let sent_at = event.sent_at();
    let Some(oa) = event.oa else { return Ok(Outcome::Unreadable) };
    let item =
        Item { page: PageKey::Zalo(oa), topic: PageTopic::zalo(&event.name), raw: verified.bytes(), sent_at };
    Ok(take(webhook, &[item], WITHIN).await)
}
