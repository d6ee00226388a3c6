//! Several tabs of one browser, each connecting a page of its own.

use common::browser::MOST;
use common::store::connections::PageKey;
use connect_tests::facebook::{Choice, EDITOR_PAGE, NEW_PAGE, PageId, SELLER, SHOP_PAGE};
use page_connect::Refusal;

use super::{Browser, Lobby, PAGES_URL, Reply, fanpage, oa, oa_id, parameter, path_of};
use crate::jar::interleavings;

/// A tab that connects a page once more, and where it is.
enum Tab {
    Facebook(PageId, Where),
    Zalo(u8, Where),
}

#[derive(Clone)]
enum Where {
    Console,
    Provider(String),
    Choice(String),
}

impl Tab {
    fn page(&self) -> PageKey {
        match self {
            Self::Facebook(page, _) => fanpage(*page),
            Self::Zalo(number, _) => oa(*number),
        }
    }
}

impl Lobby {
    /// One request of a tab; the answer to its last one.
    async fn step(&self, browser: &mut Browser, tab: &mut Tab) -> Option<Reply> {
        let again = Some(tab.page());
        match tab {
            Tab::Facebook(_, at @ Where::Console) => {
                *at = Where::Provider(self.start(browser, "facebook", again).await);
            }
            Tab::Zalo(_, at @ Where::Console) => {
                *at = Where::Provider(self.start(browser, "zalo", again).await);
            }
            Tab::Facebook(_, at) if let Where::Provider(url) = at.clone() => {
                let answer = self.facebook.authorize(&url, SELLER, &Choice::all()).unwrap();
                *at = Where::Choice(path_of(&self.bring(browser, answer.location().unwrap()).await));
            }
            Tab::Zalo(number, Where::Provider(url)) => return Some(self.allow(browser, url, *number).await),
            Tab::Facebook(page, Where::Choice(path)) => return Some(self.pick(browser, path, *page).await),
            _ => panic!("a tab is over"),
        }
        None
    }

    async fn walk(&self, mut tabs: Vec<Tab>, order: &[usize]) {
        let mut browser = Browser::default();
        let mut done = 0;
        for at in order {
            if let Some(reply) = self.step(&mut browser, &mut tabs[*at]).await {
                reply.assert_connected(&tabs[*at].page());
                done += 1;
            }
        }
        assert_eq!(done, tabs.len(), "{order:?}");
        assert!(browser.cookies.is_empty(), "{order:?}: {browser:?}");
    }
}

fn fb(page: PageId) -> Tab {
    Tab::Facebook(page, Where::Console)
}

fn zalo(number: u8) -> Tab {
    Tab::Zalo(number, Where::Console)
}

#[tokio::test]
async fn two_tabs_connect_their_pages_in_whatever_order_they_take_their_steps() {
    let lobby = Lobby::open().await;
    lobby.connect(SHOP_PAGE).await;
    lobby.connect(EDITOR_PAGE).await;
    lobby.connect_oa(1, None).await.assert_connected(&oa(1));
    for order in interleavings(&[3, 3]) {
        lobby.walk(vec![fb(SHOP_PAGE), fb(EDITOR_PAGE)], &order).await;
    }
    for order in interleavings(&[3, 2]) {
        lobby.walk(vec![fb(SHOP_PAGE), zalo(1)], &order).await;
    }
}

#[tokio::test]
async fn three_tabs_connect_their_pages_in_whatever_order_they_come_back() {
    let lobby = Lobby::open().await;
    lobby.connect(SHOP_PAGE).await;
    lobby.connect(NEW_PAGE).await;
    lobby.connect_oa(1, None).await.assert_connected(&oa(1));
    for back in interleavings(&[1, 1, 1]) {
        for order in interleavings(&[1, 1]) {
            let order = [&[0, 1, 2], back.as_slice(), &order].concat();
            lobby.walk(vec![fb(SHOP_PAGE), fb(NEW_PAGE), zalo(1)], &order).await;
        }
    }
}

