//! `keys`: the key ring, under which all secrets are stored (`common/src/seal.rs`).
//!
//! A rotation is four steps, each of which may be cut off and done again, under live load:
//! 1. `rotate` adds a new key, which seals from now on; the old ones still open. Functions with an older copy of the ring
//!    read it anew when they meet the new key, and in any case within five minutes.
//! 2. `reseal` seals everything with the new key. A token that is refreshed meanwhile is never put back.
//! 3. Half an hour later, when nobody can be sealing with the old key any more, `reseal` once more.
//! 4. `drop` takes the old key out; it refuses while anything needs it.

mod drop;
mod reseal;
mod rotate;
mod show;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use clap::Subcommand;
use common::seal::key_of;
use common::seal::keys::Keys;

use crate::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the keys' names, which of them seals, and how much is sealed with each
    #[command(after_help = "Example:\n  haravan-connect keys show")]
    Show,
    /// Add a new key that seals from now on; the old ones still open
    #[command(after_help = "Example:\n  haravan-connect keys rotate")]
    Rotate,
    /// Seal everything with the active key, while everything runs; when cut off, run it again
    #[command(after_help = "Example:\n  haravan-connect keys reseal")]
    Reseal,
    /// Take an old key out of the ring; refused while anything is sealed with it, or may still be
    #[command(after_help = "Example:\n  haravan-connect keys drop k1 --yes")]
    Drop {
        /// The key's name
        key: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) async fn run(command: Command, session: &mut Session<'_, '_>) -> Result<()> {
    match command {
        Command::Show => show::run(session).await,
        Command::Rotate => rotate::run(session).await,
        Command::Reseal => Box::pin(reseal::run(session)).await,
        Command::Drop { key, yes } => drop::run(&key, yes, session).await,
    }
}

/// The ring as it is now.
async fn ring(session: &Session<'_, '_>) -> Result<Keys> {
    let text = session.deployment.ring.text().await?;
    Keys::read(&text).context("the key ring was not changed")
}

/// How many blobs are sealed with each key; those that name none are under an empty name.
async fn used(session: &Session<'_, '_>) -> Result<BTreeMap<String, usize>> {
    let mut used = BTreeMap::new();
    for item in session.store().sealed.all().await? {
        for (_, blob) in &item.blobs {
            let count: &mut usize = used.entry(key_of(blob).unwrap_or_default().to_owned()).or_default();
            *count = count.saturating_add(1);
        }
    }
    Ok(used)
}
