//! The forms that lead to the functions of the pages.

use std::time::Duration;

use common::pages::ticket::Act;
use common::store::connections::{PageKey, reason};
use reqwest::header;

use super::{FANPAGE, OA, in_english};
use crate::console::Answer;
use crate::harness::World;

/// The tickets of a page's forms, in their order.
fn tickets(answer: &Answer) -> Vec<String> {
    let parts = answer.html.split("name=\"ticket\" value=\"").skip(1);
    parts.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_forms_lead_to_the_providers_with_tickets_that_work_once_for_ten_minutes() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let page = browser.open("/console/pages/add").await;
    let start = format!("action=\"{}/api/pages/start\"", world.stack.addresses.base_url);
    assert_eq!(page.html.matches(&start).count(), 2, "{}", page.html);
    page.says("name=\"provider\" value=\"facebook\"")
        .says("name=\"provider\" value=\"zalo\"")
        .says("type=\"checkbox\" id=\"consent\" name=\"consent\" value=\"on\" required")
        .says(">Đồng ý đại diện page gửi tin nhắn đến người dùng Zalo</span></label>")
        .says("Biên tập viên hoặc cao hơn")
        .says("-14003")
        .hides("name=\"csrf\"");
    assert_eq!(page.headers[header::REFERRER_POLICY], "strict-origin");
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains(&world.stack.addresses.base_url), "{policy}");
    let shown = tickets(&page);
    assert_eq!(shown.len(), 2);
    for ticket in &shown {
        let taken = world.take_ticket(ticket).await.unwrap();
        assert_eq!(
            (taken.tenant.as_str(), taken.act, taken.lang.as_str()),
            ("hat-mam", Act::Connect(None), "vi")
        );
        assert_eq!((taken.admin.id.as_str(), taken.admin.name.as_deref()), ("7", Some("Lan <b>Anh</b>")));
        assert_eq!(taken.admin.email.as_deref(), Some("lan@example.com"));
        assert_eq!(world.take_ticket(ticket).await, None, "a ticket works once");
    }
    let page = in_english(&mut browser, "/console/pages/add").await;
    page.says(">Đồng ý đại diện page gửi tin nhắn đến người dùng Zalo</span>").says("tell the operator");
    let [facebook, zalo] = tickets(&page).try_into().unwrap();
    world.clock.advance(Duration::from_secs(10 * 60 - 1));
    assert_eq!(world.take_ticket(&facebook).await.unwrap().lang, "en");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.take_ticket(&zalo).await, None);
}

#[tokio::test]
async fn what_went_wrong_is_told_in_words_and_a_missing_consent_beside_its_box() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let page = browser.open("/console/pages/add?error=consent").await;
    page.says("aria-invalid=\"true\" aria-describedby=\"consent-error consent-hint\"")
        .says("<p class=\"error\" id=\"consent-error\">Hãy tích vào ô đồng ý trước khi sang Zalo.</p>")
        .hides("role=\"alert\"");
    let mut seen = std::collections::BTreeSet::new();
    let codes = [
        "limit",
        "ticket",
        "refused",
        "scope",
        "no_pages",
        "elsewhere",
        "other_page",
        "changed",
        "unavailable",
        "strange<b>",
    ];
    for code in codes {
        for path in ["/console/pages/add?error=", "/console/pages?failed="] {
            let page = browser.open(&format!("{path}{code}")).await;
            page.says("role=\"alert\"").hides("strange<").hides("consent-error");
            let (_, words) = page.html.split_once("role=\"alert\"><p>").unwrap();
            seen.insert(words.split('<').next().unwrap().to_owned());
        }
    }
    assert_eq!(seen.len(), codes.len(), "{seen:?}");
}

#[tokio::test]
async fn connecting_again_is_bound_to_the_page_and_to_its_provider() {
    let world = World::start().await;
    world.connect_page(FANPAGE, |_| {}).await;
    world.connect_page(OA, |_| {}).await;
    let mut browser = world.admin().await;
    for (slug, provider, other) in [(FANPAGE, "facebook", "zalo"), (OA, "zalo", "facebook")] {
        world.refuse_page(slug, reason::TOKEN_REFUSED).await;
        let page = browser.open(&format!("/console/pages/{slug}/reconnect?error=other_page")).await;
        page.says(&format!("Kết nối lại: Trang {slug}"))
            .says("không phải trang cần kết nối lại")
            .says(&format!("name=\"provider\" value=\"{provider}\""))
            .hides(&format!("name=\"provider\" value=\"{other}\""));
        let [ticket] = tickets(&page).try_into().unwrap();
        let taken = world.take_ticket(&ticket).await.unwrap();
        assert_eq!(taken.act, Act::Connect(PageKey::of_slug(slug)));
    }
    // The table's own form of the key, escaped, names the page too.
    assert_eq!(browser.open("/console/pages/facebook%2361550001110001/reconnect").await.status, 200);
}

#[tokio::test]
async fn disconnecting_asks_first_with_a_ticket_bound_to_this_very_connection() {
    let world = World::start().await;
    world.connect_page(OA, |_| {}).await;
    let mut browser = world.admin().await;
    let path = format!("/console/pages/{OA}/disconnect");
    let page = browser.open(&path).await;
    page.says(&format!("Ngắt kết nối Trang {OA}?"))
        .says("Lịch sử vẫn giữ nguyên")
        .says("oa.zalo.me/manage")
        .says("Đồng ý")
        .says("<a class=\"button plain\" href=\"/console/pages\">Giữ kết nối</a>")
        .says(&format!("action=\"{}/api/pages/disconnect\"", world.stack.addresses.base_url));
    assert_eq!(page.headers[header::REFERRER_POLICY], "strict-origin");
    let [ticket] = tickets(&page).try_into().unwrap();
    let taken = world.take_ticket(&ticket).await.unwrap();
    assert_eq!(taken.act, Act::Disconnect { page: PageKey::of_slug(OA).unwrap(), generation: 1 });
    assert_eq!(taken.admin.id, "7");
    assert!(world.page(OA).await.is_live(), "asking changes nothing");
    world.end_page(OA, reason::BY_ADMIN).await;
    let led = browser.open(&path).await;
    assert_eq!(led.leads_to(), format!("/console/pages?disconnected={OA}"));
}
