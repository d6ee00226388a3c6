//! How fast a tenant's CRM may be written to, and whether to leave it alone for a while (table *dedup*).
//!
//! One record per tenant, shared by all workers. A *slot* is a moment at which one write may start; reserving moves the
//! next free slot on. Nobody queues for long inside a function (waiting is paid for): a slot too far away is refused
//! and the event goes back to waiting. The *breaker* opens after failures in a row and lets a probe through when its
//! time is over.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;

use super::StoreError;
use super::item::{Item, ItemExt, n, s};
use super::schema::dedup::{FAILURES, KEY, NEXT_SLOT, OPEN_UNTIL};
use crate::clock::millis;
use crate::id::TenantId;

/// Failures in a row after which the breaker opens.
pub const BREAKER_THRESHOLD: i64 = 5;

/// How long a probe has before the next one may try.
const PROBE: Duration = Duration::from_secs(15);

/// The answer to a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Start at this instant, which may be now or shortly ahead. `failing` when the CRM's last answers were failures:
    /// report a success, so that the breaker closes.
    At {
        /// When to start.
        start: Timestamp,
        /// Whether there are failures to forget on success.
        failing: bool,
    },
    /// Too many are ahead: the next free slot is then.
    Full {
        /// When the queue will have moved on.
        until: Timestamp,
    },
    /// The breaker is open until then.
    Open {
        /// When a probe may be made.
        until: Timestamp,
    },
}

/// What a reservation supposes of those before it.
#[derive(Clone, Copy)]
enum Queue {
    /// Their slots are past.
    Empty,
    /// Slots are taken up to some instant ahead.
    Ahead,
}

/// The pace records in the dedup table.
#[derive(Clone)]
pub struct Paces {
    client: Client,
    table: String,
}

impl Paces {
    /// Opens the table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Reserves time for `cost` of writing, starting at most `patience` ahead.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: a slot may have been lost, nothing else.
    pub async fn reserve(
        &self,
        tenant: &TenantId,
        cost: Duration,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Slot, StoreError> {
        let now_ms = now.as_millisecond();
        let cost = millis(cost);
        // When nobody is ahead the slot is now; otherwise the queue is as long as the record says, and an addition to
        // it cannot be beaten by another worker's. Tries run out only on a clock that goes back and forth.
        let mut queue = Queue::Empty;
        for _ in 0..4 {
            match self.try_reserve(tenant, queue, cost, millis(patience), now_ms).await? {
                Ok(item) => {
                    let failures = item.number(FAILURES).unwrap_or_default();
                    if failures >= BREAKER_THRESHOLD {
                        self.open(tenant, now, PROBE).await?;
                    }
                    let next = item.number(NEXT_SLOT).unwrap_or_default();
                    let start = Timestamp::from_millisecond(next.saturating_sub(cost)).unwrap_or(now);
                    return Ok(Slot::At { start, failing: failures > 0 });
                }
                Err(item) => {
                    let open_until = item.number(OPEN_UNTIL).unwrap_or_default();
                    if open_until > now_ms {
                        return Ok(Slot::Open {
                            until: Timestamp::from_millisecond(open_until).unwrap_or(now),
                        });
                    }
                    let next = item.number(NEXT_SLOT).unwrap_or_default();
                    if next > now_ms.saturating_add(millis(patience)) {
                        return Ok(Slot::Full { until: Timestamp::from_millisecond(next).unwrap_or(now) });
                    }
                    queue = if next > now_ms { Queue::Ahead } else { Queue::Empty };
                }
            }
        }
        Ok(Slot::Full { until: now.saturating_add(patience).unwrap_or(now) })
    }

    /// One write: the record after it, or the record that stood in its way.
    async fn try_reserve(
        &self,
        tenant: &TenantId,
        queue: Queue,
        cost: i64,
        patience: i64,
        now: i64,
    ) -> Result<Result<Item, Item>, StoreError> {
        let (free, next) = match queue {
            Queue::Empty => (
                format!("(attribute_not_exists({NEXT_SLOT}) OR {NEXT_SLOT} <= :now)"),
                ":now + :cost".to_owned(),
            ),
            Queue::Ahead => (format!("{NEXT_SLOT} BETWEEN :now AND :latest"), format!("{NEXT_SLOT} + :cost")),
        };
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(KEY, s(key(tenant)))
            .update_expression(format!("SET {NEXT_SLOT} = {next}"))
            .condition_expression(format!(
                "{free} AND (attribute_not_exists({OPEN_UNTIL}) OR {OPEN_UNTIL} <= :now)"
            ))
            .expression_attribute_values(":cost", n(cost))
            .expression_attribute_values(":now", n(now))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Queue::Ahead = queue {
            request = request.expression_attribute_values(":latest", n(now.saturating_add(patience)));
        }
        match request.send().await {
            Ok(answer) => Ok(Ok(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Err(failed.item().cloned().unwrap_or_default()))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Counts a failure of the CRM; opens the breaker at the threshold, for longer with each further failure, or at
    /// once for `at_least`. Gives the failures in a row.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn failed(
        &self,
        tenant: &TenantId,
        at_least: Option<Duration>,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(KEY, s(key(tenant)))
            .update_expression(format!("ADD {FAILURES} :one"))
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await?;
        let failures = answer.attributes().and_then(|item| item.number(FAILURES)).unwrap_or(1);
        let over = failures.saturating_sub(BREAKER_THRESHOLD);
        let earned = (over >= 0).then(|| {
            let doublings = u32::try_from(over.min(4)).unwrap_or(4);
            Duration::from_secs(10).saturating_mul(2_u32.saturating_pow(doublings))
        });
        if let Some(pause) = earned.max(at_least) {
            self.open(tenant, now, pause).await?;
        }
        Ok(failures)
    }

    /// Until when the tenant's CRM has no time for more: its next free slot, or the end of its breaker. An instant in the
    /// past means that it is free.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn busy_until(&self, tenant: &TenantId) -> Result<Option<Timestamp>, StoreError> {
        let request = self.client.get_item().table_name(&self.table).key(KEY, s(key(tenant)));
        let answer = request.send().await?;
        let Some(item) = answer.item() else { return Ok(None) };
        Ok(item.instant(NEXT_SLOT)?.max(item.instant(OPEN_UNTIL)?))
    }

    async fn open(&self, tenant: &TenantId, now: Timestamp, pause: Duration) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .key(KEY, s(key(tenant)))
            .update_expression(format!("SET {OPEN_UNTIL} = :until"))
            .expression_attribute_values(":until", n(now.as_millisecond().saturating_add(millis(pause))))
            .send()
            .await?;
        Ok(())
    }

    /// Forgets the failures: the CRM answers again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn succeeded(&self, tenant: &TenantId) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .key(KEY, s(key(tenant)))
            .update_expression(format!("REMOVE {FAILURES}, {OPEN_UNTIL}"))
            .send()
            .await?;
        Ok(())
    }
}

fn key(tenant: &TenantId) -> String {
    format!("{tenant}#crm#pace")
}
