//! The token endpoint (haravan.md §1.9, §1.10, §1.13).

use std::time::Duration;

use axum::body::Body;
use axum::extract::State as Extracted;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::id_token::{Beside, id_token};
use super::records::Grant;
use crate::haravan::clock::later;
use crate::haravan::faults::Fault;
use crate::haravan::refusal::Refusal;
use crate::haravan::rest::json_text;
use crate::haravan::simulator::Simulator;
use crate::haravan::state::{State, Token, TokenKind};

/// How long a code can be redeemed.
const CODE_LIFETIME: Duration = Duration::from_secs(300);

const CODE: &str = "authorization_code";
const REFRESH: &str = "refresh_token";

/// Why no tokens are given.
enum Refused {
    /// One of the codes of RFC 6749.
    Error(&'static str),
    /// The simulator cannot.
    Broken(Refusal),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Broken(refusal)
    }
}

/// What a fault makes of a call.
enum Fate {
    Usual,
    Instead(Response),
    HeldFirst(Duration),
    HeldAfter(Duration),
    LostAnswer(Response),
}

pub(super) async fn exchange(
    Extracted(simulator): Extracted<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::read(&headers, &body);
    let grant_type = form.known_grant_type();
    let fate = {
        let mut state = simulator.state();
        *state.accounts.token_calls.entry(grant_type.to_owned()).or_default() += 1;
        fate(&mut state, grant_type)
    };
    if let Fate::HeldFirst(pause) = fate {
        tokio::time::sleep(pause).await;
    }
    let usual = |simulator: &Simulator| answered(tokens(&mut simulator.state(), &form));
    match fate {
        Fate::Usual | Fate::HeldFirst(_) => usual(&simulator),
        Fate::Instead(response) => response,
        Fate::HeldAfter(pause) => {
            let response = usual(&simulator);
            tokio::time::sleep(pause).await;
            response
        }
        Fate::LostAnswer(response) => {
            let _lost = usual(&simulator);
            response
        }
    }
}

/// The one fault that decides this call; the others wait for the next.
fn fate(state: &mut State, grant_type: &str) -> Fate {
    let mut happens = |fault: Fault| !state.faults.take_at(grant_type, |one| *one == fault).is_empty();
    if happens(Fault::Token400) {
        return Fate::Instead(answered(Err(Refused::Error("invalid_grant"))));
    }
    if happens(Fault::Token500) {
        return Fate::Instead(server_error());
    }
    if happens(Fault::TokenHtml) {
        return Fate::Instead(html_page());
    }
    if happens(Fault::Token500AfterCommit) {
        return Fate::LostAnswer(server_error());
    }
    if happens(Fault::TokenLostAfterCommit) {
        return Fate::LostAnswer(broken_off());
    }
    let held = state.faults.take_at(grant_type, |one| matches!(one, Fault::TokenHeld { .. }));
    match held.first() {
        Some(Fault::TokenHeld { millis, committed: true }) => Fate::HeldAfter(Duration::from_millis(*millis)),
        Some(Fault::TokenHeld { millis, .. }) => Fate::HeldFirst(Duration::from_millis(*millis)),
        _ => Fate::Usual,
    }
}

/// The form of a call, with the client's credentials from either place.
struct Form {
    pairs: Vec<(String, String)>,
    basic: Option<(String, String)>,
    is_form: bool,
}

impl Form {
    fn read(headers: &HeaderMap, body: &[u8]) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let kind = text(CONTENT_TYPE).and_then(|kind| kind.split(';').next()).unwrap_or_default();
        let basic = text(AUTHORIZATION).and_then(|value| value.strip_prefix("Basic ")).and_then(|encoded| {
            let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
            let (id, secret) = pair.split_once(':')?;
            Some((id.to_owned(), secret.to_owned()))
        });
        Self {
            pairs: url::form_urlencoded::parse(body).into_owned().collect(),
            basic,
            is_form: kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    fn known_grant_type(&self) -> &'static str {
        match self.get("grant_type") {
            Some(CODE) => CODE,
            Some(REFRESH) => REFRESH,
            _ => "other",
        }
    }

    fn client(&self) -> Option<(&str, &str)> {
        let basic = self.basic.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str()));
        basic.or_else(|| Some((self.get("client_id")?, self.get("client_secret")?)))
    }
}

