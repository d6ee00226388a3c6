//! Facebook and Zalo on one machine: the simulated ones.

use anyhow::{Result, anyhow};
use common::clock::SharedClock;
use common::egress::Reach;
use common::facebook::app::DEFAULT_VERSION;
use common::pages::{Places, Providers};
use common::seal::SecretSource;
use connect_tests::zalo;
use serde_json::json;
use url::Url;

/// Where the simulated Facebook is mounted.
pub(crate) const FACEBOOK_PATH: &str = "/sim/facebook";
/// Where the simulated Zalo is mounted.
pub(crate) const ZALO_PATH: &str = "/sim/zalo";

/// The simulated providers, with the apps that are seeded there.
pub(crate) fn providers(base_url: &str, http: &reqwest::Client, clock: &SharedClock) -> Result<Providers> {
    let place = |path: &str| -> Result<Url> {
        let url = format!("{base_url}{path}");
        Reach::Loopback.base_url(&url).map_err(|error| anyhow!("the address {url}: {error}"))
    };
    let places = Places {
        facebook_dialog: place(FACEBOOK_PATH)?,
        facebook_graph: place(FACEBOOK_PATH)?,
        facebook_version: DEFAULT_VERSION.to_owned(),
        zalo_oauth: place(ZALO_PATH)?,
        zalo_openapi: place(ZALO_PATH)?,
    };
    let zalo = zalo::Seed::demo().app;
    let apps = json!({
        "zalo": {"app_id": zalo.app_id, "app_secret": zalo.app_secret, "oa_secret_key": zalo.oa_secret_key},
    });
    let source = SecretSource::Text(apps.to_string().into());
    Ok(Providers::new(places, http.clone(), source, clock.clone()))
}
