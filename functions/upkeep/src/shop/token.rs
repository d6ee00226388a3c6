//! A shop's access token: refreshed when it is time, replaced when Haravan refuses it.

use common::refresh::{self, Refreshed};
use common::seal::{Place, SealError};
use common::store::connections::{ConnectionStatus, ShopConnection, Subject, reason};
use common::store::schema;
use common::tenant::connection_place;
use secrecy::SecretString;

use crate::Upkeep;
use crate::visit::Trouble;

/// A shop's token.
pub(crate) enum Living {
    /// As it is now, refreshed if it was time.
    With(ShopConnection, SecretString),
    /// There is none that could be used; the connection says why.
    Without(ShopConnection),
    /// Nobody knows yet, or the connection has changed: it stays due.
    Unclear,
}

/// The shop's token, refreshed if it is time.
///
/// # Errors
/// [`Trouble`].
pub(crate) async fn living(upkeep: &Upkeep, shop: ShopConnection) -> Result<Living, Trouble> {
    let now = upkeep.clock.now();
    if shop.tokens.is_none() {
        return Ok(Living::Without(shop));
    }
    let ended = refresh::has_ended(&shop.token_state(), now);
    let can_refresh = shop.tokens.as_ref().is_some_and(|tokens| tokens.refresh.is_some());
    if ended && !can_refresh {
        // What was found out before says more than that the rest of it has ended too.
        let why = reason::needs_reconnect(shop.reason.as_deref()).unwrap_or(reason::TOKEN_ENDED);
        refresh::give_up(&upkeep.store, &shop.token_state(), why, true).await?;
        return again(upkeep, &shop).await;
    }
    if ended || refresh::due_at(&shop.token_state()).is_some_and(|due| due <= now) {
        return match upkeep.refresher.refresh(&shop.token_state()).await {
            Refreshed::Fresh(_) | Refreshed::NeedsReconnect(_) => again(upkeep, &shop).await,
            Refreshed::Later if !ended => opened(upkeep, shop).await,
            Refreshed::Later | Refreshed::Gone => Ok(Living::Unclear),
        };
    }
    opened(upkeep, shop).await
}

/// The connection read again after its tokens were refreshed or given up: what is left of them may still work for a while.
async fn again(upkeep: &Upkeep, shop: &ShopConnection) -> Result<Living, Trouble> {
    match upkeep.store.connections.shop(&shop.tenant, shop.org).await? {
        Some(now) if now.generation == shop.generation && now.status != ConnectionStatus::Disconnected => {
            if now.tokens.is_none() {
                Ok(Living::Without(now))
            } else {
                opened(upkeep, now).await
            }
        }
        _ => Ok(Living::Unclear),
    }
}

async fn opened(upkeep: &Upkeep, shop: ShopConnection) -> Result<Living, Trouble> {
    match open(upkeep, &shop).await? {
        Some(token) => Ok(Living::With(shop, token)),
        None => Ok(Living::Without(shop)),
    }
}

/// The shop's access token.
pub(crate) async fn open(upkeep: &Upkeep, shop: &ShopConnection) -> Result<Option<SecretString>, SealError> {
    let Some(tokens) = &shop.tokens else { return Ok(None) };
    let key = connection_place(&shop.tenant, &Subject::Shop(shop.org));
    let place = Place { key: &key, field: schema::connections::ACCESS_TOKEN };
    upkeep.directory.unseal(place, &tokens.access).await.map(Some)
}

/// What a token that Haravan answers with 401 comes to.
pub(crate) enum Rejected {
    /// A refresh brought one that may work.
    Renewed(ShopConnection, SecretString),
    /// There is no other.
    Dead(ShopConnection),
    /// Nobody knows yet, or the connection has changed.
    Unclear,
}

/// Tries to replace a token that Haravan answers with 401: one refresh, if there is something to refresh with.
///
/// # Errors
/// [`Trouble`].
pub(crate) async fn replace(upkeep: &Upkeep, shop: ShopConnection) -> Result<Rejected, Trouble> {
    if shop.tokens.as_ref().is_none_or(|tokens| tokens.refresh.is_none()) {
        return Ok(Rejected::Dead(shop));
    }
    match upkeep.refresher.refresh(&shop.token_state()).await {
        Refreshed::Fresh(_) => Ok(match again(upkeep, &shop).await? {
            Living::With(fresh, token) => Rejected::Renewed(fresh, token),
            Living::Without(fresh) => Rejected::Dead(fresh),
            Living::Unclear => Rejected::Unclear,
        }),
        Refreshed::NeedsReconnect(_) => {
            Ok(Rejected::Dead(ShopConnection { status: ConnectionStatus::NeedsReconnect, ..shop }))
        }
        Refreshed::Later | Refreshed::Gone => Ok(Rejected::Unclear),
    }
}