/// Gives tokens for what the form holds.
fn tokens(state: &mut State, form: &Form) -> Result<Value, Refused> {
    if !form.is_form {
        return Err(Refused::Error("invalid_request"));
    }
    let (client_id, secret) = form.client().ok_or(Refused::Error("invalid_client"))?;
    if !state.app(client_id).is_ok_and(|app| app.client_secret == secret) {
        return Err(Refused::Error("invalid_client"));
    }
    match form.known_grant_type() {
        CODE => {
            let code = form.get("code").ok_or(Refused::Error("invalid_request"))?;
            let grant = redeem(state, client_id, code, form.get("redirect_uri"))?;
            let refresh = grant.has("offline_access").then(|| state.new_refresh_token(&grant));
            state.issue(&grant, CODE, refresh)
        }
        REFRESH => {
            let presented = form.get("refresh_token").ok_or(Refused::Error("invalid_request"))?;
            let known = state.accounts.refresh_tokens.get(presented).cloned();
            let grant = known.filter(|grant| grant.client_id == client_id);
            let grant = grant.ok_or(Refused::Error("invalid_grant"))?;
            let refresh = if state.accounts.settings.rotate_refresh_tokens {
                state.accounts.refresh_tokens.remove(presented);
                state.new_refresh_token(&grant)
            } else {
                presented.to_owned()
            };
            state.issue(&grant, REFRESH, Some(refresh))
        }
        _ => Err(Refused::Error("unsupported_grant_type")),
    }
}

/// A code works once: a wrong redirect URI uses it up, another client's attempt does not.
fn redeem(
    state: &mut State,
    client_id: &str,
    code: &str,
    redirect_uri: Option<&str>,
) -> Result<Grant, Refused> {
    let invalid = || Refused::Error("invalid_grant");
    let known = state.accounts.codes.get(code).filter(|known| known.grant.client_id == client_id);
    let known = known.cloned().ok_or_else(invalid)?;
    state.accounts.codes.remove(code);
    let in_time = state.now() < later(known.issued_at, CODE_LIFETIME);
    let same_place = redirect_uri == Some(known.redirect_uri.as_str());
    if in_time && same_place { Ok(known.grant) } else { Err(invalid()) }
}

impl State {
    fn new_refresh_token(&mut self, grant: &Grant) -> String {
        let token = self.generator.hex(64);
        self.accounts.refresh_tokens.insert(token.clone(), grant.clone());
        token
    }

    /// The answer of haravan.md §1.9 for a grant; the access token works from here on.
    fn issue(&mut self, grant: &Grant, grant_type: &str, refresh: Option<String>) -> Result<Value, Refused> {
        let access_token = self.generator.hex(64);
        let settings = &self.accounts.settings;
        let (kind, expires_in) = if grant.has("grant_service") {
            (TokenKind::Install, settings.install_expires_in)
        } else {
            (TokenKind::User, settings.user_expires_in)
        };
        let token = Token {
            kind,
            sub: Some(grant.sub),
            expires_at: Some(later(self.now(), Duration::from_secs(expires_in.into()))),
            ..Token::installed(grant.client_id.clone(), grant.orgid, grant.scopes.clone())
        };
        self.tokens.insert(access_token.clone(), token);
        let mut left_out = |fault: Fault| !self.faults.take_at(grant_type, |one| *one == fault).is_empty();
        let refresh = refresh.filter(|_| !left_out(Fault::TokenNoRefreshToken));
        let without_id_token = left_out(Fault::TokenNoIdToken);
        let mut answer = serde_json::Map::new();
        if !without_id_token {
            let beside = Beside::AccessToken(&access_token, grant_type);
            answer.insert("id_token".to_owned(), id_token(self, grant, &beside)?.into());
        }
        answer.insert("access_token".to_owned(), access_token.into());
        answer.insert("expires_in".to_owned(), expires_in.into());
        answer.insert("token_type".to_owned(), "Bearer".into());
        answer.insert("scope".to_owned(), grant.scopes.join(" ").into());
        if let Some(refresh) = refresh {
            answer.insert("refresh_token".to_owned(), refresh.into());
        }
        Ok(Value::Object(answer))
    }
}

fn answered(outcome: Result<Value, Refused>) -> Response {
    let mut response = match outcome {
        Ok(tokens) => json_text(StatusCode::OK, tokens.to_string()),
        Err(Refused::Error(code)) => json_text(StatusCode::BAD_REQUEST, json!({"error": code}).to_string()),
        Err(Refused::Broken(refusal)) => {
            tracing::error!(%refusal, "the simulated accounts server could not give tokens");
            server_error()
        }
    };
    let no_store = "no-store, no-cache, max-age=0";
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(no_store));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

fn server_error() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
}

fn html_page() -> Response {
    let page = "<!DOCTYPE html><html><body><h1>Hệ thống đang bảo trì</h1></body></html>";
    (StatusCode::OK, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// Begins like an answer; then the connection breaks.
fn broken_off() -> Response {
    let cut = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "broken off on purpose");
    let pieces = [Ok(Bytes::from_static(b"{\"id_token\":\"eyJ")), Err(cut)];
    let body = Body::from_stream(futures::stream::iter(pieces));
    (StatusCode::OK, [(CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}
