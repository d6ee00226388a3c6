//! Pages that were nobody's a moment ago.

use std::time::Duration;

use common::store::connections::PageKey;
use jiff::Timestamp;
use quick_cache::sync::Cache;

/// How long a page is taken to be nobody's without asking. Events that come this soon after its connect may be lost, where
/// somebody wrote to it just before: a few seconds of a page that was not answered until now.
pub(crate) const STRANGER_FOR: Duration = Duration::from_secs(5);

/// Most pages remembered; the longest unseen are forgotten.
const CAPACITY: usize = 1024;

/// The pages, and when each was found to be nobody's.
pub(super) struct Strangers(Cache<PageKey, Timestamp>);

impl Strangers {
    pub(super) fn new() -> Self {
        Self(Cache::new(CAPACITY))
    }

    /// Whether the page was nobody's within [`STRANGER_FOR`].
    pub(super) fn knows(&self, page: &PageKey, now: Timestamp) -> bool {
        self.0.get(page).is_some_and(|since| now.duration_since(since).unsigned_abs() < STRANGER_FOR)
    }

    /// The page is nobody's.
    pub(super) fn remember(&self, page: &PageKey, now: Timestamp) {
        self.0.insert(page.clone(), now);
    }
}
