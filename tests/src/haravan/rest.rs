//! The Admin REST API below `/com` (haravan.md §5): who may ask, how often, and what each address answers.

use axum::Router;
use axum::extract::{Path, RawQuery, State as Extracted};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::bucket::{Bucket, SIZE};
use super::customer_body::customer_node;
use super::faults::Fault;
use super::ids::OrgId;
use super::listing::{self, Listing, Unreadable};
use super::order_body::{order_node, transaction_list};
use super::seed::Plan;
use super::shop_body::{location_node, shop_node, user_node};
use super::simulator::Simulator;
use super::state::{Shop, State, Token};
use super::style::{BodyStyle, KeySet};
use super::text::{Node, object};

const CALL_LIMIT: &str = "X-Haravan-Api-Call-Limit";

/// Why an address does not answer 200.
enum Refused {
    NotFound,
    Forbidden,
    Unreadable(Unreadable),
}

impl From<Unreadable> for Refused {
    fn from(reason: Unreadable) -> Self {
        Self::Unreadable(reason)
    }
}

pub(super) fn router() -> Router<Simulator> {
    Router::new()
        .route("/shop.json", get(shop))
        .route("/orders.json", get(orders))
        .route("/orders/count.json", get(order_count))
        .route("/orders/{id}", get(order))
        .route("/orders/{id}/transactions.json", get(transactions))
        .route("/customers.json", get(customers))
        .route("/customers/search.json", get(customer_search))
        .route("/customers/count.json", get(customer_count))
        .route("/customers/{id}", get(customer))
        .route("/users.json", get(users))
        .route("/users/{id}", get(user))
        .route("/locations.json", get(locations))
        .route("/locations/{id}", get(location))
        .fallback(nowhere)
}

async fn shop(Extracted(simulator): Extracted<Simulator>, headers: HeaderMap) -> Response {
    answer(&simulator, &headers, "shop", |shop, _| Ok(object([("shop", shop_node(&shop.facts))])))
}

async fn orders(
    Extracted(simulator): Extracted<Simulator>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    answer_list(&simulator, &headers, "orders", query, |shop, listing| {
        let rows = listing.orders(shop).into_iter().map(|order| order_node(order, KeySet::Rest));
        Ok(object([("orders", listing.chosen_fields(rows))]))
    })
}

async fn order_count(
    Extracted(simulator): Extracted<Simulator>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    answer_list(&simulator, &headers, "orders", query, |shop, listing| Ok(count(listing.count_orders(shop))))
}

async fn order(
    Extracted(simulator): Extracted<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(&simulator, &headers, "orders", |shop, _| {
        let order = file_id(&id).and_then(|id| shop.orders.get(&id)).ok_or(Refused::NotFound)?;
        Ok(object([("order", order_node(order, KeySet::Rest))]))
    })
}

async fn transactions(
    Extracted(simulator): Extracted<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(&simulator, &headers, "orders", |shop, _| {
        let order = id.parse().ok().and_then(|id: i64| shop.orders.get(&id)).ok_or(Refused::NotFound)?;
        Ok(transaction_list(order))
    })
}

async fn customers(
    Extracted(simulator): Extracted<Simulator>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    answer_list(&simulator, &headers, "customers", query, |shop, listing| {
        let rows = listing.customers(shop).into_iter().map(|customer| customer_node(customer, KeySet::Rest));
        Ok(object([("customers", listing.chosen_fields(rows))]))
    })
}

async fn customer_search(
    Extracted(simulator): Extracted<Simulator>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    answer_list(&simulator, &headers, "customers", query, |shop, listing| {
        let found = listing.search_customers(shop).into_iter();
        let rows = found.map(|customer| customer_node(customer, KeySet::Rest));
        Ok(object([("customers", listing.chosen_fields(rows))]))
    })
}

async fn customer_count(
    Extracted(simulator): Extracted<Simulator>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    answer_list(&simulator, &headers, "customers", query, |shop, listing| {
        Ok(count(listing.count_customers(shop)))
    })
}

async fn customer(
    Extracted(simulator): Extracted<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(&simulator, &headers, "customers", |shop, _| {
        let customer = file_id(&id).and_then(|id| shop.customers.get(&id)).ok_or(Refused::NotFound)?;
        Ok(object([("customer", customer_node(customer, KeySet::Rest))]))
    })
}

async fn users(Extracted(simulator): Extracted<Simulator>, headers: HeaderMap) -> Response {
    answer(&simulator, &headers, "shop", |shop, _| {
        let users = plus_only(shop)?.facts.users.iter().map(user_node);
        Ok(object([("users", Node::List(users.collect()))]))
    })
}

async fn user(
    Extracted(simulator): Extracted<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(&simulator, &headers, "shop", |shop, _| {
        let users = &plus_only(shop)?.facts.users;
        let user = users.iter().find(|user| file_id(&id) == Some(user.id.0)).ok_or(Refused::NotFound)?;
        Ok(object([("user", user_node(user))]))
    })
}

async fn locations(Extracted(simulator): Extracted<Simulator>, headers: HeaderMap) -> Response {
    answer(&simulator, &headers, "shop", |shop, _| {
        let list = shop.facts.locations.iter().enumerate();
        let list = list.map(|(place, location)| location_node(location, place == 0)).collect();
        Ok(object([("locations", Node::List(list))]))
    })
}

