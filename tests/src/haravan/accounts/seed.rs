//! Who can sign in.

use serde::Deserialize;

use crate::haravan::ids::{OrgId, UserId};

/// A person with a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSeed {
    /// the number in the claim `sub`
    pub sub: UserId,
    /// e-mail, signed in with
    pub email: String,
    /// full name
    pub name: String,
    /// password
    pub password: String,
    /// the shops the person works in
    #[serde(default)]
    pub memberships: Vec<MembershipSeed>,
}

/// A person's place in a shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipSeed {
    /// the shop
    pub orgid: OrgId,
    /// roles; `admin` is the owner's
    #[serde(default)]
    pub roles: Vec<String>,
}

impl AccountSeed {
    /// A person with the password `demo` and one role in each shop named; an empty role is none.
    pub fn demo(sub: i64, email: &str, name: &str, places: &[(OrgId, &str)]) -> Self {
        let memberships = places.iter().map(|(orgid, role)| MembershipSeed {
            orgid: *orgid,
            roles: Some(*role).filter(|role| !role.is_empty()).map(str::to_owned).into_iter().collect(),
        });
        Self {
            sub: UserId(sub),
            email: email.to_owned(),
            name: name.to_owned(),
            password: "demo".to_owned(),
            memberships: memberships.collect(),
        }
    }

    /// The roles in a shop; nothing for a stranger to it.
    pub(super) fn roles(&self, org: OrgId) -> Option<&[String]> {
        let found = self.memberships.iter().find(|place| place.orgid == org);
        found.map(|place| place.roles.as_slice())
    }

    /// Whether the person owns the shop: a role is `admin` (haravan.md §1.8).
    pub(super) fn is_admin(&self, org: OrgId) -> bool {
        self.roles(org).is_some_and(|roles| roles.iter().any(|role| role == "admin"))
    }
}
