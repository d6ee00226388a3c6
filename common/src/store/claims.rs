//! Claims: which worker may create something in the CRM, and what it became (table *dedup*).
//!
//! The CRM has no idempotency keys, and "look up, then create" is safe only while nobody else does the same. A claim on
//! an identity (a Haravan order or customer id, a phone number, an e-mail address) lets exactly one worker do it.
//!
//! - A claim carries a random token and ends by itself with its lease, so a crashed worker blocks nobody for long.
//! - Completing writes the CRM's code, only under the token; a late worker's write changes nothing.
//! - Releasing removes the token after a failure whose outcome is *known*. After an unknown outcome (a time-out after
//!   the request left) the claim is **kept** until its lease ends: the CRM may still be at work on the request, and
//!   whoever looked up too early would create a second record.
//! - Order and customer records stay for good: they are the identity index. Phone and e-mail records are only locks,
//!   never trusted as links (people change numbers in the CRM), and expire.
//!
//! Phone and e-mail stand in the key as a digest, so that keys may appear in errors and metrics.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::StoreError;
use super::erase::delete_all;
use super::item::{Item, ItemExt, n, s};
use super::schema::dedup::{CLAIM, CODE, EXPIRY, KEY, LEASE, VERSION};
use crate::clock::millis;
use crate::id::{CustomerId, OrderId, TenantId};
use crate::phone::PhoneNumber;
use crate::seal::random;
use crate::store::inbox::EventKey;

/// How long a claim holds. Longer than a worker can live (the functions' time-out), so that two never overlap.
pub const LEASE_TIME: Duration = Duration::from_secs(150);

/// Locks without a link are gone after this.
const LOCK_TTL: Duration = Duration::from_secs(24 * 3600);

/// A worker's proof that a claim is its own: fresh and random for every claim. It ends with a mark of what the claim is
/// for, so that an event knows a claim that an earlier try of its own has kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClaimToken(String);

