//! Pages of Facebook and Zalo: no rights, rights, the limit, and the way back.

use common::store::connections::PageKey;
use connect_tests::facebook::{EDITOR_PAGE, NOBODY, SELLER, SHOP_PAGE};
use local::stack::Stack;

use crate::driver::{Browser, Screen};
use crate::{browser, stack};

struct Story {
    stack: Stack,
    browser: Browser,
}

impl Story {
    fn console(&self, path: &str) -> String {
        format!("{}/console/{path}", self.stack.addresses.base_url)
    }

    /// From the console to Facebook's page of pages and permissions, as this person.
    async fn to_facebook(&self, person: impl std::fmt::Display) {
        self.browser.open(&self.console("pages/add")).await;
        self.browser.press("Tiếp tục với Facebook").await;
        self.browser.see("Facebook giả lập").await;
        if self.browser.text().await.contains("Dùng tài khoản khác") {
            self.browser.press("Dùng tài khoản khác").await;
        }
        self.browser.click(&format!("button[name='person'][value='{person}']")).await;
        self.browser.see("Chọn trang và quyền").await;
    }

    /// From the console, with the consent given there, to Zalo's page of accounts and consent.
    async fn to_zalo(&self) {
        self.browser.open(&self.console("pages/add")).await;
        self.browser.click("#consent").await;
        self.browser.press("Tiếp tục với Zalo").await;
        self.browser.see("Zalo giả lập").await;
        if !self.browser.text().await.contains("Dùng tài khoản khác") {
            self.browser.click("button[name='admin']").await;
        }
        self.browser.see("Cấp quyền cho ứng dụng").await;
    }

    /// From the list of pages through the question to the receipt.
    async fn disconnect(&self, page: &PageKey) {
        self.browser.open(&self.console(&format!("pages/{}/disconnect", page.slug()))).await;
        self.browser.look(&format!("{}-disconnect", page.provider())).await;
        self.browser.press("Đồng ý").await;
        self.browser.see("Mã biên nhận").await;
    }

    async fn choose(&self, page: impl std::fmt::Display) {
        self.browser.press("Tiếp tục").await;
        self.browser.click(&format!("#page-{page}")).await;
        self.browser.press("Kết nối").await;
        self.browser.see("Kết nối thành công").await;
    }
}

async fn an_admin_connects_pages_up_to_the_limit_and_disconnects_one(screen: Screen) {
    let Some(browser) = browser(screen).await else { return };
    let story = Story { stack: stack().await, browser };
    let (browser, stack) = (&story.browser, &story.stack);

    browser.open(&format!("{}/local/admin", stack.addresses.base_url)).await;
    browser.press("Mở trang quản trị").await;
    browser.see("Bước 1").await;
    browser.open(&story.console("pages")).await;
    browser.see("0/3").await;
    browser.look("pages-none").await;
    browser.press("Thêm kết nối").await;
    browser.look("pages-add").await;

    story.to_facebook(NOBODY).await;
    browser.press("Tiếp tục").await;
    browser.see("Biên tập viên").await;
    browser.look("pages-no-right").await;

    story.to_facebook(SELLER).await;
    browser.look("facebook-consent").await;
    browser.press("Tiếp tục").await;
    browser.see("Chọn trang để kết nối").await;
    browser.look("pages-choose").await;
    browser.click(&format!("#page-{SHOP_PAGE}")).await;
    browser.press("Kết nối").await;
    browser.see("Kết nối thành công").await;
    browser.see("1/3").await;
    browser.look("pages-one").await;

    // What the page is sent, from the first page here, is stored for the CRM.
    let facebook = &stack.pages.as_ref().unwrap().facebook;
    browser.open(&stack.addresses.base_url).await;
    browser.see("Nhắn cho trang").await;
    browser.fill("text", "Shop còn sổ tay không ạ?").await;
    browser.press("Gửi tin nhắn").await;
    browser.see("Đã nhắn cho").await;
    browser.see("Tin nhắn Facebook ·").await;
    browser.look("first-page-message").await;
    browser.wait_for(&story.console("activity?filter=pages"), "Facebook").await;
    browser.look("pages-message").await;

    story.to_zalo().await;
    browser.press("Huỷ").await;
    browser.see("Zalo").await;
    browser.look("zalo-refused").await;

    story.to_zalo().await;
    browser.click("input[name='oa_id']").await;
    browser.click("input[name='consent']").await;
    browser.look("zalo-consent").await;
    browser.press("Cho phép").await;
    browser.see("Kết nối thành công").await;
    browser.see("2/3").await;

    story.to_facebook(SELLER).await;
    story.choose(EDITOR_PAGE).await;
    browser.see("3/3").await;
    browser.look("pages-limit").await;
    browser.open(&story.console("pages/add")).await;
    browser.look("pages-limit-add").await;
    assert!(!browser.text().await.contains("Tiếp tục với Facebook"));

    story.disconnect(&PageKey::Facebook(SHOP_PAGE.to_string().parse().unwrap())).await;
    browser.see("2/3").await;
    browser.look("pages-disconnected").await;
    assert_eq!(facebook.subscription(SHOP_PAGE), None);

    let tenant = stack.addresses.tenant_id.parse().unwrap();
    let pages = stack.store.connections.pages(&tenant).await.unwrap();
    let oa = pages.into_iter().find(|page| matches!(page.page, PageKey::Zalo(_))).unwrap();
    story.disconnect(&oa.page).await;
    browser.see("1/3").await;
    browser.see("oa.zalo.me/manage").await;
    browser.look("zalo-disconnected").await;
    story.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_pages_at_a_desk() {
    an_admin_connects_pages_up_to_the_limit_and_disconnects_one(Screen::Desktop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_pages_on_a_phone() {
    an_admin_connects_pages_up_to_the_limit_and_disconnects_one(Screen::Phone).await;
}
