//! `infra/nginx.conf` as it is, in the real nginx, between a CRM's domain and the functions.
//!
//! Needs nginx (Debian's package `nginx-light`, or a program that `NGINX_PROGRAM` names) and openssl; without nginx these tests say
//! so and pass, unless `NGINX_TESTS=required`.

#![expect(clippy::print_stderr, reason = "who reads the output should know what was not tested")]

mod names;
mod nginx;

use common::body::{MAX_BODY_BYTES, unpack};
use common::settings::ResponseMode;
use connect_tests::haravan::{self, Answer, Choice};
use local::seed;
use reqwest::header;
use serde_json::{Value, json};

use crate::connect::OWNER;
use crate::console::Browser;
use crate::harness::{World, fixture};
use nginx::{CRM, Nginx, PAGES};

/// A stack whose tenant is below the CRM's domain, behind nginx.
struct Front {
    world: World,
    nginx: Nginx,
    http: reqwest::Client,
    /// The CRM's address.
    crm: String,
}

impl Front {
    async fn start() -> Option<Self> {
        let world = World::start().await;
        let Some(nginx) = Nginx::start(&world.stack.addresses.base_url).await else {
            eprintln!("skipped: this machine has no nginx");
            return None;
        };
        let crm = nginx.url(CRM);
        let mut record = world.stack.store.tenants.get(&world.tenant()).await.unwrap().unwrap();
        record.public_url.clone_from(&crm);
        assert!(world.stack.store.tenants.put(&record).await.unwrap());
        let back = ["login", "grandservice"].map(|step| format!("{crm}/api/haravan/{step}"));
        world.haravan().set_redirect_uris(None, &back.each_ref().map(String::as_str)).unwrap();
        // The caches notice.
        world.settings(|_| {}).await;
        Some(Self { http: nginx.client(), world, nginx, crm })
    }

