//! A tenant whose books are on file. "Killed" means that nothing of the old simulator runs or is dropped before the file is
//! read again; one test kills a real process.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::*;
use crate::getfly::{Fault, SeedAccount, User};

const BOOKS: &str = "GETFLY_TEST_BOOKS";

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("getfly");
        Self { _folder: folder, path }
    }

    fn open(&self) -> Simulator {
        open(&self.path)
    }

    /// What would be read if the process were killed now; it goes on.
    fn peek(&self) -> Simulator {
        let copy = self.path.with_extension("copy");
        std::fs::copy(&self.path, &copy).unwrap();
        open(&copy)
    }

    async fn crm(&self) -> Crm {
        Crm::of(self.open()).await
    }
}

fn open(path: &Path) -> Simulator {
    Simulator::persistent(Settings::default(), jiff::Timestamp::now, path).unwrap()
}

/// The inspection without what belongs to the running process.
fn books(sim: &Simulator) -> Value {
    let mut books = sim.inspect();
    for key in ["clock", "faults", "requests_received"] {
        books.as_object_mut().unwrap().remove(key);
    }
    books
}

#[track_caller]
fn assert_same(before: &Simulator, after: &Simulator) {
    assert_eq!(books(before), books(after));
    assert_eq!(before.accounts(), after.accounts());
    assert_eq!(before.orders(), after.orders());
    assert_eq!(before.payments(), after.payments());
    assert_eq!(before.products(), after.products());
    assert_eq!(before.users(), after.users());
    assert_eq!(before.account_sources(), after.account_sources());
    assert_eq!(before.order_sources(), after.order_sources());
}

#[tokio::test]
async fn after_every_kind_of_write_the_books_are_the_same_when_they_are_opened_again() {
    let place = Place::new();
    let crm = place.crm().await;
    let sim = &crm.sim;
    let same = || assert_same(sim, &place.peek());
    same();
    crm.create_account(fixture("account_create_request")).await.expect(200);
    same();
    let mut account = fixture("account_create_minimal_request");
    account["account_source_names"] = json!(["Hội chợ"]);
    account["province_name"] = json!("Bến Tre");
    account["account_code"] = json!("KH-2");
    account["contacts"] = json!([{"first_name": "Thảo", "phone_home": "0900000002", "gender_id": 1}]);
    crm.create_account(account).await.expect(200);
    same();
    let change = json!({"current_account_code": "KH-2", "account_code": "KH-3", "account_name": "Đổi tên"});
    crm.put("/api/v6.1/account", &change).await.expect(200);
    same();
    crm.delete("/api/v6.1/account", &json!({"account_code": "KH-3"})).await.expect(200);
    same();
    crm.post("/api/v6.1/account/restore", &json!({"account_code": "KH-3"})).await.expect(200);
    same();
    let manager = json!({"account_code": "KH-3", "account_manager_username": "thao.vo"});
    crm.put("/api/v6.1/account/change_account_manager", &manager).await.expect(200);
    same();
    let mut order = small_order("KH-3", "HRV-1");
    order["order_source_name"] = json!("tiktokshop");
    order["discount"] = json!(3.5);
    order["vat"] = json!("8.25");
    order["saved_order_details"][0]["price"] = json!(419_999.5);
    order["saved_sale_order_payments"] = json!([{"method_name": "Chuyển khoản", "amount": 1000.25}]);
    crm.create_order(order).await.expect(200);
    same();
    let paid = json!({"order_code": "HRV-1", "amount": 5, "method_name": "Chuyển khoản"});
    crm.post("/api/v6.1/sale_order_payment/direct", &paid).await.expect(200);
    same();
    crm.put("/api/v6.1/sale_order/approve", &json!({"order_code": "HRV-1"})).await.expect(200);
    same();
    crm.create_order(small_order("KH-3", "HRV-2")).await.expect(200);
    let change = json!({"current_order_code": "HRV-2", "order_code": "HRV-3", "lading_code": "VN1"});
    crm.put("/api/v6.1/sale_order", &change).await.expect(200);
    same();
    crm.put("/api/v6.1/sale_order/cancel", &json!({"order_code": "HRV-3"})).await.expect(200);
    same();
    crm.delete("/api/v6.1/sale_order", &json!({"order_code": "HRV-1"})).await.expect(200);
    same();
    crm.post("/api/v6.1/product", &fixture("product_create_request")).await.expect(200);
    same();
    sim.add_user(User { user_name: "moi".to_owned(), valid: 1, ..User::default() });
    same();
    sim.add_account(SeedAccount::default());
    same();
    sim.add_account_source("Chợ phiên");
    sim.add_order_source("tiki");
    sim.add_payment_method("Vàng");
    same();
    assert!(sim.delete_account("KH-3"));
    same();
    assert_eq!((sim.accounts().len(), sim.orders().len(), sim.payments().len()), (3, 1, 0));
}

