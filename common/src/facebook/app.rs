//! Our app at Facebook and the tokens it works with.

use secrecy::{ExposeSecret, SecretString};

/// The public base URL of the log-in dialog (pages.md, base URLs).
pub const DEFAULT_DIALOG_BASE: &str = "https://www.facebook.com/";
/// The public base URL of the Graph API (pages.md, base URLs).
pub const DEFAULT_GRAPH_BASE: &str = "https://graph.facebook.com/";
/// The newest version known (pages.md §1.1).
pub const DEFAULT_VERSION: &str = "v26.0";

/// Our app at Facebook.
#[derive(Debug, Clone)]
pub struct App {
    /// App id.
    pub id: String,
    /// App secret.
    pub secret: SecretString,
    /// A Login-for-Business configuration, which takes the place of `scope` (pages.md §1.2).
    pub config_id: Option<String>,
    /// Version of the dialog and the Graph API, such as `v26.0`.
    pub version: String,
    /// What Facebook repeats when it checks the webhook's address (pages.md §1.16).
    pub verify_token: SecretString,
}

impl App {
    /// `{app-id}|{app-secret}`, the app's own token (pages.md §1.12).
    pub fn token(&self) -> SecretString {
        format!("{}|{}", self.id, self.secret.expose_secret()).into()
    }
}

macro_rules! token {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// The token as it was stored.
            pub fn new(secret: SecretString) -> Self {
                Self(secret)
            }

            /// The token itself, for sealing.
            pub fn secret(&self) -> &SecretString {
                &self.0
            }
        }
    };
}

token!(
    /// A person's token for our app.
    UserToken
);
token!(
    /// A page's token, unique per page, person and app (pages.md §1.19).
    PageToken
);

/// In whose name a call is made.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// A person.
    User(&'a UserToken),
    /// A page.
    Page(&'a PageToken),
    /// Our app.
    App,
}

impl Caller<'_> {
    /// The token of the call.
    pub(super) fn token(self, app: &App) -> SecretString {
        match self {
            Self::User(token) => token.secret().clone(),
            Self::Page(token) => token.secret().clone(),
            Self::App => app.token(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The app of the fixtures.
    pub fn app() -> App {
        App {
            id: "1180011800118001".to_owned(),
            secret: "sim-fb-app-secret-0001".into(),
            config_id: None,
            version: DEFAULT_VERSION.to_owned(),
            verify_token: "sim-verify-token".into(),
        }
    }

    #[test]
    fn nothing_secret_of_an_app_or_a_token_prints() {
        let (user, page) = (UserToken::new("EAASIM1".into()), PageToken::new("EAASIM2".into()));
        let printed = format!("{:?} {user:?} {page:?} {:?}", app(), Caller::Page(&page));
        assert!(!printed.contains("EAASIM") && !printed.contains("secret-0001"), "{printed}");
        assert!(!printed.contains("sim-verify"), "{printed}");
        assert_eq!(app().token().expose_secret(), "1180011800118001|sim-fb-app-secret-0001");
    }
}
