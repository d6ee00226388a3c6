//! Events per second through everything, on this machine.
//!
//! `cargo bench -p connect-tests --bench whole_path -- [ORDERS]` posts orders, half of them of new buyers, sixteen at a
//! time, to the stack of `cargo run` with its database in a file: front door, stream, order-intake and simulated CRM, which
//! all share this process and this machine's processors. It ends when the last order is done.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

mod bench;

use std::collections::HashMap;
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
use serde_json::Value;

const ORDERS: usize = 3000;
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

/// When which event came to rest, read from the stream like everything else that follows it.
type Ends = Arc<Mutex<HashMap<String, Instant>>>;

fn watch(stack: &local::stack::Stack, status: Status) -> (Pump, Ends) {
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
    let filter = Filter { equals: (STATUS, status.as_str()), prefix: (TOPIC, "orders/") };
    let settings = pump::Settings { poll: Duration::from_millis(5), ..pump::Settings::default() };
    let stream = stack.embedded.stream_arn("inbox").unwrap();
    (Pump::start(stack.embedded.db.clone(), stream, filter, settings, handler).unwrap(), ends)
}

#[tokio::main]
async fn main() {
    let count = bench::arguments().first().map_or(ORDERS, |count| count.parse().unwrap());
    bench::hide_log_lines();
    let folder = tempfile::tempdir_in(bench::target()).unwrap();
    let stack = bench::stack(Some(folder.path().join("bench.db")), Arc::new(SystemClock)).await;
    let ((_done_pump, done), (_parked_pump, parked)) =
        (watch(&stack, Status::Done), watch(&stack, Status::Parked));
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
    let resting = || done.lock().unwrap().len() + parked.lock().unwrap().len();
    while resting() < count {
        assert!(start.elapsed() < Duration::from_secs(600), "{} of {count} came to rest", resting());
        // In life upkeep comes every minute; `cargo run` has it every second.
        tokio::time::sleep(Duration::from_millis(200)).await;
        upkeep::handle(&stack.upkeep).await.unwrap();
    }
    let done = done.lock().unwrap();
    let mut took: Vec<Duration> = done.iter().map(|(key, end)| *end - posted[key.as_str()]).collect();
    let last = *done.values().max().unwrap() - start;
    let rate = |time: Duration| count as f64 / time.as_secs_f64();

    let buyers = stack.getfly.as_ref().unwrap().accounts().len();
    println!(
        "orders                {count} ({} done, {} parked), {buyers} customers in the CRM",
        done.len(),
        parked.lock().unwrap().len()
    );
    println!("taken in              {:.0} events/s", rate(taken_in));
    println!("through to the CRM    {:.0} events/s", rate(last));
    println!(
        "from post to done     p50 {}, p99 {}",
        ms(quantile(&mut took, 0.5)),
        ms(quantile(&mut took, 0.99))
    );
    println!("memory at the end     {:.0} MB RSS, with simulators, client and all", memory("self", "VmRSS"));
}
