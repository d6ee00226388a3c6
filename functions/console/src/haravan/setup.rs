//! What an admin pastes and ticks in Haravan's dashboard (haravan.md §1.2, §1.4, §2.2).

use common::seal::SealError;
use common::store::schema;
use common::store::tenants::TenantRecord;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::Console;
use crate::tenant::below;

/// The scopes to tick: what the installation asks for of Haravan's data (haravan.md §1.4).
pub(crate) const SCOPES: [&str; 3] = ["com.read_orders", "com.read_customers", "com.read_shop"];

/// The values to paste, and what is known of the app.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Setup {
    /// First redirect URL.
    pub login_url: String,
    /// Second redirect URL.
    pub install_url: String,
    /// Callback URL of the webhook.
    pub webhook_url: String,
    /// Verify token of the webhook.
    pub verify_token: String,
    /// Scopes to tick.
    pub scopes: [&'static str; 3],
    /// Client id, once entered.
    pub client_id: Option<String>,
    /// Whether a client secret was entered.
    pub has_secret: bool,
    /// Whether the secret from before is still accepted, apart from its end.
    pub has_previous_secret: bool,
    /// When it ends; nothing is never.
    pub previous_secret_until: Option<Timestamp>,
}

impl Setup {
    /// The values of a tenant.
    pub(crate) async fn of(console: &Console, record: &TenantRecord) -> Result<Self, SealError> {
        let verify_token =
            console.secret(record, schema::tenants::VERIFY_TOKEN, &record.verify_token).await?;
        let base = &record.public_url;
        let now = console.clock.now();
        let previous =
            record.previous_secret.is_some() && record.previous_until.is_none_or(|until| now < until);
        Ok(Self {
            login_url: below(base, "api/haravan/login"),
            install_url: below(base, "api/haravan/grandservice"),
            webhook_url: below(base, &format!("api/haravan/webhook/{}", record.id)),
            verify_token: verify_token.expose_secret().to_owned(),
            scopes: SCOPES,
            client_id: record.client_id.clone(),
            has_secret: record.secret.is_some(),
            has_previous_secret: previous,
            previous_secret_until: record.previous_until.filter(|_| previous),
        })
    }

    /// Whether a shop can be connected.
    pub(crate) fn is_ready(&self) -> bool {
        self.client_id.is_some() && self.has_secret
    }
}
