//! `keys show`.

use anyhow::Result;
use serde_json::json;

use super::{ring, used};
use crate::session::Session;
use crate::show::{maybe, table};

pub(super) async fn run(session: &mut Session<'_, '_>) -> Result<()> {
    let (keys, used) = (ring(session).await?, used(session).await?);
    let names: std::collections::BTreeSet<&str> =
        keys.names().chain(used.keys().map(String::as_str)).collect();
    let known: Vec<&str> = keys.names().collect();
    let (mut rows, mut told) = (Vec::new(), Vec::new());
    for name in names {
        let state = match (known.contains(&name), name == keys.active()) {
            (true, true) => "active",
            (true, false) => "old",
            (false, _) => "missing",
        };
        let count = used.get(name).copied().unwrap_or_default();
        let shown = if name.is_empty() { "(damaged)" } else { name };
        rows.push(vec![shown.to_owned(), state.to_owned(), count.to_string()]);
        told.push(json!({"key": name, "state": state, "sealed": count}));
    }
    let since = keys.active_since().map(|since| since.to_string());
    let settled = keys.settled_at().map(|at| at.to_string());
    let words = format!(
        "{}\n\nActive since {}; older keys may be dropped from {} on, once nothing is sealed with them.",
        table(&["KEY", "STATE", "SEALED"], &rows),
        maybe(keys.active_since()),
        maybe(keys.settled_at())
    );
    session.tell(&json!({"keys": told, "active_since": since, "settled_at": settled}), &words)
}
