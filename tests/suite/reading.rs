//! What a person reads of events: whether another try helps, in which language, with which warnings, and where it leads.

use common::store::inbox::Status;
use connect_tests::getfly::{Fault, ProductMode};
use reqwest::Method;
use serde_json::Value;

use crate::harness::{World, fixture};
use crate::verbs::*;

fn order(id: i64) -> Vec<u8> {
    edited(fixture::ORDER, |body| body["id"] = id.into())
}

/// An order that is parked because it has no lines.
fn without_lines(id: i64) -> Vec<u8> {
    edited(fixture::ORDER, |body| {
        body["id"] = id.into();
        body["line_items"] = Value::Array(Vec::new());
    })
}

async fn the_event(world: &World, id: &str) -> Value {
    world.call(Method::GET, &format!("/api/v1/events/{id}"), None).await.1["event"].clone()
}

#[tokio::test]
async fn another_try_is_offered_and_made_only_where_it_can_help() {
    let world = World::start().await;
    assert_eq!(world.post("orders/create", b"[]").await, 200);
    let unreadable = world.only_event().await;
    let empty = world.carry("orders/create", &without_lines(51)).await;
    world.getfly().push_fault(CREATE_ORDER, Fault::Status(400));
    let refused = world.carry("orders/create", &order(52)).await;
    assert_parked(&unreadable, "unreadable_body");
    assert_parked(&empty, "incomplete_body");
    assert_parked(&refused, "crm_refused");
    let id = common::store::inbox::address::event_id;
    let mut browser = world.admin().await;
    for (event, helps) in [(&unreadable, false), (&empty, false), (&refused, true)] {
        let here = id(&event.key);
        let button = format!("/console/activity/{here}/retry");
        let page = browser.open(&format!("/console/activity/{here}")).await;
        assert_eq!(page.html.contains(&button), helps, "{here}");
        let list = browser.open("/console/activity?filter=failed").await;
        assert_eq!(list.html.contains(&button), helps, "{here}");
        assert_eq!(the_event(&world, &here).await["retry_can_help"], helps, "{here}");
        let shown = world.operate(&["--json", "events", "show", "--tenant", "hat-mam", &here]).await.json();
        assert_eq!(shown["retry_can_help"], helps, "{here}");
        if !helps {
            let (status, problem) =
                world.call(Method::POST, &format!("/api/v1/events/{here}/retry"), None).await;
            assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("retry_cannot_help")));
            browser.submit(&button, &[]).await.leads_to();
            assert_eq!(world.again(event).await.status, Status::Parked);
        }
    }
    let replayed =
        world.operate(&["--json", "events", "replay", "--tenant", "hat-mam", "--yes", "--dry-run"]).await;
    let replayed = replayed.json();
    assert_eq!((replayed["events"].as_array().unwrap().len(), &replayed["left_alone"]), (1, &2.into()));
    let (_, retried) = world.call(Method::POST, "/api/v1/events/retry", None).await;
    assert_eq!((&retried["retried"], &retried["more"]), (&1.into(), &false.into()));
    world.work_until_done().await;
    assert_eq!(world.again(&refused).await.status, Status::Done);
    // Named, it is tried: a newer release may read what this one's elder could not.
    let named = id(&empty.key);
    let said = world.operate(&["events", "replay", "--tenant", "hat-mam", &named]).await;
    assert_eq!(said.code, 0, "{said:?}");
    world.work_until_done().await;
    assert_parked(&world.again(&empty).await, "incomplete_body");
}

