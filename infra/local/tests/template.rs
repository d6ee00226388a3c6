//! Holds `template.yaml`, `infra/tables.yaml` and the samples in `events/` against the code: what is deployed is what the
//! code was written for.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect must fail there and then"
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aws_lambda_events::event::dynamodb::Event;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::config::Env;
use common::connect::flow::Step;
use common::haravan::webhook::{Entity, ORG_HEADER, SIGNATURE_HEADER, Signature, TOPIC_HEADER, Topic};
use common::intake::delivery::{EVENT_BUDGET, SIDE_BY_SIDE};
use common::runtime::{ConnectSettings, GrantSettings, IntakeSettings, PagesSettings, Settings};
use common::store::claims::LEASE_TIME;
use common::store::inbox::{EventKey, Status};
use common::store::schema::{TABLES, Table, inbox};
use local::seed;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// Settings for one machine only: a deployed function that had them would read a file or call loopback.
const LOCAL_ONLY: [&str; 2] = ["KEY_RING_FILE", "ALLOW_LOOPBACK"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A template as JSON, CloudFormation's short forms spelled out: `!Ref X` is `{"Ref": "X"}`.
fn template(path: &str) -> Value {
    let text = read(path);
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    match documents.as_slice() {
        [document] => spelled_out(document),
        _ => panic!("{path} is not one document"),
    }
}

fn spelled_out(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(items) => items.iter().map(spelled_out).collect(),
        Yaml::Mapping(fields) => fields
            .iter()
            .map(|(name, value)| {
                (name.as_str().expect("a field's name is text").to_owned(), spelled_out(value))
            })
            .collect::<Map<_, _>>()
            .into(),
        Yaml::Tagged(tag, value) => match tag.suffix.as_str() {
            "Ref" => json!({"Ref": spelled_out(value)}),
            function => json!({format!("Fn::{function}"): spelled_out(value)}),
        },
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => panic!("not plain YAML: {yaml:?}"),
    }
}

fn resources<'a>(template: &'a Value, kind: &str) -> BTreeMap<&'a str, &'a Value> {
    let all = template["Resources"].as_object().expect("a template has resources");
    all.iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name.as_str(), resource))
        .collect()
}

/// A function of the template.
struct Function {
    binary: String,
    properties: Value,
}

impl Function {
    fn timeout(&self) -> u64 {
        self.properties["Timeout"].as_u64().unwrap_or_else(|| panic!("{} has no time-out", self.binary))
    }

    /// The names in its environment, those of every function included.
    fn variables(&self, template: &Value) -> BTreeSet<String> {
        let of = |environment: &Value| -> Vec<String> {
            environment["Variables"]
                .as_object()
                .map(|variables| variables.keys().cloned().collect())
                .unwrap_or_default()
        };
        [of(&template["Globals"]["Function"]["Environment"]), of(&self.properties["Environment"])]
            .concat()
            .into_iter()
            .collect()
    }

    fn main(&self) -> String {
        read(&format!("functions/{}/src/main.rs", self.binary))
    }

    fn is_intake(&self) -> bool {
        self.main().contains("IntakeSettings::read(")
    }
}

fn functions(template: &Value) -> Vec<Function> {
    resources(template, "AWS::Serverless::Function")
        .values()
        .map(|resource| Function {
            binary: resource["Metadata"]["BuildProperties"]["Binary"]
                .as_str()
                .expect("a function names its binary")
                .to_owned(),
            properties: resource["Properties"].clone(),
        })
        .collect()
}

/// The names a function's settings are read from, and those among them that must be there.
struct Names {
    read: BTreeSet<String>,
    required: BTreeSet<String>,
}

