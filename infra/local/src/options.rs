//! How the stack is started, and where it is found then.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use common::clock::SharedClock;
use secrecy::SecretString;
use serde::Serialize;

use crate::access::Between;
use crate::pump;

/// Where the simulated Getfly is mounted.
pub(crate) const GETFLY_PATH: &str = "/sim/getfly";
/// Where the simulated Haravan is mounted.
pub(crate) const HARAVAN_PATH: &str = "/sim/haravan";

/// How the stack is started.
#[derive(Clone)]
pub struct Options {
    /// Port on loopback; 0 picks a free one.
    pub port: u16,
    /// Database file; `None` keeps everything in memory.
    pub data: Option<PathBuf>,
    /// Time.
    pub clock: SharedClock,
    /// Pause between upkeep's runs; `None` leaves running it to the caller.
    pub upkeep_every: Option<Duration>,
    /// How the stream is handed over.
    pub pump: pump::Settings,
    /// Whether the simulated Haravan, Getfly, Facebook and Zalo are started.
    pub simulators: bool,
    /// Base URL of a CRM to use in place of the simulated one.
    pub getfly_url: Option<String>,
    /// API key of that CRM.
    pub getfly_api_key: Option<SecretString>,
    /// Base URL of a Haravan Admin REST to use in place of the simulated one.
    pub haravan_url: Option<String>,
    /// Base URL of a Haravan accounts server to use in place of the simulated one.
    pub haravan_accounts_url: Option<String>,
    /// Base URL of a Haravan webhook control to use in place of the simulated one.
    pub haravan_webhook_url: Option<String>,
    /// Token for that Admin REST.
    pub haravan_token: Option<SecretString>,
    /// Client secret of a real Haravan app.
    pub client_secret: Option<SecretString>,
    /// File with the operator's apps at Facebook and Zalo ([`common::channel::apps`]).
    pub provider_apps: Option<PathBuf>,
    /// What a test puts between the functions and AWS.
    pub between: Option<Arc<dyn Between>>,
}

impl Options {
    /// In memory, on a free port, with simulators, upkeep left to the caller.
    pub fn in_memory(clock: SharedClock) -> Self {
        Self {
            port: 0,
            data: None,
            clock,
            upkeep_every: None,
            pump: pump::Settings::default(),
            simulators: true,
            getfly_url: None,
            getfly_api_key: None,
            haravan_url: None,
            haravan_accounts_url: None,
            haravan_webhook_url: None,
            haravan_token: None,
            client_secret: None,
            provider_apps: None,
            between: None,
        }
    }
}

/// What a script needs to know, as `--json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Addresses {
    /// The page.
    pub base_url: String,
    /// The seeded tenant.
    pub tenant_id: String,
    /// The seeded shop.
    pub org_id: String,
    /// Signs webhooks.
    pub client_secret: String,
    /// Answers the webhook challenge.
    pub verify_token: String,
    /// Where webhooks go.
    pub webhook_url: String,
    /// Base URL of the (simulated) Haravan.
    pub haravan_url: String,
    /// Base URL of the (simulated) Getfly.
    pub getfly_url: String,
    /// Opens it.
    pub getfly_api_key: String,
    /// Opens sessions for the tenant's admins.
    pub api_key: String,
    /// The embedded DynamoDB's API.
    pub dynamodb_url: String,
}
