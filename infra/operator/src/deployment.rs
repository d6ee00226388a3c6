//! Which deployment is operated, and the way to it.
//!
//! In the cloud: the usual AWS configuration, and the environment variables of the functions (`TENANTS_TABLE` …,
//! `KEY_RING_SECRET`, `HARAVAN_WEBHOOK_URL` …), whose values are the outputs of the stack. On this machine: `--local FILE`,
//! the data file of a running stack, beside which lie its key ring and its addresses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use clap::Args;
use common::aws::{self, SdkConfig};
use common::channel::Providers;
use common::config::Env;
use common::haravan::subscription;
use common::runtime::{ProviderSettings, Settings};
use common::seal::SecretSource;
use common::store::schema::TABLES;
use common::store::{Store, TableNames};
use common::tenant::Directory;
use common::wire::egress::Reach;
use serde::Deserialize;

use crate::Io;

#[derive(Debug, Args)]
#[command(next_help_heading = "Deployment")]
pub(crate) struct Options {
    /// Data file of the stack that runs on this machine, such as .local/connect.db; it says all the rest
    #[arg(long, global = true, value_name = "FILE")]
    local: Option<PathBuf>,

    /// Base URL of DynamoDB, when it is not the AWS region's; on loopback it needs no credentials
    #[arg(long, global = true, value_name = "URL", env = "AWS_ENDPOINT_URL_DYNAMODB")]
    endpoint: Option<String>,

    /// What the tables' names begin with: PREFIXtenants, PREFIXconnections, PREFIXinbox, PREFIXdedup [default: the variables
    /// TENANTS_TABLE, CONNECTIONS_TABLE, INBOX_TABLE, DEDUP_TABLE, which are outputs of the stack]
    #[arg(long, global = true, value_name = "PREFIX")]
    tables: Option<String>,

    /// Name or ARN of the key ring's secret in Secrets Manager
    #[arg(long, global = true, value_name = "ID", env = "KEY_RING_SECRET")]
    key_ring_secret: Option<String>,

    /// The key ring's file, in its place
    #[arg(long, global = true, value_name = "FILE", env = "KEY_RING_FILE")]
    key_ring_file: Option<PathBuf>,
}

/// What a stack on this machine writes beside its data file.
#[derive(Debug, Deserialize)]
struct Running {
    dynamodb_url: String,
    /// The environment variables that its functions would have.
    environment: BTreeMap<String, String>,
}

/// How pages are connected.
pub(crate) struct PagesSide {
    /// Base URL of the pages' functions; none until pages were set up.
    pub url: Option<String>,
    /// Whether a secret with the apps at Facebook and Zalo is named.
    pub has_apps: bool,
    /// Facebook and Zalo.
    pub providers: Providers,
}

/// The way to a deployment.
pub(crate) struct Deployment {
    pub client: Client,
    pub tables: TableNames,
    pub store: Store,
    pub ring: SecretSource,
    pub directory: Directory,
    pub reach: Reach,
    pub http: reqwest::Client,
    /// Base URL of Haravan's webhook control.
    pub haravan_webhook: String,
    pub pages: PagesSide,
}

impl Deployment {
    /// Opens the way; nothing is called yet.
    pub async fn open(options: &Options, io: &Io<'_>) -> Result<Self> {
        let running = options.local.as_deref().map(running).transpose()?;
        let said = |name: &str| {
            let running = running.as_ref().and_then(|running| running.environment.get(name).cloned());
            running.or_else(|| (io.env)(name))
        };
        let mut env = Env::new(&said);
        let tables = match (&options.tables, &running) {
            (Some(prefix), _) => prefixed(prefix),
            (None, Some(_)) => prefixed(""),
            // Of the ring's variables the options know as well.
            (None, None) => {
                let mut names = Env::new(io.env);
                let read = Settings::read(&mut names).tables;
                let missing = [&read.tenants, &read.connections, &read.inbox, &read.dedup];
                if missing.iter().any(|name| name.is_empty()) {
                    return Err(anyhow!(
                        "which deployment? Say --local FILE, --tables PREFIX, or set TENANTS_TABLE, CONNECTIONS_TABLE, INBOX_TABLE and DEDUP_TABLE"
                    ));
                }
                read
            }
        };
        let endpoint = running.as_ref().map(|running| running.dynamodb_url.clone());
        let endpoint = endpoint.or_else(|| options.endpoint.clone());
        let on_this_machine = endpoint.as_deref().is_some_and(is_loopback);
        let reach = match env.or("ALLOW_LOOPBACK", on_this_machine, "true or false") {
            true => Reach::Loopback,
            false => Reach::Public,
        };
        let haravan_webhook = env.or("HARAVAN_WEBHOOK_URL", subscription::DEFAULT_BASE.to_owned(), "a URL");
        let (pages_url, providers) = (env.optional("PAGES_URL"), ProviderSettings::read(&mut env));
        let haravan_webhook = env.finish(haravan_webhook)?;
        // On this machine nothing of AWS is asked, not even which region this is.
        let config = if on_this_machine { aws::in_lambda() } else { aws::at_a_desk().await };
        let client = client(endpoint.as_deref(), &config);
        let store = Store::new(&client, tables.clone());
        let ring = ring(options, &config)?;
        let directory = Directory::new(store.clone(), ring.clone(), io.clock.clone());
        let http = reach.client().context("TLS cannot be set up")?;
        let opened = providers.open(&config, reach, http.clone(), io.clock.clone());
        let pages = PagesSide {
            url: pages_url,
            has_apps: providers.apps.file.is_some() || providers.apps.secret.is_some(),
            providers: opened.map_err(|error| anyhow!("{error}"))?,
        };
        Ok(Self { client, tables, store, ring, directory, reach, http, haravan_webhook, pages })
    }
}

fn running(data: &Path) -> Result<Running> {
    let path = data.with_extension("running");
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "no stack runs on {}: {} cannot be read; start it with `cargo run`",
            data.display(),
            path.display()
        )
    })?;
    serde_json::from_str(&text).with_context(|| format!("{} is not readable", path.display()))
}

fn prefixed(prefix: &str) -> TableNames {
    let [tenants, connections, inbox, dedup] = TABLES.map(|table| format!("{prefix}{}", table.name));
    TableNames { tenants, connections, inbox, dedup }
}

fn is_loopback(endpoint: &str) -> bool {
    Reach::Loopback.base_url(endpoint).is_ok() && Reach::Public.base_url(endpoint).is_err()
}

fn client(endpoint: Option<&str>, config: &SdkConfig) -> Client {
    match endpoint {
        Some(endpoint) if is_loopback(endpoint) => Client::from_conf(
            aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .endpoint_url(endpoint)
                .region(Region::from_static("ap-southeast-1"))
                .credentials_provider(Credentials::new("local", "local", None, None, "local"))
                .build(),
        ),
        Some(endpoint) => Client::from_conf(Builder::from(config).endpoint_url(endpoint).build()),
        None => Client::new(config),
    }
}

fn ring(options: &Options, config: &SdkConfig) -> Result<SecretSource> {
    if let Some(data) = &options.local {
        return Ok(SecretSource::File(data.with_extension("keyring")));
    }
    if let Some(path) = &options.key_ring_file {
        return Ok(SecretSource::File(path.clone()));
    }
    let secret_id = options.key_ring_secret.clone();
    let secret_id =
        secret_id.ok_or_else(|| anyhow!("where is the key ring? Set KEY_RING_SECRET or KEY_RING_FILE"))?;
    let client = aws_sdk_secretsmanager::Client::new(config);
    Ok(SecretSource::SecretsManager { client, secret_id })
}
