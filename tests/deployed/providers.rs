//! Haravan, the CRM, Facebook and Zalo, simulated in this process.

use connect_tests::{facebook, getfly, haravan, zalo};

/// The host under which browsers reach the functions of pages.
pub(crate) const PAGES_URL: &str = "https://pages.example.test";
/// The client id and secret of the tenant's app at Haravan.
pub(crate) const APP: (&str, &str) = ("hrv_test_client_id", "hrv_test_client_secret");

/// All four, served on loopback.
pub(crate) struct Providers {
    pub haravan: haravan::Simulator,
    pub getfly: getfly::Simulator,
    pub facebook: facebook::Simulator,
    pub zalo: zalo::Simulator,
    pub crm_url: String,
    haravan_url: String,
    facebook_url: String,
    zalo_url: String,
    _servers: (haravan::Server, getfly::Served, facebook::Server, zalo::Server),
    _deliveries: (haravan::Deliveries, facebook::Deliveries, zalo::Deliveries),
}

impl Providers {
    /// With apps that know the addresses of `edge`, where the CRM's domain is.
    pub async fn start(edge: &str) -> Self {
        let mut seed = haravan::Seed::demo();
        for app in &mut seed.apps {
            app.redirect_uris =
                ["login", "grandservice"].map(|step| format!("{edge}/api/haravan/{step}")).into();
        }
        seed.tokens.clear();
        let haravan = haravan::Simulator::new(seed);
        let getfly = getfly::Simulator::new(getfly::Settings::default());

        let mut seed = facebook::Seed::demo();
        seed.app.redirect_uris = vec![format!("{PAGES_URL}/api/pages/facebook/callback")];
        seed.app.webhook_url = Some(format!("{edge}/api/pages/facebook/webhook"));
        let facebook = facebook::Simulator::new(seed);
        let seed = zalo::Seed::demo()
            .redirect_uri(&format!("{PAGES_URL}/api/pages/zalo/callback"))
            .webhook_url(&format!("{edge}/api/pages/zalo/webhook"));
        let zalo = zalo::Simulator::new(seed);

        let servers = (
            haravan.serve().await.unwrap(),
            getfly.serve().await.unwrap(),
            facebook.serve().await.unwrap(),
            zalo.serve().await.unwrap(),
        );
        let deliveries =
            (haravan.run_deliveries(60.0), facebook.run_deliveries(60.0), zalo.run_deliveries(60.0));
        Self {
            haravan_url: servers.0.url().to_owned(),
            crm_url: servers.1.base_url().to_owned(),
            facebook_url: servers.2.url().to_owned(),
            zalo_url: servers.3.url().to_owned(),
            haravan,
            getfly,
            facebook,
            zalo,
            _servers: servers,
            _deliveries: deliveries,
        }
    }

    /// What tells the functions where they are.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("ALLOW_LOOPBACK", "true".to_owned()),
            ("HARAVAN_ACCOUNTS_URL", self.haravan_url.clone()),
            ("HARAVAN_API_URL", self.haravan_url.clone()),
            ("HARAVAN_WEBHOOK_URL", self.haravan_url.clone()),
            ("FACEBOOK_DIALOG_URL", self.facebook_url.clone()),
            ("FACEBOOK_GRAPH_URL", self.facebook_url.clone()),
            ("ZALO_OAUTH_URL", self.zalo_url.clone()),
            ("ZALO_OPENAPI_URL", self.zalo_url.clone()),
        ]
    }

    /// The secret with the operator's apps.
    pub fn apps(&self) -> serde_json::Value {
        let (page, oa) = (self.facebook.app(), self.zalo.app());
        serde_json::json!({
            "facebook": {"app_id": page.id, "app_secret": page.secret, "verify_token": page.verify_token},
            "zalo": {"app_id": oa.app_id, "app_secret": oa.app_secret, "oa_secret_key": oa.oa_secret_key},
        })
    }
}
