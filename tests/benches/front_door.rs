//! CPU time per webhook event, without the SDK's call.
//!
//! `cargo bench -p connect-tests --bench front_door` measures the pieces, then the whole of it: the event as Lambda hands
//! it over is read, goes through the router, and DynamoDB answers at once from memory. Of that, `inbox.put` alone is
//! taken off again: it is what the SDK needs to build, sign and read a call, and what building the item needs.
//! The budget of `outside the SDK` is 150 µs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

mod bench;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bench::{BODIES, CLIENT_SECRET};
use common::body::pack;
use common::channel::Apps;
use common::clock::ManualClock;
use common::haravan::webhook::{Signature, Topic};
use common::id::TenantId;
use common::seal::SecretSource;
use common::store::Store;
use common::store::inbox::{EventKey, NewEvent};
use common::tenant::Directory;
use connect_tests::haravan;
use criterion::Criterion;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use jiff::Timestamp;
use local::embedded;
use local::seed::{ORG, TENANT};
use rustix::time::{ClockId, clock_gettime};
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::{Service, ServiceExt};
use webhook::pages::PageDoor;
use webhook::{Webhook, router};

/// This thread's CPU time, which other programs on the machine do not lengthen.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
    }

    fn end(&self, start: Duration) -> Duration {
        self.start() - start
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// A DynamoDB that stores whatever it is given.
#[derive(Debug, Clone)]
struct AtOnce;

impl HttpConnector for AtOnce {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from("{}"))))
    }
}

/// A delivery and what it becomes on its way.
struct Sample {
    name: String,
    topic: &'static str,
    body: Vec<u8>,
    signature: String,
    /// The event as Lambda hands it over.
    event: String,
}

fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (name, topic, pretty, _) in BODIES {
        let compact = serde_json::to_vec(&serde_json::from_slice::<Value>(pretty).unwrap()).unwrap();
        for (style, body) in [("compact", compact), ("pretty", pretty.to_vec())] {
            let signature = haravan::sign(CLIENT_SECRET, &body);
            let mut event: Value =
                serde_json::from_str(include_str!("../../events/webhook-order.json")).unwrap();
            event["body"] = STANDARD.encode(&body).into();
            event["headers"]["content-length"] = body.len().to_string().into();
            event["headers"]["x-haravan-topic"] = topic.into();
            event["headers"]["x-haravan-hmacsha256"] = json!(signature);
            let name = format!("{name}, {style}, {} B", body.len());
            samples.push(Sample { name, topic, body, signature, event: event.to_string() });
        }
    }
    samples
}

fn pieces(criterion: &mut Criterion<CpuTime>, sample: &Sample) {
    let body = sample.body.as_slice();
    let (tenant, topic) = (TENANT.parse::<TenantId>().unwrap(), sample.topic.parse::<Topic>().unwrap());
    let secret = SecretString::from(CLIENT_SECRET);
    let signature: Signature = sample.signature.parse().unwrap();
    let verified = signature.verify(body, [&secret]).unwrap();
    let mut piece = |name, work: &dyn Fn()| {
        criterion.bench_function(&format!("{name}: {}", sample.name), |bencher| bencher.iter(work));
    };
    piece("read the event", &|| drop(black_box(lambda_http::request::from_str(&sample.event).unwrap())));
    piece("verify", &|| {
        black_box(signature.verify(black_box(body), [&secret]));
    });
    piece("head", &|| _ = black_box(verified.content()));
    piece("digest", &|| drop(black_box(EventKey::of(&tenant, topic, 1, black_box(body)))));
    piece("pack", &|| drop(black_box(pack(black_box(body)))));
}

/// A front door with a warm directory whose writes are answered from memory, and the store it writes to.
async fn front_door() -> (axum::Router, Store) {
    let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
    let stack = bench::stack(None, clock.clone()).await;
    let directory = Directory::new(stack.store.clone(), stack.key_ring.clone(), clock.clone());
    directory.tenant(&TENANT.parse().unwrap()).await.unwrap().unwrap();
    let at_once = http_client_fn(|_, _| SharedHttpConnector::new(AtOnce));
    let config = stack.embedded.client().config().to_builder().http_client(at_once).build();
    let store = Store::new(&aws_sdk_dynamodb::Client::from_conf(config), embedded::table_names());
    let apps = Apps::new(SecretSource::Text("{}".into()), String::new(), clock.clone());
    let pages = PageDoor::new(apps);
    (router(Arc::new(Webhook { store: store.clone(), directory, pages, clock })), store)
}

fn whole(criterion: &mut Criterion<CpuTime>, sample: &Sample) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut router, store) = runtime.block_on(front_door());
    let (tenant, topic) = (TENANT.parse::<TenantId>().unwrap(), sample.topic.parse::<Topic>().unwrap());
    let event = NewEvent {
        key: EventKey::of(&tenant, topic, 1, &sample.body),
        topic,
        org: ORG,
        body: pack(&sample.body).unwrap(),
        updated_at: Some(Timestamp::UNIX_EPOCH),
        received_at: Timestamp::UNIX_EPOCH,
        parked: None,
        trace: common::trace::TraceId::fresh(),
    };
    let mut handle = async || {
        let request = lambda_http::request::from_str(&sample.event).unwrap();
        let (parts, body) = request.into_parts();
        let request = axum::extract::Request::from_parts(parts, axum::body::Body::from(body.to_vec()));
        let answer = ServiceExt::<axum::extract::Request>::ready(&mut router)
            .await
            .unwrap()
            .call(request)
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    };
    let put = async || _ = store.inbox.put(&event).await.unwrap();
    criterion.bench_function(&format!("inbox.put: {}", sample.name), |bencher| {
        bencher.iter(|| runtime.block_on(put()));
    });
    criterion.bench_function(&format!("outside the SDK: {}", sample.name), |bencher| {
        bencher.iter_custom(|times| {
            let (mut all, mut sdk) = (Duration::ZERO, Duration::ZERO);
            // Turn and turn about, so that both meet the same machine.
            for _ in 0..times {
                let start = CpuTime.start();
                runtime.block_on(handle());
                let between = CpuTime.start();
                runtime.block_on(put());
                all += between - start;
                sdk += CpuTime.end(between);
            }
            all.saturating_sub(sdk)
        });
    });
}

fn main() {
    bench::hide_log_lines();
    println!("CPU time; the budget of \"outside the SDK\" is 150 µs\n");
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30)
        .without_plots()
        .configure_from_args();
    for sample in samples() {
        pieces(&mut criterion, &sample);
        whole(&mut criterion, &sample);
    }
    criterion.final_summary();
}
