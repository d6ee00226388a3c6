//! What ties a provider's answer to the browser that set out: a random cookie, of which an attempt keeps the digest.
//!
//! Whoever is handed somebody else's callback, or hands their own to somebody else, has another cookie or none.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::page;
use crate::seal::{SealError, random_text};

/// What only the browser that started has: the value of a cookie, one per attempt.
#[derive(Debug, Clone)]
pub struct BrowserKey(SecretString);

impl BrowserKey {
    /// A new one.
    ///
    /// # Errors
    /// [`SealError::Source`]: no randomness.
    pub fn new() -> Result<Self, SealError> {
        Ok(Self(random_text()?.into()))
    }

    /// What is stored of it.
    pub fn digest(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose_secret()))
    }
}

/// The cookie of a kind of attempt. Over plain http, in local mode, a browser keeps no cookie of the strict kind.
#[derive(Debug, Clone, Copy)]
pub struct FlowCookie {
    strict: &'static str,
    plain: &'static str,
    same_site: &'static str,
}

/// Connecting a shop. Haravan's answer is a form posted from another site, so the cookie has to come along with that
/// (haravan.md §7, 5).
pub const SHOPS: FlowCookie = FlowCookie { strict: "__Host-hvc_flow", plain: "hvc_flow", same_site: "None" };

/// Connecting a page. Facebook and Zalo send the browser back with a redirect.
pub const PAGES: FlowCookie = FlowCookie { strict: "__Host-hvc_page", plain: "hvc_page", same_site: "Lax" };

impl FlowCookie {
    /// The key that came with a request to a host whose address begins with `base_url`.
    pub fn read(self, headers: &HeaderMap, base_url: &str) -> Option<BrowserKey> {
        let value = page::cookie(headers, self.name(base_url))?;
        Some(BrowserKey(value.to_owned().into()))
    }

    /// The header with which the browser keeps its key.
    pub fn keep(self, key: &BrowserKey, base_url: &str, lives: Duration) -> Option<HeaderValue> {
        self.set(key.0.expose_secret(), base_url, lives.as_secs())
    }

    /// The header with which the browser forgets it.
    pub fn forget(self, base_url: &str) -> Option<HeaderValue> {
        self.set("", base_url, 0)
    }

    fn name(self, base_url: &str) -> &'static str {
        if is_https(base_url) { self.strict } else { self.plain }
    }

    fn set(self, value: &str, base_url: &str, seconds: u64) -> Option<HeaderValue> {
        let (name, same_site) = (self.name(base_url), self.same_site);
        let kind = if is_https(base_url) {
            format!("SameSite={same_site}; Secure")
        } else {
            "SameSite=Lax".to_owned()
        };
        let text = format!("{name}={value}; {kind}; HttpOnly; Path=/; Max-Age={seconds}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

fn is_https(base_url: &str) -> bool {
    base_url.starts_with("https://")
}