#[tokio::test]
async fn details_are_told_in_the_language_of_the_page() {
    for (fault, vi, en) in [
        (Fault::Status(500), "CRM báo lỗi (mã 500)", "the CRM answered with an error (status 500)"),
        (Fault::Html200, "CRM trả lời không phải JSON", "an answer that is not JSON"),
        (Fault::DropBefore, "Không kết nối được tới CRM", "the CRM cannot be reached"),
        (Fault::Status(302), "CRM chuyển hướng", "the CRM redirects"),
    ] {
        let world = World::start().await;
        world.getfly().push_fault("GET /api/v6.1/sale_order", fault.clone());
        let event = world.accept("orders/create", &order(61)).await;
        world.settle().await;
        let here = common::store::inbox::address::event_id(&event.key);
        assert_eq!(world.again(&event).await.status, Status::Waiting, "{fault:?}");
        let mut browser = world.admin().await;
        let page = browser.open(&format!("/console/activity/{here}")).await;
        page.says(vi).hides(en);
        browser.speak("en").await;
        browser.open(&format!("/console/activity/{here}")).await.says(en).hides(vi);
        let told = the_event(&world, &here).await;
        assert!(told["detail"].as_str().unwrap().contains(en), "{told}");
        assert!(told["detail_words"]["vi"].as_str().unwrap().contains(vi), "{told}");
        let shown = world.operate(&["events", "show", "--tenant", "hat-mam", &here]).await;
        assert!(shown.out.contains(en), "{shown:?}");
    }
    let world = World::start().await;
    let empty = world.carry("orders/create", &without_lines(62)).await;
    let here = common::store::inbox::address::event_id(&empty.key);
    let mut browser = world.admin().await;
    browser.open(&format!("/console/activity/{here}")).await.says("Đơn không có dòng hàng nào");
    // The CRM's own words stay as they are.
    let words = "Giá trị không hợp lệ";
    assert_eq!(common::fault::Said::read(words), common::fault::Said::new(words, words));
}

#[tokio::test]
async fn waiting_for_the_events_own_last_try_is_not_said_to_be_another_worker() {
    for fault in [Fault::DropAfterCommit, Fault::DropBefore, Fault::StatusAfterCommit(504)] {
        let world = World::start().await;
        world.getfly().push_fault(CREATE_ORDER, fault.clone());
        let event = world.carry("orders/create", &order(71)).await;
        assert_eq!(event.status, Status::Done);
        let reasons: Vec<&str> = event.history.iter().filter_map(|step| step.reason.as_deref()).collect();
        assert!(reasons.contains(&"making_sure_nothing_is_booked_twice"), "{reasons:?}");
        assert!(!reasons.contains(&"another_worker_is_at_it"), "{reasons:?}");
        let here = common::store::inbox::address::event_id(&event.key);
        let mut browser = world.admin().await;
        browser.open(&format!("/console/activity/{here}")).await.says("hệ thống chờ cho chắc");
    }
}

#[tokio::test]
async fn what_ended_with_warnings_is_listed_on_the_page_in_the_api_and_by_the_operator() {
    let world = World::start().await;
    assert_carried_over(&world.carry("orders/create", &order(81)).await);
    world.getfly().settings_mut(|crm| crm.product_mode = ProductMode::Strict);
    let other = |id: i64, sku: &str| edited(&order(id), |body| body["line_items"][0]["sku"] = sku.into());
    let made = "products_created_in_crm";
    for id in 82..=85 {
        let event = world.carry("orders/create", &other(id, &format!("SKU-{id}"))).await;
        assert_done(&event, None, &[made]);
    }
    world.getfly().delete_account("HRV-1176400388");
    world.settings(|settings| settings.default_manager = Some("nobody.there".to_owned())).await;
    let stranger = edited(fixture::CUSTOMER, |body| body["id"] = 99.into());
    let refused = world.carry("customers/create", &stranger).await;
    assert_done(&refused, None, &["customer_without_manager"]);

    let mut browser = world.admin().await;
    let page = browser.open("/console/activity?filter=warned").await;
    page.says("Đã tạo sản phẩm còn thiếu").says("Khách được tạo thiếu người phụ trách").hides("order.81.");
    let listed = |path: &'static str| {
        let world = &world;
        async move { world.call(Method::GET, path, None).await.1 }
    };
    let count = |listed: &Value| listed["events"].as_array().unwrap().len();
    assert_eq!(count(&listed("/api/v1/events?filter=warned").await), 5);
    assert_eq!(count(&listed("/api/v1/events?warning=products_created_in_crm").await), 4);
    assert_eq!(count(&listed("/api/v1/events?warning=customer_without_manager").await), 1);
    assert_eq!(count(&listed("/api/v1/events?warning=nothing_of_the_kind").await), 0);
    // All and done still have everything, and pages miss nothing.
    assert_eq!(count(&listed("/api/v1/events?filter=done").await), 6);
    assert_eq!(count(&listed("/api/v1/events").await), 6);
    let (mut after, mut seen) = (String::new(), 0);
    loop {
        let path = format!("/api/v1/events?warning={made}&limit=2&after={after}");
        let (_, page) = world.call(Method::GET, &path, None).await;
        seen += count(&page);
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!(seen, 4);

    let operate = |args: &'static [&'static str]| {
        let world = &world;
        async move {
            let all: Vec<&str> =
                ["--json", "events", "list", "--tenant", "hat-mam"].iter().chain(args).copied().collect();
            world.operate(&all).await.json()["events"].as_array().unwrap().len()
        }
    };
    assert_eq!(operate(&["--warnings"]).await, 5);
    assert_eq!(operate(&["--warnings", "products_created_in_crm"]).await, 4);
    assert_eq!(operate(&["--state", "done", "--warnings", "customer_without_manager"]).await, 1);
    assert_eq!(operate(&["--state", "parked", "--warnings"]).await, 0);
    let usage = world.operate(&["--json", "usage", "--tenant", "hat-mam", "--month", "2026-06"]).await;
    assert_eq!(usage.code, 0, "{usage:?}");
}

