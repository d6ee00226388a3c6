//! What is remembered while a person is at Haravan, and by what a callback is known to be theirs.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::StartTicket;
use super::refusal::Refusal;
use crate::haravan::id_token::IdClaims;
use crate::id::{OrgId, StaffId, TenantId};
use crate::page;
use crate::seal::random;
use crate::store::tenants::ResponseMode;
use crate::tenant::Tenant;

/// How long a person may take at Haravan, for each of the two steps.
pub const LIFETIME: Duration = Duration::from_secs(600);

/// Which of the two steps a flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Who is it, and for which shop (haravan.md §1.5).
    Login,
    /// The shop's own token (haravan.md §1.6).
    Install,
}

impl Step {
    /// Where Haravan calls back.
    pub fn path(self) -> &'static str {
        match self {
            Self::Login => "/api/haravan/login",
            Self::Install => "/api/haravan/grandservice",
        }
    }

    /// What is asked for (haravan.md §1.4).
    pub fn scopes(self) -> &'static str {
        match self {
            Self::Login => "openid profile email org userinfo",
            Self::Install => {
                "openid profile email org userinfo offline_access grant_service wh_api com.read_orders com.read_customers com.read_shop"
            }
        }
    }

    /// The redirect address for this step, exactly as it is registered at Haravan; of the tenant's record alone.
    pub fn redirect_uri(self, tenant: &Tenant) -> String {
        format!("{}{}", tenant.public_url.trim_end_matches('/'), self.path())
    }
}

/// An attempt, stored under the digest of its `state` ([`crate::store::ephemeral::Kind::Flow`]).
#[derive(Clone, Serialize, Deserialize)]
pub struct Flow {
    /// Whose shop is to be connected.
    pub tenant: TenantId,
    /// The CRM's id of the admin who asked for it.
    pub admin_id: String,
    /// Their name.
    pub admin_name: Option<String>,
    /// The language of the pages.
    pub lang: String,
    /// Which step it is.
    pub step: Step,
    /// How the answer comes, as it was asked for.
    pub mode: ResponseMode,
    /// What the id tokens must repeat.
    pub nonce: String,
    /// Digest of the cookie of the browser that started.
    pub browser: String,
    /// The shop that LOGIN found.
    pub expected_org: Option<OrgId>,
    /// The person that LOGIN found.
    pub expected_sub: Option<StaffId>,
    /// The shop the admin asked for.
    pub hint_org: Option<OrgId>,
}

impl Flow {
    /// The LOGIN that a ticket starts, in the browser with this key.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`]: no randomness.
    pub fn login(ticket: StartTicket, tenant: &Tenant, browser: &BrowserKey) -> Result<Self, Refusal> {
        Ok(Self {
            tenant: ticket.tenant,
            admin_id: ticket.admin_id,
            admin_name: ticket.admin_name,
            lang: ticket.lang,
            step: Step::Login,
            mode: tenant.settings.response_mode,
            nonce: random_text()?,
            browser: browser.digest(),
            expected_org: None,
            expected_sub: None,
            hint_org: ticket.org,
        })
    }

    /// The INSTALL that follows a LOGIN, in the same browser, for the person and the shop it found.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`]: no randomness.
    pub fn install(self, claims: &IdClaims) -> Result<Self, Refusal> {
        Ok(Self {
            step: Step::Install,
            nonce: random_text()?,
            expected_org: Some(claims.org),
            expected_sub: Some(claims.sub),
            ..self
        })
    }

    /// The shop to suggest to Haravan.
    pub fn suggested(&self) -> Option<OrgId> {
        self.expected_org.or(self.hint_org)
    }
}

/// 32 random bytes as text.
///
/// # Errors
/// [`Refusal::Unavailable`]: no randomness.
pub fn random_text() -> Result<String, Refusal> {
    let bytes: [u8; 32] = random().map_err(Refusal::sealing)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What only the browser that started has: the value of a cookie, one per attempt and the same for both steps.
#[derive(Debug)]
pub struct BrowserKey(SecretString);

impl BrowserKey {
    /// A new one.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`]: no randomness.
    pub fn new() -> Result<Self, Refusal> {
        Ok(Self(random_text()?.into()))
    }

    /// The one that came with a callback.
    pub fn of(headers: &HeaderMap, tenant: &Tenant) -> Option<Self> {
        let value = page::cookie(headers, cookie_name(tenant))?;
        Some(Self(value.to_owned().into()))
    }

    /// What is stored of it.
    pub fn digest(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose_secret()))
    }

    /// The header with which the browser keeps it. Haravan's answer is a form posted from another site, so the cookie
    /// has to come along with that (haravan.md §7, 5).
    pub fn keep(&self, tenant: &Tenant) -> Option<HeaderValue> {
        set_cookie(tenant, self.0.expose_secret(), LIFETIME.as_secs())
    }
}

/// The header with which a browser forgets its key.
pub fn forget(tenant: &Tenant) -> Option<HeaderValue> {
    set_cookie(tenant, "", 0)
}

/// Over plain http, in local mode, a browser keeps no cookie of the strict kind; there Haravan is on the same site.
fn is_https(tenant: &Tenant) -> bool {
    tenant.public_url.starts_with("https://")
}

fn cookie_name(tenant: &Tenant) -> &'static str {
    if is_https(tenant) { "__Host-hvc_flow" } else { "hvc_flow" }
}

fn set_cookie(tenant: &Tenant, value: &str, seconds: u64) -> Option<HeaderValue> {
    let kind = if is_https(tenant) { "SameSite=None; Secure" } else { "SameSite=Lax" };
    let name = cookie_name(tenant);
    let mut header =
        HeaderValue::try_from(format!("{name}={value}; {kind}; HttpOnly; Path=/; Max-Age={seconds}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}
