//! Everything at once: new buyers whose order and customer arrive together, repeated and shuffled, into a CRM that
//! fails at random and would not notice a double by itself.

use std::collections::{BTreeMap, BTreeSet};

use common::store::inbox::Status;
use connect_tests::getfly::{DuplicateRule, Duplicates, Fault, OrderDupMode, RandomFaults};
use connect_tests::haravan::generate::Generator;
use connect_tests::haravan::{CustomerSpec, OrderSpec};
use futures::StreamExt;
use local::pump;
use serde_json::Value;

use crate::harness::World;

const BUYERS: usize = 300;
const DELIVERIES: usize = 3;

struct Buyer {
    phone: String,
    order_code: String,
    posts: Vec<(&'static str, Vec<u8>)>,
}

/// New buyers, each with the two bodies Haravan sends within a second.
fn buyers(seed: u64) -> Vec<Buyer> {
    let mut generator = Generator::new(seed);
    let now = "2026-06-12T08:30:00Z".parse().unwrap();
    (0..BUYERS)
        .map(|number| {
            let phone = format!("09{:08}", 10_000_000 + number);
            let email = format!("buyer{number}@example.com");
            let person = CustomerSpec::person("Trần", &format!("Buyer {number}"), &phone, &email);
            let order = generator.order_text(now, &OrderSpec::default().person(person));
            let read: Value = serde_json::from_str(&order).unwrap();
            let customer = read["customer"].to_string();
            let order_code = format!("HRV-{}", read["id"]);
            let posts =
                vec![("orders/create", order.into_bytes()), ("customers/create", customer.into_bytes())];
            Buyer { phone, order_code, posts }
        })
        .collect()
}

async fn storm(seed: u64) {
    let world = World::with(pump::Settings { lanes: 8, repeat_every: 7, ..pump::Settings::default() }).await;
    world.getfly().settings_mut(|settings| {
        // A CRM that forbids nothing: a double would stay.
        let never = DuplicateRule { check: false, allow: true };
        settings.duplicates = Duplicates { phone_office: never, email: never };
        settings.order_dup_mode = OrderDupMode::CreateSecond;
        settings.random_faults = Some(RandomFaults {
            seed,
            probability: 0.06,
            kinds: vec![
                Fault::Status(500),
                Fault::TooManyRequests { retry_after: Some("1.5".to_owned()) },
                Fault::DropAfterCommit,
                Fault::DropBefore,
                Fault::Html200,
            ],
            route: "*".to_owned(),
        });
    });
    let buyers = buyers(seed);
    let mut posts: Vec<(&str, &[u8])> = Vec::new();
    for buyer in &buyers {
        for (topic, body) in &buyer.posts {
            posts.extend(std::iter::repeat_n((*topic, body.as_slice()), DELIVERIES));
        }
    }
    fastrand::Rng::with_seed(seed).shuffle(&mut posts);

    let (world, half) = (&world, posts.len() / 2);
    let (first, second) = posts.split_at(half);
    for (part, posts) in [first, second].into_iter().enumerate() {
        let answers: Vec<_> =
            futures::stream::iter(posts.iter().map(|(topic, body)| world.post(topic, body)))
                .buffer_unordered(16)
                .collect()
                .await;
        assert!(answers.iter().all(|status| *status == 200), "everything is taken in");
        // The key is refused for a while, in the middle of it all.
        world.getfly().settings_mut(|settings| settings.unauthorised_until_cleared = part == 0);
        world.settle().await;
        world.getfly().settings_mut(|settings| settings.unauthorised_until_cleared = false);
    }
    world.work_until_done().await;

    let accounts = world.getfly().accounts();
    let orders = world.getfly().orders();
    assert_eq!((accounts.len(), orders.len()), (BUYERS, BUYERS));
    let phones: BTreeSet<&str> = accounts.iter().map(|account| account.phone_office.as_str()).collect();
    assert_eq!(phones.len(), BUYERS, "nobody is there twice");
    let phone_of: BTreeMap<&str, &str> = accounts
        .iter()
        .map(|account| (account.account_code.as_str(), account.phone_office.as_str()))
        .collect();
    let owner: BTreeMap<&str, &str> = orders
        .iter()
        .map(|order| {
            (
                order.order_code.as_str(),
                phone_of.get(order.account_code.as_str()).copied().unwrap_or("nobody"),
            )
        })
        .collect();
    for buyer in &buyers {
        assert_eq!(
            owner.get(buyer.order_code.as_str()),
            Some(&buyer.phone.as_str()),
            "{} is crossed",
            buyer.order_code
        );
    }
    assert_eq!(world.count(Status::Parked).await, 0);
    assert_eq!(world.count(Status::Done).await, 2 * BUYERS, "one event per body, however often it came");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_new_buyers_through_a_storm_are_three_hundred_customers_and_orders() {
    storm(20_260_612).await;
}
