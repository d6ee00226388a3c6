//! Why an event's work stops short, as the decision it asks for.

use std::time::Duration;

use crate::getfly::error::CrmError;
use crate::store::StoreError;

/// Why an event's work stops short.
#[derive(Debug)]
pub enum Stop {
    /// Try again later, for a reason that is not the CRM's.
    Later {
        /// Why.
        reason: &'static str,
        /// How long to wait; `None` leaves it to the retry schedule.
        after: Option<Duration>,
        /// Whether this try counts towards giving up.
        counts: bool,
    },
    /// Set it aside for a person.
    Park {
        /// Why.
        reason: &'static str,
        /// For the admin's eyes.
        detail: Option<String>,
    },
    /// The CRM failed.
    Crm(CrmError),
    /// Our own store gave no answer.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<CrmError> for Stop {
    fn from(error: CrmError) -> Self {
        Self::Crm(error)
    }
}

impl Stop {
    /// Sets aside, without detail.
    pub fn park(reason: &'static str) -> Self {
        Self::Park { reason, detail: None }
    }

    /// Whether the CRM may still be at work on a request whose answer was lost. Claims are then kept until their leases
    /// end. Otherwise the next try may look up at once, and finds what was created, if anything was.
    pub fn may_still_write(&self) -> bool {
        matches!(self, Self::Crm(CrmError::Transient { may_still_write: true, .. }))
    }
}
