//! Pages of Facebook and Zalo: what is shown of them, the forms that lead to their functions, and the API.

mod api;
mod forms;
mod hosts;
mod strangers;

use std::time::Duration;

use common::clock::Clock;
use common::pages::ticket::PageTicket;
use common::store::connections::page::Profile;
use common::store::connections::{
    NewPage, PageConnect, PageConnection, PageKey, Person, SealedTokens, reason,
};
use common::store::ephemeral::Kind;
use common::store::tenants::Plan;
use reqwest::{Method, header};
use serde_json::json;

use super::pages::accessible;
use super::{Answer, Browser};
use crate::harness::World;

/// A Fanpage, as it stands in addresses.
pub const FANPAGE: &str = "facebook-61550001110001";

/// An Official Account.
const OA: &str = "zalo-4219870011223344556";

const SCRIPT: &str = "<script>alert(1)</script>";

/// What tokens hold here; it must be seen nowhere.
const TOKEN: &str = "EAAG-page-token-canary";

fn person(id: &str, name: &str) -> Person {
    Person { id: id.to_owned(), name: Some(name.to_owned()), email: None }
}

impl World {
    /// One of the tenant's pages.
    pub async fn page(&self, slug: &str) -> PageConnection {
        let key = PageKey::of_slug(slug).unwrap();
        self.stack.store.connections.page(&self.tenant(), &key).await.unwrap().unwrap()
    }

    /// Connects a page, for admin 7 unless changed.
    pub async fn connect_page(&self, slug: &str, change: impl FnOnce(&mut NewPage)) {
        let page = PageKey::of_slug(slug).unwrap();
        let is_zalo = matches!(page, PageKey::Zalo(_));
        let mut new = NewPage {
            tenant: self.tenant(),
            page: page.clone(),
            profile: Profile {
                name: format!("Trang {slug}"),
                picture: Some("https://cdn.example/picture.jpg?a=1&b=2".to_owned()),
                kind: Some("Cửa hàng hoa".to_owned()),
            },
            tokens: SealedTokens {
                access: TOKEN.into(),
                refresh: is_zalo.then(|| TOKEN.into()),
                expires_at: is_zalo.then(|| self.clock.now() + Duration::from_secs(90_000)),
            },
            scopes: vec!["pages_messaging".to_owned()],
            account: "7".to_owned(),
            by: person("7", "Lan"),
            granted_by: (!is_zalo).then(|| person("1220000000000001", "Nguyễn Thị Lan FB")),
            warnings: Vec::new(),
        };
        change(&mut new);
        let pages = &self.stack.store.connections;
        let before = pages.page(&new.tenant, &page).await.unwrap();
        let done = pages.connect_page(&new, before.as_ref(), 9, self.clock.now()).await.unwrap();
        assert!(matches!(done, PageConnect::Done(_)), "{done:?}");
    }

    async fn end_page(&self, slug: &str, why: &'static str) {
        let (page, by) = (self.page(slug).await, person("7", "Lan"));
        let pages = &self.stack.store.connections;
        assert!(pages.end_page(&page, why, Some(&by), "receipt-1", self.clock.now()).await.unwrap());
    }

    async fn finish_end(&self, slug: &str) {
        let page = self.page(slug).await;
        assert!(self.stack.store.connections.finish_end(&page.this()).await.unwrap());
    }

    async fn refuse_page(&self, slug: &str, why: &'static str) {
        let page = self.page(slug).await;
        let pages = &self.stack.store.connections;
        assert!(pages.needs_reconnect(&page.this(), page.token_version, why, false).await.unwrap());
    }

    async fn plan(&self, plan: Plan, extra_pages: u32) {
        let mut record = self.stack.store.tenants.get(&self.tenant()).await.unwrap().unwrap();
        (record.plan, record.extra_pages) = (plan, extra_pages);
        assert!(self.stack.store.tenants.put(&record).await.unwrap());
    }

    async fn take_ticket(&self, ticket: &str) -> Option<PageTicket> {
        self.stack.store.ephemeral.take(Kind::Page, ticket, self.clock.now()).await.unwrap()
    }
}

async fn in_english(browser: &mut Browser, path: &str) -> Answer {
    browser.speak("en").await;
    let answer = browser.open(path).await;
    browser.speak("vi").await;
    answer
}

