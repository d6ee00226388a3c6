//! How a simulator outlives its process: a SQLite file with one row for each record that differs from the seed.
//!
//! **Who acts.** A simulator keeps its records in [`Table`]s and [`Kept`] values, which note what was changed. When the
//! lock of the state is released, the [`Changes`] are written in one transaction, before anybody is answered.
//!
//! **The file** has one table, and an application id made of the simulator's name. A row without a record says that the record was removed, also if the seed has it.
//!
//! **What survives.** A committed transaction is with the operating system, so everything answered survives `kill -9` of
//! the process. SQLite rolls back a transaction that was cut off; nobody was answered. Surviving a power cut is not asked
//! for and nothing is synced. One process at a time may use a file.
//!
//! [`Table`]: super::Table
//! [`Kept`]: super::Kept

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

use super::records::{Changes, Row};

const SCHEMA: &str = "
    PRAGMA journal_mode = TRUNCATE;
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS records (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        record TEXT,
        PRIMARY KEY (kind, key)
    );";

/// The rows of a file by kind and key; the record is JSON, or nothing where it was removed.
#[derive(Debug, Default)]
pub struct Rows(BTreeMap<String, BTreeMap<String, Option<String>>>);

impl Rows {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows of a kind by key; they are gone afterwards.
    pub(super) fn take(&mut self, kind: &str) -> BTreeMap<String, Option<String>> {
        self.0.remove(kind).unwrap_or_default()
    }
}

/// An open file.
pub(super) struct Store {
    path: PathBuf,
    connection: Connection,
    /// Changes that could not be written yet.
    unwritten: Vec<Row>,
}

impl Store {
    /// Opens the file of this simulator, made when it is not there, and gives its rows.
    ///
    /// # Errors
    /// When the file cannot be read or written, is damaged, or is another simulator's. The text names the file.
    pub(super) fn open(path: &Path, simulator: &str) -> io::Result<(Self, Rows)> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let opened = Connection::open(path).and_then(|connection| {
            connection.execute_batch(SCHEMA)?;
            let own = claim(&connection, simulator)?;
            let rows = read(&connection)?;
            Ok((connection, own, rows))
        });
        let (connection, own, rows) = opened.map_err(|error| failed(path, &error))?;
        if !own {
            return Err(damaged(path, &format!("it is not the simulated {simulator}'s")));
        }
        Ok((Self { path: path.to_owned(), connection, unwritten: Vec::new() }, rows))
    }

    /// Writes the changes, and those that could not be written before, in one transaction.
    ///
    /// # Errors
    /// When the file cannot be written; the changes are tried again with the next ones. The text names the file.
    pub(super) fn commit(&mut self, changes: Changes) -> io::Result<()> {
        self.unwritten.extend(changes.0);
        if self.unwritten.is_empty() {
            return Ok(());
        }
        self.write(false).map_err(|error| failed(&self.path, &error))
    }

    /// Forgets everything and starts over with these changes, in one transaction.
    ///
    /// # Errors
    /// When the file cannot be written; it stays as it was. The text names the file.
    pub(super) fn restart(&mut self, changes: Changes) -> io::Result<()> {
        self.unwritten = changes.0;
        self.write(true).map_err(|error| failed(&self.path, &error))
    }

    fn write(&mut self, anew: bool) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        if anew {
            transaction.execute("DELETE FROM records", ())?;
        }
        let mut put = transaction.prepare("INSERT OR REPLACE INTO records VALUES (?1, ?2, ?3)")?;
        for (kind, key, record) in &self.unwritten {
            put.execute((kind, key, record))?;
        }
        drop(put);
        transaction.commit()?;
        self.unwritten.clear();
        Ok(())
    }

    /// The error for a record that is in the file but is not understood.
    pub(super) fn not_understood(&self, error: &serde_json::Error) -> io::Error {
        damaged(&self.path, &error.to_string())
    }

    /// Makes the file read-only for this connection, or writable again.
    #[cfg(test)]
    pub(super) fn refuse_writes(&self, refused: bool) {
        self.connection.pragma_update(None, "query_only", refused).unwrap();
    }
}

/// Marks a new file as this simulator's; whether the file is this one's.
fn claim(connection: &Connection, simulator: &str) -> rusqlite::Result<bool> {
    let wanted = simulator.bytes().take(4).fold(0, |id, byte| id << 8 | i32::from(byte));
    let found: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if found == 0 {
        connection.pragma_update(None, "application_id", wanted)?;
    }
    Ok(found == 0 || found == wanted)
}

fn read(connection: &Connection) -> rusqlite::Result<Rows> {
    let mut found = Rows::default();
    let mut all = connection.prepare("SELECT kind, key, record FROM records")?;
    let mut rows = all.query(())?;
    while let Some(row) = rows.next()? {
        found.0.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get(2)?);
    }
    Ok(found)
}

