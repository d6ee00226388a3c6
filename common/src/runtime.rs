//! What every function does at its start: settings → clients → warm.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::aws;
use crate::channel::{Apps, Places, Providers};
use crate::clock::SharedClock;
use crate::config::Env;
use crate::connect::{Accounts, Connecting};
use crate::facebook::app as facebook;
use crate::haravan::admin::{self, Admin};
use crate::haravan::subscription::{self, Subscription};
use crate::haravan::token_endpoint;
use crate::intake::job::Intake;
use crate::seal::SecretSource;
use crate::store::{Store, TableNames};
use crate::tenant::Directory;
use crate::wire::egress::Reach;
use crate::zalo::app as zalo;

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
        let haravan_url = env.or("HARAVAN_API_URL", admin::DEFAULT_BASE.to_owned(), "a URL");
        Self { base, haravan_url, reach: reach(env) }
    }
}

/// The settings of the functions that take Haravan's callbacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectSettings {
    /// What every function has.
    pub base: Settings,
    /// Base URL of Haravan's accounts server; without its slash, the issuer of id tokens.
    pub accounts_url: String,
    /// Whether loopback and plain http may be called.
    pub reach: Reach,
}

impl ConnectSettings {
    /// Reads the settings; faults are noted in `env`.
    pub fn read(env: &mut Env<'_>) -> Self {
        let base = Settings::read(env);
        let accounts_url = env.or("HARAVAN_ACCOUNTS_URL", token_endpoint::DEFAULT_BASE.to_owned(), "a URL");
        Self { base, accounts_url, reach: reach(env) }
    }
}

/// The settings of the function that connects a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSettings {
    /// What both functions have that take callbacks.
    pub connect: ConnectSettings,
    /// Base URL of Haravan's Admin REST.
    pub haravan_url: String,
    /// Base URL of Haravan's webhook control.
    pub webhook_url: String,
}

impl GrantSettings {
    /// Reads the settings; faults are noted in `env`.
    pub fn read(env: &mut Env<'_>) -> Self {
        Self {
            connect: ConnectSettings::read(env),
            haravan_url: env.or("HARAVAN_API_URL", admin::DEFAULT_BASE.to_owned(), "a URL"),
            webhook_url: env.or("HARAVAN_WEBHOOK_URL", subscription::DEFAULT_BASE.to_owned(), "a URL"),
        }
    }

    /// The APIs that are called with a shop's token.
    ///
    /// # Errors
    /// A base URL that may not be called.
    pub fn open_apis(&self, http: reqwest::Client) -> Result<(Admin, Subscription), StartError> {
        let base = |name: &str, url: &str| base_url(self.connect.reach, name, url);
        let admin = Admin::new(http.clone(), base("HARAVAN_API_URL", &self.haravan_url)?);
        Ok((admin, Subscription::new(http, base("HARAVAN_WEBHOOK_URL", &self.webhook_url)?)))
    }
}

/// Where the operator's apps at Facebook and Zalo are kept ([`crate::channel::apps`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppsSettings {
    /// Name or ARN of the secret; none where no page can be connected.
    pub secret: Option<String>,
    /// Its file, in its place: local mode.
    pub file: Option<PathBuf>,
}

impl AppsSettings {
    /// Reads the settings.
    pub fn read(env: &mut Env<'_>) -> Self {
        Self {
            secret: env.optional("PROVIDER_APPS_SECRET"),
            file: env.optional("PROVIDER_APPS_FILE").map(PathBuf::from),
        }
    }

    fn source(&self, config: &aws_config::SdkConfig) -> SecretSource {
        match (&self.file, &self.secret) {
            (None, None) => SecretSource::Text("{}".into()),
            (file, secret) => source(config, file.as_ref(), secret.as_ref()),
        }
    }

    /// The apps, for who calls nobody: to check what the providers send. Nothing is read before it is needed.
    pub fn open(&self, clock: SharedClock) -> Apps {
        Apps::new(self.source(&aws::in_lambda()), facebook::DEFAULT_VERSION.to_owned(), clock)
    }
}

/// The settings of the functions that call Facebook and Zalo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSettings {
    /// The operator's apps.
    pub apps: AppsSettings,
    /// Base URLs: Facebook's dialog and Graph API, Zalo's login and API.
    pub urls: [(&'static str, String); 4],
    /// Version of Facebook's dialog and Graph API.
    pub facebook_version: String,
}

impl ProviderSettings {
    /// Reads the settings; faults are noted in `env`.
    pub fn read(env: &mut Env<'_>) -> Self {
        let urls = [
            ("FACEBOOK_DIALOG_URL", facebook::DEFAULT_DIALOG_BASE),
            ("FACEBOOK_GRAPH_URL", facebook::DEFAULT_GRAPH_BASE),
            ("ZALO_OAUTH_URL", zalo::DEFAULT_OAUTH_BASE),
            ("ZALO_OPENAPI_URL", zalo::DEFAULT_OPENAPI_BASE),
        ];
        Self {
            apps: AppsSettings::read(env),
            urls: urls.map(|(name, default)| (name, env.or(name, default.to_owned(), "a URL"))),
            facebook_version: env.or("FACEBOOK_VERSION", facebook::DEFAULT_VERSION.to_owned(), "a version"),
        }
    }

    /// Facebook and Zalo.
    ///
    /// # Errors
    /// A base URL that may not be called.
    pub fn open(
        &self,
        config: &aws_config::SdkConfig,
        reach: Reach,
        http: reqwest::Client,
        clock: SharedClock,
    ) -> Result<Providers, StartError> {
        let [dialog, graph, oauth, openapi] =
            self.urls.each_ref().map(|(name, url)| base_url(reach, name, url));
        let places = Places {
            facebook_dialog: dialog?,
            facebook_graph: graph?,
            facebook_version: self.facebook_version.clone(),
            zalo_oauth: oauth?,
            zalo_openapi: openapi?,
        };
        Ok(Providers::new(places, http, self.apps.source(config), clock))
    }
}

/// The settings of the functions that lead browsers to the providers of pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagesSettings {
    /// Base URL of the pages' functions, on the operator's own host; `None` until the operator has set pages up.
    pub pages_url: Option<Url>,
    /// Base URL of Facebook's login dialog (pages.md §1.2).
    pub facebook_dialog_url: String,
    /// Base URL of Zalo's permission page (pages.md §2.1).
    pub zalo_oauth_url: String,
}

