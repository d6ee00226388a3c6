//! `/console/activity/{event}/crm`: to the record in the CRM.
//!
//! Getfly's own pages know customers by a number that is asked for here, and have no address for an order by its code:
//! the list of orders is opened, where the code shown beside the link finds it. Neither address is documented.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use common::haravan::webhook::Entity;

use super::cursor::event_key;
use crate::Console;
use crate::refusal::{Trouble, not_found};
use crate::session::Visitor;
use crate::tenant::below;

/// Leads to the record, or to the list in which it is.
pub(crate) async fn open(
    State(console): State<Arc<Console>>,
    Path(event): Path<String>,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    let record = &visitor.record;
    let Some(key) = event_key(&record.id, &event) else { return Ok(not_found(visitor.lang)) };
    let Some(event) = console.store.inbox.get(&key).await? else { return Ok(not_found(visitor.lang)) };
    let Some(code) = event.crm_code else { return Ok(not_found(visitor.lang)) };
    let page = match event.topic.entity() {
        Entity::Order => "#/orders".to_owned(),
        Entity::Customer => {
            let found = match console.crm(record).await? {
                Ok(crm) => crm.account(&code).await.ok().flatten(),
                Err(_) => None,
            };
            match found.and_then(|account| account.id) {
                Some(id) => format!("#/crm/view_account/{id}"),
                None => "#/crm/accounts".to_owned(),
            }
        }
    };
    match console.reach.base_url(&record.crm_url) {
        Ok(base) => Ok(Redirect::to(&below(base.as_str(), &page)).into_response()),
        Err(_) => Ok(StatusCode::BAD_GATEWAY.into_response()),
    }
}
