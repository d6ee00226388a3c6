//! `tables export`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::folder::{Folder, Summary};
use super::whole::Whole;
use super::{in_order, item};
use crate::session::Session;

/// See the module's essay.
const ORDER: [&str; 4] = ["connections", "tenants", "inbox", "dedup"];

pub(super) async fn run(to: &Path, session: &mut Session<'_, '_>) -> Result<()> {
    let summary = export(to, session).await?;
    let counts: Vec<String> = summary.tables.iter().map(|(name, items)| format!("{name} {items}")).collect();
    let words = format!(
        "The tables are in {}: {} items. Keep the key ring as well: without it the secrets in them do not open.",
        to.display(),
        counts.join(", ")
    );
    session.tell(&json!({"folder": to, "began_at": summary.began_at, "tables": summary.tables}), &words)
}

/// Exports the tables; gives what the export says of itself.
pub(super) async fn export(to: &Path, session: &mut Session<'_, '_>) -> Result<Summary> {
    let folder = Folder(to);
    folder.make()?;
    let whole = Whole { client: session.deployment.client.clone(), clock: session.io.clock.clone() };
    let mut summary = Summary { began_at: session.now().to_string(), tables: BTreeMap::new() };
    let names = session.deployment.tables.clone();
    for table in in_order(&names, ORDER) {
        let mut file = folder.file(table.0)?;
        let (mut count, mut from) = (0_usize, None);
        loop {
            let (items, next) = whole.page(table, from).await?;
            for item in &items {
                writeln!(file, "{}", item::line(item)?)?;
            }
            count = count.saturating_add(items.len());
            from = next;
            if from.is_none() {
                break;
            }
            session.note(&format!("{}: {count} items", table.0.name))?;
        }
        file.flush()?;
        file.get_ref().sync_all()?;
        session.note(&format!("{}: {count} items, whole", table.0.name))?;
        summary.tables.insert(table.0.name.to_owned(), count);
    }
    folder.finish(&summary)?;
    Ok(summary)
}
