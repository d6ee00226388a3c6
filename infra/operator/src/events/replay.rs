//! `events replay`: another try, and with `--dry-run` what it would change, here and in the CRM.

use anyhow::{Result, bail};
use clap::Args;
use common::body;
use common::getfly::client::Getfly;
use common::haravan::order::Order;
use common::haravan::webhook::{Entity, unwrapped};
use common::id::OrderId;
use common::intake::buyer::Buyer;
use common::intake::draft;
use common::reason::retry_can_help;
use common::seal::Place;
use common::store::inbox::address::event_id;
use common::store::inbox::{Event, Status};
use common::store::schema::tenants::CRM_KEY;
use common::store::tenants::TenantRecord;
use common::tenant::tenant_place;
use common::wire::lenient;
use serde_json::{Value, json};

use super::found::{Found, find};
use super::gather::{Filter, FilterOptions, State, gather};
use crate::session::Session;

/// Events of a dry run for which the CRM is asked: its allowance is small.
const ASKED: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Events, as `list` names them; none for all that the filter finds
    #[arg(conflicts_with_all = ["state", "reason", "warnings", "since", "until"])]
    events: Vec<String>,

    #[command(flatten)]
    filter: FilterOptions,

    /// Most events
    #[arg(long, value_name = "NUMBER", default_value_t = 500)]
    limit: usize,

    /// Change nothing; show what would change
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(options: &Options, session: &mut Session<'_, '_>) -> Result<()> {
    let record = session.tenant(&options.filter.tenant).await?;
    let (mut found, mut useless) = (Vec::new(), 0);
    if options.events.is_empty() {
        let filter = Filter::read(&options.filter, State::Parked, session.now())?;
        found = gather(&session.store().inbox, &record.id, &filter, options.limit).await?;
        let in_all = found.len();
        if options.filter.reason.is_none() {
            found.retain(|event| event.status() != Status::Parked || retry_can_help(event.reason()));
        }
        useless = in_all.saturating_sub(found.len());
    }
    for event in &options.events {
        let event = find(&record.id, event, session).await?;
        if let Some(why) = left_alone(&event) {
            bail!("{} {why}", event.id());
        }
        found.push(event);
    }
    let in_all = found.len();
    let events: Vec<Event> = found.into_iter().filter_map(replayable).collect();
    let left = in_all.saturating_sub(events.len()).saturating_add(useless);
    if options.dry_run {
        return show(&record, &events, left, session).await;
    }
    if events.len() > 1 {
        session.confirm(
            &format!("{} events of {} will be tried again.", events.len(), record.id),
            options.yes,
        )?;
    }
    let (now, inbox) = (session.now(), session.store().inbox.clone());
    let mut replayed = Vec::new();
    for event in &events {
        let changed = match event.status {
            Status::Parked => inbox.retry(&event.key, now).await?,
            _ => inbox.hurry(&event.key, now).await?,
        };
        if changed {
            replayed.push(event_id(&event.key));
        }
    }
    let passed = events.len().saturating_sub(replayed.len());
    let mut words = match passed {
        0 => format!("{} events are tried again.", replayed.len()),
        _ => format!("{} events are tried again; {passed} had changed meanwhile.", replayed.len()),
    };
    words.push_str(&said_of_left(left));
    session.tell(
        &json!({"tenant": record.id, "replayed": replayed, "changed_meanwhile": passed, "left_alone": left}),
        &words,
    )
}

/// Why an event is not replayed, if it is not.
fn left_alone(event: &Found) -> Option<String> {
    match (event.status(), event.crm_code()) {
        (Status::Parked | Status::Waiting, _) => None,
        (Status::Done, Some(code)) => Some(format!(
            "is done, as {code} in the CRM: it is not done again, and a change there is made in the CRM"
        )),
        (Status::Done, None) => {
            Some("is done and led to nothing in the CRM: it is not done again".to_owned())
        }
        (Status::Kept, _) => Some(
            "was sent to a page and is kept for the CRM: nobody works on it, so nothing is tried".to_owned(),
        ),
        (status @ (Status::Ready | Status::Working), _) => {
            Some(format!("is {}: it is worked on as it is", status.as_str()))
        }
    }
}

