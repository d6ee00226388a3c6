//! Haravan shops, `haravan#{org}`.

use jiff::Timestamp;

use super::lifecycle::watch_list;
use super::{
    ConnectionRef, ConnectionStatus, Connections, Person, SHOP_PREFIX, SealedTokens, Subject, TokenState,
    Transacted, person, person_value, updating,
};
use crate::haravan::webhook::Entity;
use crate::id::{OrgId, TenantId};
use crate::store::StoreError;
use crate::store::item::{Item, ItemExt, b, list, n, s};
use crate::store::schema::connections::{
    ACCESS_TOKEN, CONNECTED_AT, CONNECTED_BY, DUE, ENDED_AT, LEASE_OWNER, LEASE_UNTIL, REASON,
    REFRESH_STARTED, REFRESH_TOKEN, SCOPES, SHOP_DOMAIN, SHOP_NAME, SORT, STATUS, SUSPECTED_AT, TOKEN_EXPIRY,
    TOKEN_ROTATED_AT, TOPICS, TOPICS_AT, WATCH,
};
use crate::store::walks::Walk;

/// A Haravan shop connected to a tenant, or once connected.
#[derive(Debug, Clone)]
pub struct ShopConnection {
    /// The tenant.
    pub tenant: TenantId,
    /// The shop.
    pub org: OrgId,
    /// Where it stands.
    pub status: ConnectionStatus,
    /// Why it is not connected, a code of [`super::reason`].
    pub reason: Option<String>,
    /// Counts connects and ends of this shop; writes of an older generation are void.
    pub generation: i64,
    /// The shop's domain, such as `hat-mam.myharavan.com`.
    pub shop_domain: Option<String>,
    /// The shop's name.
    pub shop_name: Option<String>,
    /// Its tokens, until they are wiped.
    pub tokens: Option<SealedTokens>,
    /// Counts the token pairs.
    pub token_version: i64,
    /// When the present pair replaced another; `None` for the pair of the connect.
    pub rotated_at: Option<Timestamp>,
    /// When the present refresh token was sent to Haravan; set while the outcome is not stored.
    pub refresh_started: Option<Timestamp>,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// Who connected it.
    pub connected_by: Option<Person>,
    /// When.
    pub connected_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The topics Haravan said it sends; `None` when it was never asked.
    pub topics: Option<Vec<String>>,
    /// When it was asked.
    pub topics_at: Option<Timestamp>,
    /// When something hinted at the app being gone (`app/uninstalled`, a 401); upkeep finds out.
    pub suspected_at: Option<Timestamp>,
    /// When upkeep looks at it next.
    pub due: Option<Timestamp>,
    /// How far its orders were reconciled.
    pub orders: Walk,
    /// How far its customers were reconciled.
    pub customers: Walk,
}

/// A shop to be connected.
#[derive(Debug, Clone)]
pub struct NewShop {
    /// The tenant.
    pub tenant: TenantId,
    /// The shop.
    pub org: OrgId,
    /// Its domain.
    pub shop_domain: Option<String>,
    /// Its name.
    pub shop_name: Option<String>,
    /// Its tokens.
    pub tokens: SealedTokens,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// Who connects it.
    pub by: Option<Person>,
}

/// What became of a connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connect {
    /// The shop is this tenant's.
    Done,
    /// It is another tenant's; nothing was changed.
    Elsewhere,
}

impl ShopConnection {
    /// How far an entity was reconciled.
    pub fn walk(&self, entity: Entity) -> &Walk {
        match entity {
            Entity::Order => &self.orders,
            Entity::Customer => &self.customers,
        }
    }

    /// This connection, as writes name it.
    pub fn this(&self) -> ConnectionRef {
        let subject = Subject::Shop(self.org);
        ConnectionRef { tenant: self.tenant.clone(), subject, generation: self.generation }
    }

