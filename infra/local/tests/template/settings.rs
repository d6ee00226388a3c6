//! Environment variables: what the template gives, what the code reads, what the README names.

use std::collections::BTreeSet;

use common::store::schema::TABLES;
use serde_json::json;

use crate::tables::logical;
use crate::{Function, functions, read, template};

/// Settings for one machine only: a deployed function that had them would read a file or call loopback.
const LOCAL_ONLY: [&str; 2] = ["KEY_RING_FILE", "ALLOW_LOOPBACK"];

/// The names a function's settings are read from, and those among them that must be there.
#[derive(Default)]
struct Names {
    read: BTreeSet<String>,
    required: BTreeSet<String>,
}

impl Names {
    /// Of a function: what its main reads for itself, and by the settings of common/src/runtime.rs.
    fn of(function: &Function) -> Self {
        let (main, runtime) = (function.main(), read("common/src/runtime.rs"));
        let mut names = Self::default();
        names.add(&main, &runtime);
        names
    }

    fn add(&mut self, body: &str, runtime: &str) {
        self.read.extend(literals(body).filter(|text| is_variable(text)).map(str::to_owned));
        let required = body.split("env.required(").skip(1).filter_map(|rest| literals(rest).next());
        self.required.extend(required.map(str::to_owned));
        for (before, _) in body.match_indices("::read(") {
            let name = body[..before].rsplit(|sign: char| !sign.is_alphanumeric()).next().unwrap_or_default();
            let settings = part(runtime, &format!("impl {name} {{"), "\n}\n");
            self.add(part(settings, "pub fn read(", "\n    }"), runtime);
        }
        if body.contains("reach(env)") {
            self.add(part(runtime, "fn reach(", "\n}\n"), runtime);
        }
    }
}

fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

fn is_variable(text: &str) -> bool {
    text.contains('_') && text.chars().all(|sign| sign.is_ascii_uppercase() || sign == '_')
}

fn part<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = &text[text.find(start).unwrap_or_else(|| panic!("there is no {start}"))..];
    &rest[..rest.find(end).unwrap_or_else(|| panic!("{start} does not end"))]
}

#[test]
fn every_function_gets_the_settings_it_needs_and_none_it_does_not_read() {
    let template = template("template.yaml");
    for function in functions(&template) {
        let given = function.variables(&template);
        let names = Names::of(&function);
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
        for name in Names::of(&function).read {
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
        // Without restored tables, the stack's own.
        let [_, _, own] =
            tables["Outputs"][format!("{logical}Name")]["Value"]["Fn::If"].as_array().unwrap().as_slice()
        else {
            panic!("{logical}Name is no choice of two");
        };
        assert_eq!(*own, json!({"Ref": logical}));
    }
    assert_eq!(template["Resources"]["Tables"]["Properties"]["TemplateURL"], json!("infra/tables.yaml"));
}

#[test]
fn upkeep_wakes_and_visits_as_many_as_the_code_does_by_itself() {
    let template = template("template.yaml");
    let default = &template["Parameters"]["WakePerTenant"]["Default"];
    assert_eq!(default.as_u64(), u64::try_from(upkeep::Limits::default().per_tenant).ok());
    let default = &template["Parameters"]["VisitsAtOnce"]["Default"];
    assert_eq!(default.as_u64(), u64::try_from(upkeep::Limits::default().at_once).ok());
}

#[test]
fn a_role_that_facebook_does_not_tell_is_refused_unless_the_operator_says_so() {
    let template = template("template.yaml");
    let parameter = &template["Parameters"]["AcceptUnknownRoles"];
    assert_eq!(
        (&parameter["Default"], &parameter["AllowedValues"]),
        (&json!("false"), &json!(["true", "false"]))
    );
    let given = functions(&template).into_iter().filter(|function| {
        function.properties["Environment"]["Variables"]["ACCEPT_UNKNOWN_ROLES"]
            == json!({"Ref": "AcceptUnknownRoles"})
    });
    assert_eq!(given.map(|function| function.binary).collect::<Vec<_>>(), ["page-connect"]);
    assert!(read("common/src/runtime.rs").contains("env.or(\"ACCEPT_UNKNOWN_ROLES\", false,"));
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
