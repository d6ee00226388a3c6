//! Why the simulator refuses a control call.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::ids::{PageId, PersonId};
use crate::sim::control::{Invalid, refused};

/// Why a control call was refused; the text says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// no such person
    UnknownPerson(PersonId),
    /// no such page
    UnknownPage(PageId),
    /// the person has not let the app in
    NoGrant(PersonId),
    /// the request makes no sense, for this reason
    Invalid(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownPerson(person) => write!(formatter, "no person {person}"),
            Self::UnknownPage(page) => write!(formatter, "no page {page}"),
            Self::NoGrant(person) => write!(formatter, "{person} has not let the app in"),
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
            Self::UnknownPerson(_) | Self::UnknownPage(_) => StatusCode::NOT_FOUND,
            Self::NoGrant(_) | Self::Invalid(_) => StatusCode::BAD_REQUEST,
        };
        refused(status, &self.to_string())
    }
}
