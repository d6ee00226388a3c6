//! A page's webhooks, switched on and off (pages.md §1.11).
//!
//! There is one subscription per app and page, whoever uses it: switching it off for one tenant silences all others
//! that share the page.

use reqwest::Method;
use serde::Deserialize;

use super::app::{Caller, PageToken};
use super::error::GraphError;
use super::graph::Graph;
use crate::id::PageId;
use crate::wire::lenient;

/// The fields a CRM for messages lives on (pages.md §1.11).
pub const FIELDS: [&str; 11] = [
    "messages",
    "messaging_postbacks",
    "message_deliveries",
    "message_reads",
    "message_echoes",
    "message_reactions",
    "messaging_referrals",
    "messaging_optins",
    "standby",
    "messaging_handovers",
    "feed",
];

/// Those of [`FIELDS`] that are not among `subscribed`.
pub fn missing_fields(subscribed: &[String]) -> Vec<&'static str> {
    FIELDS.into_iter().filter(|field| !subscribed.iter().any(|name| name == field)).collect()
}

fn path(page: &PageId) -> String {
    format!("{page}/subscribed_apps")
}

impl Graph {
    /// Subscribes our app to the page's `fields`, in place of those it had.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn subscribe(
        &self,
        page: &PageId,
        token: &PageToken,
        fields: &[&str],
    ) -> Result<(), GraphError> {
        let query = [("subscribed_fields", &*fields.join(","))];
        self.act(Method::POST, &path(page), &query, Caller::Page(token)).await
    }

    /// The fields our app is subscribed to; `None` when it is not.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn subscription(
        &self,
        page: &PageId,
        caller: Caller<'_>,
    ) -> Result<Option<Vec<String>>, GraphError> {
        #[derive(Deserialize)]
        struct Row {
            #[serde(default, deserialize_with = "lenient::text")]
            id: Option<String>,
            #[serde(default, deserialize_with = "lenient::words")]
            subscribed_fields: Option<Vec<String>>,
        }
        let listed = self.list::<Row>(&path(page), None, caller).await?;
        let ours = listed.rows.into_iter().find(|row| row.id.as_ref() == Some(&self.app().id));
        Ok(ours.map(|row| row.subscribed_fields.unwrap_or_default()))
    }

    /// Unsubscribes our app. [`Caller::App`] works where the page's token is already dead; a refusal that
    /// [`GraphError::is_nothing_left`] counts as done.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn unsubscribe(&self, page: &PageId, caller: Caller<'_>) -> Result<(), GraphError> {
        self.act(Method::DELETE, &path(page), &[], caller).await
    }
}
