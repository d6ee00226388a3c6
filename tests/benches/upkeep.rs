//! How many shops a run of upkeep visits.
//!
//! `cargo bench -p connect-tests --bench upkeep -- [AT ONCE] [SHOPS] [MILLISECONDS]` connects so many shops that all are
//! due, and lets one run visit as many as it gets through, against a Haravan that takes so long for an answer and lists
//! twenty old orders each time. CPU time is that of this whole process, store and Haravan included.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

mod bench;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use common::clock::{Clock, SystemClock};
use common::haravan::admin::Admin;
use common::haravan::subscription::{Subscription, WANTED};
use common::id::{OrgId, TenantId};
use common::seal::{KeyRing, Place};
use common::store::connections::{NewShop, SealedTokens, Subject};
use common::store::schema::connections::ACCESS_TOKEN;
use common::store::schema::tenants;
use common::tenant::{connection_place, tenant_place};
use common::wire::egress::Reach;
use local::seed::TENANT;
use local::stack::Stack;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use upkeep::{Limits, Upkeep};
use url::Url;

/// A Haravan that answers after a while.
async fn haravan(wait: Duration) -> Url {
    let order: Value = serde_json::from_slice(include_bytes!("../fixtures/order_create.json")).unwrap();
    let orders: Vec<Value> = (1..=20)
        .map(|id| {
            let mut order = order.clone();
            (order["id"], order["updated_at"]) = (id.into(), "2026-01-01T00:00:00.000Z".into());
            order
        })
        .collect();
    let orders: Arc<str> = json!({"orders": orders}).to_string().into();
    let answer = async move |State(orders): State<Arc<str>>, uri: Uri| {
        tokio::time::sleep(wait).await;
        if uri.path().ends_with("orders.json") {
            orders.to_string()
        } else {
            json!({"customers": []}).to_string()
        }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let app = Router::new().fallback(answer).with_state(orders);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

/// A tenant like the seeded one, with a shop that is due and whose webhooks were looked at just now.
async fn connect(stack: &Stack, ring: &KeyRing, number: i64) {
    let (tenant, org): (TenantId, OrgId) = (format!("tenant-{number}").parse().unwrap(), OrgId(number));
    let mut record = stack.store.tenants.get(&TENANT.parse().unwrap()).await.unwrap().unwrap();
    let place = tenant_place(&tenant);
    let seal = |field| ring.seal(Place { key: &place, field }, &"secret".into()).unwrap();
    (record.id, record.revision) = (tenant.clone(), 0);
    (record.secret, record.previous_secret) = (Some(seal(tenants::SECRET)), None);
    (record.verify_token, record.crm_key) = (seal(tenants::VERIFY_TOKEN), seal(tenants::CRM_KEY));
    assert!(stack.store.tenants.put(&record).await.unwrap());
    let (key, now) = (connection_place(&tenant, &Subject::Shop(org)), SystemClock.now());
    let access = ring.seal(Place { key: &key, field: ACCESS_TOKEN }, &"token".into()).unwrap();
    let new = NewShop {
        tenant: tenant.clone(),
        org,
        shop_domain: None,
        shop_name: None,
        tokens: SealedTokens { access, refresh: None, expires_at: None },
        scopes: Vec::new(),
        by: None,
    };
    let connections = &stack.store.connections;
    connections.connect(&new, now).await.unwrap();
    let shop = connections.shop(&tenant, org).await.unwrap().unwrap();
    let topics: Vec<String> = WANTED.iter().map(|topic| (*topic).to_owned()).collect();
    connections.note_topics(&shop.this(), &topics, now).await.unwrap();
    let due = now - Duration::from_secs(60);
    connections.look_again(&shop.this(), None, due).await.unwrap();
}

/// What this process has used so far.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

#[tokio::main]
async fn main() {
    let given: Vec<u64> = bench::arguments().iter().map(|text| text.parse().unwrap()).collect();
    let argument = |at: usize, default: u64| given.get(at).copied().unwrap_or(default);
    let (at_once, shops, millis) = (argument(0, 16), argument(1, 2000), argument(2, 150));
    bench::hide_log_lines();
    let stack = bench::stack(None, Arc::new(SystemClock)).await;
    let ring = KeyRing::from_json(stack.key_ring.text().await.unwrap().expose_secret()).unwrap();
    for number in 1..=i64::try_from(shops).unwrap() {
        connect(&stack, &ring, number).await;
    }
    let url = haravan(Duration::from_millis(millis)).await;
    let http = Reach::Loopback.client().unwrap();
    let upkeep = Upkeep {
        admin: Admin::new(http.clone(), url.clone()),
        subscription: Subscription::new(http, url),
        limits: Limits { at_once: usize::try_from(at_once).unwrap(), ..Limits::default() },
        ..stack.upkeep.clone()
    };
    let (began, used) = (Instant::now(), cpu());
    let visited = upkeep::due::visit_due(&upkeep).await.unwrap();
    let (took, used) = (began.elapsed(), cpu().saturating_sub(used));
    let each = used / u32::try_from(visited.max(1)).unwrap();
    println!("{at_once} at once, {millis} ms an answer, {shops} shops due");
    println!("visited {visited} in {:.1} s, CPU {} each", took.as_secs_f64(), bench::ms(each));
    println!("most memory {:.0} MB", bench::memory("self", "VmHWM"));
}
