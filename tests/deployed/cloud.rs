//! The emulator of AWS, and the commands of README.md with which an operator deploys to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use std::os::unix::process::CommandExt;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

use crate::providers::{PAGES_URL, Providers};
use crate::until;

const REGION: &str = "ap-southeast-1";

/// A deployed region.
pub(crate) struct Cloud {
    pub url: String,
    /// Of the stack, by name.
    pub outputs: BTreeMap<String, String>,
    /// ARNs of the key ring and of the providers' apps.
    secrets: (String, String),
    variables: Vec<(&'static str, String)>,
    providers: Vec<(&'static str, String)>,
    tools: PathBuf,
    folder: TempDir,
    emulator: Child,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        let group = i32::try_from(self.emulator.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _gone = kill_process_group(group, Signal::KILL);
        }
        drop(self.emulator.wait());
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("emulator.log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("the emulator's last lines:\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The block of commands in README.md that holds these words.
fn readme(words: &str) -> String {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut blocks = text.split("```sh\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    blocks.find(|block| block.contains(words)).unwrap_or_else(|| panic!("no command: {words}")).to_owned()
}

impl Cloud {
    /// Starts the emulator, whose functions then find these providers, and deploys as README.md says; nothing without the
    /// tools.
    pub async fn deploy(providers: &Providers) -> Option<Self> {
        let Some(tools) = std::env::var_os("DEPLOY_TOOLS").map(PathBuf::from) else {
            eprintln!("skipped: DEPLOY_TOOLS is not set; .ci/deploy does it");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let variables = vec![
            ("AWS_ENDPOINT_URL", url.clone()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            // The emulator's own account; every function has the credentials of its role.
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("SAM_CLI_TELEMETRY", "0".to_owned()),
        ];
        let log = std::fs::File::create(folder.path().join("emulator.log")).unwrap();
        let emulator = Command::new(tools.join("ministack/bin/python"))
            .arg(root().join(".ci/emulator.py"))
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs([("BIND_HOST", "127.0.0.1"), ("GATEWAY_PORT", &port.to_string())])
            .envs([("IOT_MTLS_ENABLED", "0"), ("MINISTACK_REGION", REGION), ("AUTH", "true")])
            .env("AWS_ENDPOINT_URL", &url)
            .env("TMPDIR", folder.path())
            // Where the libraries of arm64 are, when that is not what this machine is.
            .env("QEMU_LD_PREFIX", "/usr/aarch64-linux-gnu")
            .envs(providers.variables())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        let (secrets, outputs) = (<(String, String)>::default(), BTreeMap::new());
        let providers_at = providers.variables();
        let mut cloud =
            Self { url, outputs, secrets, variables, providers: providers_at, tools, folder, emulator };
        until("the emulator answers", Duration::from_secs(60), async || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        })
        .await;
        let apps = serde_json::to_vec(&providers.apps()).unwrap();
        std::fs::write(cloud.folder.path().join("apps.json"), apps).unwrap();
        let made = ["key-ring", "apps"].map(|name| readme(&format!("--name haravan-connect/{name}")));
        // The file is not one for the project's folder.
        let made = made.map(|commands| format!("cd '{}'; {commands}", cloud.folder.path().display()));
        let [key_ring, apps] = made.map(|commands| cloud.json(&commands)["ARN"].as_str().unwrap().to_owned());
        cloud.sam_deploy(&[
            ("KeyRingSecretArn", &key_ring),
            ("ProviderAppsSecretArn", &apps),
            ("PagesUrl", PAGES_URL),
        ]);
        cloud.secrets = (key_ring, apps);
        Some(cloud)
    }

    /// Deploys what infra/samconfig.toml says of the region, with the parameters of this account in place of the example's;
    /// those that have none are left out.
    fn sam_deploy(&mut self, parameters: &[(&str, &str)]) {
        let example = std::fs::read_to_string(root().join("infra/samconfig.toml")).unwrap();
        let mut config = String::new();
        for line in example.lines() {
            let name = line.split('=').next().unwrap_or_default().trim().trim_start_matches('"');
            let ours = parameters.iter().find(|(known, _)| *known == name);
            match (name, ours) {
                (_, Some((_, value))) => config.push_str(&format!("\"{name}={value}\",\n")),
                ("confirm_changeset", _) => config.push_str("confirm_changeset = false\n"),
                (name, None) if name.starts_with("Edge") => {}
                _ => config.push_str(&format!("{line}\n")),
            }
        }
        let path = self.folder.path().join("samconfig.toml");
        std::fs::write(&path, config).unwrap();
        let commands = readme("--config-file infra/samconfig.toml");
        let command = commands.lines().find(|line| line.contains("--config-file")).unwrap();
        let command = command.replace("infra/samconfig.toml", path.to_str().unwrap());
        self.done(&self.run(&command));
        self.outputs = self.outputs_of(REGION, "haravan-connect");
    }

    /// Puts the edge in front of the region that is deployed already.
    pub fn add_the_edge(&mut self) {
        self.done(&self.run(&readme("infra/edge-global.yaml")));
        let edge = self.outputs_of("us-east-1", "haravan-connect-edge");
        let (key_ring, apps) = self.secrets.clone();
        self.sam_deploy(&[
            ("KeyRingSecretArn", &key_ring),
            ("ProviderAppsSecretArn", &apps),
            ("PagesUrl", PAGES_URL),
            ("EdgeDomain", "connect.example.com"),
            ("EdgeCertificateArn", &edge["EdgeCertificateArn"]),
            ("EdgeWebAclArn", &edge["EdgeWebAclArn"]),
        ]);
    }

    fn outputs_of(&self, region: &str, stack: &str) -> BTreeMap<String, String> {
        let asked = format!("aws cloudformation describe-stacks --region {region} --stack-name {stack}");
        let described = self.json(&asked);
        let outputs = described["Stacks"][0]["Outputs"].as_array().unwrap().iter();
        let text = |output: &Value, name: &str| output[name].as_str().unwrap().to_owned();
        outputs.map(|output| (text(output, "OutputKey"), text(output, "OutputValue"))).collect()
    }

    fn run(&self, commands: &str) -> Output {
        let mut path =
            std::env::join_paths(["sam", "aws"].map(|tool| self.tools.join(tool).join("bin"))).unwrap();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", commands]).current_dir(root());
        bash.envs(self.variables.clone()).env("PATH", path).stdin(Stdio::null()).output().unwrap()
    }

    #[track_caller]
    fn done(&self, output: &Output) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// The JSON that commands print.
    #[track_caller]
    pub fn json(&self, commands: &str) -> Value {
        serde_json::from_str(&self.done(&self.run(commands))).unwrap()
    }

    /// The operator's command line, in the cloud.
    #[track_caller]
    pub fn operate(&self, args: &[&str]) -> Value {
        let said = self.done(&self.operator(args));
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"))
    }

    /// What it says, however it ends.
    pub fn operator(&self, args: &[&str]) -> Output {
        let exe = std::env::current_exe().unwrap();
        let program = exe.parent().and_then(Path::parent).unwrap().join("haravan-connect");
        let table = |name: &str| self.outputs[name].clone();
        let mut command = Command::new(program);
        command.arg("--json").args(args).envs(self.variables.clone());
        command.envs([
            ("TENANTS_TABLE", table("TenantsTable")),
            ("CONNECTIONS_TABLE", table("ConnectionsTable")),
            ("INBOX_TABLE", table("InboxTable")),
            ("DEDUP_TABLE", table("DedupTable")),
            ("KEY_RING_SECRET", self.secrets.0.clone()),
            ("CRM_API_KEY", connect_tests::getfly::Settings::default().api_key),
        ]);
        command.envs(self.providers.clone());
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Takes what a role allows away from it.
    pub fn take_away_the_role_of(&self, name: &str) {
        let asked = format!(
            "aws cloudformation describe-stack-resource --stack-name haravan-connect --logical-resource-id {name}"
        );
        let found = self.json(&asked);
        let role = found["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap();
        self.done(
            &self.run(&format!("aws iam delete-role-policy --role-name {role} --policy-name function")),
        );
    }
}
