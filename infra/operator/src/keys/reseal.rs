//! `keys reseal`: what is sealed with the active key already is passed over, so going on is running it again.

use anyhow::{Result, bail};
use common::seal::{KeyRing, Place, SealError, key_of};
use common::store::sealed::{Sealed, SealedItem};
use secrecy::ExposeSecret;
use serde_json::json;

use super::ring;
use crate::session::Session;

/// How often an item is sealed again that somebody else wrote in between.
const TRIES: usize = 8;

/// Items between two lines of progress.
const STEP: usize = 100;

/// What became of an item.
enum Became {
    Sealed,
    AsItWas,
    Broken(SealError),
    Contended,
}

pub(super) async fn run(session: &mut Session<'_, '_>) -> Result<()> {
    let active = ring(session).await?.active().to_owned();
    let ring = KeyRing::from_json(session.deployment.ring.text().await?.expose_secret())?;
    let sealed = session.store().sealed.clone();
    let items = sealed.all().await?;
    let total = items.len();
    let (mut resealed, mut broken) = (0_usize, Vec::new());
    for (at, item) in (1..).zip(items) {
        let place = item.holder.place();
        match anew(&sealed, &ring, &active, item).await? {
            Became::Sealed => resealed = resealed.saturating_add(1),
            Became::AsItWas => {}
            Became::Broken(error) => broken.push(format!("{place}: {error}")),
            Became::Contended => broken.push(format!("{place}: somebody else keeps changing it")),
        }
        if at % STEP == 0 || at == total {
            session.note(&format!("{at} of {total} looked at, {resealed} sealed anew"))?;
        }
    }
    session.tell(
        &json!({"active": active, "items": total, "resealed": resealed, "broken": broken}),
        &format!("{resealed} of {total} items were sealed anew; what opens is sealed with {active}."),
    )?;
    match broken.first() {
        None => Ok(()),
        Some(first) => bail!("{} items were not sealed anew, the first is {first}", broken.len()),
    }
}

/// Seals one item with the active key, again and again until nobody else wrote it in between.
async fn anew(sealed: &Sealed, ring: &KeyRing, active: &str, item: SealedItem) -> Result<Became> {
    let mut item = item;
    for _ in 0..TRIES {
        if item.blobs.iter().all(|(_, blob)| key_of(blob) == Some(active)) {
            return Ok(Became::AsItWas);
        }
        let key = item.holder.place();
        let again = |(field, blob): &(&'static str, Vec<u8>)| {
            let place = Place { key: &key, field };
            ring.seal(place, &ring.open(place, blob)?)
        };
        let new: Vec<Vec<u8>> = match item.blobs.iter().map(again).collect() {
            Ok(new) => new,
            Err(error) => return Ok(Became::Broken(error)),
        };
        if sealed.replace(&item, &new).await? {
            return Ok(Became::Sealed);
        }
        item = match sealed.get(&item.holder).await? {
            Some(item) => item,
            None => return Ok(Became::AsItWas),
        };
    }
    Ok(Became::Contended)
}
