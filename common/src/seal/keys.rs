//! Changing the key ring: a new key becomes active, a key that nothing is sealed with any more is taken out.
//!
//! A rotation disturbs nobody. A function with an older copy of the ring meets a blob of the new key, does not know it,
//! and reads the ring anew; until then it may still seal with the old key. Copies are used for
//! [`RING_FRESH`], and where the ring cannot be read anew they still open but seal no longer than
//! [`RING_SEALS`]. So an old key is safe to take out only when the new one has been active for
//! [`SETTLED_AFTER`] and every blob has been sealed anew after that.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{KeyRing, RingJson, SealError, random};

/// How long a copy of the key ring is used before the ring is read anew.
pub const RING_FRESH: Duration = Duration::from_secs(300);

/// How long a copy seals when the ring cannot be read anew; it opens for as long as it takes. The operator's rotation counts
/// on it: an old key may be taken out of the ring once nobody can be sealing with it any more
/// ([`SETTLED_AFTER`]). Events need no sealing, so they go on; a connect or a change of a secret is
/// refused and tried again, and a refresh waits before it sends its token.
pub const RING_SEALS: Duration = Duration::from_secs(600);

/// After this long no function seals with an older active key: its copy of the ring has aged out, whether or not the ring can
/// be read, an invocation that began with it has ended (two minutes at most), and so has every log-in that was under way
/// (ten minutes).
pub const SETTLED_AFTER: Duration = Duration::from_secs(RING_SEALS.as_secs() + 20 * 60);

/// The ring's text, to be changed.
pub struct Keys(RingJson);

impl Keys {
    /// Reads the text, by every rule of [`KeyRing::from_json`].
    ///
    /// # Errors
    /// [`SealError::Ring`] names what is wrong.
    pub fn read(text: &SecretString) -> Result<Self, SealError> {
        KeyRing::from_json(text.expose_secret())?;
        let ring = serde_json::from_str(text.expose_secret());
        ring.map(Self).map_err(|_| SealError::Ring("it is not the expected JSON"))
    }

    /// The keys' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys.keys().map(String::as_str)
    }

    /// The name of the key that seals.
    pub fn active(&self) -> &str {
        &self.0.active
    }

    /// Since when it seals; `None` for a ring that was never rotated.
    pub fn active_since(&self) -> Option<Timestamp> {
        self.0.active_since.and_then(|since| Timestamp::from_millisecond(since).ok())
    }

    /// From when on nobody seals with another key.
    pub fn settled_at(&self) -> Option<Timestamp> {
        self.active_since().and_then(|since| since.checked_add(SETTLED_AFTER).ok())
    }

    /// Adds a new random key and makes it the active one; gives its name.
    ///
    /// # Errors
    /// [`SealError::Source`] when the system has no randomness.
    pub fn rotate(&mut self, now: Timestamp) -> Result<String, SealError> {
        let name = (1..).map(|number: u32| format!("k{number}")).skip(self.0.keys.len());
        let name = name.into_iter().find(|name| !self.0.keys.contains_key(name));
        let name = name.ok_or(SealError::Ring("it has too many keys"))?;
        self.0.keys.insert(name.clone(), STANDARD.encode(random::<32>()?));
        self.0.active.clone_from(&name);
        self.0.active_since = Some(now.as_millisecond());
        Ok(name)
    }

    /// Takes a key out. `false` when it is active or not there.
    pub fn remove(&mut self, name: &str) -> bool {
        name != self.0.active && self.0.keys.remove(name).is_some()
    }

    /// The text to be stored.
    ///
    /// # Errors
    /// [`SealError::Ring`].
    pub fn text(&self) -> Result<SecretString, SealError> {
        let text = serde_json::to_string(&self.0);
        text.map(SecretString::from).map_err(|_| SealError::Ring("it cannot be written"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{Place, key_of};

    const HERE: Place<'_> = Place { key: "tenants/hat-mam", field: "crm_key" };

    #[test]
    fn a_rotated_ring_seals_with_its_new_key_and_opens_what_the_old_one_sealed() {
        let now = Timestamp::from_second(1_781_253_000).unwrap();
        let text = SecretString::from(KeyRing::generate_json().unwrap());
        let old = KeyRing::from_json(text.expose_secret()).unwrap().seal(HERE, &"s3cret".into()).unwrap();
        let mut keys = Keys::read(&text).unwrap();
        assert_eq!((keys.active(), keys.active_since()), ("k1", None));
        assert_eq!(keys.rotate(now).unwrap(), "k2");
        let ring = KeyRing::from_json(keys.text().unwrap().expose_secret()).unwrap();
        assert_eq!(ring.open(HERE, &old).unwrap().expose_secret(), "s3cret");
        let new = ring.seal(HERE, &"s3cret".into()).unwrap();
        assert_eq!((key_of(&old), key_of(&new)), (Some("k1"), Some("k2")));
        assert_eq!(Keys::read(&keys.text().unwrap()).unwrap().active_since(), Some(now));
    }

    #[test]
    fn the_active_key_stays_and_a_name_is_not_used_while_it_is_there() {
        let mut keys = Keys::read(&KeyRing::generate_json().unwrap().into()).unwrap();
        assert!(!keys.remove("k1") && !keys.remove("k9"));
        keys.rotate(Timestamp::UNIX_EPOCH).unwrap();
        keys.rotate(Timestamp::UNIX_EPOCH).unwrap();
        assert!(keys.remove("k1"));
        assert_eq!(keys.rotate(Timestamp::UNIX_EPOCH).unwrap(), "k4");
        assert_eq!(keys.names().collect::<Vec<_>>(), ["k2", "k3", "k4"]);
    }
}
