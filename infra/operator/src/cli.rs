//! The command line's top.

use clap::{Parser, Subcommand};

use crate::{connections, deployment, doctor, events, keys, tables, tail, tenants, trigger, usage};

/// Operates a deployment of Haravan Connect, in the cloud or on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "haravan-connect",
    version,
    after_help = "Example: a stack that `cargo run` runs on this machine\n  haravan-connect --local .local/connect.db tenants list\n\n\
                  Example: a stack in the cloud, whose functions have the same variables\n  \
                  AWS_REGION=ap-southeast-1 TENANTS_TABLE=… CONNECTIONS_TABLE=… INBOX_TABLE=… DEDUP_TABLE=… \\\n  \
                  KEY_RING_SECRET=haravan-connect/key-ring haravan-connect doctor\n\n\
                  Exit status: 0 done, 1 failed, 2 wrong command line, 3 the doctor found something wrong."
)]
pub(crate) struct Cli {
    /// Print one line of JSON in place of a table
    #[arg(long, global = true)]
    pub json: bool,

    #[command(flatten)]
    pub deployment: deployment::Options,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tenants: add, list, show, change, suspend, delete
    #[command(subcommand, after_help = "Example:\n  haravan-connect tenants list")]
    Tenants(tenants::Command),
    /// Connections: shops and pages of the tenants
    #[command(subcommand, after_help = "Example:\n  haravan-connect connections list --tenant hat-mam")]
    Connections(connections::Command),
    /// Events: what arrived and what became of it
    #[command(
        subcommand,
        after_help = "Example:\n  haravan-connect events list --tenant hat-mam --state parked"
    )]
    Events(events::Command),
    /// The key ring, under which secrets are stored
    #[command(
        subcommand,
        after_help = "Example: a rotation, without downtime\n  haravan-connect keys rotate\n  haravan-connect keys reseal\n  \
                      haravan-connect keys drop k1      (half an hour later, after another reseal)"
    )]
    Keys(keys::Command),
    /// All that is kept: export it, bring it back
    #[command(
        subcommand,
        after_help = "Example:\n  haravan-connect tables export --to backup-2026-06-12\n\ninfra/operating.md tells the whole of a restore."
    )]
    Tables(tables::Command),
    /// Sign a sample event as Haravan would, and post it
    Trigger(trigger::Options),
    /// Check everything a deployment relies on, and say what to do
    Doctor(doctor::Options),
    /// Follow events as they arrive and change
    Tail(tail::Options),
    /// Count what tenants used in a day or month, for those who price plans
    Usage(usage::Options),
}
