//! The operator's command line: what the person does who runs Haravan Connect for many tenants.
//!
//! It talks to the deployment's own tables and secret, with the operator's AWS rights, through the same store as the
//! functions, so nothing here can be done that a state machine there does not allow. One program for the cloud and for a
//! stack on this machine (`deployment.rs`).
//!
//! Rules of every command:
//! - what it tells goes to standard output, as a table for people or one line of JSON (`--json`); progress, questions
//!   and errors go to standard error;
//! - an error is one line, `error: …`; the exit status is 0 for done, 1 for failed, 2 for a wrong command line, 3 when
//!   `doctor` found something wrong;
//! - secrets are read from the environment or from standard input, never from arguments, and never printed, but for a new
//!   API key, once;
//! - what destroys or interrupts something asks first, or wants `--yes`.

mod cli;
mod connections;
mod deployment;
mod doctor;
mod events;
mod file;
mod keys;
mod secret_input;
mod session;
mod show;
mod tables;
mod tail;
mod tenants;
mod trigger;
mod usage;

use std::ffi::OsString;
use std::io::{BufRead, Write};

use clap::{CommandFactory, Parser};
use common::clock::SharedClock;

use cli::{Cli, Command};
use deployment::Deployment;
use session::Session;

/// The world around a command.
pub struct Io<'a> {
    /// Standard input.
    pub input: &'a mut dyn BufRead,
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error.
    pub err: &'a mut dyn Write,
    /// Environment variables.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Time, as the deployment has it.
    pub clock: SharedClock,
    /// This machine's own clock, which is what `doctor` doubts.
    pub machine_clock: SharedClock,
    /// Whether a person sits at standard input.
    pub terminal: bool,
    /// Shows what is typed, or stops showing it.
    pub echo: &'a dyn Fn(bool),
}

/// How a command that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Done, and something is wrong with the deployment.
    Findings,
}

/// Runs one command line, program name first; gives the exit status.
pub async fn run(args: impl IntoIterator<Item = OsString>, io: &mut Io<'_>) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            drop(write!(io.err, "{error}"));
            return 2;
        }
        Err(help) => {
            drop(write!(io.out, "{help}"));
            return 0;
        }
    };
    match Box::pin(command(cli, io)).await {
        Ok(Exit::Done) => 0,
        Ok(Exit::Findings) => 3,
        Err(error) => {
            let line = format!("error: {error:#}").replace('\n', " ");
            drop(writeln!(io.err, "{line}"));
            1
        }
    }
}

/// The whole command line, for documentation and tests.
pub fn definition() -> clap::Command {
    Cli::command()
}

async fn command(cli: Cli, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let deployment = Box::pin(Deployment::open(&cli.deployment, io)).await?;
    let mut session = Session { io, json: cli.json, deployment };
    let session = &mut session;
    match cli.command {
        Command::Tenants(command) => Box::pin(tenants::run(command, session)).await.map(|()| Exit::Done),
        Command::Connections(command) => {
            Box::pin(connections::run(command, session)).await.map(|()| Exit::Done)
        }
        Command::Events(command) => Box::pin(events::run(command, session)).await.map(|()| Exit::Done),
        Command::Keys(command) => Box::pin(keys::run(command, session)).await.map(|()| Exit::Done),
        Command::Tables(command) => Box::pin(tables::run(command, session)).await.map(|()| Exit::Done),
        Command::Trigger(options) => Box::pin(trigger::run(options, session)).await.map(|()| Exit::Done),
        Command::Doctor(options) => Box::pin(doctor::run(options, session)).await,
        Command::Tail(options) => Box::pin(tail::run(options, session)).await.map(|()| Exit::Done),
        Command::Usage(options) => Box::pin(usage::run(options, session)).await.map(|()| Exit::Done),
    }
}
