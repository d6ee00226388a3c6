//! A whole stack in memory on a clock of its own, driven by verbs.

use std::sync::Arc;
use std::time::Duration;

use common::clock::{Clock, ManualClock};
use common::id::TenantId;
use common::seal::{KeyRing, Place};
use common::settings::Settings;
use common::store::inbox::{Event, Status};
use common::store::schema;
use common::tenant::tenant_place;
use connect_tests::{getfly, haravan};
use jiff::Timestamp;
use local::options::Options;
use local::pump;
use local::seed::{self, TENANT};
use local::stack::Stack;
use reqwest::StatusCode;
use secrecy::ExposeSecret;

use crate::calls::Calls;

/// The three bodies of the protocol, as bytes.
pub mod fixture {
    /// A storefront order, cash on delivery.
    pub const ORDER: &[u8] = include_bytes!("../fixtures/order_create.json");
    /// An order typed in by staff and paid by transfer.
    pub const PAID_ORDER: &[u8] = include_bytes!("../fixtures/order_create_paid.json");
    /// A customer.
    pub const CUSTOMER: &[u8] = include_bytes!("../fixtures/customer_create.json");
}

/// A running stack.
pub struct World {
    /// The stack.
    pub stack: Stack,
    /// Its clock, which only moves when told.
    pub clock: Arc<ManualClock>,
    calls: Calls,
    pub(crate) http: reqwest::Client,
}

impl Drop for World {
    fn drop(&mut self) {
        self.calls.check();
    }
}

impl World {
    /// A stack that hands every record over once.
    pub async fn start() -> Self {
        Self::with(pump::Settings::default()).await
    }

    /// A stack with a pump of one's own making.
    pub async fn with(pump: pump::Settings) -> Self {
        let clock = Arc::new(ManualClock::starting_at("2026-06-12T08:30:00Z".parse().unwrap()));
        let options = Options { pump, ..Options::in_memory(clock.clone()) };
        Box::pin(Self::of(clock, options)).await
    }

    /// A stack of one's own making on a clock.
    pub async fn of(clock: Arc<ManualClock>, options: Options) -> Self {
        let calls = Calls::default();
        let options = Options {
            pump: pump::Settings { poll: Duration::from_millis(5), ..options.pump },
            between: Some(Arc::new(calls.clone())),
            ..options
        };
        let stack = Box::pin(Stack::start(options)).await.unwrap();
        Self { stack, clock, calls, http: reqwest::Client::new() }
    }

    /// The simulated CRM.
    pub fn getfly(&self) -> &getfly::Simulator {
        self.stack.getfly.as_ref().unwrap()
    }

    /// The simulated Haravan.
    pub fn haravan(&self) -> &haravan::Simulator {
        self.stack.haravan.as_ref().unwrap()
    }

    /// The seeded tenant.
    pub fn tenant(&self) -> TenantId {
        TENANT.parse().unwrap()
    }

