//! Events per second through everything, on this machine.
//!
//! `cargo bench -p connect-tests --bench whole_path -- [ORDERS]` posts orders, half of them of new buyers, sixteen at a
//! time, to the stack of `cargo run` with its database in a file: front door, stream, order-intake and simulated CRM, which
//! all share this process and this machine's processors. It ends when the last order is done. Every write of the stack
//! is on the disk before it is answered, some twelve for an order, so the disk's own pace is shown as well.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

mod bench;

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bench::{CLIENT_SECRET, memory, ms, quantile};
use common::clock::SystemClock;
use common::store::inbox::Status;
use common::store::schema::inbox::{KEY, STATUS, TOPIC};
use connect_tests::haravan::generate::Generator;
use connect_tests::haravan::{CustomerSpec, OrderSpec, sign};
use futures::StreamExt;
use local::pump::{self, Filter, Handler, Pump};
use local::seed::{ORG, TENANT};
use local::stack::Stack;
use serde_json::Value;

const ORDERS: usize = 1000;
const IN_FLIGHT: usize = 16;

/// An order's key in the inbox and its body.
fn orders(count: usize) -> Vec<(String, String)> {
    let mut generator = Generator::new(1);
    (0..count)
        .map(|number| {
            // Every other order is somebody's second or third.
            let buyer = if number % 2 == 0 { number / 2 } else { number / 4 };
            let (name, phone) = (format!("Buyer {buyer}"), format!("09{:08}", 10_000_000 + buyer));
            let person = CustomerSpec::person("Trần", &name, &phone, &format!("buyer{buyer}@example.com"));
            let body = generator.order_text(jiff::Timestamp::now(), &OrderSpec::default().person(person));
            let read: Value = serde_json::from_str(&body).unwrap();
            (format!("{TENANT}#order#{}", read["id"]), body)
        })
        .collect()
}

/// When which order was done.
type Ends = Arc<Mutex<HashMap<String, Instant>>>;

/// Learns of ends from the stream, like everything else that waits for an event.
fn watch(stack: &Stack) -> (Pump, Ends) {
    let ends = Ends::default();
    let noted = Arc::clone(&ends);
    let handler: Handler = Arc::new(move |event| {
        let now = Instant::now();
        for record in &event.records {
            if let Some(serde_dynamo::AttributeValue::S(key)) = record.change.keys.get(KEY) {
                noted.lock().unwrap().insert(key.clone(), now);
            }
        }
        Box::pin(async { Default::default() })
    });
    let filter = Filter { equals: (STATUS, Status::Done.as_str()), prefix: (TOPIC, "orders/") };
    let stream = stack.embedded.stream_arn("inbox").unwrap();
    let pump = Pump::start(stack.embedded.db.clone(), stream, filter, pump::Settings::default(), handler);
    (pump.unwrap(), ends)
}

/// How long the disk takes to keep a page.
fn disk(folder: &Path) -> Duration {
    let mut file = std::fs::File::create(folder.join("page")).unwrap();
    let mut took: Vec<Duration> = (0..100)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&[0; 4096]).unwrap();
            file.sync_all().unwrap();
            start.elapsed()
        })
        .collect();
    quantile(&mut took, 0.5)
}

#[tokio::main]
async fn main() {
    let count = bench::arguments().first().map_or(ORDERS, |count| count.parse().unwrap());
    bench::hide_log_lines();
    let folder = tempfile::tempdir_in(bench::target()).unwrap();
    let stack = bench::stack(Some(folder.path().join("bench.db")), Arc::new(SystemClock)).await;
    let (_pump, done) = watch(&stack);
    let orders = orders(count);
    let http = reqwest::Client::new();

    let start = Instant::now();
    let posted: HashMap<&str, Instant> = futures::stream::iter(&orders)
        .map(async |(key, body)| {
            let at = Instant::now();
            let request = http
                .post(&stack.addresses.webhook_url)
                .header("content-type", "application/json")
                .header("x-haravan-topic", "orders/create")
                .header("x-haravan-org-id", ORG.to_string())
                .header("x-haravan-hmacsha256", sign(CLIENT_SECRET, body.as_bytes()))
                .body(body.clone());
            assert_eq!(request.send().await.unwrap().status(), 200);
            (key.as_str(), at)
        })
        .buffer_unordered(IN_FLIGHT)
        .collect()
        .await;
    let taken_in = start.elapsed();
    let mut parked = 0;
    while done.lock().unwrap().len() + parked < count {
        assert!(
            start.elapsed() < Duration::from_secs(600),
            "{} of {count} are done",
            done.lock().unwrap().len()
        );
        // In life upkeep comes every minute; `cargo run` has it every second.
        tokio::time::sleep(Duration::from_millis(200)).await;
        upkeep::wake::wake_events(&stack.upkeep).await.unwrap();
        parked = stack.store.inbox.parked(&TENANT.parse().unwrap(), 1000).await.unwrap().len();
    }
    let done = done.lock().unwrap();
    let mut took: Vec<Duration> = done.iter().map(|(key, end)| *end - posted[key.as_str()]).collect();
    let last = *done.values().max().unwrap() - start;
    let rate = |time: Duration| count as f64 / time.as_secs_f64();

    let buyers = stack.getfly.as_ref().unwrap().accounts().len();
    let (half, most) = (ms(quantile(&mut took, 0.5)), ms(quantile(&mut took, 0.99)));
    println!(
        "orders                {count} ({} done, {parked} parked), {buyers} customers in the CRM",
        done.len()
    );
    println!("taken in              {:.0} events/s", rate(taken_in));
    println!("through to the CRM    {:.0} events/s", rate(last));
    println!("from post to done     p50 {half}, p99 {most}");
    println!("memory at the end     {:.0} MB RSS, with simulators, client and all", memory("self", "VmRSS"));
    println!("the disk keeps a page in {}", ms(disk(folder.path())));
}
