//! The answer of authorize (haravan.md §1.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::flow::Step;
use super::id_token::{AUTHORIZE, Beside, id_token};
use super::records::{Code, Grant, Session};
use super::request::{AuthorizeRequest, Mode};
use crate::haravan::faults::Fault;
use crate::haravan::ids::OrgId;
use crate::haravan::refusal::Refusal;
use crate::haravan::state::State;

/// How an authorize request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// the browser posts these fields, as a form, to the app
    FormPost {
        /// the redirect URI
        action: String,
        /// `code`, `id_token`, `scope`, `state`, `session_state`, or `error` and `state`
        fields: Vec<(String, String)>,
    },
    /// the browser is redirected to the app
    Redirect {
        /// the redirect URI with the fields in its query or fragment
        location: String,
        /// the fields
        fields: Vec<(String, String)>,
    },
    /// the person reads a page and the app hears nothing
    Page {
        /// OAuth error code
        error: String,
        /// what the page says
        reason: String,
    },
}

impl Answer {
    /// What the app is told, in order; nothing when it hears nothing.
    pub fn fields(&self) -> &[(String, String)] {
        match self {
            Self::FormPost { fields, .. } | Self::Redirect { fields, .. } => fields,
            Self::Page { .. } => &[],
        }
    }

    /// One field of what the app is told.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields().iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The fields as a browser posts them, `application/x-www-form-urlencoded`.
    pub fn form_body(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.fields()).finish()
    }
}

/// Gives the app what the step says; `None` while there is still something to ask.
pub(super) fn answer(
    state: &mut State,
    request: &AuthorizeRequest,
    session: Option<&Session>,
    step: &Step,
) -> Result<Option<Answer>, Refusal> {
    let fields = match (step, session) {
        (Step::Grant(org), Some(session)) => granted(state, request, session, *org)?,
        (Step::Deny, _) => denied(),
        (Step::Stop(error), _) => {
            return Ok(Some(Answer::Page { error: error.code.to_owned(), reason: error.reason.clone() }));
        }
        _ => return Ok(None),
    };
    let mut fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if let Some(echo) = &request.state
        && state.faults.take_at(AUTHORIZE, |fault| *fault == Fault::AuthorizeNoState).is_empty()
    {
        let last = fields.iter().position(|(name, _)| name == "session_state").unwrap_or(fields.len());
        fields.insert(last, ("state".to_owned(), echo.clone()));
    }
    Ok(Some(travelling(request, fields)))
}

type Fields = Vec<(&'static str, String)>;

fn denied() -> Fields {
    vec![("error", "access_denied".to_owned())]
}

fn granted(
    state: &mut State,
    request: &AuthorizeRequest,
    session: &Session,
    org: OrgId,
) -> Result<Fields, Refusal> {
    if state.faults.take_one(&Fault::AuthorizeAccessDenied) {
        return Ok(denied());
    }
    let elsewhere = request.installs() && state.faults.take_one(&Fault::AuthorizeOtherOrg);
    let grant = Grant {
        client_id: request.client_id.clone(),
        orgid: if elsewhere { state.other_org(org) } else { org },
        sub: session.sub,
        scopes: request.scopes.clone(),
        nonce: request.nonce.clone(),
        sid: session.sid.clone(),
        auth_time: session.auth_time,
    };
    let code = state.generator.hex(64);
    let mut fields = vec![("code", code.clone())];
    if request.hybrid {
        fields.push(("id_token", id_token(state, &grant, &Beside::Code(&code))?));
    }
    fields.push(("scope", request.scopes.join(" ")));
    fields.push(("session_state", session_state(state, request, session)));
    let (redirect_uri, issued_at) = (request.redirect_uri.clone(), state.now());
    state.accounts.codes.insert(code, Code { grant, redirect_uri, issued_at });
    Ok(fields)
}

/// `{base64url}.{hex}`, as OpenID Connect session management has it.
fn session_state(state: &mut State, request: &AuthorizeRequest, session: &Session) -> String {
    let salt = state.generator.hex(32);
    let origin = url::Url::parse(&request.redirect_uri).map(|url| url.origin().ascii_serialization());
    let origin = origin.unwrap_or_default();
    let hash = Sha256::digest(format!("{}{origin}{}{salt}", request.client_id, session.sid));
    format!("{}.{salt}", URL_SAFE_NO_PAD.encode(hash))
}

fn travelling(request: &AuthorizeRequest, fields: Vec<(String, String)>) -> Answer {
    let mark = match request.mode {
        Mode::FormPost => return Answer::FormPost { action: request.redirect_uri.clone(), fields },
        Mode::Query if request.redirect_uri.contains('?') => '&',
        Mode::Query => '?',
        Mode::Fragment => '#',
    };
    let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    Answer::Redirect { location: format!("{}{mark}{pairs}", request.redirect_uri), fields }
}
