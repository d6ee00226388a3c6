//! From a callback to what is proven by it: the same rules for both steps.

use std::sync::Arc;

use axum::http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};

use super::Connecting;
use super::callback::Callback;
use super::flow::{Flow, Step};
use super::refusal::Refusal;
use crate::attempt::Attempt;
use crate::browser::{self, BrowserKey};
use crate::haravan::id_token::{Beside, Expected, IdClaims, IdTokenError, UnverifiedIdToken};
use crate::haravan::jwks::KeyError;
use crate::haravan::token_endpoint::{App, Tokens};
use crate::id::{OrgId, StaffId, TenantId};
use crate::page::Lang;
use crate::settings::ResponseMode;
use crate::store::connections::Subject;
use crate::store::ephemeral::Kind;
use crate::tenant::Tenant;

/// What a callback has proven.
pub struct Proven {
    /// The attempt it belongs to.
    pub flow: Flow,
    /// The tenant of it.
    pub tenant: Arc<Tenant>,
    /// Who, for which shop; an admin.
    pub claims: IdClaims,
    /// What the code brought.
    pub tokens: Tokens,
    /// The browser it came from.
    pub browser: BrowserKey,
}

impl Connecting {
    /// The tenant as it is now: an admin may have entered the client id a moment ago.
    ///
    /// # Errors
    /// [`Refusal::NotSetUp`] or [`Refusal::Unavailable`].
    pub async fn tenant(&self, id: &TenantId, attempt: &mut Attempt) -> Result<Arc<Tenant>, Refusal> {
        attempt.tenant = Some(id.clone());
        let tenant = self.directory.reread(id).await?.ok_or(Refusal::NotSetUp)?;
        attempt.is_of(id, &tenant.public_url);
        Ok(tenant)
    }

    /// Checks a callback of `step` by every rule.
    ///
    /// # Errors
    /// The first rule that does not hold. `attempt` knows by then what is known of it.
    pub async fn prove(
        &self,
        step: Step,
        callback: Callback,
        headers: &HeaderMap,
        attempt: &mut Attempt,
    ) -> Result<Proven, Refusal> {
        let (flow, tenant, browser) = self.resume(step, &callback, headers, attempt).await?;
        match callback.error {
            Some("access_denied") => return Err(Refusal::Denied),
            Some(word) => return Err(Refusal::AtHaravan(word)),
            None => {}
        }
        let app = app(&tenant)?;
        let code = callback.code.ok_or(Refusal::NoCode)?;
        let code = code.expose_secret();

        let hybrid = flow.mode == ResponseMode::FormPost;
        if hybrid && callback.id_token.is_none() {
            return Err(Refusal::NoIdToken);
        }
        let front = match callback.id_token {
            None => None,
            Some(token) => Some(self.verified(token, &app, &flow, Beside::Code(code)).await?),
        };

        // INSTALL's code brings the shop's own tokens: none are made for a shop of another tenant's, whose app it may be, too.
        if step == Step::Install
            && let Some(org) = flow.suggested()
        {
            attempt.subject = Some(Subject::Shop(org));
            self.is_free(&tenant, org).await?;
        }
        let tokens = self.accounts.tokens.exchange(&app, code, &step.redirect_uri(&tenant)).await?;
        let token = tokens.id_token.clone().ok_or(Refusal::NoIdToken)?;
        let claims = self.verified(token, &app, &flow, Beside::AccessToken(&tokens.access)).await?;
        attempt.subject = Some(Subject::Shop(claims.org));
        if let Some(front) = front {
            same(&claims, Some(front.sub), Some(front.org))?;
        }
        same(&claims, flow.expected_sub, flow.suggested())?;
        if !claims.is_admin() {
            return Err(Refusal::NotAdmin);
        }
        Ok(Proven { flow, tenant, claims, tokens, browser })
    }

    /// That a shop is not another tenant's.
    async fn is_free(&self, tenant: &Tenant, org: OrgId) -> Result<(), Refusal> {
        match self.store.connections.owner(&Subject::Shop(org)).await? {
            Some(owner) if owner != tenant.id => Err(Refusal::Elsewhere),
            _ => Ok(()),
        }
    }

    /// Takes the flow of a callback: there, in time, of this step, and of this browser.
    async fn resume(
        &self,
        step: Step,
        callback: &Callback,
        headers: &HeaderMap,
        attempt: &mut Attempt,
    ) -> Result<(Flow, Arc<Tenant>, BrowserKey), Refusal> {
        let state = callback.state.as_ref().ok_or(Refusal::NoState)?.expose_secret();
        let taken = self.store.ephemeral.take::<Flow>(Kind::Flow, state, self.now()).await?;
        let flow = taken.ok_or(Refusal::UnknownState)?;
        attempt.lang = Lang::read(&flow.lang).unwrap_or_default();
        let tenant = self.tenant(&flow.tenant, attempt).await?;
        if flow.step != step {
            return Err(Refusal::OtherStep);
        }
        let browser = browser::SHOPS.read(headers, &tenant.public_url, &flow.browser);
        let browser = browser.ok_or(Refusal::OtherBrowser)?;
        attempt.forget = browser::SHOPS.forget(&flow.browser, &tenant.public_url);
        Ok((flow, tenant, browser))
    }

    async fn verified(
        &self,
        token: SecretString,
        app: &App,
        flow: &Flow,
        beside: Beside<'_>,
    ) -> Result<IdClaims, Refusal> {
        let token = UnverifiedIdToken::read(token)?;
        let keys = &self.accounts.keys;
        let key = keys.key(token.kid()).await.map_err(|error| match error {
            KeyError::Unknown => Refusal::UnknownKey,
            KeyError::Unavailable => Refusal::NoKeys,
        })?;
        let expected = Expected {
            issuer: &self.accounts.issuer,
            client_id: &app.client_id,
            nonce: &flow.nonce,
            beside,
            now: self.now(),
        };
        let verified = token.verify(&key, &expected);
        if verified == Err(IdTokenError::Signature)
            && let Some(key) = keys.key_anew(token.kid()).await
        {
            return token.verify(&key, &expected).map_err(Refusal::IdToken);
        }
        verified.map_err(Refusal::IdToken)
    }
}

impl From<IdTokenError> for Refusal {
    fn from(error: IdTokenError) -> Self {
        Self::IdToken(error)
    }
}

fn same(claims: &IdClaims, sub: Option<StaffId>, org: Option<OrgId>) -> Result<(), Refusal> {
    if sub.is_some_and(|sub| sub != claims.sub) {
        return Err(Refusal::OtherPerson);
    }
    if org.is_some_and(|org| org != claims.org) {
        return Err(Refusal::OtherShop);
    }
    Ok(())
}

/// The tenant's app at Haravan, once the admin has entered it.
fn app(tenant: &Tenant) -> Result<App, Refusal> {
    let client_id = tenant.client_id.clone().ok_or(Refusal::NotSetUp)?;
    let current = tenant.secrets.iter().find(|secret| secret.until.is_none());
    Ok(App { client_id, client_secret: current.ok_or(Refusal::NotSetUp)?.secret.clone() })
}
