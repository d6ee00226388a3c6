//! `haravan-connect`: the operator's command line.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use common::clock::SystemClock;
use common::config::process_env;
use operator::Io;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::telemetry::init_library_logs();
    let (mut input, mut out, mut err) = (std::io::stdin().lock(), std::io::stdout(), std::io::stderr());
    let mut io = Io {
        input: &mut input,
        out: &mut out,
        err: &mut err,
        env: &process_env,
        clock: Arc::new(SystemClock),
        machine_clock: Arc::new(SystemClock),
        terminal: std::io::stdin().is_terminal(),
        echo: &echo,
    };
    ExitCode::from(operator::run(std::env::args_os(), &mut io).await)
}

/// Shows what is typed, or stops showing it. A terminal that cannot do that shows it.
fn echo(on: bool) {
    let terminal = std::io::stdin();
    let set = tcgetattr(&terminal).and_then(|mut modes| {
        modes.local_modes.set(LocalModes::ECHO, on);
        tcsetattr(&terminal, OptionalActions::Now, &modes)
    });
    set.unwrap_or_default();
}
