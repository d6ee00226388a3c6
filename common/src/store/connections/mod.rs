//! A tenant's connections (table *connections*): Haravan shops ([`shop`]) and pages of Facebook and Zalo ([`page`]).
//!
//! ```text
//!   connect ──► connected ──end──► disconnected ──finish_end──► (tokens wiped, shop or page free)
//!      ▲            │  ▲                │
//!      │     needs_reconnect            │
//!      └────────────┴───────────────────┘ connect
//! ```
//!
//! Invariants, which every write here carries as its condition:
//! - **One owner.** A shop or page belongs to one tenant at a time: its claim item names the tenant, is written in one
//!   transaction with the connection that needs it, and freed in one with the wiping of the tokens.
//! - **Generation.** Each connect and each end counts it up. What is done on behalf of a connection names the generation
//!   it was read with; after a disconnect or a reconnect it changes nothing.
//! - **Token version.** Each token pair has a number. A refresh names the version it started from, so the pair of a late
//!   worker can never replace a newer one, and an older pair is never used after a newer is known (pages.md §2.12).
//! - **Watch.** Whatever upkeep has to look at again is on a watch list with the time for it: also a disconnect that was
//!   cut off between its steps.

mod erase;
mod lifecycle;
mod orphan;
pub mod page;
pub mod shop;
mod tokens;

use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::item::{Item, ItemExt, n, s};
use super::schema::connections::{GENERATION, KEY, OWNER, SORT, STATUS, TOKEN_VERSION};
use crate::id::{OaId, OrgId, PageId, TenantId};

pub use lifecycle::Due;
pub(super) use lifecycle::{IMPORT_PREFIX, watch_list};
pub use page::{Belongs, NewPage, PageConnect, PageConnection};
pub use shop::{Connect, NewShop, ShopConnection};
pub use tokens::{Lease, SealedTokens, TokenState};

/// How many watch lists the connections are spread over.
pub const WATCH_SHARDS: u8 = 16;

/// How long a refresh is its worker's own: three times the longest call (pages.md §2.12).
pub const REFRESH_LEASE: Duration = Duration::from_secs(60);

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionStatus {
    /// Events are worked on and calls to Haravan work.
    Connected,
    /// Events are worked on, but the provider refuses our tokens: an admin has to connect again.
    NeedsReconnect,
    /// Nothing is worked on.
    Disconnected,
}

impl ConnectionStatus {
    /// The word as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Disconnected => "disconnected",
        }
    }

    fn of(item: &Item) -> Result<Self, StoreError> {
        let word = item.must_text(STATUS)?;
        [Self::Connected, Self::NeedsReconnect, Self::Disconnected]
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or(StoreError::Corrupt(STATUS))
    }
}

/// Why a connection is not connected: stable codes, stored and shown in words.
pub mod reason {
    /// An admin disconnected it.
    pub const BY_ADMIN: &str = "by_admin";
    /// The operator disconnected it.
    pub const BY_OPERATOR: &str = "by_operator";
    /// The shop removed the app.
    pub const UNINSTALLED: &str = "uninstalled";
    /// The provider refuses our token.
    pub const TOKEN_REFUSED: &str = "token_refused";
    /// The provider refuses the refresh token.
    pub const REFRESH_REFUSED: &str = "refresh_refused";
    /// A refresh was cut off after the old token was spent and before the new one was stored.
    pub const REFRESH_LOST: &str = "refresh_lost";
    /// The access token ended and there is no refresh token.
    pub const TOKEN_ENDED: &str = "token_ended";
    /// A page: what could be read back after the connect was not what was asked for.
    pub const NOT_SUBSCRIBED: &str = "not_subscribed";
    /// A page: the person changed their password, or was logged out everywhere.
    pub const PASSWORD_CHANGED: &str = "password_changed";
    /// A page: the person has to put something right at the provider first.
    pub const CHECKPOINT: &str = "checkpoint";
    /// A page: the person is no longer Editor or higher.
    pub const ROLE_LOST: &str = "role_lost";
    /// A page: a permission is missing.
    pub const SCOPE: &str = "scope";
    /// A page: the person removed the app, or the page's owner did.
    pub const REVOKED: &str = "revoked_by_provider";
    /// A page: it is gone at the provider.
    pub const DELETED: &str = "deleted_at_provider";

