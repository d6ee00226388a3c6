//! Who may connect: an admin of the shop, the same one in both steps (haravan.md §1.4, §1.8, §7 no. 9, 13, 30).

use common::connect::refusal::Refusal;
use common::id::OrgId;
use connect_tests::haravan::{AccountSeed, Choice, Fault, Switch, UserId};

use super::{Browser, CLERK, FIRST, OWNER, OWNER_OF_BOTH, Office, SECOND};

fn simulated(org: OrgId) -> connect_tests::haravan::OrgId {
    connect_tests::haravan::OrgId(org.0)
}

#[tokio::test]
async fn an_admin_by_a_text_connects() {
    let office = Office::open().await;
    assert_eq!(office.connect(OWNER, None).await.status, 303);
}

#[tokio::test]
async fn an_admin_by_a_list_connects() {
    let office = Office::open().await;
    office.haravan().always(Fault::IdTokenRoleArray);
    assert_eq!(office.connect(OWNER, None).await.status, 303);
}

#[tokio::test]
async fn a_clerk_is_told_to_ask_the_owner() {
    let office = Office::open().await;
    let before = office.generation(FIRST).await;
    let reply = office.log_in(&mut Browser::default(), CLERK).await;
    reply.assert_refused(&Refusal::NotAdmin);
    assert_eq!(reply.status, 403);
    assert!(reply.body.contains("Hãy nhờ chủ cửa hàng"), "{}", reply.body);
    let back = format!("href=\"{}/console/haravan\"", office.world.stack.addresses.base_url);
    assert!(reply.body.contains(&back), "{}", reply.body);
    assert_eq!(office.generation(FIRST).await, before);
}

#[tokio::test]
async fn who_has_no_role_is_no_admin() {
    let office = Office::open().await;
    office.haravan().always(Fault::IdTokenNoRole);
    office.log_in(&mut Browser::default(), OWNER).await.assert_refused(&Refusal::NotAdmin);
}

#[tokio::test]
async fn a_word_that_only_contains_admin_is_no_admin() {
    let office = Office::open().await;
    let places = [(simulated(FIRST), "administrator")];
    office.haravan().register_account(AccountSeed::demo(77, "gan-admin@example.com", "Gần", &places));
    office.log_in(&mut Browser::default(), "gan-admin@example.com").await.assert_refused(&Refusal::NotAdmin);
}

#[tokio::test]
async fn an_install_that_says_no_role_is_refused() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let install = office.log_in(&mut browser, OWNER).await;
    office.haravan().always(Fault::IdTokenNoRole);
    let answer = office.sign_in(install.to(), OWNER);
    office.bring(&mut browser, &answer).await.assert_refused(&Refusal::NotAdmin);
}

#[tokio::test]
async fn a_clerk_who_is_handed_the_install_is_refused_at_haravan() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let install = office.log_in(&mut browser, OWNER).await;
    office.haravan().once(Fault::AuthorizeNonAdminCallback);
    let answer = office.sign_in(install.to(), CLERK);
    office.bring(&mut browser, &answer).await.assert_refused(&Refusal::Denied);
}

#[tokio::test]
async fn another_person_in_the_second_step_is_refused() {
    let office = Office::open().await;
    let before = office.generation(FIRST).await;
    let mut browser = Browser::default();
    let install = office.log_in(&mut browser, OWNER).await;
    let answer = office.sign_in(install.to(), OWNER_OF_BOTH);
    let reply = office.bring(&mut browser, &answer).await;
    reply.assert_refused(&Refusal::OtherPerson);
    let logout = format!("href=\"{}/account/logout\"", office.world.stack.addresses.haravan_url);
    assert!(reply.body.contains(&logout), "{}", reply.body);
    assert_eq!(office.generation(FIRST).await, before);
}

#[tokio::test]
async fn another_shop_in_the_second_step_is_refused() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let url = office.start(&mut browser, None).await;
    let choice = Choice::accept().shop(simulated(FIRST));
    let answer = office.haravan().authorize(&url, OWNER_OF_BOTH, choice).unwrap();
    let install = office.bring(&mut browser, &answer).await;
    // Code, tokens and id tokens agree on the other shop.
    office.haravan().once(Fault::AuthorizeOtherOrg);
    let answer = office.sign_in(install.to(), OWNER_OF_BOTH);
    let reply = office.bring(&mut browser, &answer).await;
    reply.assert_refused(&Refusal::OtherShop);
    assert!(reply.body.contains("/account/logout"), "{}", reply.body);
    assert!(office.shop(SECOND).await.is_none());
}

#[tokio::test]
async fn another_shop_than_the_admin_asked_for_is_refused() {
    let office = Office::open().await;
    office.haravan().switch(Switch::standing(Fault::IdTokenOtherOrg));
    let mut browser = Browser::default();
    let url = office.start(&mut browser, Some(FIRST)).await;
    let answer = office.sign_in(&url, OWNER);
    office.bring(&mut browser, &answer).await.assert_refused(&Refusal::OtherShop);
}

#[tokio::test]
async fn a_person_of_no_number_is_nobody() {
    let office = Office::open().await;
    let places = [(simulated(FIRST), "admin")];
    let person = AccountSeed::demo(1, "khong-so@example.com", "Không", &places);
    office.haravan().register_account(AccountSeed { sub: UserId(0), ..person });
    let reply = office.log_in(&mut Browser::default(), "khong-so@example.com").await;
    reply.assert_refused(&Refusal::IdToken(common::haravan::id_token::IdTokenError::Subject));
}
