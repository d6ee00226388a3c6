//! The program from outside: its options, its output, `kill -9`, and what it never says.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect must fail there and then"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use connect_tests::getfly;
use connect_tests::haravan::generate::Generator;
use connect_tests::haravan::{CustomerSpec, OrderSpec, sign};
use serde_json::Value;

struct Program {
    child: Child,
    addresses: Value,
    log: std::path::PathBuf,
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Program {
    fn start(folder: &Path, more: &[&str]) -> Self {
        Self::run(folder, program(folder, more))
    }

    /// With everything switched on that anybody can be made to say.
    fn start_talking(folder: &Path) -> Self {
        let mut command = program(folder, &[]);
        command
            .env("RUST_LOG", "trace")
            .envs([("LOG_SENSITIVE_BODIES", "true"), ("LOG_SIGNABLE_BODY", "true")]);
        Self::run(folder, command)
    }

    fn run(folder: &Path, mut command: Command) -> Self {
        let log = folder.join(format!("log-{}", fastrand::u32(..)));
        let mut child = command
            .args(["--json", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addresses = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{line:?} {}", std::fs::read_to_string(&log).unwrap()));
        Self { child, addresses, log }
    }

    fn get(&self, name: &str) -> String {
        self.addresses[name].as_str().unwrap_or_else(|| panic!("{name}")).to_owned()
    }

    async fn post(&self, http: &reqwest::Client, topic: &str, body: &[u8]) -> Option<u16> {
        let request = http
            .post(self.get("webhook_url"))
            .header("x-haravan-topic", topic)
            .header("x-haravan-org-id", self.get("org_id"))
            .header("x-haravan-hmacsha256", sign(&self.get("client_secret"), body))
            .body(body.to_vec());
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }
}

fn program(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.arg("--data").arg(folder.join("connect.db")).args(more).env_remove("RUST_LOG");
    command
}

fn run(folder: &Path, more: &[&str]) -> Output {
    program(folder, more).stdin(Stdio::null()).output().unwrap()
}

/// One clear line on standard error and a failing exit.
fn fails_saying(output: &Output, words: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert!(errors[0].contains(words), "{text}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_wrong_option_gives_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    fails_saying(&run(folder.path(), &["--prot", "1"]), "--prot");
    fails_saying(&run(folder.path(), &["--port", "many"]), "many");
    fails_saying(&run(folder.path(), &["--no-simulators"]), "required");
}

#[test]
fn a_busy_port_gives_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    fails_saying(&run(folder.path(), &["--port", &port]), &port);
}

#[test]
fn an_unreadable_data_file_gives_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("connect.db"), vec![7_u8; 4096]).unwrap();
    fails_saying(&run(folder.path(), &["--port", "0"]), "connect.db");
    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir(other.path().join("connect.db")).unwrap();
    fails_saying(&run(other.path(), &["--port", "0"]), "is a folder");
}

#[test]
fn a_data_file_in_use_gives_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let _program = Program::start(folder.path(), &[]);
    fails_saying(&run(folder.path(), &["--port", "0"]), "in use by another program");
}

#[test]
fn a_lost_key_ring_gives_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    drop(Program::start(folder.path(), &[]));
    std::fs::remove_file(folder.path().join("connect.keyring")).unwrap();
    fails_saying(&run(folder.path(), &["--port", "0"]), ".keyring");
    std::fs::write(folder.path().join("connect.keyring"), "{}").unwrap();
    fails_saying(&run(folder.path(), &["--port", "0"]), "key ring");
}

#[test]
fn the_key_ring_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let _program = Program::start(folder.path(), &[]);
    let mode = std::fs::metadata(folder.path().join("connect.keyring")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_help_names_every_option() {
    let folder = tempfile::tempdir().unwrap();
    let text = String::from_utf8(run(folder.path(), &["--help"]).stdout).unwrap();
    for option in
        ["--port", "--data", "--json", "--no-simulators", "--getfly-url", "--haravan-url", "--client-secret"]
    {
        assert!(text.contains(option), "{option}");
    }
}

#[test]
fn the_line_of_json_names_everything_a_script_needs() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), &[]);
    for name in [
        "base_url",
        "tenant_id",
        "org_id",
        "client_secret",
        "webhook_url",
        "haravan_url",
        "getfly_url",
        "getfly_api_key",
    ] {
        assert!(!program.get(name).is_empty(), "{name}");
    }
}

