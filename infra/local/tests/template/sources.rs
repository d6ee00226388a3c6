//! What starts the functions that nobody calls: the stream and the schedule.

use std::collections::BTreeSet;

use common::haravan::webhook::Entity;
use common::intake::delivery::{EVENT_BUDGET, SIDE_BY_SIDE};
use common::store::claims::LEASE_TIME;
use common::store::inbox::Status;
use common::store::schema::inbox;
use serde_json::{Value, json};

use crate::{functions, template};

#[test]
fn each_intake_function_gets_the_ready_events_of_its_own_entity() {
    let template = template("template.yaml");
    let mut seen = BTreeSet::new();
    for function in functions(&template).iter().filter(|function| function.is_intake()) {
        let entity = [Entity::Order, Entity::Customer]
            .into_iter()
            .find(|entity| function.binary == format!("{}-intake", entity.as_str()))
            .unwrap_or_else(|| panic!("{} is named after no entity", function.binary));
        seen.insert(entity.as_str());
        let source = &function.properties["Events"]["Ready"]["Properties"];
        let patterns = source["FilterCriteria"]["Filters"].as_array().unwrap();
        assert_eq!(patterns.len(), 1, "several filters would be alternatives");
        let pattern: Value = serde_json::from_str(patterns[0]["Pattern"].as_str().unwrap()).unwrap();
        let wanted = json!({"dynamodb": {"NewImage": {
            inbox::STATUS: {"S": [Status::Ready.as_str()]},
            inbox::TOPIC: {"S": [{"prefix": entity.topic_prefix()}]},
        }}});
        assert_eq!(pattern, wanted, "{}", function.binary);
        assert_eq!(source["Stream"], json!({"Fn::GetAtt": "Tables.Outputs.InboxStreamArn"}));
        // The function names the records that failed; without this all others would come again with them.
        assert_eq!(source["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
        assert_eq!(source["BisectBatchOnFunctionError"], json!(true));
        // An event that waited for another of its batch would be cut off with it.
        assert_eq!(source["BatchSize"], json!(SIDE_BY_SIDE));
        assert_eq!(source["StartingPosition"], json!("TRIM_HORIZON"));
    }
    assert_eq!(seen, BTreeSet::from(["customer", "order"]));
}

#[test]
fn an_intake_function_outlives_an_event_and_not_its_claim() {
    let template = template("template.yaml");
    for function in functions(&template).iter().filter(|function| function.is_intake()) {
        let timeout = function.timeout();
        assert!(
            timeout > EVENT_BUDGET.as_secs(),
            "{}: an event would be cut off instead of put off",
            function.binary
        );
        assert!(timeout < LEASE_TIME.as_secs(), "{}: two workers could hold one claim", function.binary);
    }
}

#[test]
fn a_run_of_upkeep_ends_before_the_next_begins() {
    let template = template("template.yaml");
    let functions = functions(&template);
    let upkeep = functions.iter().find(|function| function.binary == "upkeep").unwrap();
    assert_eq!(
        upkeep.properties["Events"]["EveryMinute"]["Properties"]["ScheduleExpression"],
        json!("rate(1 minute)")
    );
    assert!(upkeep.timeout() < 60);
}
