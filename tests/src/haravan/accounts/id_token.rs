//! The id_token (haravan.md §1.8): its claims, and the faults that spoil it.

use serde_json::{Map, Value, json};

use super::keys::outsider;
use super::records::Grant;
use super::signing::{forged, half_hash, hs256, rs256, rs256_nameless, unsigned};
use crate::haravan::faults::Fault;
use crate::haravan::ids::OrgId;
use crate::haravan::refusal::Refusal;
use crate::haravan::state::State;

/// Where front-channel tokens come from, for [`Switch::on`](crate::haravan::Switch::on).
pub(super) const AUTHORIZE: &str = "authorize";

/// Seconds an id_token is good for.
const LIFETIME: i64 = 57_600;

/// What came together with the id_token.
pub(super) enum Beside<'t> {
    /// A code, in the answer of authorize.
    Code(&'t str),
    /// An access token, from the token endpoint, for this grant type.
    AccessToken(&'t str, &'t str),
}

impl Beside<'_> {
    fn place(&self) -> &str {
        match self {
            Self::Code(_) => AUTHORIZE,
            Self::AccessToken(_, grant_type) => grant_type,
        }
    }

    fn concerns(&self, fault: &Fault) -> bool {
        match fault {
            Fault::IdTokenWrongCHash | Fault::IdTokenNoCHash => matches!(self, Self::Code(_)),
            Fault::IdTokenWrongAtHash | Fault::IdTokenNoAtHash => matches!(self, Self::AccessToken(..)),
            Fault::IdTokenExpired
            | Fault::IdTokenWrongAud
            | Fault::IdTokenWrongNonce
            | Fault::IdTokenWrongIss
            | Fault::IdTokenNoKid
            | Fault::IdTokenAlgNone
            | Fault::IdTokenHs256
            | Fault::IdTokenBadSignature
            | Fault::IdTokenKeyRotated
            | Fault::IdTokenKeyUnpublished
            | Fault::IdTokenRoleArray
            | Fault::IdTokenNoRole
            | Fault::IdTokenOtherOrg => true,
            _ => false,
        }
    }
}

/// Issues an id_token for a grant, spoilt by the faults that happen here.
pub(super) fn id_token(state: &mut State, grant: &Grant, beside: &Beside<'_>) -> Result<String, Refusal> {
    let faults = state.faults.take_at(beside.place(), |fault| beside.concerns(fault));
    let has = |fault: &Fault| faults.contains(fault);
    let mut claims = claims(state, grant, beside);
    if has(&Fault::IdTokenOtherOrg) {
        let other = state.other_org(grant.orgid);
        put_org(state, other, &mut claims);
    }
    for fault in &faults {
        spoil(fault, &mut claims);
    }
    let claims = Value::Object(claims);
    if has(&Fault::IdTokenKeyRotated) {
        state.accounts.rotate_keys()?;
    }
    let key = state.accounts.signing_key()?;
    if has(&Fault::IdTokenAlgNone) {
        return Ok(unsigned(&claims));
    }
    if has(&Fault::IdTokenHs256) {
        return hs256(&key.kid, &state.app(&grant.client_id)?.client_secret, &claims);
    }
    if has(&Fault::IdTokenBadSignature) {
        return Ok(forged(&key, &claims));
    }
    let key = if has(&Fault::IdTokenKeyUnpublished) { outsider()? } else { key };
    if has(&Fault::IdTokenNoKid) { rs256_nameless(&key, &claims) } else { rs256(&key, &claims) }
}

/// The right claims. Numeric ids are strings; `email` and `org` claims come with their scopes.
fn claims(state: &State, grant: &Grant, beside: &Beside<'_>) -> Map<String, Value> {
    let now = state.now().as_second();
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| {
        claims.insert(name.to_owned(), value);
    };
    put("nbf", now.into());
    put("exp", (now + LIFETIME).into());
    put("iss", state.accounts.issuer().into());
    put("aud", grant.client_id.as_str().into());
    if let Some(nonce) = &grant.nonce {
        put("nonce", nonce.as_str().into());
    }
    put("iat", now.into());
    match beside {
        Beside::Code(code) => put("c_hash", half_hash(code).into()),
        Beside::AccessToken(token, _) => put("at_hash", half_hash(token).into()),
    }
    put("sid", grant.sid.as_str().into());
    put("sub", grant.sub.to_string().into());
    put("auth_time", grant.auth_time.into());
    put("idp", "local".into());
    put("amr", json!(["pwd"]));
    claims.extend(about_the_person(state, grant));
    claims
}

/// What the id_token and userinfo say of the person and the shop, as far as the scopes go.
pub(super) fn about_the_person(state: &State, grant: &Grant) -> Map<String, Value> {
    let mut claims = Map::new();
    if grant.has("org") {
        put_org(state, grant.orgid, &mut claims);
    }
    let Some(person) = state.accounts.person(grant.sub) else { return claims };
    if grant.has("profile") {
        claims.insert("name".to_owned(), person.name.as_str().into());
    }
    if grant.has("email") {
        claims.insert("email".to_owned(), person.email.as_str().into());
    }
    match person.roles(grant.orgid).unwrap_or_default() {
        [] => {}
        [one] => {
            claims.insert("role".to_owned(), one.as_str().into());
        }
        several => {
            claims.insert("role".to_owned(), several.into());
        }
    }
    claims
}

fn put_org(state: &State, org: OrgId, claims: &mut Map<String, Value>) {
    let shop = state.shop(org).ok();
    let name = shop.map_or_else(|| format!("Shop {org}"), |shop| shop.facts.orgname.clone());
    let sub = shop.map_or_else(|| format!("shop-{org}"), |shop| shop.facts.orgsub.clone());
    claims.insert("orgid".to_owned(), org.to_string().into());
    claims.insert("orgname".to_owned(), name.into());
    claims.insert("orgsub".to_owned(), sub.into());
}

/// The faults of single claims.
fn spoil(fault: &Fault, claims: &mut Map<String, Value>) {
    let (name, value) = match fault {
        Fault::IdTokenExpired => {
            for name in ["nbf", "exp", "iat", "auth_time"] {
                if let Some(time) = claims.get_mut(name) {
                    *time = (time.as_i64().unwrap_or_default() - LIFETIME - 3600).into();
                }
            }
            return;
        }
        Fault::IdTokenNoRole | Fault::IdTokenNoCHash | Fault::IdTokenNoAtHash => {
            claims.remove(match fault {
                Fault::IdTokenNoRole => "role",
                Fault::IdTokenNoCHash => "c_hash",
                _ => "at_hash",
            });
            return;
        }
        Fault::IdTokenRoleArray => match claims.get("role") {
            Some(Value::String(role)) => ("role", json!([role])),
            _ => return,
        },
        Fault::IdTokenWrongAud => ("aud", "another_client_id".into()),
        Fault::IdTokenWrongNonce => ("nonce", "another-nonce".into()),
        Fault::IdTokenWrongIss => ("iss", "https://accounts.example.com".into()),
        Fault::IdTokenWrongCHash => ("c_hash", half_hash("another code").into()),
        Fault::IdTokenWrongAtHash => ("at_hash", half_hash("another token").into()),
        _ => return,
    };
    claims.insert(name.to_owned(), value);
}

impl State {
    /// A shop that is not this one.
    pub(super) fn other_org(&self, org: OrgId) -> OrgId {
        self.shops.keys().copied().find(|other| *other != org).unwrap_or(OrgId(org.0 + 1))
    }
}
