//! One test per rule, with keys of our own.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256};
use proptest::prelude::*;
use serde_json::json;

use super::*;

static KEYS: LazyLock<[RsaKeyPair; 2]> =
    LazyLock::new(|| std::array::from_fn(|_| RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));

const ISSUER: &str = "https://accounts.haravan.com";
const APP: &str = "hrv_test_client_id";
const NOW: i64 = 1_781_234_567;

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn public(key: &RsaKeyPair) -> DecodingKey {
    // RSAPublicKey in DER, which is what the library takes.
    DecodingKey::from_rsa_der(key.public_key().as_ref())
}

fn signed(header: &Value, claims: &Value, key: &RsaKeyPair) -> String {
    let message = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", base64(signature))
}

/// The sample of haravan.md §9, with the access token's hash as well.
fn claims() -> Value {
    json!({"nbf": NOW, "exp": NOW + 57600, "iss": ISSUER, "aud": APP, "nonce": "n-51f0", "iat": NOW,
        "c_hash": "_-BU_nrgy23GXDr5th1SCQ", "at_hash": "oPqxN39Jp1m1f2MxgmLr6A", "sid": "6b1f", "sub": "200001038421",
        "auth_time": NOW - 7, "idp": "local", "amr": ["pwd"], "orgid": "200000987654", "orgname": "Hạt Mầm",
        "orgsub": "hat-mam-demo", "name": "Lê Minh Anh", "email": "minhanh@example.com", "role": "admin"})
}

fn header() -> Value {
    json!({"alg": "RS256", "kid": "k1", "typ": "JWT"})
}

fn verified(text: String, beside: Beside<'_>) -> Result<IdClaims, IdTokenError> {
    let expected = Expected {
        issuer: ISSUER,
        client_id: APP,
        nonce: "n-51f0",
        beside,
        now: Timestamp::from_second(NOW).unwrap(),
    };
    UnverifiedIdToken::read(text.into())?.verify(&public(&KEYS[0]), &expected)
}

fn with(change: impl FnOnce(&mut Value)) -> Result<IdClaims, IdTokenError> {
    let mut claims = claims();
    change(&mut claims);
    verified(signed(&header(), &claims, &KEYS[0]), Beside::Code(&"a".repeat(64)))
}

fn without(name: &str) -> Result<IdClaims, IdTokenError> {
    with(|claims| drop(claims.as_object_mut().unwrap().remove(name)))
}

#[test]
fn a_right_token_says_who_and_for_which_shop() {
    let claims = with(|_| {}).unwrap();
    assert_eq!((claims.sub, claims.org), (StaffId(200_001_038_421), OrgId(200_000_987_654)));
    assert_eq!(claims.org_name.as_deref(), Some("Hạt Mầm"));
    assert!(claims.is_admin());
}

#[test]
fn the_hashes_are_those_of_the_protocols_test_vectors() {
    assert_eq!(half_hash(&"a".repeat(64)), "_-BU_nrgy23GXDr5th1SCQ");
    assert_eq!(half_hash(&"b".repeat(64)), "oPqxN39Jp1m1f2MxgmLr6A");
}

#[test]
fn another_issuer_is_refused_by_a_slash_already() {
    for issuer in ["https://accounts.haravan.com/", "https://accounts.example.com", ""] {
        assert_eq!(with(|claims| claims["iss"] = issuer.into()), Err(IdTokenError::Issuer), "{issuer}");
    }
    assert_eq!(without("iss"), Err(IdTokenError::Issuer));
}

#[test]
fn the_audience_is_the_app_as_a_text_or_in_a_list() {
    assert!(with(|claims| claims["aud"] = json!([APP])).is_ok());
    for aud in [json!("another"), json!(["another"]), json!([]), json!(null), json!([APP, "another"])] {
        assert_eq!(with(|claims| claims["aud"] = aud.clone()), Err(IdTokenError::Audience), "{aud}");
    }
    let several = |party: &str| {
        with(|claims| {
            claims["aud"] = json!([APP, "another"]);
            claims["azp"] = party.into();
        })
    };
    assert!(several(APP).is_ok());
    assert_eq!(several("another"), Err(IdTokenError::Audience));
    assert_eq!(with(|claims| claims["azp"] = "another".into()), Err(IdTokenError::Audience));
}

