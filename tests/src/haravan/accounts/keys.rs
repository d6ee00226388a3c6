//! The RSA keys id_tokens are signed with.
//!
//! Generating one takes long in a debug build, so all simulators of a process share a pool: the first takes the first
//! key, a rotation the next one it has not had yet.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::records::Accounts;
use crate::haravan::refusal::Refusal;

/// Every key of this process, oldest first.
static POOL: Mutex<Vec<Arc<SigningKey>>> = Mutex::new(Vec::new());

/// A key no simulator ever publishes.
static OUTSIDER: OnceLock<Option<Arc<SigningKey>>> = OnceLock::new();

/// A key pair that can sign.
pub(super) struct SigningKey {
    /// 32 hexadecimal digits of the modulus' hash.
    pub kid: String,
    modulus: Vec<u8>,
    pair: RsaKeyPair,
}

/// A key as the file has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::haravan) struct StoredKey {
    /// PKCS#8, base64.
    pkcs8: String,
    /// The JWKS has it; the one that does signs.
    published: bool,
}

impl SigningKey {
    fn generate() -> Result<Self, Refusal> {
        Self::of(RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| broken("not generated"))?)
    }

    fn of(pair: RsaKeyPair) -> Result<Self, Refusal> {
        // RSAPublicKey in DER: SEQUENCE (4 bytes), INTEGER head (4 bytes), a zero byte, the 256 bytes of the modulus, and
        // the exponent 65537.
        let der = pair.public_key().as_ref();
        let modulus =
            der.get(9..265).filter(|_| der.len() == 270).ok_or_else(|| broken("not of 2048 bits"))?;
        let modulus = modulus.to_vec();
        Ok(Self { kid: hex(&Sha256::digest(&modulus), 16), modulus, pair })
    }

    fn stored(&self) -> Result<StoredKey, Refusal> {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().map_err(|_| broken("not written"))?;
        Ok(StoredKey { pkcs8: STANDARD.encode(der.as_ref()), published: true })
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| broken("not usable"))?;
        Ok(signature)
    }

    /// The public half (haravan.md §1.12).
    pub(super) fn jwk(&self) -> Value {
        let n = URL_SAFE_NO_PAD.encode(&self.modulus);
        json!({"kty": "RSA", "use": "sig", "kid": self.kid, "alg": "RS256", "e": "AQAB", "n": n})
    }
}

impl Accounts {
    /// The key that signs; made when there is none yet.
    pub(super) fn signing_key(&mut self) -> Result<Arc<SigningKey>, Refusal> {
        match self.keys.iter().find(|(_, key)| key.published) {
            Some((kid, stored)) => load(kid, stored),
            None => self.rotate_keys(),
        }
    }

    /// Another key signs from here on and is the only one published.
    pub(super) fn rotate_keys(&mut self) -> Result<Arc<SigningKey>, Refusal> {
        let key = next_key(|kid| self.keys.contains_key(kid))?;
        let stored = key.stored()?;
        self.keys.select_mut(|key| key.published).for_each(|key| key.published = false);
        self.keys.insert(key.kid.clone(), stored);
        Ok(key)
    }
}

/// A key the JWKS never has.
pub(super) fn outsider() -> Result<Arc<SigningKey>, Refusal> {
    let key = OUTSIDER.get_or_init(|| SigningKey::generate().ok().map(Arc::new));
    key.clone().ok_or_else(|| broken("not generated"))
}

fn next_key(had: impl Fn(&str) -> bool) -> Result<Arc<SigningKey>, Refusal> {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = pool.iter().find(|key| !had(&key.kid)) {
        return Ok(key.clone());
    }
    let key = Arc::new(SigningKey::generate()?);
    pool.push(key.clone());
    Ok(key)
}

fn load(kid: &str, stored: &StoredKey) -> Result<Arc<SigningKey>, Refusal> {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = pool.iter().find(|key| key.kid == kid) {
        return Ok(key.clone());
    }
    let der = STANDARD.decode(&stored.pkcs8).map_err(|_| broken("not base64"))?;
    let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| broken("not understood"))?;
    let key = Arc::new(SigningKey::of(pair)?);
    pool.push(key.clone());
    Ok(key)
}

fn broken(what: &str) -> Refusal {
    Refusal::Invalid(format!("the signing key is {what}"))
}

/// The first `bytes` bytes in lower-case hexadecimal digits.
pub(super) fn hex(data: &[u8], bytes: usize) -> String {
    data.iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}
