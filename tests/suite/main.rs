//! The integration suite: the whole stack, the simulators and the clock in one place.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect must fail there and then"
)]

mod bodies;
mod calls;
mod capacity;
mod connect;
mod console;
mod customer_rules;
mod dynamo;
mod flaky;
mod garbage;
mod getfly_customers;
mod getfly_faults;
mod getfly_orders;
mod haravan_faults;
mod harness;
mod identities;
mod jar;
mod library_logs;
mod life;
mod life_import;
mod life_tokens;
mod links;
mod meter;
mod operator;
mod order_rules;
mod page_events;
mod pages;
mod pages_life;
mod payments;
mod progress;
mod proxy;
mod reading;
mod reconcile;
mod recording;
mod security;
mod setting_names;
mod shops;
mod soak;
mod store;
mod story;
mod totals;
mod trace;
mod verbs;
