//! The whole story: what is asked of Haravan, which cookies are set, where the browser ends.

use common::connect::refusal::Refusal;
use common::settings::ResponseMode;
use connect_tests::haravan::Answer;
use url::Url;

use super::{Browser, FIRST, OWNER, OWNER_OF_BOTH, Office, SECOND};

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

fn is_random(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[tokio::test]
async fn haravan_is_asked_exactly_what_the_protocol_says() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let base = office.world.stack.addresses.base_url.clone();
    let login = office.start(&mut browser, Some(FIRST)).await;
    assert!(login.starts_with(&format!("{}/connect/authorize?", office.world.stack.addresses.haravan_url)));
    assert!(login.contains("response_type=code%20id_token&"), "{login}");
    let asked = |url: &str, name: &str| parameter(url, name).unwrap_or_default();
    assert_eq!(asked(&login, "response_mode"), "form_post");
    assert_eq!(asked(&login, "scope"), "openid profile email org userinfo");
    assert_eq!(asked(&login, "client_id"), local::seed::CLIENT_ID);
    assert_eq!(asked(&login, "redirect_uri"), format!("{base}/api/haravan/login"));
    assert_eq!(asked(&login, "orgid"), FIRST.to_string());
    assert!(is_random(&asked(&login, "state")) && is_random(&asked(&login, "nonce")), "{login}");

    let answer = office.sign_in(&login, OWNER);
    let reply = office.bring(&mut browser, &answer).await;
    assert_eq!(reply.status, 303);
    let install = reply.to();
    assert_eq!(
        asked(install, "scope"),
        "openid profile email org userinfo offline_access grant_service wh_api com.read_orders com.read_customers com.read_shop"
    );
    assert_eq!(asked(install, "redirect_uri"), format!("{base}/api/haravan/grandservice"));
    assert_eq!(asked(install, "orgid"), FIRST.to_string());
    for name in ["state", "nonce"] {
        assert_ne!(asked(install, name), asked(&login, name), "{name}");
    }
}

#[tokio::test]
async fn without_a_known_shop_none_is_suggested_until_login_found_one() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let login = office.start(&mut browser, None).await;
    assert_eq!(parameter(&login, "orgid"), None);
    let answer = office.sign_in(&login, OWNER);
    let install = office.bring(&mut browser, &answer).await;
    assert_eq!(parameter(install.to(), "orgid"), Some(FIRST.to_string()));
}

#[tokio::test]
async fn the_answer_may_come_in_the_query_when_the_tenant_wants_it_so() {
    let office = Office::open().await;
    office.world.settings(|settings| settings.response_mode = ResponseMode::Query).await;
    let mut browser = Browser::default();
    let login = office.start(&mut browser, None).await;
    assert_eq!(parameter(&login, "response_type").as_deref(), Some("code"));
    assert_eq!(parameter(&login, "response_mode").as_deref(), Some("query"));
    let answer = office.sign_in(&login, OWNER);
    assert!(matches!(answer, Answer::Redirect { .. }) && answer.field("id_token").is_none());
    let install = office.bring(&mut browser, &answer).await;
    let answer = office.sign_in(install.to(), OWNER);
    assert_eq!(office.bring(&mut browser, &answer).await.status, 303);
}

#[tokio::test]
async fn over_https_the_cookie_is_of_the_strict_kind_and_one_for_both_steps() {
    let office = Office::open().await;
    let mut record = office.world.stack.store.tenants.get(&office.world.tenant()).await.unwrap().unwrap();
    record.public_url = "https://crm.example.com/".to_owned();
    assert!(office.world.stack.store.tenants.put(&record).await.unwrap());
    let uris =
        ["https://crm.example.com/api/haravan/login", "https://crm.example.com/api/haravan/grandservice"];
    office.haravan().set_redirect_uris(None, &uris).unwrap();

    let mut browser = Browser::default();
    let ticket = office.ticket(&office.world.tenant(), None).await;
    let start = office.get(&mut browser, &format!("/api/haravan/login?ticket={ticket}")).await;
    let cookie = start.set_cookie.clone().unwrap();
    let (pair, rest) = cookie.split_once("; ").unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    assert!(name.strip_prefix("__Host-hvc_flow_").is_some_and(|own| own.len() == 12), "{cookie}");
    assert!(is_random(value), "{cookie}");
    assert_eq!(rest, "SameSite=None; Secure; HttpOnly; Path=/; Max-Age=600");

    let answer = office.sign_in(start.to(), OWNER);
    let install = office.bring(&mut browser, &answer).await;
    assert_eq!(install.set_cookie, Some(cookie.clone()), "the same key for another ten minutes");
    let answer = office.sign_in(install.to(), OWNER);
    let done = office.bring(&mut browser, &answer).await;
    assert_eq!(done.to(), format!("https://crm.example.com/console/haravan?connected={FIRST}"));
    assert!(done.set_cookie.unwrap().ends_with("Max-Age=0"));
}

