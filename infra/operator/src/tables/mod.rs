//! `tables`: all that is kept, out of the four tables and back into them.
//!
//! An export is a folder with a folder for each table, in DynamoDB's own form, a line `{"Item": {…}}` per item: what
//! *export to S3* writes and *import from S3* reads. `export.json`, written last, says how many items there are.
//!
//! An export of tables that are being written is no single instant, so its order is part of its meaning:
//! 1. `connections` first. It says how far shops were reconciled. Whatever is stored before that is read after it, so it
//!    is in the export; whatever came later is fetched again by the reconciliation of the restored tables.
//! 2. `inbox` after it, then `dedup`. What the export has as not done and the CRM has already is found by its claim or,
//!    where that is missing too, in the CRM by its code.
//!
//! An import writes `inbox` last: its stream starts the work, which needs the rest. Secrets stay sealed on the whole way;
//! an import looks first whether the key ring opens them.

mod check;
mod export;
mod folder;
mod import;
mod item;
mod whole;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use common::store::TableNames;
use common::store::schema::{self, TABLES, Table};

use crate::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write everything in the four tables to a folder, in the form of DynamoDB's export to S3
    #[command(after_help = "Example:\n  haravan-connect tables export --to backup-2026-06-12\n\n\
                      Functions may go on. Secrets stay sealed: whoever restores the export needs the same key ring. The files\n\
                      hold what Haravan said of orders and customers; only their owner may read them.")]
    Export {
        /// The folder; it must not be there yet
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Bring an export back into empty tables
    #[command(after_help = "Example:\n  haravan-connect tables import --from backup-2026-06-12 --yes\n  \
                      haravan-connect connections reread --since 2026-06-12T08:30:00Z\n\n\
                      DIR holds tenants/, connections/, inbox/ and dedup/ with *.json files: an export of this program, or the unpacked\n\
                      data files of DynamoDB's export to S3. Stop the functions first (infra/operating.md). Nothing is written before\n\
                      every line was read and the key ring was found to open every secret. What was cut off is done again with\n\
                      --replacing.")]
    Import(import::Options),
}

pub(crate) async fn run(command: Command, session: &mut Session<'_, '_>) -> Result<()> {
    match command {
        Command::Export { to } => export::run(&to, session).await,
        Command::Import(options) => Box::pin(import::run(&options, session)).await,
    }
}

/// A table with its name in this deployment.
type Named<'a> = (&'static Table, &'a str);

/// The tables in this order.
fn in_order<'a>(names: &'a TableNames, order: [&str; 4]) -> Vec<Named<'a>> {
    let all = [&names.tenants, &names.connections, &names.inbox, &names.dedup];
    let named: Vec<Named<'a>> = TABLES.iter().zip(all.map(String::as_str)).collect();
    order.iter().filter_map(|wanted| named.iter().copied().find(|(table, _)| table.name == *wanted)).collect()
}

/// The attributes of a table's key.
fn key_of(table: &schema::Table) -> Vec<&'static str> {
    [Some(table.partition_key), table.sort_key].into_iter().flatten().collect()
}
