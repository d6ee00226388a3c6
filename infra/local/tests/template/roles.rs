//! What the functions may do is what they do: the roles are held to `calls.txt`, to which `tests/suite/calls.rs` holds
//! what the functions really ask of AWS.

use std::collections::{BTreeMap, BTreeSet};

use common::store::schema::TABLES;
use serde_json::{Value, json};

use crate::tables::logical;
use crate::{Function, functions, read, resources, root, template};

/// What each function asks of AWS, one `function service:Verb resource` a line.
const CALLS: &str = include_str!("calls.txt");

/// The secrets by their parameters, as the local stack calls them.
const SECRETS: [(&str, &str); 2] = [("KeyRingSecretArn", "key-ring"), ("ProviderAppsSecretArn", "apps")];

/// Lines like those of [`CALLS`].
type Lines = BTreeSet<String>;

/// What the functions' roles grant.
fn granted(template: &Value) -> Lines {
    let mut lines = Lines::new();
    for function in functions(template) {
        for statement in statements(template, role(&function)) {
            let statement = template.pointer(&statement).unwrap();
            // Nothing that turns it round, such as NotAction, and no condition.
            assert_eq!(statement.as_object().unwrap().len(), 3, "{}: {statement}", function.binary);
            assert_eq!(statement["Effect"], "Allow", "{}: {statement}", function.binary);
            for action in one_or_more(&statement["Action"]) {
                for on in one_or_more(&statement["Resource"]) {
                    lines.insert(format!("{} {} {}", function.binary, action.as_str().unwrap(), named(on)));
                }
            }
        }
    }
    lines
}

/// What they need: what they ask for, and what Lambda asks for in their name.
fn needed(template: &Value) -> Lines {
    let asked = CALLS.lines().map(str::to_owned);
    asked.chain(functions(template).iter().flat_map(by_lambda)).collect()
}

