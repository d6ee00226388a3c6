//! The token endpoint (pages.md §1.4, §1.5).

use serde_json::{Map, Value};

use crate::facebook::call::Call;
use crate::facebook::error::GraphError;
use crate::facebook::state::State;

pub(super) fn access_token(state: &mut State, call: &Call) -> Result<Value, GraphError> {
    if call.param("client_id") != Some(state.app.id.as_str()) {
        return Err(GraphError::usual(101, None));
    }
    if call.param("client_secret") != Some(state.app.secret.as_str()) {
        let error = GraphError::new(1, "Error validating client secret.");
        return Err(GraphError { status: 400, ..error });
    }
    match call.param("grant_type") {
        Some("fb_exchange_token") => exchange(state, call),
        None | Some("authorization_code") => redeem(state, call),
        Some(_) => Err(GraphError::new(100, "Invalid grant_type")),
    }
}

/// A long user token for one that still works.
fn exchange(state: &mut State, call: &Call) -> Result<Value, GraphError> {
    let presented = call.param("fb_exchange_token").unwrap_or_default();
    let known = state.tokens.get(presented).filter(|token| token.page.is_none());
    let known = known.ok_or_else(GraphError::malformed)?;
    if let Some(end) = state.ended(known) {
        return Err(end.error(&state.app.id));
    }
    let person = known.person;
    let issued = state.new_user_token(person, true);
    Ok(tokens(state, issued))
}

/// A short user token for a code, once.
fn redeem(state: &mut State, call: &Call) -> Result<Value, GraphError> {
    let presented = call.param("code").unwrap_or_default().to_owned();
    let known = state.codes.get(&presented).cloned();
    let known = known.ok_or_else(|| GraphError::new(100, "Invalid verification code format."))?;
    if known.used {
        return Err(GraphError::usual(100, Some(36_009)));
    }
    if known.expires_at <= state.now() {
        return Err(GraphError::usual(100, Some(36_007)));
    }
    if call.param("redirect_uri") != Some(known.redirect_uri.as_str()) {
        return Err(GraphError::usual(100, Some(36_008)));
    }
    if let Some(code) = state.codes.get_mut(&presented) {
        code.used = true;
    }
    let issued = state.new_user_token(known.person, false);
    Ok(tokens(state, issued))
}

fn tokens(state: &State, (token, seconds): (String, u64)) -> Value {
    let mut body = Map::new();
    body.insert("access_token".to_owned(), token.into());
    body.insert("token_type".to_owned(), "bearer".into());
    if state.settings.tell_expiry {
        body.insert("expires_in".to_owned(), seconds.into());
    }
    Value::Object(body)
}
