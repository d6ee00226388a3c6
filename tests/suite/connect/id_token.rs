//! One test per rule of the id token, in the front channel and at the token endpoint, in both steps (haravan.md §1.8).

use common::connect::refusal::Refusal;
use common::haravan::id_token::IdTokenError;
use common::haravan::jwks::GAP;
use connect_tests::haravan::{Fault, Switch};

use super::{Browser, FIRST, OWNER, Office};

const FRONT: &str = "authorize";
const BACK: &str = "authorization_code";

/// The fault at that place stops LOGIN, and stops INSTALL, which leaves the shop as it was; and without it all goes well.
async fn stops(fault: Fault, place: &str, refusal: Refusal) {
    let office = Office::open().await;
    let before = office.generation(FIRST).await;
    let spoil = || office.haravan().switch(Switch::next(fault.clone(), 1).on(place));

    spoil();
    office.log_in(&mut Browser::default(), OWNER).await.assert_refused(&refusal);
    assert!(office.haravan().faults().is_empty(), "the fault did not happen in LOGIN");

    let mut browser = Browser::default();
    let logged_in = office.log_in(&mut browser, OWNER).await;
    spoil();
    let answer = office.sign_in(logged_in.to(), OWNER);
    office.bring(&mut browser, &answer).await.assert_refused(&refusal);
    assert!(office.haravan().faults().is_empty(), "the fault did not happen in INSTALL");
    assert_eq!(office.generation(FIRST).await, before);

    assert_eq!(office.connect(OWNER, None).await.status, 303);
}

macro_rules! rules {
    ($($name:ident: $fault:ident at $place:ident is $error:expr;)*) => {
        $(#[tokio::test]
        async fn $name() {
            stops(Fault::$fault, $place, $error).await;
        })*
    };
}

rules! {
    another_issuer_in_the_front_channel_is_refused: IdTokenWrongIss at FRONT is Refusal::IdToken(IdTokenError::Issuer);
    another_issuer_at_the_token_endpoint_is_refused: IdTokenWrongIss at BACK is Refusal::IdToken(IdTokenError::Issuer);
    another_audience_in_the_front_channel_is_refused: IdTokenWrongAud at FRONT is Refusal::IdToken(IdTokenError::Audience);
    another_audience_at_the_token_endpoint_is_refused: IdTokenWrongAud at BACK is Refusal::IdToken(IdTokenError::Audience);
    another_nonce_in_the_front_channel_is_refused: IdTokenWrongNonce at FRONT is Refusal::IdToken(IdTokenError::Nonce);
    another_nonce_at_the_token_endpoint_is_refused: IdTokenWrongNonce at BACK is Refusal::IdToken(IdTokenError::Nonce);
    an_expired_token_in_the_front_channel_is_refused: IdTokenExpired at FRONT is Refusal::IdToken(IdTokenError::Expired);
    an_expired_token_at_the_token_endpoint_is_refused: IdTokenExpired at BACK is Refusal::IdToken(IdTokenError::Expired);
    the_hash_of_another_code_is_refused: IdTokenWrongCHash at FRONT is Refusal::IdToken(IdTokenError::CodeHash);
    a_front_channel_without_the_hash_of_its_code_is_refused: IdTokenNoCHash at FRONT is Refusal::IdToken(IdTokenError::CodeHash);
    the_hash_of_another_access_token_is_refused: IdTokenWrongAtHash at BACK is Refusal::IdToken(IdTokenError::TokenHash);
    an_unsigned_token_in_the_front_channel_is_refused: IdTokenAlgNone at FRONT is Refusal::IdToken(IdTokenError::Algorithm);
    an_unsigned_token_at_the_token_endpoint_is_refused: IdTokenAlgNone at BACK is Refusal::IdToken(IdTokenError::Algorithm);
    hs256_with_the_client_secret_in_the_front_channel_is_refused: IdTokenHs256 at FRONT is Refusal::IdToken(IdTokenError::Algorithm);
    hs256_with_the_client_secret_at_the_token_endpoint_is_refused: IdTokenHs256 at BACK is Refusal::IdToken(IdTokenError::Algorithm);
    a_forged_signature_in_the_front_channel_is_refused: IdTokenBadSignature at FRONT is Refusal::IdToken(IdTokenError::Signature);
    a_forged_signature_at_the_token_endpoint_is_refused: IdTokenBadSignature at BACK is Refusal::IdToken(IdTokenError::Signature);
    two_tokens_about_two_shops_are_refused: IdTokenOtherOrg at FRONT is Refusal::OtherShop;
    a_second_token_about_another_shop_is_refused: IdTokenOtherOrg at BACK is Refusal::OtherShop;
    a_token_endpoint_without_an_id_token_is_refused: TokenNoIdToken at BACK is Refusal::NoIdToken;
}

#[tokio::test]
async fn a_token_endpoint_may_leave_out_the_hash_of_its_token_and_the_name_of_its_key() {
    let office = Office::open().await;
    office.haravan().always(Fault::IdTokenNoAtHash);
    assert_eq!(office.connect(OWNER, None).await.status, 303);
    office.haravan().always(Fault::IdTokenNoKid);
    assert_eq!(office.connect(OWNER, None).await.status, 303);
    // A key without a name is replaced without a sign.
    office.world.clock.advance(GAP);
    office.haravan().rotate_keys().unwrap();
    assert_eq!(office.connect(OWNER, None).await.status, 303);
    office.haravan().clear_faults();
    assert_eq!(office.connect(OWNER, None).await.status, 303);
}

#[tokio::test]
async fn a_hybrid_answer_without_an_id_token_is_refused() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let url = office.start(&mut browser, None).await;
    let answer = office.sign_in(&url, OWNER);
    let form = format!("code={}&state={}", answer.field("code").unwrap(), answer.field("state").unwrap());
    office.post(&mut browser, "/api/haravan/login", form).await.assert_refused(&Refusal::NoIdToken);
    assert_eq!(office.haravan().token_calls().get("authorization_code"), None, "the code was spent");
}
