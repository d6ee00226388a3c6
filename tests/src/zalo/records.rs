//! What the simulator remembers of codes, tokens and accounts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::OaId;

/// How an account stands to the app, beyond its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// nothing is wrong
    #[default]
    Fine,
    /// an admin removed the app: −219, refresh −14014, until the account authorises again
    AppRemoved,
    /// the permission groups were changed: −223, until the account authorises again
    ScopeWithdrawn,
    /// −204; the account is no longer offered, its refresh token is invalid
    Deleted,
    /// −205; otherwise as deleted
    NotFound,
    /// −221
    NotVerified,
    /// −224
    PackageTooLow,
}

impl Standing {
    /// Whether the account is no more.
    pub(super) fn is_gone(self) -> bool {
        matches!(self, Self::Deleted | Self::NotFound)
    }

    /// Whether a new authorisation puts it right.
    pub(super) fn is_cured_by_authorising(self) -> bool {
        matches!(self, Self::AppRemoved | Self::ScopeWithdrawn)
    }
}

/// A code that was given out; it stays on record once it is spent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub oa: OaId,
    pub challenge: Option<String>,
    pub expires_at: Timestamp,
    pub spent: bool,
}

/// The pair of tokens an account's grant lives on; there is at most one at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivePair {
    /// access token
    pub access_token: String,
    /// end of the access token
    pub access_expires_at: Timestamp,
    /// refresh token, not used yet
    pub refresh_token: String,
    /// end of the refresh token
    pub refresh_expires_at: Timestamp,
    /// how many pairs this account has been given, this one included
    pub generation: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenKind {
    Access,
    Refresh,
}

/// Whose token it is or was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    pub oa: OaId,
    pub kind: TokenKind,
}

/// Calls of the token endpoint that concern one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCounts {
    /// codes exchanged for a pair
    pub exchanged: u64,
    /// refresh tokens turned into a new pair, lost answers included
    pub refreshed: u64,
    /// refreshes answered −14014, with a token that was this account's once
    pub refused: u64,
}
