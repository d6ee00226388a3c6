//! What ties a provider's answer to the browser that set out: a random cookie, of which an attempt keeps the digest.
//!
//! Whoever is handed somebody else's callback, or hands their own to somebody else, has another cookie or none. Each attempt
//! has a cookie of its own, named after its digest, so that two tabs of one browser do not disturb each other. It goes with
//! the attempt's end; of those whose end nobody sees, a browser keeps no more than [`MOST`].

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

/// How many attempts one browser may have under way, so that the header with their cookies stays short.
pub const MOST: usize = 6;

/// How much of a digest is in a cookie's name, in characters of six bits.
const NAMED: usize = 12;

/// The cookies of a kind of attempt. Over plain http, in local mode, a browser keeps no cookie of the strict kind.
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
    /// The key of the attempt that keeps this digest, if it came with a request to a host whose address begins with
    /// `base_url`.
    pub fn read(self, headers: &HeaderMap, base_url: &str, digest: &str) -> Option<BrowserKey> {
        let value = page::cookie(headers, &self.name(base_url, digest))?;
        let key = BrowserKey(value.to_owned().into());
        (key.digest() == digest).then_some(key)
    }

    /// The header with which the browser keeps its key.
    pub fn keep(self, key: &BrowserKey, base_url: &str, lives: Duration) -> Option<HeaderValue> {
        self.set(&self.name(base_url, &key.digest()), key.0.expose_secret(), base_url, lives.as_secs())
    }

    /// The header with which the browser forgets the key of this digest.
    pub fn forget(self, digest: &str, base_url: &str) -> Option<HeaderValue> {
        self.set(&self.name(base_url, digest), "", base_url, 0)
    }

    /// The headers with which a browser that starts one more attempt forgets those that are too many: the oldest, which it
    /// names first (RFC 6265 §5.4).
    pub fn make_room(self, headers: &HeaderMap, base_url: &str) -> Vec<HeaderValue> {
        let prefix = self.name(base_url, "");
        let kept: Vec<&str> = page::cookie_names(headers).filter(|name| name.starts_with(&prefix)).collect();
        let excess = kept.len().saturating_sub(MOST - 1);
        kept.into_iter().take(excess).filter_map(|name| self.set(name, "", base_url, 0)).collect()
    }

    fn name(self, base_url: &str, digest: &str) -> String {
        let kind = if is_https(base_url) { self.strict } else { self.plain };
        format!("{kind}_{}", digest.get(..NAMED).unwrap_or_default())
    }

    fn set(self, name: &str, value: &str, base_url: &str, seconds: u64) -> Option<HeaderValue> {
        let same_site = self.same_site;
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

#[cfg(test)]
mod tests {
    use axum::http::header;
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "https://crm.example.com";

    fn sent(cookies: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(cookies).unwrap())])
    }

    fn pair(header: &HeaderValue) -> String {
        header.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_key_is_found_among_others_by_its_digest_alone() {
        let keys: Vec<BrowserKey> = (0..4).map(|_| BrowserKey::new().unwrap()).collect();
        let pairs: Vec<String> =
            keys.iter().map(|key| pair(&SHOPS.keep(key, BASE, Duration::from_secs(1)).unwrap())).collect();
        let headers = sent(&format!("hvc_lang=vi; {}; a=b", pairs.join("; ")));
        for key in &keys {
            let read = SHOPS.read(&headers, BASE, &key.digest()).unwrap();
            assert_eq!(read.digest(), key.digest());
            assert!(PAGES.read(&headers, BASE, &key.digest()).is_none(), "of the other kind");
            assert!(SHOPS.read(&headers, "http://localhost", &key.digest()).is_none(), "of the strict kind");
        }
        let stranger = BrowserKey::new().unwrap().digest();
        for digest in [stranger.as_str(), "", "short", &keys[0].digest()[..12]] {
            assert!(SHOPS.read(&headers, BASE, digest).is_none(), "{digest}");
        }
    }

    #[test]
    fn room_is_made_by_forgetting_the_oldest_of_one_kind() {
        let named = |from: usize, to: usize| {
            (from..to)
                .map(|at| format!("__Host-hvc_flow_{at:012}=x; __Host-hvc_page_{at:012}=x; hvc_flow_{at}=x"))
        };
        let forgotten = |many: usize| -> Vec<String> {
            let headers = sent(&named(0, many).collect::<Vec<_>>().join("; "));
            SHOPS.make_room(&headers, BASE).iter().map(pair).collect()
        };
        assert!(forgotten(MOST - 1).is_empty());
        assert_eq!(forgotten(MOST), ["__Host-hvc_flow_000000000000="]);
        assert_eq!(forgotten(MOST + 2).len(), 3);
    }

    proptest! {
        #[test]
        fn whatever_cookies_come_none_is_taken_for_a_key(cookies in "[ -~]{0,200}", value in "[ -~]{0,60}") {
            let digest = BrowserKey::new().unwrap().digest();
            let name = SHOPS.name(BASE, &digest);
            for cookies in [cookies.clone(), format!("{cookies}; {name}={value}"), format!("{name}={value};{cookies}")] {
                prop_assert!(SHOPS.read(&sent(&cookies), BASE, &digest).is_none());
                drop(SHOPS.make_room(&sent(&cookies), BASE));
            }
        }
    }
}
