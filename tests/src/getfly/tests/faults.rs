use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::getfly::{Fault, RandomFaults};

const ROUTE: &str = "POST /api/v6.1/account";

#[tokio::test]
async fn a_status_fault_answers_once_and_writes_nothing() {
    let crm = Crm::start().await;
    crm.sim.push_fault(ROUTE, Fault::Status(503));
    crm.sim.push_fault(ROUTE, Fault::TooManyRequests { retry_after: Some("1.5".to_owned()) });
    let body = json!({"account_name": "A"});
    crm.create_account(body.clone()).await.expect(503);
    let limited = crm.create_account(body.clone()).await;
    assert_eq!((limited.status.as_u16(), limited.retry_after.as_deref()), (429, Some("1.5")));
    assert!(crm.sim.accounts().is_empty());
    crm.create_account(body).await.expect(200);
}

#[tokio::test]
async fn a_status_after_commit_keeps_the_write() {
    let crm = Crm::start().await;
    crm.sim.push_fault(ROUTE, Fault::StatusAfterCommit(502));
    crm.create_account(json!({"account_name": "A"})).await.expect(502);
    assert_eq!(crm.sim.accounts().len(), 1);
}

#[tokio::test]
async fn an_html_answer_writes_nothing() {
    let crm = Crm::start().await;
    crm.sim.push_fault(ROUTE, Fault::Html200);
    let answer = crm.create_account(json!({"account_name": "A"})).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(answer.text.starts_with("<!doctype html>"));
    assert!(crm.sim.accounts().is_empty());
}

#[tokio::test]
async fn a_client_sees_a_dropped_connection_as_an_error() {
    let crm = Crm::start().await;
    let create =
        || Crm::try_send(crm.request(Method::POST, "/api/v6.1/account").json(&json!({"account_name": "A"})));
    crm.sim.push_fault(ROUTE, Fault::DropBefore);
    assert!(create().await.is_err());
    assert_eq!(crm.sim.accounts().len(), 0);
    crm.sim.push_fault(ROUTE, Fault::DropAfterCommit);
    assert!(create().await.is_err());
    assert_eq!(crm.sim.accounts().len(), 1);
    create().await.unwrap().expect(200);
    let statuses: Vec<_> = crm.sim.requests().iter().map(|request| request.status).collect();
    assert_eq!(
        statuses,
        [None, None, Some(200)],
        "a dropped request must not be repeated by the client library"
    );
}

#[tokio::test]
async fn a_drop_also_works_when_the_router_is_nested_in_a_larger_app() {
    let crm = Crm::start().await;
    let app = axum::Router::new()
        .route("/", axum::routing::get(|| async { "local stack" }))
        .nest("/sim/getfly", crm.sim.router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/sim/getfly", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let create = || {
        let request = crm.client.post(format!("{base}/api/v6.1/account"));
        let request = request.header("X-API-KEY", crm.sim.settings().api_key);
        Crm::try_send(request.json(&json!({"account_name": "A"})))
    };
    crm.sim.push_fault(ROUTE, Fault::DropAfterCommit);
    assert!(create().await.is_err());
    assert_eq!(crm.sim.accounts().len(), 1);
    create().await.unwrap().expect(200);
    assert_eq!(crm.sim.requests_to(ROUTE), 2);
    let state = Crm::send(crm.client.get(format!("{base}/__sim/state"))).await.expect(200);
    assert_eq!(state["accounts"].as_array().unwrap().len(), 2);
    let unknown = Crm::send(crm.client.get(format!("{base}/khong/co"))).await;
    unknown.expect(404);
    server.abort();
}

