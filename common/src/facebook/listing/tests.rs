use std::sync::Arc;

use serde_json::{Value, json};

use super::super::app::tests::app;
use super::*;
use crate::stub::{Request, Stub};

const GRANTED: &str = include_str!("../../../../tests/fixtures/fb_debug_token_user.json");
const FIRST: &str = include_str!("../../../../tests/fixtures/fb_me_accounts_page1.json");
const SECOND: &str = include_str!("../../../../tests/fixtures/fb_me_accounts_page2.json");
const NEW: &str = include_str!("../../../../tests/fixtures/fb_me_accounts_new_page_tasks.json");
const EMPTY: &str = include_str!("../../../../tests/fixtures/fb_me_accounts_empty.json");
const BUSINESSES: &str = include_str!("../../../../tests/fixtures/fb_me_businesses.json");
const OWNED: &str = include_str!("../../../../tests/fixtures/fb_business_owned_pages.json");
const CLIENT: &str = include_str!("../../../../tests/fixtures/fb_business_client_pages.json");

async fn graph(answer: impl Fn(&Request) -> (u16, String) + Send + Sync + 'static) -> (Graph, Stub) {
    let stub = Stub::start(answer).await;
    (Graph::new(Stub::http(), stub.base.clone(), Arc::new(app())), stub)
}

fn user() -> UserToken {
    UserToken::new("EAASIMUSERLONG0001".into())
}

fn refusal(code: i64) -> (u16, String) {
    (400, json!({"error": {"type": "OAuthException", "code": code}}).to_string())
}

/// Facebook with two parts of accounts, a portfolio, and a page that only the grants name.
fn everything(request: &Request) -> (u16, String) {
    let after = request.query.get("after").map(String::as_str);
    let body = match (request.path.as_str(), after) {
        ("/v26.0/me/accounts", None) => FIRST.to_owned(),
        ("/v26.0/me/accounts", Some("QVFIUsimAFTER1")) => SECOND.to_owned(),
        ("/v26.0/me/businesses", _) => BUSINESSES.to_owned(),
        ("/v26.0/770000000000001/owned_pages", _) => OWNED.to_owned(),
        ("/v26.0/770000000000001/client_pages", _) => CLIENT.to_owned(),
        ("/v26.0/debug_token", _) => {
            GRANTED.replace("\"104000000000002\"", "\"104000000000006\",\"104000000000007\"")
        }
        ("/v26.0/", _) => json!({
            "104000000000006": {"id": "104000000000006", "name": "Sim Sáu", "access_token": "EAASIM6"},
            "104000000000007": {"id": "104000000000007", "name": "Sim Bảy"},
            "odd": 7,
        })
        .to_string(),
        _ => return refusal(100),
    };
    (200, body)
}

#[tokio::test]
async fn pages_of_every_source_are_listed_once() {
    let (graph, stub) = graph(everything).await;
    let list = graph.list_pages(&user()).await.unwrap();
    let read: Vec<_> = list
        .rows
        .iter()
        .map(|row| (&row.id.as_str()[14..], row.source, row.has_token, row.pickable(UnknownRole::Refuse)))
        .collect();
    assert_eq!(
        read,
        [
            ("1", Source::Accounts, true, Pickable::Ok),
            ("2", Source::Accounts, true, Pickable::Ok),
            ("3", Source::Accounts, true, Pickable::NoEditorRole),
            ("4", Source::Accounts, true, Pickable::NoEditorRole),
            ("5", Source::Portfolio, true, Pickable::RoleUnknown),
            ("6", Source::Granular, true, Pickable::RoleUnknown),
            ("7", Source::Granular, false, Pickable::NotTicked),
        ]
    );
    assert_eq!(list.gaps, []);
    let lacking: Vec<_> =
        list.rows.iter().filter(|row| row.lacks_messaging()).map(|row| row.id.as_str()).collect();
    assert_eq!(lacking, ["104000000000004"]);
    let shown = format!("{list:?} {}", serde_json::to_string(&list).unwrap());
    assert!(!shown.contains("EAASIM"), "{shown}");
    for request in stub.seen() {
        assert!(!request.query.contains_key("access_token"));
        assert_eq!(request.query["appsecret_proof"].len(), 64);
        let app = request.path == "/v26.0/debug_token";
        let token = if app { "1180011800118001|sim-fb-app-secret-0001" } else { "EAASIMUSERLONG0001" };
        assert_eq!(request.headers["authorization"], format!("Bearer {token}"));
    }
    let asked = stub.seen().into_iter().find(|request| request.path == "/v26.0/").unwrap();
    assert_eq!(asked.query["ids"], "104000000000006,104000000000007");
}

