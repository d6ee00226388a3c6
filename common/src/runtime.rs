//! What every function does at its start: settings → clients → warm.

use std::path::PathBuf;
use std::time::Duration;

use crate::clock::SharedClock;
use crate::config::Env;
use crate::egress::Reach;
use crate::haravan::admin::DEFAULT_BASE;
use crate::intake::job::Intake;
use crate::seal::KeyRingSource;
use crate::store::{Store, TableNames, sdk_config};
use crate::tenant::Directory;

/// Longest time spent warming; whatever is not warm by then is fetched by the first event.
const WARM_UP: Duration = Duration::from_millis(500);

/// The settings that every function has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The tables.
    pub tables: TableNames,
    /// Name or ARN of the key ring's secret.
    pub key_ring_secret: Option<String>,
    /// The key ring's file, in its place: local mode.
    pub key_ring_file: Option<PathBuf>,
}

impl Settings {
    /// Reads the settings; faults are noted in `env`.
    pub fn read(env: &mut Env<'_>) -> Self {
        let tables = TableNames {
            tenants: env.required("TENANTS_TABLE"),
            connections: env.required("CONNECTIONS_TABLE"),
            inbox: env.required("INBOX_TABLE"),
            dedup: env.required("DEDUP_TABLE"),
        };
        let key_ring_file = env.optional("KEY_RING_FILE").map(PathBuf::from);
        let key_ring_secret =
            if key_ring_file.is_some() { None } else { Some(env.required("KEY_RING_SECRET")) };
        Self { tables, key_ring_secret, key_ring_file }
    }
}

/// The settings of the functions that call the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntakeSettings {
    /// What every function has.
    pub base: Settings,
    /// Base URL of Haravan's Admin REST.
    pub haravan_url: String,
    /// Whether loopback and plain http may be called.
    pub reach: Reach,
}

impl IntakeSettings {
    /// Reads the settings; faults are noted in `env`.
    pub fn read(env: &mut Env<'_>) -> Self {
        let base = Settings::read(env);
        let haravan_url = env.or("HARAVAN_API_URL", DEFAULT_BASE.to_owned(), "a URL");
        let loopback = env.or("ALLOW_LOOPBACK", false, "true or false");
        Self { base, haravan_url, reach: if loopback { Reach::Loopback } else { Reach::Public } }
    }
}

/// The tables and the tenants.
pub async fn open(settings: &Settings, clock: SharedClock) -> (Store, Directory) {
    let config = sdk_config().await;
    let store = Store::new(&aws_sdk_dynamodb::Client::new(&config), settings.tables.clone());
    let source = match (&settings.key_ring_file, &settings.key_ring_secret) {
        (Some(path), _) => KeyRingSource::File(path.clone()),
        (None, secret) => KeyRingSource::SecretsManager {
            client: aws_sdk_secretsmanager::Client::new(&config),
            secret_id: secret.clone().unwrap_or_default(),
        },
    };
    (store.clone(), Directory::new(store, source, clock))
}

/// What intake works with.
///
/// # Errors
/// A base URL that may not be called, or TLS that cannot be set up.
pub async fn open_intake(
    settings: &IntakeSettings,
    clock: SharedClock,
) -> Result<Intake, Box<dyn std::error::Error + Send + Sync>> {
    let (store, directory) = open(&settings.base, clock.clone()).await;
    let http = settings.reach.client()?;
    let base = settings
        .reach
        .base_url(&settings.haravan_url)
        .map_err(|error| format!("HARAVAN_API_URL: {error}"))?;
    let admin = crate::haravan::admin::Admin::new(http.clone(), base);
    Ok(Intake::new(store, directory, http, settings.reach, admin, clock))
}

/// Fetches what the first event needs. Failures are left to that event.
pub async fn warm(directory: &Directory, store: &Store) {
    let fetch = async {
        let ring = directory.warm().await;
        let table = match "warm-up".parse() {
            Ok(nobody) => store.tenants.get(&nobody).await.map(drop),
            Err(_) => Ok(()),
        };
        if ring.is_err() || table.is_err() {
            tracing::warn!("the warm-up did not reach everything");
        }
    };
    if tokio::time::timeout(WARM_UP, fetch).await.is_err() {
        tracing::warn!("the warm-up took too long");
    }
}
