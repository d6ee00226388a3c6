//! A tenant's connections (table *connections*). Here: Haravan shops, `haravan#{org}`.
//!
//! ```text
//!   connect ──► connected ──end──► disconnected ──finish_end──► (tokens wiped, shop free)
//!      ▲            │  ▲                │
//!      │     needs_reconnect            │
//!      └────────────┴───────────────────┘ connect
//! ```
//!
//! Invariants, which every write here carries as its condition:
//! - **One owner.** A shop belongs to one tenant at a time: the claim item of the organisation names it, and is written
//!   in one transaction with the connection that needs it, and freed in one with the wiping of the tokens.
//! - **Generation.** Each connect and each end counts it up. What is done on behalf of a connection names the generation
//!   it was read with; after a disconnect or a reconnect it changes nothing.
//! - **Token version.** Each token pair has a number. A refresh names the version it started from, so the pair of a late
//!   worker can never replace a newer one, and an older pair is never used after a newer is known (pages.md §2.12).
//! - **Watch.** Whatever upkeep has to look at again is on a watch list with the time for it: also a disconnect that was
//!   cut off between its steps.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::claims::ClaimToken;
use super::item::{Item, ItemExt, b, list, n, s};
use super::schema::connections::{
    ACCESS_TOKEN, CONNECTED_AT, CONNECTED_BY, DUE, ENDED_AT, GENERATION, KEY, LEASE_OWNER, LEASE_UNTIL,
    OWNER, REASON, REFRESH_STARTED, REFRESH_TOKEN, SCOPES, SHOP_DOMAIN, SHOP_NAME, SORT, STATUS,
    SUSPECTED_AT, TOKEN_EXPIRY, TOKEN_ROTATED_AT, TOKEN_VERSION, TOPICS, TOPICS_AT, WATCH, WATCH_INDEX,
};
use super::walks::{self, Walk};
use crate::clock::millis;
use crate::haravan::webhook::Entity;
use crate::id::{OrgId, TenantId};

/// How many watch lists the connections are spread over.
pub const WATCH_SHARDS: u8 = 16;

/// How long a refresh is its worker's own: three times the longest call (pages.md §2.12).
pub const REFRESH_LEASE: Duration = Duration::from_secs(60);

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShopStatus {
    /// Events are worked on and calls to Haravan work.
    Connected,
    /// Events are worked on, but Haravan refuses our tokens: an admin has to connect again.
    NeedsReconnect,
    /// Nothing is worked on.
    Disconnected,
}

impl ShopStatus {
    /// The word as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Disconnected => "disconnected",
        }
    }

    fn read(word: &str) -> Option<Self> {
        [Self::Connected, Self::NeedsReconnect, Self::Disconnected]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// Why a connection is not connected: stable codes, stored and shown in words.
pub mod reason {
    /// An admin disconnected it.
    pub const BY_ADMIN: &str = "by_admin";
    /// The shop removed the app.
    pub const UNINSTALLED: &str = "uninstalled";
    /// Haravan answers our token with 401.
    pub const TOKEN_REFUSED: &str = "token_refused";
    /// Haravan refuses the refresh token.
    pub const REFRESH_REFUSED: &str = "refresh_refused";
    /// A refresh was cut off after the old token was spent and before the new one was stored.
    pub const REFRESH_LOST: &str = "refresh_lost";
    /// The access token ended and there is no refresh token.
    pub const TOKEN_ENDED: &str = "token_ended";

    /// The code that was stored, if it says why a shop needs to be connected again.
    pub fn needs_reconnect(stored: Option<&str>) -> Option<&'static str> {
        let known = [TOKEN_REFUSED, REFRESH_REFUSED, REFRESH_LOST, TOKEN_ENDED];
        known.into_iter().find(|code| stored == Some(code))
    }
}

