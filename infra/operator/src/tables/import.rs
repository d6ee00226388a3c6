//! `tables import`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use common::seal::KeyRing;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::check::{Closed, Found, has_expired, look};
use super::export::export;
use super::folder::Folder;
use super::whole::{BATCH, Whole};
use super::{Named, in_order};
use crate::session::Session;

/// The inbox last: its stream starts the work, which needs the rest.
const ORDER: [&str; 4] = ["tenants", "connections", "dedup", "inbox"];

/// Batches between two lines of progress.
const STEP: usize = 40;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder of the export
    #[arg(long, value_name = "DIR")]
    from: PathBuf,

    /// Tables that are not empty: export them to this folder, which must not be there yet, and empty them first
    #[arg(long, value_name = "DIR")]
    replacing: Option<PathBuf>,

    /// Restore although secrets do not open: their keys are gone for good, and people will enter and connect again
    #[arg(long)]
    despite_missing_keys: bool,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(options: &Options, session: &mut Session<'_, '_>) -> Result<()> {
    let folder = Folder(&options.from);
    let names = session.deployment.tables.clone();
    let tables = in_order(&names, ORDER);
    let found = checked(options, &folder, &tables, session).await?;
    let whole = Whole { client: session.deployment.client.clone(), clock: session.io.clock.clone() };
    let mut held = Vec::new();
    for table in &tables {
        if !whole.is_empty(*table).await? {
            held.push(table.0.name);
        }
    }
    if let (Some(first), None) = (held.first(), &options.replacing) {
        bail!("the table {first} is not empty; an import goes into empty tables, or say --replacing DIR");
    }
    let total: usize = found.iter().map(|found| found.items).sum();
    let question = match held.len() {
        0 => format!("{total} items will be written."),
        _ => format!("Everything in the tables will be exported, removed, and replaced by {total} items."),
    };
    session.confirm(&format!("{question} The functions should be stopped."), options.yes)?;
    if let (Some(keep), false) = (&options.replacing, held.is_empty()) {
        export(keep, session).await?;
        for table in tables.iter().rev() {
            let count = whole.empty(*table).await?;
            session.note(&format!("{}: {count} items removed", table.0.name))?;
        }
    }
    for table in &tables {
        write(&folder, &whole, *table, session).await?;
    }
    verify(&whole, &tables, &found, session).await?;
    let told: Map<String, Value> = tables
        .iter()
        .zip(&found)
        .map(|(table, found)| {
            (table.0.name.to_owned(), json!({"items": found.items, "expired": found.expired}))
        })
        .collect();
    let expired: usize = found.iter().map(|found| found.expired).sum();
    let words = format!(
        "{total} items are restored; {expired} that have expired were left out. Next: `connections reread --since` the time of \
         the export, then start the functions, then `doctor`."
    );
    session.tell(&json!({"folder": options.from, "tables": told}), &words)
}

/// Reads everything that is to be restored, before anything is changed.
async fn checked(
    options: &Options,
    folder: &Folder<'_>,
    tables: &[Named<'_>],
    session: &mut Session<'_, '_>,
) -> Result<Vec<Found>> {
    let text = session.deployment.ring.text().await.context("the secrets cannot be looked at")?;
    let (ring, now) = (KeyRing::from_json(text.expose_secret())?, session.now());
    let (mut closed, mut all) = (Closed::default(), Vec::new());
    for table in tables {
        all.push(look(folder, *table, &ring, now, &mut closed)?);
    }
    if let Some(summary) = folder.summary()? {
        for (table, found) in tables.iter().zip(&all) {
            let (there, wanted) =
                (found.items.saturating_add(found.expired), summary.tables.get(table.0.name).copied());
            if Some(there) != wanted {
                bail!(
                    "the export is not whole: {} has {there} items, and export.json says {}",
                    table.0.name,
                    wanted.unwrap_or_default()
                );
            }
        }
    }
    if !closed.is_empty() {
        if !options.despite_missing_keys {
            bail!(
                "{}; put the ring back that sealed them (Secrets Manager keeps the version before, AWSPREVIOUS), or say \
                 --despite-missing-keys if it is gone for good",
                closed.words()
            );
        }
        session.note(&closed.words())?;
    }
    Ok(all)
}

async fn write(
    folder: &Folder<'_>,
    whole: &Whole,
    table: Named<'_>,
    session: &mut Session<'_, '_>,
) -> Result<()> {
    let now = session.now();
    let (sender, mut batches) = tokio::sync::mpsc::channel(4);
    // Files are read on a thread of their own, a few batches ahead.
    let (path, schema) = (folder.0.to_owned(), table.0);
    let reading = tokio::task::spawn_blocking(move || {
        let mut batch = Vec::with_capacity(BATCH);
        let send = |batch: Vec<_>| sender.blocking_send(batch).context("the writer has stopped");
        Folder(&path).items(schema, |item| {
            if !has_expired(schema, &item, now) {
                batch.push(item);
            }
            match batch.len() {
                BATCH => send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))),
                _ => Ok(()),
            }
        })?;
        send(batch)
    });
    let (mut count, mut batch_number) = (0_usize, 0_usize);
    while let Some(batch) = batches.recv().await {
        count = count.saturating_add(batch.len());
        whole.put(table, batch).await?;
        batch_number = batch_number.saturating_add(1);
        if batch_number.is_multiple_of(STEP) {
            session.note(&format!("{}: {count} items", schema.name))?;
        }
    }
    reading.await??;
    session.note(&format!("{}: {count} items written", schema.name))
}

/// Fewer items than were written are a failure. More may have been written by functions meanwhile.
async fn verify(
    whole: &Whole,
    tables: &[Named<'_>],
    found: &[Found],
    session: &mut Session<'_, '_>,
) -> Result<()> {
    for (table, found) in tables.iter().zip(found) {
        let count = whole.count(*table).await?;
        if count < found.items {
            bail!("the table {} holds {count} items, and {} were written", table.0.name, found.items);
        }
        if count > found.items {
            let more = count.saturating_sub(found.items);
            session.note(&format!(
                "{}: {more} items came meanwhile; are the functions running?",
                table.0.name
            ))?;
        }
    }
    Ok(())
}
