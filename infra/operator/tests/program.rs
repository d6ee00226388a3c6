//! The program itself, against a stack on a data file.

#![expect(clippy::unwrap_used, reason = "a test that meets what it did not expect must fail there and then")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use common::clock::SystemClock;
use local::options::Options;
use local::stack::Stack;

fn program(data: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haravan-connect"));
    for variable in ["AWS_ENDPOINT_URL_DYNAMODB", "KEY_RING_FILE", "KEY_RING_SECRET", "ALLOW_LOOPBACK"] {
        command.env_remove(variable);
    }
    command.arg("--local").arg(data).args(args).stdin(Stdio::null()).output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_operates_the_stack_that_runs_on_a_data_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("connect.db");
    let none = program(&data, &["tenants", "list"]);
    assert_eq!(none.status.code(), Some(1));
    let said = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(said.starts_with("error: no stack runs on ") && said.lines().count() == 1, "{said}");

    let options = Options {
        data: Some(data.clone()),
        upkeep_every: Some(Duration::from_millis(200)),
        ..Options::in_memory(Arc::new(SystemClock))
    };
    let _stack = Stack::start(options).await.unwrap();
    let operate = async |args: &'static [&'static str]| {
        let data = data.clone();
        tokio::task::spawn_blocking(move || program(&data, args)).await.unwrap()
    };
    let listed = operate(&["tenants", "list"]).await;
    assert!(
        listed.status.success() && String::from_utf8_lossy(&listed.stdout).contains("hat-mam"),
        "{listed:?}"
    );
    let triggered = operate(&["--json", "trigger", "--tenant", "hat-mam"]).await;
    assert!(triggered.status.success(), "{triggered:?}");
    let doctor = operate(&["doctor"]).await;
    assert!(doctor.status.success(), "{doctor:?}");
    assert_eq!(operate(&["nonsense"]).await.status.code(), Some(2));
}
