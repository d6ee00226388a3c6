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

/// `{}` stands for one path segment.
const TABLE: &[(&str, &str, Handler)] = &[
    ("POST", "/api/v6.1/account", account_writes::create),
    ("PUT", "/api/v6.1/account", account_writes::update),
    ("DELETE", "/api/v6.1/account", account_writes::delete),
    ("GET", "/api/v6.1/account", account_reads::one),
    ("POST", "/api/v6.1/account/restore", account_writes::restore),
    ("PUT", "/api/v6.1/account/change_account_manager", account_writes::change_manager),
    ("GET", "/api/v6.1/account/custom_fields", settings_lists::custom_fields),
    ("GET", "/api/v6.1/accounts", account_reads::list),
    ("GET", "/api/v6.1/accounts/sync", account_reads::sync),
    ("GET", "/api/v6.1/account_sources", settings_lists::account_sources),
    ("GET", "/api/v6.1/account_types", settings_lists::account_types),
    ("GET", "/api/v6.1/users", users::list),
    ("GET", "/api/v6.1/user", users::one),
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
    ("POST", "/api/v6.1/sale_order_payment/point", payments::point),
    ("GET", "/api/v6/accounts", account_reads::list_v6),
    ("POST", "/api/v6/accounts", v6::create_account),
    ("GET", "/api/v6/accounts/sources", settings_lists::account_sources),
    ("GET", "/api/v6/users", users::list),
    ("GET", "/api/v6/products", products::list),
    ("GET", "/api/v6/payment_methods", settings_lists::payment_methods),
    ("GET", "/api/v6/sale_orders", order_reads::list_v6),
    ("POST", "/api/v6/sale_orders", v6::create_order),
    ("POST", "/api/v6/sale_orders/{}/paid", v6::pay_order),
    ("GET", "/api/v3/accounts", v3::accounts),
    ("POST", "/api/v3/account", v3::create_account),
    ("GET", "/api/v3/account", v3::account_by_code),
    ("GET", "/api/v3/account/{}", v3::account),
    ("POST", "/api/v3/account/{}/restore", v3::restore_account),
    ("POST", "/api/v3/orders", v3::create_order),
    ("GET", "/api/v3/orders", v3::orders),
    ("POST", "/api/v3/orders/approve", v3::approve_order_by_code),
    ("POST", "/api/v3/orders/paid", v3::pay_order),
    ("GET", "/api/v3/orders/detail", v3::order_by_id),
    ("GET", "/api/v3/orders/{}", v3::order),
];

/// Looks the call up; a plain path wins over one with a `{}` because it stands first.
pub(super) fn find(method: &Method, path: &str) -> Route {
    let mut path_known = false;
    for (wanted, pattern, handler) in TABLE {
        if fits(pattern, path) {
            if *wanted == method.as_str() {
                return Route::Found(*handler);
            }
            path_known = true;
        }
    }
    if path_known { Route::WrongMethod } else { Route::Missing }
}

fn fits(pattern: &str, path: &str) -> bool {
    if !pattern.contains("{}") {
        return pattern == path;
    }
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || (wanted == "{}" && !given.is_empty()) => {}
            _ => return false,
        }
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
        assert!(matches!(find(&Method::POST, "/api/v6/sale_orders/5501/paid"), Route::Found(_)));
        assert!(matches!(find(&Method::POST, "/api/v6/sale_orders//paid"), Route::Missing));
        assert!(matches!(find(&Method::GET, "/"), Route::Missing));
    }
}