impl ClaimToken {
    /// A new token.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the system has no randomness.
    pub fn random() -> Result<Self, StoreError> {
        let bytes: [u8; 12] =
            random().map_err(|error| StoreError::Unavailable { code: error.to_string() })?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A new token for work on an event.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the system has no randomness.
    pub fn of(event: &EventKey) -> Result<Self, StoreError> {
        let mark: String = event.digest.chars().take(8).collect();
        Ok(Self(format!("{}.{mark}", Self::random()?.0)))
    }

    /// Whether the other one was made for the same event.
    fn is_of_the_event_of(&self, other: &str) -> bool {
        let mark = |token: &str| token.split_once('.').map(|(_, mark)| mark.to_owned());
        mark(&self.0).is_some_and(|ours| mark(other) == Some(ours))
    }

    /// The token as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is claimed, within one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(String);

impl Identity {
    /// A Haravan order.
    pub fn order(tenant: &TenantId, id: OrderId) -> Self {
        Self(format!("{tenant}#order#{id}"))
    }

    /// A Haravan customer.
    pub fn customer(tenant: &TenantId, id: CustomerId) -> Self {
        Self(format!("{tenant}#customer#{id}"))
    }

    /// A phone number.
    pub fn phone(tenant: &TenantId, phone: &PhoneNumber) -> Self {
        Self(format!("{tenant}#phone#{}", digest(tenant, phone.e164())))
    }

    /// An e-mail address in lower case.
    pub fn email(tenant: &TenantId, email: &str) -> Self {
        Self(format!("{tenant}#email#{}", digest(tenant, email)))
    }

    fn is_lock_only(&self) -> bool {
        matches!(self.0.split('#').nth(1), Some("phone" | "email"))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn digest(tenant: &TenantId, value: &str) -> String {
    let hash = Sha256::new().chain_update(tenant.as_str()).chain_update([0]).chain_update(value).finalize();
    URL_SAFE_NO_PAD.encode(hash.get(..16).unwrap_or_default())
}

/// What is known of an identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The CRM's code, once it is there.
    pub code: Option<String>,
    /// Highest version decided on, unix microseconds.
    pub version: Option<i64>,
}

impl Record {
    fn read(item: &Item) -> Self {
        Self { code: item.text(CODE).map(str::to_owned), version: item.number(VERSION) }
    }
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is ours until the lease ends; this is what was known before.
    Won(Record),
    /// Another worker has it until then.
    Held {
        /// End of its lease.
        until: Timestamp,
        /// Whether the other worker worked on the same event: an earlier try, whose outcome nobody knows.
        same_event: bool,
    },
}

/// The claims in the dedup table.
#[derive(Clone)]
pub struct Claims {
    client: Client,
    table: String,
}

impl Claims {
    /// Opens the table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Reads an identity, consistently.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn get(&self, identity: &Identity) -> Result<Record, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(KEY, s(&identity.0))
            .consistent_read(true)
            .send()
            .await?;
        Ok(answer.item().map(Record::read).unwrap_or_default())
    }

    /// What is known of several identities, a hundred at most, in one read that may be a moment old. Identities nothing
    /// is known of are left out, and so are those the store had no time for.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn known(&self, identities: &[Identity]) -> Result<HashMap<Identity, Record>, StoreError> {
        let keys: Vec<Item> =
            identities.iter().map(|identity| [(KEY.to_owned(), s(&identity.0))].into()).collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .projection_expression([KEY, CODE, VERSION].join(", "))
            .build()
            .map_err(|_| StoreError::Corrupt(KEY))?;
        let answer = self.client.batch_get_item().request_items(&self.table, wanted).send().await?;
        let items = answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default();
        let read = |item: &Item| Ok((Identity(item.must_text(KEY)?.to_owned()), Record::read(item)));
        items.iter().map(read).collect()
    }

    /// Claims an identity unless another worker's lease is running.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the claim may have been made; it ends with its lease.
    pub async fn claim(
        &self,
        identity: &Identity,
        token: &ClaimToken,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let mut set = format!("SET {CLAIM} = :token, {LEASE} = :lease");
        if identity.is_lock_only() {
            set.push_str(", ");
            set.push_str(EXPIRY);
            set.push_str(" = :expiry");
        }
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(KEY, s(&identity.0))
            .update_expression(set)
            .condition_expression(format!(
                "attribute_not_exists({LEASE}) OR {LEASE} < :now OR {CLAIM} = :token"
            ))
            .expression_attribute_values(":token", s(token.as_str()))
            .expression_attribute_values(":lease", n(now.as_millisecond().saturating_add(millis(LEASE_TIME))))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            );
        if identity.is_lock_only() {
            let expiry =
                now.as_second().saturating_add(i64::try_from(LOCK_TTL.as_secs()).unwrap_or(i64::MAX));
            request = request.expression_attribute_values(":expiry", n(expiry));
        }
        match request.send().await {
            Ok(answer) => Ok(Claim::Won(answer.attributes().map(Record::read).unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(held)) => {
                    let until = held.item().and_then(|item| item.number(LEASE)).unwrap_or_else(|| now.as_millisecond());
                    let holder = held.item().and_then(|item| item.text(CLAIM)).unwrap_or_default();
                    Ok(Claim::Held {
                        until: Timestamp::from_millisecond(until).unwrap_or(now),
                        same_event: token.is_of_the_event_of(holder),
                    })
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Records what the identity became and ends the claim. `false` when the claim was no longer ours: nothing changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: repeat, or let a later look-up find what was created.
    pub async fn complete(
        &self,
        identity: &Identity,
        token: &ClaimToken,
        record: &Record,
    ) -> Result<bool, StoreError> {
        let mut set = Vec::new();
        let mut values: Vec<(&str, AttributeValue)> = vec![(":token", s(token.as_str()))];
        if let Some(code) = &record.code {
            set.push(format!("{CODE} = :code"));
            values.push((":code", s(code)));
        }
        if let Some(version) = record.version {
            set.push(format!("{VERSION} = :version"));
            values.push((":version", n(version)));
        }
        let set = if set.is_empty() { String::new() } else { format!("SET {} ", set.join(", ")) };
        let ours = format!("{CLAIM} = :token");
        self.conditional(identity, format!("{set}REMOVE {CLAIM}, {LEASE}"), ours, values).await
    }

    /// Ends the claim after a failure whose outcome is known. `false` when it was no longer ours.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the claim ends with its lease.
    pub async fn release(&self, identity: &Identity, token: &ClaimToken) -> Result<bool, StoreError> {
        let update = format!("REMOVE {CLAIM}, {LEASE}");
        let ours = format!("{CLAIM} = :token");
        self.conditional(identity, update, ours, vec![(":token", s(token.as_str()))]).await
    }

    /// Replaces the code that an identity was linked to, or forgets it, if it still is linked to `from`. `false` when it
    /// was linked to something else meanwhile: nothing changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn relink(
        &self,
        identity: &Identity,
        from: &str,
        to: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut values = vec![(":from", s(from))];
        let update = match to {
            Some(to) => {
                values.push((":to", s(to)));
                format!("SET {CODE} = :to")
            }
            None => format!("REMOVE {CODE}"),
        };
        self.conditional(identity, update, format!("{CODE} = :from"), values).await
    }

    /// Removes a tenant's identities and its CRM's pace for good. Reads the whole table. Gives how many items there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase(&self, tenant: &TenantId) -> Result<usize, StoreError> {
        let mut items = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression(format!("begins_with({KEY}, :tenant)"))
            .expression_attribute_values(":tenant", s(format!("{tenant}#")))
            .projection_expression(KEY)
            .into_paginator()
            .items()
            .send();
        let mut keys = Vec::new();
        while let Some(item) = items.next().await {
            keys.push(HashMap::from([(KEY.to_owned(), s(item?.must_text(KEY)?))]));
        }
        let count = keys.len();
        delete_all(&self.client, &self.table, keys).await?;
        Ok(count)
    }

    async fn conditional(
        &self,
        identity: &Identity,
        update: String,
        condition: String,
        values: Vec<(&str, AttributeValue)>,
    ) -> Result<bool, StoreError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(KEY, s(&identity.0))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(
                values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}
