//! The dialog, with a browser and without.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};

use super::*;

/// Opens and posts pages as a browser does, cookie included.
struct Browser<'w> {
    world: &'w World,
    cookie: String,
}

impl Browser<'_> {
    async fn send(&mut self, request: reqwest::RequestBuilder) -> (u16, String, String) {
        let answer = request.header(COOKIE, &self.cookie).send().await.unwrap();
        if let Some(set) = answer.headers().get(SET_COOKIE) {
            self.cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        let location = answer.headers().get(LOCATION).map_or("", |value| value.to_str().unwrap()).to_owned();
        (answer.status().as_u16(), location, answer.text().await.unwrap())
    }

    async fn open(&mut self, url: &str) -> (u16, String, String) {
        self.send(self.world.http.get(url)).await
    }

    async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> (u16, String, String) {
        self.send(self.world.http.post(url).form(form)).await
    }
}

#[tokio::test]
async fn a_person_logs_in_ticks_pages_and_comes_back_with_a_code() {
    let world = World::start().await;
    let mut browser = Browser { world: &world, cookie: String::new() };
    let url = world.dialog_url(&[]);
    let (status, _, page) = browser.open(&url).await;
    assert_eq!(status, 200);
    assert!(page.contains("Nguyễn Thị Sim") && page.contains("Đăng nhập"), "{page}");
    assert!(!page.contains("<script"));

    let seller = SELLER.to_string();
    let (status, location, _) = browser.post(&url, &[("step", "log_in"), ("person", &seller)]).await;
    assert_eq!(status, 303);
    assert!(location.starts_with("oauth?client_id="), "{location}");
    let (_, _, page) = browser.open(&url).await;
    for words in
        ["Cửa hàng Sim Một", "Sim Bốn (chỉ phân tích)", "pages_messaging", "Công ty Sim", "Tiếp tục", "Hủy"]
    {
        assert!(page.contains(words), "{words} in {page}");
    }

    let form = [
        ("step", "consent"),
        ("decision", "accept"),
        ("page", "104000000000001"),
        ("page", "104000000000002"),
        ("permission", "pages_show_list"),
        ("permission", "pages_messaging"),
        ("permission", "pages_manage_metadata"),
        ("permission", "pages_read_engagement"),
    ];
    let (status, location, _) = browser.post(&url, &form).await;
    assert_eq!(status, 302);
    assert!(location.starts_with(&format!("{DEMO_REDIRECT_URI}?code=")), "{location}");
    assert!(location.ends_with("&state=st_7f3c#_=_"), "{location}");
    let grant = world.sim.grant(SELLER).unwrap();
    assert_eq!(grant.pages, [SHOP_PAGE, EDITOR_PAGE].into());
    assert_eq!(grant.scopes["business_management"], ScopeStatus::Declined);
    assert!(grant.has("pages_messaging") && grant.has("public_profile"));
    assert!(grant.businesses.is_empty());
}

#[tokio::test]
async fn the_only_permission_asked_for_can_be_left_unticked() {
    let world = World::start().await;
    let mut browser = Browser { world: &world, cookie: String::new() };
    let url = world.dialog_url(&[("scope", "pages_show_list")]);
    let seller = SELLER.to_string();
    browser.post(&url, &[("step", "log_in"), ("person", &seller)]).await;
    browser.post(&url, &[("step", "consent"), ("decision", "accept")]).await;
    let grant = world.sim.grant(SELLER).unwrap();
    assert_eq!(grant.scopes["pages_show_list"], ScopeStatus::Declined);
    assert!(grant.pages.is_empty());
}

#[tokio::test]
async fn a_person_who_cancels_or_is_denied_comes_back_with_the_documented_refusal() {
    let world = World::start().await;
    let cases = fixture("dialog_callbacks");
    let refusal = cases["cases"][1]["query"].as_str().unwrap();
    let expected = format!("{DEMO_REDIRECT_URI}?{refusal}");
    let answer = world.authorize(SELLER, &Choice::cancel());
    assert_eq!(answer.location(), Some(expected.as_str()));
    world.sim.once(Fault::UserDenied);
    assert_eq!(world.authorize(SELLER, &Choice::all()).location(), Some(expected.as_str()));
    assert!(world.sim.grant(SELLER).is_none());

    let mut browser = Browser { world: &world, cookie: String::new() };
    let url = world.dialog_url(&[]);
    let seller = SELLER.to_string();
    browser.post(&url, &[("step", "log_in"), ("person", &seller)]).await;
    let (_, location, _) = browser.post(&url, &[("step", "consent"), ("decision", "cancel")]).await;
    assert_eq!(location, expected);
}

#[tokio::test]
async fn an_unknown_app_an_unregistered_address_and_odd_wishes_end_on_a_page() {
    let world = World::start().await;
    let wrong = [
        ("client_id", "1"),
        ("client_id", ""),
        ("redirect_uri", "http://localhost:3000/pages/facebook/callback/"),
        ("redirect_uri", ""),
        ("response_type", "token"),
        ("scope", "pages_show_list,publish_everything"),
        ("config_id", CONFIG_ID),
    ];
    for change in wrong {
        let url = world.dialog_url(&[change]);
        let answer = world.http.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{change:?}");
        let answer = world.sim.authorize(&url, SELLER, &Choice::all()).unwrap();
        assert!(matches!(answer, Answer::Page { .. }), "{change:?}");
    }
}

