//! The pages, as a browser without scripts walks them, below a path prefix.

use super::*;

/// Follows redirects on the simulator, keeps its cookie and reads its forms.
struct Browser {
    http: reqwest::Client,
    cookie: String,
    url: url::Url,
    status: u16,
    headers: HeaderMap,
    page: String,
    _server: tokio::task::JoinHandle<()>,
    base: String,
    sim: Simulator,
}

impl Browser {
    async fn start() -> Self {
        let sim = Simulator::with_clock(Seed::demo(), Clock::system());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/sim/haravan", listener.local_addr().unwrap());
        sim.set_public_url(&base);
        let router = Router::new().nest("/sim/haravan", sim.router());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            cookie: String::new(),
            url: base.parse().unwrap(),
            status: 0,
            headers: HeaderMap::new(),
            page: String::new(),
            _server: server,
            base,
            sim,
        }
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder) {
        loop {
            let answer = request.header("cookie", &self.cookie).send().await.unwrap();
            self.url = answer.url().clone();
            self.status = answer.status().as_u16();
            self.headers = answer.headers().clone();
            if let Some(cookie) = self.headers.get("set-cookie") {
                let cookie = cookie.to_str().unwrap();
                assert!(cookie.contains("Path=/sim/haravan;") && cookie.contains("HttpOnly"), "{cookie}");
                self.cookie = cookie.split(';').next().unwrap().to_owned();
            }
            self.page = answer.text().await.unwrap();
            let Some(location) = self.headers.get("location") else { return };
            let next = self.url.join(location.to_str().unwrap()).unwrap();
            if !next.as_str().starts_with(&self.base) {
                return;
            }
            request = self.http.get(next);
        }
    }

    async fn open(&mut self, query: &str) {
        self.send(self.http.get(format!("{}/connect/authorize?{query}", self.base))).await;
    }

    /// Submits the first form of the page: its hidden inputs and what was filled in or pressed.
    async fn submit(&mut self, filled: &[(&str, &str)]) {
        let form = self.page.split("<form").nth(1).unwrap();
        let form = form.split("</form>").next().unwrap();
        let action = unescaped(between(form, "action=\"", "\""));
        let mut fields = hidden_fields(form);
        fields.extend(filled.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let url = self.url.join(&action).unwrap();
        self.send(self.http.post(url).form(&fields)).await;
    }

    fn title(&self) -> &str {
        assert!(self.page.contains("Haravan giả lập"), "{}", self.page);
        between(&self.page, "<h1>", "</h1>")
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(found, _)| found)
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}

fn hidden_fields(form: &str) -> Vec<(String, String)> {
    let inputs = form.split("<input type=\"hidden\"").skip(1);
    inputs
        .map(|input| {
            (unescaped(between(input, "name=\"", "\"")), unescaped(between(input, "value=\"", "\"")))
        })
        .collect()
}

#[tokio::test]
async fn a_request_that_is_wrong_ends_on_a_page_and_never_reaches_the_app() {
    let mut browser = Browser::start().await;
    let cases: [(&[(&str, &str)], &str); 13] = [
        (&[("client_id", "nobody")], "unauthorized_client"),
        (&[("client_id", "")], "unauthorized_client"),
        (&[("redirect_uri", "http://localhost:3000/install/login/")], "invalid_request"),
        (&[("redirect_uri", "https://evil.example.com/")], "invalid_request"),
        (&[("redirect_uri", "")], "invalid_request"),
        (&[("scope", "openid hac_api")], "invalid_scope"),
        (&[("scope", "profile email")], "invalid_scope"),
        (&[("scope", "")], "invalid_scope"),
        (&[("nonce", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "id_token")], "unsupported_response_type"),
        (&[("response_mode", "query")], "invalid_request"),
        (&[("response_mode", "web_message")], "invalid_request"),
    ];
    for (changes, code) in cases {
        browser.open(&Client::query(LOGIN, changes)).await;
        assert_eq!((browser.status, browser.title()), (400, "Không thể tiếp tục"), "{changes:?}");
        assert!(browser.headers.get("location").is_none());
        assert!(browser.page.contains(&format!("<code>{code}</code>")), "{changes:?} {}", browser.page);
    }
    browser.open(&format!("{}&state=two", Client::query(LOGIN, &[]))).await;
    assert_eq!(browser.status, 400);
}

