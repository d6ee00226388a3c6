//! `keys drop`.

use anyhow::{Result, bail};
use serde_json::json;

use super::{ring, used};
use crate::session::Session;
use crate::show::maybe;

pub(super) async fn run(key: &str, yes: bool, session: &mut Session<'_, '_>) -> Result<()> {
    let mut keys = ring(session).await?;
    if key == keys.active() {
        bail!("{key} is the key that seals; `keys rotate` makes another one active first");
    }
    if !keys.names().any(|name| name == key) {
        bail!("there is no key {key}; `keys show` names them");
    }
    if keys.settled_at().is_none_or(|settled| session.now() < settled) {
        bail!(
            "functions may still be sealing with {key}; run `keys reseal` and this again after {}",
            maybe(keys.settled_at())
        );
    }
    if let Some(count) = used(session).await?.get(key) {
        bail!("{count} secrets are sealed with {key}; run `keys reseal` first");
    }
    session.confirm(&format!("{key} will be taken out of the key ring."), yes)?;
    keys.remove(key);
    session.deployment.ring.replace(&keys.text()?).await?;
    let left: Vec<&str> = keys.names().collect();
    let words = format!("{key} is out of the key ring; left: {}.", left.join(", "));
    session.tell(&json!({"dropped": key, "keys": left}), &words)
}
