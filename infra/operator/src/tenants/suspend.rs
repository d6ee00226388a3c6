//! `tenants suspend` and `tenants resume`.
//!
//! A suspended tenant's events are taken in, stored and put off; tokens and webhooks are looked after as ever. So nothing
//! is lost: Haravan sees no failure, after which it would delete the subscription (haravan.md §2.8).

use anyhow::{Result, bail};
use common::id::TenantId;
use common::reason;
use serde_json::json;

use crate::session::Session;

pub(super) async fn suspend(id: &TenantId, yes: bool, session: &mut Session<'_, '_>) -> Result<()> {
    if session.tenant(id).await?.suspended_at.is_some() {
        bail!("the tenant {id} is suspended already");
    }
    session.confirm(&format!("Nothing more will be written to the CRM of {id}."), yes)?;
    let now = session.now();
    let changed = session
        .change(id, |record| {
            record.suspended_at.get_or_insert(now);
            Ok(())
        })
        .await?;
    let told = json!({"tenant": id, "suspended_at": changed.suspended_at.map(|at| at.to_string())});
    session
        .tell(&told, &format!("The tenant {id} is suspended, within a minute; its events are kept and wait."))
}

pub(super) async fn resume(id: &TenantId, session: &mut Session<'_, '_>) -> Result<()> {
    if session.tenant(id).await?.suspended_at.is_none() {
        bail!("the tenant {id} is not suspended");
    }
    session
        .change(id, |record| {
            record.suspended_at = None;
            Ok(())
        })
        .await?;
    let (now, inbox) = (session.now(), &session.store().inbox);
    let mut hurried = 0_usize;
    for event in inbox.of_keys(&inbox.open_of(id).await?).await? {
        if event.reason.as_deref() == Some(reason::SUSPENDED) && inbox.hurry(&event.key, now).await? {
            hurried = hurried.saturating_add(1);
        }
    }
    let words =
        format!("The tenant {id} is resumed; {hurried} events that waited are worked on within a minute.");
    session.tell(&json!({"tenant": id, "events": hurried}), &words)
}
