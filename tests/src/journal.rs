//! How a simulator outlives its process: a file of changed records that is read back at the next start.
//!
//! **Who acts.** A simulator keeps its records in [`Table`]s and [`Kept`] values, which note by themselves what was
//! changed; nothing else needs to remember to. At the end of every action, under the simulator's lock and before the
//! answer is produced, the [`Changes`] go to the [`Journal`] as one commit. A simulator in memory has no journal, its
//! tables are not watched and note nothing.
//!
//! **The file** is lines of JSON. The first one names the journal; each further one is a commit, a list of
//! `[kind, key, record]` with `null` for a record that was removed. The last row of a key counts, and all rows together
//! say how the records differ from what the simulator starts with. That is why removals stay in the file.
//!
//! **What survives.** A commit is one write to the operating system, so everything answered survives `kill -9` of the
//! process; surviving a power cut is not asked for and nothing is synced. A process killed inside that write leaves a
//! last line without its end. Nobody was answered, so it is dropped. Any other line that cannot be read is damage: the
//! file is left alone and the error names it.
//!
//! **Compaction** happens when the file is opened: one row per key goes to a new file, which then takes the place of the
//! old one. One process at a time may have a journal open.

mod records;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use records::{Changes, Kept, Table};

/// Raised when an older journal would be misread.
const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    journal: String,
    version: u32,
}

/// Kind, key as JSON text, record or null.
type Row = (String, String, Value);

/// What a journal said when it was opened, by kind and key.
#[derive(Debug, Default)]
pub(crate) struct Rows(BTreeMap<String, BTreeMap<String, Value>>);

impl Rows {
    /// Whether nothing was ever committed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows of a kind by key; they are gone afterwards.
    fn take(&mut self, kind: &str) -> BTreeMap<String, Value> {
        self.0.remove(kind).unwrap_or_default()
    }

    fn put(&mut self, (kind, key, record): Row) {
        self.0.entry(kind).or_default().insert(key, record);
    }
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    name: &'static str,
    file: File,
    /// Where the last whole commit ends.
    length: u64,
    /// Part of a commit may stand behind `length`.
    torn: bool,
    /// Changes that could not be written yet.
    unwritten: Vec<Row>,
}

impl Journal {
    /// Opens the journal of this name, made when it is not there, and gives what it says.
    ///
    /// # Errors
    /// When the file cannot be read or written, is damaged or is no such journal. The text names the file.
    pub(crate) fn open(path: &Path, name: &'static str) -> io::Result<(Self, Rows)> {
        let rows = read(path, name).map_err(|error| about(path, &error))?;
        let listed = rows.0.iter().flat_map(|(kind, records)| {
            records.iter().map(move |(key, record)| (kind.as_str(), key.as_str(), record))
        });
        let (file, length) = write_anew(path, name, listed).map_err(|error| about(path, &error))?;
        Ok((Self { path: path.to_owned(), name, file, length, torn: false, unwritten: Vec::new() }, rows))
    }

    /// Writes the changes, and those that could not be written before, as one commit.
    ///
    /// # Errors
    /// When the file cannot be written; the changes are tried again with the next ones. The text names the file.
    pub(crate) fn commit(&mut self, changes: Changes) -> io::Result<()> {
        self.unwritten.extend(changes.into_rows());
        if self.unwritten.is_empty() {
            return Ok(());
        }
        self.append().map_err(|error| about(&self.path, &error))
    }

    fn append(&mut self) -> io::Result<()> {
        let mut line = serde_json::to_vec(&self.unwritten)?;
        line.push(b'\n');
        if self.torn {
            // A piece of a line would be damage once another line follows it.
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
        }
        self.torn = true;
        self.file.write_all(&line)?;
        self.torn = false;
        self.length += u64::try_from(line.len()).unwrap_or_default();
        self.unwritten.clear();
        Ok(())
    }

