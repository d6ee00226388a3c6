//! Why the simulator refuses a control call.

use super::ids::{AdminId, OaId};

/// Why a control call was refused; the text says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// no such account
    UnknownOa(OaId),
    /// no such person
    UnknownAdmin(AdminId),
    /// the request makes no sense, for this reason
    Invalid(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownOa(oa) => write!(formatter, "no account {oa:?}"),
            Self::UnknownAdmin(admin) => write!(formatter, "no person {admin:?}"),
            Self::Invalid(reason) => formatter.write_str(reason),
        }
    }
}

impl std::error::Error for Refusal {}
