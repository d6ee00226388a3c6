//! DynamoDB inside this process: an SQLite file behind DynamoDB's own HTTP API on loopback.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use common::store::TableNames;
use common::store::schema::{TABLES, Table};
use dynoxide::Database;
use serde_json::json;

/// The engine and the address of its API.
pub struct Embedded {
    /// The engine, for what the API does not offer: streams without HTTP, expiry on demand.
    pub db: Database,
    /// Where the API listens.
    pub address: SocketAddr,
}

impl Embedded {
    /// Opens `file`, or a database in memory, creates the tables that are missing and serves the API.
    ///
    /// # Errors
    /// A file that is no database or cannot be opened; no free port.
    pub fn open(file: Option<&Path>) -> Result<Self> {
        let db = match file {
            Some(file) => {
                let path = file.to_str().context("the data file's path is not text")?;
                Database::new(path).map_err(|error| anyhow!("cannot open the data file {path}: {error}"))?
            }
            None => {
                Database::memory().map_err(|error| anyhow!("cannot open a database in memory: {error}"))?
            }
        };
        for table in &TABLES {
            create(&db, table)?;
        }
        if let Some(file) = file {
            index_streams(file).with_context(|| format!("cannot index the data file {}", file.display()))?;
        }
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))
            .context("no free port for the embedded DynamoDB")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let served = db.clone();
        // Its operations block the thread they run on, so it gets one of its own.
        std::thread::Builder::new().name("dynamodb".to_owned()).spawn(move || serve(listener, served))?;
        Ok(Self { db, address })
    }

    /// An SDK client for the API.
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        client(&format!("http://{}", self.address))
    }

    /// The ARN of a table's stream.
    ///
    /// # Errors
    /// A table without one.
    pub fn stream_arn(&self, table: &str) -> Result<String> {
        let request = serde_json::from_value(json!({"TableName": table}))?;
        let listed = self.db.list_streams(request).map_err(|error| anyhow!("{error}"))?;
        let streams = serde_json::to_value(listed)?;
        let arn = streams.pointer("/Streams/0/StreamArn").and_then(|arn| arn.as_str());
        Ok(arn.with_context(|| format!("table {table} has no stream"))?.to_owned())
    }
}

/// The engine looks for a stream's last record with every write, and for its next ones with every look at it, among all
/// records of a day: without an index each takes longer the more has happened.
fn index_streams(file: &Path) -> rusqlite::Result<()> {
    rusqlite::Connection::open(file)?.execute_batch(
        "CREATE INDEX IF NOT EXISTS haravan_connect_streams
         ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
    )
}

/// An SDK client for any DynamoDB-like endpoint on this machine; its credentials are for show.
pub fn client(endpoint: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::from_static("ap-southeast-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// The tables' names on this machine: their logical names.
pub fn table_names() -> TableNames {
    let [tenants, connections, inbox, dedup] = TABLES.map(|table| table.name.to_owned());
    TableNames { tenants, connections, inbox, dedup }
}

fn serve(listener: std::net::TcpListener, db: Database) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the embedded DynamoDB has no runtime");
            return;
        }
    };
    runtime.block_on(async {
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => dynoxide::server::serve_on(listener, db).await,
            Err(error) => tracing::error!(%error, "the embedded DynamoDB has no listener"),
        }
    });
}

/// A table's definition as `CreateTable` takes it.
pub fn definition(table: &Table) -> serde_json::Value {
    let mut attributes = vec![json!({"AttributeName": table.partition_key, "AttributeType": "S"})];
    let mut keys = vec![json!({"AttributeName": table.partition_key, "KeyType": "HASH"})];
    if let Some(sort) = table.sort_key {
        attributes.push(json!({"AttributeName": sort, "AttributeType": "S"}));
        keys.push(json!({"AttributeName": sort, "KeyType": "RANGE"}));
    }
    let mut definition = serde_json::Map::new();
    if let Some((name, partition, sort)) = table.index {
        attributes.push(json!({"AttributeName": partition, "AttributeType": "S"}));
        attributes.push(json!({"AttributeName": sort, "AttributeType": "N"}));
        let index = json!([{
            "IndexName": name,
            "KeySchema": [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }]);
        definition.insert("GlobalSecondaryIndexes".to_owned(), index);
    }
    if table.stream {
        let stream = json!({"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"});
        definition.insert("StreamSpecification".to_owned(), stream);
    }
    definition.insert("TableName".to_owned(), table.name.into());
    definition.insert("BillingMode".to_owned(), "PAY_PER_REQUEST".into());
    definition.insert("AttributeDefinitions".to_owned(), attributes.into());
    definition.insert("KeySchema".to_owned(), keys.into());
    definition.into()
}

fn create(db: &Database, table: &Table) -> Result<()> {
    let describe = serde_json::from_value(json!({"TableName": table.name}))?;
    if db.describe_table(describe).is_ok() {
        return Ok(());
    }
    db.create_table(serde_json::from_value(definition(table))?)
        .map_err(|error| anyhow!("cannot create table {}: {error}", table.name))?;
    if let Some(ttl) = table.ttl {
        let specification = json!({"TableName": table.name, "TimeToLiveSpecification": {"AttributeName": ttl, "Enabled": true}});
        db.update_time_to_live(serde_json::from_value(specification)?)
            .map_err(|error| anyhow!("cannot set the expiry of table {}: {error}", table.name))?;
    }
    Ok(())
}
