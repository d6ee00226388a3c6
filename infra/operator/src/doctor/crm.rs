//! A tenant's CRM: may it be called, does it answer, does it take our key, has it the people that the settings name.

use std::time::Duration;

use common::clock::SharedClock;
use common::getfly::client::Getfly;
use common::getfly::error::CrmError;
use common::getfly::user::User;
use common::seal::Place;
use common::store::schema::tenants::CRM_KEY;
use common::store::tenants::TenantRecord;
use common::tenant::tenant_place;

use super::{Finding, Patient};

const PATIENCE: Duration = Duration::from_secs(12);

pub(super) async fn check(patient: &Patient<'_>, record: &TenantRecord, clock: SharedClock) -> Vec<Finding> {
    let (id, url) = (record.id.as_str(), &record.crm_url);
    let base = match patient.deployment.reach.base_url(url) {
        Ok(base) => base,
        Err(error) => {
            let wrong = format!("the CRM's address {url} may not be called: {error}");
            return vec![Finding::new("crm.address", id, wrong, format!("`tenants set {id} --crm-url URL`"))];
        }
    };
    let place = Place { key: &tenant_place(&record.id), field: CRM_KEY };
    let Some(key) = patient.open(place, &record.crm_key) else { return Vec::new() };
    let crm = Getfly::new(patient.deployment.http.clone(), base, key, clock);
    let mut found = match tokio::time::timeout(PATIENCE, crm.users()).await {
        Ok(Ok(users)) => manager(record, &users).into_iter().collect(),
        Ok(Err(error)) => vec![refused(id, url, &error)],
        Err(_) => vec![unreachable(id, url, "no answer in time")],
    };
    found.extend(left_alone(patient, record).await);
    found
}

fn unreachable(id: &str, url: &str, what: &str) -> Finding {
    let wrong = format!("the CRM at {url} does not answer as one: {what}");
    Finding::new(
        "crm.unreachable",
        id,
        wrong,
        format!("wait for the CRM, or `tenants set {id} --crm-url URL`"),
    )
}

fn refused(id: &str, url: &str, error: &CrmError) -> Finding {
    let wrong = format!("the CRM at {url}: {error}");
    match error {
        CrmError::KeyRefused(_) => Finding::new(
            "crm.key",
            id,
            wrong,
            format!("make a key in the CRM, then `tenants set {id} --crm-key`"),
        ),
        CrmError::RouteMissing => Finding::new(
            "crm.version",
            id,
            wrong,
            format!("the merchant has the CRM upgraded to API v6.1, or `tenants set {id} --crm-url URL`"),
        ),
        CrmError::RateLimited { .. } => Finding::new(
            "crm.rate",
            id,
            wrong,
            format!("`tenants set {id} --setting writes_per_second=…` with a smaller number"),
        ),
        CrmError::Duplicate { .. } | CrmError::SourceConflict { .. } | CrmError::Refused { .. } => {
            Finding::new("crm.rights", id, wrong, "give the API key the right to list users")
        }
        CrmError::Transient { .. } => unreachable(id, url, &error.to_string()),
    }
}

fn manager(record: &TenantRecord, users: &[User]) -> Option<Finding> {
    let login = record.settings.default_manager.as_deref()?;
    let is_known = users
        .iter()
        .any(|user| user.user_name == login || user.email.as_deref() == Some(login.to_lowercase().as_str()));
    (!is_known).then(|| {
        let id = record.id.as_str();
        let wrong = format!("the CRM has no active user {login:?}, who is to be in charge of customers");
        Finding::new("crm.manager", id, wrong, format!("`tenants set {id} --setting default_manager=LOGIN`"))
    })
}

/// Whether the CRM failed so often that it is left alone for a while.
async fn left_alone(patient: &Patient<'_>, record: &TenantRecord) -> Option<Finding> {
    /// Longer queues than this mean that more comes than the CRM is allowed to be sent.
    const LONG: Duration = Duration::from_secs(20);
    let until = patient.deployment.store.pace.busy_until(&record.id).await.ok().flatten()?;
    let wait = Duration::try_from(until.duration_since(patient.now)).ok()?;
    (wait > LONG).then(|| {
        let wrong = format!("no write to the CRM starts before {until}: it failed repeatedly, or more comes than it may be sent");
        let todo = format!("see why with `events list --tenant {} --state waiting`", record.id);
        Finding::new("crm.left_alone", record.id.as_str(), wrong, todo)
    })
}
