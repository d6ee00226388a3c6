//! Which handler answers which method and path; one folder entry per subject of the protocol.

mod account_draft;
mod account_reads;
mod account_writes;
mod order_changes;
mod order_head;
mod order_lines;
mod order_reads;
mod order_writes;
mod payments;
mod products;
mod settings_lists;
mod users;
mod v3;
mod v6;

pub(super) use account_writes::{delete_by_code, seed};

use axum::http::Method;

use super::call::Call;
use super::reply::Outcome;
use super::state::State;

/// Answers one call on the locked state.
pub(super) type Handler = fn(&mut State, &Call) -> Outcome;

/// What the table says about a call.
pub(super) enum Route {
    Found(Handler),
    /// The path exists, with other methods.
    WrongMethod,
    Missing,
}

/// Those the product or a public client uses, and those by which a person in the CRM changes its records.
const TABLE: &[(&str, &str, Handler)] = &[
    ("POST", "/api/v6.1/account", account_writes::create),
    ("PUT", "/api/v6.1/account", account_writes::update),
    ("DELETE", "/api/v6.1/account", account_writes::delete),
    ("GET", "/api/v6.1/account", account_reads::one),
    ("POST", "/api/v6.1/account/restore", account_writes::restore),
    ("PUT", "/api/v6.1/account/change_account_manager", account_writes::change_manager),
    ("GET", "/api/v6.1/account/custom_fields", settings_lists::custom_fields),
    ("GET", "/api/v6.1/accounts", account_reads::list),
    ("GET", "/api/v6.1/account_sources", settings_lists::account_sources),
    ("GET", "/api/v6.1/account_types", settings_lists::account_types),
    ("GET", "/api/v6.1/users", users::list),
    ("POST", "/api/v6.1/product", products::create),
    ("GET", "/api/v6.1/product", products::one),
    ("GET", "/api/v6.1/products", products::list),
    ("POST", "/api/v6.1/sale_order", order_writes::create),
    ("PUT", "/api/v6.1/sale_order", order_changes::update),
    ("DELETE", "/api/v6.1/sale_order", order_changes::delete),
    ("GET", "/api/v6.1/sale_order", order_reads::one),
    ("PUT", "/api/v6.1/sale_order/approve", order_changes::approve),
    ("PUT", "/api/v6.1/sale_order/cancel", order_changes::cancel),
    ("GET", "/api/v6.1/sale_orders", order_reads::list),
    ("POST", "/api/v6.1/sale_order_payment/direct", payments::direct),
    ("POST", "/api/v6.1/sale_order_payment/fund", payments::fund),
    ("GET", "/api/v6/accounts", account_reads::list_v6),
    ("GET", "/api/v6/products", products::list),
    ("GET", "/api/v6/payment_methods", settings_lists::payment_methods),
    ("GET", "/api/v6/sale_orders", order_reads::list_v6),
    ("POST", "/api/v6/sale_orders", v6::create_order),
    ("POST", "/api/v3/account", v3::create_account),
    ("POST", "/api/v3/orders", v3::create_order),
];

/// Looks the call up.
pub(super) fn find(method: &Method, path: &str) -> Route {
    let mut known = TABLE.iter().filter(|(_, known, _)| *known == path).peekable();
    let path_known = known.peek().is_some();
    match known.find(|(wanted, _, _)| *wanted == method.as_str()) {
        Some((_, _, handler)) => Route::Found(*handler),
        None if path_known => Route::WrongMethod,
        None => Route::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_finds_its_route_or_learns_why_not() {
        assert!(matches!(find(&Method::POST, "/api/v6.1/account"), Route::Found(_)));
        assert!(matches!(find(&Method::PATCH, "/api/v6.1/account"), Route::WrongMethod));
        assert!(matches!(find(&Method::GET, "/api/v6.1/payment_methods"), Route::Missing));
        assert!(matches!(find(&Method::GET, "/"), Route::Missing));
    }
}
