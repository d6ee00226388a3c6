//! How far a connection's orders and customers were reconciled (attributes of the connection's own item).
//!
//! A *round* reads everything that changed since `until`, in order of id, and then moves `until` to the round's
//! beginning. Where it is in between is a *cursor*, `since_id`. Cursor and `until` move only after what was read is
//! stored, and only from where this worker saw them: of two workers on one shop the second stops. A round that was cut
//! off goes on from its cursor.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use jiff::Timestamp;

use super::StoreError;
use super::connections::{ConnectionRef, applied};
use super::item::{Item, ItemExt, n, s};
use super::schema::connections::{
    CUSTOMERS_ROUND, CUSTOMERS_SINCE, CUSTOMERS_UNTIL, GENERATION, KEY, ORDERS_ROUND, ORDERS_SINCE,
    ORDERS_UNTIL, SORT,
};
use crate::haravan::webhook::Entity;

/// How far an entity was reconciled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// Everything that changed before was read; `None` before the first round has ended.
    pub until: Option<Timestamp>,
    /// The round under way.
    pub round: Option<Round>,
}

/// A round under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// When it began.
    pub began: Timestamp,
    /// The id up to which it has read.
    pub since_id: i64,
}

impl Walk {
    pub(super) fn read(item: &Item, entity: Entity) -> Result<Self, StoreError> {
        let [until, began, since] = names(entity);
        let round = match (item.instant(began)?, item.number(since)) {
            (Some(began), Some(since_id)) => Some(Round { began, since_id }),
            _ => None,
        };
        Ok(Self { until: item.instant(until)?, round })
    }
}

fn names(entity: Entity) -> [&'static str; 3] {
    match entity {
        Entity::Order => [ORDERS_UNTIL, ORDERS_ROUND, ORDERS_SINCE],
        Entity::Customer => [CUSTOMERS_UNTIL, CUSTOMERS_ROUND, CUSTOMERS_SINCE],
    }
}

/// All attributes of walks: they go with the connection.
pub(super) fn attributes() -> [&'static str; 6] {
    [ORDERS_UNTIL, ORDERS_ROUND, ORDERS_SINCE, CUSTOMERS_UNTIL, CUSTOMERS_ROUND, CUSTOMERS_SINCE]
}

/// The walks of the connections table.
#[derive(Clone)]
pub struct Walks {
    client: Client,
    table: String,
}

impl Walks {
    /// Opens the table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Notes that the round has read up to an id, from where `seen` stood. `false` when another worker was quicker or
    /// the connection has changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: reading the page again is harmless.
    pub async fn advance(
        &self,
        shop: &ConnectionRef,
        entity: Entity,
        seen: &Walk,
        round: &Round,
    ) -> Result<bool, StoreError> {
        let [_, began, since] = names(entity);
        let request = self
            .unmoved(shop, entity, seen)
            .update_expression(format!("SET {began} = :began, {since} = :since"))
            .expression_attribute_values(":began", n(round.began.as_millisecond()))
            .expression_attribute_values(":since", n(round.since_id));
        Ok(applied(request).await?.is_some())
    }

    /// Notes that everything that changed before `until` was read, from where `seen` stood. `false` as for
    /// [`Walks::advance`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn finish(
        &self,
        shop: &ConnectionRef,
        entity: Entity,
        seen: &Walk,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let [name, began, since] = names(entity);
        let request = self
            .unmoved(shop, entity, seen)
            .update_expression(format!("SET {name} = :until REMOVE {began}, {since}"))
            .expression_attribute_values(":until", n(until.as_millisecond()));
        Ok(applied(request).await?.is_some())
    }

    /// Has everything that changed since `to` read again, from where `seen` stood; a round under way is given up. `false` as
    /// for [`Walks::advance`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn rewind(
        &self,
        shop: &ConnectionRef,
        entity: Entity,
        seen: &Walk,
        to: Timestamp,
    ) -> Result<bool, StoreError> {
        self.finish(shop, entity, seen, to).await
    }

    fn unmoved(&self, shop: &ConnectionRef, entity: Entity, seen: &Walk) -> UpdateItemFluentBuilder {
        let [until, _, since] = names(entity);
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(KEY, s(shop.tenant.as_str()))
            .key(SORT, s(shop.subject.sort_key()))
            .expression_attribute_values(":generation", n(shop.generation));
        let mut conditions = vec![format!("{GENERATION} = :generation")];
        for (name, place, value) in [
            (until, ":seen_until", seen.until.map(Timestamp::as_millisecond)),
            (since, ":seen_since", seen.round.as_ref().map(|round| round.since_id)),
        ] {
            match value {
                None => conditions.push(format!("attribute_not_exists({name})")),
                Some(value) => {
                    conditions.push(format!("{name} = {place}"));
                    request = request.expression_attribute_values(place, n(value));
                }
            }
        }
        request.condition_expression(conditions.join(" AND "))
    }
}
