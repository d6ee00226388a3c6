//! Facebook and Zalo on one machine: simulated, or the real ones with the operator's own apps.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use axum::Router;
use common::channel::{Apps, Places, Providers};
use common::clock::SharedClock;
use common::facebook::app::{DEFAULT_DIALOG_BASE, DEFAULT_GRAPH_BASE, DEFAULT_VERSION};
use common::facebook::role::UnknownRole;
use common::pages::Pages;
use common::seal::SecretSource;
use common::wire::egress::Reach;
use common::zalo::app::{DEFAULT_OAUTH_BASE, DEFAULT_OPENAPI_BASE};
use connect_tests::{facebook, zalo};
use page_disconnect::PageDisconnect;
use serde_json::{Value, json};
use url::Url;

use crate::guard::guarded;
use crate::options::Options;

/// Where the simulated Facebook is mounted.
pub(crate) const FACEBOOK_PATH: &str = "/sim/facebook";
/// Where the simulated Zalo is mounted.
pub(crate) const ZALO_PATH: &str = "/sim/zalo";

/// The simulated providers; their books lie beside the data file.
#[derive(Clone)]
pub struct Simulated {
    /// Facebook.
    pub facebook: facebook::Simulator,
    /// Zalo.
    pub zalo: zalo::Simulator,
}

/// What they still have to deliver goes out while this lives.
pub struct Delivering {
    _facebook: facebook::Deliveries,
    _zalo: zalo::Deliveries,
}

impl Simulated {
    /// Both, with apps that know the addresses of this stack.
    pub(crate) fn start(base_url: &str, options: &Options) -> Result<Self> {
        let page = |path: &str| format!("{base_url}/api/pages/{path}");
        let now = || {
            let clock = options.clock.clone();
            move || clock.now()
        };
        let beside = |kind: &str| options.data.as_ref().map(|data| data.with_extension(kind));

        let (seed, clock) = (facebook::Seed::demo(), facebook::Clock::new(now()));
        let facebook = match beside("facebook") {
            Some(path) => facebook::Simulator::persistent(seed, clock, path)?,
            None => facebook::Simulator::with_clock(seed, clock),
        };
        facebook.set_public_url(&format!("{base_url}{FACEBOOK_PATH}"));
        facebook.app_mut(|app| {
            app.redirect_uris = vec![page("facebook/callback")];
            app.webhook_url = Some(page("facebook/webhook"));
            app.deauthorize_url = Some(page("facebook/deauthorize"));
            app.data_deletion_url = Some(page("facebook/deletion"));
        });

        let seed = zalo::Seed::demo().redirect_uri(&page("zalo/callback")).webhook_url(&page("zalo/webhook"));
        let clock = zalo::Clock::new(now());
        let zalo = match beside("zalo") {
            Some(path) => zalo::Simulator::persistent(seed, clock, path)?,
            None => zalo::Simulator::with_clock(seed, clock),
        };
        zalo.set_public_url(&format!("{base_url}{ZALO_PATH}"));
        // The port may be another one than when the books were written.
        zalo.change_app(|app| {
            app.redirect_uris = vec![page("zalo/callback")];
            app.webhook_url = Some(page("zalo/webhook"));
        });
        Ok(Self { facebook, zalo })
    }

    /// Both, each at its path.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .nest(FACEBOOK_PATH, guarded(self.facebook.router()))
            .nest(ZALO_PATH, guarded(self.zalo.router()))
    }

    /// Delivers events, retries that are hours apart in life within the minute.
    pub(crate) fn deliver(&self) -> Delivering {
        Delivering { _facebook: self.facebook.run_deliveries(60.0), _zalo: self.zalo.run_deliveries(60.0) }
    }
}