#[tokio::test]
async fn a_connected_page_is_shown_with_everything_that_is_known_of_it() {
    let world = World::start().await;
    world.connect_page(FANPAGE, |_| {}).await;
    let of = world.page(FANPAGE).await.this();
    let topics = ["messages".to_owned(), "message_echoes".to_owned()];
    assert!(world.stack.store.connections.note_topics(&of, &topics, world.clock.now()).await.unwrap());
    world.connect_page(OA, |_| {}).await;
    let mut browser = world.admin().await;
    let page = browser.open("/console/pages").await;
    page.says("<a href=\"/console/pages\" aria-current=\"page\">Trang</a>")
        .says("Kết nối đang dùng: 2/3")
        .says("Gói chính thức: 3 trang cho mỗi tài khoản quản trị.")
        .says("<a class=\"button\" href=\"/console/pages/add\">Thêm kết nối</a>")
        .says("src=\"https://cdn.example/picture.jpg?a=1&#38;b=2\"")
        .says("Facebook Fanpage · Cửa hàng hoa")
        .says("Zalo OA · Cửa hàng hoa")
        .says("Đang kết nối")
        .says("Lan, 12/06/2026 15:30:00")
        .says("Nguyễn Thị Lan FB (Facebook)")
        .says("Không có thời hạn; dùng đến khi người cấp quyền đổi mật khẩu")
        .says("Hết hạn sau 1 ngày (13/06/2026 16:30:00), hệ thống tự gia hạn trước đó.")
        .says("messages, message_echoes")
        .says("Các sự kiện đã bật cho ứng dụng ở Zalo.")
        .says("<li>Kết nối: Lan, 12/06/2026 15:30:00</li>")
        .says("<summary aria-label=\"Thao tác với Trang facebook-61550001110001\">…</summary>")
        .says(&format!("href=\"/console/pages/{FANPAGE}/reconnect\">Kết nối lại"))
        .says(&format!("href=\"/console/pages/{FANPAGE}/disconnect\">Ngắt kết nối"))
        .hides("Tính vào hạn mức của");
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("img-src 'self' https:"), "{policy}");
    in_english(&mut browser, "/console/pages")
        .await
        .says("Connections in use: 2/3")
        .says("renewed by itself");
}

#[tokio::test]
async fn every_reason_and_warning_is_told_in_words_with_what_to_do() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    for (why, state, words, english) in [
        (reason::TOKEN_REFUSED, "Cần kết nối lại", "không còn hiệu lực", "no longer valid"),
        (reason::REFRESH_REFUSED, "Cần kết nối lại", "không gia hạn được nữa", "can no longer be renewed"),
        (reason::REFRESH_LOST, "Cần kết nối lại", "đứt giữa chừng", "cut off half-way"),
        (reason::TOKEN_ENDED, "Cần kết nối lại", "đã hết hạn", "has ended"),
        (reason::NOT_SUBSCRIBED, "Cần kết nối lại", "chưa gửi tin nhắn", "does not send us its messages"),
        (reason::PASSWORD_CHANGED, "Cần kết nối lại", "đổi mật khẩu", "changed their password"),
        (reason::CHECKPOINT, "Cần kết nối lại", "xác minh tài khoản", "confirm their account"),
        (reason::ROLE_LOST, "Cần kết nối lại", "không còn là Biên tập viên", "no longer Editor"),
        (reason::SCOPE, "Cần kết nối lại", "Thiếu một quyền", "A permission that is needed is missing"),
        (reason::REVOKED, "Facebook đã thu hồi quyền", "Ứng dụng đã bị gỡ", "The app was removed"),
        (reason::DELETED, "Facebook đã thu hồi quyền", "không còn tồn tại", "no longer exists"),
    ] {
        world.connect_page(FANPAGE, |_| {}).await;
        world.refuse_page(FANPAGE, why).await;
        let page = browser.open("/console/pages?connected=facebook-61550001110001").await;
        page.says(state).says(words).says("1/3").hides(why).hides("Kết nối thành công");
        page.says("Không dùng được cho đến khi kết nối lại.").says("/reconnect");
        in_english(&mut browser, "/console/pages").await.says(english);
        let (_, listed) = world.call(Method::GET, "/api/v1/pages", None).await;
        let is_gone = [reason::REVOKED, reason::DELETED].contains(&why);
        let status = if is_gone { "revoked_by_provider" } else { "needs_reconnect" };
        assert_eq!(
            (&listed["pages"][0]["status"], &listed["pages"][0]["reason"]),
            (&json!(status), &json!(why))
        );
    }
    let warnings =
        ["no_messaging_role", "data_access_ends", "oa_unverified", "oa_package_too_low", "not_subscribed"];
    world.connect_page(OA, |new| new.warnings = warnings.map(str::to_owned).into()).await;
    let page = browser.open("/console/pages").await;
    page.says("không có quyền nhắn tin").says("sắp hết hạn").says("chưa được xác thực").says("Hãy nâng gói");
    for code in warnings {
        page.hides(code);
    }
    world.refuse_page(OA, reason::DELETED).await;
    browser.open("/console/pages").await.says("Zalo đã thu hồi quyền");
}

