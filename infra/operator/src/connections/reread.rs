//! `connections reread`: what changed in shops since a moment is read again by reconciliation, after a restore.

use anyhow::{Result, bail};
use common::haravan::webhook::Entity;
use common::id::TenantId;
use common::store::Store;
use common::store::connections::{ConnectionStatus, ShopConnection};
use jiff::Timestamp;
use serde_json::json;

use crate::session::Session;
use crate::show::{moment, past};

/// How often a shop is tried again that upkeep was at in between.
const TRIES: usize = 8;

pub(super) async fn run(since: &str, tenant: Option<TenantId>, session: &mut Session<'_, '_>) -> Result<()> {
    let now = session.now();
    let since = past(since, now).map_err(anyhow::Error::msg)?;
    if since > now {
        bail!("{since} has not come yet");
    }
    let mut reread = Vec::new();
    for tenant in super::chosen(tenant, session).await? {
        for shop in session.store().connections.shops(&tenant).await? {
            if shop.status != ConnectionStatus::Disconnected {
                one(session.store(), &shop, since, now).await?;
                reread.push(json!({"tenant": tenant, "org_id": shop.org}));
            }
        }
    }
    let words = format!(
        "What changed since {} is read again in {} shops, within minutes; what is in the CRM already is not made again.",
        moment(since),
        reread.len()
    );
    session.tell(&json!({"since": since.to_string(), "shops": reread}), &words)
}

/// Sets a shop's marks back, never before its connect: history is an import's business.
async fn one(store: &Store, shop: &ShopConnection, since: Timestamp, now: Timestamp) -> Result<()> {
    for entity in [Entity::Order, Entity::Customer] {
        let mut shop = shop.clone();
        let mut tries = 0_usize;
        loop {
            let connected = shop.connected_at.unwrap_or(since);
            let seen = shop.walk(entity).clone();
            let to = seen.until.unwrap_or(connected).min(since.max(connected));
            if store.walks.rewind(&shop.this(), entity, &seen, to).await? {
                break;
            }
            tries = tries.saturating_add(1);
            match store.connections.shop(&shop.tenant, shop.org).await? {
                Some(now) if tries < TRIES && now.status != ConnectionStatus::Disconnected => shop = now,
                Some(now) if now.status != ConnectionStatus::Disconnected => {
                    bail!("somebody else keeps changing the shop {} of {}; try again", shop.org, shop.tenant)
                }
                _ => return Ok(()),
            }
        }
    }
    if shop.suspected_at.is_none() {
        // One that is suspected is due already.
        store.connections.look_again(&shop.this(), None, now).await?;
    }
    Ok(())
}