/// Who connected a shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id at Haravan (`sub`).
    pub id: String,
    /// Their name.
    pub name: Option<String>,
    /// Their e-mail.
    pub email: Option<String>,
}

/// A token pair, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedTokens {
    /// Admin REST token.
    pub access: Vec<u8>,
    /// Refresh token, if the provider gave one.
    pub refresh: Option<Vec<u8>>,
    /// When the access token ends; `None` when the provider did not say.
    pub expires_at: Option<Timestamp>,
}

/// A Haravan shop connected to a tenant, or once connected.
#[derive(Debug, Clone)]
pub struct ShopConnection {
    /// The tenant.
    pub tenant: TenantId,
    /// The shop.
    pub org: OrgId,
    /// Where it stands.
    pub status: ShopStatus,
    /// Why it is not connected, a code of [`reason`].
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

/// What became of asking for the right to refresh.
#[derive(Debug, Clone)]
pub enum Lease {
    /// It is ours. The connection as it was before, with the tokens to use and whether a refresh was cut off earlier.
    Won(Box<ShopConnection>),
    /// Somebody else is at it, has just done it, or the connection has ended. The connection as it is now.
    Lost(Option<Box<ShopConnection>>),
}

/// Which connection a write is about; it changes nothing once the connection has a newer generation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShopRef {
    /// The tenant.
    pub tenant: TenantId,
    /// The shop.
    pub org: OrgId,
    /// The generation it was read with.
    pub generation: i64,
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
    pub fn this(&self) -> ShopRef {
        ShopRef { tenant: self.tenant.clone(), org: self.org, generation: self.generation }
    }
}

/// The connections table.
#[derive(Clone)]
pub struct Connections {
    client: Client,
    table: String,
}