#[tokio::test]
async fn a_link_into_the_simulated_crm_leads_to_a_page_with_the_record() {
    let world = World::start().await;
    let order = world.carry("orders/create", &paid_order()).await;
    let customer = world.carry("customers/create", fixture::CUSTOMER).await;
    let (order_code, account) = (order.crm_code.clone().unwrap(), world.account_of(&customer));
    let mut browser = world.admin().await;
    let id = common::store::inbox::address::event_id;
    for event in [&order, &customer] {
        let led = browser.open(&format!("/console/activity/{}/crm", id(&event.key))).await;
        let answer = world.http.get(led.leads_to()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let (_, anchor) = led.leads_to().split_once('#').unwrap();
        let html = answer.text().await.unwrap();
        assert!(html.contains(&format!("id=\"{anchor}\"")), "{anchor}");
        assert!(html.contains(&order_code) && html.contains(&account.account_code), "{html}");
    }
    let crm = &world.stack.addresses.getfly_url;
    let page = |path: String| {
        let http = world.http.clone();
        async move {
            let answer = http.get(path).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        }
    };
    let (status, html) = page(format!("{crm}/orders/{order_code}")).await;
    let shown = world.order_of(&order);
    assert_eq!(status, 200);
    for text in [&*shown.lines[0].product_code, &shown.terms[0], &shown.account_name, "Đã thanh toán"] {
        assert!(html.contains(text), "{text}");
    }
    assert_eq!(page(format!("{crm}/accounts/{}", account.account_code)).await.0, 200);
    assert_eq!(page(format!("{crm}/orders/HRV-0")).await.0, 404);
    assert_eq!(page(format!("{crm}/nothing")).await.0, 404);
}

#[tokio::test]
async fn a_search_ignores_accents_and_case_and_takes_any_spelling_of_a_phone() {
    let world = World::start().await;
    let named = edited(fixture::CUSTOMER, |body| {
        body["last_name"] = "Đặng".into();
        body["first_name"] = "Ho\u{300}a Bình".into();
    });
    world.carry("customers/create", &named).await;
    world.carry("orders/create", fixture::ORDER).await;
    let found = |text: &str| {
        let world = &world;
        let text: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        async move {
            let (_, found) = world.call(Method::GET, &format!("/api/v1/events?q={text}"), None).await;
            found["events"].as_array().unwrap().len()
        }
    };
    for text in ["hoa binh", "HÒA BÌNH", "Hoà Bình", "hòa bình", "dang hoa", "đặng", "ĐẶNG  HÒA"]
    {
        assert_eq!(found(text).await, 1, "{text}");
    }
    for text in ["0975666231", "+84975666231", "84 975 666 231", "975666231", "666231", "0975.666.231"] {
        assert_eq!(found(text).await, 1, "{text}");
    }
    for text in ["hoa ban", "0975666239", "binh hoaa"] {
        assert_eq!(found(text).await, 0, "{text}");
    }
}