    /// The code that was stored, if it says why something needs to be connected again.
    pub fn needs_reconnect(stored: Option<&str>) -> Option<&'static str> {
        let known = [
            TOKEN_REFUSED,
            REFRESH_REFUSED,
            REFRESH_LOST,
            TOKEN_ENDED,
            NOT_SUBSCRIBED,
            PASSWORD_CHANGED,
            CHECKPOINT,
            ROLE_LOST,
            SCOPE,
            REVOKED,
            DELETED,
        ];
        known.into_iter().find(|code| stored == Some(code))
    }
}

/// Who did something, or for whom: a member of a shop's staff, an admin of the CRM, a user of Facebook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id where they are known.
    pub id: String,
    /// Their name.
    pub name: Option<String>,
    /// Their e-mail.
    pub email: Option<String>,
}

/// What a connection is to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A Haravan shop.
    Shop(OrgId),
    /// A page.
    Page(PageKey),
}

/// A page of Facebook or Zalo.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PageKey {
    /// A Fanpage.
    Facebook(PageId),
    /// An Official Account.
    Zalo(OaId),
}

const SHOP_PREFIX: &str = "haravan#";
const FACEBOOK_PREFIX: &str = "facebook#";
const ZALO_PREFIX: &str = "zalo#";

impl Subject {
    /// The sort key of its connection: `haravan#{org}`, `facebook#{page}` or `zalo#{oa}`.
    pub fn sort_key(&self) -> String {
        match self {
            Self::Shop(org) => format!("{SHOP_PREFIX}{org}"),
            Self::Page(page) => page.to_string(),
        }
    }

    /// Reads a sort key.
    pub fn parse(sort_key: &str) -> Option<Self> {
        match sort_key.strip_prefix(SHOP_PREFIX) {
            Some(org) => org.parse().ok().map(Self::Shop),
            None => PageKey::try_from(sort_key.to_owned()).ok().map(Self::Page),
        }
    }
}

impl PageKey {
    /// Whose it is: `facebook` or `zalo`.
    pub fn provider(&self) -> &'static str {
        match self {
            Self::Facebook(_) => "facebook",
            Self::Zalo(_) => "zalo",
        }
    }

    /// As it stands in addresses: `facebook-123` or `zalo-123`.
    pub fn slug(&self) -> String {
        self.to_string().replacen('#', "-", 1)
    }

    /// The page that stands so in an address.
    pub fn of_slug(slug: &str) -> Option<Self> {
        Self::try_from(slug.replacen('-', "#", 1)).ok()
    }
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Facebook(page) => write!(f, "{FACEBOOK_PREFIX}{page}"),
            Self::Zalo(oa) => write!(f, "{ZALO_PREFIX}{oa}"),
        }
    }
}

impl TryFrom<String> for PageKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let facebook = text.strip_prefix(FACEBOOK_PREFIX).and_then(|id| id.parse().ok()).map(Self::Facebook);
        let zalo = || text.strip_prefix(ZALO_PREFIX).and_then(|id| id.parse().ok()).map(Self::Zalo);
        facebook.or_else(zalo).ok_or("not a page")
    }
}

impl From<PageKey> for String {
    fn from(page: PageKey) -> Self {
        page.to_string()
    }
}

/// Which connection a write is about; it changes nothing once the connection has a newer generation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConnectionRef {
    /// The tenant.
    pub tenant: TenantId,
    /// What it is connected to.
    pub subject: Subject,
    /// The generation it was read with.
    pub generation: i64,
}

impl ConnectionRef {
    fn read(item: &Item) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: item.must_text(KEY)?.parse().map_err(|_| StoreError::Corrupt(KEY))?,
            subject: Subject::parse(item.must_text(SORT)?).ok_or(StoreError::Corrupt(SORT))?,
            generation: item.must_number(GENERATION)?,
        })
    }
}

/// The connections table.
#[derive(Clone)]
pub struct Connections {
    client: Client,
    table: String,
}

/// What became of a transaction.
#[derive(Debug, PartialEq, Eq)]
enum Transacted {
    Done,
    /// Which of its writes were refused by their condition.
    Refused(Vec<bool>),
}

impl Transacted {
    fn refused(&self, place: usize) -> bool {
        matches!(self, Self::Refused(writes) if writes.get(place) == Some(&true))
    }
}

