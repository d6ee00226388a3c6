//! The keys Haravan signs id tokens with (haravan.md §1.8, §1.12), cached.
//!
//! A key nobody knows may be a new one, so the set is read again for it: once per name, and no more often than every
//! [`GAP`], because the name of a key comes from whoever sent the token. Names that stayed unknown are remembered until
//! the set is old; forgotten ones cost one more read.
//!
//! A single key needs no name, neither in the set nor in a token (OpenID Connect Core §10.1). Such a key is replaced
//! without a sign, so a signature that does not fit is a reason to read the set again, too.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::clock::SharedClock;
use crate::wire::answer::whole;

/// How long a set of keys is believed (haravan.md §10, 6).
pub const FRESH: Duration = Duration::from_secs(3600);

/// The set is not read again within this.
pub const GAP: Duration = Duration::from_secs(10);

/// Longest wait for one of the two documents.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Longest document read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// How many unknown names are remembered.
const REMEMBERED: usize = 64;

/// Where the discovery document is, below the accounts server (haravan.md §1.1).
const DISCOVERY: &str = ".well-known/openid-configuration";

/// Where the keys are when discovery does not say (haravan.md §1.1).
const FALL_BACK: &str = ".well-known/openid-configuration/jwks";

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Haravan has no key of this name.
    #[error("Haravan has no such key")]
    Unknown,
    /// Haravan's keys could not be read.
    #[error("Haravan's keys cannot be read")]
    Unavailable,
}

/// The keys of one accounts server.
pub struct Jwks {
    http: reqwest::Client,
    base: Url,
    issuer: String,
    clock: SharedClock,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    keys: Keys,
    read_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
    unknown: VecDeque<Option<String>>,
}

#[derive(Default)]
struct Keys {
    named: BTreeMap<String, DecodingKey>,
    nameless: Vec<DecodingKey>,
}

impl Keys {
    /// The key of this name; the only one there is, where the token or the key has no name.
    fn find(&self, kid: Option<&str>) -> Option<&DecodingKey> {
        if let Some(key) = kid.and_then(|kid| self.named.get(kid)) {
            return Some(key);
        }
        match (self.named.len(), self.nameless.as_slice()) {
            (0, [only]) => Some(only),
            (1, []) if kid.is_none() => self.named.values().next(),
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        self.named.is_empty() && self.nameless.is_empty()
    }
}

impl Jwks {
    /// The keys of the accounts server at `base`, whose tokens name `issuer`.
    pub fn new(http: reqwest::Client, base: Url, issuer: String, clock: SharedClock) -> Self {
        Self { http, base, issuer, clock, cache: Mutex::default() }
    }

    /// The key of this name; the only one, where there is no name.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn key(&self, kid: Option<&str>) -> Result<DecodingKey, KeyError> {
        // Held while reading, so that many who miss a key read once.
        let mut cache = self.cache.lock().await;
        let fresh = self.within(cache.read_at, FRESH);
        if fresh {
            if let Some(key) = cache.keys.find(kid) {
                return Ok(key.clone());
            }
            if cache.unknown.iter().any(|known| known.as_deref() == kid) {
                return Err(KeyError::Unknown);
            }
        }
        if self.within(cache.tried_at, GAP) {
            return Err(if fresh { KeyError::Unknown } else { KeyError::Unavailable });
        }
        self.read(&mut cache).await?;
        if !fresh {
            cache.unknown.clear();
        }
        if let Some(key) = cache.keys.find(kid) {
            return Ok(key.clone());
        }
        if cache.unknown.len() >= REMEMBERED {
            cache.unknown.pop_front();
        }
        cache.unknown.push_back(kid.map(str::to_owned));
        Err(KeyError::Unknown)
    }

    /// The key as it is now, when a signature does not fit the one that was believed; `None` when it was read a moment ago
    /// or cannot be read.
    pub async fn key_anew(&self, kid: Option<&str>) -> Option<DecodingKey> {
        let mut cache = self.cache.lock().await;
        if self.within(cache.tried_at, GAP) {
            return None;
        }
        self.read(&mut cache).await.ok()?;
        cache.keys.find(kid).cloned()
    }

    fn within(&self, instant: Option<Timestamp>, span: Duration) -> bool {
        instant.is_some_and(|instant| self.clock.now().duration_since(instant).unsigned_abs() < span)
    }

    async fn read(&self, cache: &mut Cache) -> Result<(), KeyError> {
        let now = self.clock.now();
        cache.tried_at = Some(now);
        cache.keys = self.published().await.ok_or(KeyError::Unavailable)?;
        cache.read_at = Some(now);
        Ok(())
    }

    async fn published(&self) -> Option<Keys> {
        let address = match self.discovered().await {
            Some(address) => address,
            None => self.base.join(FALL_BACK).ok()?,
        };
        let keys = keys(&self.get(address).await?)?;
        (!keys.is_empty()).then_some(keys)
    }

