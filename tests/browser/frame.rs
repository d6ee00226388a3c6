//! The admin pages in a frame of the CRM's page (infra/crm.md).

use std::sync::Arc;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use fantoccini::Locator;
use local::stack::Stack;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::driver::{Browser, Screen};
use crate::{browser, stack};

/// A CRM whose page has the admin pages in a frame, as its tenant's record has it.
struct Crm {
    page: String,
}

impl Crm {
    /// Serves it under this name of this machine. `127.0.0.1` is the stack's own site, `localhost` is another.
    async fn start(stack: &Stack, host: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let page = format!("http://{host}:{}", listener.local_addr().unwrap().port());
        let mut record =
            stack.store.tenants.get(&stack.addresses.tenant_id.parse().unwrap()).await.unwrap().unwrap();
        record.crm_url.clone_from(&page);
        assert!(stack.store.tenants.put(&record).await.unwrap());

        let http = reqwest::Client::new();
        let asked = http.post(format!("{}/api/sessions", stack.addresses.base_url));
        let asked = asked.bearer_auth(&stack.addresses.api_key).json(&json!({"admin": {"id": "7"}}));
        let opened: Value = asked.send().await.unwrap().json().await.unwrap();
        let html = Arc::new(format!(
            "<!doctype html><html lang=\"vi\"><title>CRM</title><h1>CRM</h1>\
             <iframe title=\"Haravan\" width=\"1000\" height=\"700\" src=\"{}\"></iframe>",
            opened["url"].as_str().unwrap()
        ));
        let app = Router::new().route("/", get(move || std::future::ready(Html(html.to_string()))));
        tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Self { page }
    }

    async fn enter(&self, browser: &Browser) {
        browser.open(&self.page).await;
        browser.find("iframe").await.enter_frame().await.unwrap();
        browser.press("Mở trang quản trị").await;
    }
}

/// Looks at the page itself again, not into its frame.
async fn whole_tab(browser: &Browser) {
    let window = browser.client.window().await.unwrap();
    browser.client.switch_to_window(window).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_frame_of_the_same_site_an_admin_works_and_a_log_in_leaves_the_frame() {
    let Some(browser) = browser(Screen::Desktop).await else { return };
    let stack = stack().await;
    let crm = Crm::start(&stack, "127.0.0.1").await;
    crm.enter(&browser).await;
    browser.see("Bước 1").await;
    browser.press("Hoạt động").await;
    browser.see("Tất cả").await;
    browser.press("Kết nối Haravan").await;
    browser.press("Kết nối").await;

    // The frame is gone with the CRM's page: Haravan has the whole tab.
    whole_tab(&browser).await;
    browser.find("[name='email']").await;
    assert!(browser.client.find(Locator::Css("iframe")).await.is_err());
    let address = browser.client.current_url().await.unwrap();
    assert!(address.as_str().starts_with(&stack.addresses.haravan_url), "{address}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_frame_of_another_site_the_session_is_not_kept() {
    let Some(browser) = browser(Screen::Desktop).await else { return };
    let stack = stack().await;
    let crm = Crm::start(&stack, "localhost").await;
    crm.enter(&browser).await;
    // What says so may be framed by our own origin only, so the frame stays empty; a tab shows it.
    whole_tab(&browser).await;
    browser.open(&format!("{}/console/haravan", stack.addresses.base_url)).await;
    browser.see("Phiên làm việc đã hết").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_the_tenants_record_does_not_name_cannot_frame_them() {
    let Some(browser) = browser(Screen::Desktop).await else { return };
    let stack = stack().await;
    let stranger = Crm::start(&stack, "127.0.0.1").await;
    let own = Crm::start(&stack, "127.0.0.1").await;
    browser.open(&stranger.page).await;
    browser.find("iframe").await.enter_frame().await.unwrap();
    assert!(!browser.text().await.contains("Mở trang quản trị"), "{}", browser.text().await);
    whole_tab(&browser).await;
    own.enter(&browser).await;
    browser.see("Bước 1").await;
    browser.close().await;
}
