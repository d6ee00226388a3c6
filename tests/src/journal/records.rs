//! Records that note by themselves which of them were changed.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::de::{DeserializeOwned, Error};
use serde_json::Value;

use super::{Row, Rows};

/// Records by key. Everything that changes one goes through a method here, so none is missed.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    records: BTreeMap<K, V>,
    /// Keys changed since the last commit; nothing while the table is not watched.
    changed: Option<BTreeSet<K>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { records: BTreeMap::new(), changed: None }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(records: I) -> Self {
        Self { records: records.into_iter().collect(), changed: None }
    }
}

impl<K, V> Deref for Table<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.records
    }
}

impl<K: Ord + Clone, V> Table<K, V> {
    /// From here on changes are noted.
    pub(crate) fn watch(&mut self) {
        self.changed = Some(BTreeSet::new());
    }

    /// As [`Self::watch`], with every record there is noted as changed.
    pub(crate) fn watch_from_scratch(&mut self) {
        self.changed = Some(self.records.keys().cloned().collect());
    }

    pub(crate) fn insert(&mut self, key: K, record: V) -> Option<V> {
        if let Some(changed) = &mut self.changed {
            changed.insert(key.clone());
        }
        self.records.insert(key, record)
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (key, record) = self.records.remove_entry(key)?;
        if let Some(changed) = &mut self.changed {
            changed.insert(key);
        }
        Some(record)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let record = self.records.get_mut(key)?;
        if let Some(changed) = &mut self.changed {
            changed.insert(key.clone());
        }
        Some(record)
    }

    /// The records that fit, to be changed.
    pub(crate) fn select_mut<'t>(
        &'t mut self,
        fits: impl Fn(&V) -> bool + 't,
    ) -> impl Iterator<Item = &'t mut V> {
        if let Some(changed) = &mut self.changed {
            changed
                .extend(self.records.iter().filter(|(_, record)| fits(record)).map(|(key, _)| key.clone()));
        }
        self.records.values_mut().filter(move |record| fits(record))
    }

    /// Removes the records that do not fit.
    pub(crate) fn retain(&mut self, fits: impl Fn(&K, &V) -> bool) {
        let changed = &mut self.changed;
        self.records.retain(|key, record| {
            let stays = fits(key, record);
            if let (false, Some(changed)) = (stays, changed.as_mut()) {
                changed.insert(key.clone());
            }
            stays
        });
    }

    /// The records changed since the last commit that are still there.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&K, &V)> {
        self.changed.iter().flatten().filter_map(|key| self.records.get_key_value(key))
    }

    /// Lays the rows of a kind over the records.
    ///
    /// # Errors
    /// When a row is not understood; the text names it.
    pub(crate) fn restore(&mut self, kind: &str, rows: &mut Rows) -> serde_json::Result<()>
    where
        K: DeserializeOwned,
        V: DeserializeOwned,
    {
        for (written, record) in rows.take(kind) {
            let key: K = understood(kind, &written, serde_json::from_str(&written))?;
            match record {
                Value::Null => self.records.remove(&key),
                record => {
                    self.records.insert(key, understood(kind, &written, serde_json::from_value(record))?)
                }
            };
        }
        Ok(())
    }
}

/// A single value that is written whole when it was changed.
#[derive(Debug, Default)]
pub(crate) struct Kept<T> {
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

impl<T: DeserializeOwned> Kept<T> {
    /// Takes the value from the rows when it is there.
    ///
    /// # Errors
    /// When it is not understood; the text names it.
    pub(crate) fn restore(&mut self, kind: &str, rows: &mut Rows) -> serde_json::Result<()> {
        for (key, record) in rows.take(kind) {
            self.value = understood(kind, &key, serde_json::from_value(record))?;
        }
        Ok(())
    }
}

fn understood<T>(kind: &str, key: &str, read: serde_json::Result<T>) -> serde_json::Result<T> {
    read.map_err(|error| serde_json::Error::custom(format!("{kind} {key} is not understood: {error}")))
}

/// What one action changed, collected for the journal.
#[derive(Debug, Default)]
pub(crate) struct Changes(Vec<Row>);

impl Changes {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_rows(self) -> Vec<Row> {
        self.0
    }

    /// Collects what changed in a table, which forgets it.
    pub(crate) fn of_table<K, V>(&mut self, kind: &str, table: &mut Table<K, V>)
    where
        K: Ord + Clone + Serialize,
        V: Serialize,
    {
        let Some(changed) = &mut table.changed else { return };
        for key in std::mem::take(changed) {
            self.add(kind, &key, table.records.get(&key));
        }
    }

    /// Collects a value when it changed, which forgets it.
    pub(crate) fn of_kept<T: Serialize>(&mut self, kind: &str, kept: &mut Kept<T>) {
        if std::mem::take(&mut kept.changed) {
            self.add(kind, &(), Some(&kept.value));
        }
    }

    /// Adds one row; `None` removes the record.
    pub(crate) fn add<K: Serialize, V: Serialize>(&mut self, kind: &str, key: &K, record: Option<&V>) {
        match (serde_json::to_string(key), serde_json::to_value(record)) {
            (Ok(key), Ok(record)) => self.0.push((kind.to_owned(), key, record)),
            // Records are plain data with text keys; a test writes each kind.
            (Err(error), _) | (_, Err(error)) => tracing::error!(%error, kind, "a record was not written"),
        }
    }
}
