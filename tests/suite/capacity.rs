//! What `infra/capacity.md` counts with is what is counted here, and its arithmetic is done again.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use common::haravan::webhook::Topic;
use common::intake::delivery;
use common::store::inbox::{EventKey, Status};
use connect_tests::haravan::generate::Generator;
use connect_tests::haravan::{CustomerSpec, OrderSpec};
use upkeep::ADMISSION;

use crate::dynamo::{front_door, intake, post_as};
use crate::harness::{World, fixture};
use crate::meter::{Meter, Reading};
use crate::page_events::{SHOP_PAGE, cost, fb, messages};
use crate::verbs::edited;

const DOCUMENT: &str = include_str!("../../infra/capacity.md");

/// How many of each are counted; the table has the average.
const SAMPLES: u32 = 20;

/// What one thing takes.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    requests: f64,
    writes: f64,
    dedup_writes: f64,
    reads: f64,
    crm_calls: f64,
}

impl Taken {
    fn add(&mut self, reading: &Reading, crm_calls: i64) {
        self.requests += reading.operations.len() as f64;
        self.writes += reading.writes.iter().map(|(_, units)| units).sum::<f64>();
        self.dedup_writes += reading.write_units("dedup");
        self.reads += reading.reads;
        self.crm_calls += crm_calls as f64;
    }

    /// A row of the document.
    fn row(&self, name: &str, samples: u32) -> String {
        let each = [self.requests, self.writes, self.dedup_writes, self.reads, self.crm_calls];
        let cells = each.map(|sum| format!("{:.1}", sum / f64::from(samples)));
        format!("| {name} | {} |", cells.join(" | "))
    }
}

/// Shop events through the metered front door and the metered intake.
struct Line<'a> {
    world: &'a World,
    door: Router,
    intake: common::intake::job::Intake,
    meter: Meter,
}

impl<'a> Line<'a> {
    async fn of(world: &'a World) -> Self {
        world.pause_pumps();
        let meter = Meter::default();
        let client = meter.on(&world.stack.embedded.client());
        let line = Self { world, door: front_door(world, &client), intake: intake(world, &client), meter };
        // Warm: the tenant, the CRM's users.
        line.carry("orders/create", fixture::ORDER).await;
        line
    }

    /// What an event takes from its delivery to its end.
    async fn carry(&self, topic: &str, body: &[u8]) -> (Reading, i64) {
        self.world.clock.advance(Duration::from_secs(10));
        let secret = self.world.stack.addresses.client_secret.clone();
        self.meter.take();
        assert_eq!(post_as(&self.door, topic, &secret, body).await, 200);
        let read: serde_json::Value = serde_json::from_slice(body).unwrap();
        let known: Topic = topic.parse().unwrap();
        let key = EventKey::of(&self.world.tenant(), known, read["id"].as_i64().unwrap(), body);
        match topic.starts_with("orders/") {
            true => delivery::work(&self.intake, &order_intake::Orders, &key).await.unwrap(),
            false => delivery::work(&self.intake, &customer_intake::Customers, &key).await.unwrap(),
        }
        let reading = self.meter.take();
        let event = self.world.stack.store.inbox.get(&key).await.unwrap().unwrap();
        assert_eq!(event.status, Status::Done, "{event:?}");
        (reading, event.crm_calls)
    }
}

fn buyer(number: u32) -> CustomerSpec {
    let phone = format!("09{:08}", 10_000_000 + number);
    CustomerSpec::person("Trần", &format!("Khách {number}"), &phone, &format!("khach{number}@example.com"))
}

