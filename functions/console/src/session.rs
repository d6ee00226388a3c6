//! Sessions of CRM admins.
//!
//! ```text
//!  CRM ──POST /api/sessions, API key──► link (single use, 5 minutes)
//!  browser ──GET link──► a page with one button; programs that look at links open nothing by that
//!  browser ──POST──► the link is taken, a session begins (30 minutes), its cookie is set
//! ```
//!
//! The table keeps digests of link and cookie only ([`common::store::ephemeral`]). Every form carries the session's CSRF
//! token, and where the browser says which page a form came from, that page must be ours.

pub(crate) mod enter;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::id::TenantId;
use common::page::{Lang, cookie};
use common::seal::{SealError, random};
use common::store::ephemeral::Kind;
use common::store::tenants::TenantRecord;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::form::Form;
use crate::refusal::{Trouble, foreign_form, no_session};
use crate::{Console, tenant};

/// How long a session lasts.
pub(crate) const SESSION: Duration = Duration::from_secs(30 * 60);

/// The field of a form that holds the session's token.
pub(crate) const CSRF_FIELD: &str = "csrf";

/// What a link holds.
#[derive(Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) tenant: TenantId,
    pub(crate) admin: Person,
    pub(crate) lang: Option<String>,
}

/// A CRM admin, as the CRM names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    /// The CRM's id.
    pub id: String,
    /// Their name.
    pub name: Option<String>,
    /// Their e-mail.
    pub email: Option<String>,
}

/// What a session holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Whose.
    pub tenant: TenantId,
    /// Who.
    pub admin: Person,
    /// Sent with every form.
    pub csrf: String,
}

/// The cookie's name; the prefix makes browsers insist on `Secure`, this very host and the whole path.
fn cookie_name(is_https: bool) -> &'static str {
    if is_https { "__Host-hvc_session" } else { "hvc_session" }
}

/// The cookie of a session that began now.
fn session_cookie(public_url: &str, secret: &str) -> String {
    let is_https = is_https(public_url);
    let secure = if is_https { "; Secure" } else { "" };
    format!(
        "{}={secret}; Path=/; Max-Age={}; HttpOnly{secure}; SameSite=Lax",
        cookie_name(is_https),
        SESSION.as_secs()
    )
}

fn is_https(url: &str) -> bool {
    url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

/// A random value that nobody guesses.
pub(crate) fn random_secret() -> Result<String, SealError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// An admin with a session, looking at a page.
pub(crate) struct Visitor {
    /// The session.
    pub session: Session,
    /// The tenant's record as it is now.
    pub record: TenantRecord,
    /// The language.
    pub lang: Lang,
    /// The page's own address, without scheme and host.
    pub here: String,
}

impl FromRequestParts<Arc<Console>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Response> {
        let lang = Lang::of_request(&parts.headers);
        let here = match parts.extensions.get::<OriginalUri>() {
            Some(OriginalUri(uri)) => uri.path_and_query(),
            None => parts.uri.path_and_query(),
        };
        let here = here.map(ToString::to_string).unwrap_or_default();
        match find(console, &parts.headers).await.map_err(IntoResponse::into_response)? {
            Some((session, record)) => Ok(Self { session, record, lang, here }),
            None => Err(no_session(lang)),
        }
    }
}

async fn find(console: &Console, headers: &HeaderMap) -> Result<Option<(Session, TenantRecord)>, Trouble> {
    for over_https in [true, false] {
        let Some(secret) = cookie(headers, cookie_name(over_https)) else { continue };
        let session: Option<Session> =
            console.store.ephemeral.get(Kind::Session, secret, console.clock.now()).await?;
        let Some(session) = session else { continue };
        let record = console.record(&session.tenant).await?;
        // A cookie without the prefix could be set by a page of another host of the same domain.
        if let Some(record) = record.filter(|record| is_https(&record.public_url) == over_https) {
            return Ok(Some((session, record)));
        }
    }
    Ok(None)
}

/// A form that an admin sent from one of our own pages.
pub(crate) struct Submission {
    /// Who.
    pub visitor: Visitor,
    /// What.
    pub form: Form,
}

impl FromRequest<Arc<Console>> for Submission {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Arc<Console>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, console).await?;
        if !is_from_us(&parts.headers, &visitor.record.public_url) {
            return Err(foreign_form(visitor.lang));
        }
        let form = Form::from_request(Request::from_parts(parts, body), console).await?;
        let given = form.text(CSRF_FIELD);
        if !bool::from(given.as_bytes().ct_eq(visitor.session.csrf.as_bytes())) {
            return Err(foreign_form(visitor.lang));
        }
        Ok(Self { visitor, form })
    }
}

/// Whether a request came from our own page, as far as the browser says. `null` is a page that hides where it is from.
fn is_from_us(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match text(header::ORIGIN.as_str()) {
        None => text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none")),
        Some("null") => text("sec-fetch-site") == Some("same-origin"),
        Some(origin) => tenant::origin(public_url).is_some_and(|ours| ours.eq_ignore_ascii_case(origin)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_cookie_is_bound_to_the_host_and_out_of_scripts_reach() {
        assert_eq!(
            session_cookie("https://crm.example.com", "x"),
            "__Host-hvc_session=x; Path=/; Max-Age=1800; HttpOnly; Secure; SameSite=Lax"
        );
        assert_eq!(
            session_cookie("http://127.0.0.1:8787", "x"),
            "hvc_session=x; Path=/; Max-Age=1800; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_form_of_another_page_is_told_from_ones_own() {
        let allowed = |pairs: &[(&'static str, &str)]| {
            let headers =
                pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            is_from_us(&headers, "https://crm.example.com/")
        };
        assert!(allowed(&[]));
        assert!(allowed(&[("origin", "https://crm.example.com"), ("sec-fetch-site", "same-origin")]));
        assert!(allowed(&[("origin", "null"), ("sec-fetch-site", "same-origin")]));
        assert!(!allowed(&[("origin", "null")]));
        assert!(!allowed(&[("origin", "https://evil.example")]));
        assert!(!allowed(&[("origin", "https://crm.example.com.evil.example")]));
        assert!(!allowed(&[("sec-fetch-site", "cross-site")]));
    }
}
