//! Error bodies of both hosts; all travel with HTTP 200 (pages.md §2.8). Codes marked "assumed" were never seen.

use serde_json::{Map, Value, json};

use super::settings::OauthErrorStyle;

/// Not documented; the number is this simulator's own.
pub(super) const APP_ID: i64 = -14001;
/// Assumed.
pub(super) const SECRET_KEY: i64 = -14002;
pub(super) const REDIRECT_URI: i64 = -14003;
/// Assumed.
pub(super) const DENIED: i64 = -14004;
/// Not documented; the number is this simulator's own.
pub(super) const GRANT_TYPE: i64 = -14005;
/// Assumed.
pub(super) const CODE: i64 = -14010;
/// Assumed.
pub(super) const VERIFIER: i64 = -14012;
pub(super) const REFRESH_TOKEN: i64 = -14014;

pub(super) const RATE: i64 = -32;
pub(super) const OA_DELETED: i64 = -204;
pub(super) const OA_NOT_FOUND: i64 = -205;
pub(super) const TOKEN_INVALID: i64 = -216;
pub(super) const APP_REMOVED: i64 = -219;
pub(super) const TOKEN_EXPIRED: i64 = -220;
pub(super) const OA_NOT_VERIFIED: i64 = -221;
pub(super) const NOT_GRANTED: i64 = -223;
pub(super) const PACKAGE: i64 = -224;
pub(super) const PROOF: i64 = -242;

const REF_DOC: &str =
    "https://developers.zalo.me/docs/official-account/bat-dau/xac-thuc-va-uy-quyen-cho-ung-dung-new";

/// What the OAuth host calls a code.
pub(super) fn oauth_name(code: i64) -> &'static str {
    match code {
        APP_ID => "Invalid app id.",
        SECRET_KEY => "Invalid secret key.",
        REDIRECT_URI => "Invalid redirect uri.",
        GRANT_TYPE => "Invalid grant type.",
        CODE => "Invalid authorized code.",
        VERIFIER => "Invalid code verifier.",
        REFRESH_TOKEN => "Invalid refresh token.",
        _ => "Unknown error.",
    }
}

/// An error of the OAuth host.
pub(super) fn oauth_error(code: i64, style: OauthErrorStyle) -> Value {
    let name = oauth_name(code);
    let short = name.trim_end_matches('.');
    match style {
        OauthErrorStyle::Number => json!({
            "error_name": name,
            "error_reason": name,
            "ref_doc": REF_DOC,
            "error_description": name,
            "error": code,
        }),
        OauthErrorStyle::Text => json!({"error": code.to_string(), "error_name": short}),
        OauthErrorStyle::Absent => {
            let what = short.strip_prefix("Invalid ").unwrap_or(short);
            let first = what.get(..1).unwrap_or_default().to_uppercase();
            let text = format!("{first}{} is invalid", what.get(1..).unwrap_or_default());
            json!({"error_name": short, "error_reason": text, "error_description": text})
        }
    }
}

/// An error of the OpenAPI host.
pub(super) fn api_error(code: i64) -> Value {
    let message = match code {
        RATE => "Your application reached limit call api",
        -201 => "Parameter is invalid",
        OA_DELETED => "Official account has been deleted",
        OA_NOT_FOUND => "Official account does not exist",
        -209 => "App is not activated",
        -212 => "App has not registered this API",
        TOKEN_INVALID => "Access token is invalid",
        APP_REMOVED => "App has been removed or disabled",
        TOKEN_EXPIRED => "access_token is expired or removed",
        OA_NOT_VERIFIED => "Official account is not verified",
        NOT_GRANTED => "OA has not granted this API to the app",
        PACKAGE => "Official account needs to upgrade its package to use this feature",
        PROOF => "appsecret_proof is invalid",
        -124 => "Access token invalid",
        _ => "Unknown error",
    };
    json!({"error": code, "message": message})
}

/// −32 for the account, in its own words.
pub(super) fn oa_limit() -> Value {
    json!({"error": RATE, "message": "Your OA reached limit call api"})
}

/// A successful answer of the OpenAPI host.
pub(super) fn api_success(data: Map<String, Value>) -> Value {
    json!({"data": data, "error": 0, "message": "Success"})
}
