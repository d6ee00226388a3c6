//! The authorize request (haravan.md §1.3): what is wrong with it ends on a page here.

use super::errors::PageError;
use crate::haravan::ids::OrgId;
use crate::haravan::seed::AppSeed;
use crate::haravan::state::State;

/// How the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    FormPost,
    Query,
    Fragment,
}

/// A request of a known app for scopes it may ask for.
#[derive(Clone, Debug)]
pub(super) struct AuthorizeRequest {
    pub client_id: String,
    pub redirect_uri: String,
    /// `code id_token`; otherwise `code`.
    pub hybrid: bool,
    pub mode: Mode,
    pub scopes: Vec<String>,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub orgid: Option<OrgId>,
    /// The query as it came.
    pub query: String,
}

impl AuthorizeRequest {
    pub(super) fn read(state: &State, query: &str) -> Result<Self, PageError> {
        let query = Query::read(query)?;
        let app = query.app(state)?;
        let redirect_uri = query.get("redirect_uri").unwrap_or_default().to_owned();
        if !app.redirect_uris.contains(&redirect_uri) {
            return Err(PageError::new(
                "invalid_request",
                "Invalid redirect_uri: địa chỉ chưa được đăng ký.",
            ));
        }
        let (hybrid, mode) = query.response()?;
        let scopes = query.scopes(app)?;
        let nonce = query.get("nonce").filter(|nonce| !nonce.is_empty()).map(str::to_owned);
        if hybrid && nonce.is_none() {
            return Err(PageError::new("invalid_request", "Thiếu nonce."));
        }
        // Apps were seen to send `orgid=null`, `undefined` or nothing (haravan.md §1.14).
        let orgid = query.get("orgid").and_then(|orgid| orgid.parse().ok()).map(OrgId);
        Ok(Self {
            client_id: app.client_id.clone(),
            redirect_uri,
            hybrid,
            mode,
            scopes,
            state: query.get("state").map(str::to_owned),
            nonce,
            orgid,
            query: query.text.to_owned(),
        })
    }

    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|asked| asked == scope)
    }

    /// Whether the app is to be put into the shop.
    pub(super) fn installs(&self) -> bool {
        self.has("grant_service")
    }

    /// Whether only a shop owner may allow it (haravan.md §1.4).
    pub(super) fn needs_owner(&self) -> bool {
        self.installs() || self.has("wh_api")
    }
}

/// The pairs of a query in which no key comes twice.
struct Query<'q> {
    text: &'q str,
    pairs: Vec<(String, String)>,
}

impl<'q> Query<'q> {
    fn read(text: &'q str) -> Result<Self, PageError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (key, value) in url::form_urlencoded::parse(text.as_bytes()).into_owned() {
            if pairs.iter().any(|(known, _)| *known == key) {
                return Err(PageError::new("invalid_request", format!("Tham số {key} bị lặp lại.")));
            }
            pairs.push((key, value));
        }
        Ok(Self { text, pairs })
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn app<'s>(&self, state: &'s State) -> Result<&'s AppSeed, PageError> {
        let client_id = self.get("client_id").unwrap_or_default();
        state.app(client_id).map_err(|_| PageError::new("unauthorized_client", "Không có ứng dụng này."))
    }

    /// Whether it is the hybrid flow, and how the answer travels. Without a mode, IdentityServer4's defaults count.
    fn response(&self) -> Result<(bool, Mode), PageError> {
        let mut kinds: Vec<_> = self.get("response_type").unwrap_or_default().split(' ').collect();
        kinds.sort_unstable();
        let hybrid = match kinds.as_slice() {
            ["code"] => false,
            ["code", "id_token"] => true,
            _ => {
                return Err(PageError::new(
                    "unsupported_response_type",
                    "response_type phải là “code” hoặc “code id_token”.",
                ));
            }
        };
        let mode = match self.get("response_mode") {
            Some("form_post") => Mode::FormPost,
            Some("query") if hybrid => {
                return Err(PageError::new("invalid_request", "response_mode=query không đi cùng id_token."));
            }
            Some("query") => Mode::Query,
            Some("fragment") if hybrid => Mode::Fragment,
            None if hybrid => Mode::Fragment,
            None => Mode::Query,
            Some(_) => return Err(PageError::new("invalid_request", "response_mode không hợp lệ.")),
        };
        Ok((hybrid, mode))
    }

    fn scopes(&self, app: &AppSeed) -> Result<Vec<String>, PageError> {
        let asked = self.get("scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty());
        let mut scopes: Vec<String> = Vec::new();
        for scope in asked {
            if !app.allowed_scopes.iter().any(|allowed| allowed == scope) {
                let reason = format!("Ứng dụng không được phép xin quyền {scope}.");
                return Err(PageError::new("invalid_scope", reason));
            }
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        if !scopes.iter().any(|scope| scope == "openid") {
            return Err(PageError::new("invalid_scope", "Thiếu quyền openid."));
        }
        Ok(scopes)
    }
}