#[tokio::test]
async fn what_cannot_be_read_beside_the_accounts_is_a_gap() {
    let only_accounts = |request: &Request| match request.path.as_str() {
        "/v26.0/me/accounts" => everything(request),
        "/v26.0/me/businesses" => refusal(200),
        _ => (502, "<html>".to_owned()),
    };
    let (graph, _stub) = graph(only_accounts).await;
    let list = graph.list_pages(&user()).await.unwrap();
    assert_eq!(list.rows.len(), 4);
    assert_eq!(list.gaps, [Gap::PortfolioNotGranted, Gap::Granular]);
}

#[tokio::test]
async fn a_portfolio_that_fails_leaves_the_other_pages() {
    let half = |request: &Request| match request.path.ends_with("/client_pages") {
        true => (500, String::new()),
        false => everything(request),
    };
    let (graph, _stub) = graph(half).await;
    let list = graph.list_pages(&user()).await.unwrap();
    assert_eq!((list.rows.len(), list.gaps), (7, vec![Gap::Portfolio]));
}

#[tokio::test]
async fn a_list_without_the_accounts_is_an_error() {
    let (graph, _stub) = graph(|_| refusal(190)).await;
    let error = graph.list_pages(&user()).await.unwrap_err();
    assert_eq!(error.action(), Action::Reconnect(Reconnect::Unspecified));
}

#[tokio::test]
async fn a_list_that_never_ends_is_cut_and_one_that_repeats_itself_is_refused() {
    let endless = |request: &Request| {
        let at: u64 = request.query.get("after").map_or(0, |after| after.parse().unwrap()) + 1;
        let paging = json!({"next": "https://evil.example/", "cursors": {"after": at.to_string()}});
        (200, json!({"data": [{"id": at}], "paging": paging}).to_string())
    };
    let (graph_endless, stub) = graph(endless).await;
    let list = graph_endless.accounts(&user()).await.unwrap();
    assert_eq!((list.rows.len(), list.gaps), (20, vec![Gap::Cut]));
    assert_eq!(stub.seen().len(), 20);
    let (repeating, _stub) = graph(|_| (200, FIRST.to_owned())).await;
    assert!(repeating.accounts(&user()).await.is_err());
}

#[tokio::test]
async fn new_pages_and_no_pages_are_read() {
    let (new, _stub) = graph(|_| (200, NEW.to_owned())).await;
    let list = new.accounts(&user()).await.unwrap();
    assert_eq!(list.rows[0].pickable(UnknownRole::Refuse), Pickable::Ok);
    assert!(!list.rows[0].lacks_messaging());
    let (none, _stub) = graph(|_| (200, EMPTY.to_owned())).await;
    assert_eq!(none.accounts(&user()).await.unwrap(), PageList::default());
}

#[test]
fn a_row_is_read_or_left_out_whatever_it_holds() {
    for odd in [json!(null), json!(7), json!("x"), json!([]), json!({}), json!([7, "a", null])] {
        for key in ["id", "name", "access_token", "category", "tasks", "picture"] {
            let mut row: Value = json!({"id": "1", "access_token": "x"});
            row[key] = odd.clone();
            let node: Node = serde_json::from_str(&row.to_string()).unwrap();
            assert_eq!(node.row(Source::Accounts).is_some(), key != "id" || odd == json!(7), "{row}");
        }
    }
}
