//! The accounts server in process: signing in without pages, the dashboard, and what a test looks at.

use std::collections::BTreeMap;

use url::Url;

use super::answer::{Answer, answer};
use super::errors::PageError;
use super::flow::{Step, next, sign_in};
use super::records::AccountsSettings;
use super::request::AuthorizeRequest;
use super::seed::AccountSeed;
use crate::haravan::ids::OrgId;
use crate::haravan::refusal::Refusal;
use crate::haravan::seed::AppSeed;
use crate::haravan::simulator::Simulator;

/// What a person says on the pages of authorize.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// the shop picked in the chooser
    pub orgid: Option<OrgId>,
    /// "Đồng ý" where scopes are asked for; otherwise "Từ chối"
    pub accept: bool,
}

impl Choice {
    /// Accepts.
    pub fn accept() -> Self {
        Self { orgid: None, accept: true }
    }

    /// Refuses.
    pub fn refuse() -> Self {
        Self { orgid: None, accept: false }
    }

    /// The same in this shop.
    pub fn shop(self, orgid: OrgId) -> Self {
        Self { orgid: Some(orgid), ..self }
    }
}

impl Simulator {
    /// What happens when a person opens an authorize URL in a fresh browser, signs in and answers what is asked. Only the
    /// query of `url` is read. Refusing counts in a LOGIN too, where no page asks.
    ///
    /// # Errors
    /// When nobody has this e-mail, or there are several shops and neither the URL nor the choice names one.
    pub fn authorize(&self, url: &str, email: &str, choice: Choice) -> Result<Answer, Refusal> {
        let url = Url::parse(url).map_err(|error| Refusal::Invalid(format!("{url:?} is no URL: {error}")))?;
        let mut state = self.state();
        let request = match AuthorizeRequest::read(&state, url.query().unwrap_or_default()) {
            Ok(request) => request,
            Err(PageError { code, reason }) => return Ok(Answer::Page { error: code.to_owned(), reason }),
        };
        let cookie = sign_in(&mut state, email)?;
        let mut session = state.accounts.sessions.get(&cookie).cloned();
        if let Some(session) = &mut session {
            session.orgid = choice.orgid;
        }
        let step = next(&mut state, &request, session.as_ref(), Some(choice.accept));
        if matches!(step, Step::ChooseShop(_)) {
            return Err(Refusal::Invalid(format!("{email} has several shops: choose one")));
        }
        let given = answer(&mut state, &request, session.as_ref(), &step)?;
        given.ok_or_else(|| Refusal::Invalid("the person is asked something still".to_owned()))
    }

    /// Registers an app in the dashboard, in the place of one with the same `client_id`.
    pub fn register_app(&self, app: AppSeed) {
        let mut state = self.state();
        match state.apps.iter_mut().find(|known| known.client_id == app.client_id) {
            Some(known) => *known = app,
            None => state.apps.push(app),
        }
    }

    /// Changes the redirect URIs of an app in the dashboard; the first is also the app's own address.
    pub fn set_redirect_uris(&self, client_id: Option<&str>, uris: &[&str]) -> Result<(), Refusal> {
        let mut state = self.state();
        let client_id = state.app_or_first(client_id)?.client_id.clone();
        if let Some(app) = state.apps.iter_mut().find(|app| app.client_id == client_id) {
            app.redirect_uris = uris.iter().map(|uri| (*uri).to_owned()).collect();
        }
        Ok(())
    }

    /// Registers a person, in the place of one with the same `sub`.
    pub fn register_account(&self, account: AccountSeed) {
        let people = &mut self.state().accounts.people;
        match people.iter_mut().find(|known| known.sub == account.sub) {
            Some(known) => *known = account,
            None => people.push(account),
        }
    }

    /// How the accounts server behaves.
    pub fn accounts_settings(&self) -> AccountsSettings {
        self.state().accounts.settings.clone()
    }

    /// Changes how the accounts server behaves from here on.
    pub fn set_accounts_settings(&self, settings: AccountsSettings) {
        self.state().accounts.settings = settings;
    }

    /// Another key signs id_tokens and is the only one in the JWKS. Gives its `kid`.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn rotate_keys(&self) -> Result<String, Refusal> {
        Ok(self.state().accounts.rotate_keys()?.kid.clone())
    }

    /// Every access token of the app for the shop expires now; refresh tokens stay.
    pub fn expire_tokens(&self, org: Option<OrgId>, client_id: Option<&str>) -> Result<(), Refusal> {
        let mut state = self.state();
        let org = state.org(org)?;
        let client_id = state.app_or_first(client_id)?.client_id.clone();
        let now = state.now();
        let expired = state.tokens.select_mut(|token| token.orgid == org && token.client_id == client_id);
        expired.for_each(|token| token.expires_at = Some(now));
        Ok(())
    }

    /// Codes and refresh tokens of the app for the shop are worth nothing from here on; access tokens stay.
    pub fn withdraw_grants(&self, org: Option<OrgId>, client_id: Option<&str>) -> Result<(), Refusal> {
        let mut state = self.state();
        let org = state.org(org)?;
        let client_id = state.app_or_first(client_id)?.client_id.clone();
        state.accounts.withdraw(org, &client_id);
        Ok(())
    }

    /// Calls of the token endpoint so far by grant type, failed ones included; what names no known type is `other`.
    pub fn token_calls(&self) -> BTreeMap<String, u64> {
        self.state().accounts.token_calls.clone()
    }

    /// Reads of the JWKS so far.
    pub fn jwks_calls(&self) -> u64 {
        self.state().accounts.jwks_calls
    }
}
