//! `connections`: shops and pages.

mod reread;

use anyhow::{Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Subcommand;
use common::id::TenantId;
use common::seal::random;
use common::store::Store;
use common::store::connections::{ConnectionStatus, PageConnection, ShopConnection, Subject, reason};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::session::Session;
use crate::show::{facts, maybe, table};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List connections, of one tenant or of all
    #[command(after_help = "Example:\n  haravan-connect connections list --tenant hat-mam")]
    List {
        /// Only this tenant's
        #[arg(long)]
        tenant: Option<TenantId>,
    },
    /// Show one connection
    #[command(after_help = "Example:\n  haravan-connect connections show hat-mam haravan#200000987654")]
    Show {
        /// The tenant
        tenant: TenantId,
        /// haravan#ORG, facebook#PAGE or zalo#OA
        #[arg(value_parser = subject)]
        connection: Subject,
    },
    /// End a connection: nothing is worked on any more at once; within a minute upkeep unsubscribes and wipes the tokens
    #[command(
        after_help = "Example:\n  haravan-connect connections disconnect hat-mam haravan#200000987654 --yes"
    )]
    Disconnect {
        /// The tenant
        tenant: TenantId,
        /// haravan#ORG, facebook#PAGE or zalo#OA
        #[arg(value_parser = subject)]
        connection: Subject,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Have upkeep read again what changed in shops since then, and fetch what nobody has: after a restore
    #[command(after_help = "Example:\n  haravan-connect connections reread --since 2026-06-12T08:30:00Z\n\n\
                      Nothing is made twice. What changed before a shop was connected is left to an import.")]
    Reread {
        /// 90m, 2h or 3d ago, a day, or an RFC 3339 instant
        #[arg(long, value_name = "TIME")]
        since: String,
        /// Only this tenant's
        #[arg(long)]
        tenant: Option<TenantId>,
    },
}

fn subject(text: &str) -> Result<Subject, String> {
    Subject::parse(text).ok_or_else(|| "say haravan#ORG, facebook#PAGE or zalo#OA".to_owned())
}

/// What is told of a connection: everything but its tokens.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    pub tenant: TenantId,
    /// `haravan#{org}`, `facebook#{page}` or `zalo#{oa}`.
    pub connection: String,
    pub name: Option<String>,
    pub status: &'static str,
    pub reason: Option<String>,
    pub generation: i64,
    pub has_tokens: bool,
    pub has_refresh_token: bool,
    pub token_expires_at: Option<String>,
    pub connected_at: Option<String>,
    pub ended_at: Option<String>,
    /// What the provider said it sends; none when it was never asked.
    pub topics: Option<Vec<String>>,
    pub topics_checked_at: Option<String>,
    pub due: Option<String>,
}

fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

impl Report {
    fn of_shop(shop: ShopConnection) -> Self {
        Self {
            connection: Subject::Shop(shop.org).sort_key(),
            name: shop.shop_domain.or(shop.shop_name),
            status: shop.status.as_str(),
            reason: shop.reason,
            generation: shop.generation,
            has_tokens: shop.tokens.is_some(),
            has_refresh_token: shop.tokens.as_ref().is_some_and(|tokens| tokens.refresh.is_some()),
            token_expires_at: text(shop.tokens.and_then(|tokens| tokens.expires_at)),
            connected_at: text(shop.connected_at),
            ended_at: text(shop.ended_at),
            topics: shop.topics,
            topics_checked_at: text(shop.topics_at),
            due: text(shop.due),
            tenant: shop.tenant,
        }
    }

    fn of_page(page: PageConnection) -> Self {
        Self {
            connection: page.page.to_string(),
            name: Some(page.profile.name),
            status: page.status.as_str(),
            reason: page.reason,
            generation: page.generation,
            has_tokens: page.tokens.is_some(),
            has_refresh_token: page.tokens.as_ref().is_some_and(|tokens| tokens.refresh.is_some()),
            token_expires_at: text(page.tokens.and_then(|tokens| tokens.expires_at)),
            connected_at: text(page.connected_at),
            ended_at: text(page.ended_at),
            topics: page.topics,
            topics_checked_at: text(page.topics_at),
            due: text(page.due),
            tenant: page.tenant,
        }
    }

    /// Disconnected, and nothing is left to be done about it.
    pub fn is_over(&self) -> bool {
        self.status == ConnectionStatus::Disconnected.as_str() && !self.has_tokens
    }

    /// In one line.
    pub fn line(&self) -> String {
        let name = self.name.as_deref().unwrap_or("-");
        match &self.reason {
            Some(reason) => format!("{} {name}: {} ({reason})", self.connection, self.status),
            None => format!("{} {name}: {}", self.connection, self.status),
        }
    }
}