async fn location(
    Extracted(simulator): Extracted<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(&simulator, &headers, "shop", |shop, _| {
        let mut list = shop.facts.locations.iter().enumerate();
        let found = list.find(|(_, location)| file_id(&id) == Some(location.id));
        let (place, location) = found.ok_or(Refused::NotFound)?;
        Ok(object([("location", location_node(location, place == 0))]))
    })
}

async fn nowhere() -> Response {
    limited(json_text(StatusCode::NOT_FOUND, json!({"errors": "Not Found"}).to_string()), 0)
}

/// Answers a list: reads the query and lets rows drift between pages under [`Fault::RestPageDrift`].
fn answer_list(
    simulator: &Simulator,
    headers: &HeaderMap,
    area: &str,
    query: Option<String>,
    list: impl FnOnce(&Shop, &Listing) -> Result<Node, Refused>,
) -> Response {
    let query = query.unwrap_or_default();
    guarded(simulator, headers, area, |state, org| {
        let in_utc = state.faults.take_one(&Fault::RestDatesInUtc);
        let listing = Listing::read(&query, in_utc)?;
        if listing.page > 1 && state.faults.take_one(&Fault::RestPageDrift) {
            listing::drift(state, org, &listing, area == "orders");
        }
        let shop = state.shops.get(&org).ok_or(Refused::NotFound)?;
        list(shop, &listing)
    })
}

fn answer(
    simulator: &Simulator,
    headers: &HeaderMap,
    area: &str,
    find: impl FnOnce(&Shop, &State) -> Result<Node, Refused>,
) -> Response {
    guarded(simulator, headers, area, |state, org| {
        let shop = state.shops.get(&org).ok_or(Refused::NotFound)?;
        find(shop, state)
    })
}

/// What holds for every address: faults, content type, token, bucket, scope.
fn guarded(
    simulator: &Simulator,
    headers: &HeaderMap,
    area: &str,
    act: impl FnOnce(&mut State, OrgId) -> Result<Node, Refused>,
) -> Response {
    let mut state = simulator.state();
    if state.faults.take_one(&Fault::Rest502Html) {
        return limited(bad_gateway(), 0);
    }
    if state.faults.take_one(&Fault::Rest429) {
        return too_many();
    }
    let token = bearer(headers).and_then(|token| state.live_token(token)).cloned();
    let token = token.filter(|_| !state.faults.take_one(&Fault::Rest401Empty));
    let Some(token) = token else {
        let mut response = limited(StatusCode::UNAUTHORIZED.into_response(), 0);
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return response;
    };
    let Some(level) = pour(&mut state, &token) else {
        return too_many();
    };
    if !is_json(headers) {
        let reason = "Content-Type must be application/json";
        return limited(json_text(StatusCode::BAD_REQUEST, json!({"errors": reason}).to_string()), level);
    }
    let outcome = if token.may_read(area) { act(&mut state, token.orgid) } else { Err(Refused::Forbidden) };
    limited(
        outcome.map_or_else(refusal, |node| json_text(StatusCode::OK, node.text(&BodyStyle::rest()))),
        level,
    )
}

fn refusal(refused: Refused) -> Response {
    let (status, body) = match refused {
        Refused::NotFound => (StatusCode::NOT_FOUND, json!({"errors": "Not Found"})),
        Refused::Forbidden => (StatusCode::FORBIDDEN, json!({"errors": ["Access denied"]})),
        Refused::Unreadable(reason) => {
            (StatusCode::UNPROCESSABLE_ENTITY, json!({"errors": {reason.key: [reason.text]}}))
        }
    };
    json_text(status, body.to_string())
}

fn pour(state: &mut State, token: &Token) -> Option<u32> {
    let now = state.now();
    let key = (token.orgid, token.client_id.clone());
    state.buckets.entry(key).or_insert_with(|| Bucket::new(now)).pour(now)
}

fn too_many() -> Response {
    let body =
        json!({"errors": "Exceeded 4 calls per second for api client. Reduce request rates to resume."});
    let mut response = limited(json_text(StatusCode::TOO_MANY_REQUESTS, body.to_string()), SIZE);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2.0"));
    response
}

fn bad_gateway() -> Response {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway\
                </h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
    (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], page).into_response()
}

fn limited(mut response: Response, level: u32) -> Response {
    if let Ok(value) = HeaderValue::try_from(format!("{level}/{SIZE}")) {
        response.headers_mut().insert(CALL_LIMIT, value);
    }
    response
}

fn plus_only(shop: &Shop) -> Result<&Shop, Refused> {
    if shop.facts.plan == Plan::Plus { Ok(shop) } else { Err(Refused::Forbidden) }
}

fn count(rows: usize) -> Node {
    object([("count", i64::try_from(rows).unwrap_or(i64::MAX).into())])
}

/// The number of `1791400031.json`.
fn file_id(name: &str) -> Option<i64> {
    name.strip_suffix(".json")?.parse().ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// The token of `Authorization: Bearer …`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// An answer of JSON text.
pub(super) fn json_text(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}
