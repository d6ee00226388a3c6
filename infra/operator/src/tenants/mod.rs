//! `tenants`: who is served, and how.

mod add;
mod delete;
pub(crate) mod export;
mod look;
mod report;
mod rotate_key;
mod set;
mod suspend;

use anyhow::Result;
use clap::Subcommand;
use common::id::TenantId;

use crate::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add a tenant; prints its new API key, once
    Add(add::Options),
    /// List all tenants
    #[command(after_help = "Example:\n  haravan-connect tenants list --json")]
    List,
    /// Show one tenant: its record without secrets, its settings, its connections
    #[command(after_help = "Example:\n  haravan-connect tenants show hat-mam")]
    Show {
        /// The tenant
        tenant: TenantId,
    },
    /// Change addresses, CRM key, plan, page limit or settings
    Set(set::Options),
    /// Make a new API key for the tenant's CRM; prints it, once. The old one stops at once
    #[command(after_help = "Example:\n  haravan-connect tenants rotate-key hat-mam --yes")]
    RotateKey {
        /// The tenant
        tenant: TenantId,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Stop writing to the tenant's CRM: events are still taken in and stored, and wait until the tenant is resumed
    #[command(after_help = "Example:\n  haravan-connect tenants suspend hat-mam --yes\n\n\
                      Haravan is answered as ever and nothing is lost; tokens are kept alive. It takes effect within a minute.")]
    Suspend {
        /// The tenant
        tenant: TenantId,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Go on with a suspended tenant: what waited is worked on now
    #[command(after_help = "Example:\n  haravan-connect tenants resume hat-mam")]
    Resume {
        /// The tenant
        tenant: TenantId,
    },
    /// Write everything that is kept of a tenant to a file, without secrets: one line of JSON for its record, each
    /// connection and each event with its body
    #[command(after_help = "Example:\n  haravan-connect tenants export hat-mam --out hat-mam.jsonl\n\n\
                      The file holds what Haravan said of orders and customers, and what people wrote to pages; only its owner\n\
                      may read it.")]
    Export {
        /// The tenant
        tenant: TenantId,
        /// The file; it must not be there yet
        #[arg(long, value_name = "FILE")]
        out: std::path::PathBuf,
    },
    /// Export a tenant, then remove everything that is kept of it, for good
    #[command(
        after_help = "Example:\n  haravan-connect connections disconnect hat-mam haravan#200000987654 --yes\n  \
                      haravan-connect tenants delete hat-mam --export hat-mam.jsonl --yes\n\n\
                      Its shops and pages are to be disconnected first, so that Haravan stops sending."
    )]
    Delete {
        /// The tenant
        tenant: TenantId,
        /// Where it is exported to first; the file must not be there yet
        #[arg(long, value_name = "FILE")]
        export: std::path::PathBuf,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) async fn run(command: Command, session: &mut Session<'_, '_>) -> Result<()> {
    match command {
        Command::Add(options) => Box::pin(add::run(options, session)).await,
        Command::List => look::list(session).await,
        Command::Show { tenant } => look::show(&tenant, session).await,
        Command::Set(options) => Box::pin(set::run(options, session)).await,
        Command::RotateKey { tenant, yes } => rotate_key::run(&tenant, yes, session).await,
        Command::Suspend { tenant, yes } => suspend::suspend(&tenant, yes, session).await,
        Command::Resume { tenant } => suspend::resume(&tenant, session).await,
        Command::Export { tenant, out } => Box::pin(export::run(&tenant, &out, session)).await,
        Command::Delete { tenant, export, yes } => {
            Box::pin(delete::run(&tenant, &export, yes, session)).await
        }
    }
}
