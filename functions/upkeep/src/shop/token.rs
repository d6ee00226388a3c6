//! The shop's access token: refreshed before it ends, replaced if Haravan refuses it ([`common::refresh`]).

use common::refresh::{self, Refreshed};
use common::seal::{Place, SealError};
use common::store::connections::{ConnectionStatus, ShopConnection, Subject, reason};
use common::store::schema;
use common::tenant::connection_place;
use secrecy::SecretString;

use super::visit::{Stop, Visit};
use crate::Upkeep;

/// Gives the visit the shop's token, refreshed if it is time. Leaves `None` if no token can be used; the connection then
/// says why.
///
/// # Errors
/// [`Stop::AsItStands`] if the token has ended and Haravan did not answer, or if the connection has changed.
pub(crate) async fn keep_fresh(visit: &mut Visit<'_>) -> Result<(), Stop> {
    if visit.shop.tokens.is_none() {
        return Ok(());
    }
    let (state, now) = (visit.shop.token_state(), visit.now());
    let has_ended = refresh::has_ended(&state, now);
    if has_ended && !visit.can_refresh() {
        // An earlier reason says more than that the token has now ended, too.
        let why = reason::needs_reconnect(visit.shop.reason.as_deref()).unwrap_or(reason::TOKEN_ENDED);
        refresh::give_up(&visit.upkeep.store, &state, why, true).await?;
        return reload(visit).await;
    }
    if has_ended || refresh::due_at(&state).is_some_and(|due| due <= now) {
        match visit.upkeep.refresher.refresh(&state).await {
            Refreshed::Fresh(_) | Refreshed::NeedsReconnect(_) => return reload(visit).await,
            Refreshed::Later if !has_ended => {}
            Refreshed::Later | Refreshed::Gone => return Err(Stop::AsItStands),
        }
    }
    visit.token = open(visit.upkeep, &visit.shop).await?;
    Ok(())
}

/// Refreshes a token that Haravan has refused (401), if it can be refreshed; tells whether the visit has a new one. If
/// not, the visit keeps the refused one.
///
/// # Errors
/// [`Stop::AsItStands`] if Haravan did not answer, or if the connection has changed.
pub(crate) async fn replace(visit: &mut Visit<'_>) -> Result<bool, Stop> {
    if !visit.can_refresh() {
        return Ok(false);
    }
    match visit.upkeep.refresher.refresh(&visit.shop.token_state()).await {
        Refreshed::Fresh(_) => {
            let refused = visit.token.take();
            reload(visit).await?;
            let replaced = visit.token.is_some();
            visit.token = visit.token.take().or(refused);
            Ok(replaced)
        }
        Refreshed::NeedsReconnect(_) => {
            visit.shop.status = ConnectionStatus::NeedsReconnect;
            Ok(false)
        }
        Refreshed::Later | Refreshed::Gone => Err(Stop::AsItStands),
    }
}

/// Reads the connection again after its tokens were refreshed or given up. An access token may work on for a while after
/// its refresh token was given up.
async fn reload(visit: &mut Visit<'_>) -> Result<(), Stop> {
    let (tenant, org) = (&visit.shop.tenant, visit.shop.org);
    match visit.upkeep.store.connections.shop(tenant, org).await? {
        Some(shop)
            if shop.generation == visit.shop.generation && shop.status != ConnectionStatus::Disconnected =>
        {
            visit.shop = shop;
            visit.token = open(visit.upkeep, &visit.shop).await?;
            Ok(())
        }
        _ => Err(Stop::AsItStands),
    }
}

/// Opens the connection's sealed access token; `None` if it has none.
pub(crate) async fn open(upkeep: &Upkeep, shop: &ShopConnection) -> Result<Option<SecretString>, SealError> {
    let Some(tokens) = &shop.tokens else { return Ok(None) };
    let key = connection_place(&shop.tenant, &Subject::Shop(shop.org));
    let place = Place { key: &key, field: schema::connections::ACCESS_TOKEN };
    upkeep.directory.unseal(place, &tokens.access).await.map(Some)
}
