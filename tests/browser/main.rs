//! What a person sees and does, in a real Chromium on a desk's and a phone's width.
//!
//! Needs Debian's packages `chromium` and `chromium-driver`; without them these tests say so and pass, unless
//! `BROWSER_TESTS=required`. With `AXE_CORE` naming axe-core's script every page is also checked for accessibility.
//! Pictures are kept under `target/tmp/screenshots`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets what it did not expect must fail there and then"
)]

mod driver;
mod frame;
mod pages;

use std::sync::Arc;
use std::time::Duration;

use common::clock::SystemClock;
use driver::{Browser, Screen};
use local::options::Options;
use local::stack::Stack;

/// The local stack as `cargo run` starts it, in memory.
pub(crate) async fn stack() -> Stack {
    let upkeep_every = Some(Duration::from_secs(1));
    Stack::start(Options { upkeep_every, ..Options::in_memory(Arc::new(SystemClock)) }).await.unwrap()
}

pub(crate) async fn browser(screen: Screen) -> Option<Browser> {
    let browser = Browser::start(screen).await;
    if browser.is_none() {
        eprintln!("skipped: this machine has no Chromium with its driver");
    }
    browser
}

/// An admin ends the connection there is, connects the shop anew, registers the webhooks, and finds the next order in the
/// CRM.
async fn an_admin_connects_a_shop_and_its_next_order_reaches_the_crm(screen: Screen) {
    let Some(browser) = browser(screen).await else { return };
    let stack = stack().await;
    let base = stack.addresses.base_url.clone();
    let console = |path: &str| format!("{base}/console/{path}");

    browser.open(&base).await;
    browser.find("h1").await;
    browser.look("first-page").await;

    browser.open(&format!("{base}/local/admin")).await;
    browser.look("enter").await;
    browser.press("Mở trang quản trị").await;
    browser.see("Bước 1").await;
    browser.look("haravan").await;

    browser.press("Ngắt kết nối").await;
    browser.look("disconnect").await;
    browser.press("Đồng ý").await;
    browser.see("Mã biên nhận").await;
    browser.look("disconnected").await;
    browser.press("Xong").await;

    browser.fill("client_id", "hrv_test_client_id").await;
    browser.fill("client_secret", &stack.addresses.client_secret).await;
    browser.press("Lưu").await;
    browser.see("Bước 3").await;
    assert!(!browser.source().await.contains(&stack.addresses.client_secret));

    browser.press("Kết nối").await;
    browser.fill("email", "thuha@example.com").await;
    browser.fill("password", "demo").await;
    browser.press("Đăng nhập").await;
    browser.see("chủ cửa hàng").await;
    browser.look("not-an-admin").await;

    browser.open(&format!("{}/account/logout", stack.addresses.haravan_url)).await;
    browser.open(&console("haravan")).await;
    browser.press("Kết nối").await;
    browser.look("haravan-login").await;
    browser.fill("email", "minhanh@example.com").await;
    browser.fill("password", "demo").await;
    browser.press("Đăng nhập").await;
    browser.look("haravan-consent").await;
    browser.press("Đồng ý").await;
    browser.see("Kết nối thành công").await;
    browser.look("connected").await;
    browser.press("Đăng ký webhook").await;
    browser.see("Đủ 7 sự kiện").await;

    let order = stack.haravan.as_ref().unwrap().create_order(Default::default()).unwrap();
    let code = format!("HRV-{order}");
    browser.wait_for(&console("activity"), &code).await;
    browser.look("activity").await;
    let orders = stack.getfly.as_ref().unwrap().orders();
    assert_eq!(orders.len(), 1, "{orders:?}");

    browser.open(&console("import")).await;
    browser.look("import").await;
    browser.press("Bắt đầu nhập").await;
    browser.look("import-begun").await;
    browser.wait_for(&console("import"), "Đã nhập xong").await;
    browser.look("import-done").await;

    for (path, says) in [("settings", "Người phụ trách"), ("preview", "Xem trước")] {
        browser.open(&console(path)).await;
        browser.see(says).await;
        browser.look(path).await;
    }
    browser.press("English").await;
    browser.see("Preview").await;
    browser.look("preview-english").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_an_admin_at_a_desk() {
    an_admin_connects_a_shop_and_its_next_order_reaches_the_crm(Screen::Desktop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_an_admin_on_a_phone() {
    an_admin_connects_a_shop_and_its_next_order_reaches_the_crm(Screen::Phone).await;
}