#[test]
fn a_token_has_ended_a_minute_after_its_end() {
    assert!(with(|claims| claims["exp"] = (NOW - SKEW + 1).into()).is_ok());
    assert_eq!(with(|claims| claims["exp"] = (NOW - SKEW).into()), Err(IdTokenError::Expired));
    assert_eq!(with(|claims| claims["exp"] = "never".into()), Err(IdTokenError::Expired));
    assert_eq!(without("exp"), Err(IdTokenError::Expired));
}

#[test]
fn a_token_is_not_valid_more_than_a_minute_before_its_beginning() {
    assert!(with(|claims| claims["nbf"] = (NOW + SKEW).into()).is_ok());
    assert_eq!(with(|claims| claims["nbf"] = (NOW + SKEW + 1).into()), Err(IdTokenError::NotYet));
    assert!(without("nbf").is_ok());
}

#[test]
fn a_token_was_issued_lately() {
    for issued in [NOW + SKEW + 1, NOW - MAX_AGE - 1, i64::MIN, i64::MAX] {
        assert_eq!(with(|claims| claims["iat"] = issued.into()), Err(IdTokenError::IssuedAt), "{issued}");
    }
    assert_eq!(without("iat"), Err(IdTokenError::IssuedAt));
}

#[test]
fn the_nonce_is_that_of_the_attempt() {
    assert_eq!(with(|claims| claims["nonce"] = "n-51f1".into()), Err(IdTokenError::Nonce));
    assert_eq!(without("nonce"), Err(IdTokenError::Nonce));
}

#[test]
fn the_code_it_came_with_is_in_the_front_channel_token() {
    assert_eq!(with(|claims| claims["c_hash"] = half_hash("other").into()), Err(IdTokenError::CodeHash));
    assert_eq!(without("c_hash"), Err(IdTokenError::CodeHash));
}

#[test]
fn the_access_token_it_came_with_is_in_the_token_endpoints_token() {
    let token = SecretString::from("b".repeat(64));
    let text = signed(&header(), &claims(), &KEYS[0]);
    assert!(verified(text.clone(), Beside::AccessToken(&token)).is_ok());
    assert_eq!(verified(text, Beside::AccessToken(&"other".into())), Err(IdTokenError::TokenHash));
}

#[test]
fn a_token_of_the_token_endpoint_may_leave_the_hash_out_but_not_get_it_wrong() {
    let token = SecretString::from("b".repeat(64));
    let hash = half_hash(&"b".repeat(64));
    let beside = |claims: &Value| verified(signed(&header(), claims, &KEYS[0]), Beside::AccessToken(&token));
    let mut bare = claims();
    bare.as_object_mut().unwrap().remove("at_hash");
    assert!(beside(&bare).is_ok());
    // A code's hash does not stand in for it, and does no harm.
    bare.as_object_mut().unwrap().remove("c_hash");
    assert!(beside(&bare).is_ok());
    bare["at_hash"] = json!(null);
    assert!(beside(&bare).is_ok());
    let odd = [
        json!(""),
        json!(7),
        json!(true),
        json!([hash]),
        json!({"at_hash": hash}),
        json!(format!("{hash}=")),
        json!(format!(" {hash}")),
        json!(hash.to_lowercase()),
        json!(&hash[..20]),
        json!(half_hash("other")),
    ];
    for odd in odd {
        bare["at_hash"] = odd.clone();
        assert_eq!(beside(&bare), Err(IdTokenError::TokenHash), "{odd}");
    }
}

#[test]
fn the_front_channel_cannot_do_without_the_hash_of_the_code() {
    let hash = half_hash(&"a".repeat(64));
    for odd in [json!(null), json!(""), json!(7), json!([hash]), json!(format!("{hash}="))] {
        assert_eq!(with(|claims| claims["c_hash"] = odd.clone()), Err(IdTokenError::CodeHash), "{odd}");
    }
    assert_eq!(without("c_hash"), Err(IdTokenError::CodeHash));
    assert!(without("at_hash").is_ok());
}

