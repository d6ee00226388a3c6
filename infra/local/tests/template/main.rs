//! Holds the templates and the samples in `events/` against the code: what is deployed is what the code was written for.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect must fail there and then"
)]

mod alarms;
mod consoles;
mod edge;
mod functions;
mod logging;
mod parameters;
mod protocols;
mod roles;
mod samples;
mod settings;
mod sources;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

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

/// The Rust sources below a folder, with their texts.
fn sources_of(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        for path in entries.map(|entry| entry.expect("a folder can be read").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
                found.push((path, text));
            }
        }
    }
    found
}

/// All of them as one text.
fn code(folder: &str) -> String {
    sources_of(folder).into_iter().map(|(_, text)| text).collect()
}

/// A function of the template.
struct Function {
    name: String,
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
        self.binary.ends_with("-intake")
    }
}

fn functions(template: &Value) -> Vec<Function> {
    resources(template, "AWS::Serverless::Function")
        .iter()
        .map(|(name, resource)| Function {
            name: (*name).to_owned(),
            binary: resource["Properties"]["CodeUri"]
                .as_str()
                .and_then(|folder| folder.strip_prefix("target/lambda/"))
                .expect("a function is what `cargo build-functions` makes")
                .to_owned(),
            properties: resource["Properties"].clone(),
        })
        .collect()
}