    /// Changes the tenant's settings and lets the caches notice.
    pub async fn settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut record = self.stack.store.tenants.get(&self.tenant()).await.unwrap().unwrap();
        change(&mut record.settings);
        assert!(self.stack.store.tenants.put(&record).await.unwrap());
        self.clock.advance(common::tenant::FRESH);
    }

    /// Replaces the Haravan client secret; the old one stays as the previous one.
    pub async fn rotate_client_secret(&self, secret: &str) {
        let mut record = self.stack.store.tenants.get(&self.tenant()).await.unwrap().unwrap();
        let ring = self.key_ring().await;
        let place = tenant_place(&record.id);
        let old = ring
            .open(Place { key: &place, field: schema::tenants::SECRET }, record.secret.as_ref().unwrap())
            .unwrap();
        let previous = Place { key: &place, field: schema::tenants::PREVIOUS_SECRET };
        record.previous_secret = Some(ring.seal(previous, &old).unwrap());
        let current = Place { key: &place, field: schema::tenants::SECRET };
        record.secret = Some(ring.seal(current, &secret.into()).unwrap());
        assert!(self.stack.store.tenants.put(&record).await.unwrap());
    }

    /// A second tenant, with no shop of its own.
    pub async fn add_tenant(&self, id: &str, client_secret: &str) -> TenantId {
        let mut record = self.stack.store.tenants.get(&self.tenant()).await.unwrap().unwrap();
        record.id = id.parse().unwrap();
        record.revision = 0;
        let (ring, key) = (self.key_ring().await, tenant_place(&record.id));
        let seal = |field, secret: &str| ring.seal(Place { key: &key, field }, &secret.into()).unwrap();
        record.secret = Some(seal(schema::tenants::SECRET, client_secret));
        record.verify_token = seal(schema::tenants::VERIFY_TOKEN, "verify");
        record.crm_key = seal(schema::tenants::CRM_KEY, "key");
        assert!(self.stack.store.tenants.put(&record).await.unwrap());
        record.id
    }

    /// Stops handing stream records over.
    pub fn pause_pumps(&self) {
        self.stack.pumps.iter().for_each(|pump| pump.pause(true));
    }

    /// Hands them over again.
    pub fn resume_pumps(&self) {
        self.stack.pumps.iter().for_each(|pump| pump.pause(false));
    }

    /// The key ring of a stack in memory.
    pub async fn key_ring(&self) -> KeyRing {
        KeyRing::from_json(self.stack.key_ring.text().await.unwrap().expose_secret()).unwrap()
    }

    /// Posts a body as Haravan would, rightly signed.
    pub async fn post(&self, topic: &str, body: &[u8]) -> StatusCode {
        let secret = self.stack.addresses.client_secret.clone();
        self.post_as(&secret, topic, &seed::ORG.to_string(), body).await
    }

    /// Posts a body signed with any secret, for any organisation.
    pub async fn post_as(&self, secret: &str, topic: &str, org: &str, body: &[u8]) -> StatusCode {
        let headers = [
            ("X-Haravan-Topic", topic.to_owned()),
            ("X-Haravan-Org-Id", org.to_owned()),
            ("X-Haravan-Hmacsha256", haravan::sign(secret, body)),
        ];
        self.post_raw(&self.stack.addresses.webhook_url, &headers, body).await
    }

    /// Posts a body with exactly these headers.
    pub async fn post_raw(&self, url: &str, headers: &[(&str, String)], body: &[u8]) -> StatusCode {
        let mut request = self.http.post(url).header("content-type", "application/json; charset=utf-8");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.body(body.to_vec()).send().await.unwrap().status()
    }

    /// The front door's answer to a `GET` with this query.
    pub async fn challenge(&self, query: &[(&str, &str)]) -> (StatusCode, String) {
        let answer = self.http.get(&self.stack.addresses.webhook_url).query(query).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Sends what the simulated Haravan has to send, and works it until nothing is open.
    pub async fn deliver_everything_due(&self) {
        self.haravan().deliver_due().await;
        self.work_until_done().await;
    }

    /// Waits until both pumps have handed over everything that is in the stream.
    pub async fn settle(&self) {
        self.stack.pumps.iter().for_each(pump::Pump::look_again);
        let quiet = async {
            while !self.stack.pumps.iter().all(pump::Pump::is_quiet) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(300), quiet).await.expect("the pumps come to rest");
    }

    /// Moves the clock from due time to due time, running upkeep, until every event is done or parked.
    pub async fn work_until_done(&self) {
        for _ in 0..2000 {
            self.settle().await;
            let Some(due) = self.next_due().await else { return };
            // Schedules run at intervals; the step also outlasts a lease that runs beyond the time upkeep looks.
            self.clock.advance_to(due.max(self.clock.now() + Duration::from_secs(30)));
            upkeep::wake::wake_events(&self.stack.upkeep).await.unwrap();
        }
        panic!("events stay open: {:?}", self.open_events().await);
    }

    async fn next_due(&self) -> Option<Timestamp> {
        self.open_events().await.into_iter().filter_map(|event| event.due).min()
    }

    async fn open_events(&self) -> Vec<Event> {
        let events = self.events().await;
        events.into_iter().filter(|event| !matches!(event.status, Status::Done | Status::Parked)).collect()
    }

    /// Every event of shops in the inbox, oldest first.
    pub async fn events(&self) -> Vec<Event> {
        let client = self.stack.embedded.client();
        let mut pages = client.scan().table_name("inbox").into_paginator().items().send();
        let mut events = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.unwrap();
            if Status::of(&item).is_some_and(|status| status != Status::Kept) {
                events.push(Event::read(&item).unwrap());
            }
        }
        events.sort_by_key(|event| (event.received_at, event.key.clone()));
        events
    }

    /// The one event there is.
    pub async fn only_event(&self) -> Event {
        let mut events = self.events().await;
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    /// How many events stand where.
    pub async fn count(&self, status: Status) -> usize {
        self.events().await.into_iter().filter(|event| event.status == status).count()
    }
}
