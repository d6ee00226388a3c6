//! A customer's link into the CRM that has gone stale: renamed, merged away or deleted for good there (getfly.md §16).

use common::store::inbox::Status;
use connect_tests::getfly::{DuplicateRule, Fault, UnknownAccount};

use crate::harness::{World, fixture};
use crate::verbs::*;

const PHONE: &str = "0903555018";
const EMAIL: &str = "ngocthao.tran@example.com";

/// The fixture's order under another id: the same buyer's next one.
fn next_order(number: i64) -> Vec<u8> {
    edited(fixture::ORDER, |body| {
        body["id"] = (1_791_400_100 + number).into();
        body["updated_at"] = format!("2026-06-12T09:{number:02}:00Z").into();
    })
}

/// A world in which the buyer has an order, and the buyer's code.
async fn with_a_buyer() -> (World, String) {
    let world = World::start().await;
    let first = world.carry("orders/create", fixture::ORDER).await;
    assert_carried_over(&first);
    let code = world.buyer_of(&first).account_code;
    (world, code)
}

/// That the next order goes to `code` with a warning, and the one after that without.
async fn assert_renewed(world: &World, code: &str, case: &str) {
    let event = world.carry("orders/create", &next_order(1)).await;
    assert_done(&event, None, &["customer_link_renewed"]);
    assert_eq!(world.order_of(&event).account_code, code, "{case}");
    let event = world.carry("orders/create", &next_order(2)).await;
    assert_carried_over(&event);
    assert_eq!(world.order_of(&event).account_code, code, "{case}");
}

#[tokio::test]
async fn a_customer_whose_code_a_person_changed_is_found_by_phone_however_the_crm_says_so() {
    for how in [
        UnknownAccount::Refuse,
        UnknownAccount::RefuseInWords,
        UnknownAccount::NotFound,
        UnknownAccount::ErrorIn200,
    ] {
        let (world, code) = with_a_buyer().await;
        world.getfly().settings_mut(|crm| crm.unknown_account = how);
        assert!(world.getfly().rename_account(&code, "KH-9"));
        assert_renewed(&world, "KH-9", &format!("{how:?}")).await;
        assert_eq!(world.getfly().accounts().len(), 1, "{how:?}");
    }
}

#[tokio::test]
async fn a_customer_who_was_merged_is_found_in_the_one_that_is_left() {
    for answers in [false, true] {
        let (world, code) = with_a_buyer().await;
        let typed = if answers { "" } else { PHONE };
        world.getfly().add_account(earlier_customer("KH-MOT", typed, EMAIL));
        assert!(world.getfly().merge_account(&code, "KH-MOT", answers));
        if answers {
            // The old code leads to the other record: the CRM takes the order, and we learn whose it is.
            let event = world.carry("orders/create", &next_order(1)).await;
            assert_done(&event, None, &["order_under_another_customer"]);
            assert_eq!(world.order_of(&event).account_code, "KH-MOT");
            assert_carried_over(&world.carry("orders/create", &next_order(2)).await);
        } else {
            assert_renewed(&world, "KH-MOT", "gone").await;
        }
        assert_eq!(world.getfly().accounts().len(), 1);
    }
}

#[tokio::test]
async fn a_customer_merged_into_a_record_of_another_phone_is_followed_where_the_old_code_leads() {
    let (world, code) = with_a_buyer().await;
    world.getfly().add_account(earlier_customer("KH-CHUNG", "0911111111", "chung@example.com"));
    assert!(world.getfly().merge_account(&code, "KH-CHUNG", true));
    let event = world.carry("orders/create", &next_order(1)).await;
    assert_done(&event, None, &["order_under_another_customer"]);
    assert_carried_over(&world.carry("orders/create", &next_order(2)).await);
    assert!(world.getfly().orders().iter().all(|order| order.account_code == "KH-CHUNG"));
    assert_eq!(world.getfly().accounts().len(), 1);
}

#[tokio::test]
async fn a_customer_renamed_who_has_another_phone_now_is_found_by_email() {
    let world = World::start().await;
    world.getfly().add_account(earlier_customer("KH-1", PHONE, ""));
    let first = world.carry("orders/create", fixture::ORDER).await;
    assert_eq!(world.buyer_of(&first).account_code, "KH-1");
    assert!(world.getfly().purge_account("KH-1"));
    world.getfly().add_account(earlier_customer("KH-2", "0911111111", EMAIL));
    assert_renewed(&world, "KH-2", "by e-mail").await;
}

#[tokio::test]
async fn a_customer_deleted_for_good_is_created_anew_and_never_said_to_be_beyond_help() {
    let (world, code) = with_a_buyer().await;
    assert!(world.getfly().purge_account(&code));
    assert_renewed(&world, &code, "created").await;
    assert_eq!(world.getfly().accounts().len(), 1);
    assert_eq!(world.count(Status::Parked).await, 0);
}

