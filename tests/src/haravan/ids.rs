//! The ids a test holds: an order's id cannot be passed for a customer's.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(
            /// The number on the wire.
            pub i64,
        );

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

id!(
    /// An organisation (a shop), 12 digits.
    OrgId
);
id!(
    /// An order, 10 digits.
    OrderId
);
id!(
    /// A customer, 10 digits.
    CustomerId
);
id!(
    /// A staff user, 10 or 12 digits.
    UserId
);
