//! The fault switches (haravan.md §8): what can go wrong with deliveries, bodies and answers, each for the next
//! so many times or until it is cleared.

use serde::{Deserialize, Serialize};

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// the same delivery is sent twice
    DuplicateDelivery,
    /// `orders/updated` and `orders/paid` are sent before `orders/create`; counts once per control call
    SwappedOrder,
    /// held back until the app is uninstalled, and sent after `app/uninstalled`
    LateAfterUninstall,
    /// first due after so many seconds
    Late {
        /// seconds of the simulator's clock
        seconds: u64,
    },
    /// the request body arrives in two halves with a pause between (http addresses only)
    Slow {
        /// milliseconds between the halves
        millis: u64,
    },
    /// never sent, with this chance
    Dropped {
        /// 0 to 100
        percent: u8,
    },
    /// a signature of the right length that fits nothing
    BadHmac,
    /// signed with another secret
    HmacOverOtherKey,
    /// no `X-Haravan-Topic`
    MissingTopic,
    /// no `X-Haravan-Org-Id`
    MissingOrg,
    /// header names in lower case
    LowerCaseHeaders,
    /// header names like `x-HARAVAN-tOPIC` (http addresses only)
    MixedCaseHeaders,
    /// a topic nobody knows
    UnknownTopic,
    /// empty body with `X-Haravan-Test: True`
    TestPing,
    /// body inside `{"order":…}` or `{"customer":…}`
    WrappedEntity,
    /// body inside `{"data":…}`
    WrappedData,
    /// body inside `{"data":{"order":…}}`
    WrappedDataEntity,
    /// `customer: null` on an order
    CustomerNull,
    /// `financial_status: partiallypaid`
    PartiallyPaid,
    /// amounts and ids as strings
    StringNumbers,
    /// times with seven fractional digits, amounts with seven decimals
    SevenDigitFractions,
    /// the buyer's e-mail is `guest@haravan.com`
    GuestEmail,
    /// a marketplace order: masked names, no phone, no product ids
    MaskedMarketplace,
    /// the body has at least so many bytes
    HugeBody {
        /// bytes; above 1 MB to be of interest
        bytes: usize,
        /// padded with text that does not compress
        #[serde(default)]
        noise: bool,
    },
    /// the challenge of `register_webhook` carries another token than the one registered
    ChallengeWrongToken,
    /// `/api/subscribe` answers 200 with `error: true` and does nothing
    SubscribeErrorIn200,
    /// REST answers 429 with `Retry-After: 2.0`
    #[serde(rename = "rest_429")]
    Rest429,
    /// REST answers 502 with an HTML page
    #[serde(rename = "rest_502_html")]
    Rest502Html,
    /// REST answers 401 with an empty body
    #[serde(rename = "rest_401_empty")]
    Rest401Empty,
    /// between two pages of a list a row moves, so that paging by `page` repeats or misses one
    RestPageDrift,
    /// date filters compare in UTC and honour `Z` and offsets, as the documentation reads; without this switch
    /// they compare in shop time, as a live shop did (haravan.md §5.4)
    RestDatesInUtc,
    /// the app is called back with `error=access_denied` instead of a code
    AuthorizeAccessDenied,
    /// the answer of authorize, right or refused, has no `state`
    AuthorizeNoState,
    /// an INSTALL is for another shop than the one asked for: code, tokens and id_token agree on it
    AuthorizeOtherOrg,
    /// somebody who does not own the shop asks for `grant_service` or `wh_api`: the app is called back with
    /// `error=access_denied` instead of nothing (haravan.md §10, 4)
    AuthorizeNonAdminCallback,
    /// id_token: `exp` lies an hour back
    IdTokenExpired,
    /// id_token: `aud` is another app
    IdTokenWrongAud,
    /// id_token: another `nonce`
    IdTokenWrongNonce,
    /// id_token: another `iss`
    IdTokenWrongIss,
    /// id_token: `c_hash` of another code (authorize only)
    IdTokenWrongCHash,
    /// id_token: `at_hash` of another access token (token endpoint only)
    IdTokenWrongAtHash,
    /// id_token: no `c_hash` (authorize only)
    IdTokenNoCHash,
    /// id_token: no `at_hash` (token endpoint only), as OpenID Connect Core §3.1.3.6 allows
    IdTokenNoAtHash,
    /// id_token: its key has no name
    IdTokenNoKid,
    /// id_token: `alg` is `none` and there is no signature
    IdTokenAlgNone,
    /// id_token: HS256 with the client secret
    IdTokenHs256,
    /// id_token: the signature fits nothing
    IdTokenBadSignature,
    /// id_token: the keys are rotated just before; the JWKS has the new one alone
    IdTokenKeyRotated,
    /// id_token: signed by a key the JWKS never has
    IdTokenKeyUnpublished,
    /// id_token: `role` is an array even of one
    IdTokenRoleArray,
    /// id_token: no `role`
    IdTokenNoRole,
    /// id_token: `orgid`, `orgname` and `orgsub` of another shop, unlike the code and the tokens
    IdTokenOtherOrg,
    /// the token endpoint answers 400 `invalid_grant` and does nothing
    #[serde(rename = "token_400")]
    Token400,
    /// the token endpoint answers 500 and does nothing
    #[serde(rename = "token_500")]
    Token500,
    /// the token endpoint answers 200 with an HTML page and does nothing
    TokenHtml,
    /// the token endpoint answers late; where it has not acted before the wait, it never does for a client that went away
    TokenHeld {
        /// milliseconds; choose more than the client waits
        millis: u64,
        /// what was asked is done before the wait, not after it
        #[serde(default)]
        committed: bool,
    },
    /// the token endpoint does what it is asked, a rotation of the refresh token included, and answers 500
    #[serde(rename = "token_500_after_commit")]
    Token500AfterCommit,
    /// the same, and the connection breaks within the answer
    TokenLostAfterCommit,
    /// the token endpoint gives no `refresh_token`
    TokenNoRefreshToken,
    /// the token endpoint gives no `id_token`
    TokenNoIdToken,
}

