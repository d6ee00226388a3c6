//! One visit of a shop: the value that its steps share, and how a step ends it early.

use std::time::Duration;

use common::clock::later;
use common::haravan::api::ApiError;
use common::haravan::rows::Reader;
use common::seal::SealError;
use common::store::StoreError;
use common::store::connections::ShopConnection;
use common::tenant::DirectoryError;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::Upkeep;

/// How long a visit may spend on reading Haravan's lists.
const READING: Duration = Duration::from_secs(20);

/// What the steps of a visit share. A step that changes the connection or its token puts the new one here.
pub(crate) struct Visit<'a> {
    /// The dependencies.
    pub upkeep: &'a Upkeep,
    /// The connection as it is now.
    pub shop: ShopConnection,
    /// The shop's access token; `None` before [`super::token::keep_fresh`], and if no token works.
    pub token: Option<SecretString>,
    /// When the shop was reported as uninstalled, as read at the start. A report that comes in later is for the next visit.
    pub suspected_at: Option<Timestamp>,
}

impl<'a> Visit<'a> {
    /// A visit of a connection as it was just read.
    pub(crate) fn new(upkeep: &'a Upkeep, shop: ShopConnection) -> Self {
        Self { upkeep, suspected_at: shop.suspected_at, shop, token: None }
    }

    /// The time now. Steps wait for Haravan, so each reads it again.
    pub(crate) fn now(&self) -> Timestamp {
        self.upkeep.clock.now()
    }

    /// Whether the shop's tokens can be refreshed.
    pub(crate) fn can_refresh(&self) -> bool {
        self.shop.tokens.as_ref().is_some_and(|tokens| tokens.refresh.is_some())
    }

    /// The topics that Haravan sends for this shop. Having no token is answered like a token that Haravan refuses.
    pub(crate) async fn topics(&self) -> Result<Vec<String>, ApiError> {
        match &self.token {
            Some(token) => self.upkeep.subscription.topics(token).await,
            None => Err(ApiError::Unauthorized),
        }
    }

    /// Reads the shop's lists until [`READING`] after `began`; `None` without a token.
    pub(crate) fn reader(&self, began: Timestamp) -> Option<Reader<'_>> {
        let deadline = later(began, READING);
        let (admin, clock) = (&self.upkeep.admin, &self.upkeep.clock);
        self.token.as_ref().map(|token| Reader { admin, token, clock, deadline })
    }
}

/// Why a visit ends before its last step.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// Nothing more to write: the connection ended or changed, or nobody knows yet and it stays due.
    #[error("the connection stays as it stands")]
    AsItStands,
    /// Our own store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tenant or its secrets are not readable.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A sealed token does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
}