impl Connections {
    /// Opens the table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// A tenant's shops, connected or not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn shops(&self, tenant: &TenantId) -> Result<Vec<ShopConnection>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{KEY} = :tenant AND begins_with({SORT}, :prefix)"))
            .expression_attribute_values(":tenant", s(tenant.as_str()))
            .expression_attribute_values(":prefix", s(PREFIX))
            .into_paginator()
            .items()
            .send();
        let mut shops = Vec::new();
        while let Some(item) = pages.next().await {
            shops.push(read(&item?)?);
        }
        Ok(shops)
    }

    /// One shop, as last written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn shop(&self, tenant: &TenantId, org: OrgId) -> Result<Option<ShopConnection>, StoreError> {
        let [(key, tenant), (sort, org)] = key(tenant, org);
        let request = self.client.get_item().table_name(&self.table).key(key, tenant).key(sort, org);
        request.consistent_read(true).send().await?.item().map(read).transpose()
    }

    /// Connects a shop, or connects it again: claims the organisation, counts up generation and token version, and
    /// puts it on the watch list for `now`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it may have taken effect; doing it again is harmless.
    pub async fn connect(&self, new: &NewShop, now: Timestamp) -> Result<Connect, StoreError> {
        let mut set = vec![
            (STATUS, s(ShopStatus::Connected.as_str())),
            (ACCESS_TOKEN, b(new.tokens.access.clone())),
            (SCOPES, list(&new.scopes)),
            (CONNECTED_AT, n(now.as_millisecond())),
            (WATCH, s(watch_list(&new.tenant, new.org))),
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
        let person = new.by.as_ref().map(serde_dynamo::to_attribute_value).transpose();
        for (name, value) in [
            (REFRESH_TOKEN, new.tokens.refresh.clone().map(b)),
            (TOKEN_EXPIRY, new.tokens.expires_at.map(|end| n(end.as_millisecond()))),
            (SHOP_DOMAIN, new.shop_domain.as_ref().map(s)),
            (SHOP_NAME, new.shop_name.as_ref().map(s)),
            (CONNECTED_BY, person.map_err(|_| StoreError::Corrupt(CONNECTED_BY))?),
        ] {
            match value {
                Some(value) => set.push((name, value)),
                None => remove.push(name),
            }
        }
        let [(key_name, tenant), (sort_name, org)] = key(&new.tenant, new.org);
        let mut connection =
            Update::builder().table_name(&self.table).key(key_name, tenant).key(sort_name, org);
        let mut assignments = Vec::new();
        for (place, (name, value)) in set.into_iter().enumerate() {
            // Some of the names are reserved words.
            assignments.push(format!("#s{place} = :s{place}"));
            connection = connection
                .expression_attribute_names(format!("#s{place}"), name)
                .expression_attribute_values(format!(":s{place}"), value);
        }
        let connection = connection
            .update_expression(format!(
                "SET {} REMOVE {} ADD {GENERATION} :one, {TOKEN_VERSION} :one",
                assignments.join(", "),
                remove.join(", ")
            ))
            .expression_attribute_values(":one", n(1));
        let [(claim_key, claim), (claim_sort, owner)] = claim_key(new.org);
        let claim = Update::builder()
            .table_name(&self.table)
            .key(claim_key, claim)
            .key(claim_sort, owner)
            .update_expression("SET #owner = :tenant")
            .condition_expression("attribute_not_exists(#owner) OR #owner = :tenant")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":tenant", s(new.tenant.as_str()));
        let writes = [claim.build(), connection.build()];
        let mut request = self.client.transact_write_items();
        for write in writes {
            let write = write.map_err(|_| StoreError::Corrupt(KEY))?;
            request = request.transact_items(TransactWriteItem::builder().update(write).build());
        }
        match request.send().await {
            Ok(_) => Ok(Connect::Done),
            Err(error) if condition_failed(error.as_service_error()) => Ok(Connect::Elsewhere),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends a connection: counts up the generation and puts it on the watch list. The tokens are still there, for
    /// unsubscribing; [`Connections::finish_end`] wipes them. `false` when it had ended or changed before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn end(&self, shop: &ShopRef, why: &'static str, now: Timestamp) -> Result<bool, StoreError> {
        let request = self
            .update(&shop.tenant, shop.org)
            .update_expression(format!(
                "SET #status = :disconnected, #reason = :why, {ENDED_AT} = :now, {WATCH} = :list, {DUE} = :now
                 REMOVE {LEASE_OWNER}, {LEASE_UNTIL} ADD {GENERATION} :one"
            ))
            .condition_expression(format!("{GENERATION} = :generation AND #status <> :disconnected"))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_values(":disconnected", s(ShopStatus::Disconnected.as_str()))
            .expression_attribute_values(":why", s(why))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":list", s(watch_list(&shop.tenant, shop.org)))
            .expression_attribute_values(":generation", n(shop.generation))
            .expression_attribute_values(":one", n(1));
        Ok(applied(request).await?.is_some())
    }

    /// Wipes the tokens of an ended connection, frees the shop for other tenants and takes it off the watch list. `shop`
    /// names the generation that [`Connections::end`] made. `false` when it was connected again since.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn finish_end(&self, shop: &ShopRef) -> Result<bool, StoreError> {
        let [(key_name, tenant), (sort_name, org)] = key(&shop.tenant, shop.org);
        let connection = Update::builder()
            .table_name(&self.table)
            .key(key_name, tenant)
            .key(sort_name, org)
            .update_expression(format!(
                "REMOVE {ACCESS_TOKEN}, {REFRESH_TOKEN}, {TOKEN_EXPIRY}, {REFRESH_STARTED}, {SUSPECTED_AT}, {WATCH}, {DUE}, {}",
                walks::attributes().join(", ")
            ))
            .condition_expression(format!("{GENERATION} = :generation AND #status = :disconnected"))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":disconnected", s(ShopStatus::Disconnected.as_str()))
            .expression_attribute_values(":generation", n(shop.generation))
            .build()
            .map_err(|_| StoreError::Corrupt(KEY))?;
        let [(claim_key, claim), (claim_sort, owner)] = claim_key(shop.org);
        let claim = Delete::builder()
            .table_name(&self.table)
            .key(claim_key, claim)
            .key(claim_sort, owner)
            .condition_expression("attribute_not_exists(#owner) OR #owner = :tenant")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":tenant", s(shop.tenant.as_str()))
            .build()
            .map_err(|_| StoreError::Corrupt(KEY))?;
        let request = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(connection).build())
            .transact_items(TransactWriteItem::builder().delete(claim).build());
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(error.as_service_error()) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The tenant an organisation belongs to, if it belongs to one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn owner(&self, org: OrgId) -> Result<Option<TenantId>, StoreError> {
        let [(key_name, claim), (sort_name, owner)] = claim_key(org);
        let request =
            self.client.get_item().table_name(&self.table).key(key_name, claim).key(sort_name, owner);
        let answer = request.consistent_read(true).send().await?;
        let owner = answer.item().and_then(|item| item.text(OWNER));
        owner.map(|owner| owner.parse().map_err(|_| StoreError::Corrupt(OWNER))).transpose()
    }

    /// Haravan refuses our tokens: events go on, an admin has to connect again. `wipe` when they are known to be dead.
    /// Names the token version that was refused; `false` when there is a newer one or the connection has ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn needs_reconnect(
        &self,
        shop: &ShopRef,
        token_version: i64,
        why: &'static str,
        wipe: bool,
    ) -> Result<bool, StoreError> {
        let wiped = if wipe { format!(", {ACCESS_TOKEN}, {TOKEN_EXPIRY}") } else { String::new() };
        let request = self
            .update(&shop.tenant, shop.org)
            .update_expression(format!(
                "SET #status = :needs, #reason = :why
                 REMOVE {LEASE_OWNER}, {LEASE_UNTIL}, {REFRESH_STARTED}, {REFRESH_TOKEN}, {SUSPECTED_AT}{wiped}"
            ))
            .condition_expression(format!(
                "{GENERATION} = :generation AND {TOKEN_VERSION} = :version AND #status <> :disconnected"
            ))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_values(":needs", s(ShopStatus::NeedsReconnect.as_str()))
            .expression_attribute_values(":disconnected", s(ShopStatus::Disconnected.as_str()))
            .expression_attribute_values(":why", s(why))
            .expression_attribute_values(":generation", n(shop.generation))
            .expression_attribute_values(":version", n(token_version));
        Ok(applied(request).await?.is_some())
    }

    /// Asks for the right to send this connection's refresh token, for [`REFRESH_LEASE`]. Winning also notes that it is
    /// about to be sent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the right may be taken, and ends by itself.
    pub async fn lease_refresh(
        &self,
        shop: &ShopRef,
        token_version: i64,
        owner: &ClaimToken,
        now: Timestamp,
    ) -> Result<Lease, StoreError> {
        let request = self
            .update(&shop.tenant, shop.org)
            .update_expression(format!(
                "SET {LEASE_OWNER} = :owner, {LEASE_UNTIL} = :until, {REFRESH_STARTED} = :now"
            ))
            .condition_expression(format!(
                "{GENERATION} = :generation AND {TOKEN_VERSION} = :version AND #status <> :disconnected
                 AND attribute_exists({REFRESH_TOKEN})
                 AND (attribute_not_exists({LEASE_UNTIL}) OR {LEASE_UNTIL} <= :now)"
            ))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":disconnected", s(ShopStatus::Disconnected.as_str()))
            .expression_attribute_values(":owner", s(owner.as_str()))
            .expression_attribute_values(
                ":until",
                n(now.as_millisecond().saturating_add(millis(REFRESH_LEASE))),
            )
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":generation", n(shop.generation))
            .expression_attribute_values(":version", n(token_version))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(answer) => {
                let before = answer.attributes().ok_or(StoreError::Corrupt(KEY))?;
                Ok(Lease::Won(Box::new(read(before)?)))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    let now = failed.item().map(read).transpose()?;
                    Ok(Lease::Lost(now.map(Box::new)))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Stores the pair that replaces the one of `token_version`. Whoever holds it, it is the newest there is: the lease is
    /// not asked for. `false` when the connection has ended or has a newer pair.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: to be repeated, the call to the provider is not.
    pub async fn rotate(
        &self,
        shop: &ShopRef,
        token_version: i64,
        tokens: &SealedTokens,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut set =
            format!("SET {ACCESS_TOKEN} = :access, #status = :connected, {TOKEN_ROTATED_AT} = :now");
        let mut remove = format!("REMOVE {LEASE_OWNER}, {LEASE_UNTIL}, {REFRESH_STARTED}, #reason");
        let mut request = self.update(&shop.tenant, shop.org);
        for (name, value, place) in [
            (REFRESH_TOKEN, tokens.refresh.clone().map(b), ":refresh"),
            (TOKEN_EXPIRY, tokens.expires_at.map(|end| n(end.as_millisecond())), ":expiry"),
        ] {
            match value {
                Some(value) => {
                    set.push_str(&format!(", {name} = {place}"));
                    request = request.expression_attribute_values(place, value);
                }
                // A provider that gives no new refresh token means the old one to stay (haravan.md §1.10).
                None if name == REFRESH_TOKEN => {}
                None => remove.push_str(&format!(", {name}")),
            }
        }
        let request = request
            .update_expression(format!("{set} {remove} ADD {TOKEN_VERSION} :one"))
            .condition_expression(format!(
                "{GENERATION} = :generation AND {TOKEN_VERSION} = :version AND #status <> :disconnected"
            ))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_values(":access", b(tokens.access.clone()))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":connected", s(ShopStatus::Connected.as_str()))
            .expression_attribute_values(":disconnected", s(ShopStatus::Disconnected.as_str()))
            .expression_attribute_values(":generation", n(shop.generation))
            .expression_attribute_values(":version", n(token_version))
            .expression_attribute_values(":one", n(1));
        Ok(applied(request).await?.is_some())
    }

    /// Gives the right to refresh back after a call that did not come through. `sent` when the provider may have seen
    /// the refresh token, in this call or in an earlier one that was cut off ([`ShopConnection::refresh_started`] of the
    /// connection that [`Lease::Won`] gave): the note of it stays.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the right ends by itself.
    pub async fn release_refresh(
        &self,
        shop: &ShopRef,
        owner: &ClaimToken,
        sent: bool,
    ) -> Result<bool, StoreError> {
        let note = if sent { String::new() } else { format!(", {REFRESH_STARTED}") };
        let request = self
            .update(&shop.tenant, shop.org)
            .update_expression(format!("REMOVE {LEASE_OWNER}, {LEASE_UNTIL}{note}"))
            .condition_expression(format!("{LEASE_OWNER} = :owner"))
            .expression_attribute_values(":owner", s(owner.as_str()));
        Ok(applied(request).await?.is_some())
    }

    /// Notes what Haravan said it sends.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn note_topics(
        &self,
        shop: &ShopRef,
        topics: &[String],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let request = self
            .update(&shop.tenant, shop.org)
            .update_expression(format!("SET {TOPICS} = :topics, {TOPICS_AT} = :now"))
            .condition_expression(format!("{GENERATION} = :generation"))
            .expression_attribute_values(":topics", list(topics))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":generation", n(shop.generation));
        Ok(applied(request).await?.is_some())
    }

    /// Something hints at the app being gone from the shop: upkeep finds out at its next run. `false` for a shop that is
    /// not there or has ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn suspect(&self, tenant: &TenantId, org: OrgId, now: Timestamp) -> Result<bool, StoreError> {
        let request = self
            .update(tenant, org)
            .update_expression(format!("SET {SUSPECTED_AT} = :now, {WATCH} = :list, {DUE} = :now"))
            .condition_expression(format!("attribute_exists({KEY}) AND #status <> :disconnected"))
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":disconnected", s(ShopStatus::Disconnected.as_str()))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":list", s(watch_list(tenant, org)));
        Ok(applied(request).await?.is_some())
    }

    /// What was noted of what Haravan sends is not to be believed: upkeep asks again at its next look.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn doubt(&self, shop: &ShopRef) -> Result<bool, StoreError> {
        let request = self
            .update(&shop.tenant, shop.org)
            .update_expression(format!("REMOVE {TOPICS_AT}"))
            .condition_expression(format!("{GENERATION} = :generation"))
            .expression_attribute_values(":generation", n(shop.generation));
        Ok(applied(request).await?.is_some())
    }

    /// When upkeep looks at the connection next. A suspicion noted after `seen` keeps its own, earlier time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn look_again(
        &self,
        shop: &ShopRef,
        seen: Option<Timestamp>,
        due: Timestamp,
    ) -> Result<bool, StoreError> {
        let (unsuspected, seen) = match seen {
            None => (format!("attribute_not_exists({SUSPECTED_AT})"), None),
            Some(seen) => (
                format!("(attribute_not_exists({SUSPECTED_AT}) OR {SUSPECTED_AT} = :seen)"),
                Some(n(seen.as_millisecond())),
            ),
        };
        let mut request = self
            .update(&shop.tenant, shop.org)
            .update_expression(format!("SET {WATCH} = :list, {DUE} = :due REMOVE {SUSPECTED_AT}"))
            .condition_expression(format!("{GENERATION} = :generation AND {unsuspected}"))
            .expression_attribute_values(":list", s(watch_list(&shop.tenant, shop.org)))
            .expression_attribute_values(":due", n(due.as_millisecond()))
            .expression_attribute_values(":generation", n(shop.generation));
        if let Some(seen) = seen {
            request = request.expression_attribute_values(":seen", seen);
        }
        Ok(applied(request).await?.is_some())
    }

    /// What of one watch list is due, the longest due first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn due(&self, shard: u8, now: Timestamp, limit: i32) -> Result<Vec<Due>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(WATCH_INDEX)
            .key_condition_expression(format!("{WATCH} = :list AND {DUE} <= :now"))
            .expression_attribute_values(":list", s(shard_list(shard)))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .limit(limit)
            .send()
            .await?;
        // What cannot be read must not hold up the rest of the list.
        let readable = |item: &Item| match read_due(item) {
            Ok(due) => Some(due),
            Err(error) => {
                tracing::error!(%error, "an item of a watch list is passed over");
                None
            }
        };
        Ok(answer.items().iter().filter_map(readable).collect())
    }

    fn update(&self, tenant: &TenantId, org: OrgId) -> UpdateItemFluentBuilder {
        let [(key, tenant), (sort, org)] = key(tenant, org);
        self.client.update_item().table_name(&self.table).key(key, tenant).key(sort, org)
    }
}

