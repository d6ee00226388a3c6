//! Holds every citation of a protocol (`haravan.md §3.10`, `getfly.md §15 U8`, `pages.md §2.12, 5`) against
//! `tests/protocols`: each leads to a section, a row or a numbered item that is there.

use std::collections::BTreeSet;

use crate::{read, sources_of};

const PROTOCOLS: [&str; 3] = ["haravan.md", "getfly.md", "pages.md"];

/// Documents that cite protocols beside the code.
const DOCUMENTS: [&str; 9] = [
    "README.md",
    "common/LOGGING.md",
    "infra/capacity.md",
    "infra/crm.md",
    "infra/operating.md",
    "infra/providers.md",
    "infra/tables.yaml",
    "template.yaml",
    "functions/console/openapi.yaml",
];

/// What may be cited of one protocol: `3`, `3.10`, and `15 U8` or `2.12 5` for a row or an item of a section.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut section = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            section = heading.split_whitespace().next().unwrap_or_default().trim_end_matches('.').to_owned();
            found.insert(section.clone());
        } else if let Some(item) = item(line) {
            found.insert(format!("{section} {item}"));
        }
    }
    found
}

/// The name of a table's row (`| U8 | …`, `| 14 | …`) or of a list's item (`5. …`).
fn item(line: &str) -> Option<&str> {
    let name = match line.strip_prefix("| ") {
        Some(row) => row.split(" |").next()?,
        None => line.split_once(". ")?.0,
    };
    let digits = name.strip_prefix('U').unwrap_or(name);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
}

/// The anchors that a text cites of one protocol.
fn cited(text: &str, protocol: &str) -> Vec<String> {
    text.split(protocol).skip(1).flat_map(sections).collect()
}

/// Reads ` §2.5–2.8, §3, 5 U6` as far as it is a list of sections.
fn sections(after: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut section = String::new();
    let mut rest = after;
    loop {
        let separators = [", ", "–", " and ", "; ", " "];
        let next = separators.iter().find_map(|separator| Some((*separator, rest.strip_prefix(separator)?)));
        let Some((separator, next)) = next else { return found };
        let name_ends =
            |text: &str| text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(text.len());
        let marked = next.strip_prefix('§');
        let next = marked.unwrap_or(next);
        let (name, left) = next.split_at(name_ends(next));
        let name = name.trim_end_matches('.');
        let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        if marked.is_some() || (separator == "–" && is_number(name)) {
            section = name.to_owned();
            found.push(section.clone());
        } else if !section.is_empty() && item(&format!("{name}. ")).is_some() {
            found.push(format!("{section} {name}"));
        } else {
            return found;
        }
        rest = left.strip_prefix('.').unwrap_or(left);
    }
}

/// A source's text with its comments' line breaks undone, so that a citation may go over two lines.
fn flowing(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim_start();
        ["//! ", "/// ", "// ", "# "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_citation_of_a_protocol_leads_to_something_that_is_there() {
    let code = ["common", "functions", "infra", "tests"].into_iter().flat_map(sources_of);
    let code = code.map(|(path, text)| (path.display().to_string(), text));
    let documents = DOCUMENTS.into_iter().map(|path| (path.to_owned(), read(path)));
    let texts: Vec<(String, String)> =
        code.chain(documents).map(|(path, text)| (path, flowing(&text))).collect();
    let (mut count, mut lost) = (0, Vec::new());
    for protocol in PROTOCOLS {
        let there = anchors(&read(&format!("tests/protocols/{protocol}")));
        // `§10.14` is how some people write row 14 of section 10.
        let leads_somewhere = |cited: &String| {
            let as_row = cited.rsplit_once('.').map(|(section, row)| format!("{section} {row}"));
            there.contains(cited) || as_row.is_some_and(|row| there.contains(&row))
        };
        for (path, text) in &texts {
            for cited in cited(text, protocol) {
                count += 1;
                if !leads_somewhere(&cited) {
                    lost.push(format!("{path}: {protocol} §{cited}"));
                }
            }
        }
    }
    assert!(count > 400, "only {count} citations were found");
    assert!(lost.is_empty(), "citations that lead nowhere:\n{}", lost.join("\n"));
}

#[test]
fn a_citation_is_read_in_each_form_that_people_write() {
    let read = |text: &str| cited(text, "a.md").join(" | ");
    assert_eq!(read("(a.md §3.10)"), "3.10");
    assert_eq!(read("a.md §2.5–2.8."), "2.5 | 2.8");
    assert_eq!(read("a.md §3.3, §3.4 and §4; see"), "3.3 | 3.4 | 4");
    assert_eq!(read("a.md §15 U8, §7, 5). a.md §2"), "15 | 15 U8 | 7 | 7 5 | 2");
    assert_eq!(read("a.md says nothing"), "");
}
