//! Short-lived items (table *connections*, expiring): what a login needs to remember until the provider answers, links
//! and sessions of the admin pages.
//!
//! Their keys are digests of random values that only a browser or a provider holds, so that reading the table opens
//! nothing. Expiry is checked here as well: DynamoDB removes expired items when it finds the time.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::StoreError;
use super::item::{ItemExt, n, s};
use super::schema::connections::{DATA, EXPIRY, KEY, SORT};

/// What an item is for; part of its key, so that the state of a login is never taken for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An OAuth flow, by its `state`.
    Flow,
    /// A link to the admin pages, by its token.
    Link,
    /// A session of the admin pages, by its cookie.
    Session,
    /// A connect that an admin has just asked for, by its ticket.
    Start,
    /// Something an admin may do with a page, by its ticket.
    Page,
    /// A page's OAuth flow, by its `state`.
    PageFlow,
    /// A Facebook user whose pages are to be chosen from.
    PageChoice,
    /// A request of Facebook's that was carried out, by itself: it counts once.
    SignedRequest,
    /// A deletion that a person asked Facebook for, by its confirmation code.
    Deletion,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Link => "link",
            Self::Session => "session",
            Self::Start => "start",
            Self::Page => "page",
            Self::PageFlow => "page_flow",
            Self::PageChoice => "page_choice",
            Self::SignedRequest => "signed_request",
            Self::Deletion => "deletion",
        }
    }
}

/// The short-lived items.
#[derive(Clone)]
pub struct Ephemeral {
    client: Client,
    table: String,
}

impl Ephemeral {
    /// Opens the table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Stores `data` under a random value, until `expires`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn put<T: Serialize>(
        &self,
        kind: Kind,
        secret: &str,
        data: &T,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.putting(kind, secret, data, expires)?.send().await?;
        Ok(())
    }

    /// Stores `data` under a value unless something is there that has not expired: of any number who try one gets `true`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it may be there now.
    pub async fn put_if_absent<T: Serialize>(
        &self,
        kind: Kind,
        secret: &str,
        data: &T,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let put = self
            .putting(kind, secret, data, expires)?
            .condition_expression(format!("attribute_not_exists({KEY}) OR {EXPIRY} <= :now"))
            .expression_attribute_values(":now", n(now.as_second()));
        match put.send().await {
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

    fn putting<T: Serialize>(
        &self,
        kind: Kind,
        secret: &str,
        data: &T,
        expires: Timestamp,
    ) -> Result<PutItemFluentBuilder, StoreError> {
        let data = serde_dynamo::to_attribute_value::<_, AttributeValue>(data)
            .map_err(|_| StoreError::Corrupt(DATA))?;
        let [(key, name), (sort, word)] = item_key(kind, secret);
        let put = self.client.put_item().table_name(&self.table).item(key, name).item(sort, word);
        Ok(put.item(DATA, data).item(EXPIRY, n(expires.as_second())))
    }

    /// What is stored under a random value, unless it has expired.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    pub async fn get<T: DeserializeOwned>(
        &self,
        kind: Kind,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<T>, StoreError> {
        let [(key, name), (sort, word)] = item_key(kind, secret);
        let request = self.client.get_item().table_name(&self.table).key(key, name).key(sort, word);
        let answer = request.consistent_read(true).send().await?;
        answer.item().map_or(Ok(None), |item| read(item, now))
    }

    /// Takes what is stored under a random value: of any number of takers one gets it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it may be gone. [`StoreError::Corrupt`].
    pub async fn take<T: DeserializeOwned>(
        &self,
        kind: Kind,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<T>, StoreError> {
        let [(key, name), (sort, word)] = item_key(kind, secret);
        let taken = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key(key, name)
            .key(sort, word)
            .condition_expression(format!("attribute_exists({KEY})"))
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        match taken {
            Ok(answer) => answer.attributes().map_or(Ok(None), |item| read(item, now)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What is stored of a random value.
pub fn digest(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret))
}

fn item_key(kind: Kind, secret: &str) -> [(&'static str, AttributeValue); 2] {
    [(KEY, s(format!("{}#{}", kind.as_str(), digest(secret)))), (SORT, s(kind.as_str()))]
}

fn read<T: DeserializeOwned>(item: &super::item::Item, now: Timestamp) -> Result<Option<T>, StoreError> {
    if item.must_number(EXPIRY)? <= now.as_second() {
        return Ok(None);
    }
    let data = item.get(DATA).ok_or(StoreError::Corrupt(DATA))?;
    serde_dynamo::from_attribute_value(data.clone()).map(Some).map_err(|_| StoreError::Corrupt(DATA))
}
