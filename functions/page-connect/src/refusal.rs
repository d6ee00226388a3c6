//! Why a connect ended without a page: for the log a code per rule, for the person one thing to do.

use axum::http::HeaderMap;
use axum::response::Response;
use common::attempt::{Attempt, support_id};
use common::facebook::error::{Action as Asked, GraphError, Reconnect};
use common::facebook::pick::PickError;
use common::facebook::role::Pickable;
use common::facebook::token_info::TokenFault;
use common::form::Unreadable;
use common::page::{self, Action, Notice, Page, Policy};
use common::pages::ticket::CONSOLE;
use common::seal::SealError;
use common::store::StoreError;
use common::store::connections::{PageKey, Subject};
use common::telemetry::{Line, Metric};

use crate::FUNCTION;
use crate::provider::Provider;

/// Where the one thing to do leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// To the form that starts this once more.
    TryAgain,
    /// To the form that adds any page.
    Add,
    /// To the list of pages.
    List,
}

/// A rule that did not hold, or somebody who did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The request is no form, too long, or says something twice or not at all.
    Unreadable,
    /// The ticket is not there: used, expired or invented.
    UnknownTicket,
    /// The ticket was handed over by a page of somebody else's.
    ForeignTicket,
    /// The ticket is for something else.
    OtherAct,
    /// The tenant is gone.
    NoTenant,
    /// The operator has no app at the provider.
    NotSetUp,
    /// The callback has no state.
    NoState,
    /// The state is not there: used, expired or invented.
    UnknownState,
    /// The state is for the other provider.
    OtherProvider,
    /// The state or the choice is another browser's.
    OtherBrowser,
    /// The choice is not there: made, expired or invented.
    UnknownChoice,
    /// The pick was posted from a page of somebody else's.
    ForeignForm,
    /// The pick names no page.
    NothingPicked,
    /// The provider gave no code: somebody said no, or the app may not ask.
    Denied,
    /// The provider does not take the code.
    CodeRefused,
    /// What was granted a moment ago holds no more.
    GrantLost,
    /// The person has to put something right at the provider first.
    Checkpoint,
    /// These permissions were not granted.
    Permissions(Vec<&'static str>),
    /// The provider does not answer, or asks to wait.
    Silent,
    /// Our app at the provider is set up wrongly.
    Misconfigured,
    /// The provider blocks the app or the person.
    Blocked,
    /// The provider refuses for a reason that is not known.
    Unexpected,
    /// The page is not there, or no longer to be seen.
    Gone,
    /// The person's role, or what they ticked, does not allow it.
    Role(Pickable),
    /// The page's token is not what it should be; the word says how.
    Token(&'static str),
    /// Another page than the one to be connected again.
    OtherPage,
    /// The page is connected to this tenant already.
    Here,
    /// The page is another tenant's.
    Elsewhere,
    /// All of the admin account's slots are taken.
    LimitReached,
    /// Somebody else has just changed the connection.
    Changed,
    /// The page's webhooks could not be switched on, or not read back.
    NotSubscribed {
        /// It was connected before and stays so, to be connected again.
        kept: bool,
    },
    /// Zalo's answer names no account.
    NoAccount,
    /// The tokens are for another account than Zalo's answer named.
    OtherAccount,
    /// Zalo has to verify the account first.
    OaUnverified,
    /// The account's package does not allow it.
    OaPackageTooLow,
    /// Our own part did not answer; the word says which.
    Unavailable(&'static str),
}

impl Refusal {
    /// A secret could not be sealed, opened or made.
    pub(crate) fn sealing(error: SealError) -> Self {
        tracing::error!(%error, "a connect came to a halt");
        Self::Unavailable("sealing_unavailable")
    }

    /// The code in the log.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "request_unreadable",
            Self::UnknownTicket => "ticket_unknown",
            Self::ForeignTicket => "ticket_from_elsewhere",
            Self::OtherAct => "ticket_for_other_act",
            Self::NoTenant => "tenant_unknown",
            Self::NotSetUp => "not_set_up",
            Self::NoState => "state_missing",
            Self::UnknownState => "state_unknown",
            Self::OtherProvider => "state_of_other_provider",
            Self::OtherBrowser => "state_of_other_browser",
            Self::UnknownChoice => "choice_unknown",
            Self::ForeignForm => "form_from_elsewhere",
            Self::NothingPicked => "nothing_picked",
            Self::Denied => "access_denied",
            Self::CodeRefused => "code_refused",
            Self::GrantLost => "grant_lost",
            Self::Checkpoint => "checkpoint",
            Self::Permissions(_) => "permissions_missing",
            Self::Silent => "provider_unanswered",
            Self::Misconfigured => "app_misconfigured",
            Self::Blocked => "blocked_by_provider",
            Self::Unexpected => "refused_by_provider",
            Self::Gone => "page_gone",
            Self::Role(Pickable::NotTicked) => "not_ticked",
            Self::Role(Pickable::RoleUnknown) => "role_unknown",
            Self::Role(_) => "no_editor_role",
            Self::Token(_) => "page_token_wrong",
            Self::OtherPage => "other_page",
            Self::Here => "already_connected_here",
            Self::Elsewhere => "connected_elsewhere",
            Self::LimitReached => "limit_reached",
            Self::Changed => "changed_meanwhile",
            Self::NotSubscribed { .. } => "not_subscribed",
            Self::NoAccount => "account_not_named",
            Self::OtherAccount => "other_account",
            Self::OaUnverified => "oa_unverified",
            Self::OaPackageTooLow => "oa_package_too_low",
            Self::Unavailable(word) => word,
        }
    }

    /// More for the log: words of ours, never a provider's.
    fn detail(&self) -> Option<String> {
        match self {
            Self::Permissions(missing) => Some(missing.join(",")),
            Self::Token(word) => Some((*word).to_owned()),
            _ => None,
        }
    }
}