impl Connections {
    /// Opens the table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    async fn item(&self, tenant: &TenantId, subject: &Subject) -> Result<Option<Item>, StoreError> {
        let [(key, tenant), (sort, subject)] = key(tenant, subject);
        let request = self.client.get_item().table_name(&self.table).key(key, tenant).key(sort, subject);
        Ok(request.consistent_read(true).send().await?.item)
    }

    async fn items(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<Item>, StoreError> {
        let query = self.client.query().table_name(&self.table);
        let query = query.expression_attribute_values(":tenant", s(tenant.as_str()));
        let query = match prefix {
            "" => query.key_condition_expression(format!("{KEY} = :tenant")),
            _ => query
                .key_condition_expression(format!("{KEY} = :tenant AND begins_with({SORT}, :prefix)"))
                .expression_attribute_values(":prefix", s(prefix)),
        };
        let mut pages = query.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item?);
        }
        Ok(items)
    }

    fn update(&self, of: &ConnectionRef) -> UpdateItemFluentBuilder {
        let [(key, tenant), (sort, subject)] = key(&of.tenant, &of.subject);
        self.client.update_item().table_name(&self.table).key(key, tenant).key(sort, subject)
    }

    /// A write of a transaction.
    fn part(&self, [(key, partition), (sort, range)]: [(&'static str, AttributeValue); 2]) -> UpdateBuilder {
        Update::builder().table_name(&self.table).key(key, partition).key(sort, range)
    }

    /// The write of a connect: `set` and `remove`, generation and token version counted up.
    fn connecting(
        &self,
        tenant: &TenantId,
        subject: &Subject,
        set: Vec<(&'static str, AttributeValue)>,
        remove: &[&'static str],
    ) -> UpdateBuilder {
        let mut write = self.part(key(tenant, subject));
        let mut assignments = Vec::new();
        for (place, (name, value)) in set.into_iter().enumerate() {
            // Some of the names are reserved words.
            assignments.push(format!("#s{place} = :s{place}"));
            write = write
                .expression_attribute_names(format!("#s{place}"), name)
                .expression_attribute_values(format!(":s{place}"), value);
        }
        write
            .update_expression(format!(
                "SET {} REMOVE {} ADD {GENERATION} :one, {TOKEN_VERSION} :one",
                assignments.join(", "),
                remove.join(", ")
            ))
            .expression_attribute_values(":one", n(1))
    }

    /// The write that makes a shop or page this tenant's, unless it is another's.
    fn claiming(&self, tenant: &TenantId, subject: &Subject) -> UpdateBuilder {
        self.part(claim_key(subject))
            .update_expression("SET #owner = :tenant")
            .condition_expression("attribute_not_exists(#owner) OR #owner = :tenant")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":tenant", s(tenant.as_str()))
    }

    async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Transacted, StoreError> {
        let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        match answer {
            Ok(_) => Ok(Transacted::Done),
            Err(error) => match refused(error.as_service_error()) {
                Some(refused) => Ok(Transacted::Refused(refused)),
                None => Err(error.into()),
            },
        }
    }
}

fn updating(write: UpdateBuilder) -> Result<TransactWriteItem, StoreError> {
    let write = write.build().map_err(|_| StoreError::Corrupt(KEY))?;
    Ok(TransactWriteItem::builder().update(write).build())
}

fn key(tenant: &TenantId, subject: &Subject) -> [(&'static str, AttributeValue); 2] {
    [(KEY, s(tenant.as_str())), (SORT, s(subject.sort_key()))]
}

fn claim_key(subject: &Subject) -> [(&'static str, AttributeValue); 2] {
    [(KEY, s(format!("claim#{}", subject.sort_key()))), (SORT, s("owner"))]
}

fn person(item: &Item, name: &'static str) -> Result<Option<Person>, StoreError> {
    let read = |value: &AttributeValue| serde_dynamo::from_attribute_value(value.clone());
    item.get(name).map(read).transpose().map_err(|_| StoreError::Corrupt(name))
}

fn person_value(person: Option<&Person>, name: &'static str) -> Result<Option<AttributeValue>, StoreError> {
    person.map(serde_dynamo::to_attribute_value).transpose().map_err(|_| StoreError::Corrupt(name))
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

/// Which writes of a transaction were refused by their condition, when it was given up for that and nothing else: a
/// conflict with another transaction says nothing about the conditions.
fn refused(error: Option<&TransactWriteItemsError>) -> Option<Vec<bool>> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error? else { return None };
    let codes: Vec<_> =
        cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or("None")).collect();
    let only_conditions = codes.iter().all(|code| ["None", "ConditionalCheckFailed"].contains(code));
    let refused: Vec<bool> = codes.into_iter().map(|code| code == "ConditionalCheckFailed").collect();
    (only_conditions && refused.contains(&true)).then_some(refused)
}