#[tokio::test]
async fn a_full_account_is_told_how_to_get_more_and_nothing_is_disconnected() {
    let world = World::start().await;
    let mut browser = world.admin().await;
    let button = "href=\"/console/pages/add\"";
    let soon = Some(world.clock.now() + Duration::from_secs(5 * 24 * 3600));
    world.plan(Plan::Trial { ends: soon }, 0).await;
    let page = browser.open("/console/pages").await;
    page.says("0/1").says("Gói dùng thử: 1 trang").says("Dùng thử đến ngày 17/06/2026.").says(button);
    world.connect_page(FANPAGE, |_| {}).await;
    browser.open("/console/pages").await.says("1/1").says("mua gói chính thức").hides(button);
    world.plan(Plan::Trial { ends: soon }, 2).await;
    browser.open("/console/pages").await.says("1/3").says("Đã mua thêm: 2.").says(button);

    for (plan, extra, count, words, english) in [
        (
            Plan::Trial { ends: Some(world.clock.now()) },
            5,
            "1/0",
            "Thời gian dùng thử đã hết.",
            "The trial is over.",
        ),
        (
            Plan::Trial { ends: None },
            0,
            "1/1",
            "đã dùng hết số trang của gói dùng thử",
            "all pages of the trial",
        ),
    ] {
        world.plan(plan, extra).await;
        browser.open("/console/pages").await.says(count).says(words).says("Đang kết nối").hides(button);
        in_english(&mut browser, "/console/pages").await.says(english);
        let page = browser.open("/console/pages/add").await;
        page.says(words).hides("name=\"ticket\"");
        // What is connected can be connected again all the same.
        let page = browser.open(&format!("/console/pages/{FANPAGE}/reconnect")).await;
        page.says("name=\"ticket\"").hides(words);
        let (status, problem) = world.call(Method::POST, "/api/v1/pages/connect", None).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("limit_reached")));
        let again = json!({"page_id": FANPAGE});
        assert_eq!(world.call(Method::POST, "/api/v1/pages/connect", Some(again)).await.0, 201);
    }
    world.plan(Plan::Paid, 0).await;
    for number in 1..=3 {
        world.connect_page(&format!("facebook-{number}"), |_| {}).await;
    }
    browser.open("/console/pages").await.says("4/3").says("ít trang hơn số đang dùng").hides(button);
    world.end_page("facebook-1", reason::BY_ADMIN).await;
    browser.open("/console/pages").await.says("3/3").says("đã dùng hết số trang.").hides(button);
    // An ended page needs a slot to come back.
    browser.open("/console/pages/facebook-1/reconnect").await.says("mua thêm trang").hides("name=\"ticket\"");
    world.plan(Plan::Paid, 1).await;
    browser.open("/console/pages").await.says("3/4").says(button);
    // Each account has its own slots, and sees whose the others are.
    world.connect_page(OA, |new| new.account = "8".to_owned()).await;
    browser.open("/console/pages").await.says("3/4").says("<dd>tài khoản quản trị 8</dd>");
}

