//! What every visit shares: how long it may take, why it stops short, and when the next one is.

use std::time::Duration;

use common::seal::SealError;
use common::store::StoreError;
use common::store::connections::ConnectionRef;
use common::tenant::DirectoryError;
use jiff::Timestamp;

/// The longest visit.
pub(crate) const VISIT: Duration = Duration::from_secs(35);

/// How long a visit may spend on reading lists.
pub(crate) const READING: Duration = Duration::from_secs(20);

/// Why a visit stopped short.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Our own store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tenant or its secrets are not readable.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A token does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// When to come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// At this time, having seen this suspicion.
    At { shop: ConnectionRef, seen: Option<Timestamp>, due: Timestamp },
    /// As it stands: what ended it, or leaves it due, was written already.
    AsItStands,
}
