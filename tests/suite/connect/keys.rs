//! Haravan's keys: rotated, unknown, forged (haravan.md §1.8, §1.12, §10 no. 6).

use std::time::Duration;

use common::connect::refusal::Refusal;
use common::haravan::jwks::{FRESH, GAP};
use connect_tests::haravan::{Fault, Switch};

use super::{Browser, OWNER, Office};

#[tokio::test]
async fn a_rotated_key_is_found_by_reading_the_keys_once_more() {
    let office = Office::open().await;
    assert_eq!(office.connect(OWNER, None).await.status, 303);
    let before = office.haravan().jwks_calls();
    assert_eq!(before, 2, "once by each function, for two tokens each");
    office.world.clock.advance(GAP);
    office.haravan().rotate_keys().unwrap();
    assert_eq!(office.connect(OWNER, None).await.status, 303);
    assert_eq!(office.haravan().jwks_calls(), before + 2);
}

#[tokio::test]
async fn a_key_rotated_between_the_two_tokens_of_a_login_is_found_too() {
    let office = Office::open().await;
    office.log_in(&mut Browser::default(), OWNER).await.to();
    office.world.clock.advance(GAP);
    office.haravan().switch(Switch::next(Fault::IdTokenKeyRotated, 1).on("authorization_code"));
    assert_eq!(office.connect(OWNER, None).await.status, 303);
}

#[tokio::test]
async fn keys_are_believed_for_an_hour() {
    let office = Office::open().await;
    assert_eq!(office.connect(OWNER, None).await.status, 303);
    let before = office.haravan().jwks_calls();
    office.world.clock.advance(FRESH - Duration::from_secs(1));
    assert_eq!(office.connect(OWNER, None).await.status, 303);
    assert_eq!(office.haravan().jwks_calls(), before);
    office.world.clock.advance(Duration::from_secs(1));
    assert_eq!(office.connect(OWNER, None).await.status, 303);
    assert_eq!(office.haravan().jwks_calls(), before + 2);
}

#[tokio::test]
async fn a_key_nobody_has_is_refused_and_looked_for_once() {
    let office = Office::open().await;
    office.log_in(&mut Browser::default(), OWNER).await.to();
    office.world.clock.advance(GAP);
    office.haravan().always(Fault::IdTokenKeyUnpublished);
    let before = office.haravan().jwks_calls();
    for _ in 0..5 {
        office.log_in(&mut Browser::default(), OWNER).await.assert_refused(&Refusal::UnknownKey);
        office.world.clock.advance(GAP);
    }
    assert_eq!(office.haravan().jwks_calls(), before + 1);
    office.haravan().clear_faults();
    assert_eq!(office.connect(OWNER, None).await.status, 303);
}
