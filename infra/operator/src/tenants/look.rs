//! `tenants list` and `tenants show`.

use anyhow::Result;
use common::id::TenantId;
use serde_json::{Value, json};

use super::report;
use crate::session::Session;
use crate::show::{facts, maybe, table};

pub(super) async fn list(session: &mut Session<'_, '_>) -> Result<()> {
    let (mut rows, mut told) = (Vec::new(), Vec::new());
    for (id, record) in session.store().tenants.all().await? {
        match record {
            Ok(record) => {
                let state = if record.suspended_at.is_some() { "suspended" } else { "active" };
                let (plan, _) = report::plan(record.plan);
                rows.push(vec![
                    id,
                    state.to_owned(),
                    plan.to_owned(),
                    record.crm_url.clone(),
                    record.public_url.clone(),
                ]);
                told.push(report::of(&record));
            }
            Err(error) => {
                rows.push(vec![id.clone(), format!("unreadable: {error}")]);
                told.push(json!({"tenant": id, "unreadable": error.to_string()}));
            }
        }
    }
    let words = match rows.len() {
        0 => "There are no tenants yet.".to_owned(),
        _ => table(&["TENANT", "STATE", "PLAN", "CRM", "PUBLIC ADDRESS"], &rows),
    };
    session.tell(&json!({"tenants": told}), &words)
}

pub(super) async fn show(id: &TenantId, session: &mut Session<'_, '_>) -> Result<()> {
    let record = session.tenant(id).await?;
    let connections = crate::connections::reports(session.store(), id).await?;
    let (plan, ends) = report::plan(record.plan);
    let there = |is: bool| if is { "set" } else { "missing" }.to_owned();
    let mut lines = vec![
        ("tenant", id.to_string()),
        ("suspended", maybe(record.suspended_at)),
        ("plan", ends.map_or(plan.to_owned(), |ends| format!("{plan}, until {ends}"))),
        ("extra pages", record.extra_pages.to_string()),
        ("CRM", record.crm_url.clone()),
        ("public address", record.public_url.clone()),
        ("Haravan client id", record.client_id.clone().unwrap_or_else(|| "missing".to_owned())),
        ("Haravan client secret", there(record.secret.is_some())),
        ("API key", there(record.api_key_hash.is_some())),
    ];
    let settings = serde_json::to_value(&record.settings)?;
    let settings: Vec<(String, String)> = settings
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (format!("setting {name}"), value.to_string()))
        .collect();
    lines.extend(settings.iter().map(|(name, value)| (name.as_str(), value.clone())));
    lines.extend(connections.iter().map(|connection| ("connection", connection.line())));
    let words = facts(&lines);
    let mut told = report::of(&record);
    if let Value::Object(told) = &mut told {
        told.insert("connections".to_owned(), serde_json::to_value(&connections)?);
    }
    session.tell(&told, &words)
}
