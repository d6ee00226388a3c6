//! Stored order events become CRM orders (getfly.md §6, §7, §10).
//!
//! Decisions are taken from the order's own state, never from the topic, which is not signed: a body whose order is not
//! in the CRM yet creates it, whichever topic brought it; a body of an order that is there is recorded as not applied.

mod apply;
mod assignee;
mod products;

use aws_lambda_events::event::dynamodb::Event;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use common::intake::delivery;
use common::intake::job::Intake;

pub use apply::Orders;

/// Works a batch of stored order events.
pub async fn handle(batch: Event, intake: &Intake) -> DynamoDbEventResponse {
    delivery::run(intake, &Orders, batch).await
}
