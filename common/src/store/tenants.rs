//! Tenants as stored (table *tenants*): secrets are sealed here and opened in [`crate::tenant`].

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use jiff::Timestamp;

use super::StoreError;
use super::item::{Item, ItemExt, b, n, s};
use super::schema::tenants::{
    API_KEY_HASH, CLIENT_ID, CRM_KEY, CRM_URL, EXTRA_PAGES, KEY, PLAN, PREVIOUS_SECRET, PREVIOUS_UNTIL,
    PUBLIC_URL, REVISION, SECRET, SETTINGS, SUSPENDED, TRIAL_ENDS, VERIFY_TOKEN,
};
use crate::id::TenantId;
use crate::settings::Settings;

/// A tenant's record; the secrets are sealed blobs ([`crate::seal`]).
#[derive(Debug, Clone)]
pub struct TenantRecord {
    /// Which tenant.
    pub id: TenantId,
    /// Base URL of its CRM.
    pub crm_url: String,
    /// Sealed CRM API key.
    pub crm_key: Vec<u8>,
    /// Base URL under which browsers and Haravan reach the functions, such as `https://crm.example.com`; redirect and
    /// webhook addresses are made from it and never from a request's own headers.
    pub public_url: String,
    /// Haravan client id (App Id), once the admin has entered it.
    pub client_id: Option<String>,
    /// Sealed Haravan client secret, once the admin has entered it.
    pub secret: Option<Vec<u8>>,
    /// Sealed client secret from before the last change.
    pub previous_secret: Option<Vec<u8>>,
    /// Until when the previous secret is accepted; `None` is for good.
    pub previous_until: Option<Timestamp>,
    /// SHA-256 of the API key with which the tenant's CRM calls us, once there is one.
    pub api_key_hash: Option<Vec<u8>>,
    /// Sealed verify token of the webhook challenge.
    pub verify_token: Vec<u8>,
    /// What the tenant has bought.
    pub plan: Plan,
    /// Pages bought on top of the plan's, for each admin account.
    pub extra_pages: u32,
    /// Since when the operator has it suspended: events are stored and wait, nothing is written to the CRM.
    pub suspended_at: Option<Timestamp>,
    /// How the tenant wants things done.
    pub settings: Settings,
    /// Counts the writes of this record; 0 for one that was never stored.
    pub revision: i64,
}

/// What a tenant has bought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Plan {
    /// A paid plan.
    #[default]
    Paid,
    /// A trial, until then when it was said.
    Trial {
        /// Its end.
        ends: Option<Timestamp>,
    },
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

    /// Every tenant, by id; a record that cannot be read is its id and why. Reads the whole table: for the operator.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn all(&self) -> Result<Vec<(String, Result<TenantRecord, StoreError>)>, StoreError> {
        let mut items =
            self.client.scan().table_name(&self.table).consistent_read(true).into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            let item = item?;
            found.push((item.must_text(KEY)?.to_owned(), read(&item)));
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found)
    }

    /// Removes a tenant's record, if it is still the one that was read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn remove(&self, tenant: &TenantRecord) -> Result<bool, StoreError> {
        let request = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key(KEY, s(tenant.id.as_str()))
            .condition_expression(format!("{REVISION} = :read"))
            .expression_attribute_values(":read", n(tenant.revision));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a tenant's whole record, if it is still the one that was read: `false` when somebody else wrote it since.
    /// The record may then be read again and the change made to that.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn put(&self, tenant: &TenantRecord) -> Result<bool, StoreError> {
        let settings =
            serde_dynamo::to_attribute_value(&tenant.settings).map_err(|_| StoreError::Corrupt(SETTINGS))?;
        let mut request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(KEY, s(tenant.id.as_str()))
            .item(CRM_URL, s(&tenant.crm_url))
            .item(CRM_KEY, b(tenant.crm_key.clone()))
            .item(PUBLIC_URL, s(&tenant.public_url))
            .item(VERIFY_TOKEN, b(tenant.verify_token.clone()))
            .item(SETTINGS, settings)
            .item(REVISION, n(tenant.revision.saturating_add(1)));
        let optional = [
            (CLIENT_ID, tenant.client_id.as_ref().map(s)),
            (SECRET, tenant.secret.clone().map(b)),
            (PREVIOUS_SECRET, tenant.previous_secret.clone().map(b)),
            (PREVIOUS_UNTIL, tenant.previous_until.map(|until| n(until.as_millisecond()))),
            (API_KEY_HASH, tenant.api_key_hash.clone().map(b)),
            (PLAN, Some(s(if tenant.plan == Plan::Paid { PAID } else { TRIAL }))),
            (
                TRIAL_ENDS,
                match tenant.plan {
                    Plan::Trial { ends } => ends.map(|ends| n(ends.as_millisecond())),
                    Plan::Paid => None,
                },
            ),
            (SUSPENDED, tenant.suspended_at.map(|since| n(since.as_millisecond()))),
            (EXTRA_PAGES, (tenant.extra_pages > 0).then(|| n(i64::from(tenant.extra_pages)))),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                request = request.item(name, value);
            }
        }
        let request = match tenant.revision {
            0 => request.condition_expression(format!("attribute_not_exists({REVISION})")),
            read => request
                .condition_expression(format!("{REVISION} = :read"))
                .expression_attribute_values(":read", n(read)),
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

const PAID: &str = "paid";
const TRIAL: &str = "trial";

fn read(item: &Item) -> Result<TenantRecord, StoreError> {
    let may = |name: &str| item.bytes(name).map(<[u8]>::to_vec);
    let blob = |name: &'static str| may(name).ok_or(StoreError::Corrupt(name));
    Ok(TenantRecord {
        id: item.must_text(KEY)?.parse().map_err(|_| StoreError::Corrupt(KEY))?,
        crm_url: item.must_text(CRM_URL)?.to_owned(),
        crm_key: blob(CRM_KEY)?,
        public_url: item.must_text(PUBLIC_URL)?.to_owned(),
        client_id: item.text(CLIENT_ID).map(str::to_owned),
        secret: may(SECRET),
        previous_secret: may(PREVIOUS_SECRET),
        previous_until: item.instant(PREVIOUS_UNTIL)?,
        api_key_hash: may(API_KEY_HASH),
        verify_token: blob(VERIFY_TOKEN)?,
        settings: match item.get(SETTINGS) {
            None => Settings::default(),
            Some(value) => serde_dynamo::from_attribute_value(value.clone())
                .map_err(|_| StoreError::Corrupt(SETTINGS))?,
        },
        plan: match item.text(PLAN) {
            None | Some(PAID) => Plan::Paid,
            Some(TRIAL) => Plan::Trial { ends: item.instant(TRIAL_ENDS)? },
            Some(_) => return Err(StoreError::Corrupt(PLAN)),
        },
        suspended_at: item.instant(SUSPENDED)?,
        extra_pages: item
            .number(EXTRA_PAGES)
            .map_or(Ok(0), u32::try_from)
            .map_err(|_| StoreError::Corrupt(EXTRA_PAGES))?,
        revision: item.must_number(REVISION)?,
    })
}
