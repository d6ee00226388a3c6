//! A tenant's events: whether they are worked on, and what waits for a person.

use std::collections::BTreeMap;
use std::time::Duration;

use common::store::inbox::listing::Which;
use common::store::tenants::TenantRecord;

use super::{Finding, Patient};

/// What upkeep was to look at so long ago was not looked at; it runs every minute.
const OVERDUE: Duration = Duration::from_secs(10 * 60);

/// Parked events that are counted by their reasons.
const MOST: usize = 500;

pub(super) async fn check(patient: &Patient<'_>, record: &TenantRecord) -> Vec<Finding> {
    let (overdue, parked) = tokio::join!(overdue(patient, record), parked(patient, record));
    let found = [overdue, parked].into_iter().flatten();
    found.collect()
}

async fn overdue(patient: &Patient<'_>, record: &TenantRecord) -> Option<Finding> {
    let inbox = &patient.deployment.store.inbox;
    let open = match inbox.open_of(&record.id).await {
        Ok(keys) => inbox.of_keys(&keys).await,
        Err(error) => Err(error),
    };
    let open = match open {
        Ok(open) => open,
        Err(error) => {
            let todo = "look at the item in the table; nothing of ours writes such a one";
            return Some(Finding::new("events.unreadable", record.id.as_str(), error.to_string(), todo));
        }
    };
    let late = |due: jiff::Timestamp| {
        Duration::try_from(patient.now.duration_since(due)).is_ok_and(|late| late > OVERDUE)
    };
    let count = open.iter().filter(|event| event.due.is_some_and(late)).count();
    (count > 0).then(|| {
        let wrong = format!("{count} events are due for more than ten minutes and nobody works on them");
        let todo = "look whether upkeep runs (its schedule, its log), and whether the inbox's stream leads to order-intake and customer-intake";
        Finding::new("events.overdue", record.id.as_str(), wrong, todo)
    })
}

async fn parked(patient: &Patient<'_>, record: &TenantRecord) -> Option<Finding> {
    let inbox = &patient.deployment.store.inbox;
    let listed = inbox.newest(&record.id, Which::Failed, None, MOST).await.ok()?;
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for event in &listed.events {
        let count = reasons.entry(event.reason.as_deref().unwrap_or("unknown")).or_default();
        *count = count.saturating_add(1);
    }
    let counted: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    (!counted.is_empty()).then(|| {
        let more = if listed.more { " and more" } else { "" };
        let wrong = format!("events wait for a person: {}{more}", counted.join(", "));
        let id = record.id.as_str();
        let todo = format!(
            "`events list --tenant {id} --state parked`, put right what they say, then `events replay`"
        );
        Finding::new("events.parked", id, wrong, todo)
    })
}
