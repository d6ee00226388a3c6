//! What the log says of page events: ids and counts, and nothing that anybody wrote.

use std::process::Command;

use super::*;

/// Stands for everything that people wrote and for every secret.
const CANARY: &str = "canary";

/// Run by the test below in a process of its own, whose standard error is the log.
#[tokio::test]
#[ignore = "only the log it writes is looked at"]
async fn a_day_of_deliveries() {
    common::telemetry::init_library_logs();
    let world = World::start().await;
    world.hold_page(&world.tenant(), &fb(SHOP_PAGE)).await;
    world.hold_page(&world.tenant(), &oa(SHOP_OA)).await;
    let body = messages(&[(SHOP_PAGE, CANARY), ("3", CANARY)]);
    for _ in 0..2 {
        world.post_facebook(&body).await;
    }
    world.post_facebook(CANARY).await;
    world.post_to(FACEBOOK, &[("X-Hub-Signature-256", CANARY.to_owned())], &body).await;
    let (text, _) = zalo_vector("user_send_text");
    world.post_zalo(&text.replace("Chào shop", CANARY)).await;
    world.post_zalo(&text.replace("user_send_text", "user_send_canary canary")).await;
    world.post_zalo(&format!(r#"{{"event_name":"{CANARY}","timestamp":"5"}}"#)).await;
    world.post_to(ZALO, &[("X-ZEvent-Signature", CANARY.to_owned())], CANARY).await;
    upkeep::handle(&world.stack.upkeep).await.unwrap();
}

#[test]
fn the_log_names_pages_and_tenants_and_repeats_nothing_that_was_sent() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "page_events::logs::a_day_of_deliveries", "--ignored", "--nocapture"])
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    for said in [
        r#""event":"page_events.taken""#,
        r#""event":"page_events.dropped""#,
        r#""event":"page_events.refused""#,
        r#""PageEventStored":1"#,
        r#""PageEventDuplicate":1"#,
        r#""PageEventDropped":1"#,
        r#""PageEventRefused":1"#,
        r#""page":"facebook#104000000000001""#,
        r#""tenant":"hat-mam""#,
    ] {
        assert!(log.contains(said), "{said} is not said: {log}");
    }
    for secret in [CANARY, "Chào shop", facebook::APP_SECRET, facebook::VERIFY_TOKEN, "2460000000000000001"]
    {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}
