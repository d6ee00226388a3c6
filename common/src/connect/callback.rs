//! What Haravan sends a browser back with: a form that it posts, or a query (haravan.md §1.7).

use axum::body::Body;
use axum::http::{HeaderMap, header};
use secrecy::SecretString;
use url::form_urlencoded;

use super::refusal::Refusal;

/// Longest form read, in bytes; a captured one has about two thousand.
const MAX_FORM: usize = 64 * 1024;

/// Named values, none of those asked for twice.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a query or a form.
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// Reads a posted form.
    ///
    /// # Errors
    /// [`Refusal::Unreadable`]: it is no form, too long or breaks off.
    pub async fn posted(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refusal::Unreadable);
        }
        let body = axum::body::to_bytes(body, MAX_FORM).await.map_err(|_| Refusal::Unreadable)?;
        Ok(Self::parse(&body))
    }

    /// The value of this name; blank is none.
    ///
    /// # Errors
    /// [`Refusal::Unreadable`]: it comes twice, and who reads the first and who the last would disagree.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut found = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let value = found.next();
        if found.next().is_some() {
            return Err(Refusal::Unreadable);
        }
        Ok(value.filter(|value| !value.is_empty()))
    }
}

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
    fn a_value_that_comes_twice_is_refused_where_it_is_asked_for() {
        let fields = Fields::parse(b"state=a&scope=x&scope=y&state=b&empty=&plus=a+b%20c");
        assert!(fields.get("state").is_err());
        assert_eq!(fields.get("empty").unwrap(), None);
        assert_eq!(fields.get("missing").unwrap(), None);
        assert_eq!(fields.get("plus").unwrap(), Some("a b c"));
        assert!(Callback::read(&fields).is_err());
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
