//! What a person sees and does, in a real Chromium on a desk's and a phone's width.
//!
//! Needs Debian's packages `chromium` and `chromium-driver`; without them these tests say so and pass, unless
//! `BROWSER_TESTS=required`. Pictures are kept under `target/tmp/screenshots`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets what it did not expect must fail there and then"
)]

mod driver;

use std::sync::Arc;
use std::time::Duration;

use common::clock::SystemClock;
use driver::{Browser, Screen};
use local::stack::{Options, Stack};

/// The local stack as `cargo run` starts it, in memory.
async fn stack() -> Stack {
    let upkeep_every = Some(Duration::from_secs(1));
    Stack::start(Options { upkeep_every, ..Options::in_memory(Arc::new(SystemClock)) }).await.unwrap()
}

async fn browser(screen: Screen) -> Option<Browser> {
    let browser = Browser::start(screen).await;
    if browser.is_none() {
        eprintln!("skipped: this machine has no Chromium with its driver");
    }
    browser
}

async fn the_first_page_is_usable(screen: Screen) {
    let Some(browser) = browser(screen).await else { return };
    let stack = stack().await;
    browser.open(&stack.addresses.base_url).await;
    browser.find("h1").await;
    browser.look("first-page").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_is_usable_at_a_desk() {
    the_first_page_is_usable(Screen::Desktop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_is_usable_on_a_phone() {
    the_first_page_is_usable(Screen::Phone).await;
}