/// Counted rows by their names.
async fn counted() -> Vec<String> {
    let world = World::start().await;
    let line = Line::of(&world).await;
    let mut generator = Generator::new(7);
    let now = "2026-06-12T08:30:00Z".parse().unwrap();
    let [mut new, mut known, mut changed, mut customer] = [Taken::default(); 4];
    for number in 0..SAMPLES {
        let mut order = |person| generator.order_text(now, &OrderSpec::default().person(person)).into_bytes();
        let (first, second) = (order(buyer(number)), order(buyer(number)));
        let same = |body: &[u8]| -> serde_json::Value { serde_json::from_slice(body).unwrap() };
        let (reading, calls) = line.carry("orders/create", &first).await;
        new.add(&reading, calls);
        // The same customer record, as Haravan has it.
        let person = same(&first)["customer"].clone();
        let second = edited(&second, |body| body["customer"] = person);
        let (reading, calls) = line.carry("orders/create", &second).await;
        known.add(&reading, calls);
        let later = edited(&second, |body| {
            body["updated_at"] = "2026-06-12T09:00:00Z".into();
            body["financial_status"] = "paid".into();
        });
        let (reading, calls) = line.carry("orders/updated", &later).await;
        changed.add(&reading, calls);
        let body = edited(fixture::CUSTOMER, |body| {
            body["id"] = (500 + number).into();
            body["phone"] = format!("08{:08}", 25_500_000 + number).into();
            body["email"] = format!("rieng{number}@example.com").into();
        });
        let (reading, calls) = line.carry("customers/create", &body).await;
        customer.add(&reading, calls);
    }

    let mut message = Taken::default();
    world.hold_page(&world.tenant(), &fb(SHOP_PAGE)).await;
    let client = line.meter.on(&world.stack.embedded.client());
    let door = cost::own_door(&world, &client);
    line.meter.take();
    for number in 0..SAMPLES {
        let body = messages(&[(SHOP_PAGE, &number.to_string())]);
        assert_eq!(cost::from_facebook(&door, &body).await, 200);
    }
    message.add(&line.meter.take(), 0);

    let mut visit = Taken::default();
    let other = world.another_upkeep(&client);
    world.visits_after(Duration::from_secs(3600)).await;
    for _ in 0..SAMPLES {
        world.clock.advance(Duration::from_secs(17 * 60));
        line.meter.take();
        upkeep::shop::visit(&other, &world.tenant(), local::seed::ORG).await;
        visit.add(&line.meter.take(), 0);
    }
    let mut empty = Taken::default();
    // The page's visit, once and for all.
    upkeep::handle(&other).await.unwrap();
    line.meter.take();
    assert_eq!(upkeep::handle(&other).await.unwrap().looked_after, 0);
    empty.add(&line.meter.take(), 0);
    vec![
        new.row("order, new buyer", SAMPLES),
        known.row("order, known buyer", SAMPLES),
        changed.row("change of an order", SAMPLES),
        customer.row("new customer", SAMPLES),
        message.row("message of a page", SAMPLES),
        visit.row("visit of a quiet shop", SAMPLES),
        empty.row("run of upkeep with nothing due", 1),
    ]
}

#[tokio::test]
async fn the_document_counts_with_what_is_counted() {
    let rows = Box::pin(counted()).await;
    for row in &rows {
        assert!(DOCUMENT.contains(row.as_str()), "counted:\n{}", rows.join("\n"));
    }
}

#[test]
fn the_document_has_the_length_of_the_lines_of_an_order() {
    let (lines, _) = crate::trace::lines(Some("Root=1-5759e988-bd862e3fe1be46a994272793"));
    let length = |event: &str| {
        let of_event = |line: &&serde_json::Value| {
            line["event"] == event && line["event.key"].as_str().is_some_and(|key| key.ends_with("#777"))
        };
        lines.iter().find(of_event).unwrap().to_string().len()
    };
    // In life the intake has a trace of its own, beside the delivery's.
    let own = r#""invocation.trace":"5759e988bd862e3fe1be46a994272793","#.len();
    let (stored, done) = (length("webhook.stored"), length("event.done") + own);
    for (name, bytes) in [("`webhook.stored`", stored), ("`event.done`", done)] {
        // Ids and durations have more or fewer digits.
        let said = number(&cells(name)[1]);
        assert!((said - bytes as f64).abs() <= 10.0, "{name} has {bytes} bytes, the document says {said}");
    }
}