fn failed(path: &Path, error: &rusqlite::Error) -> io::Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => damaged(path, &error.to_string()),
        _ => io::Error::other(format!("the simulator's file {}: {error}", path.display())),
    }
}

fn damaged(path: &Path, text: &str) -> io::Error {
    let advice = "move the file away to start without what it holds";
    let text = format!("the simulator's file {}: {text}; {advice}", path.display());
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::super::records::{Kept, Part, Table};
    use super::*;

    /// Two kinds of records with a store, as a simulator has them.
    struct Books {
        store: Store,
        pens: Table<u64, String>,
        next: Kept<u64>,
    }

    impl Books {
        fn open(path: &Path) -> io::Result<Self> {
            let (store, mut rows) = Store::open(path, "Pens")?;
            let (mut pens, mut next) = (Table::default(), Kept::from(1));
            pens.restore("pen", &mut rows).map_err(|error| store.not_understood(&error))?;
            next.restore("next", &mut rows).map_err(|error| store.not_understood(&error))?;
            Ok(Self { store, pens, next })
        }

        fn changes(&mut self) -> Changes {
            let mut changes = Changes::default();
            self.pens.collect("pen", &mut changes);
            self.next.collect("next", &mut changes);
            changes
        }

        fn commit(&mut self) {
            let changes = self.changes();
            self.store.commit(changes).unwrap();
        }

        fn add(&mut self, pen: &str) {
            self.pens.insert(*self.next, pen.to_owned());
            *self.next += 1;
            self.commit();
        }

        fn pens(&self) -> Vec<(u64, &str)> {
            self.pens.iter().map(|(id, pen)| (*id, pen.as_str())).collect()
        }
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deeper").join("pens");
        (folder, path)
    }

    #[test]
    fn records_changes_and_removals_are_there_at_the_next_opening() {
        let (_folder, path) = place();
        let mut books = Books::open(&path).unwrap();
        for pen in ["red", "green", "blue"] {
            books.add(pen);
        }
        books.pens.remove(&2);
        books.pens.get_mut(&3).unwrap().push_str("ish");
        books.commit();
        for _ in 0..3 {
            let mut books = Books::open(&path).unwrap();
            assert_eq!(books.pens(), [(1, "red"), (3, "blueish")]);
            assert_eq!(*books.next, 4);
            assert!(books.changes().0.is_empty());
        }
    }

    #[test]
    fn the_file_at_any_moment_holds_what_was_committed_until_then() {
        let (folder, path) = place();
        let mut books = Books::open(&path).unwrap();
        for (count, pen) in (1..).zip(["đỏ", "xanh", "lam"]) {
            books.add(pen);
            let copy = folder.path().join(format!("killed after {count}"));
            std::fs::copy(&path, &copy).unwrap();
            let copied = Books::open(&copy).unwrap();
            assert_eq!((copied.pens.len(), *copied.next), (count, count as u64 + 1));
        }
    }

    #[test]
    fn a_file_that_is_no_store_of_this_simulator_is_refused_by_name_and_left_alone() {
        let (_folder, path) = place();
        Books::open(&path).unwrap().add("red");
        let change = |sql: &str| {
            Connection::open(&path).unwrap().execute_batch(sql).unwrap();
            std::fs::read(&path).unwrap()
        };
        let wrong_record = change("UPDATE records SET record = '[7]' WHERE kind = 'pen'");
        let other = change("PRAGMA application_id = 7");
        let long = "{\"journal\":\"pens\",\"version\":1}\n".repeat(40).into_bytes();
        for garbage in [long, vec![0xFF; 4096], other, wrong_record] {
            std::fs::write(&path, &garbage).unwrap();
            let error = Books::open(&path).err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
            assert!(error.to_string().contains("move the file away"), "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), garbage);
        }
        std::fs::write(&path, "").unwrap();
        assert!(Books::open(&path).unwrap().pens.is_empty());
    }

    #[test]
    fn a_restart_forgets_what_was_and_goes_on() {
        let (_folder, path) = place();
        let mut books = Books::open(&path).unwrap();
        books.add("red");
        books.pens = Table::default();
        books.pens.insert(9, "new".to_owned());
        let changes = books.changes();
        books.store.restart(changes).unwrap();
        books.add("newer");
        let books = Books::open(&path).unwrap();
        assert_eq!(books.pens(), [(2, "newer"), (9, "new")]);
    }

    #[test]
    fn what_could_not_be_written_is_written_with_the_next_commit() {
        let (_folder, path) = place();
        let mut books = Books::open(&path).unwrap();
        books.store.refuse_writes(true);
        books.pens.insert(1, "red".to_owned());
        let changes = books.changes();
        let error = books.store.commit(changes).unwrap_err();
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        books.store.refuse_writes(false);
        books.commit();
        assert_eq!(Books::open(&path).unwrap().pens(), [(1, "red")]);
    }
}
