//! `tenants set`: what may be changed of a tenant.

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use common::id::TenantId;
use common::seal::Place;
use common::settings::Settings;
use common::settings::change::{Given, SettingsChange};
use common::store::schema::tenants::CRM_KEY;
use common::store::tenants::{Plan, TenantRecord};
use common::tenant::tenant_place;
use jiff::Timestamp;
use serde_json::Value;

use super::report;
use crate::secret_input::secret;
use crate::session::Session;
use crate::show::instant;

/// The environment variable of a CRM's API key.
pub(super) const CRM_KEY_VARIABLE: &str = "CRM_API_KEY";

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haravan-connect tenants set hat-mam --plan paid --extra-pages 2\n  \
                  haravan-connect tenants set hat-mam --setting writes_per_second=2 --setting 'source_map={\"web\":\"Website\"}'\n  \
                  haravan-connect tenants set hat-mam --crm-key < key.txt\n\n\
                  It takes effect within a minute.")]
pub(crate) struct Options {
    /// The tenant
    tenant: TenantId,

    /// Base URL of its CRM
    #[arg(long, value_name = "URL")]
    crm_url: Option<String>,

    /// Read a new API key of its CRM, from CRM_API_KEY or standard input
    #[arg(long)]
    crm_key: bool,

    #[command(flatten)]
    common: Common,

    /// Base URL under which browsers and Haravan reach the functions
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

/// What `add` takes as well.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// What the tenant has bought
    #[arg(long)]
    plan: Option<PlanWord>,

    /// The end of the trial: a day, or an RFC 3339 instant
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "plan")]
    trial_ends: Option<Timestamp>,

    /// Pages on top of the plan's, for each admin account
    #[arg(long, value_name = "NUMBER")]
    extra_pages: Option<u32>,

    /// A setting, as `tenants show` names it; the value is JSON, or plain text
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    setting: Vec<(String, Given)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlanWord {
    Paid,
    Trial,
}

/// `NAME=VALUE`. Numbers and words of JSON are what somebody typed: a text setting may well be `7`.
fn setting(text: &str) -> Result<(String, Given), String> {
    let (name, value) = text.split_once('=').ok_or("it has no =")?;
    let given = match serde_json::from_str(value) {
        Ok(json @ (Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_))) => Given::Json(json),
        Ok(Value::Bool(_) | Value::Number(_)) | Err(_) => Given::Text(value.to_owned()),
    };
    Ok((name.to_owned(), given))
}

impl Common {
    fn is_empty(&self) -> bool {
        self.plan.is_none() && self.extra_pages.is_none() && self.setting.is_empty()
    }

    /// Puts it into a record.
    pub fn apply(&self, record: &mut TenantRecord) -> Result<()> {
        match self.plan {
            Some(PlanWord::Paid) if self.trial_ends.is_some() => bail!("a paid plan has no --trial-ends"),
            Some(PlanWord::Paid) => record.plan = Plan::Paid,
            Some(PlanWord::Trial) => record.plan = Plan::Trial { ends: self.trial_ends },
            None => {}
        }
        if let Some(pages) = self.extra_pages {
            record.extra_pages = pages;
        }
        record.settings = settings(&record.settings, &self.setting)?;
        Ok(())
    }
}

/// The settings after the changes. The CRM is not asked for its users here: `doctor` tells who is missing.
fn settings(before: &Settings, changes: &[(String, Given)]) -> Result<Settings> {
    let change =
        changes.iter().fold(SettingsChange::new(), |change, (name, given)| change.with(name, given.clone()));
    change.apply(before, None).map_err(|faults| {
        let told: Vec<String> =
            faults.iter().map(|fault| format!("{}: {}", fault.field, fault.message.en)).collect();
        anyhow!("{}", told.join("\n"))
    })
}

pub(super) async fn run(options: Options, session: &mut Session<'_, '_>) -> Result<()> {
    let id = &options.tenant;
    if options.crm_url.is_none()
        && options.public_url.is_none()
        && !options.crm_key
        && options.common.is_empty()
    {
        bail!("nothing to change was named; `tenants set --help` lists what may be");
    }
    session.tenant(id).await?;
    check_urls(session, options.crm_url.as_deref(), options.public_url.as_deref())?;
    let crm_key = match options.crm_key {
        true => {
            let key = secret(session.io, "CRM API key", CRM_KEY_VARIABLE)?;
            let place = Place { key: &tenant_place(id), field: CRM_KEY };
            Some(session.deployment.directory.seal(place, &key).await?)
        }
        false => None,
    };
    let changed = session
        .change(id, |record| {
            if let Some(url) = &options.crm_url {
                record.crm_url.clone_from(url);
            }
            if let Some(url) = &options.public_url {
                record.public_url = url.trim_end_matches('/').to_owned();
            }
            if let Some(key) = &crm_key {
                record.crm_key.clone_from(key);
            }
            options.common.apply(record)
        })
        .await?;
    session
        .tell(&report::of(&changed), &format!("The tenant {id} is changed; it takes effect within a minute."))
}

/// Addresses that may be called from this deployment.
pub(super) fn check_urls(session: &Session<'_, '_>, crm: Option<&str>, public: Option<&str>) -> Result<()> {
    for (name, url) in [("--crm-url", crm), ("--public-url", public)] {
        if let Some(url) = url {
            session.deployment.reach.base_url(url).with_context(|| format!("{name} {url}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str) -> Result<Settings> {
        settings(&Settings::default(), &[setting(text).unwrap()])
    }

    #[test]
    fn a_setting_is_json_or_plain_text() {
        assert_eq!(changed("writes_per_second=2.5").unwrap().writes_per_second, 2.5);
        assert!(!changed("orders=false").unwrap().orders);
        assert_eq!(changed("default_manager=thao.vo").unwrap().default_manager.as_deref(), Some("thao.vo"));
        assert_eq!(changed("default_manager=null").unwrap().default_manager, None);
        assert_eq!(changed("unit_name=7").unwrap().unit_name, "7");
        assert_eq!(changed(r#"source_map={"web":"Website"}"#).unwrap().source_map.len(), 1);
    }

    #[test]
    fn a_map_that_is_set_here_matches_whatever_haravan_writes() {
        let set = changed(r#"gateway_map={"COD":"Thu hộ"," Ví  MoMo ":"Momo"}"#).unwrap();
        for code in ["cod", "COD", "Cod"] {
            assert_eq!(set.gateway_method(Some(code), None), Some("Thu hộ"), "{code}");
        }
        assert_eq!(set.gateway_method(None, Some("ví momo")), Some("Momo"));
        let typed = changed("gateway_map=COD = Thu hộ\nVí MoMo = Momo").unwrap();
        assert_eq!(typed, set, "lines do as well");
    }

    #[test]
    fn what_is_no_setting_is_said_with_what_there_is() {
        assert!(changed("colour=red").unwrap_err().to_string().contains("writes_per_second"));
        for wrong in [
            "orders=perhaps",
            "writes_per_second=0",
            "writes_per_second=fast",
            "cash_method=",
            r#"source_map={"web":"a","WEB":"b"}"#,
            r#"staff_map={"thao":"thao.vo"}"#,
            "response_mode=fragment",
        ] {
            let error = changed(wrong).unwrap_err().to_string();
            assert!(error.starts_with(wrong.split('=').next().unwrap()), "{error}");
        }
        assert!(setting("orders").is_err());
    }
}