#[tokio::test]
async fn what_another_life_wrote_is_found_changed_and_refused_as_before() {
    let place = Place::new();
    let crm = place.crm().await;
    crm.create_account(json!({"account_name": "An", "phone_office": "0900000001", "account_code": "KH-1"}))
        .await;
    crm.create_order(small_order("KH-1", "HRV-1")).await.expect(200);
    crm.delete("/api/v6.1/account", &json!({"account_code": "KH-1"})).await.expect(200);
    let crm = place.crm().await;
    assert_eq!(crm.order("HRV-1").await.expect(200)["order_code"], "HRV-1");
    assert_eq!(crm.create_order(small_order("KH-1", "HRV-1")).await.status, 400);
    let double = json!({"account_name": "Bình", "phone_office": "0900000003", "account_code": "KH-1"});
    crm.create_account(double).await.refusal(400, "account_code");
    crm.post("/api/v6.1/account/restore", &json!({"account_code": "KH-1"})).await.expect(200);
    crm.delete("/api/v6.1/sale_order", &json!({"order_code": "HRV-1"})).await.expect(200);
    let crm = place.crm().await;
    assert_eq!(crm.order("HRV-1").await.status, 404);
    assert!(crm.sim.account("KH-1").unwrap().is_live());
    assert_eq!(crm.sim.products().len(), 1);
}

