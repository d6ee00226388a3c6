//! What Zalo's errors ask for (pages.md §2.8).

use super::answer::Fault;

/// Which of Zalo's hosts answers: two codes mean different things on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// The Official Account API.
    OpenApi,
    /// ZNS and templates.
    Template,
}

/// Why a call to an API brought nothing, as what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The access token is invalid, expired or replaced: re-read the store; if it is the same there, refresh once and
    /// repeat; then the account has to be connected again.
    #[error("Zalo refuses the access token")]
    Token,
    /// The app was removed or disabled: the account has to be connected again.
    #[error("the app was removed or disabled")]
    AppRemoved,
    /// The account has not granted this API: it has to be connected again.
    #[error("the Official Account has not granted this API")]
    Scope,
    /// The account was deleted or does not exist.
    #[error("the Official Account is gone")]
    Gone,
    /// The account is not verified: it stays connected, the administrator is told.
    #[error("the Official Account is not verified")]
    Unverified,
    /// The account's package is too small: it stays connected, the administrator is told.
    #[error("the Official Account's package is too small")]
    PackageTooLow,
    /// Our app is set up wrongly: the operators are told.
    #[error("the app is set up wrongly (code {0})")]
    Config(i64),
    /// A limit of the app or the account; its window is the clock's minute (pages.md §2.9).
    #[error("Zalo asks to slow down")]
    Limited,
    /// Our request is wrong.
    #[error("Zalo refuses a parameter (code {0})")]
    Bug(i64),
    /// A condition or quota of messaging; it says nothing about the connection.
    #[error("Zalo does not send this message (code {0})")]
    Messaging(i64),
    /// No rule for it: fail, log it, leave the connection as it is.
    #[error("Zalo refuses (code {0:?})")]
    Refused(Option<i64>),
    /// No usable answer.
    #[error("Zalo gave no usable answer")]
    NoAnswer,
}

impl ApiError {
    /// What a fault of `host` asks for.
    pub fn of(host: Host, fault: &Fault) -> Self {
        let Some(code) = fault.code else { return Self::Refused(None) };
        match (code, host) {
            (-216 | -220, Host::OpenApi) | (-220 | -124, Host::Template) => Self::Token,
            (-219, _) => Self::AppRemoved,
            (-223, _) => Self::Scope,
            (-204 | -205, _) => Self::Gone,
            (-221, _) => Self::Unverified,
            (-224, _) => Self::PackageTooLow,
            (-209 | -212 | -242 | -14_002 | -14_003, _) | (-1241, Host::Template) => Self::Config(code),
            (-32, _) => Self::Limited,
            (-201 | -210, _) => Self::Bug(code),
            // On the template hosts: the person blocked the account.
            (-216, Host::Template)
            | (-211 | -213 | -218 | -227 | -230 | -232 | -234 | -244 | -248 | -320 | -321, _) => {
                Self::Messaging(code)
            }
            _ => Self::Refused(Some(code)),
        }
    }
}

/// Why a grant brought no tokens, as what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The refresh token is invalid or used: re-read the store; if another is there, use that; otherwise the account has
    /// to be connected again (pages.md §2.12).
    #[error("Zalo refuses the refresh token")]
    InvalidRefresh,
    /// The code is used, expired, or its verifier is another: the administrator starts again.
    #[error("Zalo refuses the code")]
    InvalidCode,
    /// App id, secret or redirect address are wrong: the operators are told.
    #[error("the app is set up wrongly (code {0:?})")]
    Config(Option<i64>),
    /// Zalo asks to slow down; the grant is not spent.
    #[error("Zalo asks to slow down")]
    Limited,
    /// No rule for it. At a refresh it is not definite: the same later (pages.md §6).
    #[error("Zalo refuses (code {0:?})")]
    Refused(Option<i64>),
    /// The request never reached Zalo: nothing was spent.
    #[error("Zalo cannot be reached")]
    NotSent,
    /// No usable answer: whether the grant was spent is unknown.
    #[error("the outcome at Zalo is unknown")]
    Unknown,
}

