//! What comes next for a person in the dialog, and what their answer changes.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

use super::request::DialogRequest;
use crate::facebook::faults::Fault;
use crate::facebook::ids::{BusinessId, PageId, PersonId};
use crate::facebook::model::{Code, Grant, ScopeStatus};
use crate::facebook::state::State;
use crate::facebook::token::TokenEnd;
use crate::sim::clock::later;

/// How long a code can be redeemed.
const CODE_LIFETIME: Duration = Duration::from_secs(600);

/// What a person says in the dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// "Tiếp tục"; otherwise "Hủy"
    pub accept: bool,
    /// ticked pages; all there are when absent
    #[serde(default)]
    pub pages: Option<BTreeSet<PageId>>,
    /// ticked portfolios; all there are when absent
    #[serde(default)]
    pub businesses: Option<BTreeSet<BusinessId>>,
    /// permissions the person unticks
    #[serde(default)]
    pub declined: Vec<String>,
}

impl Choice {
    /// Continues with every page, portfolio and permission.
    pub fn all() -> Self {
        Self { accept: true, pages: None, businesses: None, declined: Vec::new() }
    }

    /// Continues with these pages alone.
    pub fn pages(pages: impl IntoIterator<Item = PageId>) -> Self {
        Self { pages: Some(pages.into_iter().collect()), ..Self::all() }
    }

    /// Presses "Hủy".
    pub fn cancel() -> Self {
        Self { accept: false, ..Self::all() }
    }

    /// The same without this permission.
    pub fn declining(mut self, scope: &str) -> Self {
        self.declined.push(scope.to_owned());
        self
    }

    /// The same without any portfolio.
    pub fn without_businesses(self) -> Self {
        Self { businesses: Some(BTreeSet::new()), ..self }
    }
}

/// How the dialog ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// the browser is redirected to the app
    Redirect {
        /// the redirect URI with the fields in its query and, with a code, `#_=_`
        location: String,
        /// `code` and `state`; or `error`, `error_code`, `error_description`, `error_reason` and `state`
        fields: Vec<(String, String)>,
    },
    /// the person reads a page and the app hears nothing
    Page {
        /// what the page says
        reason: String,
    },
}

impl Answer {
    /// Where the browser goes; nothing when it stays.
    pub fn location(&self) -> Option<&str> {
        match self {
            Self::Redirect { location, .. } => Some(location),
            Self::Page { .. } => None,
        }
    }

    /// One field of what the app is told.
    pub fn field(&self, name: &str) -> Option<&str> {
        let Self::Redirect { fields, .. } = self else { return None };
        fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The next step.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::facebook) enum Step {
    /// Who are you?
    LogIn,
    /// Which pages, which permissions?
    Ask,
    /// The grant there is covers everything; nobody is asked.
    Reuse,
}

pub(in crate::facebook) fn next(state: &State, request: &DialogRequest, person: Option<PersonId>) -> Step {
    let Some(person) = person.filter(|_| !request.reauthenticate) else { return Step::LogIn };
    let granted = state.grants.contains_key(&person);
    if granted && !request.rerequest && asked(state, request, person).is_empty() {
        return Step::Reuse;
    }
    Step::Ask
}

/// The permissions the person is asked for: with `rerequest` all of them, otherwise those never asked for before.
pub(super) fn asked(state: &State, request: &DialogRequest, person: PersonId) -> Vec<String> {
    let known = state.grants.get(&person).filter(|_| !request.rerequest);
    let new = |scope: &&String| known.is_none_or(|grant| !grant.scopes.contains_key(*scope));
    request.scopes.iter().filter(new).cloned().collect()
}

/// The pages the person can tick: those they have a role on.
pub(super) fn tickable(state: &State, person: PersonId) -> Vec<PageId> {
    let roles = state.people.get(&person).into_iter().flat_map(|person| &person.roles);
    roles.filter(|(_, role)| !role.tasks.is_empty()).map(|(page, _)| *page).collect()
}

/// Takes the person's answer: a new grant and a code, or a refusal.
pub(in crate::facebook) fn answer(
    state: &mut State,
    request: &DialogRequest,
    person: PersonId,
    choice: &Choice,
) -> Answer {
    let asked = asked(state, request, person);
    let declines = asked.iter().any(|scope| choice.declined.contains(scope));
    if !choice.accept || request.all_or_nothing && declines {
        return travelling(state, request, refusal());
    }
    let mut scopes = state.grants.get(&person).map(|grant| grant.scopes.clone()).unwrap_or_default();
    scopes.insert("public_profile".to_owned(), ScopeStatus::Granted);
    for scope in asked {
        let declined = choice.declined.contains(&scope);
        scopes.insert(scope, if declined { ScopeStatus::Declined } else { ScopeStatus::Granted });
    }
    let there: BTreeSet<_> = tickable(state, person).into_iter().collect();
    let pages = choice.pages.as_ref().map_or_else(|| there.clone(), |pages| &there & pages);
    let theirs = state.people.get(&person).map(|person| person.businesses.clone()).unwrap_or_default();
    let businesses = choice.businesses.as_ref().map_or_else(|| theirs.clone(), |ticked| &theirs & ticked);
    state.end_tokens(TokenEnd::Unticked, |token| {
        token.person == person && token.page.is_some_and(|page| !pages.contains(&page))
    });
    let logged_in_at = state.now();
    state.grants.insert(person, Grant { scopes, pages, businesses, logged_in_at });
    granted(state, request, person)
}

/// A code for the grant there is.
pub(in crate::facebook) fn reuse(state: &mut State, request: &DialogRequest, person: PersonId) -> Answer {
    let now = state.now();
    if let Some(grant) = state.grants.get_mut(&person) {
        grant.logged_in_at = now;
    }
    granted(state, request, person)
}

fn granted(state: &mut State, request: &DialogRequest, person: PersonId) -> Answer {
    let value = format!("AQ{}", state.letters(120));
    let expires_at = later(state.now(), CODE_LIFETIME);
    let redirect_uri = request.redirect_uri.clone();
    state.codes.insert(value.clone(), Code { person, redirect_uri, expires_at, used: false });
    travelling(state, request, vec![("code", value)])
}

fn refusal() -> Vec<(&'static str, String)> {
    let fields = [
        ("error", "access_denied"),
        ("error_code", "200"),
        ("error_description", "Permissions error"),
        ("error_reason", "user_denied"),
    ];
    fields.map(|(name, value)| (name, value.to_owned())).into()
}

fn travelling(state: &mut State, request: &DialogRequest, fields: Vec<(&str, String)>) -> Answer {
    let mut fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let fragment = if fields.iter().any(|(name, _)| name == "code") { "#_=_" } else { "" };
    if let Some(echo) = request.state.clone().filter(|_| !state.faults.take_one(&Fault::NoState)) {
        fields.push(("state".to_owned(), echo));
    }
    let mark = if request.redirect_uri.contains('?') { '&' } else { '?' };
    let pairs = Serializer::new(String::new()).extend_pairs(&fields).finish();
    Answer::Redirect { location: format!("{}{mark}{pairs}{fragment}", request.redirect_uri), fields }
}
