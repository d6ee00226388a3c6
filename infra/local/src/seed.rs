//! The one tenant with one connected shop that a fresh local database begins with.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::api_key::ApiKey;
use common::id::{OrgId, TenantId};
use common::seal::{KeyRing, Place, random};
use common::settings::Settings;
use common::store::Store;
use common::store::connections::{NewShop, SealedTokens, Subject};
use common::store::schema;
use common::store::tenants::{Plan, TenantRecord};
use common::tenant::{connection_place, tenant_place};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// The seeded tenant's id.
pub const TENANT: &str = "hat-mam";
/// The seeded shop's organisation id (the one of haravan.md's examples).
pub const ORG: OrgId = OrgId(200_000_987_654);
/// The seeded shop's domain.
pub const SHOP_DOMAIN: &str = "hat-mam-demo.myharavan.com";
/// The seeded shop's name.
pub const SHOP_NAME: &str = "Hạt Mầm";
/// The client id of the seeded tenant's Haravan app.
pub const CLIENT_ID: &str = "hrv_test_client_id";

/// What the seeded tenant is opened with.
#[derive(Debug, Clone)]
pub struct Seeded {
    /// The tenant.
    pub tenant: TenantId,
    /// Haravan client secret, which signs webhooks.
    pub client_secret: SecretString,
    /// Verify token of the webhook challenge.
    pub verify_token: SecretString,
    /// CRM API key.
    pub crm_key: SecretString,
    /// Admin REST token of the shop.
    pub access_token: SecretString,
}

impl Seeded {
    /// With it the tenant's CRM opens sessions for its admins. The store keeps a digest only, and local mode has to print
    /// the key again: it follows from another secret.
    pub fn api_key(&self) -> ApiKey {
        ApiKey::with(&self.tenant, &Sha256::digest(self.crm_key.expose_secret()))
    }
}

/// Addresses and keys that come from the command line rather than from the database.
#[derive(Debug, Clone)]
pub struct Outside {
    /// Base URL under which the functions are reached.
    pub public_url: String,
    /// Base URL of the CRM.
    pub crm_url: String,
    /// CRM API key, when it is not ours to invent.
    pub crm_key: Option<SecretString>,
    /// Haravan client secret, when it is not ours to invent.
    pub client_secret: Option<SecretString>,
    /// Admin REST token, when it is not ours to invent.
    pub access_token: Option<SecretString>,
}

/// Makes the tenant, or finds it and brings its addresses up to date: the port changes between runs, secrets and
/// settings stay.
///
/// # Errors
/// The store's, or a database that was sealed with another key ring.
pub async fn ensure(store: &Store, ring: &KeyRing, outside: &Outside, now: Timestamp) -> Result<Seeded> {
    let tenant: TenantId = TENANT.parse()?;
    let places = (tenant_place(&tenant), connection_place(&tenant, &Subject::Shop(ORG)));
    let place = |field| Place { key: &places.0, field };
    let shop_field = Place { key: &places.1, field: schema::connections::ACCESS_TOKEN };
    let known = store.tenants.get(&tenant).await?;
    let known_shop = store.connections.shops(&tenant).await?.into_iter().find(|shop| shop.org == ORG);

    let open = |place: Place<'_>, blob: Option<&[u8]>| -> Result<Option<SecretString>> {
        let opened = blob.map(|blob| ring.open(place, blob)).transpose();
        opened.context("the data file was sealed with another key ring: its .keyring file belongs beside it")
    };
    let secret = |given: &Option<SecretString>,
                  place: Place<'_>,
                  blob: Option<&[u8]>,
                  prefix: &str|
     -> Result<SecretString> {
        match (given, open(place, blob)?) {
            (Some(given), _) => Ok(given.clone()),
            (None, Some(opened)) => Ok(opened),
            (None, None) => invent(prefix),
        }
    };
    let record = known.as_ref();
    let seeded = Seeded {
        client_secret: secret(
            &outside.client_secret,
            place(schema::tenants::SECRET),
            record.and_then(|record| record.secret.as_deref()),
            "hrv_secret",
        )?,
        verify_token: secret(
            &None,
            place(schema::tenants::VERIFY_TOKEN),
            record.map(|record| record.verify_token.as_slice()),
            "hrv_verify",
        )?,
        crm_key: secret(
            &outside.crm_key,
            place(schema::tenants::CRM_KEY),
            record.map(|record| record.crm_key.as_slice()),
            "getfly_key",
        )?,
        access_token: secret(
            &outside.access_token,
            shop_field,
            known_shop.as_ref().and_then(|shop| Some(shop.tokens.as_ref()?.access.as_slice())),
            "hrv_token",
        )?,
        tenant: tenant.clone(),
    };
    let seal = |field, secret: &SecretString| ring.seal(place(field), secret);
    let written = store
        .tenants
        .put(&TenantRecord {
            id: tenant.clone(),
            crm_url: outside.crm_url.clone(),
            crm_key: seal(schema::tenants::CRM_KEY, &seeded.crm_key)?,
            public_url: outside.public_url.clone(),
            client_id: record.and_then(|record| record.client_id.clone()).or(Some(CLIENT_ID.to_owned())),
            secret: Some(seal(schema::tenants::SECRET, &seeded.client_secret)?),
            previous_secret: record.and_then(|record| record.previous_secret.clone()),
            previous_until: record.and_then(|record| record.previous_until),
            api_key_hash: Some(seeded.api_key().digest()),
            verify_token: seal(schema::tenants::VERIFY_TOKEN, &seeded.verify_token)?,
            plan: record.map_or(Plan::Paid, |record| record.plan),
            extra_pages: record.map_or(0, |record| record.extra_pages),
            suspended_at: record.and_then(|record| record.suspended_at),
            settings: record.map_or_else(demo_settings, |record| record.settings.clone()),
            revision: record.map_or(0, |record| record.revision),
        })
        .await?;
    anyhow::ensure!(written, "the tenant's record was changed by another program");
    if known_shop.is_none() || outside.access_token.is_some() {
        let new = NewShop {
            tenant,
            org: ORG,
            shop_domain: Some(SHOP_DOMAIN.to_owned()),
            shop_name: Some(SHOP_NAME.to_owned()),
            tokens: SealedTokens {
                access: ring.seal(shop_field, &seeded.access_token)?,
                refresh: None,
                expires_at: None,
            },
            scopes: Vec::new(),
            by: None,
        };
        store.connections.connect(&new, now).await?;
    }
    Ok(seeded)
}

/// Local settings: a manager who is among the simulated CRM's users, and a CRM that need not be spared.
fn demo_settings() -> Settings {
    Settings {
        default_manager: Some("quanly.kinhdoanh".to_owned()),
        writes_per_second: 200.0,
        ..Settings::default()
    }
}

fn invent(prefix: &str) -> Result<SecretString> {
    let bytes: [u8; 24] = random()?;
    Ok(format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(bytes)).into())
}

/// Shows a secret on purpose: for the addresses that local mode prints.
pub fn reveal(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}