#[tokio::test]
async fn over_plain_http_the_cookie_is_one_that_a_browser_keeps_there() {
    let office = Office::open().await;
    let ticket = office.ticket(&office.world.tenant(), None).await;
    let start = office.get(&mut Browser::default(), &format!("/api/haravan/login?ticket={ticket}")).await;
    let cookie = start.set_cookie.unwrap();
    assert!(cookie.starts_with("hvc_flow_"), "{cookie}");
    assert!(cookie.ends_with("; SameSite=Lax; HttpOnly; Path=/; Max-Age=600"), "{cookie}");
}

#[tokio::test]
async fn a_tenant_that_has_no_app_yet_is_told_to_enter_it() {
    let office = Office::open().await;
    let mut record = office.world.stack.store.tenants.get(&office.world.tenant()).await.unwrap().unwrap();
    (record.client_id, record.secret, record.previous_secret) = (None, None, None);
    assert!(office.world.stack.store.tenants.put(&record).await.unwrap());
    let ticket = office.ticket(&office.world.tenant(), None).await;
    let path = format!("/api/haravan/login?ticket={ticket}");
    office.get(&mut Browser::default(), &path).await.assert_refused(&Refusal::NotSetUp);
}

#[tokio::test]
async fn a_client_id_entered_a_moment_ago_counts() {
    let office = Office::open().await;
    let mut record = office.world.stack.store.tenants.get(&office.world.tenant()).await.unwrap().unwrap();
    let client_id = record.client_id.take();
    assert!(office.world.stack.store.tenants.put(&record).await.unwrap());
    let ticket = office.ticket(&office.world.tenant(), None).await;
    let path = format!("/api/haravan/login?ticket={ticket}");
    office.get(&mut Browser::default(), &path).await.assert_refused(&Refusal::NotSetUp);
    (record.client_id, record.revision) = (client_id, record.revision + 1);
    assert!(office.world.stack.store.tenants.put(&record).await.unwrap());
    assert_eq!(office.connect(OWNER, None).await.status, 303);
}

#[tokio::test]
async fn pages_speak_the_language_of_the_console() {
    use common::clock::Clock;
    let office = Office::open().await;
    let data = common::connect::StartTicket {
        tenant: office.world.tenant(),
        admin_id: "7".to_owned(),
        admin_name: None,
        org: None,
        lang: "en".to_owned(),
    };
    let expires = office.world.clock.now() + std::time::Duration::from_secs(120);
    let store = &office.world.stack.store;
    store.ephemeral.put(common::store::ephemeral::Kind::Start, "english", &data, expires).await.unwrap();
    let mut browser = Browser::default();
    let start = office.get(&mut browser, "/api/haravan/login?ticket=english").await;
    let answer = office.sign_in(start.to(), super::CLERK);
    let reply = office.bring(&mut browser, &answer).await;
    assert!(
        reply.body.contains("Ask the shop&#39;s owner") || reply.body.contains("Ask the shop's owner"),
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn a_shop_is_connected_through_the_running_stack() {
    let office = Office::open().await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let base = &office.world.stack.addresses.base_url;
    let ticket = office.ticket(&office.world.tenant(), Some(SECOND)).await;
    let start = http.get(format!("{base}/api/haravan/login?ticket={ticket}")).send().await.unwrap();
    let text = |answer: &reqwest::Response, name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let cookie = text(&start, "set-cookie").split(';').next().unwrap().to_owned();
    let mut to = text(&start, "location");
    for _ in 0..2 {
        let answer = office.sign_in(&to, OWNER_OF_BOTH);
        let Answer::FormPost { action, .. } = &answer else { panic!("{answer:?}") };
        let posted = http
            .post(action)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &cookie)
            .header("origin", "null")
            .body(answer.form_body());
        let posted = posted.send().await.unwrap();
        assert_eq!(posted.status(), 303);
        assert_eq!(text(&posted, "cache-control"), "no-store");
        to = text(&posted, "location");
    }
    assert_eq!(to, format!("{base}/console/haravan?connected={SECOND}"));
    assert!(office.shop(SECOND).await.is_some());
}
