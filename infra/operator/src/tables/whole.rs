//! Whole tables: read, written and emptied item by item, whatever the items are.

use std::time::Duration;

use anyhow::{Result, bail};
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, Select, WriteRequest};
use common::clock::SharedClock;
use common::store::StoreError;

use super::item::Item;
use super::{Named, key_of};

/// Most requests of one batch.
pub(super) const BATCH: usize = 25;

/// Times a batch is sent again for what it left out, and the first pause, which doubles up to [`LONGEST`].
const TRIES: u32 = 12;
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(10);

/// The tables of a deployment, as a whole.
pub(super) struct Whole {
    pub client: aws_sdk_dynamodb::Client,
    pub clock: SharedClock,
}

impl Whole {
    fn scan(&self, name: &str) -> ScanFluentBuilder {
        self.client.scan().table_name(name).consistent_read(true)
    }

    /// One page of a table's items and where the next one begins.
    pub async fn page(&self, (_, name): Named<'_>, from: Option<Item>) -> Result<(Vec<Item>, Option<Item>)> {
        let answer = self.scan(name).set_exclusive_start_key(from).send().await.map_err(StoreError::from)?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key.filter(|key| !key.is_empty())))
    }

    /// Whether a table holds nothing.
    pub async fn is_empty(&self, (_, name): Named<'_>) -> Result<bool> {
        let answer = self.scan(name).limit(1).send().await.map_err(StoreError::from)?;
        Ok(answer.items().is_empty())
    }

    /// How many items a table holds.
    pub async fn count(&self, (_, name): Named<'_>) -> Result<usize> {
        let (mut count, mut from) = (0_usize, None);
        loop {
            let answer = self.scan(name).select(Select::Count).set_exclusive_start_key(from).send().await;
            let answer = answer.map_err(StoreError::from)?;
            count = count.saturating_add(usize::try_from(answer.count()).unwrap_or_default());
            from = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                return Ok(count);
            }
        }
    }

    /// Removes every item of a table; gives how many there were.
    pub async fn empty(&self, table: Named<'_>) -> Result<usize> {
        let (mut count, mut from) = (0_usize, None);
        loop {
            let (items, next) = self.page(table, from).await?;
            for batch in items.chunks(BATCH) {
                let delete = |item: &Item| {
                    let key = key_of(table.0).into_iter().filter_map(|name| item.get_key_value(name));
                    let key = key.map(|(name, value)| (name.clone(), value.clone())).collect();
                    let delete = DeleteRequest::builder().set_key(Some(key)).build()?;
                    Ok(WriteRequest::builder().delete_request(delete).build())
                };
                self.write(table.1, batch.iter().map(delete).collect::<Result<_>>()?).await?;
            }
            count = count.saturating_add(items.len());
            from = next;
            if from.is_none() {
                return Ok(count);
            }
        }
    }

    /// Puts items, [`BATCH`] at most.
    pub async fn put(&self, (_, name): Named<'_>, items: Vec<Item>) -> Result<()> {
        let put = |item| {
            let put = PutRequest::builder().set_item(Some(item)).build()?;
            Ok(WriteRequest::builder().put_request(put).build())
        };
        self.write(name, items.into_iter().map(put).collect::<Result<_>>()?).await
    }

    async fn write(&self, name: &str, mut left: Vec<WriteRequest>) -> Result<()> {
        let mut pause = PAUSE;
        for _ in 0..TRIES {
            if left.is_empty() {
                return Ok(());
            }
            let answer = self.client.batch_write_item().request_items(name, left).send().await;
            let answer = answer.map_err(StoreError::from)?;
            left = answer.unprocessed_items.and_then(|mut tables| tables.remove(name)).unwrap_or_default();
            if !left.is_empty() {
                self.clock.sleep(pause).await;
                pause = pause.saturating_mul(2).min(LONGEST);
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        bail!("the table {name} takes no more writes; wait, or raise its ceiling")
    }
}