fn names(function: &Function) -> Names {
    let read = RefCell::new(BTreeSet::new());
    let record = |name: &str| {
        read.borrow_mut().insert(name.to_owned());
        None
    };
    let mut env = Env::new(&record);
    let main = function.main();
    if main.contains("IntakeSettings::read(") {
        IntakeSettings::read(&mut env);
    } else if main.contains("ConnectSettings::read(") {
        ConnectSettings::read(&mut env);
    } else if main.contains("GrantSettings::read(") {
        GrantSettings::read(&mut env);
    } else {
        Settings::read(&mut env);
    }
    if main.contains("PagesSettings::read(") {
        PagesSettings::read(&mut env);
    }
    let faults = env.finish(()).expect_err("nothing is set").to_string();
    let mut read = read.into_inner();
    let required =
        read.iter().filter(|name| faults.contains(&format!("{name} is not set"))).cloned().collect();
    // What a main reads for itself.
    for reader in ["env.required(\"", "env.optional(\"", "env.or(\""] {
        read.extend(main.split(reader).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
    }
    Names { read, required }
}

fn keys(table: &Table) -> Value {
    let hash = json!({"AttributeName": table.partition_key, "KeyType": "HASH"});
    match table.sort_key {
        None => json!([hash]),
        Some(sort) => json!([hash, {"AttributeName": sort, "KeyType": "RANGE"}]),
    }
}

/// The logical name of a table in the templates: `inbox` is `Inbox`.
fn logical(table: &Table) -> String {
    let (first, rest) = table.name.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

#[test]
fn the_deployed_tables_are_those_of_the_schema() {
    let template = template("infra/tables.yaml");
    let deployed = resources(&template, "AWS::DynamoDB::Table");
    assert_eq!(deployed.len(), TABLES.len());
    for table in &TABLES {
        let properties = &deployed[logical(table).as_str()]["Properties"];
        assert_eq!(properties["KeySchema"], keys(table), "{}", table.name);

        let mut attributes = json!([{"AttributeName": table.partition_key, "AttributeType": "S"}]);
        let list = attributes.as_array_mut().unwrap();
        list.extend(table.sort_key.map(|sort| json!({"AttributeName": sort, "AttributeType": "S"})));
        let index = table.index.map(|(name, partition, sort)| {
            list.push(json!({"AttributeName": partition, "AttributeType": "S"}));
            list.push(json!({"AttributeName": sort, "AttributeType": "N"}));
            json!([{
                "IndexName": name,
                "KeySchema": [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }])
        });
        assert_eq!(properties["AttributeDefinitions"], attributes, "{}", table.name);
        assert_eq!(properties["GlobalSecondaryIndexes"], index.unwrap_or_default(), "{}", table.name);

        let expiry = table
            .ttl
            .map(|attribute| json!({"AttributeName": attribute, "Enabled": true}))
            .unwrap_or_default();
        assert_eq!(properties["TimeToLiveSpecification"], expiry, "{}", table.name);
        let stream = if table.stream { json!({"StreamViewType": "NEW_IMAGE"}) } else { Value::Null };
        assert_eq!(properties["StreamSpecification"], stream, "{}", table.name);
    }
}

#[test]
fn no_table_can_be_lost_with_its_stack() {
    let template = template("infra/tables.yaml");
    for (name, table) in resources(&template, "AWS::DynamoDB::Table") {
        assert_eq!(
            (&table["DeletionPolicy"], &table["UpdateReplacePolicy"]),
            (&json!("Retain"), &json!("Retain")),
            "{name}"
        );
        let properties = &table["Properties"];
        assert_eq!(properties["DeletionProtectionEnabled"], json!(true), "{name}");
        assert_eq!(
            properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
            json!(true),
            "{name}"
        );
        assert_eq!(properties["SSESpecification"]["SSEEnabled"], json!(true), "{name}");
        assert_eq!(properties["BillingMode"], json!("PAY_PER_REQUEST"), "{name}");
    }
}

#[test]
fn every_function_crate_is_deployed_once_from_its_own_folder() {
    let template = template("template.yaml");
    let crates: BTreeSet<String> = std::fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let deployed = functions(&template);
    assert_eq!(deployed.iter().map(|function| function.binary.clone()).collect::<BTreeSet<_>>(), crates);
    assert_eq!(deployed.len(), crates.len());
    for function in &deployed {
        assert_eq!(function.properties["CodeUri"], json!(format!("functions/{}", function.binary)));
        let manifest = read(&format!("functions/{}/Cargo.toml", function.binary));
        assert!(manifest.contains(&format!("[[bin]]\nname = \"{}\"", function.binary)), "{manifest}");
    }
}

#[test]
fn every_function_gets_the_settings_it_needs_and_none_it_does_not_read() {
    let template = template("template.yaml");
    for function in functions(&template) {
        let given = function.variables(&template);
        let names = names(&function);
        assert!(!names.required.is_empty(), "{}", function.binary);
        assert_eq!(
            names.required.difference(&given).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "{} misses",
            function.binary
        );
        assert_eq!(
            given.difference(&names.read).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "{} ignores",
            function.binary
        );
        assert!(LOCAL_ONLY.iter().all(|name| !given.contains(*name)), "{}", function.binary);
    }
}

#[test]
fn the_readme_names_every_setting_a_function_reads() {
    let readme = read("README.md");
    let template = template("template.yaml");
    for function in functions(&template) {
        for name in names(&function).read {
            assert!(readme.contains(&format!("`{name}`")), "README.md does not name {name}");
        }
    }
}

#[test]
fn every_function_is_told_the_tables_by_their_names() {
    let (template, tables) = (template("template.yaml"), template("infra/tables.yaml"));
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    for table in &TABLES {
        let (variable, logical) = (format!("{}_TABLE", table.name.to_uppercase()), logical(table));
        assert_eq!(variables[variable], json!({"Fn::GetAtt": format!("Tables.Outputs.{logical}Name")}));
        assert_eq!(tables["Outputs"][format!("{logical}Name")]["Value"], json!({"Ref": logical}));
    }
    assert_eq!(template["Resources"]["Tables"]["Properties"]["TemplateURL"], json!("infra/tables.yaml"));
}

#[test]
fn upkeep_wakes_as_many_events_as_the_code_does_by_itself() {
    let template = template("template.yaml");
    let default = &template["Parameters"]["WakePerTenant"]["Default"];
    assert_eq!(default.as_u64(), u64::try_from(upkeep::Limits::default().per_tenant).ok());
}

#[test]
fn upkeep_reconciles_as_often_as_the_code_does_by_itself() {
    let template = template("template.yaml");
    let default = &template["Parameters"]["ReconcileMinutes"]["Default"];
    let minutes = upkeep::Limits::default().reconcile_every.as_secs() / 60;
    assert_eq!(default.as_u64(), Some(minutes));
    let main = read("functions/upkeep/src/main.rs");
    assert!(main.contains(&format!("env.or(\"RECONCILE_MINUTES\", {minutes}_u32,")));
}

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

#[test]
fn no_role_may_do_more_than_named_verbs_on_named_resources() {
    // Services that cannot limit these to a resource.
    let unlimited = ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "dynamodb:ListStreams"];
    let template = template("template.yaml");
    let roles = resources(&template, "AWS::IAM::Role");
    for function in functions(&template) {
        let role =
            function.properties["Role"]["Fn::GetAtt"].as_str().and_then(|role| role.strip_suffix(".Arn"));
        let role = role.unwrap_or_else(|| panic!("{} has no role of its own", function.binary));
        assert!(roles.contains_key(role), "{role}");
        assert!(function.properties["Policies"].is_null(), "{} gets verbs beside its role", function.binary);
    }
    assert_eq!(roles.len(), functions(&template).len(), "a role is shared or idle");
    for (name, role) in &roles {
        assert!(role["Properties"]["ManagedPolicyArns"].is_null(), "{name}");
        for policy in role["Properties"]["Policies"].as_array().unwrap() {
            for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
                let statement = statement.pointer("/Fn::If/1").unwrap_or(statement);
                let actions = match &statement["Action"] {
                    Value::Array(actions) => actions.clone(),
                    action => vec![action.clone()],
                };
                for action in actions {
                    let action = action.as_str().unwrap();
                    assert!(!action.contains('*'), "{name}: {action}");
                    let anywhere = statement["Resource"] == json!("*");
                    assert!(!anywhere || unlimited.contains(&action), "{name}: {action} on everything");
                }
            }
        }
    }
}

#[test]
fn only_who_writes_items_may_put_them_and_only_one_time_items_are_deleted() {
    let template = template("template.yaml");
    let roles = resources(&template, "AWS::IAM::Role");
    // The roles that may do something to a table, or to anything.
    let may = |verb: &str, table: Option<&str>| -> BTreeSet<&str> {
        let names_it = |statement: &Value| {
            statement.to_string().contains(&format!("\"{verb}\""))
                && table.is_none_or(|table| statement["Resource"].to_string().contains(table))
        };
        let allowed = |role: &&Value| {
            let policies = role["Properties"]["Policies"].as_array().unwrap().iter();
            let mut statements =
                policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
            statements.any(names_it)
        };
        roles.iter().filter(|(_, role)| allowed(role)).map(|(name, _)| *name).collect()
    };
    assert_eq!(may("dynamodb:PutItem", Some("InboxArn")), BTreeSet::from(["UpkeepRole", "WebhookRole"]));
    for table in ["InboxArn", "TenantsArn", "DedupArn"] {
        assert_eq!(may("dynamodb:DeleteItem", Some(table)), BTreeSet::new(), "{table}");
    }
    assert_eq!(may("dynamodb:PutItem", Some("TenantsArn")), BTreeSet::from(["ConsoleRole"]));
    assert_eq!(may("dynamodb:Scan", None), BTreeSet::new());
    assert_eq!(
        may("secretsmanager:GetSecretValue", None),
        BTreeSet::from([
            "ConsoleRole",
            "CustomerIntakeRole",
            "OauthGrantRole",
            "OauthLoginRole",
            "OrderIntakeRole",
            "UpkeepRole",
            "WebhookRole"
        ])
    );
}

#[test]
fn the_sample_callbacks_go_where_the_functions_listen() {
    for (sample, step) in [
        ("oauth-login-ticket", Step::Login),
        ("oauth-login-launch", Step::Login),
        ("oauth-login-callback", Step::Login),
        ("oauth-grant-callback", Step::Install),
    ] {
        let sample: Value = serde_json::from_str(&read(&format!("events/{sample}.json"))).unwrap();
        assert_eq!(sample["rawPath"], json!(step.path()));
        assert_eq!(sample["requestContext"]["http"]["path"], json!(step.path()));
    }
}

#[test]
fn the_sample_stream_records_are_what_the_sample_deliveries_become() {
    // Signs the protocol's fixtures, of which the samples are made.
    let secret = "hrv_test_client_secret".into();
    for (delivery, intake) in [("webhook-order", "order-intake"), ("webhook-customer", "customer-intake")] {
        let delivery: Value = serde_json::from_str(&read(&format!("events/{delivery}.json"))).unwrap();
        assert_eq!(delivery["rawPath"], json!(format!("/api/haravan/webhook/{}", seed::TENANT)));
        assert_eq!(delivery["headers"][ORG_HEADER], json!(seed::ORG.to_string()));
        let header = |name: &str| delivery["headers"][name].as_str().unwrap();
        let body = STANDARD.decode(delivery["body"].as_str().unwrap()).unwrap();
        let signature: Signature = header(SIGNATURE_HEADER).parse().unwrap();
        let head = signature.verify(&body, [&secret]).expect("the sample is signed").head().unwrap();
        let topic: Topic = header(TOPIC_HEADER).parse().unwrap();
        let key = EventKey::of(&seed::TENANT.parse().unwrap(), topic, head.id, &body);

        let text = read(&format!("events/{intake}.json"));
        let read: Event = serde_json::from_str(&text).expect("the function can read its sample");
        assert_eq!(read.records.len(), 1);
        let record: Value = serde_json::from_str::<Value>(&text).unwrap()["Records"][0]["dynamodb"].clone();
        assert_eq!(record["Keys"], json!({inbox::KEY: {"S": key.entity}, inbox::DIGEST: {"S": key.digest}}));
        // As the filter lets it through.
        assert_eq!(record["NewImage"][inbox::STATUS], json!({"S": Status::Ready.as_str()}));
        assert_eq!(record["NewImage"][inbox::TOPIC], json!({"S": topic.as_str()}));
        assert_eq!(intake, format!("{}-intake", topic.entity().as_str()));
    }
}
