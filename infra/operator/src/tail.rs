//! `tail`: events as they arrive and change, until Ctrl-C.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use common::id::TenantId;
use common::store::inbox::address::event_id;
use common::store::inbox::listing::Which;
use common::store::inbox::{Event, EventKey, Status};

use crate::events::report;
use crate::session::Session;
use crate::show::moment;

/// The newest events of a tenant among which changes are looked for.
const NEWEST: usize = 100;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  haravan-connect tail --tenant hat-mam\n\n\
                  A tenant's 100 newest events are watched, and whatever is still to be worked on; what pages were sent is\n\
                  not, `events list --state kept` has it.")]
pub(crate) struct Options {
    /// Only this tenant's; repeat it for more [default: all]
    #[arg(long)]
    tenant: Vec<TenantId>,

    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    every: u64,

    /// Stop after so many looks [default: never]
    #[arg(long, value_name = "NUMBER")]
    looks: Option<u64>,
}

/// What is compared of an event.
type Seen = (Status, i64, Option<String>);

pub(crate) async fn run(options: Options, session: &mut Session<'_, '_>) -> Result<()> {
    for tenant in &options.tenant {
        session.tenant(tenant).await?;
    }
    let mut seen: HashMap<EventKey, Seen> = HashMap::new();
    let mut looks = 0_u64;
    loop {
        let tenants = match options.tenant.is_empty() {
            false => options.tenant.clone(),
            true => {
                let all = session.store().tenants.all().await?;
                all.into_iter().filter_map(|(id, _)| id.parse().ok()).collect()
            }
        };
        let mut now_seen = HashMap::new();
        for tenant in &tenants {
            let listed = session.store().inbox.newest(tenant, Which::All, None, NEWEST).await?;
            // In the order of their arrival.
            for event in listed.events.into_iter().rev() {
                let state = (event.status, event.attempts, event.reason.clone());
                let known = seen.get(&event.key);
                if looks > 0 && known != Some(&state) {
                    line(tenant, &event, session)?;
                }
                now_seen.insert(event.key, state);
            }
        }
        seen = now_seen;
        looks = looks.saturating_add(1);
        if options.looks.is_some_and(|most| looks >= most) {
            return Ok(());
        }
        session.io.clock.sleep(Duration::from_secs(options.every.max(1))).await;
    }
}

fn line(tenant: &TenantId, event: &Event, session: &mut Session<'_, '_>) -> Result<()> {
    let now = session.now();
    if session.json {
        let mut told = report::of(event);
        if let serde_json::Value::Object(told) = &mut told {
            told.insert("tenant".to_owned(), tenant.as_str().into());
            told.insert("seen_at".to_owned(), now.to_string().into());
        }
        writeln!(session.io.out, "{}", serde_json::to_string(&told)?)?;
    } else {
        let why = event.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let code = event.crm_code.as_deref().map(|code| format!(" -> {code}")).unwrap_or_default();
        writeln!(
            session.io.out,
            "{}  {tenant}  {}  {}{why}{code}  {}",
            moment(now),
            event.topic,
            event.status.as_str(),
            event_id(&event.key)
        )?;
    }
    Ok(session.io.out.flush()?)
}
