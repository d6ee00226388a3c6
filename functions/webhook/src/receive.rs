//! A delivery: authenticate → attribute → dedup, in that order (design: security rules; haravan.md §2.5–2.8).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use common::body::pack;
use common::haravan::webhook::{
    Content, Head, ORG_HEADER, SIGNATURE_HEADER, Shape, Signature, TEST_HEADER, TOPIC_HEADER, Topic,
    UNINSTALLED, VerifiedBody,
};
use common::id::{OrgId, TenantId};
use common::reason;
use common::store::connections::Subject;
use common::store::inbox::{EventKey, NewEvent, Put};
use common::telemetry::{Line, Metric};
use common::tenant::{DirectoryError, Tenant};
use common::trace::TraceId;
use tracing::Instrument;

use crate::body::{Unread, whole};
use crate::{FUNCTION, Webhook};

/// How a delivery was answered.
enum Answer {
    Stored(EventKey),
    /// The app was removed, says Haravan; upkeep finds out.
    Suspected,
    Duplicate(EventKey),
    Ignored(&'static str),
    Refused(&'static str),
    TooLarge,
    Failed(&'static str),
}

pub(crate) async fn receive(
    State(webhook): State<Arc<Webhook>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let trace = TraceId::of_invocation();
    let span = tracing::error_span!("delivery", trace.id = %trace);
    let answer = match whole(&headers, body).await {
        Ok(body) => {
            let handled = handle(&webhook, &tenant, &headers, &body, trace).instrument(span).await;
            handled.unwrap_or_else(|answer| answer)
        }
        Err(Unread::TooLarge) => Answer::TooLarge,
        Err(Unread::Broken) => Answer::Refused("broken_body"),
    };
    let (status, what, why, metric) = match &answer {
        Answer::Stored(_) => (StatusCode::OK, "webhook.stored", None, Metric::WebhookStored),
        Answer::Suspected => (StatusCode::OK, "webhook.uninstalled", None, Metric::ShopSuspected),
        Answer::Duplicate(_) => (StatusCode::OK, "webhook.repeated", None, Metric::WebhookDuplicate),
        Answer::Ignored(why) => (StatusCode::OK, "webhook.ignored", Some(*why), Metric::WebhookIgnored),
        Answer::Refused(why) => {
            (StatusCode::UNAUTHORIZED, "webhook.refused", Some(*why), Metric::WebhookRefused)
        }
        Answer::TooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, "webhook.refused", Some("too_large"), Metric::WebhookRefused)
        }
        Answer::Failed(why) => {
            (StatusCode::SERVICE_UNAVAILABLE, "webhook.failed", Some(*why), Metric::WebhookFailed)
        }
    };
    let mut line = Line::new(FUNCTION, what).trace(trace).count(metric, 1);
    if let Answer::Stored(key) | Answer::Duplicate(key) = &answer {
        line = line.with("event.key", key.entity.as_str());
    }
    // Only identifiers that have their alphabet may be logged: a stranger chooses the path and the headers.
    if let Ok(tenant) = tenant.parse::<TenantId>() {
        line = line.with("tenant", tenant.as_str());
    }
    if let Some(topic) = header(&headers, TOPIC_HEADER).and_then(|topic| topic.parse::<Topic>().ok()) {
        line = line.with("topic", topic.as_str());
    }
    if let Some(why) = why {
        line = line.with("reason", why);
    }
    line.emit();
    status.into_response()
}

/// The three gates. The `Err` side is an answer too: that of the gate that stayed shut.
async fn handle(
    webhook: &Webhook,
    tenant: &str,
    headers: &HeaderMap,
    body: &[u8],
    trace: TraceId,
) -> Result<Answer, Answer> {
    let id: TenantId = tenant.parse().map_err(|_| Answer::Refused("unknown_tenant"))?;
    let tenant =
        webhook.directory.tenant(&id).await.map_err(failed)?.ok_or(Answer::Refused("unknown_tenant"))?;

    let (tenant, verified) = authenticate(webhook, tenant, headers, body).await?;
    if let Some(org) = uninstalled(headers, &verified)? {
        return suspect(webhook, &id, org).await;
    }
    let attributed = attribute(&tenant, headers, &verified)?;

    let Attributed { topic, org, head } = attributed;
    let event = NewEvent {
        key: match head {
            Some(head) => EventKey::of(&id, topic, head.id, body),
            None => EventKey::unreadable(&id, topic, body),
        },
        topic,
        org,
        body: pack(body).map_err(|_| Answer::Failed("not_compressed"))?,
        updated_at: head.and_then(|head| head.updated_at),
        received_at: webhook.clock.now(),
        parked: head.is_none().then_some(reason::UNREADABLE),
        trace,
    };
    match webhook.store.inbox.put(&event).await {
        Ok(Put::Stored) => Ok(Answer::Stored(event.key)),
        Ok(Put::Duplicate) => Ok(Answer::Duplicate(event.key)),
        Err(error) => {
            tracing::error!(%error, "a delivery was not stored");
            Err(Answer::Failed("store_unavailable"))
        }
    }
}

async fn authenticate<'a>(
    webhook: &Webhook,
    tenant: Arc<Tenant>,
    headers: &HeaderMap,
    body: &'a [u8],
) -> Result<(Arc<Tenant>, VerifiedBody<'a>), Answer> {
    let Some(given) = header(headers, SIGNATURE_HEADER) else {
        // An unsigned ping stores nothing and tells nothing.
        return Err(if body.is_empty() { Answer::Ignored("ping") } else { Answer::Refused("no_signature") });
    };
    let signature: Signature = given.parse().map_err(|_| Answer::Refused("bad_signature"))?;
    let now = webhook.clock.now();
    if let Some(verified) = signature.verify(body, tenant.secrets(now)) {
        return Ok((tenant, verified));
    }
    // The secret may have been changed a moment ago.
    let renewed = webhook.directory.refreshed(&tenant.id).await.map_err(failed)?;
    let tenant = renewed.ok_or(Answer::Refused("bad_signature"))?;
    match signature.verify(body, tenant.secrets(now)) {
        Some(verified) => Ok((tenant, verified)),
        None => Err(Answer::Refused("bad_signature")),
    }
}

