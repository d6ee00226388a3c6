//! Who logged in, and for which shop: the id token and its rules (haravan.md §1.8).
//!
//! The text that came is an [`UnverifiedIdToken`], of which only the name of its key can be read. [`IdClaims`] exist only
//! behind every rule: signature, issuer, audience, times, nonce, and the hash that ties the token to what came with it.
//! The signature is a library's work; the rules are here, because each needs a code of its own and the time is ours.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::id::{OrgId, StaffId};
use crate::text::tidy;

/// How far two clocks may be apart, in seconds (haravan.md §1.8: 60 s in the field).
pub const SKEW: i64 = 60;

/// How long ago a token may have been issued, in seconds. The nonce is ten minutes old at most; the rest is for a clock
/// that is wrong.
const MAX_AGE: i64 = 3600;

/// Longest token read, in bytes; captured ones have less than two thousand.
const MAX_LENGTH: usize = 16 * 1024;

/// Longest key name read, in bytes (haravan.md §1.8: 32).
const MAX_KID: usize = 128;

/// The role that may install (haravan.md §1.8).
const ADMIN: &str = "admin";

/// The rule an id token broke; each has a stable code for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// It is no signed token, or too long.
    #[error("not an id token")]
    Malformed,
    /// It is not signed with RS256.
    #[error("another algorithm than RS256")]
    Algorithm,
    /// The name of its key is no name.
    #[error("names no key")]
    NoKid,
    /// It was not signed with the key it names.
    #[error("the signature does not fit")]
    Signature,
    /// Another issuer.
    #[error("another issuer")]
    Issuer,
    /// It is for another app.
    #[error("for another app")]
    Audience,
    /// It has ended, or never ends.
    #[error("ended")]
    Expired,
    /// It is not valid yet.
    #[error("not valid yet")]
    NotYet,
    /// It was issued long ago, in the future, or nobody knows when.
    #[error("issued at another time")]
    IssuedAt,
    /// It belongs to another attempt.
    #[error("of another attempt")]
    Nonce,
    /// It came with another code.
    #[error("of another code")]
    CodeHash,
    /// It came with another access token.
    #[error("of another access token")]
    TokenHash,
    /// It names nobody.
    #[error("names nobody")]
    Subject,
    /// It names no shop.
    #[error("names no shop")]
    Org,
}

impl IdTokenError {
    /// The code in the log.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "id_token_malformed",
            Self::Algorithm => "id_token_alg",
            Self::NoKid => "id_token_kid",
            Self::Signature => "id_token_signature",
            Self::Issuer => "id_token_iss",
            Self::Audience => "id_token_aud",
            Self::Expired => "id_token_exp",
            Self::NotYet => "id_token_nbf",
            Self::IssuedAt => "id_token_iat",
            Self::Nonce => "id_token_nonce",
            Self::CodeHash => "id_token_c_hash",
            Self::TokenHash => "id_token_at_hash",
            Self::Subject => "id_token_sub",
            Self::Org => "id_token_orgid",
        }
    }
}

/// What came together with an id token and is hashed in it (haravan.md §1.8).
#[derive(Debug, Clone, Copy)]
pub enum Beside<'a> {
    /// A code, through the browser.
    Code(&'a str),
    /// An access token, from the token endpoint.
    AccessToken(&'a SecretString),
}

/// What an id token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who issued it, exactly.
    pub issuer: &'a str,
    /// The app it is for.
    pub client_id: &'a str,
    /// The attempt it belongs to.
    pub nonce: &'a str,
    /// What it came with: the code has to be hashed in it, the access token may be.
    pub beside: Beside<'a>,
    /// The time.
    pub now: Timestamp,
}

/// A token as it came.
#[derive(Debug)]
pub struct UnverifiedIdToken {
    text: SecretString,
    kid: Option<String>,
}

/// What a verified id token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdClaims {
    /// The person (`sub`).
    pub sub: StaffId,
    /// The shop (`orgid`).
    pub org: OrgId,
    /// The shop's name.
    pub org_name: Option<String>,
    /// The shop's subdomain of `myharavan.com`.
    pub org_sub: Option<String>,
    /// The person's name.
    pub name: Option<String>,
    /// The person's e-mail.
    pub email: Option<String>,
    /// The person's roles in the shop, in lower case.
    pub roles: Vec<String>,
}

impl IdClaims {
    /// Whether the person may install the app (haravan.md §1.4, §1.8).
    pub fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == ADMIN)
    }
}

impl UnverifiedIdToken {
    /// Reads the header of a token.
    ///
    /// # Errors
    /// [`IdTokenError::Malformed`], [`IdTokenError::Algorithm`] or [`IdTokenError::NoKid`].
    pub fn read(text: SecretString) -> Result<Self, IdTokenError> {
        let token = text.expose_secret();
        if token.len() > MAX_LENGTH || token.split('.').count() != 3 {
            return Err(IdTokenError::Malformed);
        }
        let header = token.split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let header = header.and_then(|json| serde_json::from_slice::<Map<String, Value>>(&json).ok());
        let header = header.ok_or(IdTokenError::Malformed)?;
        if header.get("alg").and_then(Value::as_str) != Some("RS256") {
            return Err(IdTokenError::Algorithm);
        }
        // What must be understood and is not (RFC 7515 §4.1.11).
        if header.contains_key("crit") {
            return Err(IdTokenError::Malformed);
        }
        let kid = match header.get("kid") {
            None | Some(Value::Null) => None,
            Some(Value::String(kid)) if (1..=MAX_KID).contains(&kid.len()) => Some(kid.clone()),
            Some(_) => return Err(IdTokenError::NoKid),
        };
        Ok(Self { text, kid })
    }

