//! What is known of a page, in facts; [`super::said`] puts them in words.

use common::page::is_picture;
use common::store::connections::{ConnectionStatus, PageConnection, PageKey, Person, reason};
use jiff::Timestamp;
use serde::Serialize;

/// A page's connection.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PageReport {
    /// As it stands in addresses.
    pub id: String,
    /// `facebook` or `zalo`.
    pub provider: &'static str,
    /// The provider's id of it.
    pub provider_id: String,
    /// Its name; its id when it has none.
    pub name: String,
    /// Address of its picture, if it may be shown.
    pub picture: Option<String>,
    /// Its category, in the provider's words.
    pub category: Option<String>,
    /// `connected`, `needs_reconnect`, `revoked_by_provider` or `disconnected`.
    pub status: &'static str,
    /// Why it is not connected, a code.
    pub reason: Option<String>,
    /// What is not as it should be though it works, codes.
    pub warnings: Vec<String>,
    /// The CRM's id of the admin to whose pages it counts.
    pub account: String,
    /// The admin who connected it: name, else e-mail, else id.
    pub connected_by: Option<String>,
    /// When.
    pub connected_at: Option<Timestamp>,
    /// Whose account at the provider gave the right, where it says so.
    pub granted_by: Option<String>,
    /// When the access token ends; nothing when it does not.
    pub token_expires_at: Option<Timestamp>,
    /// Whether it is renewed by itself before that.
    pub token_renews_itself: bool,
    /// What the provider said it sends; nothing when it was never asked.
    pub topics: Option<Vec<String>>,
    /// When it was asked.
    pub topics_checked_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// The id of the end.
    pub receipt: Option<String>,
    /// After an end: whether the provider was told and our access is wiped.
    pub provider_told: Option<bool>,
    /// Connects and ends, oldest first.
    pub history: Vec<Step>,
}

/// A step of a page's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// When.
    pub at: Timestamp,
    /// `connected`, `reconnected` or `disconnected`.
    pub what: String,
    /// Who did it; nothing when nobody did.
    pub by: Option<String>,
}

impl Step {
    /// Reads `{unix ms}:{word}:{who}`.
    fn read(stored: &str) -> Option<Self> {
        let (at, rest) = stored.split_once(':')?;
        let (what, by) = rest.split_once(':')?;
        let at = Timestamp::from_millisecond(at.parse().ok()?).ok()?;
        Some(Self { at, what: what.to_owned(), by: Some(by.to_owned()).filter(|by| !by.is_empty()) })
    }
}

fn called(person: &Person) -> String {
    let known = [&person.name, &person.email].into_iter().flatten().find(|text| !text.trim().is_empty());
    known.unwrap_or(&person.id).clone()
}

impl PageReport {
    /// The facts of a connection.
    pub(crate) fn of(page: &PageConnection) -> Self {
        let provider_id = match &page.page {
            PageKey::Facebook(id) => id.to_string(),
            PageKey::Zalo(id) => id.to_string(),
        };
        let is_gone = [reason::REVOKED, reason::DELETED].map(Some).contains(&page.reason.as_deref());
        let status = match page.status {
            ConnectionStatus::NeedsReconnect if is_gone => "revoked_by_provider",
            status => status.as_str(),
        };
        let name = page.profile.name.trim();
        let tokens = page.tokens.as_ref().filter(|_| page.is_live());
        let topics = page.topics.clone().filter(|_| page.is_live());
        Self {
            id: page.page.slug(),
            provider: page.page.provider(),
            name: if name.is_empty() { provider_id.clone() } else { name.to_owned() },
            provider_id,
            picture: page.profile.picture.clone().filter(|address| is_picture(address)),
            category: page.profile.kind.clone(),
            status,
            reason: page.reason.clone(),
            warnings: if page.is_live() { page.warnings.clone() } else { Vec::new() },
            account: page.account.clone(),
            connected_by: page.connected_by.as_ref().map(called),
            connected_at: page.connected_at,
            granted_by: page.granted_by.as_ref().map(called),
            token_expires_at: tokens.and_then(|tokens| tokens.expires_at),
            token_renews_itself: tokens.is_some_and(|tokens| tokens.refresh.is_some()),
            topics_checked_at: page.topics_at.filter(|_| topics.is_some()),
            topics,
            ended_at: page.ended_at,
            ended_by: page.ended_by.as_ref().map(called),
            receipt: page.receipt.clone(),
            // An end stays on upkeep's list until the provider was told and the tokens are wiped.
            provider_told: (!page.is_live()).then_some(page.due.is_none() && page.tokens.is_none()),
            history: page.history.iter().filter_map(|step| Step::read(step)).collect(),
        }
    }

    /// Whether it takes one of the account's slots.
    pub(crate) fn is_live(&self) -> bool {
        self.status != ConnectionStatus::Disconnected.as_str()
    }

    /// Whether the provider takes our calls.
    pub(crate) fn is_connected(&self) -> bool {
        self.status == ConnectionStatus::Connected.as_str()
    }

    /// Whether it is an Official Account of Zalo.
    pub(crate) fn is_zalo(&self) -> bool {
        self.provider == "zalo"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_whatever_the_name_has_in_it_and_garbage_is_passed_over() {
        let step = Step::read("1791400031000:connected:Lan: sales").unwrap();
        assert_eq!((step.what.as_str(), step.by.as_deref()), ("connected", Some("Lan: sales")));
        assert_eq!(step.at, Timestamp::from_millisecond(1_791_400_031_000).unwrap());
        assert_eq!(Step::read("1:disconnected:").unwrap().by, None);
        for garbage in ["", "1", "1:x", "x:connected:Lan", "99999999999999999999:connected:Lan"] {
            assert_eq!(Step::read(garbage), None, "{garbage}");
        }
    }
}
