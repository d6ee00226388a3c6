//! The key of an event: the entity, and a digest of topic and body.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{WATCH_SHARDS, open_shard};
use crate::haravan::webhook::Topic;
use crate::id::TenantId;
use crate::store::StoreError;
use crate::store::schema::inbox::KEY;

/// An entity within a tenant, and one event of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey {
    /// `{tenant}#{entity}#{id}`.
    pub entity: String,
    /// Digest of topic and body, 22 characters.
    pub digest: String,
}

impl EventKey {
    /// The key under which a body is stored. The topic is part of the digest, so that `orders/paid` with the very body
    /// of `orders/create` is seen as its own event.
    pub fn of(tenant: &TenantId, topic: Topic, id: i64, body: &[u8]) -> Self {
        let entity = topic.entity().as_str();
        Self { entity: format!("{tenant}#{entity}#{id}"), digest: digest(topic.as_str(), body) }
    }

    /// The key of a signed body in which no entity can be read; `id` in the key is the digest.
    pub fn unreadable(tenant: &TenantId, topic: Topic, body: &[u8]) -> Self {
        let digest = digest(topic.as_str(), body);
        Self { entity: format!("{tenant}#{}#?{digest}", topic.entity().as_str()), digest }
    }

    /// The tenant.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn tenant(&self) -> Result<TenantId, StoreError> {
        let tenant = self.entity.split('#').next().unwrap_or_default();
        tenant.parse().map_err(|_| StoreError::Corrupt(KEY))
    }

    /// The entity's API id, unless the body was unreadable.
    pub fn id(&self) -> Option<i64> {
        self.entity.rsplit('#').next()?.parse().ok()
    }

    /// The list of open events on which upkeep finds it.
    pub(super) fn shard(&self) -> String {
        let hash = self
            .entity
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        open_shard(u8::try_from((hash >> 32) % u64::from(WATCH_SHARDS)).unwrap_or_default())
    }
}

/// Digest of topic and body, 22 characters.
pub(super) fn digest(topic: &str, body: &[u8]) -> String {
    let hash = Sha256::new().chain_update(topic).chain_update([0]).chain_update(body).finalize();
    URL_SAFE_NO_PAD.encode(hash.get(..16).unwrap_or_default())
}
