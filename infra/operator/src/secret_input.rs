//! Secrets from the environment or standard input; arguments are seen by everybody on a machine.

use anyhow::{Result, bail};
use secrecy::SecretString;

use crate::Io;

/// The secret in this environment variable, else the next line of standard input; a person is asked for it and does not
/// see it while typing.
pub(crate) fn secret(io: &mut Io<'_>, what: &str, variable: &str) -> Result<SecretString> {
    if let Some(value) = (io.env)(variable).filter(|value| !value.trim().is_empty()) {
        return Ok(value.trim().to_owned().into());
    }
    if io.terminal {
        write!(io.err, "{what} (not shown while you type): ")?;
        io.err.flush()?;
        (io.echo)(false);
    }
    let mut line = String::new();
    let read = io.input.read_line(&mut line);
    if io.terminal {
        (io.echo)(true);
        writeln!(io.err)?;
    }
    read?;
    let secret = SecretString::from(line.trim().to_owned());
    drop(line);
    if secrecy::ExposeSecret::expose_secret(&secret).is_empty() {
        bail!("{what} is missing: put it into {variable} or on standard input");
    }
    Ok(secret)
}
