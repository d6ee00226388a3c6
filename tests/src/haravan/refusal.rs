//! Why the simulator refuses a control call.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::ids::{CustomerId, OrderId, OrgId};
use crate::sim::control::{Invalid, refused};

/// Why a control call was refused; the text says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// no shop was seeded
    NoShop,
    /// no app was seeded
    NoApp,
    /// no such shop
    UnknownOrg(OrgId),
    /// no such app
    UnknownApp(String),
    /// no such order
    UnknownOrder(OrderId),
    /// no such customer
    UnknownCustomer(CustomerId),
    /// the app's webhook has not passed its challenge
    WebhookNotVerified,
    /// the request makes no sense, for this reason
    Invalid(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoShop => formatter.write_str("the seed has no org"),
            Self::NoApp => formatter.write_str("the seed has no app"),
            Self::UnknownOrg(org) => write!(formatter, "no org {org}"),
            Self::UnknownApp(app) => write!(formatter, "no app {app:?}"),
            Self::UnknownOrder(order) => write!(formatter, "no order {order}"),
            Self::UnknownCustomer(customer) => write!(formatter, "no customer {customer}"),
            Self::WebhookNotVerified => formatter.write_str("register the app's webhook first"),
            Self::Invalid(reason) => formatter.write_str(reason),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Invalid> for Refusal {
    fn from(Invalid(reason): Invalid) -> Self {
        Self::Invalid(reason)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::UnknownOrder(_) | Self::UnknownCustomer(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        refused(status, &self.to_string())
    }
}