#[tokio::test]
async fn without_rerequest_a_grant_is_silently_used_again() {
    let world = World::start().await;
    world.authorize(SELLER, &Choice::pages([SHOP_PAGE]));
    let url = world.dialog_url(&[("auth_type", "")]);
    let answer = world.sim.authorize(&url, SELLER, &Choice::pages([EDITOR_PAGE])).unwrap();
    assert!(answer.field("code").is_some());
    assert_eq!(world.sim.grant(SELLER).unwrap().pages, [SHOP_PAGE].into());

    let mut browser = Browser { world: &world, cookie: String::new() };
    let seller = SELLER.to_string();
    browser.post(&url, &[("step", "log_in"), ("person", &seller)]).await;
    let (status, location, _) = browser.open(&url).await;
    assert_eq!(status, 302);
    assert!(location.contains("code="));
    let (status, ..) = browser.open(&world.dialog_url(&[])).await;
    assert_eq!(status, 200, "rerequest opens the tick screen again");
}

#[tokio::test]
async fn a_declined_permission_is_asked_for_again_only_with_rerequest() {
    let world = World::start().await;
    world.authorize(SELLER, &Choice::all().declining("pages_messaging"));
    let again = world.dialog_url(&[("auth_type", "")]);
    world.sim.authorize(&again, SELLER, &Choice::all()).unwrap();
    assert!(!world.sim.grant(SELLER).unwrap().has("pages_messaging"));
    world.authorize(SELLER, &Choice::all());
    assert!(world.sim.grant(SELLER).unwrap().has("pages_messaging"));
}

#[tokio::test]
async fn a_login_for_business_grants_everything_or_nothing() {
    let world = World::start().await;
    let url = world.dialog_url(&[("scope", ""), ("config_id", CONFIG_ID)]);
    let choice = Choice::all().declining("business_management");
    let answer = world.sim.authorize(&url, SELLER, &choice).unwrap();
    assert_eq!(answer.field("error_reason"), Some("user_denied"));
    assert!(world.sim.grant(SELLER).is_none());
    let answer = world.sim.authorize(&url, SELLER, &Choice::all()).unwrap();
    assert!(answer.field("code").is_some());
    assert!(SCOPES.iter().all(|scope| world.sim.grant(SELLER).unwrap().has(scope)));
}

#[tokio::test]
async fn reauthenticate_asks_somebody_who_is_logged_in_to_log_in_again() {
    let world = World::start().await;
    let mut browser = Browser { world: &world, cookie: String::new() };
    let url = world.dialog_url(&[("auth_type", "reauthenticate")]);
    let seller = SELLER.to_string();
    let log_in = [("step", "log_in"), ("person", seller.as_str())];
    browser.post(&world.dialog_url(&[]), &log_in).await;
    let (_, _, page) = browser.open(&url).await;
    assert!(page.contains("Đăng nhập"));
    let (_, location, _) = browser.post(&url, &log_in).await;
    assert!(!location.contains("auth_type"), "{location}");
    let (_, _, page) = browser.open(&world.url(&format!("/v26.0/dialog/{location}"))).await;
    assert!(page.contains("Chọn trang và quyền"));
}

#[tokio::test]
async fn the_callback_can_come_twice_and_without_state() {
    let world = World::start().await;
    world.sim.once(Fault::NoState);
    let answer = world.authorize(SELLER, &Choice::all());
    assert!(answer.field("state").is_none() && answer.field("code").is_some());

    let mut browser = Browser { world: &world, cookie: String::new() };
    let url = world.dialog_url(&[("auth_type", "")]);
    let seller = SELLER.to_string();
    browser.post(&url, &[("step", "log_in"), ("person", &seller)]).await;
    world.sim.once(Fault::DuplicateCallback);
    let (status, _, page) = browser.open(&url).await;
    assert_eq!(status, 200);
    assert!(page.contains("<img src=\"http://localhost:3000/pages/facebook/callback?code="), "{page}");
    assert!(page.contains("http-equiv=\"refresh\""));
}

#[tokio::test]
async fn it_works_below_a_path_and_without_a_version() {
    let world = World::start().await;
    let app = Router::new().nest("/sim/facebook", world.sim.router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/sim/facebook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    world.sim.set_public_url(&format!("{base}/"));
    let token = world.sim.user_token(BUSY).unwrap();
    for path in ["/v26.0/me/accounts?limit=2", "/me/accounts?limit=2"] {
        let answer = world.http.get(format!("{base}{path}")).bearer_auth(&token).send().await.unwrap();
        let list: Value = answer.json().await.unwrap();
        let next = list["paging"]["next"].as_str().unwrap();
        assert!(next.starts_with(&format!("{base}/v26.0/{BUSY}/accounts?limit=2&after=QVFIU")), "{next}");
    }
    for path in ["/v26.0/?ids=104000000000101", "/v26.0?ids=104000000000101", "/control/state"] {
        let answer = world.http.get(format!("{base}{path}")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    let answer = world.http.get(format!("{base}/pictures/104000000000101.svg")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/svg+xml");
    let dialog = world.dialog_url(&[]).replace(world.server.url(), &base);
    let form = [("step", "log_in"), ("person", "10223344556677889")];
    let answer = world.http.post(dialog).form(&form).send().await.unwrap();
    assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("Path=/sim/facebook;"));
}