fn replayable(event: Found) -> Option<Event> {
    match left_alone(&event) {
        None => event.into_shop(),
        Some(_) => None,
    }
}

fn said_of_left(left: usize) -> String {
    match left {
        0 => String::new(),
        _ => format!(
            " {left} that were found are done, at work or sent to pages, or another try cannot help: they are left alone."
        ),
    }
}

async fn show(
    record: &TenantRecord,
    events: &[Event],
    left: usize,
    session: &mut Session<'_, '_>,
) -> Result<()> {
    let crm = crm(record, session).await?;
    let (mut told, mut words) = (Vec::new(), Vec::new());
    for (at, event) in events.iter().enumerate() {
        let id = event_id(&event.key);
        let why = event.reason.as_deref().unwrap_or("-");
        let (before, after) = match event.status {
            Status::Parked => (
                format!("parked ({why}), attempts {}", event.attempts),
                "ready, attempts 0, history + retried".to_owned(),
            ),
            _ => {
                let due = event.due.map(|due| due.to_string()).unwrap_or_default();
                (format!("waiting ({why}), due {due}"), "waiting, due now".to_owned())
            }
        };
        words.push(format!("{id}\n  - {before}\n  + {after}"));
        let mut entry = json!({"id": id, "before": before, "after": after});
        if at < ASKED
            && let Some((said, would)) = in_crm(record, event, &crm, session).await?
        {
            words.push(said);
            if let Value::Object(entry) = &mut entry {
                entry.insert("crm".to_owned(), would);
            }
        }
        told.push(entry);
    }
    let count = events.len();
    words.push(format!("{count} events would be tried again; nothing was changed.{}", said_of_left(left)));
    let told = json!({"tenant": record.id, "dry_run": true, "events": told, "left_alone": left});
    session.tell(&told, &words.join("\n"))
}

async fn crm(record: &TenantRecord, session: &Session<'_, '_>) -> Result<Option<Getfly>> {
    let deployment = &session.deployment;
    let Ok(base) = deployment.reach.base_url(&record.crm_url) else { return Ok(None) };
    let place = Place { key: &tenant_place(&record.id), field: CRM_KEY };
    let key = deployment.directory.unseal(place, &record.crm_key).await?;
    Ok(Some(Getfly::new(deployment.http.clone(), base, key, session.io.clock.clone())))
}

/// What would become of an order in the CRM. `None` for customers and what cannot be read.
async fn in_crm(
    record: &TenantRecord,
    event: &Event,
    crm: &Option<Getfly>,
    session: &Session<'_, '_>,
) -> Result<Option<(String, Value)>> {
    if event.topic.entity() != Entity::Order || event.topic.is_delete() {
        return Ok(None);
    }
    let stored = session.store().inbox.whole_body(event).await?;
    let Ok(bytes) = body::unpack(&stored) else { return Ok(None) };
    let order: Option<Order> = unwrapped(&bytes).and_then(|text| lenient::read(&text));
    let Some(order) = order else { return Ok(None) };
    let Some(id) = order.id.map(OrderId) else { return Ok(None) };
    let code = draft::order_code(id);
    let there = match crm {
        Some(crm) => crm.order(&code).await.ok(),
        None => None,
    };
    let buyer = Buyer::of_order(&order, id);
    let drafted = draft::order(&order, id, &buyer, &record.settings, None, event.received_at);
    let (said, would) = match (&there, drafted) {
        (Some(Some(_)), _) => {
            (format!("  = CRM order {code}: there already, not made again"), json!("there"))
        }
        (_, Err(missing)) => {
            (format!("  = CRM order {code}: cannot be drafted: {}", missing.said().en), json!("not drafted"))
        }
        (there, Ok(draft)) => {
            let sum = draft.order.expected_total();
            let lines = draft.order.saved_order_details.len();
            match there {
                Some(None) => (
                    format!("  + CRM order {code}: {lines} lines, {}", sum.said(&draft.currency)),
                    json!("made"),
                ),
                _ => (
                    format!(
                        "  ? CRM order {code}: {lines} lines, {}; the CRM did not say whether it is there",
                        sum.said(&draft.currency)
                    ),
                    json!("unknown"),
                ),
            }
        }
    };
    Ok(Some((said, json!({"order_code": code, "outcome": would}))))
}
