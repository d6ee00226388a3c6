//! What the app asks for in the query of the dialog.

use url::form_urlencoded::{self, Serializer};

use crate::facebook::state::State;

/// Permissions every app may ask for.
const FREE: [&str; 2] = ["public_profile", "email"];

#[derive(Debug)]
pub(in crate::facebook) struct DialogRequest {
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) scopes: Vec<String>,
    /// A Login-for-Business configuration: declining one permission grants none.
    pub(super) all_or_nothing: bool,
    pub(super) rerequest: bool,
    pub(in crate::facebook) reauthenticate: bool,
    pub(super) query: String,
}

impl DialogRequest {
    /// Reads the query, or says why the person stays here.
    pub(in crate::facebook) fn read(state: &State, query: &str) -> Result<Self, String> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let value = |name: &str| {
            let found = pairs.iter().find(|(key, value)| key == name && !value.is_empty());
            found.map(|(_, value)| value.as_str())
        };
        if value("client_id") != Some(state.app.id.as_str()) {
            return Err("ID ứng dụng không hợp lệ (Invalid App ID).".to_owned());
        }
        let redirect_uri = value("redirect_uri").unwrap_or_default();
        if !state.app.redirect_uris.iter().any(|registered| registered == redirect_uri) {
            return Err(
                "URL bị chặn (URL Blocked): redirect_uri không nằm trong danh sách đã đăng ký.".to_owned()
            );
        }
        if value("response_type").is_some_and(|wanted| wanted != "code") {
            return Err("Chỉ hỗ trợ response_type=code.".to_owned());
        }
        let configured = value("config_id");
        let scopes: Vec<String> = match (configured, value("scope")) {
            (Some(_), Some(_)) => return Err("Chỉ gửi một trong hai: scope hoặc config_id.".to_owned()),
            (Some(config), None) if state.app.config_id.as_deref() == Some(config) => {
                state.app.scopes.clone()
            }
            (Some(_), None) => return Err("Cấu hình đăng nhập không hợp lệ (config_id).".to_owned()),
            (None, scope) => scope.unwrap_or_default().split([',', ' ']).map(str::to_owned).collect(),
        };
        let scopes: Vec<_> =
            scopes.into_iter().filter(|scope| !scope.is_empty() && scope != "public_profile").collect();
        let allowed = |scope: &String| FREE.contains(&scope.as_str()) || state.app.scopes.contains(scope);
        if let Some(unknown) = scopes.iter().find(|scope| !allowed(scope)) {
            return Err(format!("Quyền không hợp lệ (Invalid Scopes): {unknown}"));
        }
        Ok(Self {
            redirect_uri: redirect_uri.to_owned(),
            state: value("state").map(str::to_owned),
            scopes,
            all_or_nothing: configured.is_some(),
            rerequest: value("auth_type") == Some("rerequest"),
            reauthenticate: value("auth_type") == Some("reauthenticate"),
            query: query.to_owned(),
        })
    }

    /// The query that goes on after a login, which has answered a wish to log in again.
    pub(super) fn query_when_logged_in(&self) -> String {
        if !self.reauthenticate {
            return self.query.clone();
        }
        let pairs = form_urlencoded::parse(self.query.as_bytes()).filter(|(name, _)| name != "auth_type");
        Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}
