//! Who gets in, and for how long.

use std::time::Duration;

use common::api_key::ApiKey;
use reqwest::{Method, header};
use secrecy::ExposeSecret;
use serde_json::json;

use super::Browser;
use crate::harness::World;

#[tokio::test]
async fn a_link_opens_one_session_and_looking_at_it_opens_none() {
    let world = World::start().await;
    let path = world.link_path().await;
    let mut previewer = Browser::new(&world.stack.addresses.base_url);
    for _ in 0..3 {
        let door = previewer.open(&path).await;
        assert_eq!(door.status, 200);
        door.says("Mở trang quản trị").says("Lan &#60;b&#62;Anh").hides("<b>Anh");
    }
    assert!(previewer.cookies.is_empty());

    let mut browser = Browser::new(&world.stack.addresses.base_url);
    assert_eq!(browser.submit(&path, &[]).await.leads_to(), "/console/haravan");
    assert_eq!(browser.open("/console/haravan").await.status, 200);

    let mut second = Browser::new(&world.stack.addresses.base_url);
    let refused = second.submit(&path, &[]).await;
    assert_eq!(refused.status, 410);
    refused.says("Hãy mở lại trang này từ CRM");
    assert!(second.cookies.is_empty());
    assert_eq!(second.open(&path).await.status, 410);
}

#[tokio::test]
async fn of_two_browsers_that_press_at_once_one_gets_in() {
    let world = World::start().await;
    let path = world.link_path().await;
    let (mut one, mut other) =
        (Browser::new(&world.stack.addresses.base_url), Browser::new(&world.stack.addresses.base_url));
    let (first, second) = tokio::join!(one.submit(&path, &[]), other.submit(&path, &[]));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
}

#[tokio::test]
async fn a_link_ends_after_five_minutes_and_a_session_after_thirty() {
    let world = World::start().await;
    let path = world.link_path().await;
    world.clock.advance(Duration::from_secs(301));
    let mut late = Browser::new(&world.stack.addresses.base_url);
    assert_eq!(late.submit(&path, &[]).await.status, 410);

    let mut browser = world.admin().await;
    world.clock.advance(Duration::from_secs(29 * 60));
    assert_eq!(browser.open("/console/activity").await.status, 200);
    world.clock.advance(Duration::from_secs(61));
    for path in ["/console/haravan", "/console/activity", "/console/settings", "/console/preview"] {
        let ended = browser.open(path).await;
        assert_eq!(ended.status, 401, "{path}");
        ended.says("Hãy mở lại trang này từ CRM");
    }
    assert_eq!(browser.submit("/console/activity/retry", &[]).await.status, 401);
}

#[tokio::test]
async fn nobody_gets_a_link_without_the_tenants_own_key() {
    let world = World::start().await;
    let other = world.add_tenant("other", "its secret").await;
    let asked = json!({"admin": {"id": "7"}});
    let key = world.api_key();
    let theirs = key.replace("hat-mam.", "other.");
    let stranger = ApiKey::generate(&world.tenant()).unwrap();
    let nobody = ApiKey::generate(&"nobody".parse().unwrap()).unwrap();
    let keys = [
        "",
        "x",
        &key[..key.len() - 1],
        &theirs,
        stranger.reveal().expose_secret(),
        nobody.reveal().expose_secret(),
    ];
    for key in keys {
        let (status, problem) = world.call_as(key, Method::POST, "/api/sessions", Some(asked.clone())).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (401, Some("unauthorized")), "{other}");
        let (status, _) = world.call_as(key, Method::GET, "/api/v1/settings", None).await;
        assert_eq!(status, 401);
    }
}

#[tokio::test]
async fn an_admin_without_id_or_with_odd_values_gets_no_link() {
    let world = World::start().await;
    for (asked, field) in [
        (json!({"admin": {"id": " "}}), "admin.id"),
        (json!({"admin": {"id": "x".repeat(201)}}), "admin.id"),
        (json!({"admin": {"id": "7", "name": "a\u{0}b"}}), "admin.name"),
        (json!({"admin": {"id": "7"}, "lang": "fr"}), "lang"),
    ] {
        let (status, problem) = world.call(Method::POST, "/api/sessions", Some(asked)).await;
        assert_eq!((status.as_u16(), problem["errors"][0]["field"].as_str()), (422, Some(field)));
    }
    for body in [json!({}), json!({"admin": 7}), json!([])] {
        let (status, problem) = world.call(Method::POST, "/api/sessions", Some(body)).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (400, Some("unreadable_body")));
    }
}

