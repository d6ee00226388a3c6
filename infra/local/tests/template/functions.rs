//! What every function has.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{functions, read, resources, root, template};

#[test]
fn every_function_crate_is_built_and_deployed_once() {
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
    let config = read(".cargo/config.toml");
    let (_, alias) = config.split_once("build-functions = [").expect("the alias");
    let alias = alias.lines().next().expect("its line");
    let built: BTreeSet<_> =
        alias.split("\"-p\", \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(built, crates.iter().map(String::as_str).collect());
    for function in &deployed {
        let manifest = read(&format!("functions/{}/Cargo.toml", function.binary));
        assert!(manifest.contains(&format!("[[bin]]\nname = \"{}\"", function.binary)), "{manifest}");
    }
}

#[test]
fn memory_concurrency_and_log_retention_are_the_operators_to_choose() {
    let template = template("template.yaml");
    let logs = resources(&template, "AWS::Logs::LogGroup");
    for function in functions(&template) {
        let (name, properties) = (&function.name, &function.properties);
        let parameter = |value: &Value| {
            let parameter = value["Ref"].as_str().unwrap_or_else(|| panic!("{name}: {value}"));
            assert!(template["Parameters"][parameter].is_object(), "{name}: {parameter}");
        };
        parameter(&properties["MemorySize"]);
        parameter(&properties["ReservedConcurrentExecutions"]["Fn::If"][1]);
        assert_eq!(properties["LoggingConfig"]["LogFormat"], json!("JSON"), "{name}");
        let group = properties["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap();
        parameter(&logs[group]["Properties"]["RetentionInDays"]);
    }
    let globals = &template["Globals"]["Function"];
    assert_eq!(globals["Tracing"], json!("Active"));
    assert_eq!(
        (&globals["Runtime"], &globals["Architectures"]),
        (&json!("provided.al2023"), &json!(["arm64"]))
    );
}

#[test]
fn a_new_version_of_the_front_door_takes_over_by_and_by() {
    let template = template("template.yaml");
    let webhook = &template["Resources"]["Webhook"]["Properties"];
    // Its log line, alarms and address all speak of this alias.
    assert_eq!(webhook["AutoPublishAlias"], json!("live"));
    assert_eq!(
        webhook["AutoPublishAliasAllProperties"],
        json!(true),
        "a changed setting would not reach the alias"
    );
    assert_eq!(webhook["DeploymentPreference"]["Type"], json!({"Ref": "WebhookRollout"}));
    let alarms = webhook["DeploymentPreference"]["Alarms"].as_array().unwrap();
    let outputs = &crate::template("infra/alarms.yaml")["Outputs"];
    for alarm in alarms {
        let output =
            alarm["Fn::GetAtt"].as_str().and_then(|name| name.strip_prefix("Alarms.Outputs.")).unwrap();
        assert!(outputs[output].is_object(), "{output}");
    }
    assert_eq!(alarms.len(), 2);
}
