//! `tenants rotate-key`.

use anyhow::Result;
use common::api_key::ApiKey;
use common::id::TenantId;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::session::Session;

pub(super) async fn run(id: &TenantId, yes: bool, session: &mut Session<'_, '_>) -> Result<()> {
    session.tenant(id).await?;
    session.confirm(&format!("The CRM of {id} cannot call us until it has the new key."), yes)?;
    let key = ApiKey::generate(id)?;
    session
        .change(id, |record| {
            record.api_key_hash = Some(key.digest());
            Ok(())
        })
        .await?;
    let revealed = key.reveal().expose_secret();
    let words = format!("The new API key of {id}, shown this once:\n\n  {revealed}");
    session.tell(&json!({"tenant": id, "api_key": revealed}), &words)
}
