//! The books on file: what of the state outlives the process, and under which names.

use std::io;
use std::path::Path;

use super::delivery::DeliveryState;
use super::state::State;
use crate::journal::{Changes, Journal, Rows};

/// What the journal calls itself.
const NAME: &str = "facebook";

impl State {
    /// Lays what the journal says over a new state and writes to it from here on.
    pub(super) fn open(&mut self, path: &Path) -> io::Result<()> {
        let (journal, mut rows) = Journal::open(path, NAME)?;
        self.restore(&mut rows).map_err(|error| journal.not_understood(&error))?;
        self.keep(journal);
        // What was being tried when the process ended was perhaps answered, perhaps not.
        for delivery in self.deliveries.select_mut(|one| one.state == DeliveryState::InFlight) {
            delivery.state = DeliveryState::Waiting;
        }
        self.save();
        Ok(())
    }

    /// Becomes the fresh state; the journal forgets everything else.
    pub(super) fn start_over(&mut self, fresh: Self) {
        let journal = self.journal.take();
        *self = fresh;
        if let Some(mut journal) = journal {
            if let Err(error) = journal.restart(Changes::default()) {
                tracing::error!(%error, "the simulated Facebook is reset in memory only");
            }
            self.keep(journal);
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
            tracing::error!(%error, "the simulated Facebook could not write what happened");
        }
    }

    fn keep(&mut self, journal: Journal) {
        self.people.watch();
        self.grants.watch();
        self.codes.watch();
        self.tokens.watch();
        self.sessions.watch();
        self.subscriptions.watch();
        self.deliveries.watch();
        self.journal = Some(journal);
    }

    fn changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        changes.of_kept("random", &mut self.random);
        changes.of_table("person", &mut self.people);
        changes.of_table("grant", &mut self.grants);
        changes.of_table("code", &mut self.codes);
        changes.of_table("token", &mut self.tokens);
        changes.of_table("session", &mut self.sessions);
        changes.of_table("subscription", &mut self.subscriptions);
        changes.of_table("delivery", &mut self.deliveries);
        changes
    }

    fn restore(&mut self, rows: &mut Rows) -> serde_json::Result<()> {
        self.random.restore("random", rows)?;
        self.people.restore("person", rows)?;
        self.grants.restore("grant", rows)?;
        self.codes.restore("code", rows)?;
        self.tokens.restore("token", rows)?;
        self.sessions.restore("session", rows)?;
        self.subscriptions.restore("subscription", rows)?;
        self.deliveries.restore("delivery", rows)
    }
}