    /// The address in the discovery document, if the document is about our issuer and the address is on its host.
    async fn discovered(&self) -> Option<Url> {
        #[derive(Deserialize)]
        struct Document {
            issuer: String,
            jwks_uri: String,
        }
        let text = self.get(self.base.join(DISCOVERY).ok()?).await?;
        let document: Document = serde_json::from_slice(&text).ok()?;
        let address: Url = document.jwks_uri.parse().ok()?;
        (document.issuer == self.issuer && address.origin() == self.base.origin()).then_some(address)
    }

    async fn get(&self, address: Url) -> Option<Vec<u8>> {
        let mut answer = self.http.get(address).timeout(TIMEOUT).send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        whole(&mut answer, MAX_ANSWER).await
    }
}

/// The RSA keys of a set that are not for encryption; `alg`, `use` (haravan.md §1.12) and `kid` may be absent. One that
/// cannot be read leaves the others as they are.
fn keys(text: &[u8]) -> Option<Keys> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    #[derive(Deserialize)]
    struct Key {
        #[serde(default)]
        kid: Option<String>,
        kty: String,
        n: String,
        e: String,
        #[serde(default, rename = "use")]
        purpose: Option<String>,
        #[serde(default)]
        alg: Option<String>,
    }
    let set: Set = serde_json::from_slice(text).ok()?;
    let read = |value: Value| {
        let key: Key = serde_json::from_value(value).ok()?;
        let signs = key.kty == "RSA"
            && key.purpose.is_none_or(|purpose| purpose == "sig")
            && key.alg.is_none_or(|alg| alg == "RS256");
        let decoding = DecodingKey::from_rsa_components(&key.n, &key.e).ok()?;
        signs.then_some((key.kid.filter(|kid| !kid.is_empty()), decoding))
    };
    let mut keys = Keys::default();
    for (kid, key) in set.keys.into_iter().filter_map(read) {
        match kid {
            Some(kid) => drop(keys.named.insert(kid, key)),
            None => keys.nameless.push(key),
        }
    }
    Some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(keys: &[&str]) -> Keys {
        super::keys(format!("{{\"keys\":[{}]}}", keys.join(",")).as_bytes()).unwrap()
    }

    const NAMED: &str = r#"{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}"#;
    const OTHER: &str = r#"{"kty":"RSA","kid":"b","n":"AQAB","e":"AQAB"}"#;
    const NAMELESS: &str = r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#;
    const EMPTY_NAME: &str = r#"{"kty":"RSA","kid":"","n":"AQAB","e":"AQAB"}"#;
    const NULL_NAME: &str = r#"{"kty":"RSA","kid":null,"n":"AQAB","e":"AQAB"}"#;

    #[test]
    fn of_a_set_the_rsa_keys_for_signatures_are_read_and_the_rest_left() {
        let set = br#"{"keys":[
            {"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"},
            {"kty":"RSA","kid":"b","n":"AQAB","e":"AQAB","use":"sig","alg":"RS256","x5t":"x"},
            {"kty":"RSA","kid":"for encryption","n":"AQAB","e":"AQAB","use":"enc"},
            {"kty":"RSA","kid":"other algorithm","n":"AQAB","e":"AQAB","alg":"RS512"},
            {"kty":"EC","kid":"curve","crv":"P-256","x":"AQAB","y":"AQAB"},
            {"kty":"oct","kid":"secret","k":"AQAB"},
            {"kty":"RSA","kid":7,"n":"AQAB","e":"AQAB"},
            {"kty":"RSA","kid":"broken","n":"%","e":"AQAB"},
            null, 7]}"#;
        let read = keys(set).unwrap();
        assert_eq!(read.named.into_keys().collect::<Vec<_>>(), ["a", "b"]);
        assert!(read.nameless.is_empty());
        for none in [&b""[..], b"{}", b"[]", b"<html>", br#"{"keys":{}}"#] {
            assert!(keys(none).is_none());
        }
    }

    #[test]
    fn a_single_key_needs_no_name_and_several_do() {
        let found = |keys: &[&str], kid| set(keys).find(kid).is_some();
        assert!(found(&[NAMED], Some("a")) && found(&[NAMED], None));
        for nameless in [NAMELESS, EMPTY_NAME, NULL_NAME] {
            assert!(found(&[nameless], None) && found(&[nameless], Some("a")), "{nameless}");
            assert!(!found(&[NAMED, nameless], None) && !found(&[NAMED, nameless], Some("b")), "{nameless}");
            assert!(found(&[NAMED, nameless], Some("a")), "{nameless}");
            assert!(!found(&[nameless, nameless], None), "{nameless}");
        }
        assert!(!found(&[NAMED], Some("b")) && !found(&[NAMED, OTHER], None) && !found(&[], None));
    }
}
