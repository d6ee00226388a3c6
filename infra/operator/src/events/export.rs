//! `events export`.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::gather::{Filter, FilterOptions, State, gather};
use super::report::with_body;
use crate::file::{new_file, write_line};
use crate::session::Session;

pub(super) async fn run(options: &FilterOptions, path: &Path, session: &mut Session<'_, '_>) -> Result<()> {
    let tenant = session.tenant(&options.tenant).await?.id;
    let filter = Filter::read(options, State::Parked, session.now())?;
    let inbox = session.store().inbox.clone();
    let events = gather(&inbox, &tenant, &filter, usize::MAX).await?;
    let mut file = new_file(path)?;
    for event in &events {
        write_line(&mut file, "event", with_body(&inbox, event).await?)?;
    }
    file.flush()?;
    let told = json!({"tenant": tenant, "file": path, "events": events.len()});
    session.tell(&told, &format!("{} events are in {}.", events.len(), path.display()))
}
