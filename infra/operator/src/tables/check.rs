//! Whether an export can be restored: every line is an item of its table, all of it is there, and the key ring opens what is
//! sealed in it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use common::seal::{KeyRing, Place, SealError};
use common::store::schema::Table;
use common::store::sealed::{SealedItem, of_connection, of_tenant};
use jiff::Timestamp;

use super::folder::Folder;
use super::item::Item;
use super::{Named, key_of};

/// What was found in a table's files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Items that are to be restored.
    pub items: usize,
    /// Items that have expired since: log-ins, sessions, what was done long ago.
    pub expired: usize,
}

/// Secrets that do not open.
#[derive(Debug, Default)]
pub(super) struct Closed {
    /// By the key that is not in the ring.
    pub missing: BTreeMap<String, usize>,
    /// Sealed with a key whose name is in the ring, and yet it does not open them.
    pub broken: usize,
}

impl Closed {
    /// Nothing is closed.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.broken == 0
    }

    /// In words.
    pub fn words(&self) -> String {
        let mut said: Vec<String> = Vec::new();
        said.extend(self.missing.iter().map(|(key, count)| {
            format!("{count} secrets are sealed with key {key:?}, which is not in the key ring")
        }));
        if self.broken > 0 {
            said.push(format!(
                "{} secrets do not open though their keys' names are in the key ring: it is another ring's key of that name",
                self.broken
            ));
        }
        said.join("; ")
    }
}

/// Whether an item has expired, so that DynamoDB would remove it.
pub(super) fn has_expired(table: &Table, item: &Item, now: Timestamp) -> bool {
    let expiry = table.ttl.and_then(|name| item.get(name)?.as_n().ok()?.parse::<i64>().ok());
    expiry.is_some_and(|expiry| expiry <= now.as_second())
}

/// Reads a table's files from beginning to end.
pub(super) fn look(
    folder: &Folder<'_>,
    table: Named<'_>,
    ring: &KeyRing,
    now: Timestamp,
    closed: &mut Closed,
) -> Result<Found> {
    let (table, mut found) = (table.0, Found::default());
    folder.items(table, |item| {
        for name in key_of(table) {
            let key =
                item.get(name).with_context(|| format!("it has no {name:?}, the key of {}", table.name))?;
            if key.as_s().is_err() {
                bail!("its {name:?}, the key of {}, is not text", table.name);
            }
        }
        if has_expired(table, &item, now) {
            found.expired = found.expired.saturating_add(1);
            return Ok(());
        }
        found.items = found.items.saturating_add(1);
        if let Some(sealed) = sealed(table, &item)? {
            open(ring, &sealed, closed);
        }
        Ok(())
    })?;
    Ok(found)
}

fn sealed(table: &Table, item: &Item) -> Result<Option<SealedItem>> {
    Ok(match table.name {
        "tenants" => of_tenant(item)?,
        "connections" => of_connection(item)?,
        _ => None,
    })
}

fn open(ring: &KeyRing, item: &SealedItem, closed: &mut Closed) {
    let key = item.holder.place();
    for (field, blob) in &item.blobs {
        match ring.open(Place { key: &key, field }, blob) {
            Ok(_) => {}
            Err(SealError::UnknownKey(name)) => {
                let count = closed.missing.entry(name).or_default();
                *count = count.saturating_add(1);
            }
            Err(_) => closed.broken = closed.broken.saturating_add(1),
        }
    }
}
