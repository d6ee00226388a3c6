use common::id::{CustomerId, OrderId};
use common::phone::PhoneNumber;
use common::store::claims::{Claim, ClaimToken, Identity, LEASE_TIME, Record};

use super::{Tables, start, tenant};

fn token() -> ClaimToken {
    ClaimToken::random().unwrap()
}

#[tokio::test]
async fn a_claim_is_one_workers_until_its_lease_ends() {
    let tables = Tables::open().await;
    let claims = &tables.store.claims;
    let order = Identity::order(&tenant(), OrderId(1));
    let (first, second) = (token(), token());
    assert_eq!(claims.claim(&order, &first, start()).await.unwrap(), Claim::Won(Record::default()));
    assert_eq!(
        claims.claim(&order, &second, start()).await.unwrap(),
        Claim::Held { until: start() + LEASE_TIME, same_event: false }
    );
    let later = start() + LEASE_TIME + std::time::Duration::from_millis(1);
    assert!(matches!(claims.claim(&order, &second, later).await.unwrap(), Claim::Won(_)));
    assert!(!claims.release(&order, &first).await.unwrap(), "the late worker's claim is gone");
    let record = Record { code: Some("HRV-1".into()), version: Some(5) };
    assert!(!claims.complete(&order, &first, &record).await.unwrap());
    assert_eq!(claims.get(&order).await.unwrap(), Record::default());
    assert!(claims.complete(&order, &second, &record).await.unwrap());
    assert_eq!(claims.get(&order).await.unwrap(), record);
    assert_eq!(claims.claim(&order, &first, later).await.unwrap(), Claim::Won(record));
}

#[tokio::test]
async fn a_released_claim_is_free_at_once() {
    let tables = Tables::open().await;
    let claims = &tables.store.claims;
    let customer = Identity::customer(&tenant(), CustomerId(1));
    let (first, second) = (token(), token());
    claims.claim(&customer, &first, start()).await.unwrap();
    assert!(claims.release(&customer, &first).await.unwrap());
    assert!(matches!(claims.claim(&customer, &second, start()).await.unwrap(), Claim::Won(_)));
}

#[tokio::test]
async fn of_many_workers_at_once_one_wins() {
    let tables = Tables::open().await;
    let claims = &tables.store.claims;
    let order = Identity::order(&tenant(), OrderId(1));
    let tries = (0..20).map(|_| {
        let order = order.clone();
        async move { claims.claim(&order, &token(), start()).await.unwrap() }
    });
    let answers = futures::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Claim::Won(_))).count(), 1);
}

#[tokio::test]
async fn identities_of_two_tenants_never_meet_and_hold_no_phone() {
    let phone = PhoneNumber::parse("0903555018").unwrap();
    let ours = Identity::phone(&tenant(), &phone).to_string();
    let theirs = Identity::phone(&"other".parse().unwrap(), &phone).to_string();
    assert_ne!(ours.rsplit('#').next(), theirs.rsplit('#').next());
    assert!(!ours.contains("903555018"));
    assert!(!Identity::email(&tenant(), "mai@example.com").to_string().contains("mai@"));
}
