//! What is remembered while a person is at Haravan.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::StartTicket;
use super::refusal::Refusal;
use crate::browser::BrowserKey;
use crate::haravan::id_token::IdClaims;
use crate::id::{OrgId, StaffId, TenantId};
use crate::seal::random_text;
use crate::settings::ResponseMode;
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
            nonce: random_text().map_err(Refusal::sealing)?,
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
            nonce: random_text().map_err(Refusal::sealing)?,
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
