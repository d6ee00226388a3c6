//! `events`: what arrived, and what became of it.

mod export;
mod found;
pub(crate) mod gather;
mod list;
mod replay;
pub(crate) mod report;
mod show;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use common::id::TenantId;

use self::gather::FilterOptions;
use crate::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List a tenant's events, the newest first; what its pages were sent is among them
    #[command(
        after_help = "Examples:\n  haravan-connect events list --tenant hat-mam --state parked --since 2d\n  \
                      haravan-connect events list --tenant hat-mam --warnings total_differs_in_crm\n  \
                      haravan-connect events list --tenant hat-mam --state kept"
    )]
    List {
        #[command(flatten)]
        filter: FilterOptions,
        /// Most events
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: usize,
    },
    /// Show one event: what it is, its time line, what it became
    #[command(
        after_help = "Example:\n  haravan-connect events show --tenant hat-mam order.1791400031.Zc4QJ0yYk6lZlN3xw1Jb6g"
    )]
    Show {
        /// The tenant
        #[arg(long)]
        tenant: TenantId,
        /// The event, as `list` names it
        event: String,
        /// Print its body too, which holds personal data
        #[arg(long)]
        body: bool,
    },
    /// Have events tried again: those named, or all that a filter finds (parked ones, unless --state says otherwise)
    #[command(
        after_help = "Examples:\n  haravan-connect events replay --tenant hat-mam --reason crm_refused --dry-run\n  \
                      haravan-connect events replay --tenant hat-mam order.1791400031.Zc4QJ0yYk6lZlN3xw1Jb6g\n\n\
                      A parked event becomes ready with its attempts forgotten; one that waits becomes due now. A filter leaves\n\
                      alone what another try cannot help, such as unreadable_body, unless it or its --reason is named. What is done stays done. What pages were sent is left alone, for nobody works on it. Once-only holds as ever: what is\n\
                      in the CRM already is not made again."
    )]
    Replay(replay::Options),
    /// Write events with their bodies to a file, one line of JSON each (parked ones, unless --state says otherwise)
    #[command(
        after_help = "Example:\n  haravan-connect events export --tenant hat-mam --out parked.jsonl\n\n\
                      The file holds what Haravan said of orders and customers, and with --state kept or all what people wrote to\n\
                      pages; only its owner may read it."
    )]
    Export {
        #[command(flatten)]
        filter: FilterOptions,
        /// The file; it must not be there yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

pub(crate) async fn run(command: Command, session: &mut Session<'_, '_>) -> Result<()> {
    match command {
        Command::List { filter, limit } => list::run(&filter, limit, session).await,
        Command::Show { tenant, event, body } => show::run(&tenant, &event, body, session).await,
        Command::Replay(options) => Box::pin(replay::run(&options, session)).await,
        Command::Export { filter, out } => export::run(&filter, &out, session).await,
    }
}
