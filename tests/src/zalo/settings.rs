//! How the simulator behaves where the protocol leaves a choice.

use serde::{Deserialize, Serialize};

/// The spelling of the account's id in `getoa` (pages.md §2.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OaIdField {
    /// `oa_id`, as most running code reads it
    #[default]
    OaId,
    /// `oaid`, as the documentation has it now
    Oaid,
}

/// The shape of `error` in an error of the OAuth host (pages.md §2.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OauthErrorStyle {
    /// `-14014`, with every text beside it
    #[default]
    Number,
    /// `"-14014"`, with `error_name` alone
    Text,
    /// no `error`, texts alone
    Absent,
}

/// How the signature header of an event is written (pages.md §2.10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureStyle {
    /// `mac=1da7…`
    #[default]
    Prefixed,
    /// `1da7…`
    Bare,
    /// `mac=1DA7…`
    PrefixedUpperCase,
}

/// The switches; what is absent in JSON takes its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// spelling of the id in `getoa`
    pub oa_id_field: OaIdField,
    /// `expires_in` is a number, not text
    pub numeric_expires_in: bool,
    /// shape of OAuth errors
    pub oauth_error: OauthErrorStyle,
    /// calls of the OpenAPI host need the `appsecret_proof` header
    pub require_appsecret_proof: bool,
    /// calls of the OpenAPI host within a clock minute
    pub calls_per_minute: u32,
    /// characters of a token
    pub token_length: usize,
    /// how events are signed
    pub signature: SignatureStyle,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            oa_id_field: OaIdField::default(),
            numeric_expires_in: false,
            oauth_error: OauthErrorStyle::default(),
            require_appsecret_proof: false,
            calls_per_minute: 4_000,
            token_length: 480,
            signature: SignatureStyle::default(),
        }
    }
}
