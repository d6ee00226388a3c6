//! The clients that call Facebook and Zalo in the name of the operator's apps ([`super::apps`]).

use std::sync::Arc;

use url::Url;

use super::apps::{Apps, NoProvider};
use crate::clock::SharedClock;
use crate::facebook::graph::Graph;
use crate::seal::SecretSource;
use crate::zalo;
use crate::zalo::oauth::Oauth;
use crate::zalo::openapi::OpenApi;

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

/// The clients, for the apps as they are at each call.
pub struct Providers {
    /// Where the providers are.
    pub places: Places,
    http: reqwest::Client,
    apps: Apps,
}

impl Providers {
    /// Providers at these places, with the apps of `source`.
    pub fn new(places: Places, http: reqwest::Client, source: SecretSource, clock: SharedClock) -> Self {
        let apps = Apps::new(source, places.facebook_version.clone(), clock);
        Self { places, http, apps }
    }

    /// Facebook.
    ///
    /// # Errors
    /// [`NoProvider`].
    pub async fn facebook(&self) -> Result<Graph, NoProvider> {
        let app = self.apps.facebook().await?;
        Ok(Graph::new(self.http.clone(), self.places.facebook_graph.clone(), app))
    }

    /// Zalo.
    ///
    /// # Errors
    /// [`NoProvider`].
    pub async fn zalo(&self) -> Result<Zalo, NoProvider> {
        let known = self.apps.zalo().await?;
        let oauth = self.places.zalo_oauth.clone();
        Ok(Zalo {
            oauth: Oauth::new(self.http.clone(), oauth, Arc::clone(&known.app)),
            openapi: OpenApi::new(self.http.clone(), self.places.zalo_openapi.clone(), known.proof),
            app: known.app,
        })
    }
}
