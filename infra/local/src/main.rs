//! `cargo run`: the whole of Haravan Connect on this machine.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use common::clock::SystemClock;
use local::options::{Addresses, Options};
use local::pump;
use local::stack::Stack;

/// Runs Haravan Connect on this machine: every function, an embedded DynamoDB and simulators of Haravan and Getfly, in
/// one process on one port. Nothing else needs to be installed.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8787)]
    port: u16,

    /// Database file; made if it is not there. Its key ring and stream positions lie beside it
    #[arg(long, value_name = "FILE", default_value = ".local/connect.db")]
    data: PathBuf,

    /// Print one line of JSON with addresses and keys to standard output as soon as it serves
    #[arg(long)]
    json: bool,

    /// Start without the simulated Haravan, Getfly, Facebook and Zalo; give the real ones' addresses below
    #[arg(long, requires = "getfly_url")]
    no_simulators: bool,

    /// Base URL of a Getfly to use in place of the simulated one, such as https://example.getflycrm.com
    #[arg(long, value_name = "URL", requires = "getfly_api_key")]
    getfly_url: Option<String>,

    /// Its API key
    #[arg(long, value_name = "KEY", env = "GETFLY_API_KEY", hide_env_values = true)]
    getfly_api_key: Option<String>,

    /// Base URL of Haravan's Admin REST to use in place of the simulated one, such as https://apis.haravan.com
    #[arg(long, value_name = "URL")]
    haravan_url: Option<String>,

    /// Base URL of Haravan's accounts server to use in place of the simulated one, such as https://accounts.haravan.com
    #[arg(long, value_name = "URL", env = "HARAVAN_ACCOUNTS_URL")]
    haravan_accounts_url: Option<String>,

    /// Base URL of Haravan's webhook control to use in place of the simulated one, such as https://webhook.haravan.com
    #[arg(long, value_name = "URL", env = "HARAVAN_WEBHOOK_URL")]
    haravan_webhook_url: Option<String>,

    /// A shop's token for that Admin REST
    #[arg(long, value_name = "TOKEN", env = "HARAVAN_TOKEN", hide_env_values = true)]
    haravan_token: Option<String>,

    /// Client secret of a real Haravan app whose webhooks reach this machine through a tunnel
    #[arg(long, value_name = "SECRET", env = "HARAVAN_CLIENT_SECRET", hide_env_values = true)]
    client_secret: Option<String>,

    /// JSON file with the operator's apps at Facebook and Zalo, as common/src/pages/providers.rs describes it
    #[arg(long, value_name = "FILE", env = "PROVIDER_APPS_FILE")]
    provider_apps: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    common::telemetry::init_library_logs();
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line: what failed, and why.
            let line = format!("error: {error:#}").replace('\n', " ");
            drop(writeln!(std::io::stderr(), "{line}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<()> {
    if cli.data.is_dir() {
        bail!("the data file {} is a folder", cli.data.display());
    }
    let options = Options {
        port: cli.port,
        data: Some(cli.data.clone()),
        clock: Arc::new(SystemClock),
        upkeep_every: Some(Duration::from_secs(1)),
        pump: pump::Settings::default(),
        simulators: !cli.no_simulators,
        getfly_url: cli.getfly_url,
        getfly_api_key: cli.getfly_api_key.map(Into::into),
        haravan_url: cli.haravan_url,
        haravan_accounts_url: cli.haravan_accounts_url,
        haravan_webhook_url: cli.haravan_webhook_url,
        haravan_token: cli.haravan_token.map(Into::into),
        client_secret: cli.client_secret.map(Into::into),
        provider_apps: cli.provider_apps,
        between: None,
    };
    let stack = Stack::start(options).await?;
    let mut out = std::io::stdout();
    if cli.json {
        writeln!(out, "{}", serde_json::to_string(&stack.addresses)?)?;
    } else {
        writeln!(out, "{}", welcome(&stack.addresses, &cli.data))?;
    }
    out.flush().context("standard output cannot be written")?;
    tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
    Ok(())
}

fn welcome(addresses: &Addresses, data: &std::path::Path) -> String {
    format!(
        "Haravan Connect runs on this machine.\n\n  \
         Open       {}\n  \
         Webhooks   {}\n  \
         Haravan    {}\n  \
         Getfly     {}\n  \
         DynamoDB   {}\n  \
         Data       {}\n\n\
         Ctrl-C stops it; the data stays. `cargo run -- --help` lists the options.",
        addresses.base_url,
        addresses.webhook_url,
        addresses.haravan_url,
        addresses.getfly_url,
        addresses.dynamodb_url,
        data.display()
    )
}