#[test]
fn claims_are_read_in_the_types_that_real_providers_send() {
    let instants = [json!(NOW), json!(NOW as f64 + 0.9), json!(NOW.to_string())];
    for instant in &instants {
        assert!(with(|claims| claims["iat"] = instant.clone()).is_ok(), "{instant}");
        assert!(with(|claims| claims["nbf"] = instant.clone()).is_ok(), "{instant}");
        assert!(with(|claims| claims["exp"] = instant.clone()).is_ok(), "{instant}: a minute of skew");
    }
    for odd in [json!(""), json!("soon"), json!("-1"), json!("1e9"), json!(true)] {
        assert_eq!(with(|claims| claims["iat"] = odd.clone()), Err(IdTokenError::IssuedAt), "{odd}");
        assert_eq!(with(|claims| claims["nbf"] = odd.clone()), Err(IdTokenError::NotYet), "{odd}");
        assert_eq!(with(|claims| claims["exp"] = odd.clone()), Err(IdTokenError::Expired), "{odd}");
    }
    // Optional, so null is as good as absent; what is required is not.
    for name in ["nbf", "azp", "at_hash", "auth_time", "orgname", "email"] {
        assert!(with(|claims| claims[name] = json!(null)).is_ok(), "{name}");
    }
    for name in ["iss", "aud", "exp", "iat", "nonce", "c_hash", "sub", "orgid"] {
        assert!(with(|claims| claims[name] = json!(null)).is_err(), "{name}");
    }
    assert!(with(|claims| claims["orgid"] = json!(200_000_987_654_i64)).is_ok());
    assert!(with(|claims| claims["a_new_claim"] = json!({"of": ["any", "kind"]})).is_ok());
    for odd in [json!(""), json!(7), json!(["n-51f0"]), json!("N-51F0"), json!("n-51f0 ")] {
        assert_eq!(with(|claims| claims["nonce"] = odd.clone()), Err(IdTokenError::Nonce), "{odd}");
    }
    assert!(with(|claims| claims["aud"] = json!([APP, APP])).is_ok());
    for several in
        [json!([APP, 7]), json!([APP, null]), json!([APP, ""]), json!([[APP]]), json!({"aud": APP})]
    {
        assert_eq!(with(|claims| claims["aud"] = several.clone()), Err(IdTokenError::Audience), "{several}");
    }
    for odd in [json!(7), json!([APP]), json!("")] {
        assert_eq!(with(|claims| claims["azp"] = odd.clone()), Err(IdTokenError::Audience), "{odd}");
    }
}

#[test]
fn only_rs256_counts_whatever_the_signature_is() {
    for alg in
        [json!("none"), json!("None"), json!("HS256"), json!("RS512"), json!("rs256"), json!(null), json!(1)]
    {
        let header = json!({"alg": alg, "kid": "k1"});
        let text = signed(&header, &claims(), &KEYS[0]);
        assert_eq!(verified(text, Beside::Code("a")), Err(IdTokenError::Algorithm), "{alg}");
    }
    let unsigned =
        format!("{}.{}.", base64(json!({"alg": "none"}).to_string()), base64(claims().to_string()));
    assert_eq!(verified(unsigned, Beside::Code("a")), Err(IdTokenError::Algorithm));
}

#[test]
fn the_key_has_a_name_or_none_and_what_must_be_understood_is_refused() {
    for header in [json!({"alg": "RS256"}), json!({"alg": "RS256", "kid": null, "typ": "jwt", "x5t": "x"})] {
        let token = UnverifiedIdToken::read(signed(&header, &claims(), &KEYS[0]).into()).unwrap();
        assert_eq!(token.kid(), None);
        let text = signed(&header, &claims(), &KEYS[0]);
        assert!(verified(text, Beside::Code(&"a".repeat(64))).is_ok(), "{header}");
    }
    for kid in [json!(""), json!(7), json!(["k1"]), json!("k".repeat(129))] {
        let text = signed(&json!({"alg": "RS256", "kid": kid}), &claims(), &KEYS[0]);
        assert_eq!(verified(text, Beside::Code("a")), Err(IdTokenError::NoKid), "{kid}");
    }
    let text = signed(&json!({"alg": "RS256", "kid": "k1", "crit": ["x"]}), &claims(), &KEYS[0]);
    assert_eq!(verified(text, Beside::Code("a")), Err(IdTokenError::Malformed));
}

#[test]
fn a_signature_of_another_key_or_over_other_claims_is_refused() {
    let text = signed(&header(), &claims(), &KEYS[1]);
    assert_eq!(verified(text, Beside::Code("a")), Err(IdTokenError::Signature));
    let text = signed(&header(), &claims(), &KEYS[0]);
    let mut parts: Vec<&str> = text.split('.').collect();
    let mut other = claims();
    other["orgid"] = "200000987701".into();
    let other = base64(other.to_string());
    parts[1] = &other;
    assert_eq!(verified(parts.join("."), Beside::Code("a")), Err(IdTokenError::Signature));
}

