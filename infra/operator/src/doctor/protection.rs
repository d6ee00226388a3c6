//! What guards a table against mistakes and strangers: point-in-time recovery, deletion protection, a key of the account's
//! own (infra/tables.yaml).
//!
//! Only DynamoDB itself has these. Another engine does not know the operation that tells of recovery, and leaves the other
//! two out of a table's description, so that nothing is known of them there and nothing is looked for.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    ContinuousBackupsDescription, PointInTimeRecoveryStatus, SseStatus, TableDescription,
};

use super::reason::reason;
use super::{Finding, Patient};

/// The code with which an engine answers an operation that it does not have.
const NOT_OFFERED: &str = "UnknownOperationException";

const RECOVERY: &str = "table.recovery";

pub(super) async fn check(
    patient: &Patient<'_>,
    about: &str,
    name: &str,
    table: &TableDescription,
) -> Vec<Finding> {
    let answer = patient.deployment.client.describe_continuous_backups().table_name(name).send().await;
    let unrecoverable = match answer {
        Ok(answer) => recovery(about, name, answer.continuous_backups_description()),
        Err(error) if error.code() == Some(NOT_OFFERED) => return Vec::new(),
        Err(error) => Some(Finding::new(
            RECOVERY,
            about,
            format!("whether it can be recovered cannot be asked: {}", reason(error)),
            "let this user call dynamodb:DescribeContinuousBackups on the tables",
        )),
    };
    let found = [unrecoverable, deletion(about, name, table), encryption(about, name, table)];
    found.into_iter().flatten().collect()
}

fn recovery(about: &str, name: &str, there: Option<&ContinuousBackupsDescription>) -> Option<Finding> {
    let there = there.and_then(|there| there.point_in_time_recovery_description());
    let status = there.and_then(|there| there.point_in_time_recovery_status());
    (status != Some(&PointInTimeRecoveryStatus::Enabled)).then(|| {
        Finding::new(
            RECOVERY,
            about,
            "its point-in-time recovery is off: a mistake in it cannot be undone",
            format!(
                "`aws dynamodb update-continuous-backups --table-name {name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`; it goes back no further than that moment"
            ),
        )
    })
}

fn deletion(about: &str, name: &str, table: &TableDescription) -> Option<Finding> {
    (table.deletion_protection_enabled() != Some(true)).then(|| {
        Finding::new(
            "table.deletion_protection",
            about,
            "its deletion protection is off: one call deletes it",
            format!("`aws dynamodb update-table --table-name {name} --deletion-protection-enabled`"),
        )
    })
}

/// No description is DynamoDB's own key, with which every table is encrypted at least.
fn encryption(about: &str, name: &str, table: &TableDescription) -> Option<Finding> {
    let status = table.sse_description().and_then(|there| there.status());
    let right = matches!(status, Some(SseStatus::Enabled | SseStatus::Enabling | SseStatus::Updating));
    (!right).then(|| {
        Finding::new(
            "table.encryption",
            about,
            "it is encrypted with a key of DynamoDB's, not of this account: CloudTrail has no record of its use",
            format!("`aws dynamodb update-table --table-name {name} --sse-specification Enabled=true`"),
        )
    })
}
