//! What each function reaches the tables and the deployment's secrets with: clients of its own, as it has in the cloud.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use common::clock::SharedClock;
use common::seal::SecretSource;
use common::store::Store;
use common::tenant::Directory;

use crate::embedded::table_names;

/// The secret with the key ring.
pub const KEY_RING: &str = "key-ring";
/// The secret with the operator's apps at Facebook and Zalo.
pub const APPS: &str = "apps";

/// What a test puts between the functions and AWS.
pub trait Between: Send + Sync {
    /// The client that a function gets in place of this one.
    fn client(&self, function: &'static str, client: &Client) -> Client;

    /// What a function gets in place of the source of a secret.
    fn secret(&self, function: &'static str, name: &'static str, source: SecretSource) -> SecretSource;
}

/// Opens the functions' clients. A function has the name of its binary.
pub struct Access {
    pub(crate) key_ring: SecretSource,
    pub(crate) clock: SharedClock,
    pub(crate) between: Option<Arc<dyn Between>>,
}

impl Access {
    /// The tables and the tenants, for a function.
    pub fn open(&self, function: &'static str, client: &Client) -> (Store, Directory) {
        let store = match &self.between {
            Some(between) => Store::new(&between.client(function, client), table_names()),
            None => Store::new(client, table_names()),
        };
        let ring = self.secret(function, KEY_RING, self.key_ring.clone());
        (store.clone(), Directory::new(store, ring, self.clock.clone()))
    }

    /// A secret, for a function.
    pub fn secret(&self, function: &'static str, name: &'static str, source: SecretSource) -> SecretSource {
        match &self.between {
            Some(between) => between.secret(function, name, source),
            None => source,
        }
    }
}
