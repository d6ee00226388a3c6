//! Everything that is stored sealed ([`crate::seal`]): tenants' secrets and connections' tokens, for the operator who
//! changes the keys.
//!
//! A blob is replaced only by a write that names the blob it replaces, so a token that was refreshed in between is never
//! put back. The token version stays: what a refresh under way will store is newer, and must not be refused for this.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;

use super::StoreError;
use super::connections::Subject;
use super::item::{Item, ItemExt, b, n, s};
use super::schema::{connections, tenants};
use crate::id::TenantId;

const OF_TENANTS: [&str; 4] =
    [tenants::CRM_KEY, tenants::SECRET, tenants::PREVIOUS_SECRET, tenants::VERIFY_TOKEN];
const OF_CONNECTIONS: [&str; 2] = [connections::ACCESS_TOKEN, connections::REFRESH_TOKEN];

/// The key half of a tenant's sealing place.
pub fn tenant_place(id: &TenantId) -> String {
    format!("tenants/{id}")
}

/// The key half of a connection's sealing place.
pub fn connection_place(tenant: &TenantId, subject: &Subject) -> String {
    format!("connections/{tenant}/{}", subject.sort_key())
}

/// Whose blobs an item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A tenant's record.
    Tenant(TenantId),
    /// A connection.
    Connection(TenantId, Subject),
}

impl Holder {
    /// The key half of the sealing place.
    pub fn place(&self) -> String {
        match self {
            Self::Tenant(tenant) => tenant_place(tenant),
            Self::Connection(tenant, subject) => connection_place(tenant, subject),
        }
    }
}

/// An item with sealed blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedItem {
    /// Whose.
    pub holder: Holder,
    /// Attribute and blob.
    pub blobs: Vec<(&'static str, Vec<u8>)>,
}

/// The sealed blobs of the tables.
#[derive(Clone)]
pub struct Sealed {
    client: Client,
    tenants: String,
    connections: String,
}

impl Sealed {
    /// Opens the tables.
    pub fn new(client: Client, tenants: String, connections: String) -> Self {
        Self { client, tenants, connections }
    }

    /// Every item that holds a blob, as last written. Reads both tables whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<Vec<SealedItem>, StoreError> {
        let mut found = Vec::new();
        for item in self.scan(&self.tenants).await? {
            found.extend(of_tenant(&item)?);
        }
        for item in self.scan(&self.connections).await? {
            found.extend(of_connection(&item)?);
        }
        Ok(found)
    }

    /// One item, as last written. `None` when it is gone or holds no blob any more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn get(&self, holder: &Holder) -> Result<Option<SealedItem>, StoreError> {
        let (table, key) = self.key(holder);
        let request = self.client.get_item().table_name(table).set_key(Some(key)).consistent_read(true);
        let Some(item) = request.send().await?.item else { return Ok(None) };
        let fields: &[&'static str] = match holder {
            Holder::Tenant(_) => &OF_TENANTS,
            Holder::Connection(..) => &OF_CONNECTIONS,
        };
        Ok(sealed(&item, fields, holder.clone()))
    }

    /// Puts `new` blobs in the places of an item's blobs, in the same order, if all of these are still there. `false`
    /// when one of them was replaced since it was read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn replace(&self, item: &SealedItem, new: &[Vec<u8>]) -> Result<bool, StoreError> {
        let (table, key) = self.key(&item.holder);
        let mut request = self.client.update_item().table_name(table).set_key(Some(key));
        let (mut set, mut held) = (Vec::new(), Vec::new());
        for (at, ((field, old), new)) in item.blobs.iter().zip(new).enumerate() {
            set.push(format!("#f{at} = :n{at}"));
            held.push(format!("#f{at} = :o{at}"));
            request = request
                .expression_attribute_names(format!("#f{at}"), *field)
                .expression_attribute_values(format!(":n{at}"), b(new.clone()))
                .expression_attribute_values(format!(":o{at}"), b(old.clone()));
        }
        let mut update = format!("SET {}", set.join(", "));
        if matches!(item.holder, Holder::Tenant(_)) {
            // A record is written as a whole by whoever changes it: their write must see that it has changed.
            update.push_str(&format!(" ADD {} :one", tenants::REVISION));
            request = request.expression_attribute_values(":one", n(1));
        }
        match request.update_expression(update).condition_expression(held.join(" AND ")).send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn key(&self, holder: &Holder) -> (&str, HashMap<String, AttributeValue>) {
        match holder {
            Holder::Tenant(tenant) => {
                (&self.tenants, HashMap::from([(tenants::KEY.to_owned(), s(tenant.as_str()))]))
            }
            Holder::Connection(tenant, subject) => {
                let key = [
                    (connections::KEY.to_owned(), s(tenant.as_str())),
                    (connections::SORT.to_owned(), s(subject.sort_key())),
                ];
                (&self.connections, HashMap::from(key))
            }
        }
    }

    async fn scan(&self, table: &str) -> Result<Vec<Item>, StoreError> {
        let mut pages =
            self.client.scan().table_name(table).consistent_read(true).into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item?);
        }
        Ok(items)
    }
}

/// The blobs of an item of the tenants table; none when it holds none.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn of_tenant(item: &Item) -> Result<Option<SealedItem>, StoreError> {
    let tenant = item.must_text(tenants::KEY)?.parse().map_err(|_| StoreError::Corrupt(tenants::KEY))?;
    Ok(sealed(item, &OF_TENANTS, Holder::Tenant(tenant)))
}

/// The blobs of an item of the connections table; none when it holds none.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn of_connection(item: &Item) -> Result<Option<SealedItem>, StoreError> {
    if OF_CONNECTIONS.iter().all(|field| item.bytes(field).is_none()) {
        return Ok(None);
    }
    let key = item.must_text(connections::KEY)?;
    let tenant = key.parse().map_err(|_| StoreError::Corrupt(connections::KEY))?;
    let subject = Subject::parse(item.must_text(connections::SORT)?);
    let subject = subject.ok_or(StoreError::Corrupt(connections::SORT))?;
    Ok(sealed(item, &OF_CONNECTIONS, Holder::Connection(tenant, subject)))
}

fn sealed(item: &Item, fields: &[&'static str], holder: Holder) -> Option<SealedItem> {
    let blobs: Vec<_> =
        fields.iter().filter_map(|field| Some((*field, item.bytes(field)?.to_vec()))).collect();
    (!blobs.is_empty()).then_some(SealedItem { holder, blobs })
}
