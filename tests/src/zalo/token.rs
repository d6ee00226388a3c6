//! `POST /v4/oa/access_token`: exchange and refresh (pages.md §2.4, §2.5).

use std::time::Duration;

use axum::body::Body;
use axum::extract::State as Extracted;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::errors::{APP_ID, CODE, GRANT_TYPE, REFRESH_TOKEN, SECRET_KEY, oauth_error};
use super::faults::Fault;
use super::log::Note;
use super::records::{LivePair, TokenKind};
use super::simulator::Simulator;
use super::state::{ACCESS_LIFETIME, State};

const BY_CODE: &str = "authorization_code";
const BY_REFRESH: &str = "refresh_token";

pub(super) async fn exchange(
    Extracted(simulator): Extracted<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::read(&headers, &body);
    let grant_type = form.known_grant_type();
    let (fault, oa) = {
        let mut state = simulator.state();
        let fault =
            state.faults.take_first(|switch| concerns_tokens(&switch.fault) && switch.is_at(grant_type));
        (fault, form.account(&state))
    };
    let note = Note { grant_type: Some(grant_type), oa, fault: fault.clone(), error: None };
    let usual = || answered(&mut simulator.state(), &form);
    let (response, error) = match fault {
        Some(Fault::Token500) => (internal_error(), None),
        Some(Fault::Token502Html { committed }) => {
            if committed {
                let _lost = usual();
            }
            (bad_gateway(), None)
        }
        Some(Fault::TokenLostAfterCommit) => {
            let _lost = usual();
            (broken_off(), None)
        }
        Some(Fault::TokenSlow { millis, committed: true }) => {
            let answer = usual();
            tokio::time::sleep(Duration::from_millis(millis)).await;
            answer
        }
        Some(Fault::TokenSlow { millis, committed: false }) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            usual()
        }
        Some(Fault::TokenError { code }) => {
            let style = simulator.state().settings.oauth_error;
            (json_response(&oauth_error(code, style)), Some(code))
        }
        _ => usual(),
    };
    let response = match &note.fault {
        Some(Fault::TokenNoRefreshToken) => without_refresh_token(response).await,
        _ => response,
    };
    with_note(response, Note { error, ..note })
}

fn concerns_tokens(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::TokenSlow { .. }
            | Fault::Token500
            | Fault::Token502Html { .. }
            | Fault::TokenLostAfterCommit
            | Fault::TokenNoRefreshToken
            | Fault::TokenError { .. }
    )
}

/// The form of a call, with the header that carries the secret.
struct Form {
    pairs: Vec<(String, String)>,
    secret: Option<String>,
}

impl Form {
    /// Another content type than that of forms leaves the form empty.
    fn read(headers: &HeaderMap, body: &[u8]) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let kind = text(CONTENT_TYPE.as_str()).and_then(|kind| kind.split(';').next()).unwrap_or_default();
        let is_form = kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let body = if is_form { body } else { b"" };
        Self {
            pairs: url::form_urlencoded::parse(body).into_owned().collect(),
            secret: text("secret_key").map(str::to_owned),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    fn known_grant_type(&self) -> &'static str {
        match self.get("grant_type") {
            Some(BY_CODE) => BY_CODE,
            Some(BY_REFRESH) => BY_REFRESH,
            _ => "other",
        }
    }

    /// The account the code or the token is or was of.
    fn account(&self, state: &State) -> Option<super::ids::OaId> {
        let by_code = self.get("code").and_then(|code| state.codes.get(code)).map(|code| &code.oa);
        let by_token = || state.owner_of(self.get("refresh_token")?, TokenKind::Refresh);
        by_code.or_else(by_token).cloned()
    }

    fn tokens(&self, state: &mut State) -> Result<LivePair, i64> {
        if self.get("app_id") != Some(state.app.app_id.as_str()) {
            return Err(APP_ID);
        }
        if self.secret.as_deref() != Some(state.app.app_secret.as_str()) {
            return Err(SECRET_KEY);
        }
        match self.known_grant_type() {
            BY_CODE => state.exchange(self.get("code").ok_or(CODE)?, self.get("code_verifier")),
            BY_REFRESH => state.refresh(self.get("refresh_token").ok_or(REFRESH_TOKEN)?),
            _ => Err(GRANT_TYPE),
        }
    }
}

/// The usual answer, and the error in it.
fn answered(state: &mut State, form: &Form) -> (Response, Option<i64>) {
    match form.tokens(state) {
        Ok(pair) => {
            let seconds = ACCESS_LIFETIME.as_secs();
            let numeric = state.settings.numeric_expires_in;
            let expires_in = if numeric { json!(seconds) } else { json!(seconds.to_string()) };
            let answer = json!({
                "access_token": pair.access_token,
                "refresh_token": pair.refresh_token,
                "expires_in": expires_in,
            });
            (json_response(&answer), None)
        }
        Err(code) => (json_response(&oauth_error(code, state.settings.oauth_error)), Some(code)),
    }
}

async fn without_refresh_token(response: Response) -> Response {
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
    let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Value::Object(fields) = &mut answer {
        fields.shift_remove("refresh_token");
    }
    json_response(&answer)
}

pub(super) fn with_note(mut response: Response, note: Note) -> Response {
    response.extensions_mut().insert(note);
    response
}

pub(super) fn json_response(body: &Value) -> Response {
    let kind = HeaderValue::from_static("application/json;charset=utf-8");
    (StatusCode::OK, [(CONTENT_TYPE, kind)], body.to_string()).into_response()
}

pub(super) fn internal_error() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
}

pub(super) fn bad_gateway() -> Response {
    let page = "<html><body>502 Bad Gateway</body></html>";
    (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], page).into_response()
}

/// Begins like an answer; then the connection breaks.
fn broken_off() -> Response {
    let cut = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "broken off on purpose");
    let pieces = [Ok(Bytes::from_static(b"{\"access_token\":\"ZSIM")), Err(cut)];
    let body = Body::from_stream(futures::stream::iter(pieces));
    (StatusCode::OK, [(CONTENT_TYPE, "application/json;charset=utf-8")], body).into_response()
}
