//! The tables and their settings, against `common/src/store/schema.rs`; what guards them is [`super::protection`]'s.

use aws_sdk_dynamodb::types::{
    KeySchemaElement, KeyType, ProjectionType, StreamViewType, TableDescription, TimeToLiveStatus,
};
use common::store::schema::{TABLES, Table};

use super::reason::reason;
use super::{Finding, Patient, protection};

/// A table that is not there, or not to be asked: nothing else can be checked.
pub(super) const MISSING: &str = "table.missing";

const DEPLOY: &str = "deploy the stack again (`sam deploy`); tables are described in infra/tables.yaml";

pub(super) async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let tables = &patient.deployment.tables;
    let names = [&tables.tenants, &tables.connections, &tables.inbox, &tables.dedup];
    let mut found = Vec::new();
    for (wanted, name) in TABLES.iter().zip(names) {
        let about = format!("{} ({name})", wanted.name);
        let answer = patient.deployment.client.describe_table().table_name(name).send().await;
        match answer.map(|answer| answer.table) {
            Ok(Some(table)) => {
                found.extend(keys(wanted, &about, &table));
                found.extend(index(wanted, &about, &table));
                found.extend(stream(wanted, &about, &table));
                found.extend(expiry(patient, wanted, &about, name).await);
                found.extend(protection::check(patient, &about, name, &table).await);
            }
            Ok(None) => found.push(Finding::new(MISSING, about, "it is not described", DEPLOY)),
            Err(error) => found.push(Finding::new(
                MISSING,
                about,
                format!("it cannot be asked: {}", reason(error)),
                "check region, credentials and the tables' names (outputs of the stack); on this machine, that the stack runs",
            )),
        }
    }
    found
}

fn named(keys: &[KeySchemaElement], kind: &KeyType) -> Option<String> {
    keys.iter().find(|key| key.key_type() == kind).map(|key| key.attribute_name().to_owned())
}

fn keys(wanted: &Table, about: &str, table: &TableDescription) -> Option<Finding> {
    let there = (named(table.key_schema(), &KeyType::Hash), named(table.key_schema(), &KeyType::Range));
    let right = (Some(wanted.partition_key.to_owned()), wanted.sort_key.map(str::to_owned));
    let wrong = || format!("its keys are {there:?}, not {right:?}");
    (there != right).then(|| {
        Finding::new("table.keys", about, wrong(), "this is another table: correct its name, or make it anew")
    })
}

fn index(wanted: &Table, about: &str, table: &TableDescription) -> Option<Finding> {
    let (name, partition, sort) = wanted.index?;
    let there = table.global_secondary_indexes().iter().find(|index| index.index_name() == Some(name));
    let right = there.is_some_and(|index| {
        named(index.key_schema(), &KeyType::Hash).as_deref() == Some(partition)
            && named(index.key_schema(), &KeyType::Range).as_deref() == Some(sort)
            && index.projection().and_then(|projection| projection.projection_type())
                == Some(&ProjectionType::KeysOnly)
    });
    let wrong = if there.is_none() { "is missing" } else { "has other keys or another projection" };
    (!right).then(|| {
        Finding::new(
            "table.index",
            about,
            format!("the index {name} {wrong}: nobody finds what is due"),
            DEPLOY,
        )
    })
}

fn stream(wanted: &Table, about: &str, table: &TableDescription) -> Option<Finding> {
    if !wanted.stream {
        return None;
    }
    let stream = table.stream_specification();
    let right = stream.is_some_and(|stream| {
        stream.stream_enabled() && stream.stream_view_type() == Some(&StreamViewType::NewImage)
    });
    (!right).then(|| {
        Finding::new(
            "table.stream",
            about,
            "its stream is off or does not carry the new image: events are not worked on",
            DEPLOY,
        )
    })
}

async fn expiry(patient: &Patient<'_>, wanted: &Table, about: &str, name: &str) -> Option<Finding> {
    let attribute = wanted.ttl?;
    let answer = patient.deployment.client.describe_time_to_live().table_name(name).send().await;
    let there = match answer {
        Ok(answer) => answer.time_to_live_description,
        Err(error) => {
            let wrong = format!("whether its items expire cannot be asked: {}", reason(error));
            let todo = "let this user call dynamodb:DescribeTimeToLive on the tables";
            return Some(Finding::new("table.expiry", about, wrong, todo));
        }
    };
    let right = there.is_some_and(|there| {
        matches!(there.time_to_live_status(), Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
            && there.attribute_name() == Some(attribute)
    });
    (!right).then(|| {
        let wrong = format!("items do not expire by {attribute}: the table grows for ever");
        Finding::new("table.expiry", about, wrong, DEPLOY)
    })
}
