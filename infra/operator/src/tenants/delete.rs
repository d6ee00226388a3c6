//! `tenants delete`. The record goes last, so that what was cut off can be done again.

use std::path::Path;

use anyhow::{Result, bail};
use common::id::TenantId;
use serde_json::json;

use super::export::export;
use crate::session::Session;

/// How often events are looked for again: the index they are found by lags behind.
const ROUNDS: usize = 10;

pub(super) async fn run(id: &TenantId, path: &Path, yes: bool, session: &mut Session<'_, '_>) -> Result<()> {
    session.tenant(id).await?;
    let connections = crate::connections::reports(session.store(), id).await?;
    if let Some(live) = connections.iter().find(|connection| !connection.is_over()) {
        bail!(
            "{} of {id} is not disconnected to its end yet; do `connections disconnect {id} {}` and wait a minute",
            live.connection,
            live.connection
        );
    }
    session.confirm(&format!("Everything that is kept of {id} will be removed for good."), yes)?;
    let exported = export(id, path, session).await?;
    let store = session.store().clone();
    let mut events = 0_usize;
    for _ in 0..ROUNDS {
        match store.inbox.erase(id).await? {
            0 => break,
            more => events = events.saturating_add(more),
        }
    }
    let identities = store.claims.erase(id).await?;
    store.connections.erase(id).await?;
    let record = session.tenant(id).await?;
    if !store.tenants.remove(&record).await? {
        bail!("somebody changed the tenant {id} meanwhile; run this again with another --export file");
    }
    let told =
        json!({"tenant": id, "file": path, "exported": exported, "events": events, "identities": identities});
    let words = format!(
        "The tenant {id} is deleted: {events} events and {identities} identities. What it was is in {}.",
        path.display()
    );
    session.tell(&told, &words)
}
