//! A simulated Getfly tenant, built from getfly.md §11 and from nothing of our own client.
//!
//! One [`Simulator`] is one tenant: its users, customers, orders and payments, the switches that make it a strict or a
//! sloppy one, and the faults that wait for a request. It speaks v6.1, the v6 lists and, when switched on, v3. A
//! misreading on either side shows up as a disagreement between the two.
//!
//! How a request goes:
//!
//! ```text
//! recorded ─► fault? ─► version, route, key, right, rate, content type ─► handler on the locked state ─► webhooks
//!               └─ before: an error answer, HTML, a closed connection · after: the write stays, the answer is lost
//! ```
//!
//! Invariants
//! - A handler runs under one lock and judges the whole body before it writes, so a refused request leaves no trace and
//!   two requests never mix.
//! - A request is in the log before it is handled; the log is bounded ([`Settings::keep_requests`]).
//! - Nothing a client sends makes it panic: bodies are read through `Reader`, arithmetic is checked.
//! - Time comes from the clock the simulator was made with, randomness from seeded generators.
//! - A tenant made with `Simulator::persistent` has written a change to its file before anyone is answered: what was
//!   answered survives `kill -9`. Switches, faults and the log do not.
//!
//! What getfly.md leaves open is decided on the side of refusing: dates other than `YYYY-MM-DD`, genders other than
//! 1 and 2, negative or absurd amounts, names over 255 characters, orders without lines and inactive users get 422.

mod amounts;
mod call;
mod faults;
mod inspect;
mod limiter;
mod lists;
mod money;
mod pages;
mod pipeline;
mod records;
mod reply;
mod request_log;
mod routes;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod webhooks;

pub use crate::sim::Server as Served;
pub use amounts::{
    HeadAmounts, HeadInput, LineAmounts, LineInput, head as head_amounts, line as line_amounts,
};
pub use faults::{Fault, QueuedFault, RandomFaults};
pub use records::{
    APPROVED, Account, AccountSource, AccountType, CANCELLED, Contact, CustomField, Order, OrderLine,
    OrderSource, Payment, PaymentMethod, Product, SeedAccount, User, WAITING,
};
pub use request_log::RecordedRequest;
pub use settings::{
    Counters, DuplicateRule, Duplicates, MissingVersion, Nesting, OrderAnswer, OrderDupMode, ProductMode,
    ProductRefusal, Settings, SourceMode, UnknownAccount, Webhooks,
};

use axum::routing::MethodRouter;
use serde_json::Value;

use state::State;

/// Cheap to clone; every clone is the same tenant.
pub type Simulator = crate::sim::Simulator<State>;

impl Simulator {
    /// The page of everything: a larger router serves it at the address in which the tenant is nested, with a slash behind.
    pub fn home(&self) -> MethodRouter {
        pages::home().with_state(self.clone())
    }

