//! One trace from the webhook to the CRM (design: observability).

use std::collections::BTreeSet;
use std::process::Command;

use common::store::inbox::Status;
use common::store::inbox::address::event_id;
use connect_tests::getfly::Fault;
use serde_json::{Value, json};

use crate::harness::World;
use crate::verbs::{CREATE_ORDER, edited, paid_order};

/// Run by the tests below in a process of its own, whose standard error is the log. An order whose first try meets a CRM
/// that is down, with another order beside it.
#[tokio::test]
#[ignore = "only the log it writes is looked at"]
async fn an_order_on_its_way() {
    common::telemetry::init_library_logs();
    let world = World::start().await;
    world.getfly().push_fault(CREATE_ORDER, Fault::Status(500));
    let event = world.carry("orders/create", &paid_order()).await;
    assert_eq!((event.status, event.attempts), (Status::Done, 1), "{event:?}");
    let calls: Vec<Value> = world
        .getfly()
        .requests()
        .iter()
        .map(|request| json!({"traceparent": request.traceparent, "headers": request.headers}))
        .collect();
    world.carry("orders/create", &edited(&paid_order(), |body| body["id"] = 777.into())).await;

    let id = event_id(&event.key);
    let shown = world.operate(&["--json", "events", "show", "--tenant", "hat-mam", &id]).await.json();
    let words = world.operate(&["events", "show", "--tenant", "hat-mam", &id]).await.out;
    let trace = shown["trace_id"].as_str().unwrap();
    assert!(words.contains(trace), "{words}");
    let mut admin = world.admin().await;
    admin.open(&format!("/console/activity/{id}")).await.says("Mã theo dõi").says(trace);
    eprintln!("{}", json!({"found": {"key": event.key.entity, "trace": trace, "calls": calls}}));
}

/// The lines of a process that this X-Ray header was handed to, and what the test itself found.
pub fn lines(xray: Option<&str>) -> (Vec<Value>, Value) {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "trace::an_order_on_its_way", "--ignored", "--nocapture"]);
    process.env("RUST_LOG", "warn,common=debug").env_remove("_X_AMZN_TRACE_ID");
    let output = process.envs(xray.map(|header| ("_X_AMZN_TRACE_ID", header))).output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let mut lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let at = lines.iter().position(|line| line["found"].is_object()).unwrap();
    let found = lines.remove(at)["found"].clone();
    (lines, found)
}

#[test]
fn an_orders_trace_is_one_from_the_webhook_to_the_crm_and_to_the_operator() {
    let (lines, found) = lines(None);
    let trace = found["trace"].as_str().unwrap();
    let of_order: Vec<&Value> = lines.iter().filter(|line| line["event.key"] == found["key"]).collect();
    let events: BTreeSet<&str> = of_order.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(events, BTreeSet::from(["webhook.stored", "event.delayed", "event.woken", "event.done"]));
    for line in of_order {
        assert_eq!(line["trace.id"], trace, "{line}");
        assert_eq!(line["tenant"], "hat-mam", "{line}");
    }
    let others: BTreeSet<String> = lines
        .iter()
        .filter(|line| line["event.key"].is_string() && line["event.key"] != found["key"])
        .map(|line| line["trace.id"].to_string())
        .collect();
    assert_eq!(others.len(), 1, "the other order has a trace of its own");
    assert!(!others.contains(&format!("\"{trace}\"")));

    let calls = found["calls"].as_array().unwrap();
    assert!(calls.len() > 4, "{calls:?}");
    let spans: BTreeSet<&str> = calls
        .iter()
        .map(|call| {
            let header = call["traceparent"].as_str().unwrap();
            let (_, span) = header.split_once(&format!("00-{trace}-")).expect(header);
            span
        })
        .collect();
    assert_eq!(spans.len(), calls.len(), "every call is a span of its own");
}

#[test]
fn a_call_to_the_crm_says_nothing_besides() {
    let (_, found) = lines(None);
    for call in found["calls"].as_array().unwrap() {
        for header in call["headers"].as_array().unwrap() {
            let known = [
                "accept",
                "content-length",
                "content-type",
                "host",
                "traceparent",
                "user-agent",
                "x-api-key",
            ];
            assert!(known.contains(&header.as_str().unwrap()), "{call}");
        }
    }
}

#[test]
fn in_lambda_the_trace_is_that_of_x_ray() {
    let (lines, found) =
        lines(Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"));
    assert_eq!(found["trace"], "5759e988bd862e3fe1be46a994272793");
    for line in lines.iter().filter(|line| line["function"].is_string()) {
        assert_eq!(line["trace.id"], found["trace"], "{line}");
        assert!(line.get("invocation.trace").is_none(), "said once is enough: {line}");
    }
}
