//! The documents for people: what they say of lists, addresses, fields and cookies is what the code and the template have.

use std::collections::BTreeSet;

use common::connect::flow::Step;
use common::facebook::{dialog, subscription};

use crate::{code, functions, read, root, template};

/// The words of the block of code after the line that begins with `label`.
fn block(document: &str, label: &str) -> BTreeSet<String> {
    let (_, rest) =
        document.split_once(&format!("{label}:\n")).unwrap_or_else(|| panic!("there is no {label}"));
    let (_, rest) = rest.split_once("```text\n").expect("a block follows");
    let (words, _) = rest.split_once("```").expect("the block ends");
    words.split_whitespace().map(str::to_owned).collect()
}

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_consoles_lists_are_the_codes_own() {
    let document = read("infra/providers.md");
    let asked = Step::Install.scopes().split(' ');
    let ticked = asked.filter(|scope| scope.starts_with("com.") || *scope == "wh_api");
    assert_eq!(block(&document, "Scopes to tick"), set(ticked));
    let topics = common::haravan::subscription::WANTED;
    assert_eq!(block(&document, "Topics needed"), set(topics));
    assert!(document.contains(&format!("*Đủ {} sự kiện*", topics.len())));
    assert_eq!(block(&document, "Webhook fields"), set(subscription::FIELDS));
    let permissions = [&dialog::REQUIRED[..], &[dialog::PORTFOLIO]].concat();
    assert_eq!(block(&document, "Permissions"), set(permissions));
    // An event's name is known by its beginning.
    let words = read("common/src/words.rs");
    let known = words.split("(\"zalo/").skip(1).filter_map(|rest| rest.split('"').next());
    assert_eq!(block(&document, "Events"), set(known.filter(|beginning| !beginning.is_empty())));
}

#[test]
fn the_consoles_addresses_are_the_outputs_with_their_numbers() {
    let (document, template) = (read("infra/providers.md"), template("template.yaml"));
    let mut numbered = 0;
    for (name, output) in template["Outputs"].as_object().expect("there are outputs") {
        let place =
            output["Description"].as_str().and_then(|text| text.split(',').next()).unwrap_or_default();
        let provider = place.split(' ').next().unwrap_or_default();
        if !["Haravan", "Facebook", "Zalo"].contains(&provider) {
            continue;
        }
        numbered += 1;
        let row = format!("| {place}, `{name}` |");
        let row = document.lines().find(|line| line.starts_with(&row)).unwrap_or_else(|| panic!("{row}"));
        let value = output["Value"].to_string();
        let path = value.split("api/").nth(1).and_then(|rest| rest.split('"').next()).expect("a path");
        assert!(row.contains(&format!("/api/{path}")), "{row}: {path}");
    }
    let rows = document.lines().filter(|line| {
        ["| Haravan ", "| Facebook ", "| Zalo "].iter().any(|start| line.starts_with(start))
            && line.contains(", `")
    });
    assert_eq!((rows.count(), numbered), (9, 9));
}

#[test]
fn the_apps_secret_is_described_with_the_fields_that_are_read() {
    let (document, readme, apps) =
        (read("infra/providers.md"), read("README.md"), read("common/src/channel/apps.rs"));
    let example = apps.lines().filter_map(|line| line.strip_prefix("//! "));
    let example: String = example.skip_while(|line| *line != "{").take_while(|line| *line != "```").collect();
    let fields = example.split('"').skip(1).step_by(2).filter(|word| word.contains('_'));
    let fields: BTreeSet<&str> = fields.collect();
    assert!(fields.len() >= 6, "{fields:?}");
    for field in fields {
        assert!(document.contains(&format!("`{field}`")), "providers.md does not name {field}");
        assert!(readme.contains(&format!("\"{field}\"")), "README.md does not name {field}");
    }
}

#[test]
fn what_is_said_of_cookies_and_pages_is_so() {
    let source = code("functions") + &code("common/src") + &code("tests/src") + &templates();
    let named = ["{provider}", "Facebook", "Zalo"].map(|name| source.replace("{provider}", name));
    let small = named.concat().to_lowercase();
    for document in ["infra/crm.md", "infra/providers.md"] {
        let text = read(document);
        let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
        for cookie in quoted.iter().filter(|word| word.contains("hvc_")) {
            // Each attempt has a cookie of its own, whose name goes on behind this one.
            let name = cookie.trim_end_matches('…').trim_end_matches('_');
            assert!(source.contains(&format!("\"{name}\"")), "{document}: there is no cookie {cookie}");
        }
        for path in quoted.iter().filter(|word| word.starts_with("/console/")) {
            let path = path.split(['*', '?', '…']).next().unwrap_or_default().trim_end_matches('/');
            assert!(source.contains(&format!("\"{path}")), "{document}: there is no page {path}");
        }
        let said = said_in_vietnamese(&text);
        assert!(said.len() > 5, "{document}: {said:?}");
        for said in said {
            assert!(small.contains(&said.to_lowercase()), "{document}: nothing says *{said}*");
        }
    }
}

#[test]
fn the_proxy_waits_for_every_function_and_lets_through_what_a_function_takes() {
    let example = read("infra/nginx.conf");
    let value = |name: &str, unit: &str| -> u64 {
        let (_, rest) = example.split_once(&format!("{name} ")).unwrap_or_else(|| panic!("no {name}"));
        let (value, _) = rest.split_once(&format!("{unit};")).unwrap_or_else(|| panic!("{name} in {unit}"));
        value.parse().unwrap_or_else(|_| panic!("{name}: {value}"))
    };
    let waits = value("proxy_read_timeout", "s");
    for function in functions(&template("template.yaml")) {
        let is_open = function.properties["FunctionUrlConfig"].is_object();
        assert!(!is_open || function.timeout() < waits, "{}", function.name);
    }
    let takes = u64::try_from(common::body::MAX_BODY_BYTES).expect("a size");
    assert!(value("client_max_body_size", "m") * 1024 * 1024 > takes);
    assert_eq!(value("client_max_body_size", "m"), value("client_body_buffer_size", "m"));
}

/// What is written in italics in Vietnamese: what our pages say, and our simulators in the providers' place.
fn said_in_vietnamese(text: &str) -> Vec<&str> {
    let vietnamese = |part: &&str| !part.is_ascii();
    let italics = text.lines().flat_map(|line| line.split('*').skip(1).step_by(2));
    let parts = italics.flat_map(|said| said.split(['→', ':', '…'])).map(str::trim);
    parts.filter(vietnamese).collect()
}

fn templates() -> String {
    let folders = ["functions/console/templates", "functions/page-connect/templates", "common/templates"];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(root().join(folder)).expect("a folder"));
    entries.map(|entry| std::fs::read_to_string(entry.expect("a file").path()).expect("text")).collect()
}
