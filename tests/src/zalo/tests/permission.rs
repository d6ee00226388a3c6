//! The permission pages, and the same choices without pages.

use super::*;

struct Page {
    status: u16,
    location: String,
    cookie: String,
    text: String,
}

async fn page(request: reqwest::RequestBuilder) -> Page {
    let response = request.send().await.unwrap();
    let header = |name: &str| {
        response.headers().get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    };
    let (location, cookie) = (header("location"), header("set-cookie"));
    let status = response.status().as_u16();
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    Page { status, location, cookie, text: response.text().await.unwrap() }
}

async fn post(http: &reqwest::Client, url: &str, cookie: &str, form: &[(&str, &str)]) -> Page {
    page(http.post(url).header("cookie", cookie).form(form)).await
}

fn query_of(location: &str) -> Vec<(String, String)> {
    url::Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

/// The story of a person below a prefix, up to the page with the accounts.
async fn logged_in(http: &reqwest::Client, base: &str) -> (String, String) {
    let url = permission_url(base);
    let first = page(http.get(&url)).await;
    assert!(first.text.contains("Đăng nhập Zalo") && first.text.contains("Nguyễn Thu Hà"));
    assert!(!first.text.contains("<script"));
    let second = post(http, &url, "", &[("admin", HA)]).await;
    assert_eq!(second.status, 303);
    assert_eq!(url::Url::parse(&url).unwrap().join(&second.location).unwrap().as_str(), url);
    (url, second.cookie)
}

#[tokio::test]
async fn a_person_logs_in_picks_an_account_ticks_the_box_and_the_app_gets_a_code() {
    let world = World::start().await;
    let mounted = Router::new().nest("/sim/zalo", world.sim.router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/sim/zalo", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, mounted).await });
    world.sim.set_public_url(&base);
    let (url, cookie) = logged_in(&world.http, &base).await;
    let choosing = page(world.http.get(&url).header("cookie", &cookie)).await;
    for shown in
        ["Sim OA Một", "Sim OA Hai", "Tiệm Bánh Mây", "Đồng ý cho phép ứng dụng quản lý Official Account"]
    {
        assert!(choosing.text.contains(shown), "{shown}");
    }
    assert!(!choosing.text.contains("Gốm Lam Chiều"), "another person's account");
    assert!(!choosing.text.contains("<script"));
    let allow = [("oa_id", ONE), ("consent", "yes"), ("decision", "allow")];
    let done = post(&world.http, &url, &cookie, &allow).await;
    assert_eq!(done.status, 302);
    assert!(done.location.starts_with(REDIRECT));
    let query = query_of(&done.location);
    let names: Vec<_> = query.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["oa_id", "code", "state", "code_challenge"]);
    assert_eq!((query[0].1.as_str(), query[2].1.as_str()), (ONE, "st_9a1b"));
    let pair = world.exchange(&query[1].1).await;
    assert!(pair["access_token"].is_string(), "{pair}");
}

#[tokio::test]
async fn without_the_tick_or_an_account_the_page_says_so_and_the_app_hears_nothing() {
    let world = World::start().await;
    let (url, cookie) = logged_in(&world.http, world.server.url()).await;
    let no_tick = post(&world.http, &url, &cookie, &[("oa_id", ONE), ("decision", "allow")]).await;
    assert_eq!(no_tick.status, 200);
    assert!(no_tick.text.contains("Hãy đánh dấu đồng ý"));
    assert!(no_tick.text.contains(&format!("value=\"{ONE}\" checked")), "the choice is kept");
    let yes = ("consent", "yes");
    let no_oa = post(&world.http, &url, &cookie, &[yes, ("decision", "allow")]).await;
    assert!(no_oa.text.contains("Hãy chọn một Official Account"));
    let not_theirs = post(&world.http, &url, &cookie, &[("oa_id", FOUR), yes, ("decision", "allow")]).await;
    assert!(not_theirs.text.contains("Hãy chọn một Official Account"));
    let not_logged_in = post(&world.http, &url, "", &[("oa_id", ONE), yes, ("decision", "allow")]).await;
    assert_eq!(not_logged_in.status, 303);
    assert!(world.sim.live_pair(&oa(ONE)).is_none());
}

#[tokio::test]
async fn cancelling_sends_the_browser_back_without_a_code() {
    let world = World::start().await;
    let (url, cookie) = logged_in(&world.http, world.server.url()).await;
    let done = post(&world.http, &url, &cookie, &[("decision", "cancel")]).await;
    let expected = [("error", "-14004"), ("error_description", "User denied"), ("state", "st_9a1b")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(query_of(&done.location), expected);
}

#[tokio::test]
async fn logging_out_asks_for_a_person_again() {
    let world = World::start().await;
    let (url, cookie) = logged_in(&world.http, world.server.url()).await;
    assert_eq!(post(&world.http, &url, &cookie, &[("log_out", "yes")]).await.status, 303);
    assert!(page(world.http.get(&url).header("cookie", &cookie)).await.text.contains("Đăng nhập Zalo"));
    let nobody = post(&world.http, &url, "", &[("admin", "1")]).await;
    assert!(nobody.text.contains("Không có tài khoản này"));
}

#[tokio::test]
async fn an_address_that_is_not_registered_ends_on_zalos_own_page() {
    let world = World::start().await;
    let base = world.server.url();
    for wrong in [format!("{REDIRECT}/"), REDIRECT.to_uppercase(), "https://evil.test/".to_owned()] {
        let mut url = url::Url::parse(&format!("{base}/v4/oa/permission")).unwrap();
        url.query_pairs_mut().append_pair("app_id", APP_ID).append_pair("redirect_uri", &wrong);
        let stopped = page(world.http.get(url.as_str())).await;
        let shown = url.join(&stopped.location).unwrap();
        assert_eq!(shown.as_str(), format!("{base}/v4/oa/permission/error?error_code=-14003"));
        assert!(page(world.http.get(shown)).await.text.contains("error_code=-14003"));
        assert_eq!(page(world.http.post(url.as_str())).await.location, stopped.location);
        let answer = world.sim.authorize(url.as_str(), &Choice::allow(ONE)).unwrap();
        assert!(matches!(answer, Answer::Page { error_code: Some(-14003), .. }));
    }
    let other_app = permission_url(base).replace(APP_ID, "36");
    assert!(page(world.http.get(&other_app)).await.location.contains("error_code=-14001"));
}

#[tokio::test]
async fn a_test_can_choose_without_pages() {
    let world = World::start().await;
    let url = permission_url(world.server.url());
    let choose = |choice: Choice| world.sim.authorize(&url, &choice);
    assert_eq!(choose(Choice::allow(ONE)).unwrap().field("oa_id"), Some(ONE));
    assert!(choose(Choice::cancel()).unwrap().field("code").is_none());
    let missing = choose(Choice::allow(ONE).without_consent()).unwrap();
    assert!(matches!(missing, Answer::Page { error_code: None, .. }));
    assert!(matches!(choose(Choice::allow(FOUR).by(HA)).unwrap(), Answer::Page { .. }));
    assert!(choose(Choice::allow(FOUR)).unwrap().field("code").is_some());
    assert_eq!(choose(Choice::allow("9")), Err(Refusal::UnknownOa(oa("9"))));
    assert!(choose(Choice::allow(ONE).by("9")).is_err());
    world.sim.delete_oa(&oa(ONE)).unwrap();
    assert!(matches!(choose(Choice::allow(ONE)).unwrap(), Answer::Page { .. }), "it is offered no more");
}

#[tokio::test]
async fn nothing_of_the_query_breaks_out_of_the_page() {
    let world = World::start().await;
    let url = permission_url_with(world.server.url(), &[("state", "\"><script>alert(1)</script>")]);
    let raw = url.replace("%22", "\"").replace("%3E", ">").replace("%3C", "<");
    let shown = page(world.http.get(&raw)).await;
    assert!(shown.text.contains("Đăng nhập Zalo") && !shown.text.contains("<script"));
}
