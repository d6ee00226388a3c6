//! Records that note by themselves which of them were changed.

use std::borrow::{Borrow, Cow};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::de::{DeserializeOwned, Error};

use super::store::Rows;

/// Kind, key as JSON, record as JSON; nothing for a record that was removed.
pub(super) type Row = (String, String, Option<String>);

/// What one action changed.
#[derive(Debug, Default)]
pub struct Changes(pub(super) Vec<Row>);

impl Changes {
    fn add<K: Serialize, V: Serialize>(&mut self, kind: &str, key: &K, record: Option<&V>) {
        match (serde_json::to_string(key), record.map(serde_json::to_string).transpose()) {
            (Ok(key), Ok(record)) => self.0.push((kind.to_owned(), key, record)),
            // Records are plain data with text keys; a test writes each kind.
            (Err(error), _) | (_, Err(error)) => tracing::error!(%error, kind, "a record was not written"),
        }
    }
}

/// A part of a simulator's state that outlives the process.
pub trait Part {
    /// Lays the rows of a kind over what is there.
    ///
    /// # Errors
    /// When a row is not understood; the text names it.
    fn restore(&mut self, kind: &str, rows: &mut Rows) -> serde_json::Result<()>;

    /// Adds what was changed since the last call.
    fn collect(&mut self, kind: &str, changes: &mut Changes);
}

/// The parts of a state, each under the name its rows have.
pub type Parts<'s> = Vec<(Cow<'static, str>, &'s mut dyn Part)>;

/// Records by key. Everything that changes one goes through a method here, so none is missed. Collected records count as
/// unchanged: the seed gives them again.
#[derive(Debug)]
pub struct Table<K, V> {
    records: BTreeMap<K, V>,
    changed: BTreeSet<K>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { records: BTreeMap::new(), changed: BTreeSet::new() }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(records: I) -> Self {
        Self { records: records.into_iter().collect(), changed: BTreeSet::new() }
    }
}

impl<K, V> Deref for Table<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.records
    }
}

impl<K: Ord + Clone, V> Table<K, V> {
    pub(crate) fn insert(&mut self, key: K, record: V) -> Option<V> {
        self.changed.insert(key.clone());
        self.records.insert(key, record)
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (key, record) = self.records.remove_entry(key)?;
        self.changed.insert(key);
        Some(record)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let record = self.records.get_mut(key)?;
        self.changed.insert(key.clone());
        Some(record)
    }

    /// The records that fit, to be changed.
    pub(crate) fn select_mut<'t>(
        &'t mut self,
        fits: impl Fn(&V) -> bool + 't,
    ) -> impl Iterator<Item = &'t mut V> {
        let fitting = self.records.iter().filter(|(_, record)| fits(record)).map(|(key, _)| key.clone());
        self.changed.extend(fitting);
        self.records.values_mut().filter(move |record| fits(record))
    }

    /// From here on every record counts as changed.
    pub(crate) fn note_all(&mut self) {
        self.changed.extend(self.records.keys().cloned());
    }

    /// Removes the records that do not fit.
    pub(crate) fn retain(&mut self, fits: impl Fn(&K, &V) -> bool) {
        let changed = &mut self.changed;
        self.records.retain(|key, record| {
            let stays = fits(key, record);
            if !stays {
                changed.insert(key.clone());
            }
            stays
        });
    }
}

impl<K, V> Part for Table<K, V>
where
    K: Ord + Clone + Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    fn restore(&mut self, kind: &str, rows: &mut Rows) -> serde_json::Result<()> {
        for (written, record) in rows.take(kind) {
            let key: K = understood(kind, &written, &written)?;
            match record {
                None => self.records.remove(&key),
                Some(record) => self.records.insert(key, understood(kind, &written, &record)?),
            };
        }
        Ok(())
    }

    fn collect(&mut self, kind: &str, changes: &mut Changes) {
        for key in std::mem::take(&mut self.changed) {
            changes.add(kind, &key, self.records.get(&key));
        }
    }
}

/// A single value that is written whole when it was changed.
#[derive(Debug, Default)]
pub struct Kept<T> {
    value: T,
    changed: bool,
}

impl<T> From<T> for Kept<T> {
    fn from(value: T) -> Self {
        Self { value, changed: false }
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.changed = true;
        &mut self.value
    }
}

impl<T: Serialize + DeserializeOwned> Part for Kept<T> {
    fn restore(&mut self, kind: &str, rows: &mut Rows) -> serde_json::Result<()> {
        for (key, record) in rows.take(kind) {
            self.value = understood(kind, &key, record.as_deref().unwrap_or("null"))?;
        }
        Ok(())
    }

    fn collect(&mut self, kind: &str, changes: &mut Changes) {
        if std::mem::take(&mut self.changed) {
            changes.add(kind, &(), Some(&self.value));
        }
    }
}

fn understood<T: DeserializeOwned>(kind: &str, key: &str, json: &str) -> serde_json::Result<T> {
    serde_json::from_str(json)
        .map_err(|error| Error::custom(format!("{kind} {key} is not understood: {error}")))
}