impl Fault {
    /// Whether it changes one delivery of `topic`.
    pub(super) fn concerns_delivery(&self, topic: &str) -> bool {
        match self {
            Self::CustomerNull | Self::PartiallyPaid | Self::MaskedMarketplace | Self::HugeBody { .. } => {
                topic.starts_with("orders/")
            }
            Self::GuestEmail
            | Self::WrappedEntity
            | Self::WrappedData
            | Self::WrappedDataEntity
            | Self::StringNumbers
            | Self::SevenDigitFractions => topic.starts_with("orders/") || topic.starts_with("customers/"),
            Self::LateAfterUninstall => topic != "app/uninstalled",
            Self::SwappedOrder
            | Self::ChallengeWrongToken
            | Self::SubscribeErrorIn200
            | Self::Rest429
            | Self::Rest502Html
            | Self::Rest401Empty
            | Self::RestPageDrift
            | Self::RestDatesInUtc
            | Self::AuthorizeAccessDenied
            | Self::AuthorizeNoState
            | Self::AuthorizeOtherOrg
            | Self::AuthorizeNonAdminCallback
            | Self::IdTokenExpired
            | Self::IdTokenWrongAud
            | Self::IdTokenWrongNonce
            | Self::IdTokenWrongIss
            | Self::IdTokenWrongCHash
            | Self::IdTokenWrongAtHash
            | Self::IdTokenNoCHash
            | Self::IdTokenNoAtHash
            | Self::IdTokenNoKid
            | Self::IdTokenAlgNone
            | Self::IdTokenHs256
            | Self::IdTokenBadSignature
            | Self::IdTokenKeyRotated
            | Self::IdTokenKeyUnpublished
            | Self::IdTokenRoleArray
            | Self::IdTokenNoRole
            | Self::IdTokenOtherOrg
            | Self::Token400
            | Self::Token500
            | Self::TokenHtml
            | Self::TokenHeld { .. }
            | Self::Token500AfterCommit
            | Self::TokenLostAfterCommit
            | Self::TokenNoRefreshToken
            | Self::TokenNoIdToken => false,
            Self::DuplicateDelivery
            | Self::Late { .. }
            | Self::Slow { .. }
            | Self::Dropped { .. }
            | Self::BadHmac
            | Self::HmacOverOtherKey
            | Self::MissingTopic
            | Self::MissingOrg
            | Self::LowerCaseHeaders
            | Self::MixedCaseHeaders
            | Self::UnknownTopic
            | Self::TestPing => true,
        }
    }
}
