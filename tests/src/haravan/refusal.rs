//! Why the simulator refuses a control call.

use super::ids::{CustomerId, OrderId, OrgId};

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
