//! The key with which a tenant's CRM calls us: `{tenant}.{secret}`, so that the tenant is known before anything is read.
//! Only a digest is stored; the secret is random and long, which needs no slow hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::id::TenantId;
use crate::seal::{SealError, random};

/// A key as presented; it belongs to the tenant it names only if [`ApiKey::fits`] its digest.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The tenant it claims to be of.
    pub tenant: TenantId,
    whole: SecretString,
}

impl ApiKey {
    /// A new random key of 32 bytes.
    ///
    /// # Errors
    /// [`SealError::Source`] when the system has no randomness.
    pub fn generate(tenant: &TenantId) -> Result<Self, SealError> {
        Ok(Self::with(tenant, &random::<32>()?))
    }

    /// The key made of these bytes.
    pub fn with(tenant: &TenantId, secret: &[u8]) -> Self {
        let whole = format!("{tenant}.{}", URL_SAFE_NO_PAD.encode(secret));
        Self { tenant: tenant.clone(), whole: whole.into() }
    }

    /// Reads a key; `None` for anything that cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let (tenant, secret) = text.trim().split_once('.')?;
        let tenant = tenant.parse().ok()?;
        (secret.len() >= 32).then(|| Self { tenant, whole: text.trim().to_owned().into() })
    }

    /// The text to hand to the CRM, once.
    pub fn reveal(&self) -> &SecretString {
        &self.whole
    }

    /// What is stored: SHA-256, 32 bytes.
    pub fn digest(&self) -> Vec<u8> {
        Sha256::digest(self.whole.expose_secret()).to_vec()
    }

    /// Whether it is the key with this digest.
    pub fn fits(&self, digest: &[u8]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.digest(), digest).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_tenant_and_fits_its_digest_only() {
        let tenant: TenantId = "hat-mam".parse().unwrap();
        let (key, other) = (ApiKey::generate(&tenant).unwrap(), ApiKey::generate(&tenant).unwrap());
        let read = ApiKey::parse(key.reveal().expose_secret()).unwrap();
        assert_eq!(read.tenant, tenant);
        assert!(read.fits(&key.digest()));
        assert!(!read.fits(&other.digest()));
        assert!(!read.fits(b""));
    }

    #[test]
    fn what_cannot_be_a_key_is_none() {
        for text in
            ["", ".", "hat-mam", "hat-mam.", "hat-mam.short", "Hat.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
        {
            assert!(ApiKey::parse(text).is_none(), "{text:?}");
        }
    }
}