/// New orders with their codes.
fn orders(seed: u64, count: usize) -> Vec<(String, Vec<u8>)> {
    let mut generator = Generator::new(seed);
    let now = "2026-06-12T08:30:00Z".parse().unwrap();
    (0..count)
        .map(|_| {
            let text = generator.order_text(now, &OrderSpec::default());
            let read: Value = serde_json::from_str(&text).unwrap();
            (format!("HRV-{}", read["id"]), text.into_bytes())
        })
        .collect()
}

/// The CRM outlives the program: it is this process's own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_200_is_in_the_crm_exactly_once_after_kill_9_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let settings = getfly::Settings {
        order_dup_mode: getfly::OrderDupMode::CreateSecond,
        ..getfly::Settings::default()
    };
    let key = settings.api_key.clone();
    let crm = getfly::Simulator::new(settings);
    let served = crm.serve().await.unwrap();
    let options = ["--getfly-url", served.base_url(), "--getfly-api-key", &key];
    let http = reqwest::Client::new();
    let mut accepted: Vec<String> = Vec::new();
    for round in 0..4 {
        let mut program = Program::start(folder.path(), &options);
        // The last one is answered while those before it are on their way to the CRM.
        for (code, body) in orders(100 + round, usize::try_from(8 + 6 * round).unwrap()) {
            assert_eq!(program.post(&http, "orders/create", &body).await, Some(200));
            accepted.push(code);
        }
        program.child.kill().unwrap();
        program.child.wait().unwrap();
    }

    let _program = Program::start(folder.path(), &options);
    let deadline = Instant::now() + Duration::from_secs(600);
    loop {
        let mut there: BTreeMap<String, usize> = BTreeMap::new();
        for order in crm.orders() {
            *there.entry(order.order_code).or_default() += 1;
        }
        let missing = accepted.iter().filter(|code| !there.contains_key(*code)).count();
        assert!(there.values().all(|times| *times == 1), "an order is there twice");
        if missing == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{missing} of {} orders are not in the CRM", accepted.len());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_the_program_says_carries_a_secret_a_body_a_phone_or_an_email() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start_talking(folder.path());
    let http = reqwest::Client::new();
    let person = CustomerSpec::person("Kanari", "Vàng", "0987654321", "canary.bird@example.com");
    let order = OrderSpec::default().person(person).note("canary-note");
    let body = Generator::new(5).order_text("2026-06-12T08:30:00Z".parse().unwrap(), &order);
    let customer = serde_json::from_str::<Value>(&body).unwrap()["customer"].to_string();
    let sim = format!("{}/__sim", program.get("getfly_url"));
    // Every kind of failure speaks up once.
    for fault in [
        "\"html200\"",
        "{\"status\":500}",
        "\"drop_after_commit\"",
        "{\"status\":401}",
        "{\"too_many_requests\":{\"retry_after\":\"1\"}}",
        "\"error_in_200\"",
    ] {
        let fault = format!("{{\"route\":\"*\",\"fault\":{fault},\"times\":1}}");
        http.post(format!("{sim}/faults"))
            .header("content-type", "application/json")
            .body(fault)
            .send()
            .await
            .unwrap();
    }
    for (topic, body) in [
        ("orders/create", body.as_bytes()),
        ("customers/create", customer.as_bytes()),
        ("orders/create", b"{\"canary\":\"canary-note\"}"),
    ] {
        assert_eq!(program.post(&http, topic, body).await, Some(200));
    }
    let forged = http
        .post(program.get("webhook_url"))
        .header("x-haravan-topic", "canary-topic")
        .header("x-haravan-hmacsha256", "canary-signature");
    assert_eq!(forged.body("canary-note").send().await.unwrap().status(), 401);
    let base = program.get("base_url");
    for visit in [
        "login?ticket=canary-ticket",
        "login?state=canary-state&code=canary-code&id_token=canary-id-token",
        "grandservice?state=canary-state&error=canary-error&error_description=canary-words",
    ] {
        let visit =
            http.get(format!("{base}/api/haravan/{visit}")).header("cookie", "hvc_flow=canary-cookie");
        assert_eq!(visit.send().await.unwrap().status(), 400);
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    let said = loop {
        let said = std::fs::read_to_string(&program.log).unwrap();
        if said.contains("event.delayed") && said.contains("webhook.refused") {
            break said;
        }
        assert!(Instant::now() < deadline, "{said}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    assert_eq!(said.matches("connect.refused").count(), 3, "{said}");
    let secrets = [program.get("client_secret"), program.get("getfly_api_key"), program.get("verify_token")];
    let canaries = ["987654321", "canary.bird", "canary-", "Kanari", "Vàng"];
    for canary in canaries.into_iter().map(str::to_owned).chain(secrets) {
        assert!(!said.contains(&canary), "the log says {canary}");
    }
}