    /// Posts a body as Haravan would: status and answer.
    async fn deliver(&self, secret: &str, body: &[u8]) -> (u16, String) {
        let url = format!("{}/api/haravan/webhook/{}", self.crm, self.world.tenant());
        let request = self
            .http
            .post(url)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header("X-Haravan-Topic", "orders/create")
            .header("X-Haravan-Org-Id", seed::ORG.to_string())
            .header("X-Haravan-Hmacsha256", haravan::sign(secret, body));
        let answer = request.body(body.to_vec()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The link with which the CRM opens the pages for an admin.
    async fn link(&self) -> String {
        let request = self.http.post(format!("{}/api/sessions", self.crm)).bearer_auth(self.world.api_key());
        let answer = request.json(&json!({"admin": {"id": "7"}, "lang": "vi"})).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.unwrap()["url"].as_str().unwrap().to_owned()
    }

    /// A browser in a session, and the secret of its link.
    async fn admin(&self) -> (Browser, String) {
        let link = self.link().await;
        let path = link.strip_prefix(&self.crm).unwrap();
        let mut browser = Browser::over(self.http.clone(), &self.crm);
        browser.open(path).await.says("Mở trang quản trị");
        assert_eq!(browser.submit(path, &[]).await.leads_to(), "/console/haravan");
        assert_eq!(browser.open("/console/haravan").await.status, 200);
        (browser, path.rsplit('/').next().unwrap().to_owned())
    }

    /// Brings Haravan's answer back: where the browser is sent, and what was in the answer.
    async fn bring(&self, browser: &mut Browser, url: &str) -> (String, Vec<String>) {
        let answer = self.world.haravan().authorize(url, OWNER, Choice::accept()).unwrap();
        let secrets = ["code", "state", "id_token"].iter().filter_map(|name| answer.field(name));
        let secrets = secrets.map(str::to_owned).collect();
        let back = match &answer {
            Answer::FormPost { action, fields, .. } => {
                let fields: Vec<(&str, &str)> =
                    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                browser.post(action.strip_prefix(&self.crm).unwrap(), &fields, &[("origin", "null")]).await
            }
            Answer::Redirect { location, .. } => {
                browser.open(location.strip_prefix(&self.crm).unwrap()).await
            }
            Answer::Page { .. } => panic!("Haravan kept the browser: {answer:?}"),
        };
        (back.headers[header::LOCATION].to_str().unwrap().to_owned(), secrets)
    }
}

fn path_of(url: &str) -> &str {
    &url[url.match_indices('/').nth(2).unwrap().0..]
}

#[tokio::test]
async fn a_delivery_comes_through_byte_for_byte_and_a_wrong_signature_stays_wrong() {
    let Some(front) = Front::start().await else { return };
    let secret = front.world.stack.addresses.client_secret.clone();
    assert!(fixture::ORDER.iter().any(|byte| !byte.is_ascii()));
    assert_eq!(front.deliver(&secret, fixture::ORDER).await.0, 200);
    assert_eq!(unpack(&front.world.only_event().await.body).unwrap(), fixture::ORDER);
    assert_eq!(front.deliver("somebody else's", fixture::ORDER).await.0, 401);
    assert_eq!(front.world.events().await.len(), 1);
}

#[tokio::test]
async fn how_long_a_body_may_be_is_the_functions_to_say() {
    let Some(front) = Front::start().await else { return };
    let secret = front.world.stack.addresses.client_secret.clone();
    let padded = |length: usize| {
        let mut body = fixture::ORDER.trim_ascii_end().to_vec();
        body.resize(length, b' ');
        body
    };
    assert_eq!(front.deliver(&secret, &padded(MAX_BODY_BYTES)).await.0, 200);
    assert_eq!(unpack(&front.world.only_event().await.body).unwrap().len(), MAX_BODY_BYTES);
    assert_eq!(front.deliver(&secret, &padded(MAX_BODY_BYTES + 1)).await, (413, String::new()));
    let (status, said) = front.deliver(&secret, &padded(6 * 1024 * 1024 + 1)).await;
    assert_eq!((status, said.contains("nginx")), (413, true), "more than Lambda takes does not reach it");
    let through = front.nginx.came_through();
    let statuses: Vec<&str> = through.iter().map(|line| line.split(' ').nth(4).unwrap()).collect();
    assert_eq!(statuses, ["200", "413"]);
}

#[tokio::test]
async fn an_admin_connects_a_shop_through_it_and_its_logs_hold_nothing_that_opens_anything() {
    let Some(front) = Front::start().await else { return };
    let (mut browser, link) = front.admin().await;
    let mut secrets = vec![link, browser.csrf.clone()];
    let page = browser.open("/console/haravan").await;
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains(&format!("frame-ancestors {} ", front.crm)), "{policy}");
    assert!(browser.cookies.iter().any(|(name, _)| name == "__Host-hvc_session"));
    let csrf = browser.csrf.clone();
    let stranger = [("origin", "https://evil.example")];
    assert_eq!(browser.post("/console/activity/retry", &[("csrf", &csrf)], &stranger).await.status, 403);

    for mode in [ResponseMode::FormPost, ResponseMode::Query] {
        front.world.settings(|settings| settings.response_mode = mode).await;
        let start = browser.submit("/console/haravan/connect", &[]).await.leads_to().to_owned();
        secrets.push(start.split_once("ticket=").unwrap().1.to_owned());
        let login = browser.open(start.strip_prefix(&front.crm).unwrap()).await;
        let login = login.headers[header::LOCATION].to_str().unwrap().to_owned();
        let (install, said) = front.bring(&mut browser, &login).await;
        secrets.extend(said);
        let (done, said) = front.bring(&mut browser, &install).await;
        secrets.extend(said);
        assert_eq!(done, format!("{}/console/haravan?connected={}", front.crm, seed::ORG));
        browser.open(path_of(&done)).await.says("Kết nối thành công");
    }

    // What goes wrong is not quoted either.
    let canary = "a-state-in-a-request-that-fails";
    let huge = front.http.post(format!("{}/api/haravan/login?state={canary}", front.crm));
    assert_eq!(huge.body(vec![b' '; 7 * 1024 * 1024]).send().await.unwrap().status(), 413);
    secrets.push(canary.to_owned());

    let refused = "\"POST /api/haravan/login\" 413 ";
    let logged = front.nginx.logged(refused).await;
    for line in [refused, "\"GET /api/haravan/login\" 302 ", "\"GET /console/enter/...\" 200 "] {
        assert!(logged.contains(line), "{line} is not in {logged}");
    }
    assert!(secrets.len() > 10 && secrets.iter().all(|secret| secret.len() > 15), "{secrets:?}");
    for secret in &secrets {
        assert!(!logged.contains(secret.as_str()), "{secret} is in {logged}");
    }
}

#[tokio::test]
async fn every_path_reaches_its_own_function_under_that_functions_name_and_no_other() {
    let Some(front) = Front::start().await else { return };
    let paths = [
        (CRM, "/console/haravan", "console"),
        (CRM, "/api/v1/openapi.yaml", "console"),
        (CRM, "/api/haravan/webhook/hat-mam", "webhook"),
        (CRM, "/api/haravan/login", "login"),
        (CRM, "/api/haravan/grandservice", "grant"),
        (PAGES, "/api/pages/facebook/webhook", "webhook"),
        (PAGES, "/api/pages/zalo/webhook", "webhook"),
        (PAGES, "/api/pages/facebook/callback", "pageconnect"),
        (PAGES, "/api/pages/choose/x", "pageconnect"),
        (PAGES, "/api/pages/disconnect", "pagedisconnect"),
        (PAGES, "/api/pages/facebook/deauthorize", "pagedisconnect"),
        (PAGES, "/api/pages/facebook/deletion/x", "pagedisconnect"),
    ];
    for (host, path, _) in paths {
        let request = front.http.get(format!("{}{path}?a=b", front.nginx.url(host)));
        let request =
            request.header("x-forwarded-for", "203.0.113.7").header("forwarded", "host=evil.example");
        request.send().await.unwrap();
    }
    for path in ["/", "/local/secrets", "/sim/haravan/__sim/state", "/consoles", "/api/haravanx"] {
        let answer = front.http.get(format!("{}{path}", front.crm)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    let through = front.nginx.came_through();
    assert_eq!(through.len(), paths.len(), "{through:?}");
    for (line, (_, path, function)) in through.iter().zip(paths) {
        let [name, host, _, asked, _, forwarded] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((asked, forwarded), (path, "[---]"), "{line}");
        assert_eq!(name.split('.').next().unwrap().trim_end_matches('0'), function, "{line}");
        assert_eq!(host, name, "{line}");
    }
}

#[tokio::test]
async fn whoever_asks_too_often_is_put_off_but_deliveries_never_are() {
    let Some(front) = Front::start().await else { return };
    let ask = async |path: &str| {
        let asked = (0..90).map(|_| front.http.get(format!("{}{path}", front.crm)).send());
        let answers = futures::future::join_all(asked).await;
        answers.into_iter().filter(|answer| answer.as_ref().unwrap().status() == 429).count()
    };
    assert!(ask("/console/haravan").await > 0);
    assert_eq!(ask("/api/haravan/webhook/hat-mam").await, 0);
}
