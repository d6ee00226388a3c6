//! What the benches share: a stack that knows the sample events' tenant, and deliveries that never repeat.
#![allow(dead_code, reason = "every bench is a crate of its own and uses a part")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::clock::SharedClock;
use connect_tests::haravan;
use local::options::Options;
use local::seed::TENANT;
use local::stack::Stack;

/// The client secret with which the protocol's examples and `events/` are signed.
pub const CLIENT_SECRET: &str = "hrv_test_client_secret";

/// The three bodies of the protocol: name, topic, bytes, API id.
pub const BODIES: [(&str, &str, &[u8], &str); 3] = [
    ("order", "orders/create", include_bytes!("../../fixtures/order_create.json"), "1791400031"),
    ("paid order", "orders/create", include_bytes!("../../fixtures/order_create_paid.json"), "1791400077"),
    ("customer", "customers/create", include_bytes!("../../fixtures/customer_create.json"), "1176400455"),
];

/// The functions, as their packages and programs are called.
pub const FUNCTIONS: [&str; 4] = ["webhook", "order-intake", "customer-intake", "upkeep"];

/// A stack whose tenant may write to the CRM as fast as any tenant may.
pub async fn stack(data: Option<PathBuf>, clock: SharedClock) -> Stack {
    let options = Options { data, client_secret: Some(CLIENT_SECRET.into()), ..Options::in_memory(clock) };
    let stack = Stack::start(options).await.unwrap();
    let mut tenant = stack.store.tenants.get(&TENANT.parse().unwrap()).await.unwrap().unwrap();
    tenant.settings.writes_per_second = 1000.0;
    assert!(stack.store.tenants.put(&tenant).await.unwrap());
    stack
}

/// The fixture with another API id, and its signature.
pub fn numbered(body: &[u8], id: &str, number: usize) -> (String, String) {
    let body = std::str::from_utf8(body).unwrap().replace(id, &(7_000_000_000 + number).to_string());
    let signature = haravan::sign(CLIENT_SECRET, body.as_bytes());
    (body, signature)
}

/// A value so large that `share` of all values are not larger.
pub fn quantile<T: Copy + Ord>(values: &mut [T], share: f64) -> T {
    values.sort_unstable();
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// Milliseconds as text.
pub fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

/// A memory figure of a process in MB (`VmRSS`, `VmHWM`).
pub fn memory(process: &str, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

/// Where cargo puts what it builds.
pub fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// What stands after the bench's name on the command line; cargo adds an option of its own.
pub fn arguments() -> Vec<String> {
    std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect()
}

/// The programs named on the command line, relative to the workspace.
pub fn programs() -> Vec<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    arguments().iter().map(|program| workspace.join(program)).collect()
}

/// Lets the functions write their log lines, but to nowhere.
pub fn hide_log_lines() {
    // A panic would go the same way.
    std::panic::set_hook(Box::new(|panic| println!("{panic}")));
    rustix::stdio::dup2_stderr(std::fs::File::options().write(true).open("/dev/null").unwrap()).unwrap();
}
