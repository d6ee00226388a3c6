//! What the accounts server remembers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys::StoredKey;
use super::seed::AccountSeed;
use crate::haravan::ids::{OrgId, UserId};
use crate::haravan::seed::Seed;
use crate::sim::{Addresses, Parts, Table};

/// The issuer of a simulator that is not served and was told no address.
const NOWHERE: &str = "http://haravan.invalid";

/// What a person allowed an app: a code, an access token and a refresh token stand for one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::haravan) struct Grant {
    pub client_id: String,
    pub orgid: OrgId,
    pub sub: UserId,
    pub scopes: Vec<String>,
    pub nonce: Option<String>,
    /// The session's id, the claim `sid`.
    pub sid: String,
    /// Unix seconds of the sign-in.
    pub auth_time: i64,
}

impl Grant {
    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// An authorization code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::haravan) struct Code {
    pub grant: Grant,
    pub redirect_uri: String,
    pub issued_at: Timestamp,
}

/// A browser that has signed in; its cookie is the key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::haravan) struct Session {
    pub sub: UserId,
    pub sid: String,
    pub auth_time: i64,
    /// The shop chosen last, taken again when an app asks for none (haravan.md §1.16).
    pub orgid: Option<OrgId>,
}

/// How the accounts server behaves where Haravan's own behaviour is not known (haravan.md §1.10, §10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountsSettings {
    /// a refresh token is dead once it was used, and another one comes
    pub rotate_refresh_tokens: bool,
    /// `expires_in` of install tokens, in seconds
    pub install_expires_in: u32,
    /// `expires_in` of user tokens, in seconds
    pub user_expires_in: u32,
}

impl Default for AccountsSettings {
    fn default() -> Self {
        Self { rotate_refresh_tokens: true, install_expires_in: 315_360_000, user_expires_in: 57_600 }
    }
}

/// Everything the accounts server remembers. Access tokens are with those of REST.
#[derive(Default)]
pub(in crate::haravan) struct Accounts {
    pub people: Vec<AccountSeed>,
    pub sessions: Table<String, Session>,
    pub codes: Table<String, Code>,
    pub refresh_tokens: Table<String, Grant>,
    /// By `kid`.
    pub keys: Table<String, StoredKey>,
    pub settings: AccountsSettings,
    /// Calls of the token endpoint by grant type.
    pub token_calls: BTreeMap<String, u64>,
    pub jwks_calls: u64,
    /// Where it is reached: the issuer of id_tokens and the base of every address in discovery.
    pub addresses: Addresses,
}

impl Accounts {
    pub(in crate::haravan) fn new(seed: &Seed) -> Self {
        Self { people: seed.accounts.clone(), ..Self::default() }
    }

    /// The base URL everything is announced under, without a slash at the end.
    pub(super) fn issuer(&self) -> String {
        self.addresses.base().unwrap_or(NOWHERE).to_owned()
    }

    pub(super) fn person(&self, sub: UserId) -> Option<&AccountSeed> {
        self.people.iter().find(|person| person.sub == sub)
    }

    pub(super) fn person_by_email(&self, email: &str) -> Option<&AccountSeed> {
        let email = email.trim();
        self.people.iter().find(|person| person.email.eq_ignore_ascii_case(email))
    }

    /// Kills what an app could still turn into tokens for a shop.
    pub(in crate::haravan) fn withdraw(&mut self, org: OrgId, client_id: &str) {
        let stays = |grant: &Grant| grant.orgid != org || grant.client_id != client_id;
        self.codes.retain(|_, code| stays(&code.grant));
        self.refresh_tokens.retain(|_, grant| stays(grant));
    }

    /// Takes over what a reset leaves alone: addresses, settings and the keys apps may have cached.
    pub(in crate::haravan) fn keep_from(&mut self, before: &Self) {
        self.settings = before.settings.clone();
        self.addresses = before.addresses.clone();
        self.keys = before.keys.iter().map(|(kid, key)| (kid.clone(), key.clone())).collect();
        self.keys.note_all();
    }

    /// What outlives the process.
    pub(in crate::haravan) fn parts(&mut self) -> Parts<'_> {
        vec![
            ("session".into(), &mut self.sessions),
            ("code".into(), &mut self.codes),
            ("refresh_token".into(), &mut self.refresh_tokens),
            ("signing_key".into(), &mut self.keys),
        ]
    }
}
