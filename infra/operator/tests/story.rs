//! The operator's story in README.md, its commands read out of the file and run as they stand: by `sh`, in a folder of
//! their own, before a stack with the options of `cargo run`. What a command is to answer stands behind its `#`, an exit
//! status that is not 0 before that.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect must fail there and then"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use common::clock::SystemClock;
use local::options::Options;
use local::pump;
use local::stack::Stack;

const README: &str = include_str!("../../../README.md");

/// Where `cargo run` serves, and what `cargo build` makes.
const ADDRESS: &str = "http://127.0.0.1:8787";
const PROGRAM: &str = "target/release/haravan-connect";
const BUILD: &str = "cargo build --release -p operator";
const DATA: &str = ".local/connect.db";

/// A command of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    command: String,
    status: i32,
    answer: String,
}

/// The commands of all `sh` blocks below the heading.
fn story(readme: &str) -> Vec<Step> {
    let (_, section) = readme.split_once("\n### The operator's story\n").unwrap();
    let section = section.split("\n## ").next().unwrap().split("\n### ").next().unwrap();
    let blocks = section.split("\n```sh\n").skip(1).map(|block| block.split("\n```").next().unwrap());
    let text = blocks.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    text.lines().filter(|line| !line.trim().is_empty()).map(step).collect()
}

fn step(line: &str) -> Step {
    let (command, told) = line.rsplit_once(" # ").unwrap_or((line, ""));
    let told = told.trim();
    let (status, answer) = match told.strip_prefix("exit ").and_then(|told| told.split_once(": ")) {
        Some((status, answer)) => (status.parse().unwrap(), answer),
        None => (0, told),
    };
    Step { command: command.trim().to_owned(), status, answer: answer.to_owned() }
}

/// What each command answered, with its exit status, run by one shell so that variables last.
fn run(folder: &Path, address: &str, steps: &[Step]) -> Vec<(i32, String)> {
    let mut script = "exec 2>&1\n".to_owned();
    for step in steps {
        let command =
            step.command.replace(ADDRESS, address).replace(PROGRAM, env!("CARGO_BIN_EXE_haravan-connect"));
        // What `cargo build` made is there.
        let command = if command == BUILD { ":".to_owned() } else { command };
        script.push_str(&format!("{command}\nprintf '\\036%s\\036' $?\n"));
    }
    let mut shell = Command::new("timeout");
    shell.args(["240", "sh", "-c", &script]).current_dir(folder).stdin(Stdio::null());
    for variable in ["AWS_ENDPOINT_URL_DYNAMODB", "KEY_RING_FILE", "KEY_RING_SECRET", "ALLOW_LOOPBACK"] {
        shell.env_remove(variable);
    }
    let said = String::from_utf8_lossy(&shell.output().unwrap().stdout).into_owned();
    let parts: Vec<&str> = said.split('\u{1e}').collect();
    let answers = parts.chunks_exact(2);
    answers.map(|pair| (pair[1].parse().unwrap_or_else(|_| panic!("{said}")), pair[0].to_owned())).collect()
}

fn one_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why the story does not hold; none when it does.
async fn told(steps: Vec<Step>) -> Option<String> {
    let (first, rest) = steps.split_first().unwrap();
    assert_eq!(first.command, "cargo run");
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        data: Some(folder.path().join(DATA)),
        upkeep_every: Some(Duration::from_secs(1)),
        pump: pump::Settings::default(),
        ..Options::in_memory(Arc::new(SystemClock))
    };
    let stack = Stack::start(options).await.unwrap();
    let (rest, address) = (rest.to_vec(), stack.addresses.base_url.clone());
    let (path, steps) = (folder.path().to_owned(), rest.clone());
    let answers = tokio::task::spawn_blocking(move || run(&path, &address, &steps)).await.unwrap();
    for (at, step) in rest.iter().enumerate() {
        let Some((status, answer)) = answers.get(at) else {
            return Some(format!("{step:?} did not end; before it: {answers:#?}"));
        };
        if *status != step.status || !one_space(answer).contains(&one_space(&step.answer)) {
            return Some(format!("{step:?} ended with {status}: {answer}"));
        }
        // Such as of the SDK, which on this machine has nobody to ask.
        if answer.contains("\"level\":") {
            return Some(format!("{step:?} let a library speak: {answer}"));
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operators_story_goes_as_the_readme_tells_it() {
    let steps = story(README);
    for verb in [
        "hc doctor",
        "hc tenants add",
        "hc tenants show",
        "hc trigger",
        "hc tail",
        "hc events list",
        "hc events show",
        "hc events replay",
        "hc keys rotate",
        "hc keys reseal",
        "hc tables export",
    ] {
        assert!(steps.iter().any(|step| step.command.contains(verb)), "the story has no {verb}");
    }
    let without_an_answer = steps.iter().filter(|step| step.answer.is_empty()).count();
    assert!(steps.len() >= 18 && without_an_answer <= 7, "{steps:#?}");
    let why = told(steps).await;
    assert_eq!(why, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_with_a_wrong_command_or_a_wrong_answer_does_not_hold() {
    let begin = "cargo run\nhc() { target/release/haravan-connect --local .local/connect.db \"$@\"; }\n";
    for (line, holds) in [
        ("hc doctor # All is well", true),
        ("hc doctr # All is well", false),
        ("hc doctor # All is lost", false),
        ("hc doctor # exit 3: All is well", false),
        ("hc tenants show nobody # exit 1: there is no tenant nobody", true),
    ] {
        let text = format!("\n### The operator's story\n\n```sh\n{begin}{line}\n```\n");
        assert_eq!(told(story(&text)).await.is_none(), holds, "{line}");
    }
}