#[tokio::test]
async fn a_person_signs_in_once_and_the_next_login_asks_nothing() {
    let mut browser = Browser::start().await;
    let query = Client::query(LOGIN, &[]);
    browser.open(&query).await;
    assert_eq!((browser.status, browser.title()), (200, "Đăng nhập"));
    assert!(browser.page.contains(OWNER) && browser.page.contains("name=\"viewport\""));
    browser.submit(&[("email", "\"><b>"), ("password", "demo")]).await;
    assert!(browser.page.contains("không đúng") && !browser.page.contains("<b>\""), "{}", browser.page);
    assert!(browser.page.contains("&quot;&gt;&lt;b&gt;"));
    browser.submit(&[("email", OWNER), ("password", "wrong")]).await;
    assert_eq!(browser.title(), "Đăng nhập");
    browser.submit(&[("email", OWNER), ("password", "demo")]).await;
    for _ in 0..2 {
        assert_eq!((browser.status, browser.title()), (200, "Đang quay lại ứng dụng"));
        assert_eq!(browser.headers["referrer-policy"], "no-referrer");
        assert_eq!(browser.headers["cache-control"], "no-store");
        assert!(browser.page.contains(&format!("action=\"{}\"", DEMO_REDIRECT_URIS[0])));
        assert!(browser.page.contains("<noscript><button") && browser.page.contains(".submit()</script>"));
        let fields = hidden_fields(&browser.page);
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["code", "id_token", "scope", "state", "session_state"]);
        assert_eq!(fields[3].1, "Zk3\"><&", "the state is echoed unchanged");
        assert_eq!(claims_of(&fields[1].1)["iss"], browser.base);
        browser.open(&query).await;
    }
    browser.send(browser.http.get(format!("{}/account/logout", browser.base))).await;
    assert_eq!(browser.title(), "Đã đăng xuất");
    browser.open(&query).await;
    assert_eq!(browser.title(), "Đăng nhập");
}

#[tokio::test]
async fn an_owner_of_two_shops_chooses_one_consents_and_stays_with_it() {
    let mut browser = Browser::start().await;
    let query = Client::query(INSTALL, &[]);
    browser.open(&query).await;
    browser.submit(&[("email", OWNER_OF_TWO), ("password", "demo")]).await;
    assert_eq!(browser.title(), "Chọn cửa hàng");
    assert!(browser.page.contains("Hạt Mầm") && browser.page.contains("Gốm Nhà Mây"));
    browser.submit(&[("orgid", "200000987701")]).await;
    assert_eq!(browser.title(), "Cài đặt ứng dụng");
    for shown in ["Gốm Nhà Mây", "grant_service", "com.read_orders", "Đồng ý", "Từ chối"] {
        assert!(browser.page.contains(shown), "{shown}");
    }
    browser.submit(&[("decision", "accept")]).await;
    let fields = hidden_fields(&browser.page);
    assert_eq!(claims_of(&fields[1].1)["orgid"], "200000987701");
    browser.open(&Client::query(LOGIN, &[])).await;
    assert_eq!(claims_of(&hidden_fields(&browser.page)[1].1)["orgid"], "200000987701");
    browser.open(&Client::query(LOGIN, &[("orgid", "200000987654")])).await;
    assert_eq!(claims_of(&hidden_fields(&browser.page)[1].1)["orgid"], "200000987654");
}

