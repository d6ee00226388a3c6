//! Tenants' records, and whether browsers and Haravan reach us under their addresses.

use std::time::Duration;

use common::id::TenantId;
use common::seal::Place;
use common::store::schema::tenants::VERIFY_TOKEN;
use common::store::tenants::TenantRecord;
use common::tenant::tenant_place;
use secrecy::ExposeSecret;

use super::{Finding, Patient};

const PATIENCE: Duration = Duration::from_secs(12);

/// The records, and findings about those that cannot be read.
pub(super) async fn records(
    patient: &Patient<'_>,
    only: Option<&TenantId>,
) -> (Vec<TenantRecord>, Vec<Finding>) {
    let all = match patient.deployment.store.tenants.all().await {
        Ok(all) => all,
        Err(error) => {
            let todo = "check that you may read the table (dynamodb:Scan)";
            return (
                Vec::new(),
                vec![Finding::new("tenants.unreadable", "tenants", error.to_string(), todo)],
            );
        }
    };
    let (mut records, mut found) = (Vec::new(), Vec::new());
    for (id, record) in all {
        if only.is_some_and(|only| only.as_str() != id) {
            continue;
        }
        match record {
            Ok(record) => records.push(record),
            Err(error) => {
                let todo =
                    "put the attribute right in the table, or delete the item and add the tenant again";
                found.push(Finding::new("tenant.unreadable", id, error.to_string(), todo));
            }
        }
    }
    if let (Some(only), true, true) = (only, records.is_empty(), found.is_empty()) {
        let todo = "`tenants list` names them";
        found.push(Finding::new("tenant.missing", only.as_str(), "there is no such tenant", todo));
    }
    (records, found)
}

pub(super) async fn check(patient: &Patient<'_>, record: &TenantRecord) -> Vec<Finding> {
    let id = record.id.as_str();
    let mut found = Vec::new();
    if let Some(since) = record.suspended_at {
        let wrong = format!("suspended since {since}: its events wait");
        found.push(Finding::new(
            "tenant.suspended",
            id,
            wrong,
            format!("`tenants resume {id}`, when it is to go on"),
        ));
    }
    if record.client_id.is_none() || record.secret.is_none() {
        let wrong = "client id or client secret of its Haravan app is missing: every webhook is refused";
        let todo = format!("its admin enters them at {}/console/haravan", record.public_url);
        found.push(Finding::new("tenant.no_app", id, wrong, todo));
    }
    if record.api_key_hash.is_none() {
        let wrong = "it has no API key: its CRM cannot open sessions for its admins";
        found.push(Finding::new("tenant.no_api_key", id, wrong, format!("`tenants rotate-key {id}`")));
    }
    found.extend(address(patient, record).await);
    found
}

/// Plays Haravan's challenge (haravan.md §2.2): whether our front door is there, and is ours.
async fn address(patient: &Patient<'_>, record: &TenantRecord) -> Option<Finding> {
    let id = record.id.as_str();
    let set = format!("`tenants set {id} --public-url URL`");
    let base = match patient.deployment.reach.base_url(&record.public_url) {
        Ok(base) => base,
        Err(error) => {
            let wrong = format!("{} cannot be its public address: {error}", record.public_url);
            return Some(Finding::new("tenant.public_address", id, wrong, set));
        }
    };
    let place = Place { key: &tenant_place(&record.id), field: VERIFY_TOKEN };
    let token = patient.open(place, &record.verify_token)?;
    let url = base.join(&format!("api/haravan/webhook/{id}")).ok()?;
    let query =
        [("hub.mode", "subscribe"), ("hub.verify_token", token.expose_secret()), ("hub.challenge", "doctor")];
    let request = patient.deployment.http.get(url).query(&query).timeout(PATIENCE);
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let wrong = format!("{} gives no answer: {}", record.public_url, error.without_url());
            let todo = format!("start what serves it, correct DNS and TLS there, or {set}");
            return Some(Finding::new("tenant.unreachable", id, wrong, todo));
        }
    };
    let status = answer.status();
    let echoed = answer.text().await.unwrap_or_default();
    (echoed != "doctor").then(|| {
        let wrong = format!("{} does not answer Haravan's challenge (status {status})", record.public_url);
        let todo = format!("lead /api/* there to the functions of this deployment, or {set}");
        Finding::new("tenant.webhook_route", id, wrong, todo)
    })
}
