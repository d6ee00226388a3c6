//! The storage rules, against the embedded engine or, with `DYNAMODB_ENDPOINT` set, against any other: what holds must
//! not hang on one emulator's quirks.

mod claims;
mod connections;
mod inbox;
mod model;
mod pace;
mod pages;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};
use common::haravan::webhook::Topic;
use common::id::{OrgId, TenantId};
use common::store::inbox::{EventKey, NewEvent};
use common::store::schema::{TABLES, Table};
use common::store::{Store, TableNames};
use jiff::Timestamp;
use local::embedded::{self, Embedded};

/// Tables of one test's own.
pub struct Tables {
    pub store: Store,
    _embedded: Option<Embedded>,
}

impl Tables {
    /// Fresh tables on the engine the environment names.
    pub async fn open() -> Self {
        match std::env::var("DYNAMODB_ENDPOINT") {
            Err(_) => {
                let embedded = Embedded::open(None).unwrap();
                Self {
                    store: Store::new(&embedded.client(), embedded::table_names()),
                    _embedded: Some(embedded),
                }
            }
            Ok(endpoint) => {
                let client = embedded::client(&endpoint);
                let prefix = format!("t{:x}-", fastrand::u64(..));
                for table in &TABLES {
                    create(&client, &prefix, table).await;
                }
                let [tenants, connections, inbox, dedup] =
                    TABLES.map(|table| format!("{prefix}{}", table.name));
                let store = Store::new(&client, TableNames { tenants, connections, inbox, dedup });
                Self { store, _embedded: None }
            }
        }
    }
}

async fn create(client: &Client, prefix: &str, table: &Table) {
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let mut request = client
        .create_table()
        .table_name(format!("{prefix}{}", table.name))
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute(table.partition_key, ScalarAttributeType::S))
        .key_schema(key(table.partition_key, KeyType::Hash));
    if let Some(sort) = table.sort_key {
        request = request
            .attribute_definitions(attribute(sort, ScalarAttributeType::S))
            .key_schema(key(sort, KeyType::Range));
    }
    if let Some((name, partition, sort)) = table.index {
        request = request
            .attribute_definitions(attribute(partition, ScalarAttributeType::S))
            .attribute_definitions(attribute(sort, ScalarAttributeType::N))
            .global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(name)
                    .key_schema(key(partition, KeyType::Hash))
                    .key_schema(key(sort, KeyType::Range))
                    .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
                    .build()
                    .unwrap(),
            );
    }
    if table.stream {
        let stream =
            StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage);
        request = request.stream_specification(stream.build().unwrap());
    }
    request.send().await.unwrap();
}

fn tenant() -> TenantId {
    "hat-mam".parse().unwrap()
}

fn start() -> Timestamp {
    "2026-06-12T08:30:00Z".parse().unwrap()
}

fn after(from: Timestamp, seconds: u64) -> Timestamp {
    from + Duration::from_secs(seconds)
}

/// An event of an order, received at `now`.
fn event(order: i64, body: &[u8], now: Timestamp) -> NewEvent {
    NewEvent {
        key: EventKey::of(&tenant(), Topic::OrderCreate, order, body),
        topic: Topic::OrderCreate,
        org: OrgId(200_000_987_654),
        body: common::body::pack(body).unwrap(),
        updated_at: Some(now),
        received_at: now,
        parked: None,
        trace: common::trace::TraceId::fresh(),
    }
}