impl From<Unreadable> for Refusal {
    fn from(_: Unreadable) -> Self {
        Self::Unreadable
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a connect came to a halt");
        Self::Unavailable("store_unavailable")
    }
}

impl From<GraphError> for Refusal {
    fn from(error: GraphError) -> Self {
        tracing::warn!(%error, "Facebook does not go along");
        match error.action() {
            Asked::StartAgain => Self::CodeRefused,
            Asked::Reconnect(Reconnect::Checkpoint) => Self::Checkpoint,
            Asked::Reconnect(Reconnect::Scope) => Self::Permissions(Vec::new()),
            Asked::Reconnect(Reconnect::RoleLost) => Self::Role(Pickable::NoEditorRole),
            Asked::Reconnect(_) => Self::GrantLost,
            Asked::Retry { .. } => Self::Silent,
            Asked::ConfigError => Self::Misconfigured,
            Asked::Policy => Self::Blocked,
            Asked::NotVisible => Self::Gone,
            Asked::Unknown => Self::Unexpected,
        }
    }
}

impl From<PickError> for Refusal {
    fn from(error: PickError) -> Self {
        match error {
            PickError::Graph(error) => error.into(),
            PickError::NotTicked => Self::Role(Pickable::NotTicked),
            PickError::Token(TokenFault::Scopes(missing)) => Self::Permissions(missing),
            PickError::Token(TokenFault::Dead(Reconnect::Checkpoint)) => Self::Checkpoint,
            PickError::Token(TokenFault::Dead(_)) => Self::Token("dead"),
            PickError::Token(TokenFault::NotAPage) => Self::Token("not_of_a_page"),
            PickError::Token(TokenFault::OtherApp) => Self::Token("of_another_app"),
            PickError::Token(TokenFault::OtherPage) => Self::Token("of_another_page"),
        }
    }
}

/// What is known of somebody's attempt so far.
#[derive(Debug, Default)]
pub(crate) struct Visit {
    pub(crate) attempt: Attempt,
    pub(crate) provider: Option<Provider>,
    /// The admin of the CRM, by id.
    pub(crate) admin: Option<String>,
    again: Option<PageKey>,
}

impl Visit {
    /// Nothing known yet but what the browser says of its language.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self { attempt: Attempt::of(headers), ..Self::default() }
    }

    /// It is about a page that is to be connected again.
    pub(crate) fn again(&mut self, page: Option<&PageKey>) {
        self.again = page.cloned();
        self.attempt.subject = page.cloned().map(Subject::Page);
    }

    /// A line about it.
    pub(crate) fn line(&self, function: &'static str, what: &'static str) -> Line {
        let mut line = self.attempt.line(function, what);
        if let Some(provider) = self.provider {
            line = line.with("provider", provider.word());
        }
        if let Some(admin) = &self.admin {
            line = line.with("admin", admin.as_str());
        }
        line
    }

    /// A page of the tenant's console.
    pub(crate) fn console(&self, path: &str) -> String {
        format!("{}{path}", self.attempt.public_url.as_deref().unwrap_or_default())
    }

    /// The console's form that starts this once more.
    pub(crate) fn form(&self) -> String {
        match &self.again {
            Some(page) => self.console(&format!("{CONSOLE}/{}/reconnect", page.slug())),
            None => self.add(),
        }
    }

    /// The console's form that adds any page.
    fn add(&self) -> String {
        self.console(&format!("{CONSOLE}/add"))
    }

    /// The page for a refusal, after it was put into the log.
    pub(crate) fn refuse(&self, refusal: &Refusal) -> Response {
        let (lang, id) = (self.attempt.lang, support_id());
        let mut line = self
            .line(FUNCTION, "page.connect_refused")
            .with("reason", refusal.code())
            .with("id", id.as_str())
            .count(Metric::PageConnectRefused, 1);
        if let Some(detail) = refusal.detail() {
            line = line.with("detail", detail);
        }
        line.emit();
        let provider = self.provider.map_or("Facebook / Zalo", Provider::name);
        let said = refusal.said(lang, provider);
        // On this host there is nothing to go back to for who is nobody's yet.
        let action = self.attempt.public_url.as_ref().map(|_| {
            let (href, label) = match said.to {
                To::TryAgain => (self.form(), lang.of("Thử lại", "Try again")),
                To::Add => (self.add(), lang.of("Thêm kết nối", "Add a connection")),
                To::List => (self.console(CONSOLE), lang.of("Về danh sách trang", "Back to the pages")),
            };
            Action { href, label: label.to_owned() }
        });
        let notice = Notice {
            page: Page::new(lang),
            tone: said.tone,
            title: said.title,
            text: said.text,
            action,
            id: Some(id),
        };
        let response = page::respond(said.status, &notice, &Policy::default());
        let mut response = page::with_cookies(response, self.attempt.forget.clone());
        // For whoever wraps the router: the page does not say which rule it was.
        response.extensions_mut().insert(refusal.clone());
        response
    }
}
