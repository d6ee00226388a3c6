//! What can be made to go wrong, and how often still.

use serde::{Deserialize, Serialize};

/// Something that goes wrong once it is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// "Cho phép" ends as a refusal
    PermissionRefused,
    /// the callback has no `state`
    CallbackNoState,
    /// the callback names another `oa_id` than the code stands for
    CallbackOtherOa,
    /// the browser opens the callback twice: an image and a reload of the same address, on one page
    CallbackTwice,
    /// the token endpoint answers late; where it has not acted before the wait, it never does for a client that went away
    TokenSlow {
        /// milliseconds; choose more than the client waits
        millis: u64,
        /// what was asked is done before the wait, not after it
        #[serde(default)]
        committed: bool,
    },
    /// the token endpoint answers 500 and does nothing
    #[serde(rename = "token_500")]
    Token500,
    /// the token endpoint answers 502 with an HTML page
    #[serde(rename = "token_502_html")]
    Token502Html {
        /// what was asked is done all the same
        #[serde(default)]
        committed: bool,
    },
    /// the token endpoint does what it is asked, a rotation included, and the connection breaks before the
    /// answer is whole
    TokenLostAfterCommit,
    /// the token endpoint does what it is asked and leaves `refresh_token` out of the answer
    TokenNoRefreshToken,
    /// the token endpoint answers this code and does nothing
    TokenError {
        /// such as −14014
        code: i64,
    },
    /// `getoa` answers late
    ApiSlow {
        /// milliseconds
        millis: u64,
    },
    /// `getoa` answers 500
    #[serde(rename = "api_500")]
    Api500,
    /// `getoa` answers 502 with an HTML page
    #[serde(rename = "api_502_html")]
    Api502Html,
    /// `getoa` answers this code
    ApiError {
        /// such as −216
        code: i64,
    },
    /// `getoa` answers −32: too many calls of the app
    ApiAppLimit,
    /// `getoa` answers −32: too many calls for the account
    ApiOaLimit,
    /// the event's signature fits nothing
    WebhookBadMac,
    /// the event has no signature
    WebhookNoSignature,
    /// the event is sent twice
    WebhookTwice,
}

/// A fault that is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// what goes wrong
    pub fault: Fault,
    /// how often still; until cleared when absent
    #[serde(default)]
    pub times: Option<u32>,
    /// of the faults of the token endpoint: only on this grant type (`authorization_code`, `refresh_token`)
    #[serde(default)]
    pub grant_type: Option<String>,
}

impl Switch {
    /// Until cleared.
    pub fn standing(fault: Fault) -> Self {
        Self { fault, times: None, grant_type: None }
    }

    /// The next `times` times it applies.
    pub fn next(fault: Fault, times: u32) -> Self {
        Self { fault, times: Some(times), grant_type: None }
    }

    /// The same on calls of this grant type alone.
    pub fn on(mut self, grant_type: &str) -> Self {
        self.grant_type = Some(grant_type.to_owned());
        self
    }
}

/// The faults that are switched on, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Vec<Switch>);

impl Faults {
    pub(super) fn add(&mut self, switch: Switch) {
        self.0.push(switch);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn list(&self) -> &[Switch] {
        &self.0
    }

    /// Whether `fault` happens now, used up where it is counted.
    pub(super) fn happens(&mut self, fault: &Fault) -> bool {
        self.first("", |one| one == fault).is_some()
    }

    /// The oldest fault of these that happens now, used up where it is counted.
    pub(super) fn first(&mut self, grant_type: &str, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let switch = self.0.iter_mut().find(|switch| {
            wanted(&switch.fault)
                && switch.times != Some(0)
                && switch.grant_type.as_deref().is_none_or(|only| only == grant_type)
        })?;
        switch.times = switch.times.map(|times| times - 1);
        let fault = switch.fault.clone();
        self.0.retain(|switch| switch.times != Some(0));
        Some(fault)
    }
}
