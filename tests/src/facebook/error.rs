//! Refusals of Graph (pages.md §1.17).

use serde_json::{Map, Value, json};

/// A refusal before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GraphError {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) code: u32,
    pub(super) subcode: Option<u32>,
    pub(super) message: String,
    /// Minutes until calls are let through again, of the rate limits of pages.
    pub(super) wait_minutes: Option<u32>,
}

pub(super) const OAUTH: &str = "OAuthException";
pub(super) const METHOD: &str = "GraphMethodException";

/// The permissions without any of which no token speaks for a page.
pub(super) const PAGE_SCOPES: [&str; 6] = [
    "pages_read_engagement",
    "pages_manage_metadata",
    "pages_read_user_content",
    "pages_manage_ads",
    "pages_show_list",
    "pages_messaging",
];

impl GraphError {
    /// An `OAuthException` with the status usual for its code.
    pub(super) fn new(code: u32, message: impl Into<String>) -> Self {
        let status = match code {
            1 | 2 => 500,
            4 | 10 | 200..=299 => 403,
            _ => 400,
        };
        Self { status, kind: OAUTH, code, subcode: None, message: message.into(), wait_minutes: None }
    }

    pub(super) fn sub(self, subcode: u32) -> Self {
        Self { subcode: Some(subcode), ..self }
    }

    pub(super) fn method(self) -> Self {
        Self { kind: METHOD, ..self }
    }

    /// The token is no token.
    pub(super) fn malformed() -> Self {
        Self::new(190, "Malformed access token")
    }

    /// A permission is wanted.
    pub(super) fn permission(scope: &str) -> Self {
        Self::new(
            200,
            format!(
                "(#200) Requires permission: {scope} or User associated with the Page access token does not have \
                 an appropriate role on the Page."
            ),
        )
    }

    /// A permission was not used for 90 days.
    pub(super) fn permission_expired(scope: &str) -> Self {
        Self::new(10, format!("(#10) This endpoint requires the '{scope}' permission."))
    }

    /// The page was unticked or every page permission removed.
    pub(super) fn impersonation() -> Self {
        let (last, others) = PAGE_SCOPES.split_last().unwrap_or((&"", &[]));
        let others = others.join(", ");
        Self::new(
            190,
            format!(
                "Any of the {others} or {last} permission(s) must be granted before impersonating a user's page."
            ),
        )
    }

    /// There is nothing the caller can see under this id.
    pub(super) fn unknown_object(id: &str) -> Self {
        let message = format!(
            "Unsupported get request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation."
        );
        Self::new(100, message).sub(33).method()
    }

    /// The error of a code and subcode with the message Graph usually has for it.
    pub(super) fn usual(code: u32, subcode: Option<u32>) -> Self {
        let error = Self::new(code, message(code, subcode));
        Self { subcode, ..error }
    }

    pub(super) fn body(&self, trace: &str) -> Value {
        let mut error = Map::new();
        error.insert("message".to_owned(), self.message.clone().into());
        error.insert("type".to_owned(), self.kind.into());
        error.insert("code".to_owned(), self.code.into());
        if let Some(subcode) = self.subcode {
            error.insert("error_subcode".to_owned(), subcode.into());
        }
        if self.code == 2 {
            error.insert("is_transient".to_owned(), true.into());
        }
        error.insert("fbtrace_id".to_owned(), trace.into());
        json!({"error": error})
    }

    /// `WWW-Authenticate`, which goes with every refusal.
    pub(super) fn challenge(&self) -> String {
        let slug = match (self.code, self.subcode) {
            (190, _) => "invalid_token",
            (100, Some(36_007..=36_009)) => "invalid_code",
            (10 | 200..=299, _) => "insufficient_scope",
            _ => "invalid_request",
        };
        let message: String =
            self.message.chars().filter(|one| matches!(one, ' '..='~') && *one != '"').collect();
        format!("OAuth \"Facebook Platform\" \"{slug}\" \"{message}\"")
    }
}

fn message(code: u32, subcode: Option<u32>) -> &'static str {
    match (code, subcode) {
        (190, Some(458)) => "Error validating access token: The user has not authorized the application.",
        (190, Some(459)) => {
            "Error validating access token: You cannot access the app till you log in to www.facebook.com and follow \
             the instructions given."
        }
        (190, Some(460)) => {
            "Error validating access token: The session has been invalidated because the user changed their password \
             or Facebook has changed the session for security reasons."
        }
        (190, Some(463)) => "Error validating access token: Session has expired.",
        (190, Some(464)) => {
            "Error validating access token: Sessions for the user are not allowed because the user is not a confirmed \
             user."
        }
        (190, Some(467)) => {
            "Error validating access token: The session is invalid because the user logged out."
        }
        (190, Some(492)) => ROLE_LOST,
        (190, _) => "Malformed access token",
        (1, _) => "An unknown error occurred",
        (2, _) => "An unexpected error has occurred. Please retry your request later.",
        (3, _) => "(#3) Application does not have the capability to make this API call.",
        (4, _) => "(#4) Application request limit reached",
        (17, _) => "(#17) User request limit reached",
        (32, _) => "(#32) Page request limit reached",
        (100, Some(36_007)) => "This authorization code has expired.",
        (100, Some(36_008)) => REDIRECT_MISMATCH,
        (100, Some(36_009)) => "This authorization code has been used.",
        (101, _) => "Error validating application. Invalid application ID.",
        (368, _) => "The action attempted has been deemed abusive or is otherwise disallowed",
        (613, _) => "(#613) Calls to this api have exceeded the rate limit.",
        (80_001, _) => {
            "(#80001) There have been too many calls to this Page account. Wait a bit and try again."
        }
        (80_006, _) => {
            "(#80006) There have been too many calls to this Messenger account. Wait a bit and try again."
        }
        _ => "Invalid parameter",
    }
}

const REDIRECT_MISMATCH: &str = "Error validating verification code. Please make sure your redirect_uri is identical to the \
                                 one you used in the OAuth dialog request";

const ROLE_LOST: &str =
    "The user must be an administrator, editor, or moderator of the page in order to impersonate it.";
