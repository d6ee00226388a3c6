//! `tenants export`: everything that is kept of a tenant, without secrets.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use common::id::TenantId;
use serde_json::json;

use super::report;
use crate::events::gather::{Filter, State, gather};
use crate::events::report::with_body;
use crate::file::{new_file, write_line};
use crate::session::Session;

/// Exports; gives how many events there were.
pub(super) async fn export(id: &TenantId, path: &Path, session: &mut Session<'_, '_>) -> Result<usize> {
    let record = session.tenant(id).await?;
    let mut file = new_file(path)?;
    write_line(&mut file, "tenant", report::of(&record))?;
    for connection in crate::connections::reports(session.store(), id).await? {
        write_line(&mut file, "connection", serde_json::to_value(connection)?)?;
    }
    let inbox = session.store().inbox.clone();
    let events = gather(&inbox, id, &Filter::of(State::All), usize::MAX).await?;
    for event in &events {
        write_line(&mut file, "event", with_body(&inbox, event).await?)?;
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