    /// Its tokens, for whoever refreshes them.
    pub fn token_state(&self) -> TokenState {
        TokenState {
            of: self.this(),
            status: self.status,
            reason: self.reason.clone(),
            tokens: self.tokens.clone(),
            version: self.token_version,
            rotated_at: self.rotated_at,
            connected_at: self.connected_at,
            refresh_started: self.refresh_started,
        }
    }
}

impl Connections {
    /// A tenant's shops, connected or not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn shops(&self, tenant: &TenantId) -> Result<Vec<ShopConnection>, StoreError> {
        self.items(tenant, SHOP_PREFIX).await?.iter().map(read).collect()
    }

    /// One shop, as last written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn shop(&self, tenant: &TenantId, org: OrgId) -> Result<Option<ShopConnection>, StoreError> {
        self.item(tenant, &Subject::Shop(org)).await?.as_ref().map(read).transpose()
    }

    /// Connects a shop, or connects it again: claims the organisation, counts up generation and token version, and
    /// puts it on the watch list for `now`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it may have taken effect; doing it again is harmless.
    pub async fn connect(&self, new: &NewShop, now: Timestamp) -> Result<Connect, StoreError> {
        let mut set = vec![
            (STATUS, s(ConnectionStatus::Connected.as_str())),
            (ACCESS_TOKEN, b(new.tokens.access.clone())),
            (SCOPES, list(&new.scopes)),
            (CONNECTED_AT, n(now.as_millisecond())),
            (WATCH, watch_list(&new.tenant, &Subject::Shop(new.org))),
            (DUE, n(now.as_millisecond())),
        ];
        let mut remove = vec![
            REASON,
            ENDED_AT,
            LEASE_OWNER,
            LEASE_UNTIL,
            REFRESH_STARTED,
            TOKEN_ROTATED_AT,
            SUSPECTED_AT,
            TOPICS,
            TOPICS_AT,
        ];
        for (name, value) in [
            (REFRESH_TOKEN, new.tokens.refresh.clone().map(b)),
            (TOKEN_EXPIRY, new.tokens.expires_at.map(|end| n(end.as_millisecond()))),
            (SHOP_DOMAIN, new.shop_domain.as_ref().map(s)),
            (SHOP_NAME, new.shop_name.as_ref().map(s)),
            (CONNECTED_BY, person_value(new.by.as_ref(), CONNECTED_BY)?),
        ] {
            match value {
                Some(value) => set.push((name, value)),
                None => remove.push(name),
            }
        }
        let subject = Subject::Shop(new.org);
        let writes = vec![
            updating(self.claiming(&new.tenant, &subject))?,
            updating(self.connecting(&new.tenant, &subject, set, &remove))?,
        ];
        match self.transact(writes).await? {
            Transacted::Done => Ok(Connect::Done),
            Transacted::Refused(_) => Ok(Connect::Elsewhere),
        }
    }
}

fn read(item: &Item) -> Result<ShopConnection, StoreError> {
    let token = TokenState::read(item)?;
    let Subject::Shop(org) = token.of.subject else { return Err(StoreError::Corrupt(SORT)) };
    Ok(ShopConnection {
        tenant: token.of.tenant,
        org,
        status: token.status,
        reason: token.reason,
        generation: token.of.generation,
        shop_domain: item.text(SHOP_DOMAIN).map(str::to_owned),
        shop_name: item.text(SHOP_NAME).map(str::to_owned),
        tokens: token.tokens,
        token_version: token.version,
        rotated_at: token.rotated_at,
        refresh_started: token.refresh_started,
        scopes: item.texts(SCOPES),
        connected_by: person(item, CONNECTED_BY)?,
        connected_at: token.connected_at,
        ended_at: item.instant(ENDED_AT)?,
        topics: item.get(TOPICS).is_some().then(|| item.texts(TOPICS)),
        topics_at: item.instant(TOPICS_AT)?,
        suspected_at: item.instant(SUSPECTED_AT)?,
        due: item.instant(DUE)?,
        orders: Walk::read(item, Entity::Order)?,
        customers: Walk::read(item, Entity::Customer)?,
    })
}
