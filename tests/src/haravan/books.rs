//! The shops on file: what of the state outlives the process, and under which names.
//!
//! The body of a delivery never changes and is much larger than the rest of it. It has a row of its own, written while
//! the delivery has not been tried.

use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error;

use super::clock::Clock;
use super::delivery::DeliveryState;
use super::generate::Generator;
use super::seed::Seed;
use super::state::State;
use crate::journal::{Changes, Journal, Rows, Table};

/// What the journal calls itself.
const NAME: &str = "haravan";

impl State {
    /// The state the journal tells of, or the seeded one when it tells of nothing yet.
    pub(super) fn open(seed: &Seed, clock: Clock, path: &Path) -> io::Result<Self> {
        let (mut journal, mut rows) = Journal::open(path, NAME)?;
        if rows.is_empty() {
            let mut state = Self::new(seed, clock);
            state.watch_from_scratch();
            journal.commit(state.changes())?;
            state.journal = Some(journal);
            return Ok(state);
        }
        let mut state = Self::unsold(seed, clock, Generator::new(seed.random));
        state.restore(&mut rows).map_err(|error| journal.not_understood(&error))?;
        state.watch();
        // What was being tried when the process ended was perhaps answered, perhaps not.
        for delivery in state.deliveries.select_mut(|one| one.state == DeliveryState::InFlight) {
            delivery.state = DeliveryState::Waiting;
        }
        state.journal = Some(journal);
        state.save();
        Ok(state)
    }

    /// Becomes the fresh state; the journal forgets everything else.
    pub(super) fn start_over(&mut self, fresh: Self) {
        let journal = self.journal.take();
        *self = fresh;
        if let Some(mut journal) = journal {
            self.watch_from_scratch();
            if let Err(error) = journal.restart(self.changes()) {
                tracing::error!(%error, "the simulated Haravan is reset in memory only");
            }
            self.journal = Some(journal);
        }
    }

    /// Writes what was changed; what cannot be written is tried again with the next change.
    pub(super) fn save(&mut self) {
        if self.journal.is_none() {
            return;
        }
        let changes = self.changes();
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.commit(changes)
        {
            tracing::error!(%error, "the simulated Haravan could not write what happened");
        }
    }

    fn watch(&mut self) {
        self.generator.watch();
        for shop in self.shops.values_mut() {
            shop.customers.watch();
            shop.orders.watch();
        }
        self.accounts.watch();
        self.tokens.watch();
        self.subscriptions.watch();
        self.deliveries.watch();
    }

    fn watch_from_scratch(&mut self) {
        self.generator.watch_from_scratch();
        for shop in self.shops.values_mut() {
            shop.customers.watch_from_scratch();
            shop.orders.watch_from_scratch();
        }
        self.accounts.watch_from_scratch();
        self.tokens.watch_from_scratch();
        self.subscriptions.watch_from_scratch();
        self.deliveries.watch_from_scratch();
    }

    fn changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        self.generator.changes(&mut changes);
        for (org, shop) in &mut self.shops {
            changes.of_table(&format!("customer of {org}"), &mut shop.customers);
            changes.of_table(&format!("order of {org}"), &mut shop.orders);
        }
        self.accounts.changes(&mut changes);
        changes.of_table("token", &mut self.tokens);
        changes.of_table("subscription", &mut self.subscriptions);
        for (id, delivery) in self.deliveries.changed() {
            if delivery.attempts.is_empty() && delivery.state != DeliveryState::InFlight {
                changes.add("body", id, Some(&STANDARD.encode(&delivery.body)));
            }
        }
        changes.of_table("delivery", &mut self.deliveries);
        changes
    }

    fn restore(&mut self, rows: &mut Rows) -> serde_json::Result<()> {
        self.generator.restore(rows)?;
        for (org, shop) in &mut self.shops {
            shop.customers.restore(&format!("customer of {org}"), rows)?;
            shop.orders.restore(&format!("order of {org}"), rows)?;
        }
        self.accounts.restore(rows)?;
        self.tokens.restore("token", rows)?;
        self.subscriptions.restore("subscription", rows)?;
        self.deliveries.restore("delivery", rows)?;
        let mut bodies: Table<u64, String> = Table::default();
        bodies.restore("body", rows)?;
        for (id, body) in bodies.iter() {
            if let Some(delivery) = self.deliveries.get_mut(id) {
                delivery.body = STANDARD.decode(body).map_err(serde_json::Error::custom)?.into();
            }
        }
        Ok(())
    }
}
