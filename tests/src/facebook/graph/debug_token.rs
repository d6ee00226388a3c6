//! Looking into a token (pages.md §1.12).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::access::Access;
use crate::facebook::call::Call;
use crate::facebook::error::GraphError;
use crate::facebook::faults::Fault;
use crate::facebook::model::{Grant, ScopeStatus};
use crate::facebook::state::State;
use crate::facebook::token::Token;
use crate::sim::clock::later;

/// How long the app may see a person's data after their last login.
const DATA_ACCESS: Duration = Duration::from_secs(90 * 86_400);

pub(super) fn inspect(state: &mut State, call: &Call) -> Result<Value, GraphError> {
    let developer = match state.access(call)? {
        Access::App => true,
        Access::User { person, .. } => state.people.get(&person).is_some_and(|person| person.developer),
        Access::Page { .. } => false,
    };
    if !developer {
        return Err(GraphError::new(
            100,
            "(#100) You must provide an app access token, or a user access token that is an owner or developer of the \
             app",
        ));
    }
    let input = call.param("input_token");
    let input = input.ok_or_else(|| GraphError::new(100, "(#100) The parameter input_token is required"))?;
    if input == state.app_token() {
        let app = &state.app;
        let data =
            json!({"app_id": app.id, "type": "APP", "application": app.name, "is_valid": true, "scopes": []});
        return Ok(json!({"data": data}));
    }
    let Some(token) = state.tokens.get(input).cloned() else {
        let error = json!({"code": 190, "message": "Invalid OAuth access token."});
        return Ok(json!({"data": {"error": error, "is_valid": false, "scopes": []}}));
    };
    let mut data = describe(state, &token);
    if state.faults.take_one(&Fault::DebugOtherApp) {
        data.insert("app_id".to_owned(), "2299229922992299".into());
        data.insert("application".to_owned(), "Ứng dụng khác".into());
    }
    if token.page.is_some() && state.faults.take_one(&Fault::DebugOtherPage) {
        data.insert("profile_id".to_owned(), "104000000999999".into());
    }
    Ok(json!({"data": data}))
}

fn describe(state: &State, token: &Token) -> Map<String, Value> {
    let mut data = Map::new();
    let mut put = |name: &str, value: Value| {
        data.insert(name.to_owned(), value);
    };
    put("app_id", state.app.id.clone().into());
    put("type", if token.page.is_some() { "PAGE" } else { "USER" }.into());
    put("application", state.app.name.clone().into());
    let expires_at = token.expires_at.map_or(0, Timestamp::as_second);
    let end = state.ended_everywhere(token);
    let grant = state.grants.get(&token.person).filter(|_| end.is_none());
    if let Some(end) = end {
        let error = end.error(&state.app.id);
        let mut row = json!({"code": error.code, "message": error.message});
        if let (Some(subcode), Value::Object(row)) = (error.subcode, &mut row) {
            row.insert("subcode".to_owned(), subcode.into());
        }
        put("error", row);
    } else if let Some(grant) = grant {
        put("data_access_expires_at", later(grant.logged_in_at, DATA_ACCESS).as_second().into());
    }
    put("expires_at", expires_at.into());
    put("is_valid", end.is_none().into());
    if end.is_none() {
        put("issued_at", token.issued_at.as_second().into());
    }
    if let Some(page) = token.page {
        put("profile_id", page.to_string().into());
    }
    put("scopes", grant.map(granted).unwrap_or_default().into());
    if let Some(grant) = grant {
        put("granular_scopes", granular(grant));
    }
    put("user_id", token.person.to_string().into());
    data
}

/// Permissions of pages first.
fn granted(grant: &Grant) -> Vec<String> {
    let granted = grant.scopes.iter().filter(|(_, status)| **status == ScopeStatus::Granted);
    let mut scopes: Vec<_> = granted.map(|(scope, _)| scope.clone()).collect();
    scopes.sort_by_key(|scope| !scope.starts_with("pages_"));
    scopes
}

/// Permissions of pages name the ticked ones; no `target_ids` is all there is.
fn granular(grant: &Grant) -> Value {
    let scopes = granted(grant).into_iter().filter(|scope| scope != "public_profile" && scope != "email");
    let rows = scopes.map(|scope| {
        if scope.starts_with("pages_") {
            json!({"scope": scope, "target_ids": grant.pages})
        } else {
            json!({"scope": scope})
        }
    });
    rows.collect()
}
