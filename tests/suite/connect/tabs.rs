//! Several tabs of one browser, each with a log-in of its own.

use common::browser::MOST;
use common::connect::refusal::Refusal;
use connect_tests::haravan::Answer;

use super::{Browser, FIRST, OWNER, Office, Reply};
use crate::jar::interleavings;

/// A tab on its way: Haravan's answer that it brings next.
#[derive(Default)]
struct Tab(Option<Answer>);

impl Office {
    /// Starts in a tab, or brings Haravan's answer to the step before and signs in for the next one.
    async fn step(&self, browser: &mut Browser, tab: &mut Tab) -> Option<Reply> {
        let url = match tab.0.take() {
            None => self.start(browser, Some(FIRST)).await,
            Some(answer) => {
                let reply = self.bring(browser, &answer).await;
                assert_eq!(reply.status, 303, "{reply:?}");
                if reply.to().contains("/console/haravan") {
                    return Some(reply);
                }
                reply.to().to_owned()
            }
        };
        tab.0 = Some(self.sign_in(&url, OWNER));
        None
    }

    /// All steps of several tabs in this order: each ends connected, and the browser keeps nothing.
    async fn walk(&self, tabs: usize, order: &[usize]) {
        let mut browser = Browser::default();
        let mut all: Vec<Tab> = (0..tabs).map(|_| Tab::default()).collect();
        let mut done = 0;
        for tab in order {
            done += usize::from(self.step(&mut browser, &mut all[*tab]).await.is_some());
        }
        assert_eq!(done, tabs, "{order:?}");
        assert!(browser.cookies.is_empty(), "{order:?}: {browser:?}");
    }
}

#[tokio::test]
async fn two_tabs_connect_in_whatever_order_they_take_their_steps() {
    let office = Office::open().await;
    let orders = interleavings(&[3, 3]);
    assert_eq!(orders.len(), 20);
    for order in orders {
        office.walk(2, &order).await;
    }
}

#[tokio::test]
async fn three_tabs_connect_in_whatever_order_they_come_back() {
    let office = Office::open().await;
    for logged_in in interleavings(&[1, 1, 1]) {
        let backwards: Vec<usize> = logged_in.iter().rev().copied().collect();
        for installed in [&logged_in, &backwards] {
            office.walk(3, &[&[0, 1, 2], logged_in.as_slice(), installed].concat()).await;
        }
    }
}

#[tokio::test]
async fn a_tab_that_is_finished_twice_or_goes_back_disturbs_no_other() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let (mut first, mut other) = (Tab::default(), Tab::default());
    office.step(&mut browser, &mut first).await;
    office.step(&mut browser, &mut other).await;
    let login = first.0.clone().unwrap();
    office.step(&mut browser, &mut first).await;
    office.bring(&mut browser, &login).await.assert_refused(&Refusal::UnknownState);
    let install = first.0.clone().unwrap();
    assert!(office.step(&mut browser, &mut first).await.is_some());
    let generation = office.generation(FIRST).await;
    for answer in [&install, &login, &install] {
        office.bring(&mut browser, answer).await.assert_refused(&Refusal::UnknownState);
    }
    assert_eq!((office.generation(FIRST).await, browser.cookies.len()), (generation, 1));
    office.step(&mut browser, &mut other).await;
    assert!(office.step(&mut browser, &mut other).await.is_some());
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn a_tab_that_is_refused_takes_its_own_cookie_along_and_no_other() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let mut tab = Tab::default();
    office.step(&mut browser, &mut tab).await;
    for error in ["access_denied", "server_error", "invalid_scope"] {
        let url = office.start(&mut browser, None).await;
        let state = url::Url::parse(&url).unwrap();
        let state = state.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        assert_eq!(browser.cookies.len(), 2);
        let form = format!("error={error}&state={state}");
        let refused = office.post(&mut browser, "/api/haravan/login", form).await;
        assert!(refused.refusal.is_some() && refused.set_cookie.is_some(), "{refused:?}");
        assert_eq!(browser.cookies.len(), 1, "{error}");
    }
    office.step(&mut browser, &mut tab).await;
    assert!(office.step(&mut browser, &mut tab).await.is_some());
}

#[tokio::test]
async fn a_stranger_with_tabs_of_their_own_is_refused_in_both_steps() {
    let office = Office::open().await;
    let (mut mine, mut stranger) = (Browser::default(), Browser::default());
    let mut theirs = Tab::default();
    office.step(&mut stranger, &mut theirs).await;
    office.start(&mut stranger, None).await;

    let (mut login, mut install) = (Tab::default(), Tab::default());
    office.step(&mut mine, &mut login).await;
    office.step(&mut mine, &mut install).await;
    office.step(&mut mine, &mut install).await;
    let before = office.generation(FIRST).await;
    for tab in [&login, &install] {
        let cookies = stranger.cookies.clone();
        let refused = office.bring(&mut stranger, tab.0.as_ref().unwrap()).await;
        refused.assert_refused(&Refusal::OtherBrowser);
        assert_eq!(stranger.cookies, cookies, "a stranger's browser is told to forget nothing");
        assert_eq!(refused.set_cookie, None);
    }
    assert_eq!(office.generation(FIRST).await, before);
    office.step(&mut stranger, &mut theirs).await;
    assert!(office.step(&mut stranger, &mut theirs).await.is_some());
}

#[tokio::test]
async fn a_cookie_under_the_right_name_with_another_value_is_no_cookie() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let url = office.start(&mut browser, None).await;
    let cookie = browser.cookies.header().unwrap();
    let (name, value) = cookie.split_once('=').unwrap();
    for odd in ["", "x", &value.to_lowercase(), &format!("{value}="), name] {
        let url =
            if odd.is_empty() { url.clone() } else { office.start(&mut Browser::default(), None).await };
        let answer = office.sign_in(&url, OWNER);
        let mut browser = Browser { cookies: crate::jar::Jar::with(name, odd) };
        office.bring(&mut browser, &answer).await.assert_refused(&Refusal::OtherBrowser);
    }
}

#[tokio::test]
async fn a_browser_keeps_no_more_attempts_than_it_may_and_the_newest_of_them() {
    let office = Office::open().await;
    let mut browser = Browser::default();
    let mut tabs: Vec<Tab> = (0..MOST + 3).map(|_| Tab::default()).collect();
    for (started, tab) in tabs.iter_mut().enumerate() {
        office.step(&mut browser, tab).await;
        assert_eq!(browser.cookies.len(), MOST.min(started + 1));
    }
    assert!(browser.cookies.header().unwrap().len() < 600);
    for (at, tab) in tabs.iter_mut().enumerate() {
        if at < 3 {
            let answer = tab.0.take().unwrap();
            office.bring(&mut browser, &answer).await.assert_refused(&Refusal::OtherBrowser);
        } else {
            office.step(&mut browser, tab).await;
            assert!(office.step(&mut browser, tab).await.is_some());
        }
    }
    assert!(browser.cookies.is_empty());
}
