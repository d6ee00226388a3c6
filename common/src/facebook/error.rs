//! What a failed call to the Graph API asks for (pages.md §1.17).
//!
//! The decision is by `code` and `error_subcode` only. The message is not even kept: it varies with locale and version,
//! and "Malformed access token" has been seen to repeat the token.

use std::time::Duration;

use serde::Deserialize;

use super::usage::Usage;
use crate::text::cut;
use crate::wire::lenient;

/// What a call was for, which decides what some failures mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The token endpoint: whatever fails there, the person starts again (pages.md §6).
    Grant,
    /// Anything else.
    Other,
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The request never reached Facebook: nothing was done.
    #[error("Facebook cannot be reached")]
    NotSent,
    /// No usable answer: a time-out, a gateway's page. Whether it was done is unknown.
    #[error("Facebook gave no usable answer")]
    NoAnswer(Call),
    /// Facebook says it did not do it, and no more.
    #[error("Facebook did not do it")]
    NotDone,
    /// Facebook refuses and says why.
    #[error(transparent)]
    Refused(Box<Refusal>),
}

/// Facebook's `error` object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Facebook refuses with code {code:?}, subcode {subcode:?} (trace {trace:?})")]
pub struct Refusal {
    /// What the call was for.
    pub call: Call,
    /// `code`.
    pub code: Option<i64>,
    /// `error_subcode`.
    pub subcode: Option<i64>,
    /// Whether `type` is `OAuthException`.
    pub oauth: bool,
    /// `is_transient`.
    pub transient: bool,
    /// `fbtrace_id`, for Facebook's support.
    pub trace: Option<String>,
    /// `error_user_title` and `error_user_msg`, written for the person who acts; at most 300 characters.
    pub for_the_person: Option<String>,
    /// How long until calls work again, when the headers tell.
    pub regain: Option<Duration>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The person has to connect the page again.
    Reconnect(Reconnect),
    /// The same call later; the page stays connected.
    Retry {
        /// When, if Facebook tells; otherwise with growing pauses.
        after: Option<Duration>,
    },
    /// The person starts connecting again: the code is used, expired or lost.
    StartAgain,
    /// Our app, settings or request are wrong: the operators are told, the person can do nothing.
    ConfigError,
    /// Blocked for a breach of policy: stop and tell the person. The token is not the matter.
    Policy,
    /// The object is not there or not visible to this token.
    NotVisible,
    /// No rule for this code: fail, log it, leave the connection as it is.
    Unknown,
}

/// Why the page has to be connected again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reconnect {
    /// The token's time is over.
    Expired,
    /// The session ended: the person logged out or Facebook ended it.
    LoggedOut,
    /// The person removed our app.
    AppRemoved,
    /// Facebook wants the person to confirm something on facebook.com first.
    Checkpoint,
    /// The password was changed.
    PasswordChanged,
    /// The person lost their role on the page; a new token of theirs would fail too.
    RoleLost,
    /// A permission was not granted, was removed, or went unused for 90 days.
    Scope,
    /// The token no longer works; Facebook does not say why. The page unticked in a later log-in comes as this too.
    Unspecified,
}

impl Reconnect {
    /// What an invalid token's code and subcode say.
    pub fn of(subcode: Option<i64>) -> Self {
        match subcode {
            Some(458) => Self::AppRemoved,
            Some(459 | 464) => Self::Checkpoint,
            Some(460) => Self::PasswordChanged,
            Some(463) => Self::Expired,
            Some(467) => Self::LoggedOut,
            Some(492) => Self::RoleLost,
            _ => Self::Unspecified,
        }
    }
}

impl GraphError {
    /// What is to be done.
    pub fn action(&self) -> Action {
        match self {
            // The code may be spent.
            Self::NoAnswer(Call::Grant) => Action::StartAgain,
            Self::NotSent | Self::NotDone | Self::NoAnswer(Call::Other) => Action::Retry { after: None },
            Self::Refused(refusal) => refusal.action(),
        }
    }

    /// Whether the refusal itself shows that a page sends us nothing: the token is dead (190) or the page is not
    /// visible (100/33), which counts as done when unsubscribing (pages.md §4).
    pub fn is_nothing_left(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == Some(190)
            || (refusal.code, refusal.subcode) == (Some(100), Some(33)))
    }

    /// Reads an answer: `None` when it holds no error and `ok` is set.
    pub(super) fn of(call: Call, ok: bool, body: &[u8], usage: Usage) -> Option<Self> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default, deserialize_with = "lenient::object")]
            error: Option<Said>,
        }
        // A list would be read as the fields in their order.
        let object = body.trim_ascii_start().starts_with(b"{");
        let answer: Option<Answer> = serde_json::from_slice(body).ok().filter(|_| object);
        match answer.and_then(|answer| answer.error) {
            Some(said) => Some(Self::Refused(Box::new(said.refusal(call, usage.regain)))),
            None if ok => None,
            None => Some(Self::NoAnswer(call)),
        }
    }
}

