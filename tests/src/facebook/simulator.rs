//! Settings, and looking at what is there.

use super::ids::{PageId, PersonId};
use super::model::{Grant, Person};
use super::settings::Settings;
use super::state::State;
use super::token::LiveToken;

/// Cheap to clone; every clone is the same Facebook.
pub type Simulator = crate::sim::Simulator<State>;

impl Simulator {
    /// How it behaves.
    pub fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Changes how it behaves from here on.
    pub fn settings_mut(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state().settings);
    }

    /// What the page tells the app; nothing when it is not subscribed.
    pub fn subscription(&self, page: PageId) -> Option<Vec<String>> {
        self.state().subscriptions.get(&page).map(|one| one.fields.clone())
    }

    /// Every token that works now.
    pub fn live_tokens(&self) -> Vec<LiveToken> {
        let state = self.state();
        let live = state.tokens.iter().filter(|(_, token)| state.ended(token).is_none());
        live.map(|(value, token)| LiveToken {
            value: value.clone(),
            person: token.person,
            page: token.page,
            expires_at: token.expires_at,
        })
        .collect()
    }

    /// What a person lets the app do; nothing when they have not, or no longer.
    pub fn grant(&self, person: PersonId) -> Option<Grant> {
        self.state().grants.get(&person).cloned()
    }

    /// A person with their roles as they are now.
    pub fn person(&self, person: PersonId) -> Option<Person> {
        self.state().people.get(&person).cloned()
    }
}
