//! Who calls.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use common::api_key::ApiKey;
use common::store::tenants::TenantRecord;

use super::problem::Problem;
use crate::Console;

/// The tenant whose API key came with the request.
pub(crate) struct Key(pub TenantRecord);

impl FromRequestParts<Arc<Console>> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Problem> {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, key) = given.and_then(|given| given.split_once(' ')).ok_or(Problem::unauthorized())?;
        let key = ApiKey::parse(key).filter(|_| scheme.eq_ignore_ascii_case("bearer"));
        let record = console.record_of(&key.ok_or(Problem::unauthorized())?).await?;
        record.map(Self).ok_or(Problem::unauthorized())
    }
}

/// The header that names the admin for whom the CRM calls.
const ADMIN_HEADER: &str = "x-admin-id";

/// Longest id of an admin, in bytes.
const MOST: usize = 200;

/// A CRM that calls for one of its admins.
pub(crate) struct Caller {
    /// The tenant's record as it is now.
    pub record: TenantRecord,
    /// The CRM's id of the admin.
    pub admin_id: String,
}

impl FromRequestParts<Arc<Console>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Problem> {
        let Key(record) = Key::from_request_parts(parts, console).await?;
        let given = parts.headers.get(ADMIN_HEADER).and_then(|value| value.to_str().ok());
        let admin_id = given.map(str::trim).filter(|id| !id.is_empty() && id.len() <= MOST);
        let Some(admin_id) = admin_id else {
            let (vi, en) = ("Thiếu X-Admin-Id.", "X-Admin-Id is missing.");
            return Err(Problem::new(StatusCode::BAD_REQUEST, "no_admin", "Bad request", vi, en));
        };
        Ok(Self { admin_id: admin_id.to_owned(), record })
    }
}
