//! What pages send: one address per app for the events of all pages of all tenants (pages.md §1.16, §2.10).
//!
//! ```text
//!  size ──► app set up? ──► signature over the raw bytes ──► events ──► whose page? ──► one put each
//!   413        404                 401                     200 unread    200 dropped     200, or 503
//! ```
//!
//! A delivery proves only that the provider sent it. Which tenant an event is for is what the page's claim says, read
//! consistently with each delivery, once per page; so an event that comes after a disconnect is dropped, and one right
//! after a connect, or after a move to another tenant, is its new owner's. Only that a page is *nobody's* is remembered,
//! for `STRANGER_FOR`, so that a page we cannot silence costs next to nothing.
//!
//! Each item is stored by itself under a digest of its own bytes: Facebook batches anew when it repeats. If any item is
//! not stored the answer is 503 and the whole delivery comes again, in which what was stored is a duplicate. Facebook
//! repeats for 36 hours; Zalo repeats only when it gets no connection (pages.md §2.10), so what it was answered 503 for is
//! lost to us, and the answer is for its own log. Nothing else is ever answered 5xx.

mod facebook;
mod intake;
mod strangers;
mod zalo;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use common::channel::{Apps, NoProvider};
use common::telemetry::{Line, Metric};

use self::intake::Outcome;
use self::strangers::Strangers;
use crate::body::{Unread, whole};
use crate::{FUNCTION, Webhook};

/// What the addresses for pages work with.
pub struct PageDoor {
    apps: Apps,
    strangers: Strangers,
}

impl PageDoor {
    /// A door for these apps; a provider without one is answered 404.
    pub fn new(apps: Apps) -> Self {
        Self { apps, strangers: Strangers::new() }
    }
}

pub(crate) fn router() -> Router<Arc<Webhook>> {
    Router::new()
        .route("/api/pages/facebook/webhook", get(facebook::challenge).post(facebook::receive))
        .route("/api/pages/zalo/webhook", get(zalo::checked).post(zalo::receive))
}

/// Why a delivery was not looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    NotSetUp,
    TooLarge,
    /// No signature that fits.
    Unsigned(&'static str),
    /// Our own side gave no answer.
    Unavailable(&'static str),
}

impl From<NoProvider> for Refusal {
    fn from(error: NoProvider) -> Self {
        match error {
            NoProvider::NotSetUp(_) => Self::NotSetUp,
            NoProvider::Secret(error) => {
                tracing::error!(%error, "the apps at Facebook and Zalo cannot be read");
                Self::Unavailable("secret_unavailable")
            }
        }
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    whole(headers, body).await.map_err(|unread| match unread {
        Unread::TooLarge => Refusal::TooLarge,
        Unread::Broken => Refusal::Unsigned("broken_body"),
    })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.filter(|value| !value.trim().is_empty()).ok_or(Refusal::Unsigned("no_signature"))
}

/// The answer, and the line about what was refused; [`intake`] has its own lines about what was taken.
fn answer(provider: &'static str, taken: Result<Outcome, Refusal>) -> Response {
    let (status, why, metric) = match taken {
        Ok(Outcome::Taken) => return StatusCode::OK.into_response(),
        Ok(Outcome::NotStored(why)) => (StatusCode::SERVICE_UNAVAILABLE, why, Metric::PageEventFailed),
        Ok(Outcome::Unreadable) => (StatusCode::OK, "unreadable", Metric::PageEventDropped),
        Err(Refusal::NotSetUp) => return StatusCode::NOT_FOUND.into_response(),
        Err(Refusal::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", Metric::PageEventRefused),
        Err(Refusal::Unsigned(why)) => (StatusCode::UNAUTHORIZED, why, Metric::PageEventRefused),
        Err(Refusal::Unavailable(why)) => (StatusCode::SERVICE_UNAVAILABLE, why, Metric::PageEventFailed),
    };
    let what = match metric {
        Metric::PageEventFailed => "page_events.failed",
        Metric::PageEventDropped => "page_events.dropped",
        _ => "page_events.refused",
    };
    Line::new(FUNCTION, what).with("provider", provider).with("reason", why).count(metric, 1).emit();
    status.into_response()
}