#[tokio::test]
async fn a_tab_that_is_finished_twice_or_goes_back_changes_nothing_and_disturbs_no_other() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let callback = |url: &str| {
        let answer = lobby.facebook.authorize(url, SELLER, &Choice::all()).unwrap();
        answer.location().unwrap().to_owned()
    };
    let first = callback(&lobby.start(&mut browser, "facebook", None).await);
    let other = callback(&lobby.start(&mut browser, "facebook", None).await);
    let chosen = path_of(&lobby.bring(&mut browser, &first).await);
    lobby.bring(&mut browser, &first).await.assert_refused(&Refusal::UnknownState);
    // The list may be looked at again, and a pick that is refused made anew.
    assert_eq!(lobby.get(&mut browser, &chosen).await.status, 200);
    let nothing = lobby.post(&mut browser, &chosen, "page=", PAGES_URL).await;
    nothing.assert_refused(&Refusal::NothingPicked);
    lobby.pick(&mut browser, &chosen, SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
    let generation = lobby.page(&fanpage(SHOP_PAGE)).await.unwrap().generation;
    lobby.pick(&mut browser, &chosen, SHOP_PAGE).await.assert_refused(&Refusal::UnknownChoice);
    lobby.get(&mut browser, &chosen).await.assert_refused(&Refusal::UnknownChoice);
    lobby.bring(&mut browser, &first).await.assert_refused(&Refusal::UnknownState);
    assert_eq!(lobby.page(&fanpage(SHOP_PAGE)).await.unwrap().generation, generation);
    assert_eq!(browser.cookies.len(), 1);
    let chosen = path_of(&lobby.bring(&mut browser, &other).await);
    lobby.pick(&mut browser, &chosen, EDITOR_PAGE).await.assert_connected(&fanpage(EDITOR_PAGE));
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn a_stranger_with_tabs_of_their_own_is_refused_at_every_step() {
    let lobby = Lobby::open().await;
    let (mut mine, mut stranger) = (Browser::default(), Browser::default());
    lobby.choice(&mut stranger, SELLER, None).await;
    lobby.start(&mut stranger, "zalo", None).await;
    let chosen = lobby.choice(&mut mine, SELLER, None).await;
    let cookies = stranger.cookies.clone();
    lobby.get(&mut stranger, &chosen).await.assert_refused(&Refusal::OtherBrowser);
    lobby.pick(&mut stranger, &chosen, SHOP_PAGE).await.assert_refused(&Refusal::OtherBrowser);
    let url = lobby.start(&mut mine, "facebook", None).await;
    let answer = lobby.facebook.authorize(&url, SELLER, &Choice::all()).unwrap();
    lobby.bring(&mut stranger, answer.location().unwrap()).await.assert_refused(&Refusal::OtherBrowser);
    let url = lobby.start(&mut mine, "zalo", None).await;
    lobby.allow(&mut stranger, &url, 1).await.assert_refused(&Refusal::OtherBrowser);
    assert_eq!((stranger.cookies, lobby.slots().await, lobby.zalo_exchanges()), (cookies, 0, 0));
    lobby.pick(&mut mine, &chosen, SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
}

#[tokio::test]
async fn a_tab_that_is_refused_takes_its_own_cookie_along_and_no_other() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let chosen = lobby.choice(&mut browser, SELLER, None).await;
    for (provider, more) in [("facebook", "&error=access_denied"), ("zalo", ""), ("zalo", "&code=x&oa_id=x")]
    {
        let url = lobby.start(&mut browser, provider, None).await;
        assert_eq!(browser.cookies.len(), 2);
        let state = parameter(&url, "state").unwrap();
        let path = format!("/api/pages/{provider}/callback?state={state}{more}");
        assert!(lobby.get(&mut browser, &path).await.refusal.is_some());
        assert_eq!(browser.cookies.len(), 1, "{provider}{more}");
    }
    lobby.pick(&mut browser, &chosen, SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
}

#[tokio::test]
async fn a_browser_keeps_no_more_attempts_than_it_may_and_the_newest_of_them() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let mut urls = Vec::new();
    for started in 0..MOST + 2 {
        urls.push(lobby.start(&mut browser, "zalo", None).await);
        assert_eq!(browser.cookies.len(), MOST.min(started + 1));
    }
    lobby.allow(&mut browser, &urls[1], 1).await.assert_refused(&Refusal::OtherBrowser);
    assert_eq!(lobby.owner(&oa(1)).await, None, "{}", oa_id(1));
    lobby.allow(&mut browser, &urls[2], 1).await.assert_connected(&oa(1));
    assert_eq!(browser.cookies.len(), MOST - 1);
}