    /// Every customer, deleted ones too, by id.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        self.lock(|state| state.accounts.values().cloned().collect())
    }

    /// The customer with this code, also when deleted.
    #[must_use]
    pub fn account(&self, code: &str) -> Option<Account> {
        self.lock(|state| state.accounts.get(state.account_codes.get(code)?).cloned())
    }

    /// Every order by id, with its paid sum.
    #[must_use]
    pub fn orders(&self) -> Vec<Order> {
        self.lock(|state| state.orders.values().map(|order| state.settled(order)).collect())
    }

    /// Every order with this code, oldest first: more than one is a double.
    #[must_use]
    pub fn orders_coded(&self, code: &str) -> Vec<Order> {
        self.lock(|state| {
            let ids = state.order_codes.get(code).map(Vec::as_slice).unwrap_or_default();
            ids.iter().filter_map(|id| state.orders.get(id)).map(|order| state.settled(order)).collect()
        })
    }

    /// Every payment by id.
    #[must_use]
    pub fn payments(&self) -> Vec<Payment> {
        self.lock(|state| state.payments.values().cloned().collect())
    }

    /// Every product by id.
    #[must_use]
    pub fn products(&self) -> Vec<Product> {
        self.lock(|state| state.products.values().cloned().collect())
    }

    /// Every user by id.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        self.lock(|state| state.users.values().cloned().collect())
    }

    /// The customer sources.
    #[must_use]
    pub fn account_sources(&self) -> Vec<AccountSource> {
        self.lock(|state| state.sources.to_vec())
    }

    /// The order sources.
    #[must_use]
    pub fn order_sources(&self) -> Vec<OrderSource> {
        self.lock(|state| state.order_sources.to_vec())
    }

    /// How many requests of the log went to this route, such as `POST /api/v6.1/sale_order`.
    #[must_use]
    pub fn requests_to(&self, route: &str) -> usize {
        self.lock(|state| state.log.list().iter().filter(|request| request.route() == route).count())
    }

    /// The form bodies of the webhooks sent or tried, oldest first.
    #[must_use]
    pub fn webhooks_sent(&self) -> Vec<String> {
        self.lock(|state| state.sent_webhooks.iter().cloned().collect())
    }

    /// The whole state as the inspection route shows it.
    #[must_use]
    pub fn inspect(&self) -> Value {
        self.lock(|state| state.inspect())
    }

    /// The switches as they stand.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.lock(|state| state.settings.clone())
    }

    /// Changes switches in place.
    pub fn settings_mut(&self, change: impl FnOnce(&mut Settings)) {
        self.lock(|state| {
            let mut settings = state.settings.clone();
            change(&mut settings);
            state.set_settings(settings);
        });
    }

    /// Changes the switches a JSON object names, as the settings route does.
    ///
    /// # Errors
    /// A text for people, naming the switch that is unknown or has a wrong value; nothing is changed then.
    pub fn patch_settings(&self, patch: &Value) -> Result<Settings, String> {
        self.lock(|state| {
            let settings = state.settings.patched(patch)?;
            state.set_settings(settings.clone());
            Ok(settings)
        })
    }

    /// Queues a fault for the next request of a route: `METHOD /path` without query, or `*`.
    pub fn push_fault(&self, route: &str, fault: Fault) {
        self.lock(|state| state.faults.push(QueuedFault { route: route.to_owned(), fault }));
    }

    /// The faults that still wait.
    #[must_use]
    pub fn faults(&self) -> Vec<QueuedFault> {
        self.lock(|state| state.faults.queued())
    }

    /// Forgets the faults that wait; standing random faults are a setting and stay.
    pub fn clear_faults(&self) {
        self.lock(|state| state.faults.clear());
    }

    /// Adds a user, or replaces the one with the same id; id 0 takes the next one.
    pub fn add_user(&self, user: User) -> User {
        self.lock(|state| {
            let next = state.users.keys().next_back().map_or(1, |last| last.saturating_add(1));
            let user = User { user_id: if user.user_id == 0 { next } else { user.user_id }, ..user };
            state.users.insert(user.user_id, user.clone());
            user
        })
    }

    /// Adds a customer past every rule of the CRM.
    pub fn add_account(&self, account: SeedAccount) -> Account {
        self.lock(|state| routes::seed(state, account))
    }

    /// Deletes a customer as the CRM does, hidden but kept; `false` when no live one has this code.
    pub fn delete_account(&self, code: &str) -> bool {
        let (deleted, bodies) =
            self.lock(|state| (routes::delete_by_code(state, code), webhooks::drain(state)));
        self.post_webhooks(bodies);
        deleted
    }

    /// Gives a customer another code, as a person does; `false` when no live one has the code or the new one is taken.
    pub fn rename_account(&self, code: &str, to: &str) -> bool {
        self.lock(|state| state.rename_account(code, to))
    }

    /// Merges a customer into another: its orders move, and it is gone for good. With `answers` its code then leads to the
    /// other one. `false` when one of them is not there.
    pub fn merge_account(&self, code: &str, into: &str, answers: bool) -> bool {
        self.lock(|state| state.merge_account(code, into, answers))
    }

    /// Deletes a customer for good, deleted before or not; `false` when there is none of this code.
    pub fn purge_account(&self, code: &str) -> bool {
        self.lock(|state| state.purge_account(code).is_some())
    }

    /// Adds a customer source.
    pub fn add_account_source(&self, name: &str) -> u64 {
        self.lock(|state| state.add_source(name))
    }

    /// Adds an order source.
    pub fn add_order_source(&self, name: &str) -> u64 {
        self.lock(|state| state.add_order_source(name))
    }

    /// Adds a way to pay.
    pub fn add_payment_method(&self, name: &str) {
        self.lock(|state| {
            let id =
                state.payment_methods.iter().map(|method| method.id).max().unwrap_or(0).saturating_add(1);
            state.payment_methods.push(PaymentMethod { id, method_name: name.to_owned() });
        });
    }

    /// Runs on the state under the lock, and writes the books before it is released.
    fn lock<T>(&self, run: impl FnOnce(&mut State) -> T) -> T {
        run(&mut self.state())
    }

    /// Sends webhooks in the background; without a runtime there is nobody to send them.
    fn post_webhooks(&self, bodies: Vec<String>) {
        if bodies.is_empty() || tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        match self.transport().client(false) {
            Ok(client) => webhooks::post(&self.settings().webhooks.callback_url, client, bodies),
            Err(reason) => tracing::warn!(%reason, "the simulated Getfly sends no webhook"),
        }
    }
}
