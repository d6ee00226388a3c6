//! The rules of `common/LOGGING.md` against the code, and the saved queries against both.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::telemetry::Metric;

use crate::{functions, read, resources, sources_of, template};

/// Verbs in the past that do not end in `ed`.
const IRREGULAR: [&str; 9] = ["begun", "done", "left", "lost", "made", "ran", "shown", "taken", "woken"];

/// The states that an event's name may say.
const STATES: [&str; 3] = ["needs_reconnect", "incomplete", "misconfigured"];

/// Texts of the form `a.b` in the code that are no events: names of other people's making.
const NOT_EVENTS: [&str; 11] = [
    "admin.email",
    "admin.id",
    "admin.name",
    "com.read_customers",
    "com.read_orders",
    "com.read_shop",
    "custom_fields.tax",
    "haravan.com",
    "hub.challenge",
    "hub.mode",
    "hub.verify_token",
];

/// The product's sources, without their tests.
fn sources() -> Vec<(PathBuf, String)> {
    let all = ["common/src", "functions"].into_iter().flat_map(sources_of);
    let code = |text: String| text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    all.filter(|(path, _)| !is_tests(path)).map(|(path, text)| (path, code(text))).collect()
}

fn is_tests(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.ends_with("stub.rs")
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The texts of the code that look like an event's name, without fields and templates.
fn events_in_the_code() -> BTreeSet<String> {
    let fields = fields_in_the_code();
    let mut events = BTreeSet::new();
    for (_, code) in sources() {
        for text in code.split('"') {
            if let Some((noun, verb)) = text.split_once('.')
                && is_word(noun)
                && is_word(verb)
                && verb != "html"
                && !NOT_EVENTS.contains(&text)
                && !fields.contains(text)
            {
                events.insert(text.to_owned());
            }
        }
    }
    events
}

/// The names in `.with("…", …)` of lines.
fn fields_in_the_code() -> BTreeSet<String> {
    let mut fields = BTreeSet::from(["event".to_owned(), "function".to_owned()]);
    for (_, code) in sources() {
        for after in code.split(".with(").skip(1) {
            let name = after.trim_start().strip_prefix('"').and_then(|text| text.split('"').next());
            fields.extend(name.map(str::to_owned));
        }
    }
    // Those that the line itself adds.
    fields.extend(["trace.id".to_owned(), "invocation.trace".to_owned()]);
    fields
}

/// The names in the first column of the table below a heading.
fn listed(heading: &str) -> BTreeSet<String> {
    let rules = read("common/LOGGING.md");
    let (_, section) = rules.split_once(&format!("\n## {heading}\n")).expect("the heading is there");
    let rows =
        section.split("\n## ").next().unwrap_or_default().lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_event_is_listed_and_everything_listed_is_said() {
    assert_eq!(events_in_the_code(), listed("Every event"));
}

#[test]
fn every_field_is_listed_and_everything_listed_is_used() {
    assert_eq!(fields_in_the_code(), listed("Fields"));
}

#[test]
fn the_samples_wait_for_events_that_are_said() {
    let script = read(".ci/lambda");
    let waited: Vec<&str> = script.lines().filter_map(|line| line.strip_prefix("expect_line ")).collect();
    assert!(waited.len() > 3, "{waited:?}");
    let said = events_in_the_code();
    assert!(waited.iter().all(|event| said.contains(*event)), "{waited:?}");
}

#[test]
fn an_event_is_named_after_a_subject_and_what_happened_to_it() {
    for event in events_in_the_code() {
        let (_, verb) = event.split_once('.').unwrap();
        let past = verb.split('_').any(|word| word.ends_with("ed") || IRREGULAR.contains(&word));
        assert!(past || STATES.contains(&verb), "{event}");
    }
}

#[test]
fn every_metric_is_counted_on_a_line() {
    let code: String = sources()
        .into_iter()
        .filter(|(path, _)| !path.ends_with("telemetry.rs"))
        .map(|(_, code)| code)
        .collect();
    for metric in Metric::ALL {
        assert!(code.contains(&format!("Metric::{metric:?}")), "nobody counts {metric:?}");
    }
}

#[test]
fn no_line_takes_a_secret_a_person_or_what_they_wrote() {
    let forbidden =
        ["expose_secret", "phone", "email", "body", "signature", "password", "address", "url", "name()"];
    for (path, code) in sources() {
        let begins = ["Line::new(", ".line(FUNCTION", " line(\""];
        for line in begins.iter().flat_map(|begin| code.split(begin).skip(1)) {
            let said = line.split(".emit()").next().unwrap().split(';').next().unwrap().to_lowercase();
            for word in forbidden {
                assert!(!said.contains(word), "{path:?} logs {word}: {said}");
            }
        }
    }
}

#[test]
fn only_the_crm_is_told_of_traces() {
    let callers: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|(path, code)| code.contains("traceparent") && !path.ends_with("trace.rs"))
        .map(|(path, _)| path)
        .collect();
    assert!(matches!(&callers[..], [path] if path.ends_with("getfly/client.rs")), "{callers:?}");
}

#[test]
fn the_saved_queries_ask_for_what_is_said() {
    let stack = template("infra/dashboard.yaml");
    let queries = resources(&stack, "AWS::Logs::QueryDefinition");
    assert_eq!(queries.keys().copied().collect::<Vec<_>>(), ["TraceQuery", "UsageQuery"]);
    let fields = fields_in_the_code();
    let known = |name: &str| {
        let name = name.trim_matches('`').trim_start_matches("span.");
        fields.contains(name) || Metric::ALL.iter().any(|metric| metric.name() == name)
    };
    for (name, query) in &queries {
        let text = query["Properties"]["QueryString"].as_str().unwrap();
        let sums = text.split("sum(").skip(1).map(|after| after.split(')').next().unwrap());
        let filters =
            text.split(['(', ' ', ',', '\n']).filter(|word| word.contains('.') && !word.contains('"'));
        for asked in sums.chain(filters.map(|word| word.split(')').next().unwrap())) {
            assert!(known(asked), "{name} asks for {asked}");
        }
    }
    let groups = queries["UsageQuery"]["Properties"]["LogGroupNames"].as_array().unwrap().len();
    let told = &template("template.yaml")["Resources"]["Dashboard"]["Properties"]["Parameters"];
    for function in functions(&template("template.yaml")) {
        let logs = told[format!("{}Logs", function.name)]["Ref"].as_str();
        assert!(groups == 4 && logs.is_none_or(|logs| logs == format!("{}Logs", function.name)));
    }
}
