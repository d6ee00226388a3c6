//! `tenants add`.

use anyhow::{Result, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use common::api_key::ApiKey;
use common::id::TenantId;
use common::seal::{Place, random};
use common::settings::Settings;
use common::store::schema::tenants::{CRM_KEY, VERIFY_TOKEN};
use common::store::tenants::{Plan, TenantRecord};
use common::tenant::tenant_place;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::report;
use super::set::{CRM_KEY_VARIABLE, Common, check_urls};
use crate::secret_input::secret;
use crate::session::Session;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  haravan-connect tenants add hat-mam --crm-url https://hatmam.getflycrm.com \\\n    \
                  --public-url https://crm.example.com --plan trial --trial-ends 2026-07-01 < crm-key.txt\n\n\
                  The CRM's API key is read from CRM_API_KEY or standard input. The new API key that is printed opens our\n\
                  JSON API and sessions for the tenant's admins; only a digest of it is kept."
)]
pub(crate) struct Options {
    /// Its id: 1 to 40 of a-z, 0-9 and -; part of its webhook address
    tenant: TenantId,

    /// Base URL of its CRM
    #[arg(long, value_name = "URL")]
    crm_url: String,

    /// Base URL under which browsers and Haravan reach the functions, such as https://crm.example.com
    #[arg(long, value_name = "URL")]
    public_url: String,

    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(options: Options, session: &mut Session<'_, '_>) -> Result<()> {
    let id = &options.tenant;
    check_urls(session, Some(&options.crm_url), Some(&options.public_url))?;
    if session.store().tenants.get(id).await?.is_some() {
        bail!("the tenant {id} is there already; `tenants set` changes it");
    }
    let crm_key = secret(session.io, "CRM API key", CRM_KEY_VARIABLE)?;
    let verify_token = SecretString::from(format!("hrv_verify_{}", URL_SAFE_NO_PAD.encode(random::<24>()?)));
    let api_key = ApiKey::generate(id)?;
    let (directory, key) = (&session.deployment.directory, tenant_place(id));
    let mut record = TenantRecord {
        id: id.clone(),
        crm_url: options.crm_url.clone(),
        crm_key: directory.seal(Place { key: &key, field: CRM_KEY }, &crm_key).await?,
        public_url: options.public_url.trim_end_matches('/').to_owned(),
        client_id: None,
        secret: None,
        previous_secret: None,
        previous_until: None,
        api_key_hash: Some(api_key.digest()),
        verify_token: directory.seal(Place { key: &key, field: VERIFY_TOKEN }, &verify_token).await?,
        plan: Plan::Paid,
        extra_pages: 0,
        suspended_at: None,
        settings: Settings::default(),
        revision: 0,
    };
    options.common.apply(&mut record)?;
    if !session.store().tenants.put(&record).await? {
        bail!("the tenant {id} has just been added by somebody else");
    }
    let mut told = report::of(&record);
    if let Value::Object(told) = &mut told {
        told.insert("api_key".to_owned(), api_key.reveal().expose_secret().into());
    }
    let words = format!(
        "The tenant {id} is added. Its API key, shown this once:\n\n  {}\n\nNext, its admin enters client id and secret \
         of the Haravan app at {}/console/haravan.",
        api_key.reveal().expose_secret(),
        record.public_url
    );
    session.tell(&told, &words)
}
