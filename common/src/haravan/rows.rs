//! Orders and customers in bulk, page by page (haravan.md §5.2, §5.4, §5.5).
//!
//! **Paging.** Page numbers shift while records are added and changed, and moving a time filter along stands still on a
//! page full of equal times. Both lists know `since_id`: rows come in order of id, each page begins after the last id of
//! the one before, and no change of a row moves another one out of sight. That the ids do ascend is checked on every
//! page ([`PageError::Disordered`]).
//!
//! **The time-zone trap.** On a live shop a time filter's digits were compared in shop time (GMT+7), whatever zone they
//! said; the documentation reads as if they were UTC. A filter is therefore sent without a zone, and first in digits
//! that are early enough under both readings ([`ShopTime::Unknown`]); what is then too old is dropped by its own
//! `updated_at` or `created_at`, which is UTC. A row older than a UTC reading would have let through *proves* shop time,
//! and from there on the digits are those of shop time. Being wrong costs rows that are read and dropped, never rows that
//! are missed.
//!
//! **The bucket.** It holds eighty calls and leaks four a second, for all apps' workers of a shop together: from seventy
//! on calls wait for it to leak, and a 429 waits for what it says.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::admin::{Admin, PAGE};
use super::api::ApiError;
use super::webhook::{Entity, Head};
use crate::clock::SharedClock;
use crate::wire::lenient;

/// Calls in the bucket from which on we slow down, and how many leak in a second (haravan.md §5.2).
const SLOW_FROM: u32 = 70;
const LEAK_PER_SECOND: f64 = 4.0;

/// How often a call that was told to wait, or not answered, is made; and the wait when none was told.
const TRIES: u32 = 4;
const UNTOLD_WAIT: Duration = Duration::from_secs(1);

/// Shops are in Vietnam (haravan.md §5.4, §5.6).
const SHOP_ZONE: Offset = Offset::constant(7);

/// Room for a shop whose zone is not quite what we think (haravan.md §5.4: widen by a few hours).
const ROOM: Duration = Duration::from_secs(3600);

/// A row older than the filter by this was let through by another reading of it; less may be two clocks' difference.
const PROOF: Duration = Duration::from_secs(300);

/// Whether a time filter is read as shop time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopTime {
    /// Not known: the digits must be early enough for UTC and for shop time.
    Unknown,
    /// A row has proved it.
    Proven,
}

impl ShopTime {
    /// The digits of "not before `at`".
    pub fn not_before(self, at: Timestamp) -> String {
        let at = at.checked_sub(ROOM).unwrap_or(at);
        match self {
            Self::Unknown => digits(at, Offset::UTC),
            Self::Proven => digits(at, SHOP_ZONE),
        }
    }

    /// The digits of "not after `at`": late enough under both readings.
    pub fn not_after(at: Timestamp) -> String {
        digits(at.checked_add(ROOM).unwrap_or(at), SHOP_ZONE)
    }

    /// What is known after rows came for "not before `from`".
    #[must_use]
    pub fn learn(self, from: Timestamp, rows: &[Row]) -> Self {
        let room = ROOM.saturating_add(PROOF);
        let too_old = |row: &Row| {
            row.updated_at.is_some_and(|at| at.checked_add(room).is_ok_and(|latest| latest < from))
        };
        if rows.iter().any(too_old) { Self::Proven } else { self }
    }
}

