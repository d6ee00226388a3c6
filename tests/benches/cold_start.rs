//! How the built functions start: spawn → first poll → first answer → warm answers, and what memory they take.
//!
//! `cargo bench -p connect-tests --bench cold_start -- [BOOTSTRAP…]` starts each program twenty times against a stand-in for
//! Lambda's runtime API and hands it one new event after another, made from `events/`: the webhook's are signed
//! deliveries, the intakes' are orders and customers that lie in the inbox and end in the simulated CRM, upkeep's is the
//! schedule. Without names it takes what `cargo build --release -p webhook -p order-intake -p customer-intake -p upkeep`
//! built. DynamoDB and the CRM are on loopback, so times are the functions' own.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a bench")]
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

mod bench;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bench::{BODIES, memory, ms, numbered, quantile};
use common::body::pack;
use common::clock::{Clock, SystemClock};
use common::haravan::webhook::Topic;
use common::id::TenantId;
use common::seal::SecretSource;
use common::store::inbox::{EventKey, NewEvent};
use local::seed::{ORG, TENANT};
use local::stack::Stack;
use serde_json::Value;

const RUNS: usize = 20;
const WARM: usize = 25;

const BUDGET: [&str; 6] = ["≤ 5 ms", "", "≤ 2 ms over warm", "", "", "≤ 12 MB"];

/// What a function is asked to do, each time anew.
struct Events<'a> {
    stack: &'a Stack,
    runtime: &'a tokio::runtime::Runtime,
    function: String,
    made: usize,
}

impl Events<'_> {
    fn next(&mut self) -> String {
        self.made += 1;
        let (_, topic, body, id) = BODIES[if self.function == "customer-intake" { 2 } else { 0 }];
        let (body, signature) = numbered(body, id, self.made);
        let sample = match self.function.as_str() {
            "webhook" => "webhook-order",
            other => other,
        };
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../events/{sample}.json"));
        let mut event: Value = serde_json::from_slice(&std::fs::read(sample).unwrap()).unwrap();
        match self.function.as_str() {
            "webhook" => {
                event["headers"]["content-length"] = body.len().to_string().into();
                event["headers"]["x-haravan-hmacsha256"] = signature.into();
                event["body"] = STANDARD.encode(&body).into();
            }
            "order-intake" | "customer-intake" => {
                let key = self.store(topic.parse().unwrap(), &body);
                for image in ["Keys", "NewImage"] {
                    event["Records"][0]["dynamodb"][image]["k"]["S"] = key.entity.clone().into();
                    event["Records"][0]["dynamodb"][image]["d"]["S"] = key.digest.clone().into();
                }
            }
            "upkeep" => {}
            other => panic!("{other} is none of the functions"),
        }
        event.to_string()
    }

    /// Lays an event into the inbox; the stack's own intake is paused and leaves it there.
    fn store(&self, topic: Topic, body: &str) -> EventKey {
        let tenant: TenantId = TENANT.parse().unwrap();
        let id = serde_json::from_str::<Value>(body).unwrap()["id"].as_i64().unwrap();
        let key = EventKey::of(&tenant, topic, id, body.as_bytes());
        let body = pack(body.as_bytes()).unwrap();
        let now = SystemClock.now();
        let event = NewEvent {
            key: key.clone(),
            topic,
            org: ORG,
            body,
            updated_at: Some(now),
            received_at: now,
            parked: None,
            trace: common::trace::TraceId::fresh(),
        };
        self.runtime.block_on(self.stack.store.inbox.put(&event)).unwrap();
        key
    }
}

/// Ends the function also when the bench gives up.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// One start and what followed.
struct Run {
    first_poll: Duration,
    cpu_at_poll: Duration,
    rss_at_poll: f64,
    first_event: Duration,
    warm: Vec<Duration>,
    most_memory: f64,
}

fn run(bootstrap: &Path, environment: &[(String, String)], events: &mut Events<'_>) -> Run {
    let api = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut command = Command::new(bootstrap);
    command
        .env_clear()
        .envs(environment.iter().cloned())
        .env("AWS_LAMBDA_RUNTIME_API", api.local_addr().unwrap().to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let child = Running(command.spawn().unwrap());
    let process = child.0.id().to_string();
    let mut connection = accept(&api);

    connection.poll();
    let first_poll = start.elapsed();
    let (cpu_at_poll, rss_at_poll) = (cpu(&process), memory(&process, "VmRSS"));
    let mut answers = (0..=WARM).map(|number| {
        let event = events.next();
        if number > 0 {
            connection.poll();
        }
        connection.hand_over(number, &event)
    });
    let first_event = answers.next().unwrap();
    let warm = answers.collect();
    Run { first_poll, cpu_at_poll, rss_at_poll, first_event, warm, most_memory: memory(&process, "VmHWM") }
}

fn accept(api: &TcpListener) -> Connection {
    let stream = api.accept().unwrap().0;
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    Connection(BufReader::new(stream))
}

/// The one connection on which a function talks to the runtime API.
struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Waits for `GET …/invocation/next`.
    fn poll(&mut self) {
        let (line, body) = self.request();
        assert!(
            line.starts_with("GET ") && line.contains("/invocation/next"),
            "{line}: {}",
            String::from_utf8_lossy(&body)
        );
    }

    /// Answers the poll with an event; gives the time until the function's answer has arrived.
    fn hand_over(&mut self, number: usize, event: &str) -> Duration {
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(60);
        let head = format!(
            "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-{number:012}\r\n\
             Lambda-Runtime-Deadline-Ms: {}\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:ap-southeast-1:123456789012:function:bench\r\n\
             Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            deadline.as_millis(),
            event.len()
        );
        let start = Instant::now();
        self.0.get_mut().write_all(&[head.as_bytes(), event.as_bytes()].concat()).unwrap();
        let (line, body) = self.request();
        let took = start.elapsed();
        let body = String::from_utf8_lossy(&body);
        // A front door that refuses and an intake that hands its record back would be measured doing something else.
        let refused = body.contains("\"statusCode\":") && !body.contains("\"statusCode\":200");
        let failed = !line.contains("/response") || refused || body.contains("itemIdentifier");
        assert!(!failed, "{line}: {body}");
        let accepted = b"HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";
        self.0.get_mut().write_all(accepted).unwrap();
        took
    }

    /// A request's first line and body.
    fn request(&mut self) -> (String, Vec<u8>) {
        let (mut first, mut length, mut chunked) = (String::new(), 0, false);
        self.0.read_line(&mut first).unwrap();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            match line.split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().unwrap(),
                Some(("transfer-encoding", _)) => chunked = true,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = Vec::new();
        if !chunked {
            self.read(length, &mut body);
        }
        while chunked {
            let mut size = String::new();
            self.0.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            self.read(size, &mut body);
            self.read(2, &mut Vec::new());
            chunked = size > 0;
        }
        (first, body)
    }

    fn read(&mut self, length: usize, into: &mut Vec<u8>) {
        let mut part = vec![0; length];
        self.0.read_exact(&mut part).unwrap();
        into.append(&mut part);
    }
}