#[tokio::test]
async fn counters_go_on_so_that_no_code_and_no_id_comes_twice() {
    let place = Place::new();
    let mut seen = std::collections::BTreeSet::new();
    for life in 0..4 {
        let crm = place.crm().await;
        let mut order = small_order("", "");
        order["account"] = json!({"account_name": "An", "account_phone": format!("090000000{life}")});
        order["saved_order_details"][0]["product_code"] = json!(format!("SP-{life}"));
        crm.create_order(order).await.expect(200);
        let (account, order) = (crm.sim.accounts().pop().unwrap(), crm.sim.orders().pop().unwrap());
        let product = crm.sim.products().pop().unwrap();
        for one in [
            account.account_code,
            format!("account {}", account.id),
            order.order_code,
            format!("order {}", order.id),
            format!("line {}", order.lines[0].id),
            format!("product {}", product.product_id),
            format!("source {}", crm.sim.add_account_source(&format!("Nguồn {life}"))),
        ] {
            assert!(seen.insert(one.clone()), "{one}");
        }
    }
    // The last life ended after the source was added.
    assert_eq!(place.open().account_sources().len(), 2 + 4);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_kept_and_a_refused_one_leaves_no_trace() {
    let place = Place::new();
    let crm = place.crm().await;
    let account = |code: &str| json!({"account_name": "An", "account_code": code});
    for (code, fault) in [
        ("KH-1", Fault::DropAfterCommit),
        ("KH-2", Fault::StatusAfterCommit(502)),
        ("KH-3", Fault::DropBefore),
        ("KH-4", Fault::Status(500)),
    ] {
        crm.sim.push_fault("POST /api/v6.1/account", fault);
        let request = crm.request(Method::POST, "/api/v6.1/account").json(&account(code));
        if let Ok(answer) = Crm::try_send(request).await {
            assert!(answer.status.is_server_error());
        }
    }
    crm.create_account(json!({"account_name": ""})).await;
    let before = std::fs::read(&place.path).unwrap();
    crm.create_account(account("KH-1")).await.refusal(400, "account_code");
    crm.get("/api/v6.1/accounts?fields=account_code").await.expect(200);
    assert_eq!(std::fs::read(&place.path).unwrap(), before, "reads and refusals write nothing");
    let codes: Vec<_> = place.open().accounts().into_iter().map(|account| account.account_code).collect();
    assert_eq!(codes, ["KH-1", "KH-2"]);
}

#[tokio::test]
async fn a_write_that_cannot_be_kept_is_not_answered_200() {
    let place = Place::new();
    let crm = place.crm().await;
    crm.sim.refuse_writes();
    let answer = crm.create_account(json!({"account_name": "An", "account_code": "KH-1"})).await;
    assert_eq!(answer.status, 500);
    assert!(place.open().account("KH-1").is_none());
}

#[test]
fn the_file_at_any_moment_holds_what_was_written_until_then() {
    let place = Place::new();
    let sim = place.open();
    sim.add_account(SeedAccount::default());
    let then = place.peek();
    sim.add_account(SeedAccount::default());
    assert_eq!(then.accounts().len(), 1);
    assert_eq!(place.peek().accounts().len(), 2);
    let again = then.add_account(SeedAccount::default());
    assert_eq!(again.id, 9002, "the counter moved with the first customer");
}

#[test]
fn a_file_of_something_else_is_refused_by_name() {
    let place = Place::new();
    let refused = || {
        let opened = Simulator::persistent(Settings::default(), jiff::Timestamp::now, &place.path);
        opened.unwrap_err().to_string()
    };
    std::fs::write(&place.path, "\u{1}\u{2} not ours\n".repeat(99)).unwrap();
    let text = refused();
    assert!(text.contains(place.path.to_str().unwrap()), "{text}");
    std::fs::remove_file(&place.path).unwrap();
    place.open().add_account(SeedAccount::default());
    let wrong = r#"UPDATE records SET record = '{"id":"x"}' WHERE kind = 'account'"#;
    rusqlite::Connection::open(&place.path).unwrap().execute(wrong, ()).unwrap();
    let text = refused();
    assert!(text.contains(place.path.to_str().unwrap()) && text.contains("account 9001"), "{text}");
}

#[test]
fn a_reset_holds_after_a_restart_too() {
    let place = Place::new();
    let sim = place.open();
    let empty = books(&sim);
    sim.add_account(SeedAccount::default());
    sim.add_account_source("Hội chợ");
    sim.reset();
    assert_eq!(books(&place.open()), empty);
    let sim = place.open();
    sim.reset();
    sim.add_account(SeedAccount::default());
    assert_same(&sim, &place.open());
    assert_eq!(place.open().accounts().len(), 1);
}

#[test]
fn uids_of_webhooks_are_not_sent_a_second_time() {
    let place = Place::new();
    let mut bodies = Vec::new();
    for _ in 0..3 {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let sim = Simulator::persistent(Settings::default(), move || now, &place.path).unwrap();
        sim.settings_mut(|settings| settings.webhooks.on = true);
        let code = sim.add_account(SeedAccount::default()).account_code;
        sim.delete_account(&code);
        bodies.extend(sim.webhooks_sent());
    }
    let uids: std::collections::BTreeSet<_> =
        bodies.iter().map(|body| body.split("uid=").nth(1).unwrap().split('&').next().unwrap()).collect();
    assert_eq!(uids.len(), 3, "{bodies:?}");
}

/// Another process that writes orders and names each one it has an answer for.
fn writer(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture"])
        .arg("getfly::tests::restart::the_process_that_is_killed")
        .env(BOOKS, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other half of the_answered_orders_of_a_killed_process_are_there_exactly_once"]
async fn the_process_that_is_killed() {
    let Some(path) = std::env::var_os(BOOKS) else { return };
    let crm = std::sync::Arc::new(Crm::of(open(Path::new(&path))).await);
    let writers = (0..3).map(|_| {
        let crm = std::sync::Arc::clone(&crm);
        tokio::spawn(async move {
            loop {
                let mut order = small_order("", "");
                order["account"] = json!({"account_name": "An"});
                let answer = crm.create_order(order).await.expect(200);
                // Ends, by a panic, when nobody listens any more.
                writeln!(std::io::stdout(), "answered {}", answer["data"]["order_code"]).unwrap();
            }
        })
    });
    futures::future::select_all(writers).await.0.unwrap();
}

#[test]
fn the_answered_orders_of_a_killed_process_are_there_exactly_once() {
    let place = Place::new();
    let mut answered = Vec::new();
    for round in 1..=4 {
        let mut writer = writer(&place.path);
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map_while(Result::ok);
        let code = |line: String| Some(line.split_once("answered ")?.1.trim_matches('"').to_owned());
        answered.extend(lines.by_ref().filter_map(code).take(round * 25));
        writer.kill().unwrap();
        writer.wait().unwrap();
        answered.extend(lines.filter_map(code));
    }
    assert!(answered.len() >= 250, "{}", answered.len());
    let sim = place.open();
    for code in &answered {
        assert_eq!(sim.orders_coded(code).len(), 1, "{code}");
    }
    let orders = sim.orders();
    let codes: std::collections::BTreeSet<_> = orders.iter().map(|order| &order.order_code).collect();
    assert_eq!(codes.len(), orders.len());
    assert_eq!(answered.iter().collect::<std::collections::BTreeSet<_>>().len(), answered.len());
}
