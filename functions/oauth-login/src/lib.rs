//! The first step of connecting a Haravan shop (haravan.md §1.5, §1.14): who is it, and for which shop.
//!
//! One path serves three kinds of visit, because Haravan knows one address for them: the admin who comes from the console
//! with a ticket, Haravan's answer (posted or in the query), and a person who opens the app in the shop's admin. The
//! last proves a shop at most and names no tenant: it is never a login, only a hint to start from the CRM.

mod callback;
mod launch;
mod start;

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
use common::connect::refusal::Refusal;
use common::form::Fields;

/// The function's name in logs.
pub const FUNCTION: &str = "oauth-login";

/// `GET` and `POST /api/haravan/login`. Other methods get 405 from the router.
pub fn router(login: Arc<Connecting>) -> Router {
    Router::new().route(Step::Login.path(), get(visit).post(posted)).with_state(login)
}

async fn visit(
    State(login): State<Arc<Connecting>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut attempt = Attempt::of(&headers);
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let answer = route(&login, &fields, &headers, &mut attempt).await;
    answer.unwrap_or_else(|refusal| login.refuse(&attempt, &refusal))
}

/// Haravan's form comes from another site and may name no origin (haravan.md §1.7): the state and the cookie say
/// whether it is to be believed.
async fn posted(State(login): State<Arc<Connecting>>, headers: HeaderMap, body: Body) -> Response {
    let mut attempt = Attempt::of(&headers);
    let answer = match Fields::posted(&headers, body).await {
        Ok(fields) => callback::answered(&login, &fields, &headers, &mut attempt).await,
        Err(unreadable) => Err(unreadable.into()),
    };
    answer.unwrap_or_else(|refusal| login.refuse(&attempt, &refusal))
}

async fn route(
    login: &Connecting,
    fields: &Fields,
    headers: &HeaderMap,
    attempt: &mut Attempt,
) -> Result<Response, Refusal> {
    for name in ["state", "code", "id_token", "error"] {
        if fields.get(name)?.is_some() {
            return callback::answered(login, fields, headers, attempt).await;
        }
    }
    match fields.get("ticket")? {
        Some(ticket) => start::started(login, ticket, headers, attempt).await,
        None => Ok(launch::opened(attempt)),
    }
}
