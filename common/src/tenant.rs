//! A tenant as the functions see it: secrets opened, shops at hand, cached.
//!
//! The front door must answer without reading anything while warm, so tenants are kept for [`FRESH`] in a bounded cache;
//! unknown ones too, so that a stranger's guesses cost one read each and then nothing. A secret that was just changed
//! shows as a bad signature: [`Directory::refreshed`] then reads the tenant again, but no more often than every
//! [`REFRESH_GAP`], so that forged requests cannot make us read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use quick_cache::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::RwLock;

use crate::clock::SharedClock;
use crate::id::{OrgId, TenantId};
use crate::seal::keys::{RING_FRESH, RING_SEALS};
use crate::seal::{KeyRing, Place, SealError, SecretSource};
use crate::settings::Settings;
use crate::store::connections::{ConnectionStatus, ShopConnection, Subject};
use crate::store::schema;
use crate::store::tenants::TenantRecord;
use crate::store::{Store, StoreError};

pub use crate::store::sealed::{connection_place, tenant_place};

/// How long a cached tenant is believed.
pub const FRESH: Duration = Duration::from_secs(60);

/// A tenant is not read again for a bad signature within this.
pub const REFRESH_GAP: Duration = Duration::from_secs(10);

const CAPACITY: usize = 4096;

/// A tenant with its secrets opened.
#[derive(Debug)]
pub struct Tenant {
    /// Which tenant.
    pub id: TenantId,
    /// Base URL of its CRM.
    pub crm_url: String,
    /// The CRM's API key.
    pub crm_key: SecretString,
    /// Base URL under which browsers and Haravan reach the functions.
    pub public_url: String,
    /// Haravan client id, once entered.
    pub client_id: Option<String>,
    /// Haravan client secrets that sign webhooks, and until when: the current one, then the previous one. Empty until
    /// the admin has entered one.
    pub secrets: Vec<ClientSecret>,
    /// SHA-256 of the API key with which the CRM calls us.
    pub api_key_hash: Option<Vec<u8>>,
    /// Verify token of the webhook challenge.
    pub verify_token: SecretString,
    /// Whether the operator has it suspended: what arrives is stored and waits.
    pub suspended: bool,
    /// How it wants things done.
    pub settings: Settings,
    /// Its Haravan shops.
    pub shops: BTreeMap<OrgId, Shop>,
}

/// A Haravan client secret.
#[derive(Debug, Clone)]
pub struct ClientSecret {
    /// The secret.
    pub secret: SecretString,
    /// Until when it is accepted; `None` is for good.
    pub until: Option<Timestamp>,
}

impl Tenant {
    /// The client secrets that are accepted now, the current one first.
    pub fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &SecretString> {
        let valid = move |secret: &&ClientSecret| secret.until.is_none_or(|until| now < until);
        self.secrets.iter().filter(valid).map(|secret| &secret.secret)
    }
}

/// A shop with its token opened.
#[derive(Debug)]
pub struct Shop {
    /// Whether its events are worked on.
    pub connected: bool,
    /// Counts connects and ends.
    pub generation: i64,
    /// Its domain.
    pub domain: Option<String>,
    /// Admin REST token.
    pub access_token: Option<SecretString>,
}

/// Why a tenant could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its secrets do not open.
    #[error(transparent)]
    Seal(#[from] SealError),
}

#[derive(Clone)]
struct Cached {
    tenant: Option<Arc<Tenant>>,
    read_at: Timestamp,
}

/// The tenants, cached.
pub struct Directory {
    store: Store,
    source: SecretSource,
    ring: RwLock<Option<(Timestamp, Arc<KeyRing>)>>,
    cache: Cache<TenantId, Cached>,
    clock: SharedClock,
}

impl Directory {
    /// A directory over the store, opening secrets with the ring from `source`.
    pub fn new(store: Store, source: SecretSource, clock: SharedClock) -> Self {
        Self { store, source, ring: RwLock::new(None), cache: Cache::new(CAPACITY), clock }
    }

