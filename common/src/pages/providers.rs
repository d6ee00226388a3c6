//! The operator's apps at Facebook and Zalo, and the clients that call in their name.
//!
//! Both apps are one JSON secret, because one secret costs the same as the smallest:
//!
//! ```json
//! {
//!   "facebook": {"app_id": "…", "app_secret": "…", "verify_token": "…", "config_id": "…"},
//!   "zalo": {"app_id": "…", "app_secret": "…", "oa_secret_key": "…", "require_proof": false}
//! }
//! ```
//!
//! Either may be left out; then that kind of page cannot be connected. `config_id` (Login for Business, pages.md §1.2) and
//! `require_proof` (pages.md §2.7) are optional. The secret is read when it is first needed and again every
//! [`FRESH`], so that a new app secret is used without a deployment.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::RwLock;
use url::Url;

use crate::clock::SharedClock;
use crate::facebook;
use crate::facebook::graph::Graph;
use crate::seal::{SealError, SecretSource};
use crate::zalo;
use crate::zalo::oauth::Oauth;
use crate::zalo::openapi::OpenApi;

/// How long the apps' secret is believed.
pub const FRESH: Duration = Duration::from_secs(300);

/// Where the providers are.
#[derive(Debug, Clone)]
pub struct Places {
    /// Facebook's log-in dialog.
    pub facebook_dialog: Url,
    /// Facebook's Graph API.
    pub facebook_graph: Url,
    /// Version of both.
    pub facebook_version: String,
    /// Zalo's log-in and tokens.
    pub zalo_oauth: Url,
    /// Zalo's API.
    pub zalo_openapi: Url,
}

/// Why a provider cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum NoProvider {
    /// The operator has no app there.
    #[error("there is no app at {0}")]
    NotSetUp(&'static str),
    /// The secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SealError),
}

/// Zalo, for one app.
#[derive(Debug, Clone)]
pub struct Zalo {
    /// The app.
    pub app: Arc<zalo::app::App>,
    /// Its token endpoint.
    pub oauth: Oauth,
    /// Its API.
    pub openapi: OpenApi,
}

struct Opened {
    read_at: Timestamp,
    facebook: Option<Graph>,
    zalo: Option<Zalo>,
}

/// The clients, made when first needed.
pub struct Providers {
    /// Where the providers are.
    pub places: Places,
    http: reqwest::Client,
    source: SecretSource,
    opened: RwLock<Option<Arc<Opened>>>,
    clock: SharedClock,
}

impl Providers {
    /// Providers at these places, with the apps of `source`.
    pub fn new(places: Places, http: reqwest::Client, source: SecretSource, clock: SharedClock) -> Self {
        Self { places, http, source, opened: RwLock::new(None), clock }
    }

    /// Facebook.
    ///
    /// # Errors
    /// [`NoProvider`].
    pub async fn facebook(&self) -> Result<Graph, NoProvider> {
        self.opened().await?.facebook.clone().ok_or(NoProvider::NotSetUp("Facebook"))
    }

    /// Zalo.
    ///
    /// # Errors
    /// [`NoProvider`].
    pub async fn zalo(&self) -> Result<Zalo, NoProvider> {
        self.opened().await?.zalo.clone().ok_or(NoProvider::NotSetUp("Zalo"))
    }

    async fn opened(&self) -> Result<Arc<Opened>, SealError> {
        let now = self.clock.now();
        let known = self.opened.read().await.clone();
        let fresh = |opened: &Arc<Opened>| now.duration_since(opened.read_at).unsigned_abs() < FRESH;
        if let Some(opened) = known.as_ref().filter(|opened| fresh(opened)) {
            return Ok(Arc::clone(opened));
        }
        match self.source.text().await.and_then(|text| self.open(&text, now)) {
            Ok(opened) => {
                let opened = Arc::new(opened);
                *self.opened.write().await = Some(Arc::clone(&opened));
                Ok(opened)
            }
            // What was read before is most likely still right.
            Err(error) => known.ok_or(error),
        }
    }

    fn open(&self, text: &SecretString, read_at: Timestamp) -> Result<Opened, SealError> {
        let apps = Apps::read(text)?;
        let (http, places) = (&self.http, &self.places);
        let facebook = apps.facebook.map(|app| {
            let app = facebook::app::App {
                id: app.app_id,
                secret: app.app_secret,
                config_id: app.config_id,
                version: places.facebook_version.clone(),
                verify_token: app.verify_token,
            };
            Graph::new(http.clone(), places.facebook_graph.clone(), Arc::new(app))
        });
        let zalo = apps.zalo.map(|entry| {
            let proof = entry.require_proof.then(|| entry.app_secret.clone());
            let app = Arc::new(zalo::app::App {
                id: entry.app_id,
                secret: entry.app_secret,
                oa_secret_key: entry.oa_secret_key,
            });
            Zalo {
                oauth: Oauth::new(http.clone(), places.zalo_oauth.clone(), Arc::clone(&app)),
                openapi: OpenApi::new(http.clone(), places.zalo_openapi.clone(), proof),
                app,
            }
        });
        Ok(Opened { read_at, facebook, zalo })
    }
}

#[derive(Deserialize)]
struct Apps {
    facebook: Option<FacebookApp>,
    zalo: Option<ZaloApp>,
}

#[derive(Deserialize)]
struct FacebookApp {
    app_id: String,
    app_secret: SecretString,
    verify_token: SecretString,
    #[serde(default)]
    config_id: Option<String>,
}

#[derive(Deserialize)]
struct ZaloApp {
    app_id: String,
    app_secret: SecretString,
    oa_secret_key: SecretString,
    #[serde(default)]
    require_proof: bool,
}

impl Apps {
    /// The secret's own text must not get into an error.
    fn read(text: &SecretString) -> Result<Self, SealError> {
        let apps: Self = serde_json::from_str(text.expose_secret()).map_err(|_| {
            SealError::Ring("the secret of the apps at Facebook and Zalo is not as described")
        })?;
        let whole = |texts: &[&str]| texts.iter().all(|text| !text.trim().is_empty());
        let facebook = apps.facebook.as_ref().is_none_or(|app| {
            whole(&[&app.app_id, app.app_secret.expose_secret(), app.verify_token.expose_secret()])
        });
        let zalo = apps.zalo.as_ref().is_none_or(|app| {
            whole(&[&app.app_id, app.app_secret.expose_secret(), app.oa_secret_key.expose_secret()])
        });
        // An empty key would make everybody's signature fit.
        if facebook && zalo {
            Ok(apps)
        } else {
            Err(SealError::Ring("an app at Facebook or Zalo has a blank field"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_the_apps_is_read_or_refused_without_a_word_of_it() {
        let whole = r#"{"facebook":{"app_id":"1","app_secret":"s-1","verify_token":"v"},
                        "zalo":{"app_id":"2","app_secret":"s-2","oa_secret_key":"o"}}"#;
        let apps = Apps::read(&whole.into()).unwrap();
        assert!(apps.facebook.is_some() && apps.zalo.is_some());
        assert!(Apps::read(&"{}".into()).unwrap().facebook.is_none());
        for bad in ["", "[]", "canary", r#"{"facebook":{"app_id":"canary"}}"#, &whole.replace("s-1", " ")] {
            let error = Apps::read(&bad.into()).err().unwrap().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
