//! Where Haravan is: the simulated one has everything below one address, the real one has three hosts.

use anyhow::{Result, anyhow};
use common::haravan::{admin, subscription, token_endpoint};
use common::wire::egress::Reach;
use url::Url;

use crate::options::{HARAVAN_PATH, Options};

/// Haravan's base URLs.
pub(crate) struct HaravanUrls {
    /// The accounts server.
    pub accounts: Url,
    /// The Admin REST.
    pub admin: Url,
    /// The webhook control.
    pub webhook: Url,
}

impl HaravanUrls {
    /// Those that were given, else the simulator's, else the real ones.
    pub(crate) fn of(options: &Options, base_url: &str) -> Result<Self> {
        let base = |given: &Option<String>, real: &str| -> Result<Url> {
            let simulated = options.simulators.then(|| format!("{base_url}{HARAVAN_PATH}"));
            let url = given.clone().or(simulated).unwrap_or_else(|| real.to_owned());
            Reach::Loopback.base_url(&url).map_err(|error| anyhow!("the Haravan address {url}: {error}"))
        };
        Ok(Self {
            accounts: base(&options.haravan_accounts_url, token_endpoint::DEFAULT_BASE)?,
            admin: base(&options.haravan_url, admin::DEFAULT_BASE)?,
            webhook: base(&options.haravan_webhook_url, subscription::DEFAULT_BASE)?,
        })
    }
}