#[tokio::test]
async fn a_dropped_connection_closes_without_a_single_byte() {
    let crm = Crm::start().await;
    crm.sim.push_fault("*", Fault::DropBefore);
    let mut stream = tokio::net::TcpStream::connect(crm.served.address()).await.unwrap();
    stream.write_all(b"GET /api/v6.1/users HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut received = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut received)).await;
    assert!(ended.is_ok(), "the connection stayed open");
    assert!(received.is_empty(), "{}", String::from_utf8_lossy(&received));
}

#[tokio::test]
async fn a_delayed_write_happens_also_after_the_client_left() {
    let crm = Crm::start().await;
    for (fault, expected_at_once) in [(Fault::Delay(300), 0), (Fault::DelayAfterCommit(300), 2)] {
        crm.sim.push_fault(ROUTE, fault);
        let request = crm
            .request(Method::POST, "/api/v6.1/account")
            .json(&json!({"account_name": "A"}))
            .timeout(Duration::from_millis(80));
        assert!(Crm::try_send(request).await.unwrap_err().is_timeout());
        assert_eq!(crm.sim.accounts().len(), expected_at_once);
        let deadline = Instant::now() + Duration::from_secs(5);
        let expected = expected_at_once.max(1);
        while crm.sim.accounts().len() < expected && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(crm.sim.accounts().len(), expected);
    }
}

#[tokio::test]
async fn random_faults_strike_again_in_the_same_order_after_a_reset() {
    let random = RandomFaults {
        seed: 42,
        probability: 0.5,
        kinds: vec![Fault::Status(500), Fault::Html200],
        route: "GET /api/*".to_owned(),
    };
    let crm = Crm::with(Settings { random_faults: Some(random), ..Settings::default() }).await;
    let mut runs = Vec::new();
    for _ in 0..2 {
        let mut run = Vec::new();
        for _ in 0..40 {
            let answer = crm.get("/api/v6.1/users").await;
            run.push((answer.status.as_u16(), answer.text.starts_with('<')));
        }
        runs.push(run);
        crm.sim.reset();
    }
    assert_eq!(runs[0], runs[1]);
    assert!(
        runs[0].contains(&(500, false)) && runs[0].contains(&(200, true)) && runs[0].contains(&(200, false))
    );
    crm.sim.settings_mut(|settings| settings.random_faults = None);
    crm.get("/api/v6.1/users").await.expect(200);
}

#[tokio::test]
async fn a_revoked_key_is_refused_until_it_is_given_back() {
    let crm = Crm::start().await;
    crm.sim.settings_mut(|settings| settings.unauthorised_until_cleared = true);
    for _ in 0..3 {
        crm.get("/api/v6.1/users").await.expect(401);
    }
    crm.sim.settings_mut(|settings| settings.unauthorised_until_cleared = false);
    crm.get("/api/v6.1/users").await.expect(200);
}

#[tokio::test]
async fn the_limiter_answers_429_with_the_wait_as_it_stands() {
    let crm =
        Crm::with(Settings { rps: 2.0, retry_after: Some("0.5".to_owned()), ..Settings::default() }).await;
    crm.get("/api/v6.1/users").await.expect(200);
    crm.get("/api/v6.1/users").await.expect(200);
    let limited = crm.get("/api/v6.1/users").await;
    assert_eq!((limited.status.as_u16(), limited.retry_after.as_deref()), (429, Some("0.5")));
}

#[tokio::test]
async fn a_stopped_simulator_refuses_connections_and_comes_back_where_it_was() {
    let crm = Crm::start().await;
    let address = crm.served.address();
    crm.create_account(json!({"account_name": "A"})).await.expect(200);
    let Crm { sim, served, client } = crm;
    served.stop().await;
    assert!(client.get(format!("http://{address}/__sim/state")).send().await.unwrap_err().is_connect());
    let again = sim.serve_on(address).await.unwrap();
    let state: Value =
        client.get(format!("{}/__sim/state", again.base_url())).send().await.unwrap().json().await.unwrap();
    assert_eq!(state["accounts"].as_array().unwrap().len(), 1);
    drop(again);
    let deadline = Instant::now() + Duration::from_secs(5);
    while client.get(format!("http://{address}/__sim/state")).send().await.is_ok() {
        assert!(Instant::now() < deadline, "it still answers after it was dropped");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
