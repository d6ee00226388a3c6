//! `events list`.

use anyhow::Result;
use serde_json::{Value, json};

use super::found::Found;
use super::gather::{Filter, FilterOptions, State, gather};
use super::report;
use crate::session::Session;
use crate::show::{moment, table};

pub(super) async fn run(options: &FilterOptions, limit: usize, session: &mut Session<'_, '_>) -> Result<()> {
    let tenant = session.tenant(&options.tenant).await?.id;
    let filter = Filter::read(options, State::All, session.now())?;
    let events = gather(&session.store().inbox, &tenant, &filter, limit).await?;
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let row = |event: &Found| {
        vec![
            moment(event.received_at()),
            event.status().as_str().to_owned(),
            event.topic().to_owned(),
            or_dash(event.reason()),
            or_dash(event.crm_code()),
            event.id(),
        ]
    };
    let rows: Vec<_> = events.iter().map(row).collect();
    let words = match rows.len() {
        0 => "There are no such events.".to_owned(),
        _ => table(&["RECEIVED", "STATE", "TOPIC", "REASON", "CRM", "EVENT"], &rows),
    };
    let told: Vec<Value> = events.iter().map(report::of_found).collect();
    session.tell(&json!({"tenant": tenant, "events": told}), &words)
}
