//! What people do on Facebook's own pages, and how lists can be made to lie.

use super::ids::{PageId, PersonId};
use super::model::{Grant, Role, ScopeStatus};
use super::refusal::Refusal;
use super::seed::AppSeed;
use super::simulator::Simulator;
use super::state::State;
use super::token::TokenEnd;

impl Simulator {
    /// Every token of the person ends (190/460); they are logged out everywhere. The grant stays.
    pub fn change_password(&self, person: PersonId) -> Result<(), Refusal> {
        self.end_person(person, TokenEnd::PasswordChanged)
    }

    /// Every token of the person ends (190/463) and no other.
    pub fn expire_tokens(&self, person: PersonId) -> Result<(), Refusal> {
        let mut state = self.state();
        state.known(person)?;
        state.end_tokens(TokenEnd::Expired, |token| token.person == person);
        Ok(())
    }

    /// Every token of the person ends for this reason; they are logged out everywhere. The grant stays.
    pub fn end_person(&self, person: PersonId, end: TokenEnd) -> Result<(), Refusal> {
        let mut state = self.state();
        state.known(person)?;
        state.end_tokens(end, |token| token.person == person);
        state.sessions.retain(|_, who| *who != person);
        state.codes.retain(|_, code| code.person != person);
        Ok(())
    }

    /// Tokens of the person are refused for this reason until it is taken back with `None`, after which they work again:
    /// [`TokenEnd::Checkpoint`] and [`TokenEnd::Unconfirmed`].
    pub fn lock_person(&self, person: PersonId, reason: Option<TokenEnd>) -> Result<(), Refusal> {
        let mut state = self.state();
        state.known(person)?;
        if let Some(person) = state.people.get_mut(&person) {
            person.locked = reason;
        }
        Ok(())
    }

    /// The person removes the app in Facebook's settings: the grant is gone, their tokens end (190/458), and the app is told
    /// at its deauthorize address. Subscriptions of pages stay.
    pub fn remove_app(&self, person: PersonId) -> Result<(), Refusal> {
        let mut state = self.state();
        state.known(person)?;
        if !state.remove_app(person) {
            return Err(Refusal::NoGrant(person));
        }
        Ok(())
    }

    /// The person asks for their data to be deleted. Gives the number of the delivery, whose attempt holds the app's answer;
    /// nothing when the app has no address for it.
    pub fn request_data_deletion(&self, person: PersonId) -> Result<Option<u64>, Refusal> {
        let mut state = self.state();
        state.known(person)?;
        Ok(state.queue_data_deletion(person))
    }

    /// Gives the person this role on the page, or none: their page tokens are refused with 190/492 as long as it is so.
    pub fn set_role(&self, person: PersonId, page: PageId, role: Option<Role>) -> Result<(), Refusal> {
        let mut state = self.state();
        state.known_page(page)?;
        state.known(person)?;
        if let Some(person) = state.people.get_mut(&person) {
            match role {
                Some(role) => person.roles.insert(page, role),
                None => person.roles.remove(&page),
            };
        }
        Ok(())
    }

    /// The person unticks the page in Facebook's settings; its tokens from them end.
    pub fn untick_page(&self, person: PersonId, page: PageId) -> Result<(), Refusal> {
        self.change_grant(person, |grant| {
            grant.pages.remove(&page);
        })?;
        let concerned = |token: &super::token::Token| token.person == person && token.page == Some(page);
        self.state().end_tokens(TokenEnd::Unticked, concerned);
        Ok(())
    }

    /// Sets where a permission of the person stands: declined, expired after 90 days unused, granted.
    pub fn set_scope(&self, person: PersonId, scope: &str, status: ScopeStatus) -> Result<(), Refusal> {
        self.change_grant(person, |grant| {
            grant.scopes.insert(scope.to_owned(), status);
        })
    }

    fn change_grant(&self, person: PersonId, change: impl FnOnce(&mut Grant)) -> Result<(), Refusal> {
        let mut state = self.state();
        state.known(person)?;
        change(state.grants.get_mut(&person).ok_or(Refusal::NoGrant(person))?);
        Ok(())
    }

    /// Leaves the page out of `/me/accounts`, as happens to pages of the New Pages Experience (pages.md §1.9, 3).
    pub fn hide_page(&self, page: PageId, hidden: bool) {
        set(&mut self.state().hidden, page, hidden);
    }

    /// Leaves `access_token` out wherever the page is shown to a user token.
    pub fn omit_access_token(&self, page: PageId, omitted: bool) {
        set(&mut self.state().without_token, page, omitted);
    }

    /// Leaves `tasks` out of the page's rows.
    pub fn omit_tasks(&self, page: PageId, omitted: bool) {
        set(&mut self.state().without_tasks, page, omitted);
    }

    /// The app as its dashboard shows it.
    pub fn app(&self) -> AppSeed {
        self.state().app.clone()
    }

    /// Changes the app in its dashboard: redirect URIs, addresses, fields, secret. Another secret ends no token, but proofs
    /// and signatures are made with it from here on.
    pub fn app_mut(&self, change: impl FnOnce(&mut AppSeed)) {
        change(&mut self.state().app);
    }
}

fn set(pages: &mut std::collections::BTreeSet<PageId>, page: PageId, there: bool) {
    if there {
        pages.insert(page);
    } else {
        pages.remove(&page);
    }
}

impl State {
    pub(super) fn known(&self, person: PersonId) -> Result<(), Refusal> {
        if self.people.contains_key(&person) { Ok(()) } else { Err(Refusal::UnknownPerson(person)) }
    }

    pub(super) fn known_page(&self, page: PageId) -> Result<(), Refusal> {
        if self.pages.contains_key(&page) { Ok(()) } else { Err(Refusal::UnknownPage(page)) }
    }

    /// Removes the app for the person and tells it so; whether it was there.
    pub(super) fn remove_app(&mut self, person: PersonId) -> bool {
        if self.grants.remove(&person).is_none() {
            return false;
        }
        self.end_tokens(TokenEnd::AppRemoved, |token| token.person == person);
        self.codes.retain(|_, code| code.person != person);
        self.queue_deauthorize(person);
        true
    }
}
