//! What of the state outlives the process, and under which names.

use std::io;
use std::path::Path;

use super::delivery::DeliveryState;
use super::seed::Seed;
use super::state::State;
use crate::haravan::Clock;
use crate::journal::{Changes, Journal, Rows};

/// What the journal calls itself.
const NAME: &str = "zalo";

/// Runs on every table.
macro_rules! each_table {
    ($state:ident, $run:ident) => {
        $run!($state.sessions, "session");
        $run!($state.standings, "standing");
        $run!($state.codes, "code");
        $run!($state.pairs, "pair");
        $run!($state.generations, "generation");
        $run!($state.counts, "count");
        $run!($state.tokens, "token");
        $run!($state.deliveries, "delivery");
    };
}

impl State {
    /// The state the journal tells of, or a new one when it tells of nothing yet.
    pub(super) fn open(seed: &Seed, clock: Clock, path: &Path) -> io::Result<Self> {
        let (journal, mut rows) = Journal::open(path, NAME)?;
        let mut state = Self::new(seed, clock);
        state.restore(&mut rows).map_err(|error| journal.not_understood(&error))?;
        state.watch();
        // What was being tried when the process ended was perhaps taken, perhaps not.
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
            self.watch();
            // Numbers go on, so the counters are written although nothing else is there.
            let changes = self.changes();
            if let Err(error) = journal.restart(changes) {
                tracing::error!(%error, "the simulated Zalo is reset in memory only");
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
            tracing::error!(%error, "the simulated Zalo could not write what happened");
        }
    }

    fn watch(&mut self) {
        macro_rules! watch {
            ($table:expr, $name:literal) => {
                $table.watch()
            };
        }
        each_table!(self, watch);
    }

    fn changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        macro_rules! collect {
            ($table:expr, $name:literal) => {
                changes.of_table($name, &mut $table)
            };
        }
        each_table!(self, collect);
        changes.of_kept("counters", &mut self.counters);
        changes
    }

    fn restore(&mut self, rows: &mut Rows) -> serde_json::Result<()> {
        macro_rules! restore {
            ($table:expr, $name:literal) => {
                $table.restore($name, rows)?
            };
        }
        each_table!(self, restore);
        self.counters.restore("counters", rows)
    }
}
