//! `tenants export`: everything that is kept of a tenant, without secrets.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use common::id::TenantId;
use serde_json::{Value, json};

use super::report;
use crate::events::gather::{Filter, State, gather};
use crate::events::report::with_body;
use crate::session::Session;

/// Makes a file that only its owner may read, and that was not there.
pub(crate) fn new_file(path: &Path) -> Result<BufWriter<File>> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map(BufWriter::new).with_context(|| format!("the file {} cannot be made", path.display()))
}

/// Writes one line, naming what it is.
pub(crate) fn write(file: &mut impl Write, kind: &str, mut value: Value) -> Result<()> {
    if let Value::Object(fields) = &mut value {
        fields.insert("kind".to_owned(), kind.into());
    }
    Ok(writeln!(file, "{}", serde_json::to_string(&value)?)?)
}

/// Exports; gives how many events there were.
pub(super) async fn export(id: &TenantId, path: &Path, session: &mut Session<'_, '_>) -> Result<usize> {
    let record = session.tenant(id).await?;
    let mut file = new_file(path)?;
    write(&mut file, "tenant", report::of(&record))?;
    for connection in crate::connections::reports(session.store(), id).await? {
        write(&mut file, "connection", serde_json::to_value(connection)?)?;
    }
    let inbox = session.store().inbox.clone();
    let events = gather(&inbox, id, &Filter::of(State::All), usize::MAX).await?;
    for event in &events {
        write(&mut file, "event", with_body(&inbox, event).await?)?;
    }
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(events.len())
}

pub(super) async fn run(id: &TenantId, path: &Path, session: &mut Session<'_, '_>) -> Result<()> {
    let events = export(id, path, session).await?;
    let told = json!({"tenant": id, "file": path, "events": events});
    session.tell(&told, &format!("The tenant {id} is in {}: {events} events.", path.display()))
}
