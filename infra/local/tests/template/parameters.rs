//! What an operator is asked, and what nested stacks are told.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{read, resources, template};

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn every_parameter_is_constrained_explained_and_in_one_group() {
    let template = template("template.yaml");
    let groups = &template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let grouped: Vec<&str> = groups
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["Parameters"].as_array().unwrap())
        .map(|name| name.as_str().unwrap())
        .collect();
    let parameters = template["Parameters"].as_object().unwrap();
    assert_eq!(
        grouped.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(),
        keys(&template["Parameters"])
    );
    assert_eq!(grouped.len(), parameters.len(), "a parameter is in two groups");
    for (name, parameter) in parameters {
        assert!(parameter["Description"].is_string(), "{name}");
        let range = parameter["MinValue"].is_i64() && parameter["MaxValue"].is_i64();
        let pattern =
            parameter["AllowedPattern"].is_string() && parameter["ConstraintDescription"].is_string();
        assert!(range || pattern || parameter["AllowedValues"].is_array(), "{name} takes anything");
    }
    let asked: Vec<&str> = parameters
        .iter()
        .filter(|(_, parameter)| parameter["Default"].is_null())
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(asked, ["KeyRingSecretArn"], "a first deployment needs no more than this");
}

#[test]
fn every_nested_stack_is_told_what_it_wants_and_no_more() {
    for (parent, folder) in [("template.yaml", ""), ("infra/alarms.yaml", "infra/")] {
        let template = template(parent);
        for (name, stack) in resources(&template, "AWS::CloudFormation::Stack") {
            let child =
                crate::template(&format!("{folder}{}", stack["Properties"]["TemplateURL"].as_str().unwrap()));
            let (given, known) = (keys(&stack["Properties"]["Parameters"]), keys(&child["Parameters"]));
            let wanted: BTreeSet<String> = known
                .iter()
                .filter(|parameter| child["Parameters"][parameter.as_str()]["Default"].is_null())
                .cloned()
                .collect();
            assert!(given.is_subset(&known), "{parent}, {name}: {:?}", given.difference(&known));
            assert!(wanted.is_subset(&given), "{parent}, {name}: {:?}", wanted.difference(&given));
        }
    }
}

#[test]
fn the_example_regions_give_what_the_template_asks_for() {
    let template = template("template.yaml");
    let examples = read("infra/samconfig.toml");
    let sections: Vec<&str> = examples.split("\n[").skip(1).collect();
    assert!(sections[0].starts_with("ap-southeast-1.deploy.parameters]"));
    for section in sections {
        let region = section.split(".deploy").next().unwrap();
        assert!(section.contains(&format!("\nregion = \"{region}\"\n")), "{region}");
        let overrides = section.split_once("parameter_overrides = [\n").unwrap().1;
        let given = overrides.lines().take_while(|line| *line != "]");
        for line in given {
            let (name, value) = line.trim().trim_matches(['"', ',']).split_once('=').unwrap();
            assert!(template["Parameters"][name].is_object(), "{region}: {name}");
            let elsewhere = value.starts_with("arn:aws:acm") || value.starts_with("arn:aws:wafv2");
            assert!(!value.starts_with("arn:") || elsewhere || value.contains(region), "{region}: {value}");
        }
        assert!(overrides.contains("KeyRingSecretArn="), "{region}");
    }
}

#[test]
fn the_readme_names_every_parameter() {
    let readme = read("README.md");
    for name in keys(&template("template.yaml")["Parameters"]) {
        assert!(readme.contains(&format!("`{name}`")), "README.md does not name {name}");
    }
}
