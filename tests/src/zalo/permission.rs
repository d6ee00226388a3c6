//! What a permission request is and how it ends (pages.md §2.1, §2.3): the rules, without pages.

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::errors;
use super::faults::Fault;
use super::ids::{AdminId, OaId};
use super::state::State;

/// How a person's visit to the permission page ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// the browser is sent to the app
    Redirect {
        /// the redirect URI with the fields in its query
        location: String,
        /// `oa_id`, `code`, `state`, `code_challenge`; refused: `error`, `error_description`, `state`
        fields: Vec<(String, String)>,
        /// how often the browser opens it: 2 with [`Fault::CallbackTwice`], otherwise 1
        times: u32,
    },
    /// the person stays on a page of Zalo and the app hears nothing
    Page {
        /// such as −14003; nothing when the page only asks for what is missing
        error_code: Option<i64>,
        /// what the page says
        reason: String,
    },
}

impl Answer {
    /// One field of what the app is told.
    pub fn field(&self, name: &str) -> Option<&str> {
        let Self::Redirect { fields, .. } = self else { return None };
        fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Where the browser is sent.
    pub fn location(&self) -> Option<&str> {
        match self {
            Self::Redirect { location, .. } => Some(location),
            Self::Page { .. } => None,
        }
    }
}

/// What a person does on the permission page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// who logs in; when absent, the first person who administers `oa`
    pub admin: Option<AdminId>,
    /// the account picked
    pub oa: Option<OaId>,
    /// the box is ticked
    pub consent: bool,
    /// "Cho phép"; otherwise "Huỷ"
    pub allow: bool,
}

impl Choice {
    /// Picks this account, ticks the box, allows.
    pub fn allow(oa: impl Into<OaId>) -> Self {
        Self { admin: None, oa: Some(oa.into()), consent: true, allow: true }
    }

    /// Cancels.
    pub fn cancel() -> Self {
        Self::default()
    }

    /// The same, logged in as this person.
    pub fn by(self, admin: impl Into<AdminId>) -> Self {
        Self { admin: Some(admin.into()), ..self }
    }

    /// The same with the box left empty.
    pub fn without_consent(self) -> Self {
        Self { consent: false, ..self }
    }
}

/// A request of the app for one of its registered addresses.
#[derive(Clone, Debug)]
pub(super) struct PermissionRequest {
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub state: Option<String>,
    /// The query as it came.
    pub query: String,
}

impl PermissionRequest {
    /// # Errors
    /// The code of the page on which Zalo keeps the person.
    pub(super) fn read(state: &State, query: &str) -> Result<Self, i64> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let get = |name: &str| {
            let found = pairs.iter().find(|(key, value)| key == name && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        if get("app_id").as_deref() != Some(state.app.app_id.as_str()) {
            return Err(errors::APP_ID);
        }
        let redirect_uri = get("redirect_uri").filter(|uri| state.app.redirect_uris.contains(uri));
        Ok(Self {
            redirect_uri: redirect_uri.ok_or(errors::REDIRECT_URI)?,
            challenge: get("code_challenge"),
            state: get("state"),
            query: query.to_owned(),
        })
    }

    /// The end of a visit by this person: back to the app, or what the page says is missing.
    pub(super) fn decide(&self, state: &mut State, admin: &AdminId, choice: &Choice) -> Answer {
        if !choice.allow {
            return self.refused(state);
        }
        let missing = |reason: &str| Answer::Page { error_code: None, reason: reason.to_owned() };
        let Ok(person) = state.admin(admin) else { return missing("Hãy đăng nhập.") };
        let offered = state.offered_to(person);
        let chosen = offered.iter().find(|oa| Some(&oa.oa_id) == choice.oa.as_ref());
        let Some(oa) = chosen.map(|oa| oa.oa_id.clone()) else {
            return missing("Hãy chọn một Official Account mà bạn quản lý.");
        };
        if !choice.consent {
            return missing("Hãy đánh dấu đồng ý trước khi cho phép.");
        }
        if state.faults.take_one(&Fault::PermissionRefused) {
            return self.refused(state);
        }
        let code = state.give_code(&oa, self.challenge.clone());
        let other = state.oas.keys().find(|one| **one != oa).cloned();
        let told = other.filter(|_| state.faults.take_one(&Fault::CallbackOtherOa)).unwrap_or(oa);
        let fields = vec![("oa_id", told.0), ("code", code)];
        self.back(state, fields, self.challenge.clone())
    }

    /// The shape of a refusal is not documented; this one is assumed (zalo_permission_callbacks.json).
    fn refused(&self, state: &mut State) -> Answer {
        let fields =
            vec![("error", errors::DENIED.to_string()), ("error_description", "User denied".to_owned())];
        self.back(state, fields, None)
    }

    fn back(&self, state: &mut State, mut fields: Vec<(&str, String)>, challenge: Option<String>) -> Answer {
        if let Some(echo) = &self.state
            && !state.faults.take_one(&Fault::CallbackNoState)
        {
            fields.push(("state", echo.clone()));
        }
        if let Some(challenge) = challenge {
            fields.push(("code_challenge", challenge));
        }
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mark = if self.redirect_uri.contains('?') { '&' } else { '?' };
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let times = if state.faults.take_one(&Fault::CallbackTwice) { 2 } else { 1 };
        Answer::Redirect { location: format!("{}{mark}{query}", self.redirect_uri), fields, times }
    }
}
