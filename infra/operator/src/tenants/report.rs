//! What is told of a tenant: everything but its secrets.

use common::store::tenants::{Plan, TenantRecord};
use serde_json::{Value, json};

/// The record as JSON, secrets by whether they are there.
pub(crate) fn of(record: &TenantRecord) -> Value {
    let (plan, trial_ends) = plan(record.plan);
    json!({
        "tenant": record.id,
        "crm_url": record.crm_url,
        "public_url": record.public_url,
        "client_id": record.client_id,
        "has_client_secret": record.secret.is_some(),
        "has_previous_client_secret": record.previous_secret.is_some(),
        "has_api_key": record.api_key_hash.is_some(),
        "plan": plan,
        "trial_ends": trial_ends,
        "extra_pages": record.extra_pages,
        "suspended_at": record.suspended_at.map(|at| at.to_string()),
        "settings": record.settings,
        "revision": record.revision,
    })
}

/// The plan's word, and when it ends.
pub(crate) fn plan(plan: Plan) -> (&'static str, Option<String>) {
    match plan {
        Plan::Paid => ("paid", None),
        Plan::Trial { ends } => ("trial", ends.map(|ends| ends.to_string())),
    }
}
