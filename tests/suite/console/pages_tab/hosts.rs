//! The pages' functions on a host of the operator's own, or nowhere yet.

use std::sync::Arc;

use common::haravan::admin::Admin;
use common::haravan::subscription::Subscription;
use common::wire::egress::Reach;
use console::Console;
use reqwest::header;
use tokio::net::TcpListener;
use url::Url;

use super::{FANPAGE, in_english};
use crate::console::Browser;
use crate::harness::World;

/// An admin's browser at a console that leads to the pages' functions there.
async fn admin_at(world: &World, pages_url: Option<&str>) -> Browser {
    let nowhere: Url = "http://127.0.0.1:9/".parse().unwrap();
    let (store, directory) = world.stack.access.open("console", &world.stack.embedded.client());
    let console = Console {
        store,
        directory,
        http: world.http.clone(),
        reach: Reach::Loopback,
        admin: Admin::new(world.http.clone(), nowhere.clone()),
        subscription: Subscription::new(world.http.clone(), nowhere.clone()),
        accounts_url: nowhere.to_string(),
        pages_url: pages_url.map(|url| url.parse().unwrap()),
        providers: vec!["https://www.facebook.com/".to_owned(), "https://oauth.zaloapp.com/".to_owned()],
        clock: world.clock.clone(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, console::router(Arc::new(console))).await });
    Browser { base, ..world.admin().await }
}

#[tokio::test]
async fn forms_may_lead_to_the_operators_host_and_to_the_providers_and_nowhere_else() {
    let world = World::start().await;
    world.connect_page(FANPAGE, |_| {}).await;
    let mut browser = admin_at(&world, Some("https://pages.example.com/x/")).await;
    let disconnect = format!("/console/pages/{FANPAGE}/disconnect");
    for (path, leads) in [
        ("/console/pages/add", "https://pages.example.com/x/api/pages/start"),
        (disconnect.as_str(), "https://pages.example.com/x/api/pages/disconnect"),
    ] {
        let page = browser.open(path).await;
        page.says(&format!("<form method=\"post\" action=\"{leads}\""));
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        let (_, forms) = policy.split_once("form-action ").unwrap();
        let forms: Vec<&str> = forms.split(';').next().unwrap().split(' ').collect();
        let base = world.stack.addresses.base_url.as_str();
        let others = ["https://oauth.zaloapp.com", "https://pages.example.com", "https://www.facebook.com"];
        assert!(forms.starts_with(&["'self'"]) && forms.contains(&base), "{forms:?}");
        assert!(forms.ends_with(&others) && forms.len() == 6, "{forms:?}");
        assert_eq!(page.headers[header::REFERRER_POLICY], "strict-origin");
    }
    let list = browser.open("/console/pages").await;
    assert_eq!(list.headers[header::REFERRER_POLICY], "same-origin");
}

#[tokio::test]
async fn pages_that_the_operator_has_not_set_up_say_so() {
    let world = World::start().await;
    world.connect_page(FANPAGE, |_| {}).await;
    let mut browser = admin_at(&world, None).await;
    for path in ["", "/add", &format!("/{FANPAGE}/reconnect"), &format!("/{FANPAGE}/disconnect")] {
        let path = format!("/console/pages{path}");
        let page = browser.open(&path).await;
        assert_eq!(page.status, 200, "{path}");
        page.says("Người vận hành chưa thiết lập kết nối trang")
            .hides("name=\"ticket\"")
            .hides("/pages/add\"");
        in_english(&mut browser, &path).await.says("The operator has not set up");
    }
    let url = format!("{}/api/v1/pages/connect", browser.base);
    let asked = world.http.post(url).bearer_auth(world.api_key()).header("x-admin-id", "7");
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 409);
    assert!(answer.text().await.unwrap().contains("pages_not_set_up"));
}