#[tokio::test]
async fn a_connect_and_an_end_are_told_as_far_as_the_store_agrees() {
    let world = World::start().await;
    world.connect_page(FANPAGE, |_| {}).await;
    world.connect_page(OA, |_| {}).await;
    let mut browser = world.admin().await;
    for slug in [FANPAGE, "facebook%2361550001110001"] {
        let page = browser.open(&format!("/console/pages?connected={slug}")).await;
        page.says(&format!("Kết nối thành công với Trang {FANPAGE}."));
    }
    for garbage in ["", "facebook-2", "x", "facebook-", "%3Cb%3E", "facebook-1%0a"] {
        for query in ["connected", "disconnected"] {
            let page = browser.open(&format!("/console/pages?{query}={garbage}")).await;
            assert_eq!(page.status, 200, "{garbage}");
            page.hides("Kết nối thành công").hides("id=\"ended\"");
        }
    }
    browser.open(&format!("/console/pages?disconnected={FANPAGE}")).await.hides("id=\"ended\"");
    world.end_page(FANPAGE, reason::BY_ADMIN).await;
    let path = format!("/console/pages?disconnected={FANPAGE}");
    let page = browser.open(&path).await;
    page.says("id=\"ended\">Đã ngắt kết nối")
        .says("<code>receipt-1</code>")
        .says("hệ thống tự thử lại")
        .says("1/3");
    page.says("Trang đã ngắt kết nối (1)").says("Lan, 12/06/2026 15:30:00").says("<li>Ngắt kết nối: Lan");
    page.says("Quản trị viên đã ngắt kết nối.").hides("oa.zalo.me");
    world.finish_end(FANPAGE).await;
    browser.open(&path).await.says("Facebook không còn gửi tin nhắn").hides("hệ thống tự thử lại");
    browser.open(&format!("/console/pages?connected={FANPAGE}")).await.hides("Kết nối thành công");
    world.end_page(OA, reason::REVOKED).await;
    let path = format!("/console/pages?disconnected={OA}");
    browser.open(&path).await.says("đang được xóa").says("oa.zalo.me/manage").says("0/3");
    world.finish_end(OA).await;
    browser.open(&path).await.says("tin nhắn Zalo còn gửi tới bị bỏ qua");
    in_english(&mut browser, &path).await.says("Disconnected pages (2)").says("OA Manager");
}

#[tokio::test]
async fn every_state_is_drawn_in_both_languages_escaped_and_without_tokens() {
    let world = World::start().await;
    let hostile = |new: &mut NewPage| {
        new.profile = Profile {
            name: SCRIPT.into(),
            picture: Some(format!("https://x/\"{SCRIPT}")),
            kind: Some(SCRIPT.into()),
        };
        new.by = person("7", SCRIPT);
        new.granted_by = Some(person("1", SCRIPT));
        new.warnings = vec![format!("odd{SCRIPT}")];
    };
    for slug in [FANPAGE, OA, "facebook-1", "zalo-1", "zalo-2", "facebook-2"] {
        world.connect_page(slug, hostile).await;
    }
    world.connect_page("facebook-3", |new| new.profile.picture = Some("javascript:alert(1)".into())).await;
    let of = world.page(FANPAGE).await.this();
    assert!(
        world.stack.store.connections.note_topics(&of, &[SCRIPT.into()], world.clock.now()).await.unwrap()
    );
    world.refuse_page("facebook-1", reason::ROLE_LOST).await;
    world.refuse_page("zalo-1", reason::REVOKED).await;
    for slug in ["facebook-2", "zalo-2"] {
        world.end_page(slug, reason::BY_ADMIN).await;
    }
    world.finish_end("zalo-2").await;
    world.plan(Plan::Paid, 9).await;
    let mut browser = world.admin().await;
    let mut paths = vec!["/console/pages".to_owned(), "/console/pages/add?error=consent".to_owned()];
    for slug in [FANPAGE, OA, "facebook-1", "zalo-1", "facebook-2", "zalo-2"] {
        paths.push(format!("/console/pages?connected={slug}"));
        paths.push(format!("/console/pages?disconnected={slug}"));
        paths.push(format!("/console/pages/{slug}/reconnect?error=consent"));
    }
    paths.extend(
        [FANPAGE, OA, "facebook-1", "zalo-1"].map(|slug| format!("/console/pages/{slug}/disconnect")),
    );
    for lang in ["vi", "en"] {
        browser.speak(lang).await;
        for path in &paths {
            let page = browser.open(path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.html);
            page.says(&format!("<html lang=\"{lang}\">")).hides("<script").hides("javascript:").hides(TOKEN);
            accessible(path, &page.html);
        }
    }
    let (_, listed) = world.call(Method::GET, "/api/v1/pages", None).await;
    assert_eq!(listed["pages"].as_array().unwrap().len(), 7);
    assert!(!listed.to_string().contains(TOKEN) && !listed.to_string().contains("javascript:"), "{listed}");
}