    /// Forgets all commits and starts over with these changes, in one step.
    ///
    /// # Errors
    /// When the file cannot be written; it stays as it was. The text names the file.
    pub(crate) fn restart(&mut self, changes: Changes) -> io::Result<()> {
        let rows = changes.into_rows();
        let listed = rows.iter().map(|(kind, key, record)| (kind.as_str(), key.as_str(), record));
        let (file, length) =
            write_anew(&self.path, self.name, listed).map_err(|error| about(&self.path, &error))?;
        (self.file, self.length, self.torn) = (file, length, false);
        self.unwritten.clear();
        Ok(())
    }

    /// From here on nothing can be written.
    #[cfg(test)]
    pub(crate) fn lose_the_file(&mut self) -> File {
        std::mem::replace(&mut self.file, File::open(&self.path).unwrap())
    }

    /// The error for a record that is in the file but is not understood.
    pub(crate) fn not_understood(&self, error: &serde_json::Error) -> io::Error {
        about(&self.path, &damaged(&error.to_string()))
    }
}

fn read(path: &Path, name: &str) -> io::Result<Rows> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Rows::default()),
        read => read?,
    };
    let mut rows = Rows::default();
    if bytes.is_empty() {
        return Ok(rows);
    }
    let wanted = Head { journal: name.to_owned(), version: VERSION };
    for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        let whole = line.strip_suffix(b"\n");
        if number == 1 {
            let head = whole.and_then(|line| serde_json::from_slice::<Head>(line).ok());
            if head.as_ref() != Some(&wanted) {
                return Err(damaged(&format!("line 1 does not say {}", serde_json::to_string(&wanted)?)));
            }
            continue;
        }
        let Some(line) = whole else {
            tracing::warn!(path = %path.display(), "the last line of the journal is torn and is dropped");
            break;
        };
        let commit = serde_json::from_slice::<Vec<Row>>(line)
            .map_err(|error| damaged(&format!("line {number} is no commit: {error}")))?;
        commit.into_iter().for_each(|row| rows.put(row));
    }
    Ok(rows)
}

/// Writes a journal of these rows beside the old one and puts it in its place.
fn write_anew<'r>(
    path: &Path,
    name: &str,
    rows: impl Iterator<Item = (&'r str, &'r str, &'r Value)>,
) -> io::Result<(File, u64)> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut out = BufWriter::new(File::create(&beside)?);
    serde_json::to_writer(&mut out, &Head { journal: name.to_owned(), version: VERSION })?;
    out.write_all(b"\n")?;
    for row in rows {
        serde_json::to_writer(&mut out, &[row])?;
        out.write_all(b"\n")?;
    }
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    let length = file.stream_position()?;
    fs::rename(&beside, path)?;
    Ok((file, length))
}