#[tokio::test]
async fn where_duplicates_are_allowed_the_renamed_customer_comes_before_another_buyer_of_the_number() {
    let (world, code) = with_a_buyer().await;
    let never = DuplicateRule { check: false, allow: true };
    world.getfly().settings_mut(|crm| crm.duplicates.phone_office = never);
    world.getfly().settings_mut(|crm| crm.duplicates.email = never);
    world.settings(|settings| settings.unique_phone = false).await;
    assert!(world.getfly().rename_account(&code, "KH-9"));
    // An older record of the same number that was made for somebody else.
    let other = earlier_customer("HRV-77", PHONE, "");
    world.getfly().add_account(connect_tests::getfly::SeedAccount { id: Some(1), ..other });
    let event = world.carry("orders/create", &next_order(1)).await;
    assert_done(&event, None, &["several_customers_match", "customer_link_renewed"]);
    assert_eq!(world.order_of(&event).account_code, "KH-9");
}

#[tokio::test]
async fn a_crm_that_makes_a_customer_for_an_unknown_code_does_it_once_and_a_person_is_told() {
    let (world, code) = with_a_buyer().await;
    world.getfly().settings_mut(|crm| crm.unknown_account = UnknownAccount::Create);
    assert!(world.getfly().rename_account(&code, "KH-9"));
    let event = world.carry("orders/create", &next_order(1)).await;
    assert_done(&event, None, &["order_under_another_customer"]);
    let made = world.order_of(&event).account_code;
    let event = world.carry("orders/create", &next_order(2)).await;
    assert_carried_over(&event);
    assert_eq!(world.order_of(&event).account_code, made);
    assert_eq!(world.getfly().accounts().len(), 2);
}

#[tokio::test]
async fn a_code_in_other_letters_is_the_same_customer() {
    for ignores_case in [false, true] {
        let (world, code) = with_a_buyer().await;
        world.getfly().settings_mut(|crm| crm.ignore_case = ignores_case);
        assert!(world.getfly().rename_account(&code, &code.to_lowercase()));
        if ignores_case {
            assert_carried_over(&world.carry("orders/create", &next_order(1)).await);
        } else {
            assert_renewed(&world, &code.to_lowercase(), "other letters").await;
        }
        assert_eq!(world.getfly().accounts().len(), 1);
    }
}

#[tokio::test]
async fn only_a_customer_who_is_deleted_under_another_code_is_left_to_a_person_and_retry_helps_then() {
    let (world, code) = with_a_buyer().await;
    assert!(world.getfly().rename_account(&code, "KH-9"));
    assert!(world.getfly().delete_account("KH-9"));
    let event = world.carry("orders/create", &next_order(1)).await;
    assert_parked(&event, "customer_deleted_in_crm");
    assert!(event.detail.as_deref().unwrap().contains("không cho phép trùng"), "{event:?}");
    // A person deletes it for good, or brings it back.
    assert!(world.getfly().purge_account("KH-9"));
    let event = world.retry(&event).await;
    assert_done(&event, None, &["customer_link_renewed"]);
    assert_eq!(world.getfly().accounts().len(), 1);
}

#[tokio::test]
async fn two_orders_of_a_customer_who_is_gone_make_one_customer() {
    let (world, code) = with_a_buyer().await;
    assert!(world.getfly().purge_account(&code));
    world.pause_pumps();
    for number in 1..=4 {
        world.accept("orders/create", &next_order(number)).await;
    }
    world.resume_pumps();
    world.work_until_done().await;
    assert_eq!((world.count(Status::Done).await, world.getfly().accounts().len()), (5, 1));
    assert!(world.getfly().orders().iter().all(|order| order.account_code == code));
    assert_eq!(world.getfly().orders().len(), 5);
}

#[tokio::test]
async fn a_lost_answer_while_the_link_is_renewed_makes_no_second_customer() {
    for fault in
        [Fault::DropAfterCommit, Fault::StatusAfterCommit(503), Fault::DropBefore, Fault::Status(502)]
    {
        for with_phone in [true, false] {
            let (world, code) = with_a_buyer().await;
            assert!(world.getfly().purge_account(&code));
            if !with_phone {
                // Nobody can be found by anything but the code.
                world.getfly().settings_mut(|crm| crm.normalise_phones = false);
            }
            world.getfly().push_fault(CREATE_ACCOUNT, fault.clone());
            let event = world.carry("orders/create", &next_order(1)).await;
            // A customer who was made without our hearing has the old code: nothing is stale any more.
            let is_made = matches!(fault, Fault::DropAfterCommit | Fault::StatusAfterCommit(_));
            let told: &[&str] = if is_made { &[] } else { &["customer_link_renewed"] };
            assert_done(&event, None, told);
            let account = world.only_account();
            assert_eq!(world.order_of(&event).account_code, account.account_code, "{fault:?}");
            assert_eq!(account.account_code, code, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_worker_that_died_before_it_wrote_the_new_link_has_made_the_customer_that_the_next_one_finds() {
    let world = World::start().await;
    world.getfly().add_account(earlier_customer("KH-1", PHONE, EMAIL));
    let first = world.carry("orders/create", fixture::ORDER).await;
    assert_eq!(world.buyer_of(&first).account_code, "KH-1");
    assert!(world.getfly().purge_account("KH-1"));
    // What the dead worker made; its link still says KH-1.
    world.getfly().add_account(earlier_customer("HRV-MADE", PHONE, EMAIL));
    assert_renewed(&world, "HRV-MADE", "made by the dead worker").await;
    assert_eq!(world.getfly().requests_to(CREATE_ACCOUNT), 0);
}
