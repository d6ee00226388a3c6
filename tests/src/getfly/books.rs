//! The tenant's books on file: what of the state outlives the process, and under which names.
//!
//! Kept are the records, the lists people extend and the counters. Indexes are made anew from the records; orders that
//! share a code stand in it by id.

use std::io;
use std::path::Path;

use super::state::State;
use crate::journal::{Changes, Journal, Rows};

/// What the journal calls itself.
const NAME: &str = "getfly";

impl State {
    /// Lays what the journal says over a new state and writes to it from here on.
    pub(super) fn open(&mut self, path: &Path) -> io::Result<()> {
        let (journal, mut rows) = Journal::open(path, NAME)?;
        self.restore(&mut rows).map_err(|error| journal.not_understood(&error))?;
        self.keep(journal);
        Ok(())
    }

    /// Becomes the fresh state; the journal forgets everything else.
    pub(super) fn start_over(&mut self, fresh: Self) {
        let journal = self.journal.take();
        *self = fresh;
        if let Some(mut journal) = journal {
            if let Err(error) = journal.restart(Changes::default()) {
                tracing::error!(%error, "the simulated Getfly is reset in memory only");
            }
            self.keep(journal);
        }
    }

    /// Writes what was changed; whether all of it is written now. What is not is tried again with the next change.
    pub(super) fn save(&mut self) -> bool {
        if self.journal.is_none() {
            return true;
        }
        let changes = self.changes();
        let Some(journal) = &mut self.journal else { return true };
        match journal.commit(changes) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "the simulated Getfly could not write its books");
                false
            }
        }
    }

    fn keep(&mut self, journal: Journal) {
        self.users.watch();
        self.accounts.watch();
        self.products.watch();
        self.orders.watch();
        self.payments.watch();
        self.journal = Some(journal);
    }

    fn changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        changes.of_kept("counters", &mut self.counters);
        changes.of_table("user", &mut self.users);
        changes.of_kept("account_sources", &mut self.sources);
        changes.of_kept("order_sources", &mut self.order_sources);
        changes.of_kept("payment_methods", &mut self.payment_methods);
        changes.of_kept("regions", &mut self.regions);
        changes.of_table("account", &mut self.accounts);
        changes.of_table("product", &mut self.products);
        changes.of_table("order", &mut self.orders);
        changes.of_table("payment", &mut self.payments);
        changes.of_kept("uids", &mut self.uids);
        changes
    }

    fn restore(&mut self, rows: &mut Rows) -> serde_json::Result<()> {
        self.counters.restore("counters", rows)?;
        self.users.restore("user", rows)?;
        self.sources.restore("account_sources", rows)?;
        self.order_sources.restore("order_sources", rows)?;
        self.payment_methods.restore("payment_methods", rows)?;
        self.regions.restore("regions", rows)?;
        self.accounts.restore("account", rows)?;
        self.products.restore("product", rows)?;
        self.orders.restore("order", rows)?;
        self.payments.restore("payment", rows)?;
        self.uids.restore("uids", rows)?;
        let codes = self.accounts.values().map(|account| (account.account_code.clone(), account.id));
        self.account_codes = codes.collect();
        let codes = self.products.values().map(|product| (product.product_code.clone(), product.product_id));
        self.product_codes = codes.collect();
        for order in self.orders.values() {
            self.order_codes.entry(order.order_code.clone()).or_default().push(order.id);
        }
        Ok(())
    }
}
