//! A tenant's connections (table *connections*). Here: Haravan shops, `haravan#{org}`.

use aws_sdk_dynamodb::Client;

use super::StoreError;
use super::item::{Item, ItemExt, b, n, s};
use super::schema::connections::{ACCESS_TOKEN, GENERATION, KEY, SHOP_DOMAIN, SORT, STATUS};
use crate::id::{OrgId, TenantId};

/// A Haravan shop connected to a tenant.
#[derive(Debug, Clone)]
pub struct ShopConnection {
    /// The tenant.
    pub tenant: TenantId,
    /// The shop.
    pub org: OrgId,
    /// Whether events of the shop are worked on.
    pub connected: bool,
    /// Counts connects and disconnects of this shop; writes of an older generation are void.
    pub generation: i64,
    /// The shop's domain, such as `hat-mam.myharavan.com`.
    pub shop_domain: Option<String>,
    /// Sealed Admin REST token.
    pub access_token: Option<Vec<u8>>,
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
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{KEY} = :tenant AND begins_with({SORT}, :prefix)"))
            .expression_attribute_values(":tenant", s(tenant.as_str()))
            .expression_attribute_values(":prefix", s("haravan#"))
            .send()
            .await?;
        answer.items().iter().map(read).collect()
    }

    /// Writes a shop's whole connection.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn put_shop(&self, shop: &ShopConnection) -> Result<(), StoreError> {
        let mut request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(KEY, s(shop.tenant.as_str()))
            .item(SORT, s(sort_key(shop.org)))
            .item(STATUS, s(if shop.connected { "connected" } else { "disconnected" }))
            .item(GENERATION, n(shop.generation));
        if let Some(domain) = &shop.shop_domain {
            request = request.item(SHOP_DOMAIN, s(domain));
        }
        if let Some(token) = &shop.access_token {
            request = request.item(ACCESS_TOKEN, b(token.clone()));
        }
        request.send().await?;
        Ok(())
    }
}

/// The sort key of a shop's connection.
pub fn sort_key(org: OrgId) -> String {
    format!("haravan#{org}")
}

fn read(item: &Item) -> Result<ShopConnection, StoreError> {
    let org = item.must_text(SORT)?.strip_prefix("haravan#").and_then(|org| org.parse().ok());
    Ok(ShopConnection {
        tenant: item.must_text(KEY)?.parse().map_err(|_| StoreError::Corrupt(KEY))?,
        org: org.ok_or(StoreError::Corrupt(SORT))?,
        connected: item.must_text(STATUS)? == "connected",
        generation: item.must_number(GENERATION)?,
        shop_domain: item.text(SHOP_DOMAIN).map(str::to_owned),
        access_token: item.bytes(ACCESS_TOKEN).map(<[u8]>::to_vec),
    })
}
