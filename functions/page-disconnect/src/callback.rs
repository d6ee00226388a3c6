//! Facebook's callbacks about a person: they removed the app, or want to be forgotten (pages.md §1.15).
//!
//! Nothing is read before the signature was checked. What was carried out is noted for a day under the request itself,
//! after it was done: a repeat is answered as the first one was and changes nothing, and a request that we could not
//! carry out may come again. What a person gave back after they had spoken is never touched, so a request that is repeated
//! later is harmless too.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use common::channel::NoProvider;
use common::facebook::signed_request::SignedRequest;
use common::form::Fields;
use common::pages::{Pages, person};
use common::seal::SealError;
use common::store::StoreError;
use common::store::ephemeral::Kind;
use common::telemetry::{Line, Metric};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::deletion::{self, Deletion};
use crate::{DELETION, FUNCTION, PageDisconnect};

/// How long a request is remembered (pages.md §1.15).
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// How far ahead of ours Facebook's clock may be, in seconds.
const AHEAD: i64 = 3600;

/// A request that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    /// Which of the two it was taken for.
    deletion: bool,
    /// The confirmation code of a deletion.
    code: Option<String>,
}

/// What Facebook is answered to a deletion.
#[derive(Debug, Serialize)]
struct Confirmation {
    url: String,
    confirmation_code: String,
}

/// Why a callback was not carried out.
enum Refused {
    /// It is not Facebook's: the word is for the log.
    NotSigned(&'static str),
    /// Our own part did not answer.
    Unavailable,
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a callback of Facebook's was not carried out");
        Self::Unavailable
    }
}

impl From<SealError> for Refused {
    fn from(error: SealError) -> Self {
        tracing::error!(%error, "a callback of Facebook's was not carried out");
        Self::Unavailable
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::NotSigned(why) => {
                Line::new(FUNCTION, "facebook.refused")
                    .with("reason", why)
                    .count(Metric::ProviderRequestRefused, 1)
                    .emit();
                StatusCode::BAD_REQUEST.into_response()
            }
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

/// A request that Facebook signed, as it came.
struct Signed {
    text: String,
    who: SignedRequest,
    /// When the person spoke.
    at: Timestamp,
}

/// A person removed the app.
pub(crate) async fn deauthorize(
    State(function): State<Arc<PageDisconnect>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match deauthorized(&function.pages, &headers, body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn deauthorized(pages: &Pages, headers: &HeaderMap, body: Body) -> Result<(), Refused> {
    let signed = signed(pages, headers, body).await?;
    if before(pages, &signed, false).await?.is_some() {
        return Ok(());
    }
    let revoked = person::revoke(pages, &signed.who.user_id, signed.at).await?;
    remember(pages, &signed, &Done { deletion: false, code: None }).await?;
    Line::new(FUNCTION, "facebook.deauthorized").with("pages", revoked).emit();
    Ok(())
}

/// A person wants to be forgotten.
pub(crate) async fn delete(
    State(function): State<Arc<PageDisconnect>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match deleted(&function.pages, &headers, body).await {
        Ok(code) => {
            let base = function.pages_url.as_str().trim_end_matches('/');
            let url = format!("{base}{DELETION}/{code}");
            Json(Confirmation { url, confirmation_code: code }).into_response()
        }
        Err(refused) => refused.into_response(),
    }
}

async fn deleted(pages: &Pages, headers: &HeaderMap, body: Body) -> Result<String, Refused> {
    let signed = signed(pages, headers, body).await?;
    if let Some(Done { code: Some(code), .. }) = before(pages, &signed, true).await? {
        return Ok(code);
    }
    let revoked = person::revoke(pages, &signed.who.user_id, signed.at).await?;
    let forgotten = person::forget(pages, &signed.who.user_id, signed.at).await?;
    let (code, now) = (deletion::new_code()?, pages.clock.now());
    let kept = Deletion { done_at: now };
    pages.store.ephemeral.put(Kind::Deletion, &code, &kept, deletion::until(now)).await?;
    let done = Done { deletion: true, code: Some(code.clone()) };
    // Of two at once the first one's code counts; the other's says the same.
    let code = match remember(pages, &signed, &done).await? {
        Some(Done { code: Some(first), .. }) => first,
        _ => code,
    };
    Line::new(FUNCTION, "facebook.deletion_asked")
        .with("code", code.as_str())
        .with("revoked", revoked)
        .with("forgotten", forgotten)
        .emit();
    Ok(code)
}

/// Reads the form and checks its signature.
async fn signed(pages: &Pages, headers: &HeaderMap, body: Body) -> Result<Signed, Refused> {
    let fields = Fields::posted(headers, body).await.map_err(|_| Refused::NotSigned("unreadable"))?;
    let text = fields.get("signed_request").map_err(|_| Refused::NotSigned("unreadable"))?;
    let text = text.ok_or(Refused::NotSigned("missing"))?.trim().to_owned();
    let graph = pages.providers.facebook().await.map_err(|error| match error {
        NoProvider::NotSetUp(_) => Refused::NotSigned("no_app"),
        NoProvider::Secret(error) => error.into(),
    })?;
    let who = SignedRequest::verify(&text, &graph.app().secret).map_err(|error| {
        tracing::warn!(%error, "a request in Facebook's name is refused");
        Refused::NotSigned("not_signed")
    })?;
    let now = pages.clock.now();
    if who.expires.is_some_and(|end| end > 0 && end <= now.as_second()) {
        return Err(Refused::NotSigned("expired"));
    }
    // Without a time a request could be repeated for ever; with one far ahead it would undo what is given later.
    let at = who.issued_at.filter(|at| *at <= now.as_second().saturating_add(AHEAD));
    let at = at.and_then(|at| Timestamp::from_second(at).ok()).ok_or(Refused::NotSigned("undated"))?;
    Ok(Signed { text, who, at })
}

/// What a request is noted under: a deletion also revokes, so each counts for its own callback.
fn name(signed: &Signed, deletion: bool) -> String {
    format!("{}:{}", if deletion { "deletion" } else { "deauthorize" }, signed.text)
}

async fn before(pages: &Pages, signed: &Signed, deletion: bool) -> Result<Option<Done>, StoreError> {
    let name = name(signed, deletion);
    pages.store.ephemeral.get(Kind::SignedRequest, &name, pages.clock.now()).await
}

/// Notes what was done; gives what was noted before, if another was quicker.
async fn remember(pages: &Pages, signed: &Signed, done: &Done) -> Result<Option<Done>, StoreError> {
    let (now, name) = (pages.clock.now(), name(signed, done.deletion));
    let until = now.saturating_add(REMEMBERED).unwrap_or(Timestamp::MAX);
    let ephemeral = &pages.store.ephemeral;
    if ephemeral.put_if_absent(Kind::SignedRequest, &name, done, until, now).await? {
        return Ok(None);
    }
    before(pages, signed, done.deletion).await
}