    /// The tenant, at most [`FRESH`] old. `None` when there is none of that id.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Arc<Tenant>>, DirectoryError> {
        match self.cache.get(id) {
            Some(cached) if self.age(&cached) < FRESH => Ok(cached.tenant),
            _ => self.read(id).await,
        }
    }

    /// The tenant read anew, unless that was done a moment ago: for a signature that does not fit.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub async fn refreshed(&self, id: &TenantId) -> Result<Option<Arc<Tenant>>, DirectoryError> {
        match self.cache.get(id) {
            Some(cached) if self.age(&cached) < REFRESH_GAP => Ok(None),
            _ => self.read(id).await,
        }
    }

    /// The tenant read anew, whatever is cached: for who may have changed it a moment ago and cannot ask often.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub async fn reread(&self, id: &TenantId) -> Result<Option<Arc<Tenant>>, DirectoryError> {
        self.read(id).await
    }

    /// Fetches the key ring, so that the first event does not wait for it.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn warm(&self) -> Result<(), SealError> {
        self.at_hand().await.map(drop)
    }

    /// Seals a value under the ring's active key.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn seal(&self, place: Place<'_>, content: &SecretString) -> Result<Vec<u8>, SealError> {
        self.ring().await?.seal(place, content)
    }

    /// Opens a sealed value. A key that is newer than our copy of the ring makes the ring be fetched anew.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn unseal(&self, place: Place<'_>, blob: &[u8]) -> Result<SecretString, SealError> {
        match self.at_hand().await?.1.open(place, blob) {
            Err(SealError::UnknownKey(_)) => self.fetch_ring().await?.1.open(place, blob),
            opened => opened,
        }
    }

    fn age(&self, cached: &Cached) -> Duration {
        self.clock.now().duration_since(cached.read_at).unsigned_abs()
    }

    async fn read(&self, id: &TenantId) -> Result<Option<Arc<Tenant>>, DirectoryError> {
        let read_at = self.clock.now();
        let tenant = match self.store.tenants.get(id).await? {
            None => None,
            Some(record) => Some(Arc::new(self.open(record, self.store.connections.shops(id).await?).await?)),
        };
        self.cache.insert(id.clone(), Cached { tenant: tenant.clone(), read_at });
        Ok(tenant)
    }

    /// The key ring, for sealing what is to be stored.
    ///
    /// # Errors
    /// [`SealError`]; [`SealError::Stale`] when it could not be read anew for [`RING_SEALS`].
    pub async fn ring(&self) -> Result<Arc<KeyRing>, SealError> {
        let (read_at, ring) = self.at_hand().await?;
        let age = self.clock.now().duration_since(read_at);
        if age.unsigned_abs() < RING_SEALS { Ok(ring) } else { Err(SealError::Stale(age.as_mins())) }
    }

    /// The key ring and when it was read, for opening: read anew when it is time and that can be done.
    async fn at_hand(&self) -> Result<(Timestamp, Arc<KeyRing>), SealError> {
        let kept = self.ring.read().await.clone();
        let Some((read_at, ring)) = kept else { return self.fetch_ring().await };
        if self.clock.now().duration_since(read_at).unsigned_abs() < RING_FRESH {
            return Ok((read_at, ring));
        }
        self.fetch_ring().await.or_else(|error| {
            tracing::warn!(%error, "the key ring was not read anew; the copy at hand is used");
            Ok((read_at, ring))
        })
    }

    async fn fetch_ring(&self) -> Result<(Timestamp, Arc<KeyRing>), SealError> {
        let read_at = self.clock.now();
        let ring = Arc::new(KeyRing::from_json(self.source.text().await?.expose_secret())?);
        *self.ring.write().await = Some((read_at, Arc::clone(&ring)));
        Ok((read_at, ring))
    }

    async fn open(&self, record: TenantRecord, shops: Vec<ShopConnection>) -> Result<Tenant, SealError> {
        let (_, ring) = self.at_hand().await?;
        match open_all(&ring, &record, &shops) {
            // Sealed with a key newer than our copy of the ring: fetch the ring and try once more.
            Err(SealError::UnknownKey(_)) => open_all(&self.fetch_ring().await?.1, &record, &shops),
            opened => opened,
        }
    }
}

fn open_all(ring: &KeyRing, record: &TenantRecord, shops: &[ShopConnection]) -> Result<Tenant, SealError> {
    let key = tenant_place(&record.id);
    let open = |field, blob: &[u8]| ring.open(Place { key: &key, field }, blob);
    let mut secrets = Vec::new();
    if let Some(secret) = &record.secret {
        secrets.push(ClientSecret { secret: open(schema::tenants::SECRET, secret)?, until: None });
    }
    if let Some(previous) = &record.previous_secret {
        let secret = open(schema::tenants::PREVIOUS_SECRET, previous)?;
        secrets.push(ClientSecret { secret, until: record.previous_until });
    }
    let mut opened = BTreeMap::new();
    for shop in shops {
        let key = connection_place(&record.id, &Subject::Shop(shop.org));
        let place = Place { key: &key, field: schema::connections::ACCESS_TOKEN };
        let access_token = shop.tokens.as_ref().map(|tokens| ring.open(place, &tokens.access)).transpose()?;
        opened.insert(
            shop.org,
            Shop {
                connected: shop.status != ConnectionStatus::Disconnected,
                generation: shop.generation,
                domain: shop.shop_domain.clone(),
                access_token,
            },
        );
    }
    Ok(Tenant {
        id: record.id.clone(),
        crm_url: record.crm_url.clone(),
        public_url: record.public_url.clone(),
        client_id: record.client_id.clone(),
        api_key_hash: record.api_key_hash.clone(),
        crm_key: open(schema::tenants::CRM_KEY, &record.crm_key)?,
        secrets,
        verify_token: open(schema::tenants::VERIFY_TOKEN, &record.verify_token)?,
        suspended: record.suspended_at.is_some(),
        settings: record.settings.clone(),
        shops: opened,
    })
}