/// The shop that `app/uninstalled` is about; its body is not documented and may be missing (haravan.md §2.9, §10.14).
fn uninstalled(headers: &HeaderMap, verified: &VerifiedBody<'_>) -> Result<Option<OrgId>, Answer> {
    let topic = header(headers, TOPIC_HEADER).unwrap_or_default();
    if is_test(headers) || !topic.trim().eq_ignore_ascii_case(UNINSTALLED) {
        return Ok(None);
    }
    let org = header(headers, ORG_HEADER).ok_or(Answer::Refused("no_org"))?;
    let org = org.trim().parse().map_err(|_| Answer::Ignored("unknown_org"))?;
    match verified.content() {
        // An order's or customer's body under this topic was not signed for it.
        Content::Entity(head) if head.shape != Shape::Bare => Err(Answer::Ignored("topic_and_body_disagree")),
        _ => Ok(Some(org)),
    }
}

/// One write, whatever the cache says about the shop: it may have been connected a moment ago.
async fn suspect(webhook: &Webhook, tenant: &TenantId, org: OrgId) -> Result<Answer, Answer> {
    match webhook.store.connections.suspect(tenant, &Subject::Shop(org), webhook.clock.now()).await {
        Ok(true) => Ok(Answer::Suspected),
        Ok(false) => Ok(Answer::Ignored("disconnected")),
        Err(error) => {
            tracing::error!(%error, "an uninstall was not noted");
            Err(Answer::Failed("store_unavailable"))
        }
    }
}

/// A delivery whose topic, shop and body agree with the tenant.
struct Attributed {
    topic: Topic,
    org: OrgId,
    /// `None` for a signed body in which nothing can be read.
    head: Option<Head>,
}

fn attribute(
    tenant: &Tenant,
    headers: &HeaderMap,
    verified: &VerifiedBody<'_>,
) -> Result<Attributed, Answer> {
    if is_test(headers) || verified.bytes().is_empty() {
        return Err(Answer::Ignored("test"));
    }
    // Missing topic or organisation is a 401 (haravan.md §2.6).
    let topic = header(headers, TOPIC_HEADER).ok_or(Answer::Refused("no_topic"))?;
    let org = header(headers, ORG_HEADER).ok_or(Answer::Refused("no_org"))?;
    let org: OrgId = org.trim().parse().map_err(|_| Answer::Ignored("unknown_org"))?;
    match tenant.shops.get(&org) {
        None => return Err(Answer::Ignored("unknown_org")),
        Some(shop) if !shop.connected => return Err(Answer::Ignored("disconnected")),
        Some(_) => {}
    }
    let topic: Topic = topic.parse().map_err(|_| Answer::Ignored("unknown_topic"))?;
    match verified.content() {
        Content::Test => Err(Answer::Ignored("test")),
        Content::Unreadable => Ok(Attributed { topic, org, head: None }),
        Content::Entity(head) if !topic.entity().agrees_with(head.shape) => {
            Err(Answer::Ignored("topic_and_body_disagree"))
        }
        Content::Entity(head) => Ok(Attributed { topic, org, head: Some(head) }),
    }
}

/// Any value but a plain no (haravan.md §11).
fn is_test(headers: &HeaderMap) -> bool {
    let is_no = |value: &str| matches!(value.trim(), "0") || value.trim().eq_ignore_ascii_case("false");
    header(headers, TEST_HEADER).is_some_and(|value| !is_no(value))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|value| !value.trim().is_empty())
}

fn failed(error: DirectoryError) -> Answer {
    tracing::error!(%error, "a tenant could not be looked up");
    Answer::Failed("tenant_unavailable")
}
