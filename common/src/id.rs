//! Typed identifiers, so that a tenant cannot be passed where a shop is wanted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier of the wanted kind. Carries no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {0}")]
pub struct InvalidId(&'static str);

/// A CRM customer of ours: 1 to 40 characters of `a-z`, `0-9` and `-`.
///
/// The alphabet keeps `#` out, which separates the parts of table keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

impl TenantId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let fits = (1..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidId("tenant id")) }
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> String {
        id.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! haravan_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                match text.parse::<i64>() {
                    Ok(number) if number > 0 => Ok(Self(number)),
                    _ => Err(InvalidId($what)),
                }
            }
        }
    };
}

haravan_id!(
    /// A Haravan organisation (shop); text in headers and tokens, a number in `shop.json` (haravan.md §7.8).
    OrgId,
    "organisation id"
);
haravan_id!(
    /// A Haravan order's API id, unique on the platform (haravan.md §3.2).
    OrderId,
    "order id"
);
haravan_id!(
    /// A Haravan customer's API id.
    CustomerId,
    "customer id"
);
haravan_id!(
    /// A person on a shop's staff (`user_id` of an order, haravan.md §3.12).
    StaffId,
    "staff id"
);

/// Longest identifier of a page, in digits: the longest met has 19.
const MAX_DIGITS: usize = 32;

macro_rules! digits_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        ///
        /// Digits, kept as text: the numbers may exceed 2^53, beyond which JSON's readers round.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let digits = (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
                if digits && !text.starts_with('0') { Ok(Self(text.to_owned())) } else { Err(InvalidId($what)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

digits_id!(
    /// A Facebook page (pages.md §1.7).
    PageId,
    "page id"
);
digits_id!(
    /// A person at Facebook as our app knows them: the app-scoped id (pages.md §1.6).
    FbUserId,
    "Facebook user id"
);
digits_id!(
    /// A Zalo Official Account (pages.md §2.6).
    OaId,
    "Official Account id"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_id_keeps_to_its_alphabet() {
        assert!("hat-mam-01".parse::<TenantId>().is_ok());
        for bad in ["", "Hat", "a#b", "a/b", "ä", " a", &"a".repeat(41)] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn haravan_ids_are_positive_numbers() {
        assert_eq!("200000987654".parse::<OrgId>(), Ok(OrgId(200_000_987_654)));
        for bad in ["", "0", "-1", "1.0", "x", "99999999999999999999"] {
            assert!(bad.parse::<OrgId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ids_of_pages_are_digits_of_any_size() {
        let oa: OaId = "4180000000000000001".parse().unwrap();
        assert_eq!(serde_json::to_string(&oa).unwrap(), "\"4180000000000000001\"");
        assert!(serde_json::from_str::<PageId>("\"104000000000001\"").is_ok());
        for bad in ["", "0", "01", "-1", "1.0", "1e3", "1/2", "1#2", " 1", "١", &"1".repeat(33)] {
            assert!(bad.parse::<PageId>().is_err(), "{bad:?}");
            assert!(bad.parse::<FbUserId>().is_err(), "{bad:?}");
            assert!(bad.parse::<OaId>().is_err(), "{bad:?}");
        }
    }
}
