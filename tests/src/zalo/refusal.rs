//! Why the simulator refuses a control call.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::ids::{AdminId, OaId};
use crate::sim::control::{Invalid, refused};

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

impl From<Invalid> for Refusal {
    fn from(Invalid(reason): Invalid) -> Self {
        Self::Invalid(reason)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::UnknownOa(_) | Self::UnknownAdmin(_) => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
        };
        refused(status, &self.to_string())
    }
}
