//! What was granted, and taking it back (pages.md §1.6, §1.13).

use serde_json::{Value, json};

use super::access::Access;
use crate::facebook::error::GraphError;
use crate::facebook::ids::PersonId;
use crate::facebook::model::ScopeStatus;
use crate::facebook::state::State;

/// `GET /me/permissions`
pub(super) fn list(state: &State, access: &Access, id: &str) -> Result<Value, GraphError> {
    let person = person(state, access, id)?;
    let scopes = state.grants.get(&person).into_iter().flat_map(|grant| &grant.scopes);
    let rows = scopes.map(|(scope, status)| json!({"permission": scope, "status": status.text()}));
    Ok(json!({"data": rows.collect::<Vec<_>>()}))
}

/// `DELETE /{person}/permissions`: all of them, which removes the app, or one.
pub(super) fn delete(
    state: &mut State,
    access: &Access,
    id: &str,
    one: Option<&str>,
) -> Result<Value, GraphError> {
    let person = person(state, access, id)?;
    let Some(scope) = one else {
        state.remove_app(person);
        return Ok(json!({"success": true}));
    };
    let status = state.grants.get_mut(&person).and_then(|grant| grant.scopes.get_mut(scope));
    let status = status
        .ok_or_else(|| GraphError::new(100, format!("(#100) Invalid parameter: {scope} is not granted")))?;
    *status = ScopeStatus::Declined;
    Ok(json!({"success": true}))
}

/// The person a user token belongs to, or whom the app names.
fn person(state: &State, access: &Access, id: &str) -> Result<PersonId, GraphError> {
    match access {
        Access::App if id != "me" => {
            let person = id.parse().ok().filter(|person| state.people.contains_key(person));
            person.ok_or_else(|| GraphError::unknown_object(id))
        }
        _ => access.user(id).map(|(_, person)| person),
    }
}