    /// The name of the key it claims to be signed with. Where there is one key it may name none (OpenID Connect Core §10.1).
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What it says, if it was signed with `key` and every rule holds.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn verify(&self, key: &DecodingKey, expected: &Expected<'_>) -> Result<IdClaims, IdTokenError> {
        let mut signature_only = Validation::new(Algorithm::RS256);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        let decoded =
            jsonwebtoken::decode::<Map<String, Value>>(self.text.expose_secret(), key, &signature_only);
        let claims = decoded.map_err(|error| match error.kind() {
            ErrorKind::InvalidAlgorithm => IdTokenError::Algorithm,
            ErrorKind::Json(_) | ErrorKind::Utf8(_) | ErrorKind::InvalidToken => IdTokenError::Malformed,
            _ => IdTokenError::Signature,
        })?;
        check(&Claims(claims.claims), expected)
    }
}

/// The claims, with readers that find nothing where there is another type.
struct Claims(Map<String, Value>);

impl Claims {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn line(&self, name: &str) -> Option<String> {
        self.text(name).and_then(tidy)
    }

    /// An instant: a number, or its digits (haravan.md §7, 8). A fraction of a second counts for nothing here.
    fn seconds(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Number(number) => {
                number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64))
            }
            Value::String(_) => self.digits(name)?.parse().ok(),
            _ => None,
        }
    }

    fn is_there(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// Decimal digits, as text or as a number (haravan.md §7, 8).
    fn digits(&self, name: &str) -> Option<String> {
        let text = match self.0.get(name)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.as_u64()?.to_string(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Whether it holds the hash of a secret.
    fn holds(&self, name: &str, secret: &str) -> bool {
        let hash = half_hash(secret);
        self.text(name)
            .is_some_and(|given| verify_slices_are_equal(given.as_bytes(), hash.as_bytes()).is_ok())
    }

    fn texts(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::String(text)) => vec![text],
            // What is no text stands there all the same.
            Some(Value::Array(list)) => list.iter().map(|one| one.as_str().unwrap_or_default()).collect(),
            _ => Vec::new(),
        }
    }
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<IdClaims, IdTokenError> {
    if claims.text("iss") != Some(expected.issuer) {
        return Err(IdTokenError::Issuer);
    }
    // Of several apps it must say which one it was issued to (OpenID Connect Core §3.1.3.7).
    let (audience, party) = (claims.texts("aud"), claims.text("azp"));
    let alone = audience.iter().all(|app| *app == expected.client_id) && !claims.is_there("azp");
    if !audience.contains(&expected.client_id) || !(alone || party == Some(expected.client_id)) {
        return Err(IdTokenError::Audience);
    }
    let now = expected.now.as_second();
    if claims.seconds("exp").is_none_or(|end| end.saturating_add(SKEW) <= now) {
        return Err(IdTokenError::Expired);
    }
    let begun = |begin: i64| begin <= now.saturating_add(SKEW);
    if claims.is_there("nbf") && !claims.seconds("nbf").is_some_and(begun) {
        return Err(IdTokenError::NotYet);
    }
    let ages = (now - MAX_AGE)..=(now + SKEW);
    if claims.seconds("iat").is_none_or(|issued| !ages.contains(&issued)) {
        return Err(IdTokenError::IssuedAt);
    }
    if expected.nonce.is_empty() || claims.text("nonce") != Some(expected.nonce) {
        return Err(IdTokenError::Nonce);
    }
    match expected.beside {
        Beside::Code(code) if !claims.holds("c_hash", code) => return Err(IdTokenError::CodeHash),
        // What comes straight from the token endpoint need not be tied to what came with it (OpenID Connect Core §3.1.3.6,
        // haravan.md §11): without the hash there is no reason to refuse, with another one there is.
        Beside::AccessToken(token)
            if claims.is_there("at_hash") && !claims.holds("at_hash", token.expose_secret()) =>
        {
            return Err(IdTokenError::TokenHash);
        }
        Beside::Code(_) | Beside::AccessToken(_) => {}
    }
    let sub = claims.digits("sub").and_then(|sub| sub.parse().ok()).ok_or(IdTokenError::Subject)?;
    let org = claims.digits("orgid").and_then(|org| org.parse().ok()).ok_or(IdTokenError::Org)?;
    Ok(IdClaims {
        sub,
        org,
        org_name: claims.line("orgname"),
        org_sub: claims.line("orgsub"),
        name: claims.line("name"),
        email: claims.line("email"),
        roles: claims.texts("role").into_iter().flat_map(words).collect(),
    })
}

/// The words of a role, which may be several in one text (haravan.md §1.8).
fn words(role: &str) -> impl Iterator<Item = String> {
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/' | '|');
    role.split(separates).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// `c_hash` and `at_hash`: base64url of the left half of SHA-256 (haravan.md §1.8).
pub fn half_hash(secret: &str) -> String {
    let hash = Sha256::digest(secret.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests;