fn damaged(text: &str) -> io::Error {
    let advice = "move the file away to start without what it holds";
    io::Error::new(io::ErrorKind::InvalidData, format!("{text}; {advice}"))
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the simulator's journal {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two kinds of records with a journal, as a simulator has them.
    struct Books {
        journal: Journal,
        pens: Table<u64, String>,
        next: Kept<u64>,
    }

    impl Books {
        fn open(path: &Path) -> io::Result<Self> {
            let (journal, mut rows) = Journal::open(path, "pens")?;
            let (mut pens, mut next) = (Table::default(), Kept::from(1));
            pens.restore("pen", &mut rows).map_err(|error| journal.not_understood(&error))?;
            next.restore("next", &mut rows).map_err(|error| journal.not_understood(&error))?;
            pens.watch();
            Ok(Self { journal, pens, next })
        }

        fn changes(&mut self) -> Changes {
            let mut changes = Changes::default();
            changes.of_table("pen", &mut self.pens);
            changes.of_kept("next", &mut self.next);
            changes
        }

        fn commit(&mut self) {
            let changes = self.changes();
            self.journal.commit(changes).unwrap();
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
        let path = folder.path().join("deeper").join("pens.journal");
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
            assert!(books.changes().is_empty());
        }
    }

    #[test]
    fn a_file_cut_anywhere_gives_a_whole_number_of_commits() {
        let (_folder, path) = place();
        let mut books = Books::open(&path).unwrap();
        let head = fs::metadata(&path).unwrap().len();
        for pen in ["đỏ", "xanh", "lam"] {
            books.add(pen);
        }
        let whole = fs::read(&path).unwrap();
        let mut seen = 0;
        for length in usize::try_from(head).unwrap()..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let mut books = Books::open(&path).unwrap();
            let lines = whole[..length].iter().filter(|byte| **byte == b'\n').count() - 1;
            assert_eq!((books.pens.len(), *books.next), (lines, lines as u64 + 1), "{length}");
            seen = seen.max(lines);
            books.add("sau");
            assert_eq!(Books::open(&path).unwrap().pens().last(), Some(&(lines as u64 + 1, "sau")));
        }
        assert_eq!(seen, 3);
    }

    #[test]
    fn a_file_that_is_no_journal_is_refused_by_name_and_left_alone() {
        let (_folder, path) = place();
        Books::open(&path).unwrap().add("red");
        let good = fs::read_to_string(&path).unwrap();
        let other = good.replace("\"pens\"", "\"pencils\"");
        let newer = good.replace("\"version\":1", "\"version\":2");
        let middle = good.replacen('\n', "\nnonsense\n", 1);
        let wrong_record = good.replace("\"red\"", "[7]");
        for garbage in ["garbage", "garbage\n", "\u{0}\u{0}\n", &other, &newer, &middle, &wrong_record] {
            fs::write(&path, garbage).unwrap();
            let error = Books::open(&path).err().unwrap_or_else(|| panic!("{garbage:?} was taken"));
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
            assert!(error.to_string().contains("move the file away"), "{error}");
            if *garbage != wrong_record {
                assert_eq!(fs::read_to_string(&path).unwrap(), garbage);
            }
        }
        fs::write(&path, "").unwrap();
        assert!(Books::open(&path).unwrap().pens.is_empty());
    }

    #[test]
    fn opening_leaves_one_row_per_key() {
        let (_folder, path) = place();
        let mut books = Books::open(&path).unwrap();
        for round in 0..50 {
            books.pens.insert(1, format!("coat {round}"));
            books.commit();
        }
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 51);
        let books = Books::open(&path).unwrap();
        assert_eq!(books.pens(), [(1, "coat 49")]);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
    }

    #[test]
    fn a_restart_forgets_what_was_and_goes_on() {
        let (_folder, path) = place();
        let mut books = Books::open(&path).unwrap();
        books.add("red");
        books.pens = Table::default();
        books.pens.watch();
        books.pens.insert(9, "new".to_owned());
        let changes = books.changes();
        books.journal.restart(changes).unwrap();
        books.add("newer");
        let books = Books::open(&path).unwrap();
        assert_eq!(books.pens(), [(2, "newer"), (9, "new")]);
    }

    #[test]
    fn what_could_not_be_written_is_written_with_the_next_commit() {
        let (_folder, path) = place();
        let mut books = Books::open(&path).unwrap();
        let writable = books.journal.lose_the_file();
        books.pens.insert(1, "red".to_owned());
        let changes = books.changes();
        let error = books.journal.commit(changes).unwrap_err();
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        books.journal.file = writable;
        books.commit();
        assert_eq!(Books::open(&path).unwrap().pens(), [(1, "red")]);
    }

    #[test]
    fn a_table_that_is_not_watched_notes_nothing() {
        let mut pens: Table<u64, String> = Table::default();
        pens.insert(1, "red".to_owned());
        pens.retain(|_, _| false);
        let mut changes = Changes::default();
        changes.of_table("pen", &mut pens);
        assert!(changes.is_empty());
    }
}
