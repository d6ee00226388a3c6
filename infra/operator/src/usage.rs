//! `usage`: what each tenant used in a period, for those who price plans.
//!
//! Counted from the events that are stored (`common::store::inbox::usage`), so an event counts once whatever it took.
//! They are kept for 30 days: a bill is counted every night for the day before (`--json usage --day …`) and the lines
//! are kept. What is not an event, such as repeated deliveries and steps of imports, is in the log alone, for which the
//! stack has the saved query *usage per tenant*.

use anyhow::{Result, bail};
use clap::Args;
use common::id::TenantId;
use common::store::inbox::usage::{Fates, Usage};
use common::store::inbox::{Inbox, KEEP_DONE};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use crate::session::Session;
use crate::show::{moment, table};

/// How many tenants are counted at once.
const SIDE_BY_SIDE: usize = 16;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haravan-connect --json usage --day 2026-11-21 >> usage.jsonl\n  \
                        haravan-connect usage --month 2026-11 --tenant hat-mam\n\n\
                        Days and months are Vietnam's. Events are kept for 30 days; `complete` is false for a period of\n\
                        which some are gone, or which is not over.")]
pub(crate) struct Options {
    /// The month; the present one when neither month nor day is said
    #[arg(long, value_name = "YYYY-MM", conflicts_with = "day")]
    month: Option<String>,
    /// The day
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Option<Date>,
    /// This tenant only
    #[arg(long)]
    tenant: Option<TenantId>,
}

/// A day or a month.
struct Period {
    name: String,
    from: Timestamp,
    until: Timestamp,
}

impl Period {
    fn of(options: &Options, now: Timestamp) -> Result<Self> {
        let today = now.to_zoned(vietnam()).date();
        let (name, first, next) = match (&options.day, &options.month) {
            (Some(day), _) => (day.to_string(), *day, day.tomorrow()?),
            (None, Some(month)) => month_of(month, format!("{month}-01").parse().ok())?,
            (None, None) => month_of(&today.strftime("%Y-%m").to_string(), Some(today.first_of_month()))?,
        };
        let start = |day: Date| anyhow::Ok(day.to_zoned(vietnam())?.timestamp());
        Ok(Self { name, from: start(first)?, until: start(next)? })
    }

    /// Whether all its events have come and none has gone.
    fn is_complete(&self, now: Timestamp) -> bool {
        let oldest = now.checked_sub(KEEP_DONE).unwrap_or(Timestamp::MIN);
        oldest <= self.from && self.until <= now
    }
}

fn month_of(name: &str, first: Option<Date>) -> Result<(String, Date, Date)> {
    match first.filter(|_| name.len() == 7) {
        Some(first) => Ok((name.to_owned(), first, first.last_of_month().tomorrow()?)),
        None => bail!("{name:?} is no month: say 2026-11"),
    }
}

fn vietnam() -> TimeZone {
    TimeZone::fixed(Offset::constant(7))
}

pub(crate) async fn run(options: Options, session: &mut Session<'_, '_>) -> Result<()> {
    let now = session.now();
    let period = Period::of(&options, now)?;
    let tenants = match &options.tenant {
        Some(tenant) => vec![session.tenant(tenant).await?.id],
        None => all(session).await?,
    };
    let used = count(&session.store().inbox, tenants, &period).await?;
    let complete = period.is_complete(now);
    let told = json!({
        "period": period.name,
        "from": period.from.to_string(),
        "until": period.until.to_string(),
        "complete": complete,
        "tenants": used.iter().map(|(tenant, usage)| as_json(tenant, usage)).collect::<Vec<_>>(),
    });
    let mut words = table(&HEADS, &used.iter().map(|(tenant, usage)| row(tenant, usage)).collect::<Vec<_>>());
    if !complete {
        words.push_str(&format!(
            "\n\nNot the whole of {}: it began {}; what was done more than 30 days ago is gone.",
            period.name,
            moment(period.from)
        ));
    }
    session.tell(&told, &words)
}

/// Each tenant's usage, in the order given.
async fn count(inbox: &Inbox, tenants: Vec<TenantId>, period: &Period) -> Result<Vec<(TenantId, Usage)>> {
    let open = inbox.open_of_all().await?;
    let counts = tenants.into_iter().map(async |tenant| {
        let of_tenant = open.get(&tenant).map(Vec::as_slice).unwrap_or_default();
        let usage = inbox.usage(&tenant, of_tenant, period.from, period.until).await?;
        Ok((tenant, usage))
    });
    futures::stream::iter(counts).buffered(SIDE_BY_SIDE).try_collect().await
}

/// Every tenant's id.
async fn all(session: &Session<'_, '_>) -> Result<Vec<TenantId>> {
    let records = session.store().tenants.all().await?;
    let mut ids = records.iter().map(|(id, _)| id.parse()).collect::<Result<Vec<TenantId>, _>>()?;
    ids.sort();
    Ok(ids)
}

fn as_json(tenant: &TenantId, usage: &Usage) -> Value {
    let mut told = serde_json::to_value(usage).unwrap_or_default();
    if let Value::Object(fields) = &mut told {
        fields.insert("tenant".to_owned(), tenant.as_str().into());
    }
    told
}

const HEADS: [&str; 7] =
    ["TENANT", "ORDERS", "CUSTOMERS", "IN THE CRM", "FAILED OR OPEN", "CRM CALLS", "PAGE EVENTS"];

fn row(tenant: &TenantId, usage: &Usage) -> Vec<String> {
    let both = |count: fn(&Fates) -> u64| count(&usage.orders).saturating_add(count(&usage.customers));
    let pages = usage.page_events.facebook.saturating_add(usage.page_events.zalo);
    vec![
        tenant.as_str().to_owned(),
        usage.orders.received.to_string(),
        usage.customers.received.to_string(),
        both(|fates| fates.delivered).to_string(),
        both(|fates| fates.parked.saturating_add(fates.open)).to_string(),
        usage.crm_calls.to_string(),
        pages.to_string(),
    ]
}
