//! `events list`.

use anyhow::Result;
use common::store::inbox::Event;
use common::store::inbox::address::event_id;
use serde_json::{Value, json};

use super::gather::{Filter, FilterOptions, State, gather};
use super::report;
use crate::session::Session;
use crate::show::{moment, table};

pub(super) async fn run(options: &FilterOptions, limit: usize, session: &mut Session<'_, '_>) -> Result<()> {
    let tenant = session.tenant(&options.tenant).await?.id;
    let filter = Filter::read(options, State::All, session.now())?;
    let events = gather(&session.store().inbox, &tenant, &filter, limit).await?;
    let row = |event: &Event| {
        vec![
            moment(event.received_at),
            event.status.as_str().to_owned(),
            event.topic.as_str().to_owned(),
            event.reason.clone().unwrap_or_else(|| "-".to_owned()),
            event.crm_code.clone().unwrap_or_else(|| "-".to_owned()),
            event_id(&event.key),
        ]
    };
    let rows: Vec<_> = events.iter().map(row).collect();
    let words = match rows.len() {
        0 => "There are no such events.".to_owned(),
        _ => table(&["RECEIVED", "STATE", "TOPIC", "REASON", "CRM", "EVENT"], &rows),
    };
    let told: Vec<Value> = events.iter().map(report::of).collect();
    session.tell(&json!({"tenant": tenant, "events": told}), &words)
}
