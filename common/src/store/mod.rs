//! The four tables, over `aws-sdk-dynamodb`; the same code everywhere, in the cloud and on the embedded engine.
//!
//! Each submodule owns one table's items and offers only the moves its state machine has: nothing outside this folder
//! writes an expression. [`schema`] is the one place for names.
//!
//! Two things hold in all of them. A conditional check that fails is an *answer* (duplicate, lost claim), never an
//! error. Every other failure is [`StoreError::Unavailable`], after which nothing is known about whether the write took
//! effect; all writes are therefore safe to repeat.

pub mod claims;
pub mod connections;
pub mod ephemeral;
mod erase;
pub mod imports;
pub mod inbox;
pub mod item;
pub mod pace;
pub mod schema;
pub mod sealed;
pub mod tenants;
pub mod walks;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why the store gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out, unreachable or refused: whether a write took effect is unknown.
    #[error("the store is unavailable: {code}")]
    Unavailable {
        /// DynamoDB's error code, or the kind of transport failure. Never a key or a value.
        code: String,
    },
    /// An item does not hold what its table's items hold.
    #[error("a stored item is not readable: {0}")]
    Corrupt(&'static str),
}

impl<E: ProvideErrorMetadata, R> From<SdkError<E, R>> for StoreError {
    fn from(error: SdkError<E, R>) -> Self {
        let code = match &error {
            SdkError::ServiceError(service) => service.err().code().unwrap_or("service error").to_owned(),
            SdkError::TimeoutError(_) => "time-out".to_owned(),
            SdkError::DispatchFailure(_) => "unreachable".to_owned(),
            SdkError::ResponseError(_) => "unreadable answer".to_owned(),
            _ => "request not built".to_owned(),
        };
        Self::Unavailable { code }
    }
}

/// The tables' names in this deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    /// See [`tenants`].
    pub tenants: String,
    /// See [`connections`], [`walks`], [`imports`] and [`ephemeral`].
    pub connections: String,
    /// See [`inbox`].
    pub inbox: String,
    /// See [`claims`] and [`pace`].
    pub dedup: String,
}

/// The tables.
#[derive(Clone)]
pub struct Store {
    /// Tenants.
    pub tenants: tenants::Tenants,
    /// Connections.
    pub connections: connections::Connections,
    /// What is sealed in them.
    pub sealed: sealed::Sealed,
    /// How far connections were reconciled.
    pub walks: walks::Walks,
    /// Imports of a period.
    pub imports: imports::Imports,
    /// Flows, links and sessions.
    pub ephemeral: ephemeral::Ephemeral,
    /// Received events.
    pub inbox: inbox::Inbox,
    /// Who is creating what, and what it became.
    pub claims: claims::Claims,
    /// How fast a tenant's CRM may be written to.
    pub pace: pace::Paces,
}

impl Store {
    /// Opens the tables through one client.
    pub fn new(client: &aws_sdk_dynamodb::Client, names: TableNames) -> Self {
        Self {
            sealed: sealed::Sealed::new(client.clone(), names.tenants.clone(), names.connections.clone()),
            tenants: tenants::Tenants::new(client.clone(), names.tenants),
            ephemeral: ephemeral::Ephemeral::new(client.clone(), names.connections.clone()),
            walks: walks::Walks::new(client.clone(), names.connections.clone()),
            imports: imports::Imports::new(client.clone(), names.connections.clone()),
            connections: connections::Connections::new(client.clone(), names.connections),
            inbox: inbox::Inbox::new(client.clone(), names.inbox),
            claims: claims::Claims::new(client.clone(), names.dedup.clone()),
            pace: pace::Paces::new(client.clone(), names.dedup),
        }
    }
}
