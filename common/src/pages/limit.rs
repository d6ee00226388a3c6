//! How many pages an admin account may connect.

use jiff::Timestamp;

use crate::store::tenants::{Plan, TenantRecord};

/// Pages of an admin account.
pub const PER_ACCOUNT: u32 = 3;

/// Pages of an admin account while the tenant tries the product.
pub const ON_TRIAL: u32 = 1;

/// How many pages, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit {
    /// For each admin account.
    pub pages: u32,
    /// What the tenant has.
    pub because: Because,
}

/// Why a limit is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// A paid plan, with this many bought on top.
    Paid {
        /// Bought on top.
        extra: u32,
    },
    /// A trial that goes on until then.
    Trial {
        /// Its end, when it was said.
        ends: Option<Timestamp>,
    },
    /// A trial that is over: what is connected stays, nothing is added.
    TrialEnded {
        /// Its end.
        ended: Timestamp,
    },
}

impl PageLimit {
    /// The limit of a tenant.
    pub fn of(tenant: &TenantRecord, now: Timestamp) -> Self {
        let extra = tenant.extra_pages;
        match tenant.plan {
            Plan::Paid => Self { pages: PER_ACCOUNT.saturating_add(extra), because: Because::Paid { extra } },
            Plan::Trial { ends: Some(ended) } if ended <= now => {
                Self { pages: 0, because: Because::TrialEnded { ended } }
            }
            Plan::Trial { ends } => {
                Self { pages: ON_TRIAL.saturating_add(extra), because: Because::Trial { ends } }
            }
        }
    }

    /// Whether one more may be connected by an account that has this many.
    pub fn has_room(self, used: u32) -> bool {
        used < self.pages
    }
}
