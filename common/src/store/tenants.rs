//! Tenants as stored (table *tenants*): secrets are sealed here and opened in [`crate::tenant`].

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::item::{Item, ItemExt, b, s};
use super::schema::tenants::{CRM_KEY, CRM_URL, KEY, PREVIOUS_SECRET, SECRET, SETTINGS, VERIFY_TOKEN};
use crate::id::TenantId;

/// A tenant's record; the secrets are sealed blobs ([`crate::seal`]).
#[derive(Debug, Clone)]
pub struct TenantRecord {
    /// Which tenant.
    pub id: TenantId,
    /// Base URL of its CRM.
    pub crm_url: String,
    /// Sealed CRM API key.
    pub crm_key: Vec<u8>,
    /// Sealed Haravan client secret.
    pub secret: Vec<u8>,
    /// Sealed client secret from before the last change, while it is still accepted.
    pub previous_secret: Option<Vec<u8>>,
    /// Sealed verify token of the webhook challenge.
    pub verify_token: Vec<u8>,
    /// How the tenant wants things done.
    pub settings: Settings,
}

/// How a tenant wants things done. Every field has a default, so that older records stay readable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The CRM checks and forbids duplicate phone numbers (getfly.md §3.5).
    pub unique_phone: bool,
    /// The CRM checks and forbids duplicate e-mail addresses.
    pub unique_email: bool,
    /// Customers are carried over.
    pub customers: bool,
    /// Orders are carried over.
    pub orders: bool,
    /// The CRM user in charge of customers that no order's assignee is in charge of.
    pub default_manager: Option<String>,
    /// The name of the customer source.
    pub customer_source: String,
    /// Haravan sales channel → CRM order source; a channel not named here keeps its own name.
    pub source_map: BTreeMap<String, String>,
    /// Haravan gateway, by code or display name in lower case → CRM payment method.
    pub gateway_map: BTreeMap<String, String>,
    /// CRM payment method for cash on delivery.
    pub cash_method: String,
    /// CRM payment method for everything else.
    pub transfer_method: String,
    /// Haravan staff id → CRM user name.
    pub staff_map: BTreeMap<String, String>,
    /// Unit of order lines and of products that are made for them.
    pub unit_name: String,
    /// Category of products that are made for order lines.
    pub product_category: String,
    /// Origin of products that are made for order lines.
    pub product_origin: String,
    /// Manufacturer of products that are made for order lines.
    pub product_manufacturer: String,
    /// Orders are approved in the CRM as they are made.
    pub auto_approve: bool,
    /// CRM writes per second (getfly.md §15 U8).
    pub writes_per_second: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unique_phone: true,
            unique_email: true,
            customers: true,
            orders: true,
            default_manager: None,
            customer_source: "haravan".to_owned(),
            source_map: BTreeMap::new(),
            gateway_map: BTreeMap::new(),
            cash_method: "Tiền mặt".to_owned(),
            transfer_method: "Chuyển khoản".to_owned(),
            staff_map: BTreeMap::new(),
            unit_name: "Cái".to_owned(),
            product_category: "Haravan".to_owned(),
            product_origin: "Việt Nam".to_owned(),
            product_manufacturer: "Haravan".to_owned(),
            auto_approve: false,
            writes_per_second: 1.0,
        }
    }
}

impl Settings {
    /// Whether existing customers are looked for by phone and e-mail: only when the CRM checks *and* forbids duplicates
    /// of both (the owner's rule; getfly.md §3.5).
    pub fn looks_for_duplicates(&self) -> bool {
        self.unique_phone && self.unique_email
    }
}

/// The tenants table.
#[derive(Clone)]
pub struct Tenants {
    client: Client,
    table: String,
}

impl Tenants {
    /// Opens the table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Reads a tenant.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn get(&self, id: &TenantId) -> Result<Option<TenantRecord>, StoreError> {
        let answer = self.client.get_item().table_name(&self.table).key(KEY, s(id.as_str())).send().await?;
        answer.item().map(read).transpose()
    }

    /// Writes a tenant's whole record.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn put(&self, tenant: &TenantRecord) -> Result<(), StoreError> {
        let settings =
            serde_dynamo::to_attribute_value(&tenant.settings).map_err(|_| StoreError::Corrupt(SETTINGS))?;
        let mut request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(KEY, s(tenant.id.as_str()))
            .item(CRM_URL, s(&tenant.crm_url))
            .item(CRM_KEY, b(tenant.crm_key.clone()))
            .item(SECRET, b(tenant.secret.clone()))
            .item(VERIFY_TOKEN, b(tenant.verify_token.clone()))
            .item(SETTINGS, settings);
        if let Some(previous) = &tenant.previous_secret {
            request = request.item(PREVIOUS_SECRET, b(previous.clone()));
        }
        request.send().await?;
        Ok(())
    }
}

fn read(item: &Item) -> Result<TenantRecord, StoreError> {
    let blob = |name: &'static str| item.bytes(name).map(<[u8]>::to_vec).ok_or(StoreError::Corrupt(name));
    Ok(TenantRecord {
        id: item.must_text(KEY)?.parse().map_err(|_| StoreError::Corrupt(KEY))?,
        crm_url: item.must_text(CRM_URL)?.to_owned(),
        crm_key: blob(CRM_KEY)?,
        secret: blob(SECRET)?,
        previous_secret: item.bytes(PREVIOUS_SECRET).map(<[u8]>::to_vec),
        verify_token: blob(VERIFY_TOKEN)?,
        settings: match item.get(SETTINGS) {
            None => Settings::default(),
            Some(value) => serde_dynamo::from_attribute_value(value.clone())
                .map_err(|_| StoreError::Corrupt(SETTINGS))?,
        },
    })
}
