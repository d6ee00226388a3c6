//! The key ring, and what is sealed with it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use common::seal::{KeyRing, Place, SealError, SecretSource};
use secrecy::ExposeSecret;

use super::{Finding, Patient};
use crate::deployment::Deployment;

const ABOUT: &str = "key ring";
const RESTORE: &str = "put the right ring back: Secrets Manager keeps the version before (AWSPREVIOUS); a file belongs beside its data file";

/// The ring, where it can be read.
pub(super) async fn readable(deployment: &Deployment) -> (Option<KeyRing>, Vec<Finding>) {
    let mut found: Vec<Finding> = exposed(&deployment.ring).into_iter().collect();
    let read = deployment.ring.text().await.and_then(|text| KeyRing::from_json(text.expose_secret()));
    match read {
        Ok(ring) => (Some(ring), found),
        Err(error @ SealError::Ring(_)) => {
            found.push(Finding::new("key_ring.invalid", ABOUT, error.to_string(), RESTORE));
            (None, found)
        }
        Err(error) => {
            let todo = "check its name, and that you may read it (secretsmanager:GetSecretValue)";
            found.push(Finding::new("key_ring.unreadable", ABOUT, error.to_string(), todo));
            (None, found)
        }
    }
}

fn exposed(source: &SecretSource) -> Option<Finding> {
    let SecretSource::File(path) = source else { return None };
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        let todo = format!("chmod 600 {}", path.display());
        Finding::new("key_ring.exposed", ABOUT, "others on this machine may read its file", todo)
    })
}

/// Whether everything that is sealed opens.
pub(super) async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(ring) = &patient.ring else { return Vec::new() };
    let items = match patient.deployment.store.sealed.all().await {
        Ok(items) => items,
        Err(error) => {
            let todo = "look at the item in the table; nothing of ours writes such a one";
            return vec![Finding::new("sealed.unreadable", "sealed values", error.to_string(), todo)];
        }
    };
    let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for item in &items {
        let key = item.holder.place();
        for (field, blob) in &item.blobs {
            match ring.open(Place { key: &key, field }, blob) {
                Ok(_) => {}
                Err(SealError::UnknownKey(name)) => {
                    let count = unknown.entry(name).or_default();
                    *count = count.saturating_add(1);
                }
                Err(_) => found.push(Finding::new(
                    "sealed.broken",
                    format!("{key} {field}"),
                    "it does not open: it was altered, or copied here from another place",
                    "enter the secret again (`tenants set --crm-key`, the admin's page), or connect the shop again",
                )),
            }
        }
    }
    found.extend(unknown.into_iter().map(|(name, count)| {
        let wrong = format!("{count} secrets are sealed with key {name:?}, which is not in the ring");
        Finding::new("sealed.unknown_key", ABOUT, wrong, RESTORE)
    }));
    found
}
