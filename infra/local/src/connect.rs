//! The two functions that take Haravan's callbacks, each towards the simulated Haravan or the real one.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use axum::Router;
use common::connect::{Accounts, Connecting};
use common::egress::Reach;
use common::haravan::admin::{self, Admin};
use common::haravan::subscription::{self, Subscription};
use common::haravan::token_endpoint;
use common::store::Store;
use common::tenant::Directory;
use oauth_grant::Grant;
use url::Url;

use crate::stack::{HARAVAN_PATH, Options};

/// Both routers; each function has a directory of its own, as it has in the cloud.
pub(crate) fn router(
    options: &Options,
    base_url: &str,
    directory: &dyn Fn() -> Directory,
    store: &Store,
    http: &reqwest::Client,
) -> Result<Router> {
    let base = |given: &Option<String>, real: &str| -> Result<Url> {
        let simulated = options.simulators.then(|| format!("{base_url}{HARAVAN_PATH}"));
        let url = given.clone().or(simulated).unwrap_or_else(|| real.to_owned());
        Reach::Loopback.base_url(&url).map_err(|error| anyhow!("the Haravan address {url}: {error}"))
    };
    let accounts = base(&options.haravan_accounts_url, token_endpoint::DEFAULT_BASE)?;
    let connecting = |function| Connecting {
        function,
        store: store.clone(),
        directory: directory(),
        accounts: Accounts::new(http.clone(), accounts.clone(), options.clock.clone()),
        clock: options.clock.clone(),
    };
    let grant = Grant {
        connecting: connecting(oauth_grant::FUNCTION),
        admin: Admin::new(http.clone(), base(&options.haravan_url, admin::DEFAULT_BASE)?),
        subscription: Subscription::new(
            http.clone(),
            base(&options.haravan_webhook_url, subscription::DEFAULT_BASE)?,
        ),
    };
    let login = connecting(oauth_login::FUNCTION);
    Ok(oauth_login::router(Arc::new(login)).merge(oauth_grant::router(Arc::new(grant))))
}
