//! Nothing that goes through the libraries is ever in the log, whatever `RUST_LOG` asks for.

use std::process::Command;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::Value;

use crate::recording;

/// Everything switched on in the ways there are, and what tries to get past a list of names.
const ASKED: [&str; 14] = [
    "trace",
    "TRACE",
    "debug",
    "info",
    "warn",
    "aws_smithy_runtime=trace,hyper=trace",
    "aws_smithy_runtime::client::orchestrator=trace,aws_sdk_secretsmanager=trace,hyper_util=trace,reqwest=trace",
    "common=trace,aws_smithy_runtime_api=trace,aws_sigv4=trace,aws_runtime=trace,aws_config=trace,h2=trace",
    "aws=trace,hyp=trace,a=trace,h=trace,r=trace,t=trace",
    "off,aws_smithy_runtime=trace",
    "common::=trace,lambda_runtime=trace,lambda_http=trace,axum=trace,tower=trace,tower_http=trace,rustls=trace",
    "trace,trace,=trace",
    "aws_smithy_runtime[span]=trace",
    "",
];

const CANARIES: [&str; 8] = [
    "canary-secret-string",
    "canary-of-a-request",
    "canary-of-a-header",
    "canary-of-an-answer",
    "canary-of-a-query",
    "canary-secret-key",
    "canary-cookie",
    "canary-of-an-item",
];

/// Those of them that libraries say today.
const SAID: [&str; 4] =
    ["canary-secret-string", "canary-of-a-header", "canary-of-an-answer", "canary-of-an-item"];

/// One answer for the AWS SDK and for plain calls.
async fn answer(headers: HeaderMap, body: String) -> impl IntoResponse {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let text = match target.rsplit('.').next() {
        Some("GetSecretValue") => r#"{"Name":"ring","SecretString":"canary-secret-string"}"#,
        Some("GetItem") => r#"{"Item":{"key":{"S":"canary-of-an-item"}}}"#,
        Some("PutItem") => r#"{"__type":"ValidationException","message":"canary-of-an-answer"}"#,
        _ => "canary-of-an-answer",
    };
    let failed = target.ends_with("PutItem") || body.is_empty();
    let status = if failed { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    (status, [("set-cookie", "canary-cookie"), ("x-amzn-requestid", "canary-of-a-header")], text)
}

/// Real calls, with something secret wherever there is room for it. Server and clients are on this thread.
async fn carry() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, axum::Router::new().fallback(answer)).into_future());

    let credentials = Credentials::new("canary-of-a-header", "canary-secret-key", None, None, "test");
    let secrets = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("local"))
        .credentials_provider(credentials.clone())
        .endpoint_url(&base);
    let secrets = aws_sdk_secretsmanager::Client::from_conf(secrets.build());
    let got = secrets.get_secret_value().secret_id("canary-of-a-request").send().await.unwrap();
    assert_eq!(got.secret_string(), Some("canary-secret-string"));

    let table = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("local"))
        .credentials_provider(credentials)
        .endpoint_url(&base);
    let table = aws_sdk_dynamodb::Client::from_conf(table.build());
    let key = || AttributeValue::S("canary-of-a-request".to_owned());
    assert!(table.get_item().table_name("t").key("key", key()).send().await.is_ok());
    assert!(table.put_item().table_name("t").item("key", key()).send().await.is_err());

    let http = reqwest::Client::new();
    let url = format!("{base}/canary-of-a-query?code=canary-of-a-query");
    for body in ["canary-of-a-request", ""] {
        let call = http.post(&url).header("authorization", "canary-of-a-header").body(body);
        assert_eq!(call.send().await.unwrap().text().await.unwrap(), "canary-of-an-answer");
    }
    // Nobody is there.
    server.abort();
    drop(server.await);
    let gone = http.post(&url).bearer_auth("canary-of-a-header").body("canary-of-a-request").send().await;
    assert!(gone.is_err());
}

/// What no version of a library says, and any might.
fn say_it_all() {
    let secret = "canary-of-a-request";
    let span = tracing::error_span!(target: "aws_smithy_runtime::client", "call", body = secret);
    let inner =
        span.in_scope(|| tracing::info_span!(target: "hyper::proto", "read", late = tracing::field::Empty));
    inner.record("late", secret);
    inner.in_scope(|| {
        tracing::error!(target: "lambda_runtime::layers::panic", error = secret, "{secret}");
        tracing::warn!(target: "hyper::proto::h1::role", "illegal Content-Length value: {secret}");
        tracing::warn!(target: "commons::of_somebody", secret);
        tracing::info!(target: "aws_config::profile", secret);
        tracing::error!(target: "log", module = "reqwest", "{secret}");
        tracing::warn!(target: "common::store", "a sentence of ours");
    });
}

/// Run by the test below in a process of its own, whose standard error is the log.
#[tokio::test]
#[ignore = "only the log it writes is looked at"]
async fn with_the_filter() {
    common::telemetry::init_library_logs();
    carry().await;
    say_it_all();
}

/// The same without our filter, for comparison.
#[tokio::test]
#[ignore = "only the log it writes is looked at"]
async fn without_the_filter() {
    let (tape, _recording) = recording::said();
    carry().await;
    eprintln!("{}", tape.text());
}

/// What one of the two logs when everything is switched on, the AWS SDK's own switches included.
fn log_of(name: &str, rust_log: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("library_logs::{name}"), "--ignored", "--nocapture"])
        .env("RUST_LOG", rust_log)
        .envs([("LOG_SENSITIVE_BODIES", "true"), ("LOG_SIGNABLE_BODY", "true")])
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{log}");
    log
}

#[test]
fn whatever_is_asked_for_no_library_says_what_it_carries() {
    for asked in ASKED {
        let log = log_of("with_the_filter", asked);
        for canary in CANARIES {
            assert!(!log.contains(canary), "{canary} is in the log with RUST_LOG={asked}: {log}");
        }
        for line in log.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let ours = line["target"] == "common::store";
            assert!(ours || (line.get("fields").is_none() && line.get("span").is_none()), "{line}");
        }
    }
}

#[test]
fn without_the_filter_all_of_it_would_be_there() {
    let log = log_of("without_the_filter", "");
    for canary in SAID {
        assert!(log.contains(canary), "{canary} was not said by any library: {log}");
    }
}

#[tokio::test]
async fn our_own_sentences_and_the_places_of_warnings_are_written() {
    let (tape, recording) = recording::written("trace");
    tracing::error_span!(target: "common::intake", "event", trace.id = "the trace").in_scope(say_it_all);
    drop(recording);
    let lines: Vec<Value> = tape.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let targets: Vec<_> = lines.iter().map(|line| line["target"].as_str().unwrap()).collect();
    let warned = [
        "lambda_runtime::layers::panic",
        "hyper::proto::h1::role",
        "commons::of_somebody",
        "log",
        "common::store",
    ];
    assert_eq!(targets, warned);
    for line in &lines {
        assert_eq!(line["span"]["trace.id"], "the trace", "{line}");
        assert!(line["level"] == "WARN" || line["level"] == "ERROR", "{line}");
        assert!(line["line"].is_u64() || line["fields"]["message"] == "a sentence of ours", "{line}");
    }
    let (tape, recording) = recording::written("off");
    say_it_all();
    drop(recording);
    assert_eq!(tape.text(), "");
}