/// CPU time of all threads so far.
fn cpu(process: &str) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let nanoseconds = threads.map(|thread| {
        let spent = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        spent.split_whitespace().next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// Where systems have all their CA roots in one file.
const ROOTS: [&str; 3] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"];

/// What Lambda and `template.yaml` set, with everything on this machine.
///
/// Lambda's image has all CA roots in one file. Debian has each in a file of its own besides, which are all opened
/// (2 ms and more) unless the one is named.
fn environment(stack: &Stack) -> Vec<(String, String)> {
    let SecretSource::File(ring) = &stack.key_ring else {
        panic!("a local stack has its key ring in a file")
    };
    let roots = ROOTS.into_iter().find(|file| Path::new(file).exists());
    let settings = [
        ("SSL_CERT_FILE", roots.unwrap()),
        ("AWS_REGION", "ap-southeast-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("TENANTS_TABLE", "tenants"),
        ("CONNECTIONS_TABLE", "connections"),
        ("INBOX_TABLE", "inbox"),
        ("DEDUP_TABLE", "dedup"),
        ("ALLOW_LOOPBACK", "true"),
        ("AWS_ENDPOINT_URL", &stack.addresses.dynamodb_url),
        ("HARAVAN_API_URL", &stack.addresses.haravan_url),
        ("KEY_RING_FILE", ring.to_str().unwrap()),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The function a program is: `cargo lambda` calls every one of them `bootstrap` and puts it into a folder of its name.
fn function(bootstrap: &Path) -> String {
    let named = if bootstrap.ends_with("bootstrap") { bootstrap.parent().unwrap() } else { bootstrap };
    named.file_name().unwrap().to_str().unwrap().to_owned()
}

fn main() {
    let mut bootstraps = bench::programs();
    if bootstraps.is_empty() {
        bootstraps = bench::FUNCTIONS.map(|function| bench::target().join("release").join(function)).into();
    }
    bench::hide_log_lines();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stack = runtime.block_on(bench::stack(None, Arc::new(SystemClock)));
    stack.pumps.iter().for_each(|pump| pump.pause(true));
    let environment = environment(&stack);

    println!("median of {RUNS} starts (slowest in brackets), then of {WARM} warm events each\n");
    row(
        "",
        &[
            "spawn → first poll",
            "CPU until then",
            "first event",
            "warm p50 / p99",
            "RSS at first poll",
            "most RSS",
        ]
        .map(str::to_owned),
    );
    row("budget", &BUDGET.map(str::to_owned));
    for bootstrap in &bootstraps {
        let mut events = Events { stack: &stack, runtime: &runtime, function: function(bootstrap), made: 0 };
        let runs: Vec<Run> = (0..RUNS).map(|_| run(bootstrap, &environment, &mut events)).collect();
        let median =
            |of: &dyn Fn(&Run) -> Duration| quantile(&mut runs.iter().map(of).collect::<Vec<_>>(), 0.5);
        let slowest = runs.iter().map(|run| run.first_poll).max().unwrap();
        let largest = |of: &dyn Fn(&Run) -> f64| runs.iter().map(of).fold(0.0, f64::max);
        let mut warm: Vec<Duration> = runs.iter().flat_map(|run| run.warm.iter().copied()).collect();
        row(
            &events.function,
            &[
                format!("{} ({})", ms(median(&|run| run.first_poll)), ms(slowest)),
                ms(median(&|run| run.cpu_at_poll)),
                ms(median(&|run| run.first_event)),
                format!("{} / {}", ms(quantile(&mut warm, 0.5)), ms(quantile(&mut warm, 0.99))),
                format!("{:.1} MB", largest(&|run| run.rss_at_poll)),
                format!("{:.1} MB", largest(&|run| run.most_memory)),
            ],
        );
    }
}

fn row(name: &str, cells: &[String; 6]) {
    let [poll, cpu, first, warm, rss, most] = cells;
    println!("{name:<16}{poll:<24}{cpu:<16}{first:<18}{warm:<22}{rss:<19}{most}");
}
