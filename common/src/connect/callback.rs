//! What Haravan sends a browser back with: a form that it posts, or a query (haravan.md §1.7).

use secrecy::SecretString;

use super::refusal::Refusal;
use crate::form::Fields;

/// Haravan's answer to a login.
#[derive(Debug)]
pub struct Callback {
    /// What we sent along.
    pub state: Option<SecretString>,
    /// The code, unless it was refused.
    pub code: Option<SecretString>,
    /// The id token of the hybrid flow, not verified.
    pub id_token: Option<SecretString>,
    /// Why not, one of the words of `error_word`.
    pub error: Option<&'static str>,
}

impl Callback {
    /// Reads the answer's fields.
    ///
    /// # Errors
    /// [`Refusal::Unreadable`].
    pub fn read(fields: &Fields) -> Result<Self, Refusal> {
        let secret = |name| -> Result<Option<SecretString>, Refusal> {
            Ok(fields.get(name)?.map(|value| value.to_owned().into()))
        };
        Ok(Self {
            state: secret("state")?,
            code: secret("code")?,
            id_token: secret("id_token")?,
            error: fields.get("error")?.map(error_word),
        })
    }
}

/// The error codes of OAuth 2.0 §4.1.2.1 and OpenID Connect §3.1.2.6. Anybody can call with anything, and only known
/// words go into the log.
fn error_word(given: &str) -> &'static str {
    let known = [
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "invalid_request",
        "invalid_scope",
        "login_required",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
    ];
    known.into_iter().find(|word| *word == given).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_comes_twice_is_refused() {
        assert!(Callback::read(&Fields::parse(b"state=a&scope=x&scope=y")).is_ok());
        assert_eq!(Callback::read(&Fields::parse(b"state=a&state=b")).unwrap_err(), Refusal::Unreadable);
    }

    #[test]
    fn only_known_words_are_taken_for_errors() {
        let read = |text: &str| Callback::read(&Fields::parse(text.as_bytes())).unwrap().error;
        assert_eq!(read("error=access_denied"), Some("access_denied"));
        assert_eq!(read("error=minhanh%40example.com"), Some("other"));
        assert_eq!(read("code=1"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            drop(Callback::read(&Fields::parse(&bytes)));
        }
    }
}