/// The two functions that connect and disconnect pages.
pub(crate) fn router(connect: Pages, disconnect: Pages, pages_url: &Url) -> Router {
    let connecting = page_connect::Connecting {
        store: connect.store,
        directory: connect.directory,
        providers: connect.providers,
        clock: connect.clock,
        pages_url: pages_url.clone(),
        unknown_role: UnknownRole::Refuse,
    };
    let disconnecting = PageDisconnect { pages: disconnect, pages_url: pages_url.clone() };
    page_connect::router(Arc::new(connecting)).merge(page_disconnect::router(Arc::new(disconnecting)))
}

/// The simulated providers, or the real ones with the apps of the file that was named; without one, none can be connected.
pub(crate) fn providers(
    base_url: &str,
    options: &Options,
    http: &reqwest::Client,
    apps: SecretSource,
) -> Result<Providers> {
    let place = |path: &str, real: &str| -> Result<Url> {
        let url = if options.simulators { format!("{base_url}{path}") } else { real.to_owned() };
        Reach::Loopback.base_url(&url).map_err(|error| anyhow!("the address {url}: {error}"))
    };
    let places = Places {
        facebook_dialog: place(FACEBOOK_PATH, DEFAULT_DIALOG_BASE)?,
        facebook_graph: place(FACEBOOK_PATH, DEFAULT_GRAPH_BASE)?,
        facebook_version: DEFAULT_VERSION.to_owned(),
        zalo_oauth: place(ZALO_PATH, DEFAULT_OAUTH_BASE)?,
        zalo_openapi: place(ZALO_PATH, DEFAULT_OPENAPI_BASE)?,
    };
    Ok(Providers::new(places, http.clone(), apps, options.clock.clone()))
}

/// The apps, for who checks what the providers send.
pub(crate) fn apps(source: SecretSource, clock: &SharedClock) -> Apps {
    Apps::new(source, DEFAULT_VERSION.to_owned(), clock.clone())
}

/// The secret with the apps.
pub(crate) fn source(options: &Options) -> Result<SecretSource> {
    Ok(match &options.provider_apps {
        Some(file) => readable(file)?,
        None if options.simulators => SecretSource::Text(simulated_apps().to_string().into()),
        None => SecretSource::Text("{}".into()),
    })
}

/// The variables that the pages' functions would have, for the operator's command line. Simulated apps are written to a file
/// beside the data file.
pub(crate) fn environment(options: &Options, base_url: &str) -> Result<BTreeMap<&'static str, String>> {
    let mut variables = BTreeMap::from([("PAGES_URL", base_url.to_owned())]);
    if options.simulators {
        variables.insert("FACEBOOK_GRAPH_URL", format!("{base_url}{FACEBOOK_PATH}"));
        variables.insert("ZALO_OPENAPI_URL", format!("{base_url}{ZALO_PATH}"));
    }
    let file = match (&options.provider_apps, &options.data) {
        (Some(file), _) => Some(file.clone()),
        (None, Some(data)) if options.simulators => {
            let file = data.with_extension("apps");
            std::fs::write(&file, simulated_apps().to_string())
                .with_context(|| format!("the file {} cannot be written", file.display()))?;
            Some(file)
        }
        _ => None,
    };
    match file {
        Some(file) => {
            let file = std::path::absolute(file)?;
            variables.insert("PROVIDER_APPS_FILE", file.display().to_string());
        }
        // Without apps there is nothing to connect.
        None => drop(variables.remove("PAGES_URL")),
    }
    Ok(variables)
}

/// Said at the start rather than at the first connect.
fn readable(file: &Path) -> Result<SecretSource> {
    std::fs::metadata(file).with_context(|| format!("the file {} cannot be read", file.display()))?;
    Ok(SecretSource::File(file.to_owned()))
}

/// The secret with the apps that the simulators know.
pub fn simulated_apps() -> Value {
    let zalo = zalo::Seed::demo().app;
    json!({
        "facebook": {
            "app_id": facebook::APP_ID,
            "app_secret": facebook::APP_SECRET,
            "verify_token": facebook::VERIFY_TOKEN,
        },
        "zalo": {"app_id": zalo.app_id, "app_secret": zalo.app_secret, "oa_secret_key": zalo.oa_secret_key},
    })
}
