//! Our app at Zalo, and where an administrator is sent to choose an Official Account (pages.md §2.1).

use secrecy::SecretString;
use url::Url;

/// The public base URL of the log-in and token host (pages.md, base URLs).
pub const DEFAULT_OAUTH_BASE: &str = "https://oauth.zaloapp.com/";
/// The public base URL of the API host (pages.md, base URLs).
pub const DEFAULT_OPENAPI_BASE: &str = "https://openapi.zalo.me/";

/// Our app at Zalo.
#[derive(Debug, Clone)]
pub struct App {
    /// App id.
    pub id: String,
    /// App secret.
    pub secret: SecretString,
    /// The secret that signs webhooks; it is another than the app secret (pages.md §2.10).
    pub oa_secret_key: SecretString,
}

/// Where the browser is sent. `redirect_uri` is the app's registered callback; with any other the browser stays on an
/// error page of Zalo's and never comes back. What is asked for is set in Zalo's console, so there is no scope.
pub fn permission_url(base: &Url, app: &App, redirect_uri: &str, challenge: &str, state: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}v4/oa/permission", base.path()));
    url.query_pairs_mut()
        .append_pair("app_id", &app.id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("code_challenge", challenge)
        .append_pair("state", state);
    url
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The app of the fixtures.
    pub fn app() -> App {
        App {
            id: "3600000000000000001".to_owned(),
            secret: "sim-zalo-app-secret-0001".into(),
            oa_secret_key: "sim-zalo-oa-secret-0001".into(),
        }
    }

    #[test]
    fn the_administrator_is_sent_with_four_parameters() {
        let base = DEFAULT_OAUTH_BASE.parse().unwrap();
        let url = permission_url(&base, &app(), "https://crm.example.test/cb?x=1", "6oZq-_", "st_9a1b");
        assert_eq!(
            url.as_str(),
            "https://oauth.zaloapp.com/v4/oa/permission?app_id=3600000000000000001\
             &redirect_uri=https%3A%2F%2Fcrm.example.test%2Fcb%3Fx%3D1&code_challenge=6oZq-_&state=st_9a1b"
        );
    }

    #[test]
    fn nothing_secret_of_an_app_prints() {
        assert!(!format!("{:?}", app()).contains("secret-0001"));
    }
}
