//! The operator's apps at Facebook and Zalo.
//!
//! Both are one JSON secret, because one secret costs the same as the smallest:
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

use crate::clock::SharedClock;
use crate::facebook;
use crate::seal::{SealError, SecretSource};
use crate::zalo;

/// How long the apps' secret is believed.
pub const FRESH: Duration = Duration::from_secs(300);

/// Why there is no app to act for.
#[derive(Debug, thiserror::Error)]
pub enum NoProvider {
    /// The operator has no app there.
    #[error("there is no app at {0}")]
    NotSetUp(&'static str),
    /// The secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SealError),
}

struct Known {
    read_at: Timestamp,
    facebook: Option<Arc<facebook::app::App>>,
    zalo: Option<ZaloApp>,
}

/// Our app at Zalo and how it calls.
#[derive(Debug, Clone)]
pub struct ZaloApp {
    /// The app.
    pub app: Arc<zalo::app::App>,
    /// Signs calls, where Zalo's console was told to want it (pages.md §2.7).
    pub proof: Option<SecretString>,
}

/// The apps.
pub struct Apps {
    source: SecretSource,
    facebook_version: String,
    known: RwLock<Option<Arc<Known>>>,
    clock: SharedClock,
}

impl Apps {
    /// The apps of `source`; `facebook_version` is that of the dialog and the Graph API.
    pub fn new(source: SecretSource, facebook_version: String, clock: SharedClock) -> Self {
        Self { source, facebook_version, known: RwLock::new(None), clock }
    }

    /// The app at Facebook.
    ///
    /// # Errors
    /// [`NoProvider`].
    pub async fn facebook(&self) -> Result<Arc<facebook::app::App>, NoProvider> {
        self.known().await?.facebook.clone().ok_or(NoProvider::NotSetUp("Facebook"))
    }

    /// The app at Zalo.
    ///
    /// # Errors
    /// [`NoProvider`].
    pub async fn zalo(&self) -> Result<ZaloApp, NoProvider> {
        self.known().await?.zalo.clone().ok_or(NoProvider::NotSetUp("Zalo"))
    }

    async fn known(&self) -> Result<Arc<Known>, SealError> {
        let now = self.clock.now();
        let known = self.known.read().await.clone();
        let fresh = |known: &Arc<Known>| now.duration_since(known.read_at).unsigned_abs() < FRESH;
        if let Some(known) = known.as_ref().filter(|known| fresh(known)) {
            return Ok(Arc::clone(known));
        }
        match self.source.text().await.and_then(|text| self.read(&text, now)) {
            Ok(read) => {
                let read = Arc::new(read);
                *self.known.write().await = Some(Arc::clone(&read));
                Ok(read)
            }
            // What was read before is most likely still right.
            Err(error) => known.ok_or(error),
        }
    }

    fn read(&self, text: &SecretString, read_at: Timestamp) -> Result<Known, SealError> {
        let entries = Entries::read(text)?;
        let facebook = entries.facebook.map(|entry| {
            Arc::new(facebook::app::App {
                id: entry.app_id,
                secret: entry.app_secret,
                config_id: entry.config_id,
                version: self.facebook_version.clone(),
                verify_token: entry.verify_token,
            })
        });
        let zalo = entries.zalo.map(|entry| ZaloApp {
            proof: entry.require_proof.then(|| entry.app_secret.clone()),
            app: Arc::new(zalo::app::App {
                id: entry.app_id,
                secret: entry.app_secret,
                oa_secret_key: entry.oa_secret_key,
            }),
        });
        Ok(Known { read_at, facebook, zalo })
    }
}

#[derive(Deserialize)]
struct Entries {
    facebook: Option<FacebookEntry>,
    zalo: Option<ZaloEntry>,
}

#[derive(Deserialize)]
struct FacebookEntry {
    app_id: String,
    app_secret: SecretString,
    verify_token: SecretString,
    #[serde(default)]
    config_id: Option<String>,
}

#[derive(Deserialize)]
struct ZaloEntry {
    app_id: String,
    app_secret: SecretString,
    oa_secret_key: SecretString,
    #[serde(default)]
    require_proof: bool,
}

impl Entries {
    /// The secret's own text must not get into an error.
    fn read(text: &SecretString) -> Result<Self, SealError> {
        let entries: Self = serde_json::from_str(text.expose_secret()).map_err(|_| {
            SealError::Ring("the secret of the apps at Facebook and Zalo is not as described")
        })?;
        let whole = |texts: &[&str]| texts.iter().all(|text| !text.trim().is_empty());
        let facebook = entries.facebook.as_ref().is_none_or(|app| {
            whole(&[&app.app_id, app.app_secret.expose_secret(), app.verify_token.expose_secret()])
        });
        let zalo = entries.zalo.as_ref().is_none_or(|app| {
            whole(&[&app.app_id, app.app_secret.expose_secret(), app.oa_secret_key.expose_secret()])
        });
        // An empty key would make everybody's signature fit.
        if facebook && zalo {
            Ok(entries)
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
        let entries = Entries::read(&whole.into()).unwrap();
        assert!(entries.facebook.is_some() && entries.zalo.is_some());
        assert!(Entries::read(&"{}".into()).unwrap().facebook.is_none());
        for bad in ["", "[]", "canary", r#"{"facebook":{"app_id":"canary"}}"#, &whole.replace("s-1", " ")] {
            let error = Entries::read(&bad.into()).err().unwrap().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
