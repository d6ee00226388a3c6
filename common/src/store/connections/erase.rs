//! All of a tenant's connections gone for good.

use std::collections::HashMap;

use super::Connections;
use crate::id::TenantId;
use crate::store::StoreError;
use crate::store::erase::delete_all;
use crate::store::item::{ItemExt, s};
use crate::store::schema::connections::{KEY, SORT};

impl Connections {
    /// Removes everything under the tenant's key: ended connections, imports, slots. Shops and pages that are still
    /// connected keep their claims, so they are to be ended first. Gives how many items there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase(&self, tenant: &TenantId) -> Result<usize, StoreError> {
        let mut keys = Vec::new();
        for item in self.items(tenant, "").await? {
            let (key, sort) = (item.must_text(KEY)?, item.must_text(SORT)?);
            keys.push(HashMap::from([(KEY.to_owned(), s(key)), (SORT.to_owned(), s(sort))]));
        }
        let count = keys.len();
        delete_all(&self.client, &self.table, keys).await?;
        Ok(count)
    }
}
