//! Tokens: how they come about, and why they end (pages.md §1.19).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::{GraphError, PAGE_SCOPES};
use super::ids::{PageId, PersonId};
use super::model::{Role, ScopeStatus};
use super::state::State;
use crate::sim::clock::later;

/// Why a token is worth nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEnd {
    /// 190/458
    AppRemoved,
    /// 190/459
    Checkpoint,
    /// 190/460
    PasswordChanged,
    /// 190/463
    Expired,
    /// 190/464
    Unconfirmed,
    /// 190/467
    LoggedOut,
    /// 190/492
    RoleLost,
    /// 190 without a subcode: the page was unticked, or the permissions for pages were taken back
    Unticked,
}

impl TokenEnd {
    pub(super) fn error(self, app_id: &str) -> GraphError {
        let subcode = match self {
            Self::AppRemoved => {
                let message = format!(
                    "Error validating access token: The user has not authorized application {app_id}."
                );
                return GraphError::new(190, message).sub(458);
            }
            Self::Unticked => return GraphError::impersonation(),
            Self::Checkpoint => 459,
            Self::PasswordChanged => 460,
            Self::Expired => 463,
            Self::Unconfirmed => 464,
            Self::LoggedOut => 467,
            Self::RoleLost => 492,
        };
        GraphError::usual(190, Some(subcode))
    }
}

/// A token on the books.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) person: PersonId,
    /// The page it speaks for; none on a user token.
    pub(super) page: Option<PageId>,
    pub(super) issued_at: Timestamp,
    /// Never when absent.
    pub(super) expires_at: Option<Timestamp>,
    pub(super) end: Option<TokenEnd>,
    /// The user token a page token was made from.
    pub(super) parent: Option<String>,
    /// A user token that came from `fb_exchange_token`.
    pub(super) long: bool,
}

/// A token that works now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiveToken {
    /// the token
    pub value: String,
    /// who gave it
    pub person: PersonId,
    /// the page it speaks for; none on a user token
    pub page: Option<PageId>,
    /// never when absent
    pub expires_at: Option<Timestamp>,
}

impl State {
    /// A new user token.
    pub(super) fn new_user_token(&mut self, person: PersonId, long: bool) -> (String, u64) {
        let seconds = if long { self.settings.long_token_seconds } else { self.settings.short_token_seconds };
        let issued_at = self.now();
        let token = Token {
            person,
            page: None,
            issued_at,
            expires_at: Some(later(issued_at, Duration::from_secs(seconds))),
            end: None,
            parent: None,
            long,
        };
        let value = format!("EAASIMU{}", self.letters(48));
        self.tokens.insert(value.clone(), token);
        (value, seconds)
    }

    /// The page's token for a user token, the same one each time; none where the person has no role, has not ticked the
    /// page or it is to be left out.
    pub(super) fn page_token(&mut self, user_token: &str, page: PageId) -> Option<String> {
        let parent = self.tokens.get(user_token)?.clone();
        let person = parent.person;
        let ticked = self.grants.get(&person).is_some_and(|grant| grant.pages.contains(&page));
        if !ticked || self.role(person, page).is_none() || self.without_token.contains(&page) {
            return None;
        }
        let known = self.tokens.iter().find(|(_, token)| {
            token.page == Some(page) && token.parent.as_deref() == Some(user_token) && token.end.is_none()
        });
        if let Some((value, _)) = known {
            return Some(value.clone());
        }
        let value = format!("EAASIMP{}", self.letters(48));
        let token = Token {
            page: Some(page),
            issued_at: self.now(),
            expires_at: parent.expires_at.filter(|_| !parent.long),
            parent: Some(user_token.to_owned()),
            long: false,
            ..parent
        };
        self.tokens.insert(value.clone(), token);
        Some(value)
    }

    /// Ends the tokens that fit and still work.
    pub(super) fn end_tokens(&mut self, end: TokenEnd, fits: impl Fn(&Token) -> bool) {
        for token in self.tokens.select_mut(|token| token.end.is_none() && fits(token)) {
            token.end = Some(end);
        }
    }

    /// Why the token works nowhere, if so; what a lost role or an unticked page does shows in calls alone.
    pub(super) fn ended_everywhere(&self, token: &Token) -> Option<TokenEnd> {
        if token.end.is_some() {
            return token.end;
        }
        if token.expires_at.is_some_and(|at| at <= self.now()) {
            return Some(TokenEnd::Expired);
        }
        self.people.get(&token.person).and_then(|person| person.locked)
    }

    /// Why the token does not work, if so.
    pub(super) fn ended(&self, token: &Token) -> Option<TokenEnd> {
        if let Some(end) = self.ended_everywhere(token) {
            return Some(end);
        }
        let page = token.page?;
        if self.role(token.person, page).is_none() {
            return Some(TokenEnd::RoleLost);
        }
        let grant = self.grants.get(&token.person);
        let speaks = grant
            .is_some_and(|grant| grant.pages.contains(&page) && PAGE_SCOPES.iter().any(|one| grant.has(one)));
        (!speaks).then_some(TokenEnd::Unticked)
    }

    pub(super) fn role(&self, person: PersonId, page: PageId) -> Option<&Role> {
        self.people.get(&person)?.roles.get(&page).filter(|role| !role.tasks.is_empty())
    }

    /// Whether the person's grant covers the permission.
    pub(super) fn needs(&self, person: PersonId, scope: &str) -> Result<(), GraphError> {
        match self.grants.get(&person).and_then(|grant| grant.scopes.get(scope)) {
            Some(ScopeStatus::Granted) => Ok(()),
            Some(ScopeStatus::Expired) => Err(GraphError::permission_expired(scope)),
            Some(ScopeStatus::Declined) | None => Err(GraphError::permission(scope)),
        }
    }
}
