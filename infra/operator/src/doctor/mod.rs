//! `doctor`: every assumption of a deployment, checked; what is wrong, and what to do.
//!
//! A check is a function that gives findings and never fails: what cannot be found out is a finding too. Nothing is
//! changed, and the calls that are made are those that Haravan and the functions make themselves: a webhook challenge to
//! our own addresses, the CRM's list of users, Haravan's list of subscribed topics, what Facebook and Zalo say of a page's
//! token and subscription.

mod clock;
mod connected_pages;
mod connection;
mod crm;
mod events;
mod pages;
mod protection;
mod reason;
mod ring;
mod shops;
mod tables;
mod tenants;

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Args;
use common::id::TenantId;
use common::seal::{KeyRing, Place};
use common::store::tenants::TenantRecord;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;

use crate::Exit;
use crate::deployment::Deployment;
use crate::session::Session;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  haravan-connect --local .local/connect.db doctor\n\n\
                  The exit status is 3 when something is wrong.")]
pub(crate) struct Options {
    /// Only this tenant's [default: all]
    #[arg(long)]
    tenant: Option<TenantId>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// A stable word for programs, such as `table.stream`.
    pub name: &'static str,
    /// What it is about: a table, a tenant, a connection.
    pub about: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do.
    pub todo: String,
}

impl Finding {
    pub fn new(
        name: &'static str,
        about: impl Into<String>,
        wrong: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self { name, about: about.into(), wrong: wrong.into(), todo: todo.into() }
    }
}

/// What checks work with.
pub(crate) struct Patient<'a> {
    pub deployment: &'a Deployment,
    /// The key ring, where it can be read.
    pub ring: Option<KeyRing>,
    pub now: Timestamp,
    /// What this machine's clock says.
    pub machine_now: Timestamp,
}

impl Patient<'_> {
    /// Opens a sealed value; what does not open is [`ring`]'s finding.
    fn open(&self, place: Place<'_>, blob: &[u8]) -> Option<SecretString> {
        self.ring.as_ref()?.open(place, blob).ok()
    }
}

pub(crate) async fn run(options: Options, session: &mut Session<'_, '_>) -> Result<Exit> {
    let (now, machine_now) = (session.now(), session.io.machine_clock.now());
    let clock = session.io.clock.clone();
    let deployment = &session.deployment;
    let (ring, mut found) = ring::readable(deployment).await;
    let patient = Patient { deployment, ring, now, machine_now };
    let broken_tables = tables::check(&patient).await;
    let whole = broken_tables.iter().all(|finding| finding.name != tables::MISSING);
    found.extend(broken_tables);
    let mut checked = 0_usize;
    if whole {
        let (records, unreadable) = tenants::records(&patient, options.tenant.as_ref()).await;
        found.extend(unreadable);
        found.extend(ring::check(&patient).await);
        found.extend(pages::check(&patient).await);
        for record in &records {
            found.extend(tenant(&patient, record, clock.clone()).await);
        }
        found.extend(clock::check(&patient, &records).await);
        checked = records.len();
    }
    // What is wrong with a provider or our app there is met with every page.
    let mut told = BTreeSet::new();
    found.retain(|finding| told.insert((finding.name, finding.about.clone())));
    let words = match found.len() {
        0 => format!("All is well: the tables, the key ring and {checked} tenants."),
        _ => found
            .iter()
            .map(|finding| {
                format!("{} ({})\n  {}\n  -> {}", finding.name, finding.about, finding.wrong, finding.todo)
            })
            .collect::<Vec<_>>()
            .join("\n"),
    };
    let exit = if found.is_empty() { Exit::Done } else { Exit::Findings };
    session.tell(&json!({"tenants": checked, "findings": found}), &words)?;
    Ok(exit)
}

async fn tenant(
    patient: &Patient<'_>,
    record: &TenantRecord,
    clock: common::clock::SharedClock,
) -> Vec<Finding> {
    let mut found = tenants::check(patient, record).await;
    found.extend(crm::check(patient, record, clock).await);
    found.extend(shops::check(patient, record).await);
    found.extend(connected_pages::check(patient, record).await);
    found.extend(events::check(patient, record).await);
    found
}
