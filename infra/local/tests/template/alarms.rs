//! Alarms, dashboard and runbooks against the metrics of the code.

use std::collections::{BTreeMap, BTreeSet};

use common::telemetry::{Metric, NAMESPACE};
use serde_json::Value;

use crate::{code, functions, read, resources, template};

/// What is counted and calls nobody: the ordinary, what a person did, and what is tried again. A new metric goes here or
/// into an alarm.
const QUIET: [&str; 20] = [
    "EventDone",
    "EventDelayed",
    "ClaimLost",
    "EventWoken",
    "EventImported",
    "ConnectStarted",
    "ConnectDone",
    "ConnectRefused",
    "TokenRefreshed",
    "ShopSuspected",
    "PageConnectStarted",
    "PageConnected",
    "PageConnectRefused",
    "PageVerified",
    "PageDisconnected",
    "PageNotUnsubscribed",
    "PageEventStored",
    "PageEventDuplicate",
    "PageEventDropped",
    "OrphanUnsubscribed",
];

/// A metric of ours, and whose lines count it.
type Counted = (String, String);

fn alarms() -> Vec<Value> {
    ["infra/alarms.yaml", "infra/function-alarms.yaml"]
        .iter()
        .flat_map(|path| {
            let template = template(path);
            resources(&template, "AWS::CloudWatch::Alarm")
                .into_values()
                .map(|alarm| alarm["Properties"].clone())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn counted_in_alarms() -> BTreeSet<Counted> {
    let mut counted = BTreeSet::new();
    for alarm in alarms() {
        let parts = alarm["Metrics"].as_array().cloned().unwrap_or_default();
        let metrics = parts.iter().map(|part| part["MetricStat"]["Metric"].clone()).chain([alarm]);
        for metric in metrics.filter(|metric| metric["Namespace"] == NAMESPACE) {
            assert_eq!(metric["Dimensions"].as_array().map(Vec::len), Some(1), "{metric}");
            let dimension = &metric["Dimensions"][0];
            assert_eq!(dimension["Name"], "function");
            counted.insert((text(&metric["MetricName"]), text(&dimension["Value"])));
        }
    }
    counted
}

fn counted_on_the_dashboard() -> BTreeSet<Counted> {
    let template = template("infra/dashboard.yaml");
    let body = &template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0];
    let body: Value = serde_json::from_str(&text(body)).expect("the dashboard is JSON");
    let widgets = body["widgets"].as_array().expect("a dashboard has widgets");
    let metrics = widgets.iter().filter_map(|widget| widget["properties"]["metrics"].as_array()).flatten();
    metrics
        .filter(|metric| metric[0] == NAMESPACE)
        .map(|metric| {
            assert_eq!(metric[2], "function");
            (text(&metric[1]), text(&metric[3]))
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn names(counted: &BTreeSet<Counted>) -> BTreeSet<&str> {
    counted.iter().map(|(metric, _)| metric.as_str()).collect()
}

fn known() -> BTreeSet<&'static str> {
    Metric::ALL.iter().map(|metric| metric.name()).collect()
}

#[test]
fn the_dashboard_shows_every_metric_and_no_other() {
    assert_eq!(names(&counted_on_the_dashboard()), known());
}

#[test]
fn every_metric_raises_an_alarm_or_is_known_to_be_quiet() {
    let counted = counted_in_alarms();
    let (loud, quiet) = (names(&counted), BTreeSet::from(QUIET));
    assert_eq!(loud.intersection(&quiet).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert_eq!(loud.union(&quiet).copied().collect::<BTreeSet<_>>(), known());
}

#[test]
fn a_metric_is_looked_for_where_the_code_counts_it() {
    let template = template("template.yaml");
    let mut sources: BTreeMap<String, String> = functions(&template)
        .iter()
        .map(|function| {
            (
                function.binary.clone(),
                code(&format!("functions/{}/src", function.binary)) + &code("common/src"),
            )
        })
        .collect();
    // What several functions do says its own name.
    sources.insert("refresh".to_owned(), read("common/src/refresh.rs"));
    sources.insert("pages".to_owned(), code("common/src/pages"));
    for (metric, function) in counted_in_alarms().union(&counted_on_the_dashboard()) {
        let source = sources.get(function).unwrap_or_else(|| panic!("{metric}: nobody is called {function}"));
        assert!(source.contains(&format!("Metric::{metric}")), "{function} does not count {metric}");
    }
}

#[test]
fn every_alarm_has_a_runbook_and_every_runbook_an_alarm() {
    let alarms: BTreeSet<String> = alarms()
        .iter()
        .map(|alarm| {
            let description = alarm["AlarmDescription"].get("Fn::Sub").unwrap_or(&alarm["AlarmDescription"]);
            let description = text(description);
            description.split_once(" runbook: ").unwrap_or_else(|| panic!("{description}")).1.to_owned()
        })
        .collect();
    let readme = read("README.md");
    let (_, runbooks) = readme.split_once("\n### Runbooks\n").expect("the README has runbooks");
    let runbooks = runbooks.split("\n#").next().unwrap();
    let rows: BTreeSet<String> = runbooks
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name.to_owned()))
        .collect();
    assert_eq!(alarms, rows);
}

#[test]
fn every_alarm_says_what_silence_means_and_calls_somebody() {
    for alarm in alarms() {
        let what = &alarm["AlarmDescription"];
        assert!(alarm["TreatMissingData"].is_string(), "{what}");
        assert_eq!(alarm["AlarmActions"].as_array().map(Vec::len), Some(1), "{what}");
    }
}

#[test]
fn every_function_has_its_alarms_which_ring_before_its_time_is_up() {
    let (template, alarms) = (template("template.yaml"), template("infra/alarms.yaml"));
    for function in functions(&template) {
        let stack = &alarms["Resources"][format!("{}Alarms", function.name)]["Properties"];
        assert_eq!(stack["TemplateURL"], "function-alarms.yaml", "{}", function.name);
        let parameters = &stack["Parameters"];
        assert_eq!(parameters["Function"], function.binary.as_str());
        assert_eq!(parameters["FunctionName"]["Ref"], function.name.as_str());
        let most = match parameters["P99Millis"]["Ref"].as_str() {
            Some(chosen) => template["Parameters"][chosen]["MaxValue"].as_u64(),
            None => parameters["P99Millis"].as_u64(),
        };
        assert!(most.unwrap() < function.timeout() * 1000, "{}", function.name);
    }
}