#[test]
fn the_person_and_the_shop_are_numbers_in_texts() {
    for bad in [json!(""), json!(" 1"), json!("+1"), json!("1.0"), json!("0"), json!(null), json!("٣")] {
        assert_eq!(with(|claims| claims["sub"] = bad.clone()), Err(IdTokenError::Subject), "{bad}");
        assert_eq!(with(|claims| claims["orgid"] = bad.clone()), Err(IdTokenError::Org), "{bad}");
    }
    assert_eq!(without("sub"), Err(IdTokenError::Subject));
    assert_eq!(without("orgid"), Err(IdTokenError::Org));
}

#[test]
fn admin_is_a_whole_word_of_any_role() {
    let is_admin = |role: Value| with(|claims| claims["role"] = role).unwrap().is_admin();
    for role in [
        json!("admin"),
        json!("Admin Owner"),
        json!(["staff", "admin"]),
        json!("staff,ADMIN"),
        json!("a|admin"),
    ] {
        assert!(is_admin(role.clone()), "{role}");
    }
    for role in [
        json!("administrator"),
        json!("staff"),
        json!(["not-admin"]),
        json!(null),
        json!([]),
        json!({"admin": 1}),
    ] {
        assert!(!is_admin(role.clone()), "{role}");
    }
    assert!(!without("role").unwrap().is_admin());
}

#[test]
fn nothing_of_a_token_prints() {
    let token = UnverifiedIdToken::read(signed(&header(), &claims(), &KEYS[0]).into()).unwrap();
    assert_eq!(format!("{token:?}").matches("eyJ").count(), 0, "{token:?}");
}

proptest! {
    #[test]
    fn garbage_is_refused_and_never_panics(text in ".{0,200}", header in "[ -~]{0,60}", claims in "[ -~]{0,60}") {
        prop_assert!(verified(text, Beside::Code("a")).is_err());
        let built = format!("{}.{}.{}", base64(header), base64(&claims), base64(&claims));
        prop_assert!(verified(built, Beside::Code("a")).is_err());
    }

    #[test]
    fn signed_garbage_is_refused_and_never_panics(name in "iss|aud|exp|nbf|iat|nonce|c_hash|sub|orgid", value in "[ -~]{0,20}", number in any::<i64>()) {
        let odd = [json!(value), json!(number), json!([value]), json!({"a": number}), json!(number as f64 * 1e300)];
        for odd in odd {
            let outcome = with(|claims| claims[&name] = odd.clone());
            prop_assert!(outcome.is_err() || ["exp", "nbf"].contains(&name.as_str()) || outcome.is_ok_and(|ok| ok.is_admin()));
        }
    }

    #[test]
    fn any_hash_but_the_right_one_is_refused_in_both_channels(text in "[ -~]{0,30}", number in any::<i64>(), near in 0_usize..22) {
        let (code, token) = ("a".repeat(64), SecretString::from("b".repeat(64)));
        let mut close = half_hash(token.expose_secret());
        close.remove(near);
        for odd in [json!(text), json!(number), json!([text]), json!({"a": text}), json!(number % 2 == 0), json!(close)] {
            let mut claims = claims();
            claims["at_hash"] = odd.clone();
            let beside = verified(signed(&header(), &claims, &KEYS[0]), Beside::AccessToken(&token));
            prop_assert_eq!(beside, Err(IdTokenError::TokenHash));
            claims["c_hash"] = odd;
            let beside = verified(signed(&header(), &claims, &KEYS[0]), Beside::Code(&code));
            prop_assert_eq!(beside, Err(IdTokenError::CodeHash));
        }
    }

    #[test]
    fn a_cut_or_altered_token_is_refused(at in 0_usize..900, by in 1_u8..255) {
        let text = signed(&header(), &claims(), &KEYS[0]);
        prop_assume!(at < text.len());
        prop_assert!(verified(text[..at].to_owned(), Beside::Code(&"a".repeat(64))).is_err());
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= by;
        if let Ok(altered) = String::from_utf8(bytes) {
            prop_assert!(verified(altered, Beside::Code(&"a".repeat(64))).is_err());
        }
    }
}
