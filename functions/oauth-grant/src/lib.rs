//! The second step of connecting a Haravan shop (haravan.md §1.6): the shop's own token, and what follows from it.
//!
//! The callback is checked by the rules of the first step, and must be by the same person for the same shop. Then: the
//! shop says its own id with the new token, the tokens are sealed and stored in one transaction with the shop's claim,
//! and the webhooks are switched on. A shop of another tenant's changes nothing here. Webhooks that cannot be switched on
//! do not undo the connection: the person is told, and upkeep tries again.

mod install;
mod page;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use common::attempt::Attempt;
use common::connect::Connecting;
use common::connect::flow::Step;
use common::form::Fields;
use common::haravan::admin::Admin;
use common::haravan::subscription::Subscription;

/// The function's name in logs.
pub const FUNCTION: &str = "oauth-grant";

/// What the second step works with.
pub struct Grant {
    /// What both steps work with.
    pub connecting: Connecting,
    /// Haravan's Admin REST.
    pub admin: Admin,
    /// Haravan's webhook control.
    pub subscription: Subscription,
}

/// `GET` and `POST /api/haravan/grandservice`. Other methods get 405 from the router.
pub fn router(grant: Arc<Grant>) -> Router {
    Router::new().route(Step::Install.path(), get(visit).post(posted)).with_state(grant)
}

async fn visit(State(grant): State<Arc<Grant>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let mut attempt = Attempt::of(&headers);
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let answer = install::answered(&grant, &fields, &headers, &mut attempt).await;
    answer.unwrap_or_else(|refusal| grant.connecting.refuse(&attempt, &refusal))
}

/// As for the first step, Haravan's form may name no origin.
async fn posted(State(grant): State<Arc<Grant>>, headers: HeaderMap, body: Body) -> Response {
    let mut attempt = Attempt::of(&headers);
    let answer = match Fields::posted(&headers, body).await {
        Ok(fields) => install::answered(&grant, &fields, &headers, &mut attempt).await,
        Err(unreadable) => Err(unreadable.into()),
    };
    answer.unwrap_or_else(|refusal| grant.connecting.refuse(&attempt, &refusal))
}