#[derive(Deserialize)]
struct Said {
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::id")]
    code: Option<i64>,
    #[serde(default, deserialize_with = "lenient::id")]
    error_subcode: Option<i64>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_transient: Option<bool>,
    #[serde(default, deserialize_with = "lenient::text")]
    fbtrace_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    error_user_title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    error_user_msg: Option<String>,
}

impl Said {
    fn refusal(self, call: Call, regain: Option<Duration>) -> Refusal {
        let words: Vec<String> = [self.error_user_title, self.error_user_msg].into_iter().flatten().collect();
        Refusal {
            call,
            code: self.code,
            subcode: self.error_subcode,
            oauth: self.kind.as_deref() == Some("OAuthException"),
            transient: self.is_transient.unwrap_or(false),
            trace: self.fbtrace_id.map(|trace| cut(&trace, 40)),
            for_the_person: (!words.is_empty()).then(|| cut(&words.join(": "), 300)),
            regain,
        }
    }
}

impl Refusal {
    /// What is to be done.
    pub fn action(&self) -> Action {
        let limit = Action::Retry { after: self.regain };
        match (self.code, self.subcode) {
            (Some(4 | 17 | 32 | 341 | 613 | 80_000..=80_014), _) => limit,
            (Some(100), Some(36_007 | 36_009)) => Action::StartAgain,
            (Some(100), Some(36_008)) | (Some(3 | 101 | 104), _) => Action::ConfigError,
            // At the token endpoint a wrong client secret has the code of a passing fault, which says so.
            (Some(1), _) if self.call == Call::Grant && !self.transient => Action::ConfigError,
            (Some(368), _) => Action::Policy,
            _ if self.call == Call::Grant => Action::StartAgain,
            (Some(190 | 102), subcode) => Action::Reconnect(Reconnect::of(subcode)),
            (None, subcode) if self.oauth => Action::Reconnect(Reconnect::of(subcode)),
            (Some(10 | 200..=299), _) => Action::Reconnect(Reconnect::Scope),
            (Some(100), Some(33)) => Action::NotVisible,
            (Some(100), _) => Action::ConfigError,
            (Some(1 | 2), _) => Action::Retry { after: None },
            _ if self.transient => Action::Retry { after: None },
            _ => Action::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName};
    use serde_json::{Value, json};

    use super::*;

    fn action(call: Call, body: &Value) -> Action {
        GraphError::of(call, false, body.to_string().as_bytes(), Usage::default()).unwrap().action()
    }

    #[test]
    fn every_known_error_asks_for_what_the_table_says() {
        use Reconnect::*;
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/fb_errors.json")).unwrap();
        let cases = fixture["cases"].as_array().unwrap();
        let wait = |minutes: u64| Action::Retry { after: Some(Duration::from_secs(minutes * 60)) };
        let later = Action::Retry { after: None };
        let expected = [
            ("token_expired", Action::Reconnect(Expired)),
            ("password_changed", Action::Reconnect(PasswordChanged)),
            ("app_not_installed", Action::Reconnect(AppRemoved)),
            ("user_checkpointed", Action::Reconnect(Checkpoint)),
            ("unconfirmed_user", Action::Reconnect(Checkpoint)),
            ("invalid_token", Action::Reconnect(LoggedOut)),
            ("lost_page_role", Action::Reconnect(RoleLost)),
            ("page_unticked_or_scope_removed", Action::Reconnect(Unspecified)),
            ("malformed_token", Action::Reconnect(Unspecified)),
            ("permission_removed_or_90d_unused", Action::Reconnect(Scope)),
            ("permission_missing", Action::Reconnect(Scope)),
            // Same code and no subcode; the check of a page's token at the pick keeps it from happening.
            ("not_a_page_token", Action::Reconnect(Scope)),
            ("code_used", Action::StartAgain),
            ("code_expired", Action::StartAgain),
            ("redirect_uri_mismatch", Action::ConfigError),
            ("bad_app_id", Action::ConfigError),
            ("bad_client_secret", Action::ConfigError),
            ("appsecret_proof_missing", Action::ConfigError),
            ("appsecret_proof_wrong", Action::ConfigError),
            ("unknown_object", Action::NotVisible),
            ("debug_token_needs_app_token", Action::ConfigError),
            ("app_rate_limit", later),
            ("user_rate_limit", later),
            ("page_rate_limit_user_token", later),
            ("custom_rate_limit", later),
            ("buc_pages_rate_limit", wait(17)),
            ("buc_messenger_rate_limit", later),
            ("policy_block", Action::Policy),
            ("temporary_unknown", later),
            ("temporary_service", later),
        ];
        assert_eq!(cases.len(), expected.len());
        for (case, (name, expected)) in cases.iter().zip(expected) {
            assert_eq!(case["name"], name);
            let grant =
                ["code_used", "code_expired", "redirect_uri_mismatch", "bad_app_id", "bad_client_secret"];
            let call = if grant.contains(&name) { Call::Grant } else { Call::Other };
            let mut headers = HeaderMap::new();
            for (name, value) in case["headers"].as_object().into_iter().flatten() {
                let name: HeaderName = name.parse().unwrap();
                headers.insert(name, value.as_str().unwrap().parse().unwrap());
            }
            let body = case["body"].to_string();
            let error = GraphError::of(call, false, body.as_bytes(), Usage::read(&headers)).unwrap();
            assert_eq!(error.action(), expected, "{name}");
            // An error counts whatever the status is.
            assert!(GraphError::of(call, true, body.as_bytes(), Usage::default()).is_some(), "{name}");
        }
    }

    #[test]
    fn codes_without_a_fixture_follow_the_table_too() {
        let error = |code: i64, subcode: i64| json!({"error": {"type": "OAuthException", "code": code, "error_subcode": subcode}});
        assert_eq!(action(Call::Other, &error(102, 0)), Action::Reconnect(Reconnect::Unspecified));
        assert_eq!(action(Call::Other, &error(299, 0)), Action::Reconnect(Reconnect::Scope));
        assert_eq!(action(Call::Other, &error(104, 0)), Action::ConfigError);
        assert_eq!(action(Call::Other, &error(3, 0)), Action::ConfigError);
        assert_eq!(action(Call::Other, &error(613, 1996)), Action::Retry { after: None });
        assert_eq!(action(Call::Other, &error(80_014, 0)), Action::Retry { after: None });
        assert_eq!(action(Call::Other, &error(803, 0)), Action::Unknown);
        assert_eq!(
            action(Call::Other, &json!({"error": {"code": 803, "is_transient": true}})),
            Action::Retry { after: None }
        );
        assert_eq!(
            action(Call::Other, &json!({"error": {"type": "OAuthException"}})),
            Action::Reconnect(Reconnect::Unspecified)
        );
        assert_eq!(
            action(Call::Other, &json!({"error": {"code": "190", "error_subcode": "460"}})),
            Action::Reconnect(Reconnect::PasswordChanged)
        );
        assert_eq!(action(Call::Other, &json!({"error": {}})), Action::Unknown);
    }

    #[test]
    fn a_grant_that_fails_in_any_other_way_starts_again() {
        for code in [100, 190, 2, 10, 9999] {
            assert_eq!(action(Call::Grant, &json!({"error": {"code": code}})), Action::StartAgain, "{code}");
        }
        let passing = json!({"error": {"code": 1, "is_transient": true}});
        assert_eq!(action(Call::Grant, &passing), Action::StartAgain);
        assert_eq!(action(Call::Grant, &json!({"error": {"code": 4}})), Action::Retry { after: None });
        assert_eq!(GraphError::NoAnswer(Call::Grant).action(), Action::StartAgain);
    }

    #[test]
    fn a_page_in_place_of_an_answer_is_no_answer_and_the_message_never_prints() {
        for body in [&b"<html>502</html>"[..], b"", b"[]", b"{}", br#"{"error":"no"}"#, br#"[{"code":190}]"#]
        {
            let error = GraphError::of(Call::Other, false, body, Usage::default());
            assert_eq!(error, Some(GraphError::NoAnswer(Call::Other)));
            assert_eq!(GraphError::of(Call::Other, true, body, Usage::default()), None);
        }
        let body = br#"{"error":{"message":"Malformed access token EAASIM","code":190,"error_user_title":"Xin","error_user_msg":"loi"}}"#;
        let error = GraphError::of(Call::Other, false, body, Usage::default()).unwrap();
        assert!(!format!("{error:?} {error}").contains("EAASIM"));
        assert!(error.is_nothing_left() && !GraphError::NotSent.is_nothing_left());
        let GraphError::Refused(refusal) = error else { panic!() };
        assert_eq!(refusal.for_the_person.as_deref(), Some("Xin: loi"));
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read(bytes: Vec<u8>, ok: bool, odd in "(\\{|\\}|\"code\"|\"type\"|:|,|-1|190|null|\\[\\]){0,12}") {
            for call in [Call::Grant, Call::Other] {
                for body in [bytes.clone(), odd.clone().into_bytes(), format!("{{\"error\":{odd}}}").into_bytes()] {
                    if let Some(error) = GraphError::of(call, ok, &body, Usage::default()) {
                        error.action();
                    }
                }
            }
        }
    }
}