const PREFIX: &str = "haravan#";

/// Import items are on the same watch lists ([`super::imports`]).
pub(super) const IMPORT_PREFIX: &str = "import#";

/// Something on a watch list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// A shop.
    Shop(TenantId, OrgId),
    /// A shop's import.
    Import(TenantId, OrgId),
}

/// The sort key of a shop's connection.
pub fn sort_key(org: OrgId) -> String {
    format!("{PREFIX}{org}")
}

fn key(tenant: &TenantId, org: OrgId) -> [(&'static str, AttributeValue); 2] {
    [(KEY, s(tenant.as_str())), (SORT, s(sort_key(org)))]
}

fn claim_key(org: OrgId) -> [(&'static str, AttributeValue); 2] {
    [(KEY, s(format!("claim#{}", sort_key(org)))), (SORT, s("owner"))]
}

/// The watch list of a shop's items.
pub(super) fn watch_list(tenant: &TenantId, org: OrgId) -> String {
    let hash = format!("{tenant}#{org}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    shard_list(u8::try_from((hash >> 32) % u64::from(WATCH_SHARDS)).unwrap_or_default())
}

fn shard_list(shard: u8) -> String {
    format!("check#{shard}")
}

/// Sends a conditional update: the answer, or `None` when the condition was not met.
pub(super) async fn applied(request: UpdateItemFluentBuilder) -> Result<Option<()>, StoreError> {
    match request.send().await {
        Ok(_) => Ok(Some(())),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a transaction was given up because of a condition, and nothing else: a conflict with another transaction says
/// nothing about the conditions.
fn condition_failed(error: Option<&TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error else { return false };
    let codes = || cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    codes().any(|code| code == "ConditionalCheckFailed")
        && codes().all(|code| code == "None" || code == "ConditionalCheckFailed")
}

fn read_key(item: &Item) -> Result<(TenantId, OrgId), StoreError> {
    let tenant = item.must_text(KEY)?.parse().map_err(|_| StoreError::Corrupt(KEY))?;
    let org = item.must_text(SORT)?.strip_prefix(PREFIX).and_then(|org| org.parse().ok());
    Ok((tenant, org.ok_or(StoreError::Corrupt(SORT))?))
}

fn read_due(item: &Item) -> Result<Due, StoreError> {
    let word = item.must_text(SORT)?;
    if word.starts_with(PREFIX) {
        return read_key(item).map(|(tenant, org)| Due::Shop(tenant, org));
    }
    let tenant = item.must_text(KEY)?.parse().map_err(|_| StoreError::Corrupt(KEY))?;
    let org = word.strip_prefix(IMPORT_PREFIX).and_then(|org| org.parse().ok());
    Ok(Due::Import(tenant, org.ok_or(StoreError::Corrupt(SORT))?))
}

fn read(item: &Item) -> Result<ShopConnection, StoreError> {
    let (tenant, org) = read_key(item)?;
    let tokens = match item.bytes(ACCESS_TOKEN) {
        None => None,
        Some(access) => Some(SealedTokens {
            access: access.to_vec(),
            refresh: item.bytes(REFRESH_TOKEN).map(<[u8]>::to_vec),
            expires_at: item.instant(TOKEN_EXPIRY)?,
        }),
    };
    Ok(ShopConnection {
        tenant,
        org,
        status: ShopStatus::read(item.must_text(STATUS)?).ok_or(StoreError::Corrupt(STATUS))?,
        reason: item.text(REASON).map(str::to_owned),
        generation: item.must_number(GENERATION)?,
        shop_domain: item.text(SHOP_DOMAIN).map(str::to_owned),
        shop_name: item.text(SHOP_NAME).map(str::to_owned),
        tokens,
        token_version: item.number(TOKEN_VERSION).unwrap_or_default(),
        rotated_at: item.instant(TOKEN_ROTATED_AT)?,
        refresh_started: item.instant(REFRESH_STARTED)?,
        scopes: item.texts(SCOPES),
        connected_by: match item.get(CONNECTED_BY) {
            None => None,
            Some(value) => Some(
                serde_dynamo::from_attribute_value(value.clone())
                    .map_err(|_| StoreError::Corrupt(CONNECTED_BY))?,
            ),
        },
        connected_at: item.instant(CONNECTED_AT)?,
        ended_at: item.instant(ENDED_AT)?,
        topics: item.get(TOPICS).is_some().then(|| item.texts(TOPICS)),
        topics_at: item.instant(TOPICS_AT)?,
        suspected_at: item.instant(SUSPECTED_AT)?,
        due: item.instant(DUE)?,
        orders: Walk::read(item, Entity::Order)?,
        customers: Walk::read(item, Entity::Customer)?,
    })
}