/// All connections of a tenant.
pub(crate) async fn reports(store: &Store, tenant: &TenantId) -> Result<Vec<Report>> {
    let shops = store.connections.shops(tenant).await?;
    let pages = store.connections.pages(tenant).await?;
    Ok(shops.into_iter().map(Report::of_shop).chain(pages.into_iter().map(Report::of_page)).collect())
}

pub(crate) async fn run(command: Command, session: &mut Session<'_, '_>) -> Result<()> {
    match command {
        Command::List { tenant } => list(tenant, session).await,
        Command::Show { tenant, connection } => show(&tenant, &connection, session).await,
        Command::Disconnect { tenant, connection, yes } => {
            disconnect(&tenant, &connection, yes, session).await
        }
        Command::Reread { since, tenant } => reread::run(&since, tenant, session).await,
    }
}

/// The tenant that was named, or all.
async fn chosen(tenant: Option<TenantId>, session: &Session<'_, '_>) -> Result<Vec<TenantId>> {
    Ok(match tenant {
        Some(tenant) => vec![session.tenant(&tenant).await?.id],
        None => {
            let all = session.store().tenants.all().await?;
            all.into_iter().filter_map(|(id, _)| id.parse().ok()).collect()
        }
    })
}

async fn list(tenant: Option<TenantId>, session: &mut Session<'_, '_>) -> Result<()> {
    let mut found = Vec::new();
    for tenant in chosen(tenant, session).await? {
        found.extend(reports(session.store(), &tenant).await?);
    }
    let row = |report: &Report| {
        vec![
            report.tenant.to_string(),
            report.connection.clone(),
            report.name.clone().unwrap_or_else(|| "-".to_owned()),
            report.status.to_owned(),
            report.reason.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    let words = match rows.len() {
        0 => "There are no connections.".to_owned(),
        _ => table(&["TENANT", "CONNECTION", "NAME", "STATUS", "REASON"], &rows),
    };
    session.tell(&json!({"connections": found}), &words)
}

async fn show(tenant: &TenantId, connection: &Subject, session: &mut Session<'_, '_>) -> Result<()> {
    let report = one(tenant, connection, session).await?;
    let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let lines = [
        ("tenant", tenant.to_string()),
        ("connection", report.connection.clone()),
        ("name", dash(&report.name)),
        ("status", report.status.to_owned()),
        ("reason", dash(&report.reason)),
        ("generation", report.generation.to_string()),
        ("tokens", if report.has_tokens { "kept" } else { "none" }.to_owned()),
        ("refresh token", if report.has_refresh_token { "kept" } else { "none" }.to_owned()),
        ("token ends", dash(&report.token_expires_at)),
        ("connected", dash(&report.connected_at)),
        ("ended", dash(&report.ended_at)),
        (
            "sends",
            report.topics.as_ref().map_or_else(|| "never asked".to_owned(), |topics| topics.join(", ")),
        ),
        ("asked", dash(&report.topics_checked_at)),
        ("next look", maybe(report.due.as_ref().and_then(|due| due.parse().ok()))),
    ];
    let words = facts(&lines);
    session.tell(&report, &words)
}

async fn one(tenant: &TenantId, connection: &Subject, session: &Session<'_, '_>) -> Result<Report> {
    session.tenant(tenant).await?;
    let wanted = connection.sort_key();
    let found =
        reports(session.store(), tenant).await?.into_iter().find(|report| report.connection == wanted);
    found.ok_or_else(|| anyhow!("{tenant} has no connection {wanted}; `connections list` names them"))
}

async fn disconnect(
    tenant: &TenantId,
    connection: &Subject,
    yes: bool,
    session: &mut Session<'_, '_>,
) -> Result<()> {
    let report = one(tenant, connection, session).await?;
    if report.status == ConnectionStatus::Disconnected.as_str() {
        bail!("{} of {tenant} is disconnected already", report.connection);
    }
    session.confirm(&format!("{} will be disconnected from {tenant}.", report.line()), yes)?;
    let (now, connections) = (session.now(), session.store().connections.clone());
    let ended = match connection {
        Subject::Shop(org) => match connections.shop(tenant, *org).await? {
            Some(shop) => connections.end(&shop.this(), reason::BY_OPERATOR, now).await?,
            None => false,
        },
        Subject::Page(page) => match connections.page(tenant, page).await? {
            Some(page) => {
                let receipt = URL_SAFE_NO_PAD.encode(random::<9>()?);
                connections.end_page(&page, reason::BY_OPERATOR, None, &receipt, now).await?
            }
            None => false,
        },
    };
    if !ended {
        bail!("{} has just changed; look again with `connections show`", report.connection);
    }
    let report = one(tenant, connection, session).await?;
    let words = format!(
        "{} is disconnected from {tenant}. Within a minute upkeep unsubscribes it and wipes its tokens.",
        report.connection
    );
    session.tell(&report, &words)
}
