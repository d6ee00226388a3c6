//! What a test does to the simulated Zalo, and what it looks at.

use url::Url;

use super::errors::oauth_name;
use super::ids::{AdminId, OaId};
use super::permission::{Answer, Choice, PermissionRequest};
use super::records::{LivePair, Standing, TokenCounts};
use super::refusal::Refusal;
use super::seed::{AppSeed, OaSeed};
use super::settings::Settings;
use super::simulator::Simulator;

impl Simulator {
    /// What happens when a person opens a permission URL in a fresh browser, logs in and makes this choice. Only the query
    /// of `url` is read.
    ///
    /// # Errors
    /// When `url` is none, or nobody named or implied by the choice exists.
    pub fn authorize(&self, url: &str, choice: &Choice) -> Result<Answer, Refusal> {
        let url = Url::parse(url).map_err(|error| Refusal::Invalid(format!("{url:?} is no URL: {error}")))?;
        let mut state = self.state();
        let request = match PermissionRequest::read(&state, url.query().unwrap_or_default()) {
            Ok(request) => request,
            Err(code) => {
                return Ok(Answer::Page { error_code: Some(code), reason: oauth_name(code).to_owned() });
            }
        };
        if let Some(oa) = &choice.oa {
            state.oa(oa)?;
        }
        let implied = || {
            let mut people = state.admins.iter();
            let found = people.find(|admin| choice.oa.as_ref().is_none_or(|oa| admin.oas.contains(oa)));
            found.map(|admin| admin.admin_id.clone())
        };
        let admin = choice.admin.clone().or_else(implied);
        let admin = admin.ok_or_else(|| Refusal::Invalid("nobody administers this account".to_owned()))?;
        state.admin(&admin)?;
        Ok(request.decide(&mut state, &admin, choice))
    }

    /// The pair the account's grant lives on. It can be one no client knows of, when the answer was lost; its access token
    /// can have expired.
    pub fn live_pair(&self, oa: &OaId) -> Option<LivePair> {
        self.state().pairs.get(oa).cloned()
    }

    /// Calls of the token endpoint that concern this account.
    pub fn token_counts(&self, oa: &OaId) -> TokenCounts {
        self.state().counts.get(oa).copied().unwrap_or_default()
    }

    /// How often a refresh token of this account was turned into a new pair, lost answers included.
    pub fn refreshes(&self, oa: &OaId) -> u64 {
        self.token_counts(oa).refreshed
    }

    /// Refreshes answered −14014 so far, whosever token it was.
    pub fn refused_refreshes(&self) -> u64 {
        self.state().counters.refused_refreshes
    }

    /// How the account stands.
    pub fn standing(&self, oa: &OaId) -> Standing {
        self.state().standing(oa)
    }

    /// Changes how the account stands. With [`Standing::AppRemoved`] its tokens are dead for good.
    pub fn set_standing(&self, oa: &OaId, standing: Standing) -> Result<(), Refusal> {
        let mut state = self.state();
        state.oa(oa)?;
        if standing == Standing::AppRemoved {
            state.pairs.remove(oa);
            for code in state.codes.select_mut(|code| code.oa == *oa) {
                code.spent = true;
            }
        }
        state.standings.insert(oa.clone(), standing);
        Ok(())
    }

    /// An admin removes the app from the account: −219 and −14014 until it authorises again; no events.
    pub fn remove_app(&self, oa: &OaId) -> Result<(), Refusal> {
        self.set_standing(oa, Standing::AppRemoved)
    }

    /// The account is deleted: −204; no events.
    pub fn delete_oa(&self, oa: &OaId) -> Result<(), Refusal> {
        self.set_standing(oa, Standing::Deleted)
    }

    /// The account has to be verified first: −221, and its profile says so once it answers again.
    pub fn unverify(&self, oa: &OaId) -> Result<(), Refusal> {
        self.set_standing(oa, Standing::NotVerified)?;
        self.change_oa(oa, |oa| oa.verified = false)
    }

    /// The permission groups are changed: −223 until the account authorises again.
    pub fn withdraw_scope(&self, oa: &OaId) -> Result<(), Refusal> {
        self.set_standing(oa, Standing::ScopeWithdrawn)
    }

    /// The account's profile changes.
    pub fn change_oa(&self, oa: &OaId, change: impl FnOnce(&mut OaSeed)) -> Result<(), Refusal> {
        let mut state = self.state();
        let known = state.oas.get_mut(oa).ok_or_else(|| Refusal::UnknownOa(oa.clone()))?;
        change(known);
        known.oa_id = oa.clone();
        Ok(())
    }

    /// Another account, or another profile of one, that this person administers too.
    pub fn register_oa(&self, oa: OaSeed, admin: &AdminId) -> Result<(), Refusal> {
        let mut state = self.state();
        let known = state.admins.iter_mut().find(|one| one.admin_id == *admin);
        let known = known.ok_or_else(|| Refusal::UnknownAdmin(admin.clone()))?;
        if !known.oas.contains(&oa.oa_id) {
            known.oas.push(oa.oa_id.clone());
        }
        state.oas.insert(oa.oa_id.clone(), oa);
        Ok(())
    }

    /// The account's access token expires now; its refresh token stays.
    pub fn expire_access_token(&self, oa: &OaId) -> Result<(), Refusal> {
        let mut state = self.state();
        state.oa(oa)?;
        let now = state.now();
        if let Some(pair) = state.pairs.get_mut(oa) {
            pair.access_expires_at = now;
        }
        Ok(())
    }

    /// The app as the console has it.
    pub fn app(&self) -> AppSeed {
        self.state().app.clone()
    }

    /// Changes the app in the console: redirect URIs, webhook URL, keys.
    pub fn change_app(&self, change: impl FnOnce(&mut AppSeed)) {
        change(&mut self.state().app);
    }

    /// The switches as they stand.
    pub fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Changes switches in place.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state().settings);
    }

    /// Whether events are sent at all.
    pub fn webhook_enabled(&self) -> bool {
        !self.state().counters.webhook_disabled
    }

    /// Switches the webhook on again in the console; what was cancelled stays lost.
    pub fn enable_webhook(&self) {
        self.state().counters.webhook_disabled = false;
    }
}
