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

fn with_tasks(edge: &str, tasks: &Value) -> String {
    let mut edge: Value = serde_json::from_str(edge).unwrap();
    for row in edge["data"].as_array_mut().unwrap() {
        row["tasks"] = tasks.clone();
    }
    edge.to_string()
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

/// How a page stands that both edges of a portfolio have, and maybe the accounts.
async fn standing(accounts: Value, owned: Value, client: Value) -> (Pickable, Option<Vec<String>>) {
    let row = |tasks: Value| {
        let mut row = json!({"id": "5", "name": "Sim", "access_token": "EAASIM5"});
        if let Value::Object(more) = tasks {
            row.as_object_mut().unwrap().extend(more);
        } else {
            row["tasks"] = tasks;
        }
        json!({"data": [row]}).to_string()
    };
    let told = move |request: &Request| {
        let body = match request.path.as_str() {
            "/v26.0/me/accounts" if accounts == json!(false) => EMPTY.to_owned(),
            "/v26.0/me/accounts" => row(accounts.clone()),
            "/v26.0/me/businesses" => BUSINESSES.to_owned(),
            path if path.ends_with("/owned_pages") => row(owned.clone()),
            path if path.ends_with("/client_pages") => row(client.clone()),
            _ => return refusal(100),
        };
        (200, body)
    };
    let (graph, _stub) = graph(told).await;
    let list = graph.list_pages(&user()).await.unwrap();
    let page = list.rows.iter().find(|row| row.id.as_str() == "5").unwrap();
    let picked = graph.tasks_on(&page.id, &user()).await.unwrap();
    assert_eq!(page.tasks.as_ref().map(Vec::len) == Some(0), picked.as_ref().map(Vec::len) == Some(0));
    assert_eq!(page.tasks.is_some(), picked.is_some(), "the list and the pick see the same");
    (page.pickable(UnknownRole::Refuse), page.tasks.clone())
}

#[tokio::test]
async fn a_portfolio_tells_the_tasks_that_the_accounts_do_not() {
    let (none, content) = (json!(false), json!(["CREATE_CONTENT"]));
    for editor in [
        content.clone(),
        json!(["create_content", "moderate"]),
        json!(["ANALYZE", "PROFILE_PLUS_FULL_CONTROL"]),
        json!({"perms": ["CREATE_CONTENT"]}),
        json!({"tasks": null, "perms": ["Manage"]}),
    ] {
        let (pickable, _) = standing(none.clone(), editor.clone(), json!(null)).await;
        assert_eq!(pickable, Pickable::Ok, "{editor}");
        // The page is in the accounts, which do not tell either.
        let (pickable, _) = standing(json!(null), json!(null), editor.clone()).await;
        assert_eq!(pickable, Pickable::Ok, "{editor}");
    }
    for unknown in [json!(null), json!("CREATE_CONTENT"), json!(7), json!({})] {
        let (pickable, tasks) = standing(none.clone(), unknown.clone(), unknown.clone()).await;
        assert_eq!((pickable, tasks), (Pickable::RoleUnknown, None), "{unknown}");
    }
    for too_low in [json!([]), json!(["ANALYZE"]), json!([null]), json!(["CREATE_CONTENTS"])] {
        let (pickable, _) = standing(none.clone(), too_low.clone(), json!(null)).await;
        assert_eq!(pickable, Pickable::NoEditorRole, "{too_low}");
    }
}

#[tokio::test]
async fn of_two_edges_with_different_tasks_both_count_and_the_accounts_before_them() {
    let (low, high) = (json!(["ANALYZE"]), json!(["CREATE_CONTENT"]));
    for (owned, client) in [(&low, &high), (&high, &low)] {
        let (pickable, tasks) = standing(json!(false), owned.clone(), client.clone()).await;
        assert_eq!((pickable, tasks.map(|tasks| tasks.len())), (Pickable::Ok, Some(2)));
    }
    assert_eq!(standing(low.clone(), high.clone(), high.clone()).await.0, Pickable::NoEditorRole);
    assert_eq!(standing(high, low.clone(), low).await.0, Pickable::Ok);
}

#[tokio::test]
async fn a_portfolio_that_refuses_to_tell_tasks_is_read_without_them() {
    let old = |request: &Request| {
        let edge = request.path.ends_with("_pages");
        match edge && request.query["fields"].contains("tasks") {
            true => refusal(100),
            false => everything(request),
        }
    };
    let (graph, _stub) = graph(old).await;
    let list = graph.list_pages(&user()).await.unwrap();
    assert_eq!((list.rows.len(), list.gaps), (7, Vec::new()));
}

#[tokio::test]
async fn one_portfolio_that_is_refused_leaves_the_tasks_of_the_others() {
    let refused = |request: &Request| match request.path.as_str() {
        "/v26.0/me/accounts" => (200, EMPTY.to_owned()),
        "/v26.0/me/businesses" => (200, json!({"data": [{"id": "1"}, {"id": "2"}, {"id": "3"}]}).to_string()),
        "/v26.0/1/owned_pages" => refusal(200),
        "/v26.0/2/client_pages" => refusal(190),
        // The second part of a list.
        "/v26.0/3/owned_pages" if request.query.contains_key("after") => {
            (200, with_tasks(OWNED, &json!(["MANAGE"])))
        }
        "/v26.0/3/owned_pages" => {
            let paging = json!({"next": "https://evil.example/", "cursors": {"after": "x"}});
            (200, json!({"data": [], "paging": paging}).to_string())
        }
        path if path.ends_with("_pages") => (200, EMPTY.to_owned()),
        _ => refusal(100),
    };
    let (graph, _stub) = graph(refused).await;
    let list = graph.list_pages(&user()).await.unwrap();
    let rows: Vec<_> = list.rows.iter().map(|row| row.pickable(UnknownRole::Refuse)).collect();
    assert_eq!(
        (rows.as_slice(), list.gaps.contains(&Gap::Portfolio)),
        ([Pickable::Ok, Pickable::NotTicked].as_slice(), true)
    );
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
        for key in ["id", "name", "access_token", "category", "tasks", "perms", "picture"] {
            let mut row: Value = json!({"id": "1", "access_token": "x"});
            row[key] = odd.clone();
            let node: Node = serde_json::from_str(&row.to_string()).unwrap();
            assert_eq!(node.row(Source::Accounts).is_some(), key != "id" || odd == json!(7), "{row}");
        }
    }
}