/// The cells of the row whose first one is this.
fn cells(name: &str) -> Vec<String> {
    let start = format!("| {name} |");
    let row =
        DOCUMENT.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no row {name}"));
    row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// The rows of the first table below a heading, without the head and its rule.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let (_, section) =
        DOCUMENT.split_once(&format!("\n### {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let table = section.lines().skip_while(|line| !line.starts_with('|'));
    let lines = table.take_while(|line| line.starts_with('|')).skip(2);
    lines.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

fn number(cell: &str) -> f64 {
    let plain = cell.trim_start_matches('$').replace(',', "");
    plain.parse().unwrap_or_else(|_| panic!("{cell:?} is no number"))
}

/// A parameter of the document by its name.
fn parameter(name: &str) -> f64 {
    number(&cells(name)[1])
}

/// As precise as the document writes it.
#[track_caller]
fn same(said: &str, computed: f64, what: &str) {
    let digits = said.split_once('.').map_or(0, |(_, digits)| digits.len());
    let half = 0.5 / 10_f64.powi(i32::try_from(digits).unwrap());
    assert!((number(said) - computed).abs() <= half + 1e-9, "{what}: {said} is said, {computed} it is");
}

/// What the average event takes, by column of the counted rows: requests, writes, dedup writes, reads, CRM calls.
fn average_event() -> [f64; 5] {
    let mut sum = [0.0; 5];
    let mut shares = 0.0;
    for share in rows("The mix") {
        let of_all = number(&share[1]);
        shares += of_all;
        let counted = cells_of_count(&share[0]);
        for (sum, cell) in sum.iter_mut().zip(&counted[1..]) {
            *sum += of_all * number(cell);
        }
    }
    assert!((shares - 1.0_f64).abs() < 1e-9, "the shares make {shares}");
    sum
}

fn cells_of_count(name: &str) -> Vec<String> {
    rows("Counted").into_iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("{name} is not counted"))
}

#[test]
fn the_costs_are_their_counts_times_their_prices_and_add_up() {
    for heading in ["A million events", "A connected shop, a month", "A deployment, a month"] {
        let (mut sum, mut total) = (0.0, None);
        for row in rows(heading) {
            if row[0] == "**together**" {
                total = Some(row[3].clone());
                continue;
            }
            same(&row[3], number(&row[1]) * number(&row[2]), &format!("{heading}: {}", row[0]));
            sum += number(&row[3]);
        }
        same(&total.expect("a sum"), sum, heading);
    }
}

#[test]
fn the_counts_of_a_million_events_follow_from_the_average_event() {
    let [requests, writes, _, reads, calls] = average_event();
    let log_bytes = number(&cells("`webhook.stored`")[1])
        + number(&cells("`event.done`")[1])
        + parameter("bytes that Lambda itself logs for a call")
            * (1.0 + 1.0 / parameter("events in a batch"));
    let intake_seconds = calls * parameter("seconds that a CRM call takes")
        + (requests - 1.0) * parameter("seconds that a request to DynamoDB takes");
    let calls_of_functions = 1.0 + 1.0 / parameter("events in a batch");
    let expected = BTreeMap::from([
        ("DynamoDB write units, millions", writes),
        ("DynamoDB read units, millions", reads + parameter("read units of a cold cache, an event")),
        (
            "DynamoDB storage with recovery, GB-months",
            parameter("bytes that an event takes, index included") / 1000.0,
        ),
        ("Lambda calls, millions", calls_of_functions),
        ("Lambda of the front door, thousand GB-s", 250.0 * parameter("seconds that a delivery takes")),
        ("Lambda of the intakes, thousand GB-s", 250.0 * intake_seconds / parameter("events in a batch")),
        ("Logs taken in, GB", log_bytes / 1000.0),
        ("X-Ray traces, millions", parameter("share of calls that X-Ray records") * calls_of_functions),
        ("To the internet, GB", calls * parameter("bytes that a CRM call sends") / 1000.0),
    ]);
    let rows = rows("A million events");
    let named: Vec<&str> =
        rows.iter().map(|row| row[0].as_str()).filter(|name| *name != "**together**").collect();
    assert_eq!(named.len(), expected.len());
    for row in rows.iter().filter(|row| row[0] != "**together**") {
        same(&row[1], expected[row[0].as_str()], &row[0]);
    }
}

#[test]
fn the_bill_follows_from_the_costs() {
    let together = |heading: &str| {
        let rows = rows(heading);
        number(&rows.last().expect("a sum")[3])
    };
    let (million, shop, deployment) = (
        together("A million events"),
        together("A connected shop, a month"),
        together("A deployment, a month"),
    );
    for row in rows("The bill") {
        let tenants = number(&row[0]);
        let events = tenants * parameter("events of a tenant in a day") * 30.0 / 1e6;
        let sums = [events * million, tenants * shop, deployment];
        let month: f64 = sums.iter().sum();
        for (said, computed) in
            row[1..].iter().zip([events, sums[0], sums[1], sums[2], month, month / tenants])
        {
            same(said, computed, &row[0]);
        }
    }
}

#[test]
fn the_plan_follows_from_its_parameters() {
    let [_, writes, dedup, _, calls] = average_event();
    let upkeep = upkeep::Limits::default();
    let visit = parameter("seconds that a visit takes");
    for row in rows("From 10 to 100,000 tenants") {
        let tenants = number(&row[0]);
        let average = tenants * parameter("events of a tenant in a day") / 86_400.0;
        let peak = average * parameter("times the average at a sale's peak");
        same(&row[1], average, "average");
        same(&row[2], peak, "peak");
        same(
            &row[3],
            peak * (writes - dedup) / 2.0,
            "write units a second of the inbox and as many of its index",
        );
        same(&row[4], peak * dedup, "write units a second of dedup");
        same(&row[5], peak * parameter("seconds that a delivery takes"), "front door's executions");
        let intake = calls * parameter("seconds that a CRM call takes") / parameter("events in a batch");
        same(&row[6], peak * intake, "intakes' executions");
        let due = tenants / (upkeep.reconcile_every.as_secs_f64() / 60.0);
        same(&row[7], due, "visits due in a minute");
        same(&row[8], (due * visit / ADMISSION.as_secs_f64()).ceil().max(1.0), "visits at once");
    }
    let most = upkeep.at_once as f64 * ADMISSION.as_secs_f64() / visit;
    same(&cells("visits that a run makes as deployed")[1], most, "visits of a run");
    let shops = most * upkeep.reconcile_every.as_secs_f64() / 60.0;
    same(&cells("shops that upkeep keeps up with as deployed")[1], shops, "shops");
}
