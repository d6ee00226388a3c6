//! Ids as they travel: text, for they exceed 2^53 (pages.md §2.6).

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(
            /// The text on the wire.
            pub String,
        );

        impl $name {
            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

id!(
    /// An Official Account, 19 digits.
    OaId
);
id!(
    /// A person who administers Official Accounts, 19 digits.
    AdminId
);
id!(
    /// A person who writes to or follows an Official Account, 19 digits.
    UserId
);
