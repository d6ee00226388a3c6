//! Facebook pages that send events though nobody has connected them: `orphan#facebook#{page}`, short-lived.
//!
//! A subscription outlives its connection when unsubscribing failed, or when another deployment of the app made it.
//! Whoever meets such an event notes the page here; upkeep finds it on the watch list and unsubscribes it with the app's
//! own token (pages.md §1.16). The note stays for `ORPHAN_FOR`, so that the events still under way, however many, lead
//! to one call.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use jiff::Timestamp;

use super::lifecycle::{ORPHAN_PREFIX, watch_list_of};
use super::{Connections, applied};
use crate::id::PageId;
use crate::store::StoreError;
use crate::store::item::{n, s};
use crate::store::schema::connections::{DUE, EXPIRY, KEY, SORT, WATCH};

/// How long after a note the page is not noted again.
pub const ORPHAN_FOR: Duration = Duration::from_secs(3600);

impl Connections {
    /// Notes that a page sends events and is nobody's: upkeep unsubscribes it at its next run. `false` when it was noted
    /// within `ORPHAN_FOR`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn note_orphan(&self, page: &PageId, now: Timestamp) -> Result<bool, StoreError> {
        let until = now.as_second().saturating_add(i64::try_from(ORPHAN_FOR.as_secs()).unwrap_or(i64::MAX));
        let request = self
            .orphan(page)
            .update_expression(format!("SET {WATCH} = :list, {DUE} = :now, {EXPIRY} = :until"))
            .condition_expression(format!("attribute_not_exists({KEY}) OR {EXPIRY} <= :second"))
            .expression_attribute_values(":list", watch_list_of(&orphan_key(page)))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":second", n(now.as_second()))
            .expression_attribute_values(":until", n(until));
        Ok(applied(request).await?.is_some())
    }

    /// Nothing more is to be done about a noted page; the note itself stays until it expires.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn settle_orphan(&self, page: &PageId) -> Result<(), StoreError> {
        let request = self
            .orphan(page)
            .update_expression(format!("REMOVE {WATCH}, {DUE}"))
            .condition_expression(format!("attribute_exists({KEY})"));
        applied(request).await.map(drop)
    }

    /// Upkeep looks at a noted page again at `due`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn put_off_orphan(&self, page: &PageId, due: Timestamp) -> Result<(), StoreError> {
        let request = self
            .orphan(page)
            .update_expression(format!("SET {DUE} = :due"))
            .condition_expression(format!("attribute_exists({WATCH})"))
            .expression_attribute_values(":due", n(due.as_millisecond()));
        applied(request).await.map(drop)
    }

    fn orphan(&self, page: &PageId) -> UpdateItemFluentBuilder {
        let request = self.client.update_item().table_name(&self.table);
        request.key(KEY, s(orphan_key(page))).key(SORT, s("orphan"))
    }
}

fn orphan_key(page: &PageId) -> String {
    format!("{ORPHAN_PREFIX}{page}")
}