fn digits(at: Timestamp, zone: Offset) -> String {
    zone.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// One order or customer of a list.
#[derive(Debug)]
pub struct Row {
    /// The text it came in.
    pub text: Box<RawValue>,
    /// Its id.
    pub id: i64,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

impl Row {
    fn read(text: Box<RawValue>) -> Option<Self> {
        #[derive(Deserialize)]
        struct Born {
            #[serde(default, deserialize_with = "lenient::instant")]
            created_at: Option<Timestamp>,
        }
        let Head { id, updated_at, .. } = Head::read(text.get())?;
        let created_at = lenient::read(text.get()).and_then(|born: Born| born.created_at);
        Some(Self { text, id, updated_at, created_at })
    }
}

/// One page.
#[derive(Debug)]
pub struct Page {
    /// Its rows, ids ascending.
    pub rows: Vec<Row>,
    /// Rows without a readable id.
    pub unreadable: usize,
    /// The id the next page begins after; `None` when this is the last page.
    pub next: Option<i64>,
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Haravan's answer.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The rows are not in order of id, so that going on after the last one would miss some.
    #[error("Haravan's list is not in order of id")]
    Disordered,
}

/// Reads one shop's lists.
pub struct Reader<'a> {
    /// The API.
    pub admin: &'a Admin,
    /// The shop's token.
    pub token: &'a SecretString,
    /// Time.
    pub clock: &'a SharedClock,
    /// No wait goes beyond this.
    pub deadline: Timestamp,
}

impl Reader<'_> {
    /// The page that begins after `since_id`, of `limit` rows at most, with these filters.
    ///
    /// # Errors
    /// [`PageError`]; [`ApiError::Transient`] only after several tries, or when the wait would go beyond the deadline.
    pub async fn page(
        &self,
        entity: Entity,
        filters: &[(&str, &str)],
        since_id: i64,
        limit: usize,
    ) -> Result<Page, PageError> {
        let limit = limit.clamp(1, PAGE);
        let (since, most) = (since_id.to_string(), limit.to_string());
        let mut query = vec![("since_id", since.as_str()), ("limit", most.as_str())];
        if entity == Entity::Order {
            // What the list leaves out by itself is not written anywhere (haravan.md §10.21).
            query.push(("status", "any"));
        }
        query.extend_from_slice(filters);
        let mut tries = 0;
        let listing = loop {
            tries += 1;
            match self.admin.listing(self.token, entity, &query).await {
                Err(ApiError::Transient { after }) if tries < TRIES => {
                    let wait = after.unwrap_or(UNTOLD_WAIT).mul_f64(1.0 + 0.2 * fastrand::f64());
                    if !self.wait(wait).await {
                        return Err(ApiError::Transient { after: Some(wait) }.into());
                    }
                }
                answer => break answer?,
            }
        };
        if let Some(over) = listing.calls.and_then(|calls| calls.checked_sub(SLOW_FROM)) {
            // A deadline in the way ends the reading at the next page, which would be told to wait anyway.
            self.wait(Duration::from_secs_f64(f64::from(over.saturating_add(1)) / LEAK_PER_SECOND)).await;
        }
        let came = listing.rows.len();
        let rows: Vec<Row> = listing.rows.into_iter().filter_map(Row::read).collect();
        let ids = || rows.iter().map(|row| row.id);
        if ids().any(|id| id <= since_id) || !ids().is_sorted() {
            return Err(PageError::Disordered);
        }
        let next = ids().next_back().filter(|_| came >= limit);
        Ok(Page { unreadable: came.saturating_sub(rows.len()), rows, next })
    }

    /// How many rows there are with these filters.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn count(&self, entity: Entity, filters: &[(&str, &str)]) -> Result<i64, ApiError> {
        let mut query = filters.to_vec();
        if entity == Entity::Order {
            query.push(("status", "any"));
        }
        self.admin.count(self.token, entity, &query).await
    }

    async fn wait(&self, wait: Duration) -> bool {
        let in_time = self.clock.now().checked_add(wait).is_ok_and(|end| end <= self.deadline);
        if in_time {
            self.clock.sleep(wait).await;
        }
        in_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(updated_at: &str) -> Row {
        let text = format!(r#"{{"id":7,"updated_at":"{updated_at}","created_at":"2026-01-01T00:00:00Z"}}"#);
        Row::read(RawValue::from_string(text).unwrap()).unwrap()
    }

    #[test]
    fn a_filter_is_early_enough_under_both_readings_until_a_row_proves_one() {
        let from: Timestamp = "2026-06-12T08:30:00Z".parse().unwrap();
        assert_eq!(ShopTime::Unknown.not_before(from), "2026-06-12T07:30:00");
        assert_eq!(ShopTime::Proven.not_before(from), "2026-06-12T14:30:00");
        assert_eq!(ShopTime::not_after(from), "2026-06-12T16:30:00");
        // Read as UTC, the first would not have let this row through.
        assert_eq!(ShopTime::Unknown.learn(from, &[row("2026-06-12T03:00:00Z")]), ShopTime::Proven);
        assert_eq!(ShopTime::Unknown.learn(from, &[row("2026-06-12T07:31:00Z")]), ShopTime::Unknown);
        assert_eq!(ShopTime::Unknown.learn(from, &[row("2026-06-12T07:29:00Z")]), ShopTime::Unknown);
    }

    #[test]
    fn a_row_keeps_its_text_and_tells_both_its_times() {
        let row = row("2026-06-12T03:00:00.1234567Z");
        assert_eq!(row.id, 7);
        assert_eq!(row.created_at.unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert!(row.text.get().contains("00.1234567Z"));
    }
}