impl GrantError {
    /// What a fault of the token endpoint asks for. The code decides; its name does where there is no code (pages.md
    /// §2.8). All codes but -14003 and -14014 are assumed.
    pub fn of(fault: &Fault) -> Self {
        match (fault.code, fault.name.as_deref()) {
            (Some(-14_014), _) | (None, Some("invalid refresh token")) => Self::InvalidRefresh,
            (Some(-14_010 | -14_012), _)
            | (None, Some("invalid authorized code" | "invalid code verifier")) => Self::InvalidCode,
            (Some(-14_002 | -14_003 | -209 | -242), _)
            | (None, Some("invalid secret key" | "invalid redirect uri")) => Self::Config(fault.code),
            (Some(-32), _) => Self::Limited,
            (code, _) => Self::Refused(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn cases(list: &str) -> Vec<(String, Option<Fault>)> {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/zalo_errors.json")).unwrap();
        let read = |case: &Value| {
            let body = match &case["body"] {
                Value::String(text) => text.clone(),
                body => body.to_string(),
            };
            (case["name"].as_str().unwrap().to_owned(), Fault::read(body.as_bytes()))
        };
        fixture[list].as_array().unwrap().iter().map(read).collect()
    }

    #[test]
    fn every_known_error_of_the_api_asks_for_what_the_table_says() {
        let expected = [
            ("access_token_invalid", ApiError::Token),
            ("access_token_expired", ApiError::Token),
            ("app_removed_or_disabled", ApiError::AppRemoved),
            ("app_not_activated", ApiError::Config(-209)),
            ("api_not_registered", ApiError::Config(-212)),
            ("oa_has_not_granted_api", ApiError::Scope),
            ("oa_deleted", ApiError::Gone),
            ("oa_not_exist", ApiError::Gone),
            ("oa_not_verified", ApiError::Unverified),
            ("oa_package_too_low", ApiError::PackageTooLow),
            ("bad_appsecret_proof", ApiError::Config(-242)),
            ("parameter_invalid", ApiError::Bug(-201)),
            ("app_rate_limit", ApiError::Limited),
            ("oa_rate_limit", ApiError::Limited),
            ("zns_token_invalid", ApiError::Refused(Some(-124))),
        ];
        let cases = cases("openapi");
        assert_eq!(cases.len(), expected.len());
        for ((name, fault), (expected_name, expected)) in cases.into_iter().zip(expected) {
            assert_eq!(name, expected_name);
            let fault = fault.unwrap();
            assert_eq!(ApiError::of(Host::OpenApi, &fault), expected, "{name}");
            if name == "zns_token_invalid" {
                assert_eq!(ApiError::of(Host::Template, &fault), ApiError::Token);
            }
        }
    }

    #[test]
    fn every_known_error_of_the_token_endpoint_asks_for_what_the_table_says() {
        let expected = [
            ("refresh_token_invalid_or_used", Some(GrantError::InvalidRefresh)),
            ("refresh_token_invalid_no_numeric_error", Some(GrantError::InvalidRefresh)),
            ("refresh_token_invalid_string_code", Some(GrantError::InvalidRefresh)),
            ("code_invalid_or_used_assumed", Some(GrantError::InvalidCode)),
            ("code_verifier_mismatch_assumed", Some(GrantError::InvalidCode)),
            ("secret_key_invalid_assumed", Some(GrantError::Config(Some(-14_002)))),
            ("redirect_uri_invalid", Some(GrantError::Config(Some(-14_003)))),
            // No fault of Zalo's: the outcome is unknown, as the client's own test shows.
            ("html_gateway_error", None),
        ];
        let cases = cases("oauth");
        assert_eq!(cases.len(), expected.len());
        for ((name, fault), (expected_name, expected)) in cases.into_iter().zip(expected) {
            assert_eq!(name, expected_name);
            assert_eq!(fault.map(|fault| GrantError::of(&fault)), expected, "{name}");
        }
    }

    #[test]
    fn messaging_never_touches_the_connection_and_the_unknown_is_kept() {
        let of = |host, code: i64| ApiError::of(host, &Fault { code: Some(code), name: None });
        for code in [-211, -213, -218, -227, -230, -232, -234, -244, -248, -320, -321] {
            assert_eq!(of(Host::OpenApi, code), ApiError::Messaging(code));
        }
        assert_eq!(of(Host::Template, -216), ApiError::Messaging(-216));
        assert_eq!(of(Host::Template, -1241), ApiError::Config(-1241));
        assert_eq!(of(Host::OpenApi, -1241), ApiError::Refused(Some(-1241)));
        assert_eq!(of(Host::OpenApi, i64::MIN), ApiError::Refused(Some(i64::MIN)));
        let word = Fault::read(json!({"error": "odd"}).to_string().as_bytes()).unwrap();
        assert_eq!(ApiError::of(Host::OpenApi, &word), ApiError::Refused(None));
        assert_eq!(GrantError::of(&word), GrantError::Refused(None));
    }
}
