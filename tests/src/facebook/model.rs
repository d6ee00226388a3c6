//! The records: people, pages, businesses, what people granted and what pages are subscribed to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{BusinessId, PageId, PersonId};
use super::role::ClassicRole;
use super::token::TokenEnd;

/// A person with a Facebook account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// app-scoped id
    pub id: PersonId,
    /// name
    pub name: String,
    /// what they may do on which page
    pub roles: BTreeMap<PageId, Role>,
    /// the portfolios they belong to
    pub businesses: BTreeSet<BusinessId>,
    /// a developer of the app, whose user token may inspect tokens
    pub developer: bool,
    /// why every token of theirs is refused at the moment (checkpoint, unconfirmed account)
    #[serde(default)]
    pub locked: Option<TokenEnd>,
}

impl Person {
    /// Somebody without pages.
    pub fn new(id: PersonId, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            roles: BTreeMap::new(),
            businesses: BTreeSet::new(),
            developer: false,
            locked: None,
        }
    }

    /// The same with a role on a page.
    pub fn with(mut self, page: PageId, role: Role) -> Self {
        self.roles.insert(page, role);
        self
    }

    /// The same in a portfolio.
    pub fn in_business(mut self, business: BusinessId) -> Self {
        self.businesses.insert(business);
        self
    }
}

/// What a person may do on a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// as Graph spells them (pages.md §1.8)
    pub tasks: Vec<String>,
    /// reached only through a business portfolio, so never in `/me/accounts` (pages.md §1.9, 2)
    #[serde(default)]
    pub portfolio_only: bool,
}

impl Role {
    /// A role with these tasks.
    pub fn of(tasks: &[&str]) -> Self {
        Self { tasks: tasks.iter().map(|task| (*task).to_owned()).collect(), portfolio_only: false }
    }

    /// The same, reached only through a portfolio.
    pub fn through_portfolio(self) -> Self {
        Self { portfolio_only: true, ..self }
    }
}

impl From<ClassicRole> for Role {
    fn from(role: ClassicRole) -> Self {
        Self::of(role.tasks())
    }
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// id
    pub id: PageId,
    /// name
    pub name: String,
    /// category
    pub category: String,
    /// moved to the New Pages Experience
    pub new_experience: bool,
}

impl Page {
    /// A classic page of a shop.
    pub fn new(id: PageId, name: &str) -> Self {
        Self { id, name: name.to_owned(), category: "Shopping & retail".to_owned(), new_experience: false }
    }
}

/// A business portfolio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Business {
    /// id
    pub id: BusinessId,
    /// name
    pub name: String,
    /// pages it owns
    pub owned: BTreeSet<PageId>,
    /// pages of others it works for
    pub client: BTreeSet<PageId>,
}

/// Where a permission stands (pages.md §1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeStatus {
    /// may be used
    Granted,
    /// the person said no, or took it back
    Declined,
    /// unused for 90 days
    Expired,
}

impl ScopeStatus {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Declined => "declined",
            Self::Expired => "expired",
        }
    }
}

/// What a person lets the app do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// permissions asked for so far
    pub scopes: BTreeMap<String, ScopeStatus>,
    /// ticked pages
    pub pages: BTreeSet<PageId>,
    /// ticked portfolios
    pub businesses: BTreeSet<BusinessId>,
    /// the last login through the dialog
    pub logged_in_at: Timestamp,
}

impl Grant {
    /// Whether the permission may be used.
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.get(scope) == Some(&ScopeStatus::Granted)
    }
}

/// What a page tells the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// webhook fields, in the order given
    pub fields: Vec<String>,
}

/// A code on its way through the browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) person: PersonId,
    pub(super) redirect_uri: String,
    pub(super) expires_at: Timestamp,
    pub(super) used: bool,
}
