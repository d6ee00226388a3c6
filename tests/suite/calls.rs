//! Notes what each function asks of AWS in the words of its role: a verb of IAM and what it is done to.
//!
//! The notes are held to a list, and the list to the roles of `template.yaml` (`infra/local/tests/template/roles.rs`). A
//! test whose functions ask for what is not on the list fails at its end. With `RECORDED_CALLS` in the environment the
//! notes go to that file instead: `.ci/run` compares it with the list, so that nothing stays there that is never asked
//! for, and `.ci/calls` makes the list of it.
//!
//! Only clients that were opened for a function are listened to ([`local::access::Access::open`]), not those with which
//! a test looks at tables or prepares them.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents,
};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use common::seal::SecretSource;
use local::access::Between;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const LIST: &str = include_str!("../../infra/local/tests/template/calls.txt");

/// The calls that were recorded, each once.
struct Record {
    file: File,
    calls: BTreeSet<String>,
}

static RECORD: LazyLock<Option<Mutex<Record>>> = LazyLock::new(|| {
    let path = std::env::var_os("RECORDED_CALLS")?;
    let file = File::options().create(true).append(true).open(path).unwrap();
    Some(Mutex::new(Record { file, calls: BTreeSet::new() }))
});

/// What the functions of one world ask for and the list has not.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeSet<String>>>);

impl Calls {
    /// Fails the test whose functions asked for more than is listed.
    pub fn check(&self) {
        let unlisted = std::mem::take(&mut *self.0.lock().unwrap());
        if !unlisted.is_empty() && !std::thread::panicking() {
            panic!("functions asked AWS for what calls.txt does not list (README, Checks): {unlisted:#?}");
        }
    }

    fn note(&self, call: String) {
        match &*RECORD {
            Some(record) => {
                let Record { file, calls } = &mut *record.lock().unwrap();
                if calls.insert(call.clone()) {
                    writeln!(file, "{call}").unwrap();
                }
            }
            None if LIST.lines().all(|line| line != call) => drop(self.0.lock().unwrap().insert(call)),
            None => {}
        }
    }
}

impl Between for Calls {
    fn client(&self, function: &'static str, client: &Client) -> Client {
        let listener = Listener { function, calls: self.clone() };
        Client::from_conf(client.config().to_builder().interceptor(listener).build())
    }

    /// The source behind Secrets Manager's API, so that it is read as in the cloud.
    fn secret(&self, function: &'static str, name: &'static str, source: SecretSource) -> SecretSource {
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("ap-southeast-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "local"))
            .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(Served(source.clone()))))
            .interceptor(Listener { function, calls: self.clone() });
        let client = aws_sdk_secretsmanager::Client::from_conf(config.build());
        SecretSource::SecretsManager { client, secret_id: name.to_owned() }
    }
}

#[derive(Debug)]
struct Listener {
    function: &'static str,
    calls: Calls,
}

impl Intercept for Listener {
    fn name(&self) -> &'static str {
        "listener"
    }

    fn read_after_serialization(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = serde_json::from_slice(request.body().bytes().unwrap_or_default())?;
        for call in needed(target, &body) {
            self.calls.note(format!("{} {call}", self.function));
        }
        Ok(())
    }
}

/// What a role must grant for a request: `service:Verb resource`, per part of a transaction and table of a batch.
fn needed(target: &str, body: &Value) -> Vec<String> {
    let (api, operation) = target.split_once('.').unwrap_or_default();
    // DynamoDB's has a version: DynamoDB_20120810.
    let service = api.split('_').next().unwrap_or_default().to_lowercase();
    if let Some(parts) = body["TransactItems"].as_array() {
        let parts = parts.iter().flat_map(|part| part.as_object().unwrap());
        return parts
            .map(|(act, on)| format!("{service}:{}Item {}", act, on["TableName"].as_str().unwrap()))
            .collect();
    }
    if let Some(tables) = body["RequestItems"].as_object() {
        return tables.keys().map(|table| format!("{service}:{operation} {table}")).collect();
    }
    let name = ["TableName", "SecretId"].iter().find_map(|field| body[field].as_str());
    let index = body["IndexName"].as_str().map(|index| format!("/index/{index}"));
    // What names neither is on no list.
    vec![format!("{service}:{operation} {}{}", name.unwrap_or("?"), index.unwrap_or_default())]
}

/// Answers a reader of secrets with the text of a source.
struct Served(SecretSource);

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Served")
    }
}

impl HttpConnector for Served {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let source = self.0.clone();
        HttpConnectorFuture::new(async move {
            let (status, answer) = match source.text().await {
                Ok(text) => (200, json!({"SecretString": text.expose_secret()})),
                Err(_) => (400, json!({"__type": "ResourceNotFoundException"})),
            };
            Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer.to_string())))
        })
    }
}

#[test]
fn a_request_needs_what_its_parts_need() {
    let on = |table: &str| json!({"TableName": table});
    let parts = [("Put", "a"), ("Update", "b"), ("Delete", "c"), ("ConditionCheck", "d"), ("Get", "e")]
        .map(|(act, table)| json!({act: on(table)}));
    assert_eq!(
        needed("DynamoDB_20120810.TransactWriteItems", &json!({"TransactItems": parts})),
        ["PutItem a", "UpdateItem b", "DeleteItem c", "ConditionCheckItem d", "GetItem e"]
            .map(|call| format!("dynamodb:{call}"))
    );
    let two = json!({"RequestItems": {"a": {}, "b": {}}});
    let batch = needed("DynamoDB_20120810.BatchGetItem", &two);
    assert_eq!(batch, ["dynamodb:BatchGetItem a", "dynamodb:BatchGetItem b"]);
    let by_index = json!({"TableName": "a", "IndexName": "i"});
    assert_eq!(needed("DynamoDB_20120810.Query", &by_index), ["dynamodb:Query a/index/i"]);
    let secret = needed("secretsmanager.GetSecretValue", &json!({"SecretId": "s"}));
    assert_eq!(secret, ["secretsmanager:GetSecretValue s"]);
    assert_eq!(needed("DynamoDB_20120810.ListTables", &json!({})), ["dynamodb:ListTables ?"]);
}
