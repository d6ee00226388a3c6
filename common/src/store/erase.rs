//! Removing all that is kept of a tenant, for good: what [`super::inbox::Inbox::erase`],
//! [`super::connections::Connections::erase`] and [`super::claims::Claims::erase`] share.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};

use super::StoreError;

/// Most deletes of one batch.
const BATCH: usize = 25;

/// Times a batch is sent again for what it left out.
const TRIES: u32 = 8;

/// Deletes the items of these keys.
///
/// # Errors
/// [`StoreError::Unavailable`]: some may be deleted; deleting them again is harmless.
pub(super) async fn delete_all(
    client: &Client,
    table: &str,
    keys: Vec<HashMap<String, AttributeValue>>,
) -> Result<(), StoreError> {
    let unbuilt = |_| StoreError::Unavailable { code: "request not built".to_owned() };
    for batch in keys.chunks(BATCH) {
        let mut left = Vec::with_capacity(batch.len());
        for key in batch {
            let delete = DeleteRequest::builder().set_key(Some(key.clone())).build().map_err(unbuilt)?;
            left.push(WriteRequest::builder().delete_request(delete).build());
        }
        for attempt in 0..TRIES {
            if left.is_empty() {
                break;
            }
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(20 << attempt)).await;
            }
            let answer = client.batch_write_item().request_items(table, left).send().await?;
            left = answer.unprocessed_items.and_then(|mut tables| tables.remove(table)).unwrap_or_default();
        }
        if !left.is_empty() {
            return Err(StoreError::Unavailable { code: "unprocessed items".to_owned() });
        }
    }
    Ok(())
}
