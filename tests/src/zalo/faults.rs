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

/// A fault that is switched on. Of the faults of the token endpoint, `on` is a grant type (`authorization_code`,
/// `refresh_token`).
pub type Switch = crate::sim::Switch<Fault>;