#[tokio::test]
async fn cookies_are_out_of_scripts_reach_and_pages_are_not_kept() {
    let world = World::start().await;
    let path = world.link_path().await;
    let mut browser = Browser::new(&world.stack.addresses.base_url);
    let entered = browser.submit(&path, &[]).await;
    let cookies: Vec<&str> =
        entered.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
    let session = cookies.iter().find(|line| line.starts_with("hvc_session=")).unwrap();
    assert!(session.ends_with("; Path=/; Max-Age=1800; HttpOnly; SameSite=Lax"), "{session}");

    let page = browser.open("/console/haravan").await;
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    let base = &world.stack.addresses.base_url;
    assert!(policy.contains(&format!("frame-ancestors {base};")), "{policy}");
    assert!(policy.contains(&format!("form-action 'self' {base};")), "{policy}");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers[header::REFERRER_POLICY], "same-origin");
}

#[tokio::test]
async fn behind_https_the_cookie_is_bound_to_the_host_and_a_plain_one_is_ignored() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let mut record = world.stack.store.tenants.get(&world.tenant()).await.unwrap().unwrap();
    record.public_url = "https://crm.example.com".to_owned();
    assert!(world.stack.store.tenants.put(&record).await.unwrap());
    assert_eq!(browser.open("/console/haravan").await.status, 401, "a cookie of plain http");

    let link = world.link().await;
    let path = link.strip_prefix("https://crm.example.com").unwrap();
    let mut browser = Browser::new(&world.stack.addresses.base_url);
    let door = browser.open(path).await;
    let policy = door.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("frame-ancestors https://crm.example.com http://127.0.0.1"), "{policy}");
    let origin = [("origin", "https://crm.example.com")];
    let entered = browser.post(path, &[], &origin).await;
    let cookies: Vec<&str> =
        entered.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
    let session = cookies.iter().find(|line| line.starts_with("__Host-hvc_session=")).unwrap();
    assert!(session.ends_with("; Path=/; Max-Age=1800; HttpOnly; Secure; SameSite=Lax"), "{session}");
    assert_eq!(browser.open("/console/haravan").await.status, 200);
}

#[tokio::test]
async fn a_form_of_another_page_is_refused() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let csrf = browser.csrf.clone();
    let mut other = world.admin().await;
    let stolen = other.csrf.clone();
    let fields = [("csrf", csrf.as_str())];
    for (fields, headers) in [
        (&[][..], &[][..]),
        (&[("csrf", "")], &[]),
        (&[("csrf", stolen.as_str())], &[]),
        (&fields, &[("origin", "https://evil.example")]),
        (&fields, &[("origin", "null")]),
        (&fields, &[("sec-fetch-site", "cross-site")]),
    ] {
        for path in [
            "/console/haravan/app",
            "/console/haravan/connect",
            "/console/haravan/200000987654/subscribe",
            "/console/haravan/200000987654/disconnect",
            "/console/activity/retry",
            "/console/activity/order.1.x/retry",
            "/console/settings",
            "/console/settings/crm",
        ] {
            assert_eq!(browser.post(path, fields, headers).await.status, 403, "{path} {headers:?}");
        }
    }
    assert_eq!(browser.post("/console/activity/retry", &fields, &[]).await.status, 303);
    assert_eq!(other.submit("/console/activity/retry", &[]).await.status, 303);
}

#[tokio::test]
async fn a_language_is_kept_and_leads_back_to_our_own_pages_only() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    browser.open("/console/activity").await.says("lang=\"vi\"").says("Hoạt động");
    let choose = "/console/language?to=en&back=";
    let chosen = browser.open(&format!("{choose}%2Fconsole%2Factivity%3Ffilter%3Dfailed")).await;
    assert_eq!(chosen.leads_to(), "/console/activity?filter=failed");
    browser.open("/console/activity").await.says("lang=\"en\"").says("Activity");
    for back in
        ["https://evil.example", "//evil.example", "/console%0d%0aSet-Cookie:a=b", "/api/v1/events", ""]
    {
        assert_eq!(browser.open(&format!("{choose}{back}")).await.leads_to(), "/console/haravan", "{back}");
    }
}