#[tokio::test]
async fn a_refused_consent_is_called_back_and_a_clerk_reads_why_not() {
    let mut browser = Browser::start().await;
    let query = [("response_type", "code"), ("response_mode", "query")];
    let query = Client::query(INSTALL, &query);
    browser.open(&query).await;
    browser.submit(&[("email", OWNER), ("password", "demo")]).await;
    browser.submit(&[("decision", "refuse")]).await;
    assert_eq!(browser.status, 302);
    let expected = format!("{}?error=access_denied&state=Zk3%22%3E%3C%26", DEMO_REDIRECT_URIS[1]);
    assert_eq!(browser.headers["location"], expected);
    browser.send(browser.http.get(format!("{}/connect/endsession", browser.base))).await;
    browser.open(&query).await;
    browser.submit(&[("email", CLERK), ("password", "demo")]).await;
    assert_eq!((browser.status, browser.title()), (400, "Không thể tiếp tục"));
    assert!(browser.headers.get("location").is_none());
}

#[tokio::test]
async fn another_account_can_be_chosen_where_something_is_asked() {
    let mut browser = Browser::start().await;
    browser.open(&Client::query(INSTALL, &[])).await;
    browser.submit(&[("email", OWNER), ("password", "demo")]).await;
    let forms: Vec<_> = browser.page.split("<form").skip(1).map(str::to_owned).collect();
    browser.page = format!("<form{}", forms[1]);
    browser.submit(&[]).await;
    assert_eq!(browser.title(), "Đăng nhập");
}

#[tokio::test]
async fn nobody_is_answered_for_a_consent_without_a_session() {
    let mut browser = Browser::start().await;
    let url = format!("{}/connect/authorize?{}", browser.base, Client::query(INSTALL, &[]));
    browser.send(browser.http.post(&url).form(&[("step", "consent"), ("decision", "accept")])).await;
    assert_eq!(browser.title(), "Đăng nhập");
    browser.send(browser.http.post(&url).form(&[("step", "nonsense")])).await;
    assert_eq!(browser.status, 400);
    assert!(browser.sim.state().accounts.codes.is_empty());
}

#[tokio::test]
async fn the_control_api_drives_the_accounts_server_too() {
    let client = Client::start().await;
    let control = |path: &str, body: Value| {
        let call = client.http.post(client.url(&format!("/__sim/{path}"))).json(&body);
        async move { call.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let uris = json!({"redirect_uris": ["http://127.0.0.1:1/in"]});
    assert_eq!(control("set_redirect_uris", uris).await["redirect_uris"][0], "http://127.0.0.1:1/in");
    let launched = control("launch", json!({"email": OWNER})).await;
    assert!(launched["url"].as_str().unwrap().starts_with("http://127.0.0.1:1/in?orgid=200000987654&shop="));
    let query = Client::query(LOGIN, &[("redirect_uri", "http://127.0.0.1:1/in")]);
    let url = client.url(&format!("/connect/authorize?{query}"));
    let given = control("authorize", json!({"url": url, "email": OWNER})).await;
    assert_eq!(given["answer"]["form_post"]["action"], "http://127.0.0.1:1/in");
    let settings = control("accounts_settings", json!({"rotate_refresh_tokens": false})).await;
    assert_eq!(settings["settings"]["install_expires_in"], 315_360_000);
    assert!(is_hex(control("rotate_keys", json!({})).await["kid"].as_str().unwrap(), 32));
    assert_eq!(control("expire_tokens", json!({})).await["expired"], true);
    assert_eq!(control("withdraw_grants", json!({})).await["withdrawn"], true);
    let person = json!({"sub": 7, "email": "bay@example.com", "name": "Bảy", "password": "x"});
    assert_eq!(control("register_account", person).await["registered"], true);
    assert!(control("register_app", json!({})).await["error"].is_string());
    assert!(control("launch", json!({"email": "bay@example.com"})).await["error"].is_string());
    let opened = client.http.get(client.url(&format!("/__sim/launch?email={OWNER}"))).send().await.unwrap();
    assert_eq!(opened.status(), 303);
    assert!(opened.headers()["set-cookie"].to_str().unwrap().starts_with("haravan_sim_sso="));
    let look: Value =
        client.http.get(client.url("/__sim/accounts")).send().await.unwrap().json().await.unwrap();
    assert_eq!(look["accounts"].as_array().unwrap().len(), 4);
    assert_eq!(look["issuer"], client.server.url());
}
