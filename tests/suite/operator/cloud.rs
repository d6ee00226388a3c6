//! What only DynamoDB itself has, faults in it planted one at a time; and what the doctor says when it may not ask.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::doctor::names;
use super::{Desk, Said};
use crate::flaky::forward;
use crate::harness::World;

/// The table that faults are planted into.
const TABLE: &str = "inbox";

/// What is planted; the doctor's name for it; what it says; what it says to do.
const FAULTS: [(Fault, &str, &str, &str); 8] = [
    (
        Fault::NoRecovery,
        "table.recovery",
        "recovery is off",
        "aws dynamodb update-continuous-backups --table-name inbox ",
    ),
    (
        Fault::Unprotected,
        "table.deletion_protection",
        "one call deletes it",
        "--deletion-protection-enabled`",
    ),
    (
        Fault::OwnKey,
        "table.encryption",
        "a key of DynamoDB's",
        "--table-name inbox --sse-specification Enabled=true`",
    ),
    (
        Fault::Refused("DescribeContinuousBackups"),
        "table.recovery",
        "cannot be asked: AccessDeniedException: User: arn:aws:iam::1:user/an is not authorized",
        "dynamodb:DescribeContinuousBackups",
    ),
    (
        Fault::Refused("DescribeTimeToLive"),
        "table.expiry",
        "cannot be asked: AccessDeniedException: User: arn:aws:iam::1:user/an is not authorized",
        "dynamodb:DescribeTimeToLive",
    ),
    (
        Fault::Refused("DescribeTable"),
        "table.missing",
        "cannot be asked: AccessDeniedException: User: arn:aws:iam::1:user/an is not authorized",
        "credentials",
    ),
    (Fault::NotDynamo, "table.missing", "cannot be asked: HTTP 404 without a reason", "region"),
    (Fault::Drops, "table.missing", "cannot be asked: dispatch failure: ", "region"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Nothing,
    NoRecovery,
    Unprotected,
    /// Encrypted with DynamoDB's own key.
    OwnKey,
    /// This operation is not allowed.
    Refused(&'static str),
    /// Something else answers for the table.
    NotDynamo,
    /// The connection ends without an answer.
    Drops,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_guards_the_tables_is_looked_at_where_dynamodb_tells_of_it() {
    let world = World::start().await;
    let well = examined(&world, Fault::Nothing, &["doctor"]).await;
    assert!(well.code == 0 && well.out.starts_with("All is well"), "{well:?}");
    for (fault, name, wrong, todo) in FAULTS {
        let said = examined(&world, fault, &["--json", "doctor"]).await;
        assert_eq!((said.code, names(&said.out)), (3, vec![name.to_owned()]), "{fault:?}: {said:?}");
        let told: Value = serde_json::from_str(&said.out).unwrap();
        let finding = &told["findings"][0];
        assert_eq!(finding["about"], "inbox (inbox)", "{finding}");
        let says =
            |field: &str, words: &str| finding[field].as_str().is_some_and(|text| text.contains(words));
        assert!(says("wrong", wrong) && says("todo", todo), "{finding}");
        assert!(!says("wrong", "\n"), "{finding}");
    }
}

/// What a command says before a DynamoDB with this fault.
async fn examined(world: &World, fault: Fault, args: &[&str]) -> Said {
    let target = world.stack.addresses.dynamodb_url.clone();
    let cloud = Cloud { target, http: reqwest::Client::new(), fault };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut desk = Desk::at(world);
    desk.endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer).with_state(cloud);
    let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let said = desk.run(args).await;
    task.abort();
    said
}

#[derive(Clone)]
struct Cloud {
    target: String,
    http: reqwest::Client,
    fault: Fault,
}

async fn answer(State(cloud): State<Cloud>, headers: HeaderMap, body: Bytes) -> Response {
    let operation = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = operation.rsplit('.').next().unwrap_or_default().to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let planted = |fault: Fault| cloud.fault == fault && asked["TableName"] == TABLE;
    let describes = operation == "DescribeTable";
    if let Fault::Refused(refused) = cloud.fault
        && refused == operation
        && planted(cloud.fault)
    {
        let message = "User: arn:aws:iam::1:user/an\n is not authorized";
        let refusal = json!({"__type": "com.amazon.coral.service#AccessDeniedException", "Message": message});
        return json_answer(StatusCode::BAD_REQUEST, &refusal);
    }
    if describes && planted(Fault::NotDynamo) {
        return (StatusCode::NOT_FOUND, "<h1>no such page</h1>").into_response();
    }
    if describes && planted(Fault::Drops) {
        let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("dropped"))]);
        return ([(header::CONTENT_LENGTH, "64")], axum::body::Body::from_stream(broken)).into_response();
    }
    if operation == "DescribeContinuousBackups" {
        let status = if planted(Fault::NoRecovery) { "DISABLED" } else { "ENABLED" };
        let recovery = json!({"PointInTimeRecoveryStatus": status});
        let told = json!({"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery});
        return json_answer(StatusCode::OK, &json!({"ContinuousBackupsDescription": told}));
    }
    let (status, content) = forward(&cloud.http, &cloud.target, &headers, body).await;
    let mut content: Value = serde_json::from_slice(&content).unwrap();
    if describes && status.is_success() {
        content["Table"]["DeletionProtectionEnabled"] = (!planted(Fault::Unprotected)).into();
        if !planted(Fault::OwnKey) {
            content["Table"]["SSEDescription"] = json!({"Status": "ENABLED", "SSEType": "KMS"});
        }
    }
    json_answer(status, &content)
}

fn json_answer(status: StatusCode, content: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], content.to_string()).into_response()
}
