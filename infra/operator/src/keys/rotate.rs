//! `keys rotate`.

use anyhow::Result;
use serde_json::json;

use super::ring;
use crate::session::Session;
use crate::show::maybe;

pub(super) async fn run(session: &mut Session<'_, '_>) -> Result<()> {
    let mut keys = ring(session).await?;
    let name = keys.rotate(session.now())?;
    session.deployment.ring.replace(&keys.text()?).await?;
    let words = format!(
        "{name} seals from now on; older keys still open. Next: `keys reseal`; older keys may be dropped from {} on.",
        maybe(keys.settled_at())
    );
    let settled = keys.settled_at().map(|at| at.to_string());
    session.tell(&json!({"active": name, "settled_at": settled}), &words)
}