impl PagesSettings {
    /// Reads the settings; faults are noted in `env`.
    pub fn read(env: &mut Env<'_>) -> Self {
        let or = |env: &mut Env<'_>, name: &str, default: &str| env.or(name, default.to_owned(), "a URL");
        Self {
            pages_url: env.optional_as("PAGES_URL", "a URL"),
            facebook_dialog_url: or(env, "FACEBOOK_DIALOG_URL", facebook::DEFAULT_DIALOG_BASE),
            zalo_oauth_url: or(env, "ZALO_OAUTH_URL", zalo::DEFAULT_OAUTH_BASE),
        }
    }
}

/// The settings of the function that connects pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageConnectSettings {
    /// What every function has.
    pub base: Settings,
    /// Facebook and Zalo.
    pub providers: ProviderSettings,
    /// Address of the pages' functions, on the operator's own host; the providers send browsers back below it.
    pub pages_url: String,
    /// Whether a page may be connected whose role Facebook does not tell (pages.md §6).
    pub accept_unknown_roles: bool,
    /// Whether loopback and plain http may be called.
    pub reach: Reach,
}

impl PageConnectSettings {
    /// Reads the settings; faults are noted in `env`.
    pub fn read(env: &mut Env<'_>) -> Self {
        Self {
            base: Settings::read(env),
            providers: ProviderSettings::read(env),
            pages_url: env.required("PAGES_URL"),
            accept_unknown_roles: env.or("ACCEPT_UNKNOWN_ROLES", false, "true or false"),
            reach: reach(env),
        }
    }

    /// The address of the pages' functions.
    ///
    /// # Errors
    /// It is none.
    pub fn address(&self) -> Result<Url, StartError> {
        base_url(self.reach, "PAGES_URL", &self.pages_url)
    }
}

/// Why a function does not start.
pub type StartError = Box<dyn std::error::Error + Send + Sync>;

fn reach(env: &mut Env<'_>) -> Reach {
    if env.or("ALLOW_LOOPBACK", false, "true or false") { Reach::Loopback } else { Reach::Public }
}

fn base_url(reach: Reach, name: &str, url: &str) -> Result<Url, StartError> {
    reach.base_url(url).map_err(|error| format!("{name}: {error}").into())
}

/// The tables and the tenants.
pub fn open(settings: &Settings, clock: SharedClock) -> (Store, Directory) {
    let config = aws::in_lambda();
    let store = Store::new(&aws_sdk_dynamodb::Client::new(&config), settings.tables.clone());
    let source = source(&config, settings.key_ring_file.as_ref(), settings.key_ring_secret.as_ref());
    (store.clone(), Directory::new(store, source, clock))
}

/// A secret's file, or the secret.
fn source(config: &aws_config::SdkConfig, file: Option<&PathBuf>, secret: Option<&String>) -> SecretSource {
    match file {
        Some(path) => SecretSource::File(path.clone()),
        None => SecretSource::SecretsManager {
            client: aws_sdk_secretsmanager::Client::new(config),
            secret_id: secret.cloned().unwrap_or_default(),
        },
    }
}

/// What intake works with.
///
/// # Errors
/// A base URL that may not be called, or TLS that cannot be set up.
pub fn open_intake(settings: &IntakeSettings, clock: SharedClock) -> Result<Intake, StartError> {
    let (store, directory) = open(&settings.base, clock.clone());
    let http = settings.reach.client()?;
    let admin = Admin::new(http.clone(), base_url(settings.reach, "HARAVAN_API_URL", &settings.haravan_url)?);
    Ok(Intake::new(store, directory, http, settings.reach, admin, clock))
}

/// What both steps of connecting work with; `function` is the name in logs.
///
/// # Errors
/// A base URL that may not be called.
pub fn open_connect(
    function: &'static str,
    settings: &ConnectSettings,
    http: reqwest::Client,
    clock: SharedClock,
) -> Result<Connecting, StartError> {
    let (store, directory) = open(&settings.base, clock.clone());
    let base = base_url(settings.reach, "HARAVAN_ACCOUNTS_URL", &settings.accounts_url)?;
    let accounts = Accounts::new(http, base, clock.clone());
    Ok(Connecting { function, store, directory, accounts, clock })
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
