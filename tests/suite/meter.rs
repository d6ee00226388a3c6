//! What the SDK really asks of DynamoDB, and what it costs: an interceptor that counts requests and units.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};

/// What was asked so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Names of the operations, in order, one per attempt.
    pub operations: Vec<String>,
    /// Write units per table name.
    pub writes: Vec<(String, f64)>,
    /// Read units, all tables together.
    pub reads: f64,
}

impl Reading {
    /// Write units of the tables whose name is this.
    pub fn write_units(&self, table: &str) -> f64 {
        self.writes.iter().filter(|(name, _)| name == table).map(|(_, units)| units).sum()
    }
}

/// A meter on a client.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Reading>>);

impl Meter {
    /// The client with this meter on it.
    pub fn on(&self, client: &Client) -> Client {
        Client::from_conf(client.config().to_builder().interceptor(self.clone()).build())
    }

    /// Gives the reading and starts anew.
    pub fn take(&self) -> Reading {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn add_reads(&self, capacities: &[ConsumedCapacity]) {
        let units: f64 = capacities.iter().filter_map(ConsumedCapacity::capacity_units).sum();
        self.0.lock().unwrap().reads += units;
    }

    fn add(&self, capacities: &[ConsumedCapacity]) {
        for capacity in capacities {
            let table = capacity.table_name().unwrap_or_default().to_owned();
            self.0.lock().unwrap().writes.push((table, capacity.capacity_units().unwrap_or_default()));
        }
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (input, total) = (context.input_mut(), Some(ReturnConsumedCapacity::Total));
        if let Some(put) = input.downcast_mut::<PutItemInput>() {
            put.return_consumed_capacity = total;
        } else if let Some(update) = input.downcast_mut::<UpdateItemInput>() {
            update.return_consumed_capacity = total;
        } else if let Some(delete) = input.downcast_mut::<DeleteItemInput>() {
            delete.return_consumed_capacity = total;
        } else if let Some(transaction) = input.downcast_mut::<TransactWriteItemsInput>() {
            transaction.return_consumed_capacity = total;
        } else if let Some(get) = input.downcast_mut::<GetItemInput>() {
            get.return_consumed_capacity = total;
        } else if let Some(query) = input.downcast_mut::<QueryInput>() {
            query.return_consumed_capacity = total;
        } else if let Some(batch) = input.downcast_mut::<BatchGetItemInput>() {
            batch.return_consumed_capacity = total;
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        self.0.lock().unwrap().operations.push(operation);
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Ok(output)) = context.output_or_error() {
            if let Some(put) = output.downcast_ref::<PutItemOutput>() {
                self.add(put.consumed_capacity.as_slice());
            } else if let Some(update) = output.downcast_ref::<UpdateItemOutput>() {
                self.add(update.consumed_capacity.as_slice());
            } else if let Some(delete) = output.downcast_ref::<DeleteItemOutput>() {
                self.add(delete.consumed_capacity.as_slice());
            } else if let Some(transaction) = output.downcast_ref::<TransactWriteItemsOutput>() {
                self.add(transaction.consumed_capacity());
            } else if let Some(get) = output.downcast_ref::<GetItemOutput>() {
                self.add_reads(get.consumed_capacity.as_slice());
            } else if let Some(query) = output.downcast_ref::<QueryOutput>() {
                self.add_reads(query.consumed_capacity.as_slice());
            } else if let Some(batch) = output.downcast_ref::<BatchGetItemOutput>() {
                self.add_reads(batch.consumed_capacity());
            }
        }
        Ok(())
    }
}