/// What no recorder sees, because Lambda and Secrets Manager do it with the function's role.
fn by_lambda(function: &Function) -> Lines {
    let Function { name, binary, properties } = function;
    let mut lines = Lines::new();
    let mut may = |verbs: &[&str], on: &str| {
        lines.extend(verbs.iter().map(|verb| format!("{binary} {verb} {on}")));
    };
    may(&["logs:CreateLogStream", "logs:PutLogEvents"], &format!("{name}Logs.Arn"));
    // X-Ray's writes cannot be limited to a resource.
    may(&["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*");
    if function.is_intake() {
        let stream = "Tables.Outputs.InboxStreamArn";
        may(&["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], stream);
        // Takes no resource.
        may(&["dynamodb:ListStreams"], "*");
    }
    let events = properties["Events"].as_object().into_iter().flat_map(|events| events.values());
    let sources = events.map(|event| &event["Properties"]).chain([&properties["EventInvokeConfig"]]);
    for failures in sources.map(|source| &source["DestinationConfig"]["OnFailure"]["Destination"]) {
        if !failures.is_null() {
            may(&["sqs:SendMessage"], &named(failures));
        }
    }
    // A secret with a key of the operator's is opened in the name of who reads it; they all read the key ring.
    may(&["kms:Decrypt"], "SecretsKmsKeyArn");
    lines
}

/// Where what is granted and what is needed differ, a line each.
fn differences(granted: &Lines, needed: &Lines) -> Vec<String> {
    let idle = granted.difference(needed).map(|line| format!("granted and never asked for: {line}"));
    let missing = needed.difference(granted).map(|line| format!("asked for and not granted: {line}"));
    idle.chain(missing).collect()
}

/// The name of a function's role.
fn role(function: &Function) -> &str {
    let role = function.properties["Role"]["Fn::GetAtt"].as_str().and_then(|role| role.strip_suffix(".Arn"));
    role.unwrap_or_else(|| panic!("{} has no role of its own", function.binary))
}

/// Pointers to a role's statements, those under a condition included.
fn statements(template: &Value, role: &str) -> Vec<String> {
    let policies = format!("/Resources/{role}/Properties/Policies");
    let mut found = Vec::new();
    for policy in 0..template.pointer(&policies).unwrap().as_array().unwrap().len() {
        let all = format!("{policies}/{policy}/PolicyDocument/Statement");
        for (number, statement) in template.pointer(&all).unwrap().as_array().unwrap().iter().enumerate() {
            if statement["Fn::If"].is_null() {
                found.push(format!("{all}/{number}"));
            } else {
                found.extend([1, 2].map(|branch| format!("{all}/{number}/Fn::If/{branch}")));
            }
        }
    }
    let nothing = json!({"Ref": "AWS::NoValue"});
    found.retain(|statement| template.pointer(statement) != Some(&nothing));
    found
}

fn one_or_more(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// A resource as calls name it; what they cannot name, as the template does.
fn named(resource: &Value) -> String {
    let text = ["Fn::GetAtt", "Fn::Sub", "Ref"].iter().find_map(|form| resource[form].as_str());
    let text = text.or(resource.as_str()).unwrap_or_else(|| panic!("{resource} is not understood"));
    if let Some((_, secret)) = SECRETS.iter().find(|(parameter, _)| *parameter == text) {
        return (*secret).to_owned();
    }
    let table = TABLES.iter().find_map(|table| {
        let arn = format!("Tables.Outputs.{}Arn", logical(table));
        (text == arn).then(|| table.name.to_owned()).or_else(|| {
            text.strip_prefix(&format!("${{{arn}}}")).map(|index| format!("{}{index}", table.name))
        })
    });
    table.unwrap_or_else(|| text.to_owned())
}

#[test]
fn a_role_grants_what_its_function_asks_for_and_nothing_else() {
    let template = template("template.yaml");
    let differences = differences(&granted(&template), &needed(&template));
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn a_function_has_one_role_and_nothing_beside_it() {
    let template = template("template.yaml");
    let roles = resources(&template, "AWS::IAM::Role");
    for function in functions(&template) {
        assert!(roles.contains_key(role(&function)), "{}", function.binary);
        assert!(function.properties["Policies"].is_null(), "{} gets verbs beside its role", function.binary);
    }
    assert_eq!(roles.len(), functions(&template).len(), "a role is shared or idle");
    for (name, role) in &roles {
        assert!(role["Properties"]["ManagedPolicyArns"].is_null(), "{name}");
    }
    let nested = std::fs::read_dir(root().join("infra")).unwrap().map(|entry| entry.unwrap().path());
    let nested = nested.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let texts = nested.map(|path| std::fs::read_to_string(path).unwrap()).chain([read("template.yaml")]);
    let kinds: usize = texts.map(|text| text.matches("AWS::IAM::").count()).sum();
    assert_eq!(kinds, roles.len(), "verbs are granted elsewhere");
}

/// Pointers to the statements of all roles.
fn all_statements(template: &Value) -> Vec<String> {
    functions(template).iter().flat_map(|function| statements(template, role(function))).collect()
}

/// What is granted with other values in one field of one statement.
fn granted_with(template: &mut Value, statement: &str, field: &str, values: Vec<Value>) -> Lines {
    let before = template.pointer(statement).unwrap()[field].clone();
    template.pointer_mut(statement).unwrap()[field] = values.into();
    let granted = granted(template);
    template.pointer_mut(statement).unwrap()[field] = before;
    granted
}

#[test]
fn a_verb_or_a_resource_less_is_noticed() {
    let mut template = template("template.yaml");
    let needed = needed(&template);
    for statement in all_statements(&template) {
        for field in ["Action", "Resource"] {
            let all = one_or_more(&template.pointer(&statement).unwrap()[field]).to_vec();
            for left_out in &all {
                let rest = all.iter().filter(|value| *value != left_out).cloned().collect();
                let narrower = granted_with(&mut template, &statement, field, rest);
                let differences = differences(&narrower, &needed);
                assert!(!differences.is_empty(), "{statement} without {left_out}");
                assert!(differences.iter().all(|line| line.contains("not granted")), "{differences:#?}");
            }
        }
    }
}

#[test]
fn a_verb_or_a_resource_more_is_noticed() {
    let mut template = template("template.yaml");
    let (before, needed) = (granted(&template), needed(&template));
    let statements = all_statements(&template);
    let all_of = |field: &str| -> Vec<Value> {
        let all = statements.iter().flat_map(|one| one_or_more(&template.pointer(one).unwrap()[field]));
        let all: BTreeMap<String, Value> = all.map(|value| (value.to_string(), value.clone())).collect();
        all.into_values().collect()
    };
    let mut verbs = all_of("Action");
    verbs.extend(["dynamodb:Scan", "dynamodb:*", "*"].map(Value::from));
    let more = [("Action", verbs), ("Resource", all_of("Resource"))];
    for statement in &statements {
        for (field, values) in &more {
            let has = one_or_more(&template.pointer(statement).unwrap()[*field]).to_vec();
            for value in values {
                let values = [has.as_slice(), std::slice::from_ref(value)].concat();
                let wider = granted_with(&mut template, statement, field, values);
                // Another statement may grant it already.
                if wider != before {
                    let differences = differences(&wider, &needed);
                    assert!(!differences.is_empty(), "{statement} with {value}");
                    assert!(
                        differences.iter().all(|line| line.contains("never asked for")),
                        "{differences:#?}"
                    );
                }
            }
        }
    }
}
