//! Named values of a query or a posted form.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use url::form_urlencoded;

/// Longest form read, in bytes; a captured one has about two thousand.
const MAX_FORM: usize = 64 * 1024;

/// It is no form, too long, breaks off, or says something twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

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
    /// [`Unreadable`]: it is no form, too long or breaks off.
    pub async fn posted(headers: &HeaderMap, body: Body) -> Result<Self, Unreadable> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Unreadable);
        }
        let body = axum::body::to_bytes(body, MAX_FORM).await.map_err(|_| Unreadable)?;
        Ok(Self::parse(&body))
    }

    /// The value of this name; blank is none.
    ///
    /// # Errors
    /// [`Unreadable`]: it comes twice, and who reads the first and who the last would disagree.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Unreadable> {
        let mut found = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let value = found.next();
        if found.next().is_some() {
            return Err(Unreadable);
        }
        Ok(value.filter(|value| !value.is_empty()))
    }
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
    }
}
